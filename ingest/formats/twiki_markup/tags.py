"""HTML inside a topic: taken out, or turned into TWiki's own markup."""

import html
import re
from dataclasses import replace

from ingest.formats.twiki_markup.signs import (
    BLOCK_OPEN,
    BOLD,
    BOLD_END,
    BREAK,
    ITALIC,
    ITALIC_END,
    NOP,
    STRUCK,
    STRUCK_END,
    TOKEN,
    Cell,
    Code,
    Maths,
    Rows,
    Shelf,
    named,
)

_KNOWN = """a abbr acronym address applet area article aside b base big blink blockquote body br button caption center
cite code col colgroup dd del details dfn dir dirtyarea div dl dt em embed fieldset figcaption figure font footer form
h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins kbd label legend li link literal map mark meta
nav nobr noautolink noop nop noscript object ol optgroup option p param pre q s samp section select small span
sticky strike strong sub summary sup table tbody td textarea tfoot th thead title tr tt u ul var verbatim""".split()
_TAG_ENDS = r"(?=[\s/>])(?:[^<>\"']|\"[^\"<>]*\"|'[^'<>]*')*>"
TAG = re.compile(rf"<(/?)({'|'.join(sorted(_KNOWN, key=len, reverse=True))}){_TAG_ENDS}", re.I)
_GUARDED = re.compile(
    r"(?P<comment><!--.*?(?:-->|\Z))"
    r"|<(?P<dropped>script|style)\b[^>]*>.*?(?:</(?P=dropped)\s*>|\Z)"
    r"|<verbatim\b[^>]*>(?P<verbatim>.*?)(?:</verbatim\s*>|\Z)"
    r"|<latex\b[^>]*>(?P<latex>.*?)</latex\s*>"
    r"|%(?P<macro>CODE|SYNTAX)(?:\{(?P<language>[^}]{0,200})\})?%(?P<coded>.*?)%END(?P=macro)%"
    r"|%BEGINLATEX(?:\{[^}]{0,200}\})?%(?P<display>.*?)%ENDLATEX%"
    r"|<literal\b[^>]*>(?P<literal>.*?)(?:</literal\s*>|\Z)"
    r"|(?P<note>%\{\s.*?\}%)"
    r"|%\$(?P<inline>[^%\n]{1,1000}?)\$%",
    re.S | re.I,
)
_ENVIRONMENT = re.compile(r"^\\begin\{((?:equation|displaymath|math)\*?)\}(.*)\\end\{\1\}$", re.S)
_PRE = re.compile(r"<pre\b[^>]*>(.*?)(?:</pre\s*>|\Z)", re.S | re.I)
_LANGUAGE = re.compile(r'(?:lang(?:uage)?\s*=\s*)?"?([A-Za-z][\w+-]*)')
_FORM_PARTS = re.compile(r"<(select|textarea|button|object|applet|iframe)\b[^>]*>.*?</\1\s*>", re.S | re.I)
_HEADING = re.compile(r"<h([1-6])\b[^>]*>(.*?)</h\1\s*>", re.S | re.I)
_PAIRED = {
    "b": (BOLD, BOLD_END), "strong": (BOLD, BOLD_END), "i": (ITALIC, ITALIC_END), "em": (ITALIC, ITALIC_END),
    "cite": (ITALIC, ITALIC_END), "var": (ITALIC, ITALIC_END), "strike": (STRUCK, STRUCK_END),
    "s": (STRUCK, STRUCK_END), "del": (STRUCK, STRUCK_END),
}  # fmt: skip
_SIGNS = {"br": BREAK, "nop": NOP, "noop": NOP, "td": " ", "th": " "}
_BLOCKS = frozenset(
    """hr tr p div center section article header footer nav aside blockquote address figure figcaption fieldset legend
    form details summary body html title dl ul ol table""".split()
)
#: Tags that the inline reader needs to see.
_INLINE = frozenset({"a", "img", "code", "tt", "kbd", "samp", "literal"})
_SCRIPTS = re.compile(r"<su([bp])\b[^>]*>(.{0,200}?)</su\1\s*>", re.S | re.I)
_ITEM_OR_ROW = re.compile(r"[ \t]*\||(?:\t| {3})+(?:\*|\d+\.?|[AaIi]\.|\$)[ \t]")
_CAPTION = re.compile(r"<caption\b[^<>]*>(.*?)</caption\s*>", re.I | re.S)
_TABLE_TAG = re.compile(rf"<(/?)(table|tr|td|th|caption|thead|tbody|tfoot|colgroup|col){_TAG_ENDS}", re.I)
_FLOWING = re.compile(rf"^(?:---+[+#]|(?:\t| {{3}})+(?:\*|\d+\.?) )|<(?:ul|ol|h[1-6]|hr)\b|{BLOCK_OPEN}", re.M | re.I)
# Stands for each list of TWiki's own around one of HTML.
_OUTER = "twiki"
_UNLINKED = re.compile(r"<noautolink\s*>(.*?)(?:</noautolink\s*>|\Z)", re.S | re.I)
#: What TWiki reads as markup within a line.
MARKUP = re.compile(r"[*_=%!]|\[(?=\[)|(?<![\w.])(?=[A-Z]+[a-z0-9]+[A-Z])")
_WORD = re.compile(r"(?<![\w.!])(?=[A-Z]+[a-z0-9]+[A-Z]|[A-Z]\w*\.[A-Z])")
# A backslash that joins a table to the item above it, or its rows to each other.
_ROW_BELOW = re.compile(r"^((?![ \t]*\|).*|.*\|[ \t]*)\\\n(?=[ \t]*\|.*\|[ \t]*\\?$)", re.M)
_ROW_OF_BARS = re.compile(r"^[ \t]*\|.*<li\b.*\|[ \t]*$", re.M | re.I)
_ITEM_BEFORE = re.compile(r"[ \t]*?((?:\t| {3})+)(?:\*|\d+\.?|[AaIi]\.|\$)[ \t]")
_TERM_LEFT_OPEN = re.compile(r"<dt\b[^<>]*>(?:(?!</?d[tdl]\b).)*(?=<d[td]\b)", re.I | re.S)
_LIST_TAG = re.compile(rf"<(/?)(ul|ol|li|dl|dt|dd){_TAG_ENDS}", re.I)


def guarded(text: str, shelf: Shelf) -> str:
    """The text with comments and styles gone, and verbatim text and mathematics where no macro reaches them."""

    def taken(part: re.Match[str]) -> str:
        if part["verbatim"] is not None:
            return shelf.put(Code(part["verbatim"]))
        if part["coded"] is not None:
            language = _LANGUAGE.match(part["language"] or "")
            return shelf.put(Code(part["coded"], language[1].lower() if language else ""))
        if part["literal"] is not None:
            return MARKUP.sub(rf"{NOP}\g<0>", part["literal"])
        if part["display"] is not None:
            return shelf.put(Maths(_bare_formula(part["display"])))
        formula = _bare_formula(part["latex"] or part["inline"] or "")
        return shelf.put(Maths(formula)) if formula else ""

    return _GUARDED.sub(taken, text)


def _bare_formula(formula: str) -> str:
    """A formula without the dollars or the environment around it."""
    return _ENVIRONMENT.sub(r"\2", formula.strip().strip("$").strip()).strip()


def flattened(text: str, shelf: Shelf) -> str:
    """The text with blocks of HTML as TWiki's markup, and only the tags left that stand inside a line."""
    text = _PRE.sub(lambda part: shelf.put(Code(_unshelved(part[1], shelf))), text)
    text = _ROW_BELOW.sub(r"\1\n   ", text).replace("\\\n", "")
    text = _FORM_PARTS.sub("", text)
    text = _SCRIPTS.sub(_script, text)
    text = _HEADING.sub(lambda part: f"\n\n---{'+' * int(part[1])} {' '.join(part[2].split())}\n\n", text)
    text = _UNLINKED.sub(lambda part: _WORD.sub(NOP, part[1]), text)
    text = _tables(text, shelf)
    return TAG.sub(_shown, _lists(text))


def _unshelved(inside: str, shelf: Shelf) -> str:
    """What a <pre> shows, with what was taken out of it before put back."""
    pieces = TOKEN.split(inside)
    for i in range(0, len(pieces), 2):
        pieces[i] = code_of(pieces[i])
    for i in range(1, len(pieces), 2):
        block = shelf.blocks[int(pieces[i])]
        pieces[i] = block.text if isinstance(block, Code | Maths) else ""
    return "".join(pieces)


def code_of(inside: str) -> str:
    """What a <pre> or <code> shows: no tags that are HTML, entities as characters, macros by their names."""
    return html.unescape(named(TAG.sub("", inside.replace(BREAK, "\n").replace(NOP, "")))).replace("\xa0", " ")


def _script(part: re.Match[str]) -> str:
    """Sub- and superscripts as physicists write them in plain text: p_T, fb^-1, E_(T miss)."""
    inside = " ".join(TAG.sub("", part[2]).split())
    if not inside:
        return ""
    return f"{'_' if part[1] in 'bB' else '^'}{inside if ' ' not in inside else f'({inside})'}"


def _shown(tag: re.Match[str]) -> str:
    """What is left of a tag; a block's tag breaks the paragraph unless its line is an item or a row."""
    name = tag[2].lower()
    if name in _PAIRED:
        return _PAIRED[name][bool(tag[1])]
    if name in _INLINE:
        return tag[0]
    if name in _SIGNS:
        return _SIGNS[name]
    if name in _BLOCKS:
        line = tag.string.rfind("\n", 0, tag.start()) + 1
        return " " if _ITEM_OR_ROW.match(tag.string, line) else "\n\n"
    return ""


def _lists(text: str) -> str:
    """HTML lists as bullets; a line inside an item is part of it."""
    text = _ROW_OF_BARS.sub(lambda row: _LIST_TAG.sub(_in_cell, row[0]), text)
    text = _TERM_LEFT_OPEN.sub(r"\g<0></dt>", text)
    shown: list[str] = []
    open_lists: list[str] = []
    at = 0
    for tag in _LIST_TAG.finditer(text):
        between = text[at : tag.start()]
        shown.append(_in_item(between, len(open_lists)) if open_lists else between)
        if not open_lists and not tag[1] and (item := _ITEM_BEFORE.match(text, text.rfind("\n", 0, tag.start()) + 1)):
            open_lists += [_OUTER] * len(item[1].replace("\t", "   ")[2::3])
        shown.append(_list_tag(bool(tag[1]), tag[2].lower(), open_lists))
        at = tag.end()
    return "".join(shown) + text[at:]


def _in_cell(tag: re.Match[str]) -> str:
    """What a tag of a list becomes inside a cell: a break between items."""
    return BREAK if tag[2].lower() == "li" and not tag[1] else ""


def _in_item(text: str, depth: int) -> str:
    """What stands inside an item: words on one line, rows and bullets of TWiki on their own, as far in as the item."""
    indent = "\n" + "   " * depth
    shown, *others = text.split("\n")
    own = False
    for line in filter(str.strip, others):
        before, own = own, bool(_ITEM_OR_ROW.match(line))
        shown += f"{indent}{line}" if own else f"{indent if before else ' '}{line.strip()}"
    return shown if own or not others or others[-1].strip() else f"{shown} "


def _list_tag(closing: bool, name: str, open_lists: list[str]) -> str:
    """What one tag of a list becomes; keeps account of the lists that are open."""
    if name in {"ul", "ol", "dl"}:
        if not closing:
            open_lists.append(name)
            return "" if len(open_lists) > 1 else "\n\n---\n"
        if open_lists:
            open_lists.pop()
        if open_lists and open_lists[-1] == _OUTER:
            indent = "   " * len(open_lists)
            open_lists.clear()
            return f"\n{indent}"
        return "" if open_lists else "\n\n---\n"
    if closing:
        return BOLD_END + ": " if name == "dt" else ""
    depth = "   " * max(1, len(open_lists))
    if name == "dd":
        return ""
    marker = "1." if open_lists and open_lists[-1] == "ol" else "*"
    return f"\n{depth}{marker} {BOLD if name == 'dt' else ''}"


def _tables(text: str, shelf: Shelf) -> str:
    """The text with its outermost HTML tables on the shelf, or in the flow where they only hold a layout."""
    shown: list[str] = []
    at = depth = start = 0
    for tag in _TABLE_TAG.finditer(text):
        if tag[2].lower() != "table":
            continue
        if not tag[1]:
            if depth == 0:
                shown.append(text[at : tag.start()])
                start = tag.end()
            depth += 1
        elif depth:
            depth -= 1
            if depth == 0:
                shown.append(_table(text[start : tag.start()], shelf))
                at = tag.end()
    return "".join(shown) + (text[start:] if depth else text[at:])


def _table(inside: str, shelf: Shelf) -> str:
    """The token of a table, or its cells one after the other."""
    caption = _CAPTION.search(inside)
    before = f"\n\n{caption[1].strip()}\n\n" if caption else "\n\n"
    inside = _CAPTION.sub("", inside, count=1)
    rows = [row for row in _rows(inside) if any(cell.text.strip() or cell.spans for cell in row)]
    cells = [cell.text for row in rows for cell in row]
    if max((len(row) for row in rows), default=0) < 2 or any(_FLOWING.search(cell) for cell in cells):
        return before + "\n\n".join(cells) + "\n\n"
    shown = [[replace(cell, text=TAG.sub(_shown, cell.text)) for cell in row] for row in rows]
    return f"{before}{shelf.put(shown)}\n\n"


def _rows(inside: str) -> Rows:
    """The cells of a table's inside by rows, spans filled; tags of inner tables separate no cells."""
    rows: Rows = []
    hanging: dict[int, int] = {}
    name, start, depth, across, down = "", 0, 0, 1, 1
    for tag in [*_TABLE_TAG.finditer(inside), None]:
        closing, kind = (bool(tag[1]), tag[2].lower()) if tag else (True, "tr")
        depth += (-1 if closing else 1) if kind == "table" else 0
        if depth > 0 or kind not in {"tr", "td", "th", "caption"}:
            continue
        if name:
            cell = Cell(inside[start : tag.start() if tag else None].strip("\n"), header=name == "th")
            _hang(rows[-1], hanging)
            if down > 1:
                hanging |= dict.fromkeys(range(len(rows[-1]), len(rows[-1]) + across), down - 1)
            rows[-1] += [cell] + [Cell("", spans="left")] * (across - 1)
            name = ""
        if kind in {"tr", "caption"}:
            if rows:
                _hang(rows[-1], hanging)
            if not closing or kind == "caption" or not rows:
                rows.append([])
        if tag and not closing and kind != "tr":
            rows = rows or [[]]
            name, start, across, down = kind, tag.end(), _span(tag[0], "colspan"), _span(tag[0], "rowspan")
    return rows


def _hang(row: list[Cell], hanging: dict[int, int]) -> None:
    """Fill in what hangs down from the rows above at this place of a row."""
    while hanging.get(len(row), 0) > 0:
        hanging[len(row)] -= 1
        row.append(Cell("", spans="up"))


def _span(tag: str, name: str) -> int:
    """How many columns or rows a cell spans."""
    span = re.search(name + r"\s*=\s*[\"']?(\d{1,2})", tag, re.I)
    return max(1, int(span[1])) if span else 1

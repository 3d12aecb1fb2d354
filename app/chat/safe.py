"""Text of documents and models as Markdown that can do nothing but be read.

Headings, emphasis, lists, tables, code and mathematics stay. Links become their words, addresses become code, and
whatever else the page would act on (pictures, references, HTML, Streamlit's directives, icons and emoji) is shown as
it is written. What only looks like code or mathematics is escaped, so that the page's parser and this one never
disagree about where they end: code and formulas leave here in one plain form each.
"""

import re
import textwrap
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

#: A stretch of a text: its first offset and the one behind its last.
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of Markdown to draw in one go; marked says that all of it belongs to what was to be marked."""

    markdown: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class _Atom:
    """The smallest piece of output and the stretch of the text it stands for."""

    shown: str
    start: int
    end: int


#: Languages that code is coloured for. A fence of any other kind is plain text: one of them would draw a diagram.
_LANGUAGES = frozenset(
    "bash c cmake cpp csv diff fortran ini java javascript json latex makefile python shell sql toml xml yaml".split()
)
#: Lines of an equation; one that is longer is taken for text.
_EQUATION_LINES = 80
_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
#: What is escaped wherever it stands in prose.
_ACTIVE = frozenset("![]<>&:`$\\|")
#: Stands where two pieces of text must not become one word; it has no width.
_JOINER = "\u2060"

_FENCE = re.compile(r"[ \t]*(?P<fence>`{3,}|~{3,})[ \t]*(?P<language>[\w+#-]*)[^`\n]*")
_RULE = re.compile(r"[ \t]*([-*_])(?:[ \t]*\1){2,}[ \t]*")
_UNDERLINE = re.compile(r"[ \t]*(?:=+|-{1,2})[ \t]*")
_TABLE_RULE = re.compile(r"[ \t]*\|[ \t:|-]*-[ \t:|-]*")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+")
_PREFIX = re.compile(r"(?P<indent>[ \t]*)(?P<quote>(?:>[ \t]?)*)(?P<item>(?:#{1,6}|[-*+]|\d{1,9}[.)])[ \t]+)?")
_ADDRESS = re.compile(
    r"(?:(?:https?|ftp)://|www\.)[^\s<>\"'`|(){}\[\]*\\]*(?:\([^\s<>\"'`|(){}\[\]*\\]*\)[^\s<>\"'`|(){}\[\]*\\]*)*"
    r"|(?<![-.\w+])[-.\w+]+@[-\w]+(?:\.[-\w]+)+",
    re.IGNORECASE,
)
_SHORTCODE = re.compile(r":(?=[\w+/-]+:)")
_TOKEN = re.compile(
    r"(?P<escape>\\[!-/:-@\[-`{-~])"
    r"|(?<!`)(?P<ticks>`+)(?!`)(?P<code>.+?)(?<!`)(?P=ticks)(?!`)"
    r"|(?<!\$)(?P<dollars>\${1,2})(?!\$)(?P<tex>(?:\\.|[^$\\])+?)(?P=dollars)(?![\d$])"
    r"|(?P<picture>!?)\[(?P<label>(?:\\.|[^\[\]\\]|\[[^\[\]]*\])*)\]"
    r"\([ \t]*(?P<target><[^<>]*>|[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)(?:[ \t]+(?:\"[^\"]*\"|'[^']*'))?[ \t]*\)"
    r"|<(?P<angle>(?:https?|ftp|mailto):[^<>\s]*)>"
)
# The same, with mathematics between \( \) and \[ \] as well, as many models write it.
_TOKEN_OF_A_MODEL = re.compile(rf"\\\((?P<round>.{{1,500}}?)\\\)|\\\[(?P<square>.{{1,500}}?)\\\]|{_TOKEN.pattern}")
# A formula for certain, in a text where a dollar may be a dollar.
_FORMULA = re.compile(r"(?<![\\$])\$(?P<tex>(?:\\.|[^$\\])*?(?:\\[A-Za-z]|[_^])(?:\\.|[^$\\])*?)\$(?![\d$])")
# Commands that move or size boxes as they like, define new commands, or lead out of the page. KaTeX refuses some of
# them and would lay others over the page; a formula with one of them is shown as code.
_HOSTILE_TEX = re.compile(
    r"\\(?:href|url|includegraphics|html\w*|rule|kern|mkern|hskip|mskip|hspace|raisebox|raise|lower|smash|llap|rlap|clap"
    r"|mathllap|mathrlap|mathclap|def|gdef|edef|xdef|let|futurelet|global|newcommand|renewcommand|providecommand)"
    r"(?![A-Za-z])|!\[|://|www\.|[@`]",
    re.IGNORECASE,
)


def markdown(
    text: str,
    *,
    chips: Mapping[Span, str] | None = None,
    home: Collection[str] = (),
    mark: Span | None = None,
    by_model: bool = False,
) -> str:
    """The text as harmless Markdown.

    chips are stretches to be replaced by Markdown of our own (the only links on the page); one that lies in code or in
    a formula is left alone, and no line breaks in front of one. home are the hosts whose links show only their words;
    the address of another link is shown behind its words. mark is a stretch to highlight. by_model says that \\( \\)
    and \\[ \\] hold mathematics.

    >>> markdown("See [the form](https://forms.example/x) ![](https://evil.example/p.png)")
    'See the form (`https://forms.example/x`) '
    >>> markdown("It is 28 GeV [1].", chips={(13, 16): "[1](#cite-1)"})
    'It is 28 GeV\\xa0[1](#cite-1).'
    """
    writer = _Writer(text, dict(chips or {}), frozenset(home), mark, by_model=by_model)
    return "".join(piece.markdown for piece in writer.written()).strip("\n")


def pieces(text: str, *, home: Collection[str] = (), mark: Span | None = None) -> list[Piece]:
    """The text as harmless Markdown, cut where a code block or an equation must be marked as a whole."""
    return _merged(_Writer(text, {}, frozenset(home), mark, by_model=False).written())


def inline(text: str) -> str:
    """A text on one line in which only formulas mean anything: titles, names, labels.

    >>> inline(r"p_T of *all* [x](y) at $\\sqrt{s}$")
    'p\\\\_T of \\\\*all\\\\* \\\\[x\\\\]\\\\(y\\\\) at $\\\\sqrt{s}$'
    """
    # A space that must not break stays one.
    line = re.sub(r"[^\S\u00a0]+", " ", text.strip())
    atoms: list[_Atom] = []
    at = 0
    for formula in _FORMULA.finditer(line):
        atoms += _plain([(line[i], True, i) for i in range(at, formula.start())])
        atoms.append(_Atom(_formula(formula["tex"], cell=False), *formula.span()))
        at = formula.end()
    return _joined([*atoms, *_plain([(line[i], True, i) for i in range(at, len(line))])], None)


def lines(text: str, *, mark: Span | None = None) -> str:
    """A text without markup, line for line as it was written: a mail."""
    made: list[str] = []
    at = 0
    for line in text.split("\n"):
        body = line.lstrip(" \t")
        indent = "\u00a0" * len(line[: len(line) - len(body)].expandtabs(4)) if body else ""
        start = at + len(line) - len(body)
        atoms = _plain([(letter, True, start + offset) for offset, letter in enumerate(body.rstrip())])
        made.append(indent + _joined(atoms, mark))
        at += len(line) + 1
    return "".join(
        line + ("\\\n" if line and following else "\n") for line, following in zip(made, [*made[1:], ""], strict=True)
    )


def prose(text: str) -> Iterator[Span]:
    """The stretches of a text by a model that are neither code nor mathematics, line by line."""
    for block in _blocks(text, by_model=True):
        if block.kind not in ("line", "row"):
            continue
        at = block.start
        for token in _TOKEN_OF_A_MODEL.finditer(text, block.start, block.end):
            if token["code"] or token["tex"] or token["round"] or token["square"]:
                yield at, token.start()
                at = token.end()
        yield at, block.end


@dataclass(frozen=True, slots=True)
class _Block:
    """Whole lines: a code block, an equation, a row of a table, or one line of anything else."""

    kind: str
    start: int
    end: int
    body: str = ""
    language: str = ""


def _blocks(text: str, *, by_model: bool) -> Iterator[_Block]:
    spans = list(_line_spans(text))
    number = 0
    while number < len(spans):
        start, end = spans[number]
        line = text[start:end]
        block = _fenced(text, spans, number) or _displayed(text, spans[number : number + _EQUATION_LINES], "$$", "$$")
        if block is None and by_model:
            block = _displayed(text, spans[number : number + _EQUATION_LINES], r"\[", r"\]")
        if block is None:
            kind = "blank" if not line.strip() else "row" if line.lstrip().startswith("|") else "line"
            block = _Block(kind, start, end)
        yield block
        while number < len(spans) and spans[number][0] < max(block.end, start + 1):
            number += 1


def _line_spans(text: str) -> Iterator[Span]:
    """The lines as Markdown sees them; other breaks (form feeds, separators) are part of a line."""
    at = 0
    for line in re.split(r"\r\n|\n|\r", text):
        yield at, at + len(line)
        at += len(line) + (2 if text.startswith("\r\n", at + len(line)) else 1)


def _fenced(text: str, spans: Sequence[Span], number: int) -> _Block | None:
    """The code block that a line opens; one that is never closed reaches to the end."""
    start, end = spans[number]
    opened = _FENCE.fullmatch(text, start, end)
    if opened is None:
        return None
    closing = re.compile(rf"[ \t]*{re.escape(opened['fence'])}{opened['fence'][0]}*[ \t]*")
    inner = []
    for first, last in spans[number + 1 :]:
        end = last
        if closing.fullmatch(text, first, last):
            break
        inner.append(text[first:last])
    return _Block("code", start, end, "\n".join(inner), opened["language"].lower())


def _displayed(text: str, spans: Sequence[Span], opening: str, closing: str) -> _Block | None:
    """The equation that the first line opens, if something closes it at the end of a line before the next empty one."""
    start, end = spans[0]
    first = text[start:end].strip()
    if not first.startswith(opening):
        return None
    inner = []
    for offset, last in spans:
        line = first[len(opening) :] if offset == start else text[offset:last].strip()
        before, closed, behind = line.partition(closing)
        inner.append(before)
        if closed:
            body = "\n".join(part for part in inner if part.strip())
            return _Block("equation", start, last, body) if body and not behind else None
        if not line and offset != start:
            return None
    return None


class _Writer:
    """Writes one text."""

    def __init__(
        self, text: str, chips: dict[Span, str], home: frozenset[str], mark: Span | None, *, by_model: bool
    ) -> None:
        self._text = text
        self._by_model = by_model
        self._pattern = _TOKEN_OF_A_MODEL if by_model else _TOKEN
        self._chips = chips
        self._home = home
        self._mark = mark

    def written(self) -> Iterator[Piece]:
        """The pieces, one or two a block."""
        before, listed = "blank", False
        rows: list[_Block] = []
        for block in _blocks(self._text, by_model=self._by_model):
            if rows and block.kind != "row":
                yield Piece(self._table(rows))
                rows, before = [], "blank"
            if block.kind == "row":
                rows.append(block)
            elif block.kind in ("code", "equation"):
                yield self._whole(block)
            elif block.kind == "line":
                item = _ITEM.match(self._text, block.start, block.end)
                listed = bool(item) or (listed and (before == "line" or self._text[block.start] in " \t"))
                yield Piece(self._line(block, listed=listed, paragraph=before == "line"))
            else:
                yield Piece("\n")
            before = block.kind
        if rows:
            yield Piece(self._table(rows))

    def _whole(self, block: _Block) -> Piece:
        """Code or an equation, set apart by empty lines at the left edge, where nothing else can hold it."""
        marked = self._mark is not None and block.start < self._mark[1] and self._mark[0] < block.end
        if block.kind == "equation" and not _hostile(block.body) and "$$" not in block.body:
            return Piece(f"\n\n$$\n{_tex(block.body)}\n$$\n\n", marked)
        longest = max((len(run) for run in re.findall(r"`+", block.body)), default=0)
        fence = "`" * max(3, longest + 1)
        language = block.language if block.language in _LANGUAGES else ""
        return Piece(f"\n\n{fence}{language}\n{textwrap.dedent(block.body)}\n{fence}\n\n", marked)

    def _line(self, block: _Block, *, listed: bool, paragraph: bool) -> str:
        """A line of prose, a heading, a list item or a quotation; paragraph says that it follows another line."""
        line = self._text[block.start : block.end]
        if _RULE.fullmatch(line):
            return "\n---\n\n" if not paragraph else "\n\n---\n\n"
        if _UNDERLINE.fullmatch(line):
            return f"\\{line.strip()}\n"
        prefix = _PREFIX.match(self._text, block.start, block.end)
        assert prefix is not None
        indent = prefix["indent"].expandtabs(4) if listed else ""
        item = (prefix["item"] or "").replace("\t", " ")
        return f"{indent}{prefix['quote']}{item}{self._prose(prefix.end(), block.end)}\n"

    def _table(self, rows: Sequence[_Block]) -> str:
        """Rows set apart by empty lines; rows without their header get an empty one."""
        texts = [self._text[row.start : row.end] for row in rows]
        made = [
            text.strip() if _TABLE_RULE.fullmatch(text) else self._row(row)
            for text, row in zip(texts, rows, strict=True)
        ]
        if len(texts) < 2 or not _TABLE_RULE.fullmatch(texts[1]):
            count = max(1, len(list(self._cells(rows[0]))))
            made = ["|" + "  |" * count, "|" + " --- |" * count, *made]
        return "\n\n" + "\n".join(made) + "\n\n"

    def _row(self, row: _Block) -> str:
        return "| " + " | ".join(self._prose(start, end, cell=True) for start, end in self._cells(row)) + " |"

    def _cells(self, row: _Block) -> Iterator[Span]:
        """The stretches between the bars of a row, without white space at their ends."""
        line = self._text[row.start : row.end].rstrip()
        bars = [match.start() for match in re.finditer(r"\\.|\|", line) if match[0] == "|"]
        for left, right in zip(bars, [*bars[1:], len(line)], strict=True):
            cell = line[left + 1 : right]
            if right < len(line) or cell.strip():
                start = row.start + left + 1 + len(cell) - len(cell.lstrip())
                yield start, max(start, row.start + left + 1 + len(cell.rstrip()))

    def _prose(self, start: int, end: int, *, cell: bool = False) -> str:
        return _joined(self._atoms(start, end, cell=cell), self._mark)

    def _atoms(self, start: int, end: int, *, cell: bool) -> list[_Atom]:
        """A stretch of one line."""
        made: list[_Atom] = []
        plain: list[tuple[str, bool, int]] = []
        at = start
        while at < end:
            token = self._pattern.search(self._text, at, end)
            stop = token.start() if token else end
            chip = next((span for span in sorted(self._chips) if at <= span[0] and span[1] <= end), None)
            if chip and (chip[0] < stop or (token and token["label"] is not None and chip[0] < token.end())):
                plain += [(self._text[i], False, i) for i in range(at, chip[0])]
                if plain and plain[-1][0] == " " and start < chip[0] - 1:
                    plain[-1] = ("\u00a0", False, chip[0] - 1)
                made += [*_plain(plain), _Atom(self._chips[chip], *chip)]
                plain, at = [], chip[1]
                continue
            plain += [(self._text[i], False, i) for i in range(at, stop)]
            at = token.end() if token else end
            if token and token["escape"]:
                plain.append((token["escape"][1], True, token.start()))
            elif token:
                made += [*_plain(plain), *self._token(token, cell=cell)]
                plain = []
        return made + _plain(plain)

    def _token(self, token: re.Match[str], *, cell: bool) -> list[_Atom]:
        start, end = token.span()
        if token["code"]:
            return [_Atom(_code(token["code"]), start, end)]
        if token["label"] is None and not token["angle"]:
            groups = token.groupdict()
            tex = groups.get("round") or groups.get("square") or groups["tex"]
            return [_Atom(_formula(tex, cell=cell), start, end)]
        if token["angle"]:
            return [_Atom(_code(token["angle"]), start, end)]
        label = self._atoms(*token.span("label"), cell=cell)
        if self._text[start - 1 : start].strip():
            label.insert(0, _Atom(_JOINER, start, start))
        if self._text[end : end + 1].strip():
            label.append(_Atom(_JOINER, end, end))
        target = token["target"].strip("<>")
        if token["picture"] or not self._foreign(target) or target in token["label"]:
            return label
        return [*label, _Atom(" (", end, end), _Atom(_code(target.replace("|", "%7C")), end, end), _Atom(")", end, end)]

    def _foreign(self, target: str) -> bool:
        """Whether an address leads to a host that is not one of ours."""
        try:
            parts = urlsplit(target)
        except ValueError:
            return False
        return parts.scheme in ("http", "https", "ftp") and (parts.hostname or "") not in self._home


def _plain(letters: Sequence[tuple[str, bool, int]]) -> list[_Atom]:
    """Prose: each letter with whether it means only itself, and its offset. Addresses become code."""
    resolved = "".join(letter for letter, _, _ in letters)
    parted = {match.start() for match in _SHORTCODE.finditer(resolved)}
    made: list[_Atom] = []
    at = 0
    for address in _ADDRESS.finditer(resolved):
        made += [_letter(letters, i, parted) for i in range(at, address.start())]
        shown = address[0].rstrip(".,;:!?")
        at = address.start() + len(shown)
        made.append(_Atom(_code(shown), letters[address.start()][2], letters[at - 1][2] + 1))
    return made + [_letter(letters, i, parted) for i in range(at, len(letters))]


def _letter(letters: Sequence[tuple[str, bool, int]], at: int, parted: Collection[int]) -> _Atom:
    letter, literal, offset = letters[at]
    active = letter in _ACTIVE or (letter == "~" and not _strikes(letters, at))
    shown = f"\\{letter}" if letter in _PUNCTUATION and (literal or active) else letter
    return _Atom(shown + _JOINER if at in parted else shown, offset, offset + 1)


def _strikes(letters: Sequence[tuple[str, bool, int]], at: int) -> bool:
    """Whether a tilde is one of two: a single one would strike words out as well, three would open a code block."""
    around = "".join(letters[i][0] if 0 <= i < len(letters) else " " for i in range(at - 2, at + 3))
    return (around[1] == "~") != (around[3] == "~") and (around[0] != "~" or around[1] != "~") and around[3:] != "~~"


def _code(text: str) -> str:
    """Inline code whose fence is longer than any in it; in a table the bar is escaped already."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    padded = f" {text} " if text[:1] == "`" or text[-1:] == "`" or not text.strip() else text
    return f"{fence}{padded}{fence}"


def _formula(tex: str, *, cell: bool) -> str:
    made = _tex(tex.strip(), cell=cell)
    return f"${made}$" if made and not _hostile(made) and "$" not in made else _code(tex) if made else _JOINER


def _hostile(tex: str) -> bool:
    """Whether a formula may do more than stand there, as a formula or as the text that a page might take it for."""
    return bool(_HOSTILE_TEX.search(tex) or _HOSTILE_TEX.search(re.sub(r"\\(?=[^\w\s])", "", tex)))


def _tex(tex: str, *, cell: bool = False) -> str:
    """A formula without what would end it early, comment the rest away, or mean something outside a formula."""
    tex = re.sub(r":(?=[\w+/-]+[:\[])|<(?=[A-Za-z/!?])", r"\g<0> ", tex)
    tex = re.sub(r"(?<!\\)%", r"\\%", tex).replace("](", "] (").replace(r"\$", r"\text{\textdollar}")
    if cell:
        tex = tex.replace(r"\|", r"\vert ").replace("|", r"\vert ")
    return tex


def _joined(atoms: Sequence[_Atom], mark: Span | None) -> str:
    """Atoms as one string, those inside the mark highlighted."""
    made = ""
    stretch: list[str] = []
    for atom in atoms:
        inside = mark is not None and mark[0] <= atom.start and atom.end <= mark[1] and atom.start < mark[1]
        if inside and _balanced(atom.shown):
            stretch.append(atom.shown)
            continue
        made = _beside(made, _highlighted(stretch))
        stretch = []
        made = _beside(made, atom.shown)
    return _beside(made, _highlighted(stretch))


def _highlighted(stretch: Sequence[str]) -> str:
    whole = ""
    for shown in stretch:
        whole = _beside(whole, shown)
    body = whole.strip()
    if not body:
        return whole
    left = whole[: len(whole) - len(whole.lstrip())]
    return f"{left}:yellow-background[{body}]{whole[len(left) + len(body) :]}"


def _beside(left: str, right: str) -> str:
    """Two pieces of output; a fence never touches another."""
    return left + _JOINER + right if left[-1:] in ("`", "$") and left[-1:] == right[:1] else left + right


def _balanced(shown: str) -> bool:
    """Whether every bracket in a piece of output that is not escaped has its partner there."""
    depth = 0
    for bracket in re.findall(r"\\.|[\[\]]", shown):
        depth += {"[": 1, "]": -1}.get(bracket, 0)
        if depth < 0:
            return False
    return depth == 0


def _merged(made: Iterator[Piece]) -> list[Piece]:
    """Neighbours that are not marked, as one piece each."""
    merged: list[Piece] = []
    for piece in made:
        if merged and not piece.marked and not merged[-1].marked:
            merged[-1] = Piece(merged[-1].markdown + piece.markdown)
        else:
            merged.append(piece)
    return [piece for piece in merged if piece.markdown.strip()]

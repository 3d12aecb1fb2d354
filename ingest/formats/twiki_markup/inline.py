"""What stands inside a line: code, links, emphasis and mathematics, from TWiki's markup to Markdown."""

import html
import re
from dataclasses import dataclass, field
from urllib.parse import quote

from ingest.formats.twiki_markup.signs import (
    BAR,
    BOLD,
    BOLD_END,
    BREAK,
    ITALIC,
    ITALIC_END,
    NOP,
    PIECE_CLOSE,
    PIECE_OPEN,
    STRUCK,
    STRUCK_END,
    TOKEN,
    UNKNOWN_OPEN,
    Code,
    Maths,
    Shelf,
    named,
    unnamed,
)
from ingest.formats.twiki_markup.tags import TAG, code_of

# What may stand before and after =code=, *bold* and _italic_: TWiki's own rule, other emphasis, and quotes for code.
_OPENING, _CLOSED = rf"\s(*_{BOLD}{ITALIC}{STRUCK}{BREAK}{PIECE_CLOSE}", rf"\s,.;:!?)*_{BREAK}{PIECE_OPEN}"
_ENDS = f"{BOLD_END}{ITALIC_END}{STRUCK_END}"
_BEFORE, _AFTER = rf"(?:^|(?<=[{_OPENING}]))", rf"(?=$|[{_CLOSED}{_ENDS}])"
_CODE = re.compile(
    rf"(?:^|(?<=[{_OPENING}\[{{\"'|/>-]))(==?)(?![\s=])((?:(?![\s(]=[^\s=])[^{BREAK}]){{0,600}}?[^\s=])\1"
    rf"(?=$|[{_CLOSED}{_ENDS}\]}}\"'|/<-])"
)
_CODE_TAG = re.compile(r"<(code|tt|kbd|samp)\b[^<>]*>(.*?)</\1\s*>", re.S | re.I)
_LITERAL = re.compile(r"</?(?:literal|noautolink)\b[^<>]*>", re.I)
# One bracket that is missing at either end is forgiven where the rest is plain.
_BRACKETS = re.compile(
    r"(!?)\[\[([^\[\]]{0,2000})\](?:\[((?:[^\[\]]|\[(?!\[)|\](?!\])){1,2000}?)\]\]|\]|(?=\[)\[([^\[\]]{1,300})\])"
    r"|(?<![\[\w])\[((?:https?://|#)[^\[\]\s]+)\]\[([^\[\]]{1,300})\]\]"
)
_ANCHOR_TAG = re.compile(r"<a\b([^<>]*)>(.*?)</a\s*>", re.S | re.I)
_IMAGE = re.compile(r"<img\b([^<>]*)>", re.I)
_ATTRIBUTE = re.compile(r"([\w-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_ADDRESS = re.compile(
    rf"(?<![\w/.])(?:(?:https?|ftp)://|(?:\.\./)+pub/)[^\s<>\"'|{BREAK}{BAR}{PIECE_OPEN}{BOLD}-{STRUCK_END}]+", re.I
)
_WIKI_WORD = r"[A-Z]+[a-z0-9]+[A-Z]+[A-Za-z0-9]*"
_WEB = r"[A-Z]\w*(?:[./][A-Z]\w*)*"
_TOPIC = re.compile(rf"(?<![\w./!:@#={NOP}-])(?:({_WEB})[.])?({_WIKI_WORD})(#\w+)?(?![\w/@]|\.\w)")
_UNIT = re.compile(r"[kMGTPm]?(?:eV|Hz|Byte|Bytes|bps|Bq|Sv|Gy)|\d*[A-Z]?[a-z]?[A-Z]")
_ESCAPE = re.compile(rf"(?<![\w!])!(?=[A-Z=*_])|{NOP}")
_FORMULA = re.compile(r"(?<![\\$])\$(?![\s$])([^$\n]{0,300}?[^\s$\\])\$(?![\d$])|\\\((.{1,500}?)\\\)")
_DOLLAR = re.compile(r"(?<!\\)\$")
_MATHEMATICAL = re.compile(r"\\[A-Za-z]+|[_^]\{|^[^\s/]{1,12}[_^][^\s/]{1,8}$|^[A-Za-z]$|\s[=<>]\s|\^")
# No emphasis holds what looks like the beginning of another one of its kind: "*.root and *.log" is none.
_EMPHASIS = (
    (
        re.compile(rf"{_BEFORE}__(?![\s_])((?:(?![\s(]__\S).){{0,1000}}?[^\s_])__{_AFTER}"),
        ITALIC + BOLD,
        BOLD_END + ITALIC_END,
    ),
    (re.compile(rf"{_BEFORE}\*(?![\s*])((?:(?![\s(]\*\S).){{0,1000}}?[^\s*])\*{_AFTER}"), BOLD, BOLD_END),
    (re.compile(rf"{_BEFORE}_(?![\s_])((?:(?![\s(]_\S).){{0,1000}}?[^\s_])_{_AFTER}"), ITALIC, ITALIC_END),
)
_MARKERS = {BOLD: "**", ITALIC: "*", STRUCK: "~~"}
_CLOSING = {BOLD_END: BOLD, ITALIC_END: ITALIC, STRUCK_END: STRUCK}
_EMPHASIS_SIGN = re.compile(f"([{BOLD}-{STRUCK_END}])")
_PIECE = re.compile(f"{PIECE_OPEN}(\\d+){PIECE_CLOSE}")
_SPACES = re.compile(r"[ \t\n\xa0]+")
_PICTURE = re.compile(r"\.(?:png|jpe?g|gif|svg|bmp)$", re.I)
_ICON = re.compile(
    r"(?:^|/)(?:[\w-]*(?:toggle|bullet|blank|spacer|twistopen|arrow)[\w-]*\.\w+$)|TWikiDocGraphics", re.I
)
_CHOICES = {"Y": "✓", "N": "✗", "DONE": "✓", "yes": "✓", "no": "✗"}


@dataclass(slots=True)
class Inline:
    """Reads what stands inside lines, and collects where its links lead.

    up leads from a topic to the folder of all webs ("..", "../.." in a web inside a web). pieces are finished parts
    of the line at hand, which nothing may touch any more.
    """

    shelf: Shelf
    up: str = ".."
    links: dict[str, None] = field(default_factory=dict)
    pieces: list[str] = field(default_factory=list)
    plain_only: bool = False

    def markdown(self, source: str) -> str:
        """A line as Markdown; breaks that are meant are newlines."""
        return self._read(source, plain=False)

    def plain(self, source: str) -> str:
        """A line as words without any markup, for headings; mathematics stays."""
        return self._read(source, plain=True).replace("\n", " ")

    def _read(self, source: str, *, plain: bool) -> str:
        self.pieces, self.plain_only = [], plain
        text = self._marked(TOKEN.sub(self._shelved, source))
        text = _emphasised(text, plain=plain)
        text = self._whole(text)
        lines = (_SPACES.sub(" ", line).strip() for line in text.replace(BAR, "|").split(BREAK))
        return "\n".join(line for line in lines if line)

    def _marked(self, text: str) -> str:
        """The text with its code, links and formulas as pieces, and its emphasis between signs."""
        text = _LITERAL.sub("", text)
        text = _CODE_TAG.sub(lambda part: self._code(part[2]), text)
        text = _CODE.sub(lambda part: self._code(part[2]), text)
        text = _ANCHOR_TAG.sub(self._anchor, text)
        text = _IMAGE.sub(self._image, text)
        text = _BRACKETS.sub(self._bracketed, text)
        text = _FORMULA.sub(self._formula, TAG.sub("", text))
        text = _ADDRESS.sub(self._address, text)
        text = _TOPIC.sub(self._topic, text)
        for pattern, opening, closing in _EMPHASIS:
            text = pattern.sub(rf"{opening}\1{closing}", text)
        text = html.unescape(unnamed(_ESCAPE.sub("", text)))
        return text if self.plain_only else _DOLLAR.sub(r"\\$", text)

    def _piece(self, finished: str) -> str:
        self.pieces.append(finished)
        return f"{PIECE_OPEN}{len(self.pieces) - 1}{PIECE_CLOSE}"

    def _whole(self, text: str) -> str:
        """The text with its pieces put back, inner ones too."""
        while _PIECE.search(text):
            text = _PIECE.sub(lambda piece: self.pieces[int(piece[1])], text)
        return text

    def _shelved(self, token: re.Match[str]) -> str:
        """A block that has to stand inside a line."""
        block = self.shelf.blocks[int(token[1])]
        if isinstance(block, Maths):
            return self._piece(f"${' '.join(block.text.split())}$")
        if isinstance(block, Code):
            return self._code_piece(" ".join(block.text.split()))
        return "; ".join(" / ".join(cell.text for cell in row) for row in block)

    def _code(self, inside: str) -> str:
        """A code span; a link inside leaves its words."""
        words = _BRACKETS.sub(lambda link: link[3] or link[4] or link[6] or link[2], self._whole(inside))
        return self._code_piece(code_of(words.replace(BAR, "|")))

    def _code_piece(self, code: str) -> str:
        code = _SPACES.sub(" ", _EMPHASIS_SIGN.sub("", code)).strip()
        if not code or self.plain_only:
            return self._piece(code)
        fence = "``" if "`" in code else "`"
        space = " " if code.startswith("`") or code.endswith("`") else ""
        return self._piece(f"{fence}{space}{code}{space}{fence}")

    def _formula(self, part: re.Match[str]) -> str:
        """A formula between dollars; dollars that are none (shell variables, money) are left to be escaped."""
        formula = part[1] or part[2]
        if part[2] is None and not _MATHEMATICAL.search(formula):
            return part[0]
        return self._piece(f"${html.unescape(formula.strip()).replace(NOP, '')}$")

    def _anchor(self, part: re.Match[str]) -> str:
        target = _attributes(part[1]).get("href", "")
        return self._link(part[2], html.unescape(unnamed(self._whole(target)))) if target else part[2]

    def _image(self, part: re.Match[str]) -> str:
        """A picture by its alternative text or its file's name; mere decoration is left out."""
        given = _attributes(part[1])
        source, words = given.get("src", ""), given.get("alt", "").strip()
        if words in _CHOICES:
            return _CHOICES[words]
        source = unnamed(self._whole(source)).strip()
        name = source.rpartition("/")[2]
        if not name or _ICON.search(source):
            return ""
        self.links[source] = None
        words = html.unescape(words) or name
        return self._piece(words if self.plain_only else f"![{_bracket_free(words)}]({_target(source)})")

    def _bracketed(self, part: re.Match[str]) -> str:
        """[[target][words]], [[target]] or the old [[http://target words]]."""
        target, words = (part[2] or part[5] or "").strip(), part[3] or part[4] or part[6]
        if part[1]:
            return self._piece(html.unescape(part[0][1:]))
        if words is None:
            if old := re.fullmatch(r"((?:https?|ftp|mailto):\S+)\s+(.+)", target, re.S):
                target, words = old[1], old[2]
            else:
                words = target.removeprefix("mailto:").removeprefix("#")
        return self._link(words, self._reached(unnamed(self._whole(target)).replace(NOP, "").strip()))

    def _link(self, words: str, reached: str) -> str:
        """A Markdown link with words that may be emphasised, to what is reached from the topic's address."""
        reached = reached.replace(NOP, "").strip()
        if reached and not reached.startswith(("mailto:", "#")):
            self.links[reached] = None
        words = TAG.sub("", _IMAGE.sub(self._image, words)).replace(BREAK, " ").strip()
        if _PIECE.fullmatch(words) and self.pieces[int(words[1:-1])].startswith("!["):
            return words
        shown = self._shown(words)
        # A link to where its words say is one without them: WikiWords and plain addresses are shown as they are.
        bare = self.plain_only or not reached or not shown or shown == reached
        return self._piece(shown if bare else f"[{shown}]({_target(reached)})")

    def _shown(self, words: str) -> str:
        """The words of a link, their emphasis read."""
        for pattern, opening, closing in _EMPHASIS:
            words = pattern.sub(rf"{opening}\1{closing}", words)
        words = html.unescape(unnamed(_ESCAPE.sub("", words)))
        return _emphasised(words if self.plain_only else _bracket_free(words), plain=self.plain_only).strip()

    def _reached(self, target: str) -> str:
        """Where a target in double brackets leads, seen from the topic's address."""
        target = html.unescape(target)
        if re.match(r"[a-z][a-z+.-]*:|[#/.]", target, re.I):
            return target
        name, mark, anchor = target.partition("#")
        name = name.strip().lstrip("!")
        if re.fullmatch(r"[\w./ -]+", name):
            words = "".join(word[:1].upper() + word[1:] for word in name.replace("!", "").split())
            web, _, topic = words.replace(".", "/").rpartition("/")
            name = f"{self.up}/{web}/{topic}" if web else topic
        return name + mark + anchor

    def _address(self, part: re.Match[str]) -> str:
        """An address in plain sight stays as it is."""
        closing = ".,;:!?*_=" if "(" in part[0] else ".,;:!?*_=)]}"
        address = part[0].rstrip(closing)
        clean = html.unescape(named(address)).replace(NOP, "")
        if UNKNOWN_OPEN not in address:
            self.links[clean] = None
        name = clean.rpartition("/")[2]
        shown = f"![{name}]({_target(clean)})" if clean.startswith("..") and _PICTURE.search(name) else clean
        return self._piece(name if self.plain_only else shown) + part[0][len(address) :]

    def _topic(self, part: re.Match[str]) -> str:
        """A WikiWord; with its web in front it becomes a link, alone it stays the word it is.

        Alone it may be a name that only looks so (GridFTP, MySQL), and which topics exist is not known here.
        """
        web, topic, anchor = part[1], part[2], part[3] or ""
        if not web:
            if not _UNIT.fullmatch(topic):
                self.links[topic + anchor] = None
            return self._piece(topic) + anchor
        reached = f"{self.up}/{web.replace('.', '/')}/{topic}{anchor}"
        self.links[reached] = None
        return self._piece(topic if self.plain_only else f"[{topic}]({reached})")


def _attributes(written: str) -> dict[str, str]:
    """The attributes of a tag by their names in lower case."""
    return {name.lower(): first or second or third for name, first, second, third in _ATTRIBUTE.findall(written)}


def _bracket_free(words: str) -> str:
    return words.replace("[", "\\[").replace("]", "\\]")


def _target(address: str) -> str:
    """An address as Markdown holds it between parentheses."""
    return quote(address, safe="/#:?&=%~+,;@!$*'.-_")


def _emphasised(text: str, *, plain: bool) -> str:
    """Signs of emphasis as Markdown: blanks outside, nothing empty, nothing twice, everything closed."""
    out: list[str] = []
    opened: list[str] = []
    depth = dict.fromkeys(_MARKERS, 0)
    for part in _EMPHASIS_SIGN.split(text):
        if part in _MARKERS:
            depth[part] += 1
            if depth[part] == 1 and not plain:
                opened.append(part)
                out.append(part)
        elif part in _CLOSING:
            sign = _CLOSING[part]
            depth[sign] = max(0, depth[sign] - 1)
            while depth[sign] == 0 and sign in opened:
                _close(out, opened)
        else:
            out.append(part)
    while opened:
        _close(out, opened)
    return "".join(out)


def _close(out: list[str], opened: list[str]) -> None:
    """Close the emphasis that was opened last; the blanks at the ends of its inside move outside."""
    sign = opened.pop()
    start = len(out) - 1 - out[::-1].index(sign)
    inside = "".join(out[start + 1 :])
    del out[start:]
    core = inside.strip(f" \t\n\xa0{BREAK}")
    before, _, after = inside.partition(core) if core else (inside, "", "")
    out += [before, f"{_MARKERS[sign]}{core}{_MARKERS[sign]}" if core else "", after]

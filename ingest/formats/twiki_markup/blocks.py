"""Lines to blocks of Markdown: headings, lists, tables, code, paragraphs, each with what it is."""

import re
from dataclasses import dataclass, field

from ingest.document import Mark, MarkKind
from ingest.formats.twiki_markup.inline import Inline
from ingest.formats.twiki_markup.signs import BREAK, TOKEN, Code, Maths, Rows, unnamed
from ingest.formats.twiki_markup.tables import ROW, row, table

_HEADING = re.compile(r"---+(\++|#+)#?(.*)")
_NOT_IN_CONTENTS = re.compile(r"^\s*!!|%NOTOC%")
_ITEM = re.compile(r"(?P<indent>(?: {3})+)(?P<marker>\*|\d+\.?|[AaIi]\.) +(?P<text>\S.*|)")
_DEFINITION = re.compile(r"(?P<indent>(?: {3})+)(?:\$ +(?P<term>[^:]+?)|(?P<word>[A-Za-z][\w-]*)): +(?P<text>\S.*)")
_ANCHOR = re.compile(r"#([A-Z]\w*)(?: +|$)")
_ANCHOR_TAG = re.compile(r"<a\s+(?:name|id)\s*=\s*[\"']?([\w.-]+)[\"']?\s*/?>(?:\s*</a\s*>)?", re.I)
# Foswiki's way of writing a paragraph that stands in.
_INDENTED_PARAGRAPH = re.compile(r"^((?: {3})+): +(?=\S)")
_RULE = re.compile(r"---+[ \t]*")
_OWN_LINE = re.compile(r"(?:--?-?|[*•]|\d{1,2}[.)]) +\S")
_INDENTED = re.compile(r" {2,}")
_MARKDOWN_HEADING = re.compile(r"^(#{1,6}|>)(?= |$)", re.M)
#: TWiki cuts the fragments of headings at this many characters.
_LONGEST_FRAGMENT = 32


@dataclass(frozen=True, slots=True)
class Block:
    """A block of Markdown; tight means that one newline stands before it, not two."""

    text: str
    kind: MarkKind | None = None
    level: int = 0
    label: str = ""
    fragment: str = ""
    tight: bool = False


@dataclass(slots=True)
class _List:
    """A list that is open: how deep TWiki has it, its marker, how many items it has, where its text begins."""

    depth: int
    marker: str
    count: int
    column: int


@dataclass(slots=True)
class Page:
    """The blocks of a topic, written line by line."""

    inline: Inline
    blocks: list[Block] = field(default_factory=list)
    _lists: list[_List] = field(default_factory=list)
    _lines: list[str] = field(default_factory=list)
    _rows: Rows = field(default_factory=list)
    _prefix: str = ""
    _anchor: str = ""
    _in_list: bool = False
    _fragments: dict[str, int] = field(default_factory=dict)

    def write(self, text: str) -> None:
        """All lines of a topic whose HTML and macros are gone."""
        for line in text.replace("\t", "   ").split("\n"):
            line = _ANCHOR_TAG.sub(self._anchored, line)
            pieces = TOKEN.split(line)
            if len(pieces) == 1 or ROW.fullmatch(line) or not self._apart(pieces):
                self._line(line)
            else:
                self._line_with_blocks(pieces)
        self._close()

    def table(self, rows: Rows) -> None:
        """A table that is not written with bars."""
        self._close()
        if text := table(rows, self.inline):
            self._put(text, "table")

    def _apart(self, pieces: list[str]) -> bool:
        """Whether the blocks of a line are to stand apart: all but formulas inside a sentence."""
        held = [self.inline.shelf.blocks[int(index)] for index in pieces[1::2]]
        alone = not any(piece.strip(f" .,;{BREAK}") for piece in pieces[::2])
        return alone or not all(isinstance(block, Maths) for block in held)

    def _line_with_blocks(self, pieces: list[str]) -> None:
        """A line in which blocks stand; they belong to the item that the line begins or goes on with."""
        first = pieces[0]
        if first.strip(f" {BREAK}"):
            self._line(first)
        inside = bool(self._lists) and (bool(first.strip()) or bool(_INDENTED.match(first)))
        if not inside:
            self._close()
        for index, after in zip(pieces[1::2], pieces[2::2], strict=True):
            self._block(int(index))
            if after.strip(f" {BREAK}"):
                self._line(f"   {after.strip()}" if inside else after.strip())

    def _block(self, index: int) -> None:
        block = self.inline.shelf.blocks[index]
        # An item that is nothing but code begins with its fence.
        lead = self._prefix if self._lists and self._lines == [""] else ""
        self._flush()
        if isinstance(block, Code):
            self._code(block, lead)
        elif isinstance(block, Maths):
            self._put(f"$${' '.join(block.text.split())}$$", "equation")
        else:
            self.table(block)

    def _line(self, line: str) -> None:
        """One line without blocks that stand apart."""
        # Authors put blanks and macros before a heading's dashes.
        if "---" in line and (bare := unnamed(line).lstrip(" ")).startswith("---"):
            line = bare
        if anchor := _ANCHOR.match(line):
            self._flush()
            self._anchor, line = anchor[1], line[anchor.end() :]
        if ROW.fullmatch(line):
            self._row(line)
        elif not line.strip():
            self._flush()
        elif heading := _HEADING.match(line):
            self._heading(len(heading[1]), heading[2])
        elif item := _ITEM.fullmatch(line):
            self._item(len(item["indent"]) // 3, item["marker"], item["text"])
        elif (definition := _DEFINITION.fullmatch(line)) and (
            definition["term"] or not self._lists or self._lists[-1].marker == "$"
        ):
            term = self.inline.markdown((definition["term"] or definition["word"]).strip()).replace("*", "")
            self._item(len(definition["indent"]) // 3, "$", definition["text"], f"**{term}**: ")
        elif _RULE.fullmatch(line):
            self._close()
        else:
            self._words(line)

    def _words(self, line: str) -> None:
        """A line of a paragraph, or one that goes on with an item."""
        line = _INDENTED_PARAGRAPH.sub(r"\1", line)
        if not line.startswith(" ") and (self._rows or self._lists):
            self._close()
        elif self._rows:
            self._flush()
        if self._lists and not self._lines:
            self._prefix = " " * self._lists[-1].column
        line = line.strip(" ")
        self._lines.append(BREAK + line if self._lines and _OWN_LINE.match(line) else line)

    def _row(self, line: str) -> None:
        """A row of a table, which an item holds when the row is as far in as its text."""
        if not self._rows:
            self._flush()
            if not _INDENTED.match(line):
                self._close()
        self._rows.append(row(line))

    def _heading(self, level: int, written: str) -> None:
        anchor, self._anchor = self._anchor, ""
        self._close()
        label = self.inline.plain(_NOT_IN_CONTENTS.sub("", written)).strip()
        if not label:
            return
        level = min(level, 6)
        fragment = f"#{anchor or self._fragment(label)}"
        self.blocks.append(Block(f"{'#' * level} {label}", "heading", level, label, fragment))

    def _item(self, depth: int, marker: str, text: str, lead: str = "") -> None:
        """Begin an item; its own list goes on, deeper ones end."""
        self._flush()
        while self._lists and (self._lists[-1].depth > depth or self._ends(self._lists[-1], depth, marker)):
            self._lists.pop()
        self._in_list = self._in_list and bool(self._lists)
        if not self._lists or self._lists[-1].depth < depth:
            column = self._lists[-1].column if self._lists else 0
            self._lists.append(_List(depth, marker, 0, column))
        current = self._lists[-1]
        current.count = max(current.count + 1, _number(marker))
        sign = _sign(marker, current.count)
        outer = self._lists[-2].column if len(self._lists) > 1 else 0
        current.column = outer + (len(sign) if marker.strip(".").isdigit() else 2)
        self._prefix = " " * outer + sign + lead
        self._lines = [text]

    @staticmethod
    def _ends(current: _List, depth: int, marker: str) -> bool:
        """Whether an item of this marker begins another list at the same depth."""
        return current.depth == depth and _kind(current.marker) != _kind(marker)

    def _code(self, code: Code, lead: str = "") -> None:
        text = "\n".join(line.rstrip() for line in code.text.expandtabs().split("\n")).strip("\n")
        if not text.strip():
            return
        longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
        fence = "`" * (longest + 1)
        block = self._indented("\n".join((f"{fence}{code.language}", text, fence)))
        self._put(lead + block.lstrip(" ") if lead else block, "code")

    def _indented(self, text: str) -> str:
        """A block as the item at hand holds it."""
        indent = " " * (self._lists[-1].column if self._lists else 0)
        return "\n".join(indent + line if line else "" for line in text.split("\n")) if indent else text

    def _flush(self) -> None:
        """End the paragraph or the item at hand; the lists stay open."""
        if self._rows:
            rows, self._rows = self._rows, []
            if text := table(rows, self.inline):
                self._put(self._indented(text), "table")
        lines, self._lines = self._lines, []
        prefix, self._prefix = self._prefix, ""
        text = self.inline.markdown(" ".join(lines)) if lines else ""
        if not text or not text.strip("*_=|"):
            return
        if not self._lists:
            self._put(_MARKDOWN_HEADING.sub(r"\\\1", text).replace("\n", "  \n"))
            return
        column = " " * self._lists[-1].column
        self._put(prefix + text.replace("\n", f"  \n{column}"))

    def _close(self) -> None:
        """End everything that is open."""
        self._flush()
        self._lists.clear()
        self._in_list = False

    def _anchored(self, tag: re.Match[str]) -> str:
        self._anchor = self._anchor or tag[1]
        return ""

    def _fragment(self, label: str) -> str:
        """The fragment that TWiki gives a heading; a second one of the same name gets a number."""
        name = re.sub(r"[^A-Za-z0-9]+", "_", label).strip("_")[:_LONGEST_FRAGMENT].rstrip("_") or "_"
        count = self._fragments.get(name, 0)
        self._fragments[name] = count + 1
        return f"{name}_AN{count}" if count else name

    def _put(self, text: str, kind: MarkKind | None = None) -> None:
        """Add a block; an anchor before it is its fragment, and marks it where it is nothing else."""
        fragment = f"#{self._anchor}" if self._anchor else ""
        kind = kind or ("anchor" if fragment else None)
        self.blocks.append(Block(text, kind, fragment=fragment, tight=self._in_list))
        # A line right below a table would be read as one more row.
        self._anchor, self._in_list = "", bool(self._lists) and kind != "table"


def _kind(marker: str) -> str:
    return "1" if marker[0].isdigit() else marker[0]


def _number(marker: str) -> int:
    return int(marker.strip(".")) if marker.strip(".").isdigit() else 0


def _sign(marker: str, count: int) -> str:
    """How Markdown begins an item: bullets, numbers, and letters behind a bullet."""
    if marker.strip(".").isdigit():
        return f"{count}. "
    if marker in {"*", "$"}:
        return "- "
    return f"- {_letter(marker[0], count)}. "


def _letter(kind: str, count: int) -> str:
    """The mark of an item in a list that counts with letters or Roman numbers."""
    if kind in "Aa":
        return chr(ord(kind) + (count - 1) % 26)
    roman = ""
    for value, sign in ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")):
        while count >= value:
            roman, count = roman + sign, count - value
    return roman.upper() if kind == "I" else roman


def joined(blocks: list[Block]) -> tuple[str, tuple[Mark, ...]]:
    """The text of all blocks and the marks of those that are something."""
    text: list[str] = []
    marks: list[Mark] = []
    at = 0
    for block in blocks:
        gap = "" if not text else "\n" if block.tight else "\n\n"
        at += len(gap)
        text += [gap, block.text]
        if block.kind:
            marks.append(Mark(at, at + len(block.text), block.kind, block.level, block.label, block.fragment))
        at += len(block.text)
    return "".join(text), tuple(marks)

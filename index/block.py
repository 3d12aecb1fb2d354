"""Where a document may be cut: sections between headings, slides, messages and quotes; blocks inside a section."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter
from typing import Literal

from index.sentence import units
from ingest.document import Mark

BlockKind = Literal["prose", "item", "table", "code", "equation", "caption", "heading"]
Place = Literal["", "slide", "message"]


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch that no chunk reaches across; place says whether it lies in a slide or a message."""

    start: int
    end: int
    quoted: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch that is not cut while it fits, white space after it included.

    first is where the table or the code block that it is a part of begins: not before its own start unless that was
    cut.
    """

    start: int
    end: int
    kind: BlockKind
    first: int


class Outline:
    """The headings of a document and the places that can be linked to."""

    def __init__(self, text: str, marks: Iterable[Mark]) -> None:
        marks = sorted(marks, key=lambda mark: (mark.start, mark.level))
        quoted = _spans(marks, ("quote", "signature"))
        self.headings = [mark for mark in marks if mark.kind == "heading" and not _inside(mark.start, quoted)]
        self._starts = [mark.start for mark in self.headings]
        self._slides = _spans(marks, ("slide",))
        self._above: list[list[Mark]] = []
        above: list[Mark] = []
        for mark in self.headings:
            above = [each for each in above if each.level < mark.level and self._reaches(each, mark.start)]
            above.append(mark)
            self._above.append(above)
        self._names = {mark.start: _name(text, mark) for mark in self.headings}
        places = [mark for mark in marks if mark.fragment and mark.kind in ("page", "slide", "message", "anchor")]
        linked = [mark for mark in self.headings if mark.fragment]
        # At equal starts a page or slide comes last and wins: it leads to what a reader can see.
        by_start = sorted([*linked, *places], key=lambda mark: (mark.start, mark.kind != "heading"))
        self._linked = by_start
        self._linked_starts = [mark.start for mark in by_start]

    def path(self, position: int) -> tuple[str, ...]:
        """The headings above a position, the top one first."""
        place = bisect_right(self._starts, position) - 1
        above = (each for each in self._above[place] if self._reaches(each, position)) if place >= 0 else ()
        return tuple(name for each in above if (name := self._names[each.start]))

    def _reaches(self, heading: Mark, position: int) -> bool:
        """Whether a heading stands above a later position: one on a slide ends with its slide."""
        slide = _around(heading.start, self._slides)
        return slide is None or position < slide[1]

    def fragment(self, position: int) -> str:
        """The fragment of the nearest heading, page, slide, message or anchor that begins at or before a position."""
        place = bisect_right(self._linked_starts, position) - 1
        return self._linked[place].fragment if place >= 0 else ""


def _name(text: str, mark: Mark) -> str:
    return " ".join((mark.label or text[mark.start : mark.end].strip().strip("#")).split())


def _spans(marks: Iterable[Mark], kinds: tuple[str, ...]) -> list[tuple[int, int]]:
    """Where marks of these kinds stand, overlapping ones joined, in order."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted((mark.start, mark.end) for mark in marks if mark.kind in kinds and mark.start < mark.end):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _inside(position: int, spans: Sequence[tuple[int, int]]) -> bool:
    return _around(position, spans) is not None


def _around(position: int, spans: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """The span that a position lies in."""
    place = bisect_right(spans, position, key=itemgetter(0)) - 1
    return spans[place] if place >= 0 and position < spans[place][1] else None


def sections(text: str, marks: Sequence[Mark], outline: Outline) -> list[Section]:
    """The document in sections that cover it; one of white space alone goes to its neighbour."""
    quoted = _spans(marks, ("quote", "signature"))
    # Slides and messages that touch are cut apart, so their spans must not be joined.
    apart = sorted((mark.start, mark.end, mark.kind) for mark in marks if mark.kind in ("slide", "message"))
    slides = _spans(marks, ("slide",))
    messages = _spans(marks, ("message",))
    edges = {0, len(text)} | {edge for span in quoted for edge in span}
    edges |= {edge for start, end, _ in apart for edge in (start, end)}
    edges |= {mark.start for mark in _cutting(text, outline.headings) if not _inside(mark.start, slides)}
    stretches = list(pairwise(sorted(edge for edge in edges if 0 <= edge <= len(text))))
    found: list[Section] = []
    for start, end in _without_blank(text, stretches):
        first = start + len(text[start:end]) - len(text[start:end].lstrip())
        place: Place = "slide" if _inside(first, slides) else "message" if _inside(first, messages) else ""
        found.append(Section(start, end, _inside(first, quoted), place))
    return found


def _cutting(text: str, headings: Sequence[Mark]) -> list[Mark]:
    """Headings that begin a section: not those that follow another heading at once, nor those that nothing follows."""
    cutting: list[Mark] = []
    end = -1
    for mark in headings:
        if end < 0 or text[end : mark.start].strip():
            cutting.append(mark)
        end = max(end, mark.end)
    return cutting if text[max(end, 0) :].strip() else cutting[:-1]


def _without_blank(text: str, stretches: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches with those of white space alone joined to the one before, or after at the beginning."""
    kept: list[tuple[int, int]] = []
    for start, end in stretches:
        blank = not text[start:end].strip()
        if kept and (blank or not text[slice(*kept[-1])].strip()):
            kept[-1] = (kept[-1][0], end)
        else:
            kept.append((start, end))
    return kept


def blocks(text: str, section: Section, marks: Sequence[Mark]) -> list[Block]:
    """The blocks of a section, in order; together they cover it.

    marks are those of the document in order of start. Tables, code, equations and captions are taken where they are
    marked on lines of their own; paragraphs, list items and what is not marked are found by their lines.
    """
    found: list[Block] = []
    position = section.start
    for mark in _whole_lines(text, section, marks):
        if mark.start < position:
            continue
        found.extend(_by_lines(text, position, mark.start))
        found.append(Block(mark.start, mark.end, _KINDS[mark.kind], mark.start))
        position = mark.end
    found.extend(_by_lines(text, position, section.end))
    return _covering(text, section, found)


_KINDS: dict[str, BlockKind] = {
    "table": "table",
    "code": "code",
    "equation": "equation",
    "caption": "caption",
    "heading": "heading",
}


def _whole_lines(text: str, section: Section, marks: Sequence[Mark]) -> Iterator[Mark]:
    """Marks of the section that begin and end with a line; an equation inside a sentence is no block."""
    first = bisect_right(marks, section.start - 1, key=lambda mark: mark.start)
    for mark in marks[first:]:
        if mark.start >= section.end:
            return
        if mark.kind not in _KINDS or not mark.start < mark.end <= section.end:
            continue
        before = text[max(section.start, text.rfind("\n", 0, mark.start) + 1) : mark.start]
        line_end = text.find("\n", mark.end - 1, section.end)
        after = text[mark.end : line_end if line_end >= 0 else section.end]
        if not before.strip() and not after.strip():
            yield mark


def _covering(text: str, section: Section, found: Sequence[Block]) -> list[Block]:
    """The same blocks, each up to the beginning of the next and the first from that of the section."""
    solid = [block for block in found if text[block.start : block.end].strip()]
    if not solid:
        return [Block(section.start, section.end, "prose", section.start)]
    starts = [section.start, *(block.start for block in solid[1:]), section.end]
    return [
        Block(start, end, block.kind, block.first) for (start, end), block in zip(pairwise(starts), solid, strict=True)
    ]


_ITEM = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)]|[a-z][.)])\s+\S")
_FENCE = re.compile(r"\s*(```+|~~~+)")


def _by_lines(text: str, start: int, end: int) -> Iterator[Block]:
    """Paragraphs, list items, tables, fenced code and displayed equations of a stretch without marks."""
    begin, kind, blank, closing = start, None, False, ""
    position = start
    for line in text[start:end].splitlines(keepends=True):
        here, position = position, position + len(line)
        stripped = line.strip()
        if closing:
            closing = "" if _closes(stripped, closing) else closing
            continue
        if not stripped:
            blank = True
            continue
        if kind is None:
            begin = here
        opened, closing = _opens(line, stripped)
        if kind is not None and _begins(line, opened, kind, blank):
            yield Block(begin, here, kind, begin)
            begin, kind = here, None
        kind = kind or opened
        blank = False
    if kind is not None:
        yield Block(begin, end, kind, begin)


def _opens(line: str, stripped: str) -> tuple[BlockKind, str]:
    """What kind of block a line begins or goes on with, and what closes it when that is not its own end."""
    if fence := _FENCE.match(line):
        return "code", fence[1]
    if stripped.startswith("$$"):
        return "equation", "" if len(stripped) > 4 and stripped.endswith("$$") else "$$"
    if stripped.startswith("|"):
        return "table", ""
    return ("item" if _ITEM.match(line) else "prose"), ""


def _closes(stripped: str, closing: str) -> bool:
    return stripped.endswith("$$") if closing == "$$" else stripped.startswith(closing)


def _begins(line: str, opened: BlockKind, kind: BlockKind, blank: bool) -> bool:
    """Whether a line begins a new block after one of this kind."""
    if opened == "table" and kind == "table":
        return blank
    if opened != "prose" or kind in ("table", "code", "equation"):
        return True
    # An indented paragraph after a blank line still belongs to the list item above it.
    return blank and not (kind == "item" and line.startswith(("  ", "\t")))


#: A longer paragraph is first cut into stretches of this many characters: sentences are looked for in a time that
#: grows with its square.
SENTENCES_WITHIN = 4_000


def finer(text: str, block: Block) -> list[Block]:
    """A block that is too long, in parts: rows, lines or sentences; what has none of these in halves."""
    if block.kind in ("table", "code", "equation"):
        starts = _line_starts(text, block)
    elif block.end - block.start > SENTENCES_WITHIN:
        places = range(block.start + SENTENCES_WITHIN, block.end, SENTENCES_WITHIN)
        starts = [_word_start(text, place, min(place + SENTENCES_WITHIN // 2, block.end)) for place in places]
    else:
        starts = [block.start + unit.start for unit in units(text[block.start : block.end])]
    inner = [start for start in starts if block.start < start < block.end]
    if not inner:
        middle = (block.start + block.end) // 2
        inner = [_word_start(text, middle, middle + (block.end - block.start) // 4)]
    return [Block(start, end, block.kind, block.first) for start, end in pairwise([block.start, *inner, block.end])]


def _line_starts(text: str, block: Block) -> list[int]:
    """Where lines begin that are not blank."""
    starts = []
    position = block.start
    for line in text[block.start : block.end].splitlines(keepends=True):
        if line.strip():
            starts.append(position)
        position += len(line)
    return starts


def _word_start(text: str, start: int, end: int) -> int:
    """Where the first line begins from start on, else the first word; start itself where there is none before end."""
    found = _LINE_START.search(text, start, end) or _WORD_START.search(text, start, end)
    return found.start() if found else start


_LINE_START = re.compile(r"(?<=\n)[^\S\n]*\S")
_WORD_START = re.compile(r"(?<=\s)\S")


def table_header(text: str, first: int, end: int) -> str:
    """The header line of the Markdown table that begins at first; "" when no rule follows it."""
    lines = text[first:end].split("\n", 2)
    return lines[0].strip() if len(lines) > 1 and TABLE_RULE.fullmatch(lines[1]) else ""


TABLE_RULE = re.compile(r"[ \t]*(?:\|[ \t]*)?:?-{2,}:?[ \t]*(?:\|[ \t]*:?-{2,}:?[ \t]*)*\|?[ \t]*")

"""The text of a paged document as it grows line by line, with the box of each line on its page."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ingest.document import Box, Mark, MarkKind
from ingest.formats.pdf.lines import Row
from ingest.formats.pdf.paragraphs import Block, Setting, code, joint, short_lines, without_bullet, without_leaders
from ingest.formats.pdf.tables import cells, logical_rows
from ingest.writer import fence_for, pipe_table

_ITEM = re.compile(r"\s*(?:- |\(?\w{1,3}[.)] )")


class BoxedText:
    """Takes blocks and gives text, marks and boxes; words counts the document's words, to mend those that were cut."""

    def __init__(self, words: Counter[str], how: Setting) -> None:
        self._words = words
        self._how = how
        self._parts: list[str] = []
        self._length = 0
        self.line_start = ""
        self.marks: list[Mark] = []
        self.boxes: list[Box] = []

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self._parts)

    @property
    def next(self) -> int:
        """The offset at which the next block will start."""
        return self._length + 2 if self._length else 0

    @property
    def end(self) -> str:
        """The last character, "" at the very start."""
        return self._parts[-1][-1:] if self._parts else ""

    def line(self, words: str, row: Row, gap: str) -> int:
        """Append a line after a gap (none at the very start); returns where it starts."""
        if self._length:
            self._add(gap)
        start = self._length
        self._add(words)
        if "\n" in gap or not start:
            self.line_start = words
        self.boxes.append(Box(start, self._length, row.page, row.x0, row.y0, row.x1, row.y1))
        return start

    def go_on(self, words: str, row: Row) -> None:
        """Append a line to the paragraph, mending a word that was cut at the end of the line before."""
        cut, gap = joint(self._parts[-1], words, self._words)
        if cut:
            self._parts[-1] = self._parts[-1][:-cut]
            self._length -= cut
            last = self.boxes[-1]
            self.boxes[-1] = Box(last.start, self._length, last.page, last.x0, last.y0, last.x1, last.y1)
        self.line(words, row, gap)

    def mark(self, start: int, kind: MarkKind, level: int = 0, label: str = "", fragment: str = "") -> None:
        """Mark everything from start on."""
        if self._length > start:
            self.marks.append(Mark(start, self._length, kind, level, label, fragment))

    def block(self, block: Block, fragment: str) -> None:
        """Append a block with a blank line in front."""
        if block.kind == "table":
            self._table(block)
        elif block.kind == "code":
            self._code(block)
        else:
            self._prose(block, fragment)

    def _add(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)

    def _prose(self, block: Block, fragment: str) -> None:
        texts = [without_leaders(row.text).strip() for row in block.rows]
        gap = "\n\n"
        if block.kind == "heading":
            texts[0] = f"{'#' * block.level} {texts[0]}"
        elif block.kind == "item":
            bare = without_bullet(texts[0])
            texts[0] = f"{'  ' * (block.level - 1)}{'- ' if bare != texts[0] else ''}{bare}"
            gap = "\n" if _ITEM.match(self.line_start) else "\n\n"
        first = len(self._parts) + bool(self._length)
        start = self.line(texts[0], block.rows[0], gap)
        for text, row in zip(texts[1:], block.rows[1:], strict=True):
            if short_lines(block, self._how):
                self.line(text, row, "\n")
            else:
                self.go_on(text, row)
        if block.kind == "heading":
            label = " ".join("".join(self._parts[first:]).split())[block.level + 1 :]
            self.mark(start, "heading", block.level, label, fragment)
        elif block.kind == "caption":
            self.mark(start, "caption")

    def _table(self, block: Block) -> None:
        header, rule, *lines = pipe_table(cells(block.rows)).split("\n")
        first, *others = logical_rows(block.rows)
        start = self.line(header, _around(first), "\n\n")
        self._add(f"\n{rule}")
        for line, group in zip(lines, others, strict=True):
            self.line(line, _around(group), "\n")
        self.mark(start, "table")

    def _code(self, block: Block) -> None:
        lines = code(block.rows)
        fence = fence_for("\n".join(lines))
        start = self.next
        self._add(f"\n\n{fence}" if self._length else fence)
        for text, row in zip(lines, block.rows, strict=True):
            self.line(text, row, "\n")
        self._add(f"\n{fence}")
        self.line_start = fence
        self.mark(start, "code")


def _around(rows: Sequence[Row]) -> Row:
    """One row with the outline of several."""
    return replace(rows[0], x0=min(row.x0 for row in rows), x1=max(row.x1 for row in rows), y1=rows[-1].y1)

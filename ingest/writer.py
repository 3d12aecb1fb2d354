"""Puts a document's text together block by block, and notes what stands where."""

import re
from collections.abc import Iterable, Sequence

from ingest.document import Mark, MarkKind

_GAP = "\n\n"
_BACKTICKS = re.compile(r"`+")


class Writer:
    """A text that grows by blocks with a blank line between them, and its marks.

    >>> writer = Writer()
    >>> writer.heading("Trigger", 1, "#Trigger")
    >>> writer.block("It selects events.")
    >>> writer.text
    '# Trigger\\n\\nIt selects events.'
    >>> writer.marks
    (Mark(start=0, end=9, kind='heading', level=1, label='Trigger', fragment='#Trigger'),)
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._marks: list[Mark] = []

    @property
    def text(self) -> str:
        """All that was written so far."""
        return "".join(self._parts)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The marks in the order of the text, the wider before the narrower."""
        return ordered(self._marks)

    @property
    def next(self) -> int:
        """The offset at which the next block will start."""
        return self._length + len(_GAP) if self._length else 0

    def block(
        self, text: str, kind: MarkKind | None = None, *, level: int = 0, label: str = "", fragment: str = ""
    ) -> None:
        """Append a block, marked where a kind is given. White space alone is no block."""
        text = text.rstrip().lstrip("\n")
        if not text:
            return
        start = self.next
        self._parts.append(f"{_GAP}{text}" if self._length else text)
        self._length = start + len(text)
        if kind:
            self._marks.append(Mark(start, self._length, kind, level, label, fragment))

    def heading(self, words: str, level: int, fragment: str = "") -> None:
        """Append a heading of one line; level 1 is the top."""
        words = " ".join(words.split())
        if words:
            self.block(f"{'#' * min(level, 6)} {words}", "heading", level=level, label=words, fragment=fragment)

    def code(self, code: str, language: str = "") -> None:
        """Append a code block, fenced by more backticks than stand in it."""
        code = code.strip("\n").rstrip()
        if code.strip():
            self.block(fenced(code, language), "code")

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """Append a table whose first row is its header."""
        self.block(pipe_table(rows), "table")

    def mark(self, start: int, kind: MarkKind, *, level: int = 0, label: str = "", fragment: str = "") -> None:
        """Mark everything from start to the end of the last block; nothing when nothing was written since."""
        if self._length > start:
            self._marks.append(Mark(start, self._length, kind, level, label, fragment))

    def add(self, marks: Iterable[Mark]) -> None:
        """Take over marks that were found elsewhere; their offsets are those of this text."""
        self._marks.extend(marks)


def ordered(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """Marks in the order of the text, the wider before the narrower."""
    return tuple(sorted(marks, key=lambda mark: (mark.start, -mark.end, mark.kind)))


def fenced(code: str, language: str = "") -> str:
    """Code between fences of backticks."""
    fence = fence_for(code)
    return f"{fence}{language}\n{code}\n{fence}"


def fence_for(code: str) -> str:
    """A fence that does not stand in the code: three backticks, or one more than the longest run of them in it."""
    longest = max((len(run) for run in _BACKTICKS.findall(code)), default=0)
    return "`" * max(3, longest + 1)


def pipe_table(rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first row is its header, short rows are filled up, empty rows and columns left out.

    >>> print(pipe_table([["Run", "fb^-1"], ["1", "38.4"]]))
    | Run | fb^-1 |
    | --- | --- |
    | 1 | 38.4 |
    """
    cells = [[" ".join(cell.split()).replace("|", "\\|") for cell in row] for row in rows]
    cells = [row for row in cells if any(row)]
    if not cells:
        return ""
    width = max(len(row) for row in cells)
    cells = [row + [""] * (width - len(row)) for row in cells]
    used = [column for column in range(width) if any(row[column] for row in cells)]
    cells = [[row[column] for column in used] for row in cells]
    lines = [f"| {' | '.join(row)} |" for row in cells]
    return "\n".join([lines[0], f"| {' | '.join(['---'] * len(used))} |", *lines[1:]])


def spread(rows: Iterable[Iterable[tuple[str, int, int]]]) -> list[list[str]]:
    """The cells of a table, given as (text, columns, rows) that each spans, as a plain grid.

    A cell that spans rows is repeated, so that each row can be read alone; one that spans columns leaves the others
    empty.

    >>> spread([[("Run 2", 1, 2), ("2024", 1, 1)], [("2025", 1, 1)], [("all", 2, 1)]])
    [['Run 2', '2024'], ['Run 2', '2025'], ['all', '']]
    """
    grid: list[list[str]] = []
    hanging: dict[int, tuple[int, str]] = {}
    for row in rows:
        line: list[str] = []
        for text, across, down in row:
            _hang(line, hanging)
            if down > 1:
                hanging[len(line)] = (down - 1, text)
            line.extend([text, *[""] * (across - 1)])
        _hang(line, hanging)
        grid.append(line)
    return grid


def _hang(line: list[str], hanging: dict[int, tuple[int, str]]) -> None:
    """Fill in what hangs down from rows above at this place of a row."""
    while len(line) in hanging:
        place = len(line)
        left, text = hanging.pop(place)
        line.append(text)
        if left > 1:
            hanging[place] = (left - 1, text)

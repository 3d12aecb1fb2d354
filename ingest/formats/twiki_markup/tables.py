"""Tables: TWiki's rows, to a table of Markdown."""

import re

from ingest.formats.twiki_markup.inline import Inline
from ingest.formats.twiki_markup.signs import Cell, Rows

ROW = re.compile(r"[ \t]*\|.*\|[ \t]*")
_HEADER = re.compile(r"\*[^*]*[^*\s][^*]*\*")
_ALL_STRONG = re.compile(r"^(\*{2,3})([^*]+)\1$")
_UNENDED = re.compile(r"(?<=[^.,;:!?])\n")
_BAR = re.compile(r"(?<!\\)\|")


def row(line: str) -> list[Cell]:
    """The cells of a line between bars: `||` belongs to the cell on its left, `|^|` to the one above."""
    cells: list[Cell] = []
    for written in line.strip()[1:-1].split("|"):
        text = written.strip()
        spans = "left" if written == "" and cells else "up" if text == "^" else ""
        header = bool(_HEADER.fullmatch(text))
        cells.append(Cell("" if spans else text[1:-1].strip() if header else text, header, spans))
    return cells


def table(rows: Rows, inline: Inline) -> str:
    """The rows as a table of Markdown; "" where all cells are empty.

    A cell that spans rows stands in each of them again, so that every row can be read alone. Without a header row of
    its own a table has an empty one, unless it has one row only.
    """
    shown = _filled([[_shown(cell, inline) for cell in row] for row in rows], rows)
    kept = [(cells, row) for cells, row in zip(shown, rows, strict=True) if any(cells)]
    if not kept:
        return ""
    width = max(len(cells) for cells, _ in kept)
    headed = len(kept) == 1 or all(_heads(text, cell) for text, cell in zip(*kept[0], strict=True))
    lines = [_line([_strong(text, cell) for text, cell in zip(cells, row, strict=True)], width) for cells, row in kept]
    if headed:
        lines[0] = _line([_ALL_STRONG.sub(r"\2", text) for text in kept[0][0]], width)
    else:
        lines.insert(0, _line([], width))
    lines.insert(1, "|" + " --- |" * width)
    return "\n".join(lines)


def _heads(text: str, cell: Cell) -> bool:
    """Whether a cell may stand in a header row."""
    return cell.header or bool(cell.spans) or not text or bool(_ALL_STRONG.fullmatch(text))


def _shown(cell: Cell, inline: Inline) -> str:
    """A cell on one line; where it had several, semicolons part those that no sign of its own ends."""
    lines = _UNENDED.sub("; ", inline.markdown(cell.text)).replace("\n", " ")
    return _BAR.sub(r"\\|", lines)


def _filled(shown: list[list[str]], rows: Rows) -> list[list[str]]:
    """The rows with the cells that span rows repeated."""
    for above, here, cells in zip(shown, shown[1:], rows[1:], strict=False):
        for i, cell in enumerate(cells):
            if cell.spans == "up" and i < len(above):
                here[i] = above[i]
    return shown


def _strong(text: str, cell: Cell) -> str:
    return f"**{text}**" if cell.header and text and "**" not in text else text


def _line(cells: list[str], width: int) -> str:
    return "| " + " | ".join(cells + [""] * (width - len(cells))) + " |"

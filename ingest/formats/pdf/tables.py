"""Tables on a page, found by cells that stand under each other."""

import re
import statistics
from collections.abc import Sequence
from itertools import pairwise

from ingest.formats.pdf.lines import Cell, Row

_BULLET = re.compile(r"[•‣▪▫◦●○■□◆◇►▶➢➤✓✔❖⁃∙→]|[-–−]\s")
# Cells that are longer than this on average are columns of text.
_MAX_MEAN_LETTERS = 45


def table_rows(page: Sequence[Row], first: int) -> int:
    """How many rows from this one on are a table; 0 for none.

    At least three rows, most of several cells, whose cells stand under each other.
    """
    count = 0
    while first + count < len(page):
        row = page[first + count]
        if count:
            last = page[first + count - 1]
            if row.y0 < last.y0 - 1 or row.y0 - last.y1 > 1.8 * row.size:
                break
        if abs(row.size - page[first].size) > 0.2 * row.size:
            break
        if row.mono or (len(row.cells) < 2 and not _continues_cell(page[first : first + count], row)):
            break
        count += 1
    rows = page[first : first + count]
    if count < 3 or sum(len(row.cells) > 1 for row in rows) * 3 < count * 2 or len(rows[0].cells) < 2:
        return 0
    if any(_BULLET.match(row.text) for row in rows) or _runs_on(rows):
        return 0
    columns = _columns(rows)
    words = statistics.fmean(len(cell.text) for row in rows for cell in row.cells)
    return count if len(columns) >= 2 and words <= _MAX_MEAN_LETTERS and _aligned(rows, columns) else 0


def _runs_on(rows: Sequence[Row]) -> bool:
    """Whether most rows go on with the sentence of the row above: a paragraph beside its term."""
    ends = [row.cells[-1].text for row in rows]
    on = sum(len(end) >= 40 and end[-1].isalpha() and below[0].islower() for end, below in pairwise(ends))
    return on * 2 >= len(rows) - 1


def _continues_cell(before: Sequence[Row], row: Row) -> bool:
    """Whether a row of one cell belongs to the table above it: it stands under one cell of several."""
    several = [each for each in before if len(each.cells) > 1]
    if not several:
        return False
    under = [cell for cell in several[-1].cells if cell.x0 < row.x1 and cell.x1 > row.x0]
    return len(under) == 1 and row.x1 - row.x0 < 0.6 * (row.right - row.left)


def _columns(rows: Sequence[Row]) -> list[tuple[float, float]]:
    """The columns of a table, each its left and right edge: what the cells of the rows cover."""
    spans = sorted((cell.x0, cell.x1) for row in rows for cell in row.cells if len(row.cells) > 1)
    columns: list[tuple[float, float]] = []
    for x0, x1 in spans:
        if columns and x0 < columns[-1][1]:
            columns[-1] = columns[-1][0], max(columns[-1][1], x1)
        else:
            columns.append((x0, x1))
    return columns


def _place(cell: Cell, columns: Sequence[tuple[float, float]]) -> int:
    """The column that a cell shares most with."""
    x0, x1 = cell.x0, cell.x1
    shared = [(x1 if x1 < right else right) - (x0 if x0 > left else left) for left, right in columns]
    return shared.index(max(shared))


def _aligned(rows: Sequence[Row], columns: Sequence[tuple[float, float]]) -> bool:
    """Whether hardly a row has two cells in one column, and the cells of a column share an edge or their middle."""
    places = [[_place(cell, columns) for cell in row.cells] for row in rows]
    double = sum(len(set(each)) < len(each) for each in places)
    if double * 5 > len(rows):
        return False
    slack = 0.5 * statistics.median(row.size for row in rows)
    standing: list[list[Cell]] = [[] for _ in columns]
    for row, row_places in zip(rows, places, strict=True):
        for cell, place in zip(row.cells, row_places, strict=True):
            standing[place].append(cell)
    return all(_in_line(column, slack) for column in standing if column)


def _in_line(column: Sequence[Cell], slack: float) -> bool:
    """Whether most cells of a column share an edge or their middle."""
    lefts, rights = [cell.x0 for cell in column], [cell.x1 for cell in column]
    for edges in (lefts, rights, [(x0 + x1) / 2 for x0, x1 in zip(lefts, rights, strict=True)]):
        middle = statistics.median(edges)
        if sum(abs(edge - middle) <= slack for edge in edges) * 3 >= len(column) * 2:
            return True
    return False


def cells(rows: Sequence[Row]) -> list[list[str]]:
    """The rows of a table as texts, each cell in its column."""
    columns = _columns(rows)
    table: list[list[str]] = []
    for group in logical_rows(rows):
        line = [""] * len(columns)
        for cell in (cell for row in group for cell in row.cells):
            place = _place(cell, columns)
            line[place] = f"{line[place]} {cell.text}".strip()
        table.append(line)
    return table


def logical_rows(rows: Sequence[Row]) -> list[tuple[Row, ...]]:
    """The rows of a table, those together that are lines of the same cells: set tighter than the rest."""
    gaps = [below.y0 - above.y1 for above, below in pairwise(rows)]
    usual = statistics.median(gaps)
    grouped = [[rows[0]]]
    for row, gap in zip(rows[1:], gaps, strict=True):
        if gap < 0.55 * usual and len(row.cells) < max(len(each.cells) for each in grouped[-1]):
            grouped[-1].append(row)
        else:
            grouped.append([row])
    return [tuple(group) for group in grouped]

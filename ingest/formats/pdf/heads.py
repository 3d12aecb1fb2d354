"""The lines that a paged document repeats from page to page: running heads, footers and page numbers."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import replace

from ingest.formats.pdf.lines import Cell, Row
from ingest.formats.pdf.paragraphs import Setting

_PAGE_NUMBER = re.compile(
    r"(?:page\s|slide\s)?[-–—\s]*(?:\d{1,4}|[ivxl]{1,7})(?:\s*(?:/|of)\s*\d{1,4})?[-–—\s]*", re.IGNORECASE
)


def without_running_heads(pages: Sequence[Sequence[Row]], heights: Sequence[float], how: Setting) -> list[list[Row]]:
    """The pages without the lines that only repeat, and without page numbers."""
    margins = [_margin(page, height, how) for page, height in zip(pages, heights, strict=True)]
    counts = Counter(key for page in margins for key in {key for row in page for key in _shapes(row)})
    offsets = Counter(number - row.page for page in margins for row in page for number in _edge_numbers(row))
    usual = {offset for offset, count in offsets.items() if count >= 2 and count * 2 >= len(pages)}
    often = max(3, len(pages) * (0.4 if how.slides else 0.12))

    def is_title(row: Row) -> bool:
        return how.slides and row.size > how.body and row.y0 < 100

    def repeats(row: Row, page: Sequence[Row], height: float) -> bool:
        alone = bool(_PAGE_NUMBER.fullmatch(row.text))
        numbered = any(number - row.page in usual for number in _edge_numbers(row))
        again = all(counts[key] >= often for key in _shapes(row))
        return again or alone or (numbered and row.size <= how.body * 1.05) or _is_imprint(row, page, height, how)

    dull = {word for (words, _), count in counts.items() if count >= often for word in words.split()}

    def kept(page: Sequence[Row], margin_rows: Sequence[Row], height: float) -> Iterator[Row]:
        inside = {id(row) for row in margin_rows}
        for row in page:
            margin = id(row) in inside and not is_title(row)
            if margin and how.slides and (len(row.cells) > 1 or repeats(row, page, height)):
                yield from _own_words(row, dull, usual)
            elif not margin or not repeats(row, page, height):
                yield row

    return [list(kept(*each)) for each in zip(pages, margins, heights, strict=True)]


def _margin(page: Sequence[Row], height: float, how: Setting) -> list[Row]:
    """The rows in the margins of a page; of a text also its very first and last, a little further in."""
    if not page:
        return []
    top, bottom = 0.11 * height, 0.89 * height
    first, last = min(row.y0 for row in page) + 2, max(row.y1 for row in page) - 2

    def outside(row: Row) -> bool:
        outmost = not how.slides and (
            (row.y0 < first and row.y1 < 0.16 * height) or (row.y1 > last and row.y0 > 0.84 * height)
        )
        return row.y1 < top or row.y0 > bottom or outmost

    return [row for row in page if outside(row)]


def _is_imprint(row: Row, page: Sequence[Row], height: float, how: Setting) -> bool:
    """Whether a row is the last of its page, in small letters at the very bottom, away from the text."""
    if how.slides or row.y0 < 0.92 * height or row.size > 0.9 * how.body or not any(map(str.isdigit, row.text)):
        return False
    above = [each.y1 for each in page if each.y1 < row.y0 + 1 and each is not row]
    return not any(each.y0 > row.y0 + 2 for each in page) and (not above or row.y0 - max(above) > 1.5 * row.size)


def _shapes(row: Row) -> list[tuple[str, int]]:
    """What the cells of a running head keep from page to page: words without numbers, and the height on the page."""
    return [(re.sub(r"\d+", "#", cell.text), round(row.y0 / 10)) for cell in row.cells]


def _own_words(row: Row, dull: Set[str], usual: Set[int]) -> Iterator[Row]:
    """What stands in a slide's footer beside words that repeat and the slide's number: the credit of a photograph."""
    own: list[Cell] = []
    for cell in row.cells:
        words = [] if _PAGE_NUMBER.fullmatch(cell.text) else cell.text.split()
        if words and words[-1].isdecimal() and int(words[-1]) - row.page in usual:
            words.pop()
        if any(map(str.isalpha, "".join(words))) and not set(re.sub(r"\d+", "#", " ".join(words)).split()) <= dull:
            own.append(replace(cell, text=" ".join(words)))
    if own:
        yield replace(row, x0=own[0].x0, x1=own[-1].x1, cells=tuple(own))


def _edge_numbers(row: Row) -> set[int]:
    """Numbers at the left and right end of a row, which may be those of its page."""
    ends = (row.cells[0].text.split(" ")[0], row.cells[-1].text.split(" ")[-1])
    return {int(end) for end in ends if end.isdecimal() and len(end) <= 4}

"""The lines of a PDF page in the order in which people read them."""

import re
import statistics
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from ingest.charset import plain_letters

_NOTHING = dict.fromkeys([0, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF])
# Fonts of symbols put bullets and arrows where Unicode has private characters, TeX's where it has control characters;
# others of the private range mean nothing.
_SYMBOLS = dict.fromkeys(map(ord, "\x88\uf0b7\uf0a7\uf0d8\uf076\uf0fc\uf06e\uf071\uf0a8\uf02d\uf09f"), "•") | {
    0xF0E0: "→"
}
# Nothing to do for these, which are nearly all.
_PLAIN = re.compile("[\x01-\x7fÀ-ÿ–—‘’“”•]*")
_PRIVATE = re.compile("[\ue000-\uf8ff]")
# What a raised number follows where it is an exponent and no footnote mark.
_UNITS = frozenset("b fb pb nb ab mb GeV MeV TeV keV eV cm mm m km s ns ps us Hz kHz MHz GHz rad c kg g K".split())
_SIMPLE = re.compile(r"[-+]?\d{1,3}|\w+|[-+*†±]")
_LAST_LETTERS = re.compile(r"[^\W\d_]+$")
_BOLD_NAMES = ("bold", "cmbx", "heavy", "black")
_MONO_NAMES = ("mono", "courier", "cmtt", "consol", "menlo", "inconsolata", "typewriter")
# Text of less than this share of its line's size stands above or below the line.
_SMALL = 0.82
# A gap of more than this many sizes parts two words of a line, or the cells of a row.
_WORD_GAP = 0.18
_CELL_GAP = 1.2
# LaTeX parts the columns of a table by 12 points or a little less, which are fewer sizes of larger letters; it also
# parts the number of a heading, a footnote or a reference from its words by as much.
_NARROW_CELL_GAP = 0.9
_LABEL = re.compile(r"[\[(]?(?:\d{1,3}(?:\.\d+)*|[A-Za-z]|[ivxlIVXL]+)[\])]?[.:)]?|\[[^\]]*\]|[•–*†-]|Appendix \w")


@dataclass(frozen=True, slots=True)
class Cell:
    """Words on one line with no wide gap between them."""

    x0: float
    x1: float
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a page and how it is set; measures are in points from the page's top left.

    left and right are the edges of the column that it stands in; text is its words, with single spaces between cells.
    """

    page: int
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    bold: bool
    mono: bool
    cells: tuple[Cell, ...]
    left: float = 0.0
    right: float = 0.0
    text: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        # Asked for so often that it is worth keeping.
        object.__setattr__(self, "text", " ".join([cell.text for cell in self.cells]))


@dataclass(frozen=True, slots=True)
class _Run:
    """Characters in one font on one line; ink_end is where the last of them ends that is no space."""

    x0: float
    y0: float
    x1: float
    y1: float
    ink_end: float
    baseline: float
    size: float
    bold: bool
    mono: bool
    text: str


@dataclass(frozen=True, slots=True)
class _Line:
    """A line as the library sees it; a row of a page may hold several."""

    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    bold: bool
    mono: bool
    text: str


def laid_out(page: Any, read_off: Any = None) -> list[dict[str, Any]]:
    """The blocks of a page as the library finds them, in its own text or in what was read off its picture."""
    import pymupdf

    flags = pymupdf.TEXT_PRESERVE_WHITESPACE | pymupdf.TEXT_MEDIABOX_CLIP
    blocks: list[dict[str, Any]] = page.get_text("dict", flags=flags, textpage=read_off)["blocks"]
    return blocks


def rows(page: Any, layout: Iterable[dict[str, Any]], number: int, *, slide: bool) -> list[Row]:
    """The rows of a page in reading order: column by column, from the top; turned text is left out."""
    lines = _without_line_numbers([line for block in _blocks(page, layout) for line in _lines(block)])
    if not lines:
        return []
    found: list[Row] = []
    for column in _columns(lines, page.rect.width, slide=slide, depth=2):
        found.extend(_rows(column, number))
    return found


def plain(text: str) -> str:
    """Text with ligatures and drawn letters as plain letters, bullets as bullets, and nothing that means nothing.

    >>> plain("\\uf0b7 e\\ufb03cient")
    '• efficient'
    """
    if _PLAIN.fullmatch(text):
        return text
    return _PRIVATE.sub("", plain_letters(text.translate(_NOTHING).translate(_SYMBOLS)))


def _blocks(page: Any, layout: Iterable[dict[str, Any]]) -> Iterator[list[list[_Run]]]:
    """The blocks of a page, each a list of lines, each a list of runs; in the page as it is shown."""
    turn = page.rotation_matrix if page.rotation else None
    for block in layout:
        lines = []
        for line in block.get("lines", ()):
            x, y = line["dir"]
            if (x if turn is None else x * turn.a + y * turn.c) >= 0.95:
                lines.append([run for run in _runs(line["spans"], turn) if run.text])
        yield lines


def _runs(spans: Iterable[dict[str, Any]], turn: Any) -> Iterator[_Run]:
    """The runs of a line: where the library parts what is set alike, because it filled in a space, they are one."""
    alike: list[dict[str, Any]] = []
    for span in spans:
        if alike and not _goes_on(alike[-1], span):
            yield _run(alike, turn)
            alike = []
        alike.append(span)
    if alike:
        yield _run(alike, turn)


def _goes_on(last: dict[str, Any], span: dict[str, Any]) -> bool:
    """Whether a span goes on with the last one: the same letters at the same height, no gap that means a space."""
    if span["font"] != last["font"] or span["size"] != last["size"] or span["flags"] != last["flags"]:
        return False
    spaced = last["text"].endswith(" ") or span["text"].startswith(" ")
    near = spaced or span["bbox"][0] - last["bbox"][2] <= _WORD_GAP * span["size"]
    return near and bool(span["origin"][1] == last["origin"][1])


def _run(spans: Sequence[dict[str, Any]], turn: Any) -> _Run:
    first, last = spans[0], spans[-1]
    text = first["text"] if len(spans) == 1 else "".join([span["text"] for span in spans])
    x0, y0, _, y1 = first["bbox"]
    x1 = last["bbox"][2]
    baseline = first["origin"][1]
    if turn is not None:
        x0, y0, x1, y1, baseline = _turned(first, last, turn)
    text = plain(text)
    bold, mono = _font(first["font"], first["flags"])
    return _Run(x0, y0, x1, y1, _ink_end(spans, x1, turn), baseline, first["size"], bold, mono, text)


def _turned(first: dict[str, Any], last: dict[str, Any], turn: Any) -> tuple[float, float, float, float, float]:
    """The box and the baseline of a run on a page that is shown turned."""
    import pymupdf

    x0, y0, x1, y1 = (pymupdf.Rect(first["bbox"]) | pymupdf.Rect(last["bbox"])) * turn
    return x0, y0, x1, y1, (pymupdf.Point(first["origin"]) * turn).y


def _ink_end(spans: Sequence[dict[str, Any]], x1: float, turn: Any) -> float:
    """Where the last character of a run ends that is no space; on a turned page where the run ends."""
    if turn is not None:
        return x1
    for span in reversed(spans):
        text = span["text"]
        inked = len(text.rstrip())
        if inked:
            left, _, right, _ = span["bbox"]
            return float(right - (right - left) * (len(text) - inked) / len(text))
    return x1


@cache
def _font(name: str, flags: int) -> tuple[bool, bool]:
    """Whether a font is bold, and whether it is a typewriter's, by its flags or its name."""
    import pymupdf

    lower = name.lower()
    bold = bool(flags & pymupdf.TEXT_FONT_BOLD) or any(each in lower for each in _BOLD_NAMES)
    mono = bool(flags & pymupdf.TEXT_FONT_MONOSPACED) or any(each in lower for each in _MONO_NAMES)
    # What Tesseract lays over a picture is in a font of boxes that are all as wide.
    return bold, mono and "glyphless" not in lower


def _lines(block: list[list[_Run]]) -> Iterator[_Line]:
    """The lines of a block; what stands a little higher or lower beside a line is joined to it."""
    pending: list[_Run] = []
    for runs in filter(None, block):
        if pending and not _beside(pending, runs):
            yield from _line(pending)
            pending = []
        pending = [*pending, *runs]
    yield from _line(pending)


def _beside(before: list[_Run], after: list[_Run]) -> bool:
    """Whether runs continue a line: side by side without a wide gap, and partly at the same height."""
    size = max([run.size for run in (*before, *after)])
    gap = after[0].x0 - before[-1].x1
    if not -0.5 * size < gap < 0.8 * size:
        return False
    y0, y1 = min(run.y0 for run in before), max(run.y1 for run in before)
    z0, z1 = min(run.y0 for run in after), max(run.y1 for run in after)
    return min(y1, z1) - max(y0, z0) > 0.35 * min(y1 - y0, z1 - z0)


def _line(runs: list[_Run]) -> Iterator[_Line]:
    """One line of the runs, with raised and lowered characters written as ^ and _."""
    lengths = [len(run.text.strip()) for run in runs]
    letters = sum(lengths)
    if not letters:
        return
    if len(runs) == 1:
        yield _line_of_one(runs[0])
        return
    weights: Counter[float] = Counter()
    for run, length in zip(runs, lengths, strict=True):
        weights[run.size] += length
    # The largest letters set the size of a line, unless they are but an ornament.
    most = max(weights.values())
    size = max(each for each, weight in weights.items() if weight * 4 >= letters or weight == most)
    base = statistics.median_low([run.baseline for run in runs if run.size >= _SMALL * size])
    text = ""
    end = runs[0].x0
    for run in _merged(runs, size, base):
        if text and not text.endswith(" ") and run.x0 - end > _WORD_GAP * size and not run.text.startswith(" "):
            text += " "
        text += _raised(text, run, size, base)
        end = run.x1
    bold = sum(length for run, length in zip(runs, lengths, strict=True) if run.bold) * 4 >= letters * 3
    mono = sum(length for run, length in zip(runs, lengths, strict=True) if run.mono) * 10 >= letters * 9
    inked = [run for run, length in zip(runs, lengths, strict=True) if length]
    box = (
        min([run.x0 for run in inked]),
        min([run.y0 for run in inked]),
        max([run.ink_end for run in inked]),
        max([run.y1 for run in inked]),
    )
    yield _Line(*box, size, bold, mono, " ".join(text.split()) if not mono else text.rstrip())


def _line_of_one(run: _Run) -> _Line:
    """The line of a single run, as most are."""
    words = run.text.rstrip() if run.mono else " ".join(run.text.split())
    return _Line(run.x0, run.y0, run.ink_end, run.y1, run.size, run.bold, run.mono, words)


def _merged(runs: Sequence[_Run], size: float, base: float) -> list[_Run]:
    """The runs of a line, small ones that stand together above or below it as one."""
    merged: list[_Run] = []
    for run in runs:
        last = merged[-1] if merged else None
        small = last is not None and max(run.size, last.size) < _SMALL * size and run.x0 - last.x1 < 0.2 * size
        if last is not None and small and (run.baseline < base) == (last.baseline < base):
            merged[-1] = replace(last, x1=run.x1, ink_end=run.ink_end, text=f"{last.text}{run.text}")
        else:
            merged.append(run)
    return merged


def _raised(before: str, run: _Run, size: float, base: float) -> str:
    """A run's text, with ^ or _ in front where it is small and stands above or below the line.

    A raised number after a plain word is a footnote mark or an affiliation, which is no part of the word.
    """
    text = run.text
    bare = text.strip().replace("−", "-").replace("–", "-")
    if run.size < _SMALL * size and bare.isdigit() and not before.strip() and run.baseline < base:
        return f"{bare} "
    if run.size >= _SMALL * size or not bare or not before.strip() or before[-1:] in " (":
        return text
    tail = " " if text.endswith(" ") else ""
    shown = bare if _SIMPLE.fullmatch(bare) else f"{{{bare}}}"
    if run.baseline < base - 0.12 * size:
        word = _LAST_LETTERS.search(before)
        if bare in "∗*†‡§¶" and word and len(word[0]) > 2:
            return tail
        # A number after a full stop leads to a footnote too.
        if bare.isdigit() and len(bare) <= 3 and before[-1] in ".,;:":
            return tail
        if bare.isdigit() and len(bare) <= 3 and word and len(word[0]) > 1 and word[0] not in _UNITS:
            return tail
        return f"^{shown}{tail}" if len(bare) <= 8 and bare not in ("th", "st", "nd", "rd") else text
    if run.baseline > base + 0.05 * size and before[-1].isalnum() and len(bare) <= 14:
        return f"_{shown}{tail}"
    return text


def _without_line_numbers(lines: list[_Line]) -> list[_Line]:
    """The lines without the numbers that drafts print in the margin."""
    numbers = [line for line in lines if line.text.isdigit() and len(line.text) <= 4]
    others = [line for line in lines if not line.text.isdigit()]
    if len(numbers) < 8 or len(others) < 8:
        return lines
    left = statistics.quantiles([line.x0 for line in others], n=10)[0]
    right = statistics.quantiles([line.x1 for line in others], n=10)[-1]
    outside = [line for line in numbers if line.x1 <= left or line.x0 >= right]
    if len(outside) < 8:
        return lines
    dropped = set(map(id, outside))
    return [line for line in lines if id(line) not in dropped]


def _columns(lines: list[_Line], width: float, *, slide: bool, depth: int) -> Iterator[list[_Line]]:
    """The lines by columns in reading order; what reaches across parts what is above it from what is below."""
    gutter = _gutter(lines, width, slide=slide) if depth else None
    if gutter is None:
        yield lines
        return
    left: list[_Line] = []
    right: list[_Line] = []
    across: list[_Line] = []
    for line in sorted(lines, key=lambda line: (line.y0, line.x0)):
        crosses = line.x0 < gutter - 1 and line.x1 > gutter + 1
        if crosses != bool(across) and (left or right or across):
            yield from _band(left, across, right, width, slide=slide, depth=depth)
            left, across, right = [], [], []
        (across if crosses else left if line.x1 <= gutter + 1 else right).append(line)
    yield from _band(left, across, right, width, slide=slide, depth=depth)


def _band(
    left: list[_Line], across: list[_Line], right: list[_Line], width: float, *, slide: bool, depth: int
) -> Iterator[list[_Line]]:
    if across:
        yield across
    for side in (left, right):
        if side:
            yield from _columns(side, width, slide=slide, depth=depth - 1)


def _gutter(lines: list[_Line], width: float, *, slide: bool) -> float | None:
    """Where a page or a part of it falls into two columns, or None."""
    if len(lines) < (4 if slide else 10):
        return None
    x0, x1 = min(line.x0 for line in lines), max(line.x1 for line in lines)
    steps = [x0 + (x1 - x0) * share / 100 for share in range(20, 81)]
    begin, end = sorted(line.x0 for line in lines), sorted(line.x1 for line in lines)
    crossing = [bisect_left(begin, x) - bisect_right(end, x) for x in steps]
    fewest = min(crossing)
    if fewest > 0.35 * len(lines):
        return None
    best, start = (0, 0), None
    for position, count in enumerate([*crossing, len(lines) + 1]):
        if count == fewest and start is None:
            start = position
        elif count != fewest and start is not None:
            best, start = max(best, (position - start, -start)), None
    length, first = best[0], -best[1]
    gutter = steps[first + length // 2]
    left = [line for line in lines if line.x1 <= gutter + 1]
    right = [line for line in lines if line.x0 >= gutter - 1]
    wide_enough = length * (x1 - x0) / 100 >= (0.02 * width if slide else 0.008 * width)
    return gutter if wide_enough and _are_columns(left, right, slide=slide) else None


def _are_columns(left: list[_Line], right: list[_Line], *, slide: bool) -> bool:
    """Whether two sides are columns of text, rather than the columns of one table or a margin beside a text."""
    if min(len(left), len(right)) < (2 if slide else 4):
        return False
    (top, bottom), (other_top, other_bottom) = (
        (min(line.y0 for line in side), max(line.y1 for line in side)) for side in (left, right)
    )
    shared = min(bottom, other_bottom) - max(top, other_top)
    if shared < 0.5 * min(bottom - top, other_bottom - other_top):
        return False
    length = min(sum(len(line.text) for line in side) / len(side) for side in (left, right))
    if length >= 25:
        return True
    fewer, more = sorted((left, right), key=len)
    aligned = sum(any(abs(one.y0 - other.y0) < 2 for other in more) for one in fewer)
    bullets = sum(line.text[:1] in "•–-" for line in (*left, *right))
    return slide and (aligned < 0.6 * len(fewer) or bullets * 3 >= len(left) + len(right))


def _rows(lines: Sequence[_Line], number: int) -> Iterator[Row]:
    """Lines of one column as rows from the top, each from left to right."""
    left, right = min(line.x0 for line in lines), max(line.x1 for line in lines)
    pending: list[_Line] = []
    for line in sorted(lines, key=lambda line: ((line.y0 + line.y1) / 2, line.x0)):
        if pending:
            first = max(pending, key=_size) if len(pending) > 1 else pending[0]
            overlap = min(first.y1, line.y1) - max(first.y0, line.y0)
            if overlap < 0.5 * min(first.y1 - first.y0, line.y1 - line.y0):
                yield _row(pending, number, left, right)
                pending = []
        pending.append(line)
    if pending:
        yield _row(pending, number, left, right)


def _size(line: _Line) -> float:
    return line.size


def _row(lines: Sequence[_Line], number: int, left: float, right: float) -> Row:
    if len(lines) == 1:
        only = lines[0]
        cell = Cell(only.x0, only.x1, only.text)
        box = (only.x0, only.y0, only.x1, only.y1)
        return Row(number, *box, only.size, only.bold, only.mono, (cell,), left, right)
    size = max(line.size for line in lines)
    stacks: list[list[_Line]] = []
    for line in sorted(lines, key=lambda line: line.x0):
        if stacks and line.x0 < max(each.x1 for each in stacks[-1]) - 0.5 * size:
            stacks[-1].append(line)
        else:
            stacks.append([line])
    cells: list[Cell] = []
    for stack in stacks:
        words = " ".join(line.text for line in sorted(stack, key=lambda line: (line.y0, line.x0)))
        cell = Cell(min(line.x0 for line in stack), max(line.x1 for line in stack), words)
        labelled = len(cells) == 1 and _LABEL.fullmatch(cells[0].text)
        if cells and cell.x0 - cells[-1].x1 < (_CELL_GAP if labelled else _NARROW_CELL_GAP) * size:
            cells[-1] = Cell(cells[-1].x0, max(cells[-1].x1, cell.x1), f"{cells[-1].text} {words}")
        else:
            cells.append(cell)
    return Row(
        page=number,
        x0=min(line.x0 for line in lines),
        y0=min(line.y0 for line in lines),
        x1=max(line.x1 for line in lines),
        y1=max(line.y1 for line in lines),
        size=size,
        bold=all(line.bold for line in lines),
        mono=all(line.mono for line in lines),
        cells=tuple(cells),
        left=left,
        right=right,
    )

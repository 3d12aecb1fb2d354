"""The slides of the sample talks, laid out: slides.toml in, pages of parts that know their places out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pymupdf

# All lengths in points; a slide is 16:9.
WIDTH, HEIGHT = 960.0, 540.0
LEFT, RIGHT = 52.0, 908.0
BODY_TOP, BODY_BOTTOM = 98.0, 500.0
TEXT_SIZE, SUB_SIZE, TABLE_SIZE, CODE_SIZE, SMALL_SIZE = 23.0, 19.0, 18.0, 19.0, 12.0
LEADING, PARAGRAPH_GAP, ROW_HEIGHT, CODE_LEADING = 1.26, 13.0, 34.0, 28.0

Colour = tuple[int, int, int]
NAVY: Colour = (18, 42, 84)
TEAL: Colour = (0, 122, 135)
ORANGE: Colour = (204, 92, 24)
GREY: Colour = (110, 116, 126)
PALE: Colour = (232, 238, 244)
BLACK: Colour = (28, 30, 34)
WHITE: Colour = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Figure:
    """A line plot of series (label, x, y), or a bar chart of values."""

    kind: Literal["line", "bar"]
    x_label: str
    y_label: str
    y_range: list[float]
    caption: str
    alt: str
    x_range: list[float] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    series: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Slide:
    """One slide below the title slide; code, table and figure are empty or None where there is none."""

    title: str
    bullets: list[str]
    code: str
    table: list[list[str]]
    figure: Figure | None
    notes: str


@dataclass(frozen=True, slots=True)
class Deck:
    """One talk; notes belong to its title slide."""

    file: str
    formats: list[str]
    title: str
    subtitle: str
    speaker: str
    meeting: str
    date: str
    slides: list[Slide]
    notes: str = ""

    @property
    def author(self) -> str:
        """The speaker's name without the institute."""
        return self.speaker.split(" (")[0]

    @property
    def moment(self) -> datetime:
        """The date of the talk at nine o'clock: the only time that enters the files."""
        return datetime.fromisoformat(f"{self.date}T09:00:00").replace(tzinfo=UTC)


def decks(path: Path) -> Iterator[Deck]:
    """The decks of a TOML file."""
    for table in tomllib.loads(path.read_text(encoding="utf-8"))["deck"]:
        yield Deck(slides=[_slide(each) for each in table.pop("slide")], **table)


def _slide(table: dict[str, Any]) -> Slide:
    grid = table.get("table")
    return Slide(
        title=table["title"],
        bullets=table.get("bullets", []),
        code=table.get("code", "").strip(),
        table=[grid["head"], *grid["rows"]] if grid else [],
        figure=Figure(**table["figure"]) if "figure" in table else None,
        notes=table.get("notes", ""),
    )


# Layout: a slide as parts, which know their places


@dataclass(frozen=True, slots=True)
class Text:
    """One line; y is the top of its box. align 0 starts at x, 0.5 centres on it, 1 ends there."""

    x: float
    y: float
    text: str
    size: float
    colour: Colour = BLACK
    font: str = "helv"
    align: float = 0.0
    title: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    colour: Colour


@dataclass(frozen=True, slots=True)
class Bullet:
    """One item of a list, wrapped into lines; mark is empty where the text brings its own number."""

    y: float
    lines: list[str]
    mark: str
    indent: float
    size: float


@dataclass(frozen=True, slots=True)
class Code:
    """Lines of a listing."""

    y: float
    lines: list[str]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, the first one the head."""

    y: float
    rows: list[list[str]]
    widths: list[float]


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure in its rectangle."""

    x: float
    y: float
    width: float
    height: float
    figure: Figure


Part = Text | Box | Bullet | Code | Table | Plot


@dataclass(frozen=True, slots=True)
class Page:
    """The parts of one slide, in reading order."""

    title: str
    parts: list[Part]
    notes: str


def pages(deck: Deck) -> Iterator[Page]:
    """The title slide and all others."""
    parts: list[Part] = [
        Box(0, 0, WIDTH, 330, NAVY),
        Box(0, 330, WIDTH, 6, TEAL),
        Text(LEFT, 158, deck.title, 44, WHITE, "hebo", title=True),
        Text(LEFT, 226, deck.subtitle, 24, PALE),
        Text(LEFT, 366, deck.speaker, 21),
        Text(LEFT, 402, f"{deck.meeting}, {deck.date}", 18, GREY),
        Text(LEFT, 492, "HELIX Collaboration", 14, TEAL, "hebo"),
    ]
    yield Page(deck.title, parts, deck.notes)
    for number, slide in enumerate(deck.slides, 2):
        parts = [
            Box(0, 0, WIDTH, 8, NAVY),
            Text(LEFT, 28, slide.title, 30, NAVY, "hebo", title=True),
            Box(LEFT, 75, 90, 3, TEAL),
            *_body(slide),
            Text(LEFT, HEIGHT - 30, f"HELIX    {deck.title}    {deck.date}", SMALL_SIZE, GREY),
            Text(RIGHT, HEIGHT - 30, str(number), SMALL_SIZE, GREY, align=1.0),
        ]
        yield Page(slide.title, parts, slide.notes)


def _body(slide: Slide) -> Iterator[Part]:
    y = BODY_TOP
    for bullet in slide.bullets:
        deep, numbered = bullet.startswith("  "), re.match(r"\d\. ", bullet)
        indent, size = (50.0, SUB_SIZE) if deep else (24.0, TEXT_SIZE)
        lines = _wrapped(bullet, size, RIGHT - LEFT - indent)
        yield Bullet(y, lines, "" if numbered else "–" if deep else "•", 0.0 if numbered else indent, size)
        y += len(lines) * size * LEADING + PARAGRAPH_GAP
    y += 6 if slide.bullets else 0
    if slide.code:
        yield Code(y, slide.code.splitlines())
        y += len(slide.code.splitlines()) * CODE_LEADING
    if slide.table:
        yield Table(y, slide.table, _columns(slide.table))
        y += len(slide.table) * ROW_HEIGHT
    if y > (300 if slide.figure else BODY_BOTTOM):
        raise ValueError(f"slide {slide.title!r} is too full")
    if slide.figure:
        yield Plot(LEFT + 40, y, RIGHT - LEFT - 80, BODY_BOTTOM - 26 - y, slide.figure)
        yield Text(WIDTH / 2, BODY_BOTTOM - 24, slide.figure.caption, 15, BLACK, "heit", align=0.5)


@cache
def font(name: str) -> pymupdf.Font:
    """A font that is built into PDF, by pymupdf's short name."""
    import pymupdf

    return pymupdf.Font(name)


def _wrapped(text: str, size: float, width: float) -> list[str]:
    """The text in lines that are no wider than the width."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font("helv").text_length(longer, size) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _columns(rows: list[list[str]]) -> list[float]:
    """Widths of a table's columns: what the longest cell needs, widened evenly but never beyond the slide."""
    columns = list(zip(*rows, strict=True))
    needed = [max(font("hebo").text_length(cell, TABLE_SIZE) for cell in column) + 28 for column in columns]
    free = RIGHT - LEFT - sum(needed)
    if free < 0:
        raise ValueError(f"table too wide by {-free:.0f} points: {rows[0]}")
    return [width + min(free / len(needed), 70.0) for width in needed]

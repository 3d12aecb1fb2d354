"""Write the PDF and PPTX files of the sample talks from slides.toml, the same bytes every time.

Run it with ``python -m app.sample.slides.make_slides``; the files go into the events of the sample.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.sample.slides import slide_layout as layout
from app.sample.slides.slide_layout import (
    BLACK,
    CODE_LEADING,
    CODE_SIZE,
    GREY,
    HEIGHT,
    LEADING,
    LEFT,
    NAVY,
    ORANGE,
    PALE,
    PARAGRAPH_GAP,
    RIGHT,
    ROW_HEIGHT,
    TABLE_SIZE,
    TEAL,
    WHITE,
    WIDTH,
    Box,
    Bullet,
    Code,
    Colour,
    Deck,
    Figure,
    Part,
    Plot,
    Table,
    Text,
)

if TYPE_CHECKING:
    import pymupdf
    from pptx.slide import Slide as PptxSlide
    from pptx.text.text import TextFrame

HERE = Path(__file__).parent
EVENTS = HERE.parent / "helix" / "indico"


# PDF


class Pen:
    """Draws on one page of a PDF; text appears in the order of the calls."""

    def __init__(self, page: pymupdf.Page) -> None:
        self.page = page

    def text(self, part: Text) -> None:
        """Write one line."""
        import pymupdf

        font = layout.font(part.font)
        x = part.x - part.align * font.text_length(part.text, part.size)
        writer = pymupdf.TextWriter(self.page.rect, color=_rgb(part.colour))
        writer.append((x, part.y + part.size * 1.15), part.text, font=font, fontsize=part.size)
        writer.write_text(self.page)

    def box(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """Fill a rectangle."""
        self.page.draw_rect((x, y, x + width, y + height), color=None, fill=_rgb(colour))

    def line(self, points: list[tuple[float, float]], colour: Colour, width: float = 1.0) -> None:
        """Draw a polyline."""
        self.page.draw_polyline(points, color=_rgb(colour), width=width)

    def dot(self, x: float, y: float, colour: Colour) -> None:
        """Draw the marker of a point."""
        self.page.draw_circle((x, y), 4, color=None, fill=_rgb(colour))


def _rgb(colour: Colour) -> tuple[float, float, float]:
    return colour[0] / 255, colour[1] / 255, colour[2] / 255


def pdf(deck: Deck) -> bytes:
    """The deck as PDF."""
    import pymupdf

    with pymupdf.open() as document:
        laid_out = list(layout.pages(deck))
        for page in laid_out:
            pen = Pen(document.new_page(width=WIDTH, height=HEIGHT))
            for part in page.parts:
                _pdf_part(pen, part)
        moment = deck.moment.strftime("D:%Y%m%d%H%M%SZ")
        document.set_metadata({"title": deck.title, "author": deck.author, "creationDate": moment, "modDate": moment})
        document.set_toc([[1, page.title, number] for number, page in enumerate(laid_out, 1)])
        document.subset_fonts()
        return bytes(document.tobytes(garbage=4, deflate=True, deflate_fonts=True, no_new_id=True))


def _pdf_part(pen: Pen, part: Part) -> None:
    match part:
        case Text():
            pen.text(part)
        case Box(x, y, width, height, colour):
            pen.box(x, y, width, height, colour)
        case Bullet(y, lines, mark, indent, size):
            if mark:
                pen.text(Text(LEFT + indent - 17, y, mark, size, TEAL))
            for place, line in enumerate(lines):
                pen.text(Text(LEFT + indent, y + place * size * LEADING, line, size))
        case Code(y, lines):
            for place, line in enumerate(lines):
                pen.text(Text(LEFT + 14, y + place * CODE_LEADING, line, CODE_SIZE, NAVY, "cour"))
        case Table():
            _pdf_table(pen, part)
        case Plot(x, y, width, height, figure):
            draw(pen, figure, x, y, x + width, y + height)


def _pdf_table(pen: Pen, table: Table) -> None:
    for place, row in enumerate(table.rows):
        y, x = table.y + place * ROW_HEIGHT, LEFT
        if place % 2 == 0:
            pen.box(LEFT, y, sum(table.widths), ROW_HEIGHT, PALE if place else NAVY)
        for cell, width in zip(row, table.widths, strict=True):
            colour, font = (BLACK, "helv") if place else (WHITE, "hebo")
            pen.text(Text(x + 12, y + 3, cell, TABLE_SIZE, colour, font))
            x += width


# Figures


@dataclass(frozen=True, slots=True)
class Frame:
    """The inner rectangle of a plot."""

    x0: float
    y0: float
    x1: float
    y1: float


def draw(pen: Pen, figure: Figure, x0: float, y0: float, x1: float, y1: float) -> None:
    """Draw a figure with its axes into a rectangle."""
    frame = Frame(x0 + 66, y0 + 26, x1 - 16, y1 - 48)
    low, high = figure.y_range
    y_of = _scale(low, high, frame.y1, frame.y0)
    for value in _ticks(low, high):
        pen.line([(frame.x0, y_of(value)), (frame.x1, y_of(value))], PALE)
        pen.text(Text(frame.x0 - 8, y_of(value) - 10, _number(value, high - low), 13, GREY, align=1))
    pen.text(Text(frame.x0, frame.y0 - 24, figure.y_label, 14, GREY))
    (_bars if figure.kind == "bar" else _lines)(pen, figure, frame, y_of)
    pen.text(Text((frame.x0 + frame.x1) / 2, y1 - 24, figure.x_label, 14, GREY, align=0.5))
    pen.line([(frame.x0, frame.y0), (frame.x0, frame.y1), (frame.x1, frame.y1)], GREY)


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    return lambda value: start + (value - low) / (high - low) * (end - start)


def _ticks(low: float, high: float) -> list[float]:
    return [low + (high - low) * step / 5 for step in range(6)]


def _number(value: float, spread: float) -> str:
    """A tick with as many decimals as its distance to the next one, a fifth of the spread, needs."""
    decimals = 0 if (spread / 5).is_integer() else 1 if spread >= 1 else 2
    return f"{value:.{decimals}f}"


def _bars(pen: Pen, figure: Figure, frame: Frame, y_of: Callable[[float], float]) -> None:
    step = (frame.x1 - frame.x0) / len(figure.values)
    for place, (label, value) in enumerate(zip(figure.labels, figure.values, strict=True)):
        middle = frame.x0 + (place + 0.5) * step
        pen.box(middle - step * 0.28, y_of(value), step * 0.56, frame.y1 - y_of(value), TEAL)
        pen.text(Text(middle, y_of(value) - 22, f"{value:g}", 14, NAVY, "hebo", align=0.5))
        pen.text(Text(middle, frame.y1 + 3, label, 13, GREY, align=0.5))


def _lines(pen: Pen, figure: Figure, frame: Frame, y_of: Callable[[float], float]) -> None:
    low, high = figure.x_range
    x_of = _scale(low, high, frame.x0, frame.x1)
    for value in _ticks(low, high):
        pen.text(Text(x_of(value), frame.y1 + 3, _number(value, high - low), 13, GREY, align=0.5))
    for place, series in enumerate(figure.series):
        colour, y = (TEAL, ORANGE)[place % 2], frame.y0 + 22 * place
        points = [(x_of(x), y_of(y)) for x, y in zip(series["x"], series["y"], strict=True)]
        pen.line(points, colour, 2)
        for point in points:
            pen.dot(*point, colour)
        pen.box(frame.x1 - 160, y - 13, 16, 4, colour)
        pen.text(Text(frame.x1 - 138, y - 22, series["label"], 14))


def picture(plot: Plot) -> bytes:
    """The figure as PNG, with one and a half pixels a point."""
    import pymupdf

    with pymupdf.open() as document:
        page = document.new_page(width=plot.width, height=plot.height)
        draw(Pen(page), plot.figure, 0, 0, plot.width, plot.height)
        return bytes(page.get_pixmap(matrix=pymupdf.Matrix(1.5, 1.5)).tobytes("png"))


# PPTX


def pptx(deck: Deck) -> bytes:
    """The deck as PPTX."""
    from pptx import Presentation
    from pptx.util import Pt

    presentation = Presentation()
    presentation.slide_width, presentation.slide_height = Pt(WIDTH), Pt(HEIGHT)
    for page in layout.pages(deck):
        slide = presentation.slides.add_slide(presentation.slide_layouts[5])
        for part in page.parts:
            _pptx_part(slide, part)
        if page.notes:
            slide.notes_slide.notes_text_frame.text = page.notes
    about = presentation.core_properties
    about.title, about.author, about.last_modified_by, about.revision = deck.title, deck.author, "", 1
    about.created = about.modified = deck.moment.replace(tzinfo=None)
    written = io.BytesIO()
    presentation.save(written)
    return _without_times(written.getvalue())


def _without_times(package: bytes) -> bytes:
    """The same ZIP archive with every member dated 1980, so that equal content gives equal bytes."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(result, "w") as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name), old.read(name), zipfile.ZIP_DEFLATED)
    return result.getvalue()


def _pptx_part(slide: PptxSlide, part: Part) -> None:
    match part:
        case Text():
            _pptx_text(slide, part)
        case Box():
            _pptx_box(slide, part)
        case Bullet():
            _pptx_bullet(slide, part)
        case Code():
            _pptx_code(slide, part)
        case Table():
            _pptx_table(slide, part)
        case Plot():
            _pptx_picture(slide, part)


def _style(frame: TextFrame, size: float, colour: Colour, font: str = "helv") -> None:
    from pptx.dml.color import RGBColor
    from pptx.util import Pt

    for run in (run for paragraph in frame.paragraphs for run in paragraph.runs):
        run.font.name = "Courier New" if font == "cour" else "Arial"
        run.font.size, run.font.bold, run.font.italic = Pt(size), font == "hebo", font == "heit"
        run.font.color.rgb = RGBColor(*colour)


def _pptx_text(slide: PptxSlide, part: Text) -> None:
    from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
    from pptx.util import Pt

    width = RIGHT - LEFT if part.align < 1 else 60
    # A text box of PowerPoint keeps 7.2 points free on either side.
    left = part.x - part.align * width + 7.2 * (2 * part.align - 1)
    shape = slide.shapes.title if part.title else slide.shapes.add_textbox(0, 0, 0, 0)
    shape.left, shape.top, shape.width, shape.height = Pt(left), Pt(part.y - 4), Pt(width), Pt(part.size * 1.8)
    frame = shape.text_frame
    frame.text = part.text
    frame.vertical_anchor = MSO_ANCHOR.TOP
    frame.paragraphs[0].alignment = {0.0: PP_ALIGN.LEFT, 0.5: PP_ALIGN.CENTER, 1.0: PP_ALIGN.RIGHT}[part.align]
    _style(frame, part.size, part.colour, part.font)


def _pptx_box(slide: PptxSlide, part: Box) -> None:
    from pptx.dml.color import RGBColor
    from pptx.enum.shapes import MSO_SHAPE
    from pptx.util import Pt

    place = (Pt(part.x), Pt(part.y), Pt(part.width), Pt(part.height))
    shape = slide.shapes.add_shape(MSO_SHAPE.RECTANGLE, *place)
    shape.fill.solid()
    shape.fill.fore_color.rgb = RGBColor(*part.colour)
    shape.line.fill.background()
    # Behind the title, which the layout puts first.
    slide.shapes._spTree.insert(2, shape._element)


def _pptx_bullet(slide: PptxSlide, part: Bullet) -> None:
    """Add the item to the list of the slide, which its first item starts."""
    from pptx.util import Pt

    body = next((shape for shape in slide.shapes if shape.name == "Body"), None)
    if body is None:
        body = slide.shapes.add_textbox(Pt(LEFT - 7.2), Pt(part.y - 4), Pt(RIGHT - LEFT + 14.4), Pt(30))
        body.name, body.text_frame.word_wrap = "Body", True
        paragraph = body.text_frame.paragraphs[0]
    else:
        paragraph = body.text_frame.add_paragraph()
    body.height = Pt(part.y + len(part.lines) * part.size * LEADING + 8) - body.top
    paragraph.text, paragraph.space_after = " ".join(part.lines), Pt(PARAGRAPH_GAP - 2)
    paragraph.level = 1 if part.indent > 30 else 0
    if part.mark:
        properties = paragraph._p.get_or_add_pPr()
        properties.set("marL", str(Pt(part.indent)))
        properties.set("indent", str(-Pt(17)))
        name = "{http://schemas.openxmlformats.org/drawingml/2006/main}buChar"
        properties.append(properties.makeelement(name, {"char": part.mark}))
    for run in paragraph.runs:
        run.font.size, run.font.name = Pt(part.size), "Arial"


def _pptx_code(slide: PptxSlide, part: Code) -> None:
    from pptx.util import Pt

    height = len(part.lines) * CODE_LEADING
    frame = slide.shapes.add_textbox(Pt(LEFT + 7), Pt(part.y - 4), Pt(RIGHT - LEFT), Pt(height)).text_frame
    frame.text = "\n".join(part.lines)
    for paragraph in frame.paragraphs:
        paragraph.line_spacing = Pt(CODE_LEADING)
    _style(frame, CODE_SIZE, NAVY, "cour")


def _pptx_table(slide: PptxSlide, part: Table) -> None:
    from pptx.dml.color import RGBColor
    from pptx.util import Pt

    size = (Pt(sum(part.widths)), Pt(len(part.rows) * ROW_HEIGHT))
    table = slide.shapes.add_table(len(part.rows), len(part.widths), Pt(LEFT), Pt(part.y), *size).table
    for column, width in zip(table.columns, part.widths, strict=True):
        column.width = Pt(width)
    for place, row in enumerate(part.rows):
        table.rows[place].height = Pt(ROW_HEIGHT)
        for cell, text in zip(table.rows[place].cells, row, strict=True):
            cell.text_frame.text = text
            cell.margin_top = cell.margin_bottom = Pt(3)
            cell.fill.solid()
            cell.fill.fore_color.rgb = RGBColor(*(NAVY if place == 0 else WHITE if place % 2 else PALE))
            _style(cell.text_frame, TABLE_SIZE, BLACK if place else WHITE, "helv" if place else "hebo")


def _pptx_picture(slide: PptxSlide, part: Plot) -> None:
    from pptx.util import Pt

    place = (Pt(part.x), Pt(part.y), Pt(part.width), Pt(part.height))
    shape = slide.shapes.add_picture(io.BytesIO(picture(part)), *place)
    shape.name = "Figure"
    shape._element.nvPicPr.cNvPr.set("descr", part.figure.alt)


def main() -> None:
    """Write every file of every deck."""
    writers: dict[str, Callable[[Deck], bytes]] = {"pdf": pdf, "pptx": pptx}
    for deck in layout.decks(HERE / "slides.toml"):
        for suffix in deck.formats:
            path = EVENTS / f"{deck.file}.{suffix}"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(writers[suffix](deck))


if __name__ == "__main__":
    main()

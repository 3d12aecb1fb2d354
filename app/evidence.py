"""The place that a citation rests on, as it looks in its document."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

from index.build import Index
from index.chunk import Chunk
from index.store import Scope
from ingest.document import Box, Document, Mark

# Points of a PDF page to pixels: sharp on a desktop screen, and still under 300 kB for a page of text.
ZOOM = 1.6
#: The colour laid over the quoted words: red, green, blue from 0 to 1, and how much of it.
HIGHLIGHT, OPACITY = (1.0, 0.84, 0.2), 0.45
# MuPDF is not safe to use from two threads at once.
_DRAWING = Lock()


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of a document with what stands around it.

    page counts from 1 and is None where the document has no pages to draw. around are the chunks to show, the cited
    one among them, in order.
    """

    document: Document
    start: int
    end: int
    page: int | None
    label: str
    around: tuple[Chunk, ...]


def place(index: Index, uri: str, start: int, end: int, principals: frozenset[str] | None) -> Place | None:
    """The place of a stretch, or None where the asker may not read the document or it is gone."""
    document = index.document(uri, principals)
    if document is None:
        return None
    chunks = index.store.chunks(uri, scope=Scope(principals))
    mark = _innermost(document.marks, start)
    return Place(
        document,
        max(0, start),
        min(len(document.text), end),
        _page(index.archive.layout(document.layout), start, end),
        mark.label if mark else "",
        _around(chunks, start, end),
    )


def page_image(
    index: Index, uri: str, page: int, start: int, end: int, principals: frozenset[str] | None
) -> bytes | None:
    """A page of a PDF as PNG with the stretch's lines highlighted; None where there is nothing to draw or to read."""
    document = index.document(uri, principals)
    if document is None or not document.layout:
        return None
    raw = index.archive.raw(document.raw)
    boxes = [box for box in index.archive.layout(document.layout) if box.page == page and _meets(box, start, end)]
    return _drawn(raw.data, page, boxes) if raw.format == "pdf" else None


def _drawn(pdf: bytes, page: int, boxes: Sequence[Box]) -> bytes | None:
    import pymupdf

    with _DRAWING, pymupdf.open(stream=pdf, filetype="pdf") as opened:
        if not 1 <= page <= opened.page_count:
            return None
        sheet = opened[page - 1]
        for box in boxes:
            shape = sheet.new_shape()
            shape.draw_rect(pymupdf.Rect(box.x0, box.y0, box.x1, box.y1))
            shape.finish(color=None, fill=HIGHLIGHT, fill_opacity=OPACITY)
            shape.commit()
        image: bytes = sheet.get_pixmap(matrix=pymupdf.Matrix(ZOOM, ZOOM), alpha=False).tobytes("png")
        return image


def _page(layout: Sequence[Box], start: int, end: int) -> int | None:
    """The page on which the stretch begins."""
    return next((box.page for box in layout if _meets(box, start, end)), None)


def _meets(box: Box, start: int, end: int) -> bool:
    return box.start < end and start < box.end


def _innermost(marks: Sequence[Mark], start: int) -> Mark | None:
    """The last labelled mark that begins at or before a place: a slide, a page, a heading."""
    before = [mark for mark in marks if mark.label and mark.start <= start]
    return max(before, key=lambda mark: mark.start, default=None)


def _around(chunks: Sequence[Chunk], start: int, end: int) -> tuple[Chunk, ...]:
    """The chunks that the stretch lies in, with one more on either side."""
    inside = [i for i, chunk in enumerate(chunks) if chunk.start < end and start < chunk.end]
    return tuple(chunks[max(0, inside[0] - 1) : inside[-1] + 2]) if inside else tuple(chunks[:1])

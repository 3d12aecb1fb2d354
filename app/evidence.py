"""The place that a citation rests on, as it looks in its document."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Lock

from index.build import Index
from index.chunk import Chunk
from index.store import Scope
from ingest.document import Box, Document, Mark

# Points of a PDF page to pixels: sharp on a desktop screen, and still under 300 kB for a page of text.
ZOOM = 1.6
#: The quoted lines are multiplied with the one colour, which leaves dark letters dark, and framed in the other, which
#: shows on a dark slide: red, green, blue from 0 to 1.
HIGHLIGHT, BORDER = (1.0, 0.9, 0.45), (0.89, 0.66, 0.05)
# What is shown of a section beside the cited words, in characters: about a page on either side.
BEFORE, BEHIND = 2_500, 2_500
#: Messages of a thread that are listed at most.
LISTED = 50
# MuPDF is not safe to use from two threads at once.
_DRAWING = Lock()
# What mail programs put in front of the subject of an answer or a forwarded message.
_ANSWERED = re.compile(r"^(?:\s*(?:re|aw|sv|antw|fwd?|wg|tr|rif|odp)\s*(?:\[\d+\])?\s*:)+\s*", re.IGNORECASE)


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


def section(document: Document, start: int, end: int) -> tuple[int, int]:
    """The stretch to show around a place: its slide or section, as far as that is no longer than about two pages.

    It begins and ends with a line. A section begins with its heading and ends before the next one.
    """
    text = document.text
    for mark in document.marks:
        if mark.kind == "slide" and mark.start <= start < mark.end:
            return mark.start, mark.end
    headings = sorted(mark.start for mark in document.marks if mark.kind == "heading")
    first = max([each for each in headings if each <= start], default=0)
    if start - first > BEFORE:
        first = text.find("\n", start - BEFORE) + 1
    last = min([each for each in headings if each >= end], default=len(text))
    if last - end > BEHIND:
        last = text.rfind("\n", end, end + BEHIND) + 1 or text.find("\n", end) + 1 or len(text)
    return min(first, start), max(last, end)


def thread(index: Index, message: Document, principals: frozenset[str] | None) -> list[Document]:
    """The messages of a mail's thread that the asker may read, oldest first, at most LISTED of them.

    They are found by the subject and by the chain of answers that leads to the message: one whose subject was changed
    on the way is missing unless the message answers it.
    """
    found = {message.uri: message}
    for uri in (*_same_subject(index, message), *_answered(index, message, principals)):
        other = found.get(uri) or index.document(uri, principals)
        if other is not None and other.kind == "mail" and other.thread == message.thread:
            found[uri] = other
        if len(found) == LISTED:
            break
    return sorted(found.values(), key=lambda each: (each.modified is None, each.modified, each.uri))


def _same_subject(index: Index, message: Document) -> list[str]:
    subject = _ANSWERED.sub("", message.title)
    return index.manifest.titled(message.source, subject) if subject and message.thread else []


def _answered(index: Index, message: Document, principals: frozenset[str] | None) -> Iterator[str]:
    """The messages that a message answers, the nearest first."""
    seen = {message.uri}
    above = message
    while above.parent and above.parent not in seen and len(seen) < LISTED:
        seen.add(above.parent)
        yield above.parent
        further = index.document(above.parent, principals)
        if further is None:
            return
        above = further


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
            lines = pymupdf.Rect(box.x0, box.y0, box.x1, box.y1)
            marked = sheet.add_highlight_annot(lines)
            marked.set_colors(stroke=HIGHLIGHT)
            marked.update()
            sheet.draw_rect(lines, color=BORDER, width=0.8)
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

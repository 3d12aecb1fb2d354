"""PowerPoint: each slide with its title, bullets, tables, equations, alternative texts and notes."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from io import BytesIO
from itertools import pairwise
from typing import Any

from ingest.errors import Unreadable
from ingest.format import Parsed
from ingest.formats.pptx.shapes import Paragraph, Shape, boilerplate, links, paragraphs, shapes
from ingest.names import names
from ingest.writer import Writer
from ingest.zipguard import checked

SUFFIXES = (".pptx", ".pptm", ".ppsx", ".potx")

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_NO_TITLE = ("powerpoint presentation", "slide 1", "presentation", "untitled", "title")
_NOTES_ROLE = "{http://schemas.openxmlformats.org/presentationml/2006/main}ph"


def recognises(head: bytes, name: str) -> bool:
    """An archive with slides in it, by its first members or by its name; one that is locked is known by its name."""
    fits = name.lower().endswith(SUFFIXES)
    return (head.startswith(b"PK\x03\x04") and (fits or b"ppt/" in head)) or (fits and head.startswith(_OLE))


def parse(raw: bytes, name: str = "") -> Parsed:  # noqa: ARG001
    """Read a presentation slide by slide.

    Raises Unreadable where it is locked, broken or holds no text on any slide.
    """
    if raw.startswith(_OLE):
        raise Unreadable("the presentation asks for a password, or is in the format of before 2007")
    members = checked(raw)
    deck = _opened(raw)
    slides = _slides(deck)
    height = deck.slide_height or 6858000
    read = [shapes(slide, height) for slide in slides]
    own = [[each for each in found if each not in dull] for found, dull in zip(read, boilerplate(read), strict=True)]
    steps = _steps(own, slides)
    writer = Writer()
    for number, (slide, found) in enumerate(zip(slides, own, strict=True), start=1):
        if number not in steps:
            _write_slide(writer, number, found, slide)
    if not writer.text:
        raise Unreadable(f"no text on any of {len(slides)} slides; it needs OCR")
    title, authors, modified = _about(deck, members, read)
    empty = [number for number, found in enumerate(read, start=1) if not found]
    return Parsed(
        text=writer.text,
        marks=writer.marks,
        title=title,
        authors=authors,
        modified=modified,
        links=tuple(dict.fromkeys(link for slide in slides for link in links(slide))),
        warnings=tuple(_warnings(empty, steps)),
    )


def _warnings(empty: Sequence[int], steps: Collection[int]) -> Iterator[str]:
    if steps:
        one, several = "is a step of the slide after it", "are steps of later ones"
        yield f"{len(steps)} slide{f's left out that {several}' if len(steps) > 1 else f' left out that {one}'}"
    if empty:
        yield f"no text on slide {', '.join(map(str, empty[:10]))}"


def _steps(read: Sequence[Sequence[Shape]], slides: Sequence[Any]) -> frozenset[int]:
    """The numbers of the slides that the next one repeats and adds to, under the same title, and that have no notes."""
    found = []
    for number, (here, following) in enumerate(pairwise(read), start=1):
        title, words = _said(here)
        next_title, next_words = _said(following)
        if words and title == next_title and words <= next_words and not _notes(slides[number - 1]):
            found.append(number)
    return frozenset(found)


def _said(found: Sequence[Shape]) -> tuple[str, Counter[str]]:
    """A slide's title, and how often each word stands below it."""
    title = next((shape.text for shape in found if shape.kind == "title"), "")
    return title, Counter(word for shape in found if shape.kind != "title" for word in shape.text.split())


def _opened(raw: bytes) -> Any:
    import zipfile
    import zlib

    from lxml.etree import LxmlError
    from pptx import Presentation
    from pptx.exc import PythonPptxError

    # The library trusts what it reads: what is missing or of another kind shows as one of the plain exceptions.
    trouble = (PythonPptxError, LxmlError, zipfile.BadZipFile, zlib.error, NotImplementedError)
    plain = (KeyError, ValueError, AttributeError, TypeError, IndexError, OSError, EOFError, AssertionError)
    try:
        return Presentation(BytesIO(raw))
    except (*trouble, *plain) as error:
        raise Unreadable(f"no presentation that can be opened ({type(error).__name__}: {error})") from None


def _slides(deck: Any) -> list[Any]:
    """The slides in order, those left out that the file names and does not hold."""
    found = []
    for entry in deck.slides._sldIdLst:
        try:
            found.append(deck.part.related_slide(entry.rId))
        except (KeyError, AttributeError, ValueError):
            continue
    return found


def _write_slide(writer: Writer, number: int, found: Sequence[Shape], slide: Any) -> None:
    """Write one slide with its notes, and mark it."""
    start = writer.next
    fragment = f"#slide={number}"
    title = next((shape.text for shape in found if shape.kind == "title"), "")
    writer.heading(title, 2, fragment)
    said = {title}
    for shape in found:
        # Boxes of a drawing say the same again and again.
        if shape.kind != "title" and shape.text not in said:
            said.add(shape.text)
            _write_shape(writer, shape)
    notes = _notes(slide)
    if notes:
        writer.block(f"Notes: {notes}")
    writer.mark(start, "slide", label=f"slide {number}: {title}" if title else f"slide {number}", fragment=fragment)


def _write_shape(writer: Writer, shape: Shape) -> None:
    if shape.kind == "table":
        writer.table(shape.rows)
        return
    lines: list[str] = []
    code: list[str] = []
    for each in shape.paragraphs:
        if each.mono:
            _flush(writer, lines)
            code.append(each.text)
            continue
        _flush_code(writer, code)
        lines.append(_line(each))
    _flush(writer, lines)
    _flush_code(writer, code)


def _line(paragraph: Paragraph) -> str:
    text = paragraph.text.replace("\n", " ") if paragraph.bullet else paragraph.text
    indent = "  " * paragraph.level
    return f"{indent}{paragraph.bullet} {text}" if paragraph.bullet else f"{indent if paragraph.level else ''}{text}"


def _flush(writer: Writer, lines: list[str]) -> None:
    writer.block("\n".join(lines))
    lines.clear()


def _flush_code(writer: Writer, code: list[str]) -> None:
    writer.code("\n".join(code))
    code.clear()


def _notes(slide: Any) -> str:
    """What the speaker wrote under the slide."""
    if not slide.has_notes_slide:
        return ""
    for shape in slide.notes_slide.shapes:
        holder = next(shape._element.iter(_NOTES_ROLE), None)
        if holder is not None and holder.get("type") == "body" and shape.has_text_frame:
            return "\n".join(each.text for each in paragraphs(shape._element.txBody))
    return ""


def _about(
    deck: Any, members: frozenset[str], read: Sequence[Sequence[Shape]]
) -> tuple[str, tuple[str, ...], datetime | None]:
    """Title, authors and date; the library makes some up where a file has none, authors are often the template's."""
    said = deck.core_properties if any(name.startswith("docProps/core") for name in members) else None
    first = read[0] if read else ()
    shown = next((shape.text for shape in first if shape.kind == "title"), "")
    shown = shown or next((shape.text for shape in first if shape.kind == "text"), "")
    title = " ".join(str(said.title or "").split()) if said else ""
    if title.lower() in ("", *_NO_TITLE) or title.lower().endswith((".pptx", ".ppt", ".key")):
        title = shown[:300]
    authors = next(_people(first), ())
    if not authors and said and said.author:
        authors = tuple(part.strip() for part in str(said.author).split(";") if part.strip())
    modified = said.modified or said.created if said else None
    return title, authors, modified.replace(tzinfo=modified.tzinfo or UTC) if modified else None


def _people(first: Sequence[Shape]) -> Iterator[tuple[str, ...]]:
    """The first line of names on the title slide."""
    for shape in first:
        if shape.kind == "text":
            for line in (line for each in shape.paragraphs for line in each.text.split("\n")):
                found = names(line)
                if found:
                    yield found

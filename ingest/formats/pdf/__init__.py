"""PDF: text in reading order, with pages or slides, headings, tables, code, captions, and where each line stands."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

from ingest.errors import Unreadable
from ingest.format import Parsed
from ingest.formats.pdf import ocr, quality
from ingest.formats.pdf.boxed import BoxedText
from ingest.formats.pdf.heads import without_running_heads
from ingest.formats.pdf.lines import Row, laid_out, plain, rows
from ingest.formats.pdf.paragraphs import (
    Block,
    Setting,
    blocks,
    levelled,
    setting,
    vocabulary,
    with_whole_paragraphs,
    without_bullet,
)
from ingest.names import names
from ingest.writer import ordered

SUFFIXES = (".pdf",)

_DATE = re.compile(r"(?:D:)?(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(?:([-+])(\d\d)'?(\d\d)?|Z)?")
_NO_TITLE = re.compile(
    r"|untitled.*|slide 1|powerpoint.*|presentation\d*|document\d*|microsoft word.*|microsoft powerpoint.*|"
    r".*\.(?:docx?|pptx?|tex|dvi|pdf|indd|odt|odp|key|ps|eps)|title|no title",
    re.IGNORECASE,
)
_NO_AUTHOR = re.compile(
    r"|root|admin.*|user|owner|author|unknown|anonymous|microsoft.*|.*office.*|\S+@\S+", re.IGNORECASE
)
_UNMAPPED = "\ufffd"


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """A PDF says so within its first kilobyte."""
    return b"%PDF-" in head[:1024]


def parse(raw: bytes, name: str = "") -> Parsed:  # noqa: ARG001
    """Read a PDF page by page.

    Raises Unreadable where it is broken, asks for a password or holds no text on any page.
    """
    import pymupdf

    document = _opened(raw)
    try:
        return _parsed(document)
    except (pymupdf.mupdf.FzErrorBase, RuntimeError, ValueError) as error:
        raise Unreadable(f"the PDF is broken ({' '.join(str(error).split()) or type(error).__name__})") from None
    finally:
        document.close()


def _opened(raw: bytes) -> Any:
    """The document; raises Unreadable with the reason where there is none."""
    import pymupdf

    pymupdf.TOOLS.mupdf_display_errors(False)
    pymupdf.TOOLS.mupdf_display_warnings(False)
    try:
        document = pymupdf.open(stream=raw, filetype="pdf")
    except (
        pymupdf.FileDataError,
        pymupdf.EmptyFileError,
        pymupdf.mupdf.FzErrorBase,
        RuntimeError,
        ValueError,
    ) as error:
        raise Unreadable(
            f"not a PDF that can be opened ({' '.join(str(error).split()) or type(error).__name__})"
        ) from None
    if document.needs_pass:
        document.close()
        raise Unreadable("the PDF asks for a password")
    if not document.page_count:
        document.close()
        raise Unreadable("the PDF has no pages")
    return document


def _parsed(document: Any) -> Parsed:
    warnings = ["the PDF was damaged and has been repaired"] if document.is_repaired else []
    slides = _looks_like_slides(document)
    read, heights, links = _read(document, slides, warnings)
    pages, how = _readable(document, read, heights, slides, warnings)
    pages = _without_steps(pages, warnings) if slides else pages
    title_rows = [] if slides else _largest(pages[0])
    text = BoxedText(vocabulary(pages), how)
    if slides:
        for number, (page, height) in enumerate(zip(pages, heights, strict=True), start=1):
            _slide(text, page, number, how, height)
    else:
        for number, found in enumerate(levelled([blocks(page, how) for page in pages], title_rows), start=1):
            _page(text, with_whole_paragraphs(found, how), number)
    _warn_of_unmapped(text.text, warnings)
    title, authors = _title_and_authors(document.metadata or {}, pages[0] if pages else [], how)
    return Parsed(
        text=text.text,
        marks=ordered(text.marks),
        title=title,
        authors=authors,
        modified=_moment(document.metadata or {}),
        links=tuple(dict.fromkeys(links)),
        warnings=tuple(warnings),
        layout=tuple(box for box in text.boxes if box.end > box.start),
    )


def _looks_like_slides(document: Any) -> bool:
    """Whether most pages are wider than high."""
    sizes = [document[number].rect for number in range(min(document.page_count, 20))]
    wide = [size for size in sizes if size.width > 1.05 * size.height]
    return len(wide) * 2 > len(sizes)


def _readable(
    document: Any, read: list[list[Row] | None], heights: list[float], slides: bool, warnings: list[str]
) -> tuple[list[list[Row]], Setting]:
    """The pages without their running heads, those that are poor read off their pictures where that can be done.

    Raises Unreadable where most of what there is to read stays poor.
    """
    garbled = {number for number, page in enumerate(read) if page is None}
    pages = [page or [] for page in read]
    how = setting(pages, slides=slides)
    kept = without_running_heads(pages, heights, how)
    poor = dict.fromkeys(garbled, quality.GARBLED)
    for number, shown in enumerate(kept):
        # A page that is broken has no height.
        if number not in garbled and heights[number] and quality.scanned(document[number], shown, slide=slides):
            poor[number] = quality.SCANNED
    for number, page, read_off in ocr.read(document, sorted(poor)):
        found = rows(page, laid_out(page, read_off), number + 1, slide=slides)
        if found:
            pages[number] = found
            del poor[number]
            warnings.append(f"page {number + 1} was read off its picture (OCR)")
    if not any(pages):
        raise Unreadable(f"no text on any of {len(pages)} pages; it needs OCR ({ocr.ADVICE})")
    how = setting(pages, slides=slides)
    kept = without_running_heads(pages, heights, how)
    blank = [number + 1 for number, page in enumerate(kept) if not page and number not in poor]
    if blank:
        warnings.append(f"no text on {_listed(blank)}")
    for reason in dict.fromkeys(poor.values()):
        numbers = [number + 1 for number, why in sorted(poor.items()) if why == reason]
        warnings.append(f"{_listed(numbers)} need{'' if len(numbers) > 1 else 's'} OCR: {reason}")
    if len(poor) * 2 > len(pages) - len(blank):
        raise Unreadable(f"{'; '.join(warnings)}; too little of it can be read ({ocr.ADVICE})")
    return kept, how


def _read(document: Any, slides: bool, warnings: list[str]) -> tuple[list[list[Row] | None], list[float], list[str]]:
    """The rows and the height of each page, and the addresses they link to; None for letters without sense."""
    import pymupdf

    pages: list[list[Row] | None] = []
    heights: list[float] = []
    links: list[str] = []
    broken: list[int] = []
    for number in range(document.page_count):
        try:
            page = document[number]
            heights.append(page.rect.height)
            layout = laid_out(page)
            senseless = quality.garbled(_said(layout))
            pages.append(None if senseless else rows(page, layout, number + 1, slide=slides))
            links.extend(_addresses(page))
        except (pymupdf.mupdf.FzErrorBase, RuntimeError, ValueError):
            broken.append(number + 1)
            pages[number:] = [[]]
            heights[number:] = [0.0]
    if broken:
        warnings.append(f"{_listed(broken)} cannot be read")
    return pages, heights, links


def _said(layout: Iterable[dict[str, Any]]) -> str:
    """All that the blocks of a page say, a line each."""
    lines = (line["spans"] for block in layout for line in block.get("lines", ()))
    return "\n".join("".join([span["text"] for span in spans]) for spans in lines)


def _addresses(page: Any) -> Iterator[str]:
    """The web addresses that a page links to."""
    import pymupdf

    # Page.get_links also looks up what it has no use for here, for each link all annotations of the page.
    link = pymupdf.mupdf.fz_load_links(page.this)
    while link.m_internal:
        if (link.uri() or "").startswith("http"):
            yield link.uri()
        link = link.next()


def _without_steps(pages: list[list[Row]], warnings: list[str]) -> list[list[Row]]:
    """The slides without those that the next one repeats and adds to: the steps of an animation."""
    words = [Counter(word for row in page for word in row.text.split()) for page in pages]
    steps = [
        len(pages[number]) > 1 and here <= following and _top(pages[number]) == _top(pages[number + 1])
        for number, (here, following) in enumerate(pairwise(words))
    ]
    if not any(steps):
        return pages
    one, several = "slide left out that is a step of the slide after it", "slides left out that are steps of later ones"
    warnings.append(f"{sum(steps)} {several if sum(steps) > 1 else one}")
    return [[] if step else page for page, step in zip(pages, [*steps, False], strict=True)]


def _top(page: Sequence[Row]) -> str:
    return min(page, key=lambda row: row.y0).text


def _page(text: BoxedText, found: list[Block], number: int) -> None:
    """Append a page; a sentence that runs over from the page before goes on."""
    if not found:
        return
    fragment = f"#page={number}"
    runs_over = _runs_over(text, found[0])
    start = text.next
    if runs_over:
        first, *others = found[0].rows
        text.go_on(first.text, first)
        start = text.boxes[-1].start
        for row in others:
            text.go_on(row.text, row)
        found = found[1:]
    for block in found:
        text.block(block, fragment)
    text.mark(start, "page", label=f"page {number}", fragment=fragment)


def _runs_over(text: BoxedText, first: Block) -> bool:
    """Whether the first block of a page goes on with the last sentence of the page before."""
    open_ended = text.end not in ("", *".!?:;") and not text.line_start.startswith(("#", "|", "`"))
    return first.kind == "paragraph" and open_ended and first.rows[0].text[:1].islower()


def _slide(text: BoxedText, page: list[Row], number: int, how: Setting, height: float) -> None:
    """Append a slide under its title."""
    if not page:
        return
    fragment = f"#page={number}"
    start = text.next
    title = _slide_title(page, how, height)
    label = f"slide {number}"
    if title:
        words = " ".join(row.text for row in title)
        label = f"{label}: {words}"
        text.block(Block("heading", tuple(title), 2), fragment)
    for block in blocks([row for row in page if row not in title], how):
        text.block(block, fragment)
    text.mark(start, "slide", label=label, fragment=fragment)


def _slide_title(page: Sequence[Row], how: Setting, height: float) -> list[Row]:
    """The rows of a slide's title: the largest letters of its upper part, if they are larger than the text."""
    sizes = sorted(row.size for row in page)
    stands_out = len(page) <= 6 and len(page) > 1 and sizes[-1] >= 1.5 * sizes[-2]
    whole = page[0].page == 1 or len(page) <= 3 or stands_out
    upper = [row for row in page if (whole or row.y0 < 0.3 * height) and _could_be_title(row)]
    if not upper:
        return []
    size = max(row.size for row in upper)
    largest = sorted((row for row in upper if row.size > 0.95 * size), key=lambda row: row.y0)
    top = largest[:1]
    for row in largest[1:]:
        if row.y0 - top[-1].y1 < 0.8 * size:
            top.append(row)
    first_words = top[0] is page[0] and len(top) == 1 and len(page) > 1 and len(top[0].text) >= 8
    if size >= 1.1 * how.body or first_words:
        return top if len(" ".join(row.text for row in top)) <= 160 else []
    return []


def _could_be_title(row: Row) -> bool:
    words = without_bullet(row.text)
    return words == row.text and sum(each.isalpha() for each in words) >= 3 and not row.mono


def _warn_of_unmapped(text: str, warnings: list[str]) -> None:
    unmapped = text.count(_UNMAPPED)
    if unmapped * 50 > len(text):
        warnings.append(
            f"{unmapped} of {len(text)} characters cannot be read: a font does not say what its shapes mean"
        )


def _listed(numbers: Sequence[int]) -> str:
    """Page numbers for a sentence, the first ten of them."""
    shown = ", ".join(map(str, numbers[:10])) + (" ..." if len(numbers) > 10 else "")
    return f"page{'s' if len(numbers) > 1 else ''} {shown}"


def _title_and_authors(said: dict[str, str | None], page: Sequence[Row], how: Setting) -> tuple[str, tuple[str, ...]]:
    """What the document says of itself, or else what its first page shows."""
    title = " ".join(plain(said.get("title") or "").split())
    author = " ".join(plain(said.get("author") or "").split())
    shown = _largest(page)
    if _NO_TITLE.fullmatch(title):
        title = " ".join(row.text for row in shown)[:300]
    authors = () if _NO_AUTHOR.fullmatch(author) else _people(author)
    # A deck's metadata tend to name whoever made the template.
    if shown and (how.slides or not authors):
        authors = _names_below(page, shown, how) or authors
    return title, authors


def _largest(page: Sequence[Row]) -> list[Row]:
    """The rows in the largest letters of a page that stand together, without single drop capitals."""
    wordy = [row for row in page if sum(each.isalpha() for each in row.text) >= 3]
    if not wordy:
        return []
    size = max(row.size for row in wordy)
    if size < 1.1 * min(row.size for row in wordy) and len(wordy) > 3:
        return wordy[:1]
    first = next(position for position, row in enumerate(wordy) if row.size > 0.95 * size)
    found = [wordy[first]]
    for row in wordy[first + 1 : first + 4]:
        if row.size <= 0.95 * size or row.y0 - found[-1].y1 > size or names(row.text):
            break
        found.append(row)
    return found


def _people(author: str) -> tuple[str, ...]:
    """The names in a field of authors; a comma between surname and first name is no separator."""
    if ";" in author:
        parts = author.split(";")
    elif re.fullmatch(r"[\w'’-]+, [\w.'’ -]+", author) and " and " not in author:
        parts = [author]
    else:
        parts = re.split(r",\s*(?:and\s+)?|\s+and\s+|\s*&\s*", author)
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _names_below(page: Sequence[Row], title: Sequence[Row], how: Setting) -> tuple[str, ...]:
    """The authors in the rows under the title: on a paper right below it, on a slide in the first row of names."""
    after_title = list(page).index(title[-1]) + 1
    after = page[after_title:][: 6 if how.slides else 8]
    found: list[str] = []
    for row in after:
        here = names(", ".join(cell.text for cell in row.cells))
        if not here and (found or not how.slides):
            break
        if found and (row.bold != page[after_title].bold or abs(row.size - page[after_title].size) > 0.5):
            break
        found.extend(here)
        if found and how.slides:
            break
    return tuple(dict.fromkeys(found))


def _moment(said: dict[str, str | None]) -> datetime | None:
    """When the document was last changed, by its own word; a date without a zone is taken as UTC."""
    for key in ("modDate", "creationDate"):
        match = _DATE.match(said.get(key) or "")
        if not match:
            continue
        year, month, day, hour, minute, second = (int(each or 0) for each in match.groups()[:6])
        shift = timedelta(hours=int(match[8] or 0), minutes=int(match[9] or 0))
        try:
            zone = timezone(-shift if match[7] == "-" else shift) if match[7] else UTC
            return datetime(year, month, day, hour, minute, second, tzinfo=zone)
        except ValueError:
            continue
    return None

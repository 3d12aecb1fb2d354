"""Word, OpenDocument, RTF and Excel files, through unstructured, an optional library."""

import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import cache
from importlib import import_module
from io import BytesIO
from typing import Any

from ingest import hypertext
from ingest.charset import plain_letters
from ingest.errors import MissingLibrary, TooLarge, Unreadable
from ingest.format import Parsed
from ingest.frontmatter import moment
from ingest.writer import Writer
from ingest.zipguard import checked

SUFFIXES = (".docx", ".docm", ".odt", ".rtf", ".xlsx", ".xlsm")

# What stands in the first bytes of an archive, and what kind of file that is.
_IN_ARCHIVE = (
    (b"application/vnd.oasis.opendocument.text", "odt"),
    (b"word/", "docx"),
    (b"xl/", "xlsx"),
)
_BY_SUFFIX = {".docx": "docx", ".docm": "docx", ".odt": "odt", ".xlsx": "xlsx", ".xlsm": "xlsx"}
_INSTALL = "pip install 'collabqa[office]'"
_NOT_SHOWN = frozenset({"Header", "Footer", "PageNumber", "PageBreak"})
_CORE = "docProps/core.xml"
_META = "meta.xml"
_MAX_META_BYTES = 1_000_000
_EQUATION = re.compile(rb"<m:oMath[ >]")
# A sheet of more is data, not a document.
_MAX_SHEET_BYTES = 10_000_000
_NUMBERED = re.compile(r"\d{1,3}[.)] ")
_PROGRAMS = frozenset({"openpyxl", "python-docx", "pandoc", "microsoft office user", "user", "author"})
_OPTIONAL = frozenset({"unstructured", "spacy", "docx", "pypandoc", "openpyxl", "pandas", "xlrd", "msoffcrypto"})
_TROUBLE: tuple[type[Exception], ...] = (
    *(ValueError, LookupError, AttributeError, TypeError, OSError, RuntimeError, EOFError, AssertionError),
    *(zipfile.BadZipFile, zlib.error),
)


def recognises(head: bytes, name: str) -> bool:
    """Archives of these kinds, by their first members or by their names, and RTF."""
    return bool(_kind(head, name))


def parse(raw: bytes, name: str = "") -> Parsed:
    """Read an office file.

    Raises MissingLibrary where unstructured is not installed, Unreadable where the file is broken or holds no text.
    """
    kind = _kind(raw[:4096], name)
    if not kind:
        raise Unreadable("no office file of a kind that is read here")
    members = checked(raw) if kind != "rtf" else frozenset[str]()
    if kind == "xlsx" and len(raw) > _MAX_SHEET_BYTES:
        raise TooLarge(f"{len(raw):,} bytes of tables; the limit is {_MAX_SHEET_BYTES:,}")
    writer = Writer()
    _write(_elements(kind, raw), writer, paged=kind != "xlsx")
    if not writer.text:
        raise Unreadable("no text in it; it needs OCR")
    title, authors, modified = _about(raw, members)
    headings = [mark.label for mark in writer.marks if mark.kind == "heading"]
    return Parsed(
        text=writer.text,
        marks=writer.marks,
        title=title or (headings[0] if headings else ""),
        authors=authors,
        modified=modified,
        warnings=tuple(_warnings(kind, raw, members)),
    )


def _kind(head: bytes, name: str) -> str:
    """Which of the kinds a file is, or nothing."""
    if head.startswith(b"{\\rtf"):
        return "rtf"
    if not head.startswith(b"PK\x03\x04"):
        return ""
    by_content = next((kind for sign, kind in _IN_ARCHIVE if sign in head), "")
    suffix = os.path.splitext(name.lower())[1]  # noqa: PTH122 - a name is no path of this machine
    return by_content or _BY_SUFFIX.get(suffix, "")


def _elements(kind: str, raw: bytes) -> list[Any]:
    """The elements that unstructured finds, in order."""
    try:
        read, refusals = _reader(kind)
    except ImportError as error:
        if (error.name or "").partition(".")[0] in _OPTIONAL:
            raise MissingLibrary(f"to read .{kind} files install the office libraries: {_INSTALL}") from None
        raise
    try:
        return read(raw)
    except refusals as error:
        raise Unreadable(f"unstructured cannot read it ({type(error).__name__}: {error})") from None


def _reader(kind: str) -> tuple[Callable[[bytes], list[Any]], tuple[type[Exception], ...]]:
    """The reader of a kind, and the exceptions by which it refuses a file; nothing of it speaks to the network."""
    _quieten()
    from lxml.etree import LxmlError
    from unstructured.errors import UnprocessableEntityError

    broken_package: type[Exception] = import_module("docx.opc.exceptions").OpcError
    refusals = (*_TROUBLE, broken_package, LxmlError, UnprocessableEntityError)
    if kind == "docx":
        from unstructured.partition.docx import partition_docx

        return (lambda raw: list(partition_docx(file=BytesIO(raw)))), refusals
    if kind == "odt":
        from unstructured.partition.odt import partition_odt

        return (lambda raw: list(partition_odt(file=BytesIO(raw)))), refusals
    if kind == "rtf":
        from unstructured.partition.rtf import partition_rtf

        return (lambda raw: list(partition_rtf(file=BytesIO(raw)))), refusals
    from unstructured.partition.xlsx import partition_xlsx

    return (lambda raw: list(partition_xlsx(file=BytesIO(raw), find_subtable=False))), refusals


@cache
def _quieten() -> None:
    """Keep unstructured from reporting that it is used and from downloading a model of English.

    It would take the model to tell sentences from titles; a pipeline that only splits sentences does instead.
    """
    for name in ("DO_NOT_TRACK", "SCARF_NO_ANALYTICS", "UNSTRUCTURED_DISABLE_NOTICE"):
        os.environ.setdefault(name, "true")
    from unstructured.nlp import tokenize

    pipeline = import_module("spacy").blank("en")
    pipeline.add_pipe("sentencizer")
    tokenize._load_spacy_model = lambda: pipeline


def _write(elements: Sequence[Any], writer: Writer, *, paged: bool) -> None:
    """Write the elements as Markdown; list items that follow each other are one block, and each page has its mark."""
    items: list[str] = []
    page, start = 0, 0
    for element in elements:
        kind = type(element).__name__
        number = (element.metadata.page_number or 0) if paged else 0
        if kind != "ListItem" or number != page:
            writer.block("\n".join(items))
            items = []
        if number != page:
            if page:
                writer.mark(start, "page", label=f"page {page}")
            page, start = number, writer.next
        if kind == "ListItem":
            words = _words(element)
            sign = "" if _NUMBERED.match(words) else "- "
            items.append(f"{'  ' * (element.metadata.category_depth or 0)}{sign}{words}")
        elif kind not in _NOT_SHOWN:
            _write_one(kind, element, writer)
    writer.block("\n".join(items))
    if page:
        writer.mark(start, "page", label=f"page {page}")


def _write_one(kind: str, element: Any, writer: Writer) -> None:
    depth = element.metadata.category_depth
    if kind == "Table":
        sheet = element.metadata.page_name
        writer.heading(sheet or "", 2)
        _write_table(element, writer)
    elif kind == "Title" and depth is not None:
        writer.heading(_words(element), min(6, depth + 1))
    elif kind == "CodeSnippet":
        writer.code(element.text)
    else:
        writer.block(_words(element), "caption" if kind == "FigureCaption" else None)


def _write_table(element: Any, writer: Writer) -> None:
    """A table by its HTML, which keeps the cells apart."""
    html = element.metadata.text_as_html
    if not html:
        writer.block(_words(element))
        return
    root, _ = hypertext.tree(html.encode("utf-8", "replace"))
    if root is not None:
        hypertext.write(root, writer)


def _words(element: Any) -> str:
    return " ".join(plain_letters(element.text).split())


def _about(raw: bytes, members: frozenset[str]) -> tuple[str, tuple[str, ...], datetime | None]:
    """Title, authors and date that the file's own description names."""
    name = _CORE if _CORE in members else _META if _META in members else ""
    if not name:
        return "", (), None
    said = dict(_described(_member(raw, name)))
    people = (part.strip() for part in re.split(r"[;,]", said.get("creator", "")))
    authors = tuple(part for part in people if part and part.lower() not in _PROGRAMS)
    return said.get("title", ""), authors, moment(said.get("modified", said.get("date")))


def _described(xml: bytes) -> Iterator[tuple[str, str]]:
    from lxml.etree import XMLParser, XMLSyntaxError, fromstring

    try:
        root = fromstring(xml, XMLParser(resolve_entities=False, no_network=True))
    except (XMLSyntaxError, ValueError):
        return
    for element in root.iter():
        if isinstance(element.tag, str) and element.text and element.text.strip():
            yield element.tag.rpartition("}")[2], " ".join(element.text.split())


def _member(raw: bytes, name: str) -> bytes:
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive, archive.open(name) as member:
            return member.read(_MAX_META_BYTES)
    except (zipfile.BadZipFile, OSError, RuntimeError, EOFError, NotImplementedError):
        return b""


def _warnings(kind: str, raw: bytes, members: frozenset[str]) -> Iterator[str]:
    """What the library leaves out without a word."""
    if kind == "docx" and "word/document.xml" in members:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            count = len(_EQUATION.findall(archive.read("word/document.xml")))
        if count:
            yield f"{count} equation{'s' if count > 1 else ''} left out"

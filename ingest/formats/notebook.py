"""Jupyter notebooks: the words as they stand, the code fenced, the outputs as text and short."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from ingest.errors import Unreadable
from ingest.format import Parsed
from ingest.frontmatter import moment
from ingest.jsontext import loaded
from ingest.outline import outline, plain
from ingest.writer import Writer, fenced

SUFFIXES = (".ipynb",)

_CELLS = re.compile(rb'"(?:cells|worksheets)"\s*:\s*\[')
_NBFORMAT = re.compile(rb'"nbformat(?:_minor)?"\s*:\s*\d')
_EMBEDDED = re.compile(r"!\[([^\]]*)\]\((?:attachment|data):[^)]*\)")
_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_LINK = re.compile(r"\]\(\s*<?(https?://[^\s)>]+)|<(https?://[^\s>]+)>")
_NOT_SLUG = re.compile(r"\s+")
# Of an output, so many lines of at most so many characters are kept.
_OUTPUT_LINES = 20
_LINE_CHARACTERS = 200
_OBJECT = re.compile(r"<[\w.]+(?: [^<>]*)? at 0x[0-9a-f]+>|<Figure size [^<>]*>|<matplotlib\.[^<>]*>")

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell in the form of the present format: markdown, code, raw."""

    kind: str
    source: str
    language: str
    outputs: tuple[Json, ...]


def recognises(head: bytes, name: str) -> bool:
    """JSON with the cells of a notebook; a long first cell may hide the rest, so its name tells too."""
    if head.lstrip()[:1] != b"{":
        return False
    return bool(_CELLS.search(head) or _NBFORMAT.search(head)) or name.lower().endswith(SUFFIXES)


def parse(raw: bytes, name: str = "") -> Parsed:  # noqa: ARG001
    """Read a notebook of format 3 or 4; raises Unreadable where it is no notebook."""
    found = _loaded(raw)
    writer = Writer()
    for cell in _cells(found):
        _write(cell, writer)
    marks = outline(writer.text, _jupyter_slug)
    headings = [mark for mark in marks if mark.kind == "heading"]
    first = next((mark.label for mark in headings if mark.level == 1), headings[0].label if headings else "")
    title, authors, modified = _about(found)
    return Parsed(
        text=writer.text,
        marks=marks,
        title=title or first,
        authors=authors,
        modified=modified,
        links=tuple(dict.fromkeys(match[1] or match[2] for match in _LINK.finditer(writer.text))),
        warnings=() if writer.text else ("no text",),
    )


def _loaded(raw: bytes) -> Json:
    found = loaded(raw)
    if not isinstance(found, dict) or not ({"cells", "worksheets"} & set(found)):
        raise Unreadable("no notebook: it has no cells")
    return found


def _cells(found: Json) -> Iterator[_Cell]:
    """The cells in order; those of format 3 stand in worksheets and name things otherwise."""
    language = _language(found)
    sheets = [found, *_objects(found, "worksheets")]
    for cell in (cell for sheet in sheets for cell in _objects(sheet, "cells")):
        kind = str(cell.get("cell_type"))
        source = _joined(cell.get("source", cell.get("input")))
        if kind == "heading":
            level = cell.get("level")
            depth = level if isinstance(level, int) and 1 <= level <= 6 else 1
            kind, source = "markdown", f"{'#' * depth} {' '.join(source.split())}"
        own = cell.get("language")
        yield _Cell(kind, source, own if isinstance(own, str) else language, tuple(_objects(cell, "outputs")))


def _write(cell: _Cell, writer: Writer) -> None:
    if cell.kind == "markdown":
        writer.block(_EMBEDDED.sub(r"\1", cell.source.replace("\r\n", "\n")))
    elif cell.kind == "code" and cell.source.strip():
        writer.block(fenced(cell.source.strip("\n").rstrip(), cell.language))
        shown = "\n".join(filter(None, map(_output, cell.outputs)))
        if shown:
            writer.block(fenced(_shortened(shown)))


def _output(output: Json) -> str:
    """What an output says in text: no pictures, no HTML, no names of objects in memory."""
    kind = output.get("output_type")
    if kind in ("error", "pyerr"):
        return f"{output.get('ename')}: {output.get('evalue')}"
    if kind == "stream":
        if output.get("name", output.get("stream")) == "stderr":
            return ""
        return _joined(output.get("text")).rstrip()
    data = output.get("data")
    text = _joined(data.get("text/plain") if isinstance(data, dict) else output.get("text")).rstrip()
    return "" if _OBJECT.fullmatch(text.strip()) else text


def _shortened(text: str) -> str:
    """The first lines of a text, each of a bearable length, and a word where something was left out."""
    lines = [
        _ESCAPES.sub("", line.rpartition("\r")[2]) for line in text.rstrip("\r\n").replace("\r\n", "\n").split("\n")
    ]
    kept = [
        line if len(line) <= _LINE_CHARACTERS else f"{line[:_LINE_CHARACTERS]} ..." for line in lines[:_OUTPUT_LINES]
    ]
    left = len(lines) - len(kept)
    return "\n".join([*kept, f"... ({left} more lines)"] if left else kept)


def _about(found: Json) -> tuple[str, tuple[str, ...], datetime | None]:
    """Title, authors and date that the notebook's metadata name."""
    said = found.get("metadata")
    if not isinstance(said, dict):
        return "", (), None
    title = said.get("title") or said.get("name")
    authors = said.get("authors")
    names = (
        [each.get("name") if isinstance(each, dict) else each for each in authors] if isinstance(authors, list) else []
    )
    return (
        plain(title) if isinstance(title, str) else "",
        tuple(dict.fromkeys(each.strip() for each in names if isinstance(each, str) and each.strip())),
        moment(said.get("date")),
    )


def _language(found: Json) -> str:
    """The language of the code, "" where nothing names it."""
    said = found.get("metadata")
    for key in ("language_info", "kernelspec"):
        entry = said.get(key) if isinstance(said, dict) else None
        for name in ("name", "language") if key == "language_info" else ("language",):
            value = entry.get(name) if isinstance(entry, dict) else None
            if isinstance(value, str) and re.fullmatch(r"[\w+#-]{1,20}", value):
                return value
    return ""


def _joined(source: object) -> str:
    """A text that stands as one string or as a list of lines."""
    if isinstance(source, list):
        return "".join(each for each in source if isinstance(each, str))
    return source if isinstance(source, str) else ""


def _objects(found: Json, key: str) -> list[Json]:
    value = found.get(key)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _jupyter_slug(words: str) -> str:
    """The anchor that Jupyter makes of a heading: its words as they are, joined by hyphens.

    >>> _jupyter_slug("Reading the data")
    'Reading-the-data'
    """
    return _NOT_SLUG.sub("-", words.strip())

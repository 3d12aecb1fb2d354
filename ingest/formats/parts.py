"""A document in parts, as a program hands it over: JSON with a text and a label for each part.

{"_parts": [{"text": "...", "label": "page 3", "fragment": "#page=3", "kind": "page"}], "title": "...",
 "authors": ["..."], "modified": "2026-03-01", "links": ["https://..."]}
"""

import re
from dataclasses import replace
from textwrap import shorten

from ingest.document import Mark, MarkKind
from ingest.errors import Unreadable
from ingest.format import Parsed
from ingest.frontmatter import moment
from ingest.jsontext import loaded
from ingest.outline import outline, plain
from ingest.writer import Writer

SUFFIXES: tuple[str, ...] = ()

_TITLE_CHARACTERS = 80
_HEAD = re.compile(rb'\{\s*"_parts"\s*:')


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """JSON whose first key is the parts."""
    return bool(_HEAD.match(head.lstrip()))


def parse(raw: bytes, name: str = "") -> Parsed:  # noqa: ARG001
    """Read a document in parts; their texts are Markdown. Raises Unreadable."""
    found = loaded(raw)
    parts = found.get("_parts") if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(parts, list):
        raise Unreadable("no document in parts")
    writer = Writer()
    for part in parts:
        if isinstance(part, dict):
            _write({key: value for key, value in part.items() if isinstance(value, str)}, writer)
    headings = [mark.label for mark in writer.marks if mark.kind == "heading"]
    return Parsed(
        text=writer.text,
        marks=writer.marks,
        title=_text(found.get("title")) or next(iter(headings), "") or _first_words(writer.text),
        authors=_strings(found.get("authors")),
        modified=moment(found.get("modified")),
        links=_strings(found.get("links")),
    )


def _write(part: dict[str, str], writer: Writer) -> None:
    """Write a part, with what its Markdown marks, and the part as the page or slide that it is."""
    text = part.get("text", "").replace("\r\n", "\n").replace("\0", "").strip("\n").rstrip()
    if not text.strip():
        return
    start = writer.next
    writer.block(text)
    writer.add(_shifted(outline(text), start))
    label = _text(part.get("label"))
    if label:
        fragment = part.get("fragment", "")
        kind: MarkKind = "slide" if part.get("kind") == "slide" else "page"
        writer.mark(start, kind, label=label, fragment=fragment if fragment.startswith("#") else "")


def _first_words(text: str) -> str:
    """The beginning of a text that has no title."""
    return shorten(plain(text.partition("\n")[0]), _TITLE_CHARACTERS, placeholder=" ...")


def _shifted(marks: tuple[Mark, ...], by: int) -> list[Mark]:
    return [replace(mark, start=mark.start + by, end=mark.end + by) for mark in marks]


def _text(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _strings(value: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(_text, value)))) if isinstance(value, list) else ()

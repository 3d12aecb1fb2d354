"""A chunk is a slice of a document, cut where its structure allows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ingest.document import DocumentKind, Status

ChunkKind = Literal["prose", "table", "equation", "code", "slide", "message", "caption"]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A slice of a document's text: ``document.text[start:end] == text``.

    The chunks of a document cover it and never overlap. heading is the path of headings above ("Trigger > Menu 2024").
    A quoted chunk (an earlier mail, a signature) is kept for display and has neither vector nor terms. embedded is
    the text that is embedded and cut into terms: title and heading path in front, table headers repeated, mathematics
    spelled; it is empty for a quoted chunk.
    """

    id: str
    uri: str
    link: str
    title: str
    heading: str
    text: str
    start: int
    end: int
    kind: ChunkKind
    quoted: bool
    embedded: str
    document_kind: DocumentKind
    source: str
    authors: tuple[str, ...]
    modified: datetime | None
    version: str
    status: Status
    readers: tuple[frozenset[str], ...]

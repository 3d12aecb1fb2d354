"""What everything is read into: a text, what stands where in it, and who may read it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

MarkKind = Literal[
    "heading",
    "page",
    "slide",
    "message",
    "quote",
    "signature",
    "table",
    "equation",
    "code",
    "figure",
    "caption",
    "anchor",
]
DocumentKind = Literal[
    "topic", "paper", "slides", "meeting", "talk", "mail", "page", "notebook", "ticket", "chat", "file"
]
Status = Literal["official", "approved", "draft", "personal", "superseded", "unknown"]

#: Principals that a clause may name: ``public``, ``group:NAME``, ``user:NAME``.
PUBLIC: tuple[frozenset[str], ...] = (frozenset({"public"}),)
#: An empty clause: no principal is in it, so nobody meets it.
NOBODY: tuple[frozenset[str], ...] = (frozenset(),)
#: The store keeps this many clauses a document; a document with more is for nobody.
MAX_CLAUSES = 4


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of a document's text and what it is.

    start and end are character offsets into Document.text. level counts from 1 (the top heading) and is 0 where it
    means nothing. label is what people call the place ("4.2 Trigger", "slide 7"); fragment leads there when it is
    appended to the document's uri ("#page=7", "#Trigger_menu"). A heading's stretch is the heading line alone.
    """

    start: int
    end: int
    kind: MarkKind
    level: int = 0
    label: str = ""
    fragment: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """Where a stretch of text stands on a page.

    start and end are offsets into Document.text; page counts from 1; the corners are in points from the page's
    top left.
    """

    start: int
    end: int
    page: int
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Document:
    """One topic, paper, deck, contribution, message or file, as text for people and models.

    text is Markdown with mathematics as LaTeX between $ signs. uri is its identity and its link. readers are clauses
    that must all be met, each a set of principals of which the asker must hold one. modified has a time zone, and is
    None where nothing tells it. raw and layout are hashes into the archive.
    """

    uri: str
    kind: DocumentKind
    source: str
    title: str
    text: str
    readers: tuple[frozenset[str], ...]
    parent: str = ""
    thread: str = ""
    modified: datetime | None = None
    version: str = ""
    status: Status = "unknown"
    authors: tuple[str, ...] = ()
    language: str = ""
    marks: tuple[Mark, ...] = ()
    identifiers: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    raw: str = ""
    layout: str = ""


def may_read(readers: tuple[frozenset[str], ...], principals: frozenset[str] | None) -> bool:
    """Whether someone who holds these principals meets every clause; None is the owner of the index, who reads all.

    Where there is no clause, or more than the store can keep, nobody but the owner may read.

    >>> may_read((frozenset({"group:a", "user:ada"}), frozenset({"group:b"})), frozenset({"public", "group:a"}))
    False
    >>> may_read((), frozenset({"public"}))
    False
    """
    if principals is None:
        return True
    return 0 < len(readers) <= MAX_CLAUSES and all(clause & principals for clause in readers)

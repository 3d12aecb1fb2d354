"""A format is one file in ingest/formats: bytes in, a Parsed out.

Each module there has

    SUFFIXES: tuple[str, ...]                    # lower case, with the dot; what usually holds this format
    def recognises(head: bytes, name: str) -> bool   # by content first: head is the first 4096 bytes
    def parse(raw: bytes, name: str = "") -> Parsed  # raises Unreadable with a sentence when nothing can be read

and imports its heavy library inside the function that uses it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol, cast

from ingest.document import Box, Mark
from ingest.errors import Unreadable

#: The format that is asked last, because it reads whatever is text.
LAST_RESORT = "text"
#: How much of a file is looked at to recognise its format, in bytes.
HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Parsed:
    """What the bytes themselves say. A source adds what only it knows: the uri, the readers, the parent.

    What the parser had to guess or drop stands in warnings, one sentence each. readers are clauses that the bytes
    demand beyond those of the source (a TWiki topic's ALLOWTOPICVIEW).
    """

    text: str
    marks: tuple[Mark, ...] = ()
    title: str = ""
    authors: tuple[str, ...] = ()
    modified: datetime | None = None
    version: str = ""
    language: str = ""
    parent: str = ""
    thread: str = ""
    identifiers: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    readers: tuple[frozenset[str], ...] = ()
    layout: tuple[Box, ...] = ()


class Format(Protocol):
    """The three names that a module in ingest/formats has."""

    SUFFIXES: tuple[str, ...]

    def recognises(self, head: bytes, name: str) -> bool:
        """Whether these first bytes, in a file of this name, are of this format."""
        ...

    def parse(self, raw: bytes, name: str = "") -> Parsed:
        """Read all of it; raises Unreadable where nothing can be read."""
        ...


def names() -> Iterator[str]:
    """Every format there is, in alphabetical order."""
    yield from sorted(module.name for module in iter_modules(import_module("ingest.formats").__path__))


def load(name: str) -> Format:
    """The format of this name; raises Unreadable for a name that is no format."""
    if name not in set(names()):
        raise Unreadable(f"no format is called {name!r}; there are: {', '.join(names())}")
    return cast(Format, import_module(f"ingest.formats.{name}"))


def recognise(head: bytes, name: str) -> str | None:
    """The format of a file by its first bytes and its name, or None.

    Formats whose suffix fits are asked first, then all others; the first in alphabetical order that says yes wins.
    Plain text is asked last of all, because every text is one.
    """
    lower = name.lower()
    by_name = _every()
    fitting = [each for each, format_ in by_name.items() if lower.endswith(format_.SUFFIXES)]
    others = [each for each in by_name if each not in fitting]
    asked = [each for each in (*fitting, *others) if each != LAST_RESORT] + [LAST_RESORT]
    return next((each for each in asked if by_name[each].recognises(head[:HEAD_BYTES], name)), None)


def has_reader(name: str) -> bool:
    """Whether a file of this name is of a format that is read, as far as its suffix tells."""
    return name.lower().endswith(tuple(suffix for each in _every().values() for suffix in each.SUFFIXES))


@cache
def _every() -> dict[str, Format]:
    """Every format by its name; they are modules of this package, so they are the same for the whole run."""
    return {each: load(each) for each in names()}

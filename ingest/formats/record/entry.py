"""A record as every library has it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from ingest.frontmatter import moment


@dataclass(frozen=True, slots=True)
class Person:
    """An author, the first name first."""

    name: str
    affiliation: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.affiliation})" if self.affiliation else self.name


@dataclass(frozen=True, slots=True)
class Link:
    """Where the full text, or something that belongs to it, is."""

    url: str
    label: str = ""
    size: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a library says of a paper. number is its own; no reader means that everybody may see the record."""

    title: str
    number: str = ""
    authors: tuple[Person, ...] = ()
    collaborations: tuple[str, ...] = ()
    abstract: str = ""
    date: str = ""
    numbers: tuple[str, ...] = ()
    eprints: tuple[str, ...] = ()
    dois: tuple[str, ...] = ()
    published: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    readers: tuple[frozenset[str], ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def identifiers(self) -> tuple[str, ...]:
        """All names that people call it by."""
        return tuple(dict.fromkeys((*self.numbers, *self.eprints, *self.dois)))

    @property
    def moment(self) -> datetime | None:
        """Its date; the first day of a month or year that is all there is."""
        return moment(self.date) or next(filter(None, (_as(self.date, each) for each in _WRITTEN)), None)


_WRITTEN = ("%d %b %Y", "%d %B %Y", "%d/%m/%Y", "%b %Y", "%B %Y", "%Y-%m", "%Y")


def _as(text: str, pattern: str) -> datetime | None:
    try:
        return datetime.strptime(text.strip(), pattern).replace(tzinfo=UTC)
    except ValueError:
        return None


def first_name_first(name: str) -> str:
    """A name as people say it.

    >>> first_name_first("Example, Ada"), first_name_first("HELIX Collaboration")
    ('Ada Example', 'HELIX Collaboration')
    """
    last, comma, first = name.partition(",")
    return " ".join(f"{first} {last}".split()) if comma else " ".join(name.split())

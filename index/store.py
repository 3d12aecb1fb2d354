"""What a store of points must do, whichever Qdrant stands behind it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from index.chunk import Chunk
from index.embed import Vectors

#: What fills a clause that a document does not have; every asker holds it.
EVERYONE = "*"


@dataclass(frozen=True, slots=True)
class Terms:
    """A sparse vector: term ids (32 bits, ascending, distinct) and their weights.

    For a chunk the weight is BM25's saturated term frequency; for a question how much a term was asked. The store
    multiplies in the inverse document frequency.
    """

    ids: tuple[int, ...]
    weights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """A chunk with its vectors. vector has length dim and terms at least one entry, or both are None (quoted).

    Only live points are seen by a search; generation names the version of the document that the point belongs to.
    """

    chunk: Chunk
    generation: str
    live: bool
    vector: Vectors | None
    terms: Terms | None


@dataclass(frozen=True, slots=True)
class Scope:
    """Which live points a search may see: those whose every clause holds one of the asker's principals, and that fit.

    principals None is the owner of the index, who reads everything. An empty tuple of values does not restrict.
    """

    principals: frozenset[str] | None
    sources: tuple[str, ...] = ()
    document_kinds: tuple[str, ...] = ()
    chunk_kinds: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()
    modified_from: datetime | None = None
    modified_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that a search found and its score in that leg (cosine, or BM25)."""

    chunk: Chunk
    score: float


@dataclass(frozen=True, slots=True)
class Counts:
    """How many live chunks and documents a scope holds, and how many chunks by source."""

    chunks: int
    documents: int
    by_source: Mapping[str, int] = field(default_factory=dict)


class Store(Protocol):
    """Points in, hits out. Ties in a score fall to the chunk id that sorts first.

    Every method is safe to call from several threads. What a method wrote is on disk when it returns.
    """

    def upsert(self, points: Sequence[Point]) -> None:
        """Write points, replacing those of the same chunk id."""
        ...

    def switch(self, live: Mapping[str, str]) -> None:
        """For each uri make the points of this generation live and delete those of all others.

        Embedded, no search sees a state between the two. A generation of "" deletes all points of the uri.
        """
        ...

    def set_readers(self, uri: str, readers: tuple[frozenset[str], ...]) -> None:
        """Change who may read a document, without touching its vectors."""
        ...

    def held(self, uri: str, generation: str) -> int:
        """How many points of this generation of a document there are, live or not."""
        ...

    def generations(self) -> dict[tuple[str, str], tuple[int, int]]:
        """By (uri, generation): how many points there are, and how many of them are live. For reconciliation."""
        ...

    def dense(self, vector: Vectors, *, scope: Scope, k: int) -> list[Hit]:
        """The k nearest chunks by cosine, best first."""
        ...

    def sparse(self, terms: Terms, *, scope: Scope, k: int) -> list[Hit]:
        """The k best chunks by BM25, best first.

        The inverse document frequency is taken over the live points that the asker may read, whatever else the scope
        says.
        """
        ...

    def chunks(self, uri: str, *, scope: Scope) -> list[Chunk]:
        """The live chunks of a document that the asker may read, in the order of the text, quoted ones too."""
        ...

    def points(self) -> Iterator[Point]:
        """Every point there is, live or not, in order of chunk id."""
        ...

    def counts(self, *, scope: Scope) -> Counts:
        """How much the asker may read."""
        ...

    def idle(self) -> None:
        """Do the housekeeping that can wait; called when nobody asks."""
        ...

    def close(self) -> None:
        """Release what is held; the store cannot be used afterwards."""
        ...

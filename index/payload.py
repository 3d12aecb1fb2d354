"""A point's payload and the conditions on it, as plain data that each store turns into its library's objects.

A payload is flat. Two things of a chunk are not in it: its id, which is the point's, and ``embedded``, which is as
long as the text and only needed to make the vectors; a chunk that comes out of a store has ``embedded == ""``.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias, cast

from index.chunk import Chunk, ChunkKind
from index.store import EVERYONE, Hit, Point, Scope
from ingest.document import MAX_CLAUSES, NOBODY, DocumentKind, Status

Value: TypeAlias = str | int | list[str] | None
Payload: TypeAlias = dict[str, Value]

#: Names of the two vectors of a point.
DENSE = "dense"
SPARSE = "sparse"

#: The fields that hold the clauses of the readers.
READERS = tuple(f"r{number}" for number in range(MAX_CLAUSES))

#: What a condition may ask for, and the kind of its index. live is 0 or 1: qdrant-edge 0.9.0 turns a bool that it is
#: asked for into a number, which no stored bool is equal to.
INDEXED: Mapping[str, Literal["keyword", "integer", "datetime"]] = {
    **dict.fromkeys(READERS, "keyword"),
    "live": "integer",
    "source": "keyword",
    "document_kind": "keyword",
    "kind": "keyword",
    "uri": "keyword",
    "generation": "keyword",
    "modified": "datetime",
}

# A sum of 32-bit floats depends on the order of its terms, and the library orders them by the length of their lists,
# hidden points included. Of 30,000 BM25 scores 446 moved in the last digit when 20,000 hidden points were taken out
# of 40,000; of the rounded ones 2 fell to the other side. The order of the hits never changed.
SCORE_DECIMALS = 4

# A tie at rank k is rare; this many more than k are asked for at once, so that it mostly is seen without a second
# search.
_MARGIN = 8


@dataclass(frozen=True, slots=True)
class Is:
    """The field equals the number."""

    field: str
    number: int


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The field, or one of its values, is one of these."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """The field holds a time of this range, both ends included, None being open. Points without a time do not fit."""

    field: str
    start: str | None
    end: str | None


Condition: TypeAlias = Is | AnyOf | Between


def payload(point: Point) -> Payload:
    """What is stored beside the vectors of a point."""
    chunk = point.chunk
    fields: Payload = {
        "uri": chunk.uri,
        "link": chunk.link,
        "title": chunk.title,
        "heading": chunk.heading,
        "text": chunk.text,
        "start": chunk.start,
        "end": chunk.end,
        "kind": chunk.kind,
        "quoted": int(chunk.quoted),
        "document_kind": chunk.document_kind,
        "source": chunk.source,
        "authors": list(chunk.authors),
        "modified": None if chunk.modified is None else time_text(chunk.modified),
        "version": chunk.version,
        "status": chunk.status,
        "generation": point.generation,
        "live": int(point.live),
    }
    return fields | clauses(chunk.readers)


def chunk(id: str, fields: Mapping[str, Value]) -> Chunk:  # noqa: A002
    """The chunk of a point, rebuilt from its payload; ``embedded`` is empty.

    Readers come out as they were understood: more clauses than a store keeps, or none at all, as one that nobody meets.
    """
    modified = fields["modified"]
    return Chunk(
        id=id,
        uri=_text(fields, "uri"),
        link=_text(fields, "link"),
        title=_text(fields, "title"),
        heading=_text(fields, "heading"),
        text=_text(fields, "text"),
        start=_number(fields, "start"),
        end=_number(fields, "end"),
        kind=cast("ChunkKind", fields["kind"]),
        quoted=bool(_number(fields, "quoted")),
        embedded="",
        document_kind=cast("DocumentKind", fields["document_kind"]),
        source=_text(fields, "source"),
        authors=tuple(_texts(fields, "authors")),
        modified=None if modified is None else datetime.fromisoformat(_text(fields, "modified")),
        version=_text(fields, "version"),
        status=cast("Status", fields["status"]),
        readers=_readers(fields),
    )


def clauses(readers: tuple[frozenset[str], ...]) -> Payload:
    """The fields that say who may read: a missing clause is met by everyone, an empty one by nobody.

    No clause at all, and more than four, are for nobody: what is not known is not shown.

    >>> clauses((frozenset({"group:b", "group:a"}),))
    {'r0': ['group:a', 'group:b'], 'r1': ['*'], 'r2': ['*'], 'r3': ['*']}
    >>> clauses(())["r0"]
    []
    """
    kept = readers if 0 < len(readers) <= MAX_CLAUSES else NOBODY
    filled = [sorted(clause) for clause in kept] + [[EVERYONE]] * (MAX_CLAUSES - len(kept))
    return dict(zip(READERS, filled, strict=True))


def readable(principals: frozenset[str] | None) -> tuple[Condition, ...]:
    """What a live point must fulfil so that the asker may read it; None is the owner, who reads everything."""
    live = Is("live", 1)
    if principals is None:
        return (live,)
    held = tuple(sorted(principals | {EVERYONE}))
    return (live, *(AnyOf(field, held) for field in READERS))


def visible(scope: Scope) -> tuple[Condition, ...]:
    """What a point must fulfil to be in the scope."""
    wanted = {
        "source": scope.sources,
        "document_kind": scope.document_kinds,
        "kind": scope.chunk_kinds,
        "uri": scope.uris,
    }
    conditions = [*readable(scope.principals), *(AnyOf(field, values) for field, values in wanted.items() if values)]
    if scope.modified_from is not None or scope.modified_to is not None:
        start, end = (None if time is None else time_text(time) for time in (scope.modified_from, scope.modified_to))
        conditions.append(Between("modified", start, end))
    return tuple(conditions)


def time_text(time: datetime) -> str:
    """A time as it is stored: UTC, whole microseconds, always the same length. Without a zone it is taken as UTC.

    >>> time_text(datetime.fromisoformat("2024-03-01T12:00:00+01:00"))
    '2024-03-01T11:00:00.000000+00:00'
    """
    aware = time if time.tzinfo is not None else time.replace(tzinfo=UTC)
    try:
        utc = aware.astimezone(UTC)
    except OverflowError:  # the first or the last day of the calendar, as broken mail headers have it
        utc = aware.replace(tzinfo=UTC)
    return utc.isoformat(timespec="microseconds")


def ranked(found: Callable[[int], Sequence[Hit]], *, k: int) -> list[Hit]:
    """The k best hits, ties in the order of the chunk id.

    found(n) gives the n best, or all if there are fewer. As long as the last of them ties with the k-th, four times as
    many are asked for: the one that sorts first may be the one that was left out.
    """
    if k < 1:
        return []
    limit = k + _MARGIN
    while True:
        hits = found(limit)
        if len(hits) < limit or hits[-1].score < hits[k - 1].score:
            return sorted(hits, key=lambda hit: (-hit.score, hit.chunk.id))[:k]
        limit *= 4


def hit(id: str, fields: Mapping[str, Value], score: float) -> Hit:  # noqa: A002
    """A hit as a store returns it, its score rounded so that it depends on nothing but the point and the question."""
    return Hit(chunk=chunk(id, fields), score=round(score, SCORE_DECIMALS))


@dataclass(frozen=True, slots=True)
class Turn:
    """What a switch does to the points of some documents: these go live, those go. In this order."""

    live: tuple[str, ...]
    gone: tuple[str, ...]


def turn(points: Iterable[tuple[str, Mapping[str, Value]]], live: Mapping[str, str]) -> Turn:
    """Sort points, given as id and payload, by what a switch to the generations in ``live`` does to them.

    Points that are live already, and documents that are not named, are left alone.
    """
    rising: list[str] = []
    gone: list[str] = []
    for identity, fields in points:
        generation = live.get(_text(fields, "uri"))
        if generation is None:
            continue
        if generation == "" or fields["generation"] != generation:
            gone.append(identity)
        elif fields["live"] != 1:
            rising.append(identity)
    return Turn(live=tuple(rising), gone=tuple(gone))


def _readers(fields: Mapping[str, Value]) -> tuple[frozenset[str], ...]:
    kept = tuple(frozenset(_texts(fields, field)) for field in READERS)
    everyone = frozenset({EVERYONE})
    return tuple(clause for clause in kept if clause != everyone) or (everyone,)


def _text(fields: Mapping[str, Value], key: str) -> str:
    value = fields[key]
    assert isinstance(value, str)
    return value


def _number(fields: Mapping[str, Value], key: str) -> int:
    value = fields[key]
    assert isinstance(value, int)
    return value


def _texts(fields: Mapping[str, Value], key: str) -> list[str]:
    value = fields[key]
    assert isinstance(value, list)
    return value

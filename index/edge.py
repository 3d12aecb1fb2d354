"""The embedded store: Qdrant Edge in a folder, owned by one process. The only importer of qdrant_edge.

Every call into the library holds the interpreter lock, searches included, so one lock of our own around each call
costs nothing, and it is what lets a switch be seen whole. Writes are cut into small operations, so that a question
waits some 30 ms for them at most.
"""

import fcntl
import json
import os
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import qdrant_edge as qdrant

from index.chunk import Chunk
from index.embed import Vectors
from index.errors import OtherModel, StoreBusy
from index.payload import (
    DENSE,
    INDEXED,
    SPARSE,
    AnyOf,
    Between,
    Condition,
    Is,
    chunk,
    clauses,
    hit,
    payload,
    ranked,
    readable,
    turn,
    visible,
)
from index.store import Counts, Hit, Point, Scope, Terms

# Points in one operation: 15 to 30 ms, which is how long a question may have to wait for it.
_BATCH = 500
# Documents that one operation of a switch takes.
_SWITCH_BATCH = 50
# Points read in one step when all are read.
_PAGE = 1000
# A flush writes some hundred small files (30 to 200 ms); until then the log is what lasts. A log of this many points
# is replayed in about a second when the store is opened after a crash.
_FLUSH_AFTER = 10_000
_Item = TypeVar("_Item")
# Segments are not merged beyond 26,000 vectors of 384 numbers, so that housekeeping costs 2 to 4 s of one core
# for each 20,000 new points. Without a limit all is rewritten in one go: 13 s at 100,000. Searches take the same time.
_SEGMENT_KILOBYTES = 40_000
_KINDS = {
    "keyword": qdrant.PayloadSchemaType.Keyword,
    "integer": qdrant.PayloadSchemaType.Integer,
    "datetime": qdrant.PayloadSchemaType.Datetime,
}


class EdgeStore:
    """A store in a folder, created when there is none.

    Dense search compares every point that the scope leaves: no graph, so no answer depends on the order of insertion
    or on hidden points. What a method wrote has been synced to the log when it returns. Raises StoreBusy when another
    process, or this one, has the folder open, and OtherModel when it holds vectors of another length.
    """

    def __init__(self, folder: Path, dim: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._owned = _own(folder)
        try:
            self._shard = _open(folder, dim)
        except BaseException:
            os.close(self._owned)
            raise
        self._log = folder / "points" / "wal"
        self._lock = threading.RLock()
        self._unflushed = 0
        self._tidy = False
        self._counted: dict[Scope, Counts] = {}

    def upsert(self, points: Sequence[Point]) -> None:
        """Write points, replacing those of the same chunk id."""
        for batch in _batches(points, _BATCH):
            operation = qdrant.UpdateOperation.upsert_points([_point(point) for point in batch])
            with self._lock:
                self._write(operation, points=len(batch))
        self._sync()

    def switch(self, live: Mapping[str, str]) -> None:
        """For each uri make the points of this generation live and delete those of all others, unseen by searches.

        Killed between the two it leaves both live; calling it again finishes it.
        """
        for uris in _batches(sorted(live), _SWITCH_BATCH):
            with self._lock:
                found = [
                    (str(record.id), record.payload)
                    for page in self._pages((AnyOf("uri", tuple(uris)),), fields=["uri", "generation", "live"])
                    for record in page
                ]
                what = turn(found, live)
                if what.live:
                    self._write(qdrant.UpdateOperation.set_payload(list(what.live), {"live": 1}), points=len(what.live))
                if what.gone:
                    self._write(qdrant.UpdateOperation.delete_points(list(what.gone)), points=len(what.gone))
        self._sync()

    def set_readers(self, uri: str, readers: tuple[frozenset[str], ...]) -> None:
        """Change who may read a document, all its generations, without touching its vectors."""
        with self._lock:
            self._write(qdrant.UpdateOperation.set_payload_by_filter(_filter((_uri(uri),)), clauses(readers)), points=1)
        self._sync()

    def held(self, uri: str, generation: str) -> int:
        """How many points of this generation of a document there are, live or not."""
        return self._count((_uri(uri), AnyOf("generation", (generation,))))

    def generations(self) -> dict[tuple[str, str], tuple[int, int]]:
        """By (uri, generation): how many points there are, and how many of them are live."""
        found: dict[tuple[str, str], tuple[int, int]] = {}
        for page in self._pages((), fields=["uri", "generation", "live"]):
            for record in page:
                key = (record.payload["uri"], record.payload["generation"])
                points, live = found.get(key, (0, 0))
                found[key] = (points + 1, live + record.payload["live"])
        return found

    def dense(self, vector: Vectors, *, scope: Scope, k: int) -> list[Hit]:
        """The k nearest chunks by cosine, best first."""
        query = qdrant.Query.Nearest(vector.tolist(), using=DENSE)
        return self._search(query, scope, k, qdrant.SearchParams(exact=True))

    def sparse(self, terms: Terms, *, scope: Scope, k: int) -> list[Hit]:
        """The k best chunks by BM25, best first, with the frequencies of what the asker may read."""
        if not terms.ids:
            return []
        query = qdrant.Query.Nearest(_sparse(terms), using=SPARSE)
        corpus = _filter(readable(scope.principals))
        return self._search(query, scope, k, qdrant.SearchParams(idf=qdrant.IdfParams(corpus=corpus)))

    def chunks(self, uri: str, *, scope: Scope) -> list[Chunk]:
        """The live chunks of a document that the asker may read, in the order of the text, quoted ones too.

        What else the scope restricts does not matter here.
        """
        conditions = (*readable(scope.principals), _uri(uri))
        with self._lock:
            found = [chunk(str(each.id), each.payload) for page in self._pages(conditions) for each in page]
        return sorted(found, key=lambda each: (each.start, each.end, each.id))

    def points(self) -> Iterator[Point]:
        """Every point there is, live or not, in order of chunk id. Their chunks have no embedded text."""
        for page in self._pages((), vectors=True):
            for record in page:
                yield Point(
                    chunk=chunk(str(record.id), record.payload),
                    generation=record.payload["generation"],
                    live=record.payload["live"] == 1,
                    vector=_vector(record.vector),
                    terms=_terms(record.vector),
                )

    def counts(self, *, scope: Scope) -> Counts:
        """How much the asker may read. Remembered until the next write: at 100,000 points it takes half a second."""
        with self._lock:
            if scope not in self._counted:
                if len(self._counted) >= 256:
                    self._counted.clear()
                conditions = visible(scope)
                self._counted[scope] = Counts(
                    chunks=self._count(conditions),
                    documents=len(self._facet("uri", conditions)),
                    by_source=self._facet("source", conditions),
                )
            return self._counted[scope]

    def idle(self) -> None:
        """Index what is new and drop what was deleted, which halves the time of a search at 100,000 chunks.

        Nobody is answered meanwhile: the library holds the interpreter lock, 2 to 4 s for each 20,000 new points.
        """
        with self._lock:
            if self._tidy:
                return
            self._shard.optimize()
            self._shard.flush()
            self._unflushed = 0
            self._tidy = True

    def close(self) -> None:
        """Write everything down and let go of the folder."""
        with self._lock:
            if self._owned >= 0:
                self._shard.close()
                os.close(self._owned)
                self._owned = -1

    def _write(self, operation: Any, *, points: int) -> None:
        self._shard.update(operation)
        self._counted.clear()
        self._tidy = False
        self._unflushed += points
        if self._unflushed >= _FLUSH_AFTER:
            self._shard.flush()
            self._unflushed = 0

    def _sync(self) -> None:
        """Bring the log to the disk; a flush would do as well and takes a hundred times as long."""
        for path in [*self._log.iterdir(), self._log]:
            try:
                opened = os.open(path, os.O_RDONLY)
            except FileNotFoundError:  # another thread's flush has just cut the log
                continue
            try:
                os.fsync(opened)
            finally:
                os.close(opened)

    def _search(self, query: Any, scope: Scope, k: int, params: Any) -> list[Hit]:
        conditions = _filter(visible(scope))

        def found(limit: int) -> list[Hit]:
            request = qdrant.QueryRequest(
                limit=limit, query=query, filter=conditions, params=params, with_payload=True, with_vector=False
            )
            return [hit(str(each.id), each.payload, each.score) for each in self._shard.query(request)]

        with self._lock:
            return ranked(found, k=k)

    def _pages(
        self, conditions: Sequence[Condition], *, fields: list[str] | None = None, vectors: bool = False
    ) -> Iterator[list[Any]]:
        """The points that fulfil the conditions, in order of id; questions are answered between two pages."""
        offset = None
        while True:
            request = qdrant.ScrollRequest(
                offset=offset,
                limit=_PAGE,
                filter=_filter(conditions),
                with_payload=True if fields is None else fields,
                with_vector=vectors,
            )
            with self._lock:
                records, offset = self._shard.scroll(request)
            yield records
            if offset is None:
                return

    def _count(self, conditions: Sequence[Condition]) -> int:
        with self._lock:
            return int(self._shard.count(qdrant.CountRequest(exact=True, filter=_filter(conditions))))

    def _facet(self, field: str, conditions: Sequence[Condition]) -> dict[str, int]:
        limit = max(1, self._shard.info().points_count)
        request = qdrant.FacetRequest(field, limit=limit, exact=True, filter=_filter(conditions))
        return {each.value: each.count for each in sorted(self._shard.facet(request), key=lambda each: each.value)}


def _own(folder: Path) -> int:
    """An open file that is locked as long as this process holds the store."""
    opened = os.open(folder / "owner", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.read(opened, 32).decode(errors="replace").strip()
        os.close(opened)
        raise StoreBusy(
            f"{folder} is in use by process {owner or 'unknown'}: stop that process, or let it do the work"
        ) from None
    os.ftruncate(opened, 0)
    os.write(opened, f"{os.getpid()}\n".encode())
    return opened


def _open(folder: Path, dim: int) -> Any:
    """Load the points, or create them beside their place first, so that they are there whole or not at all."""
    place, started = folder / "points", folder / "points.new"
    if not place.exists():
        shutil.rmtree(started, ignore_errors=True)
        _create(started, dim)
        started.rename(place)
    held = _dim(place)
    if held != dim:
        raise OtherModel(f"{folder} holds vectors of length {held}, the model makes {dim}: name another data folder")
    return qdrant.EdgeShard.load(str(place))


def _create(place: Path, dim: int) -> None:
    # Without edges there is no graph: exact search, and an optimisation that takes seconds instead of minutes.
    no_graph = qdrant.HnswIndexConfig(m=0, ef_construct=4, full_scan_threshold=0)
    shard = qdrant.EdgeShard.create(
        str(place),
        qdrant.EdgeConfig(
            vectors={DENSE: qdrant.EdgeVectorParams(size=dim, distance=qdrant.Distance.Cosine)},
            sparse_vectors={SPARSE: qdrant.EdgeSparseVectorParams(modifier=qdrant.Modifier.Idf)},
            hnsw_config=no_graph,
            optimizers=qdrant.EdgeOptimizersConfig(max_segment_size=_SEGMENT_KILOBYTES),
            wal_enabled=True,
        ),
    )
    for field, kind in INDEXED.items():
        shard.update(qdrant.UpdateOperation.create_field_index(field, _KINDS[kind]))
    shard.flush()
    shard.close()


def _dim(place: Path) -> int:
    """The length of the vectors in a folder of points, from the library's own settings file."""
    settings = json.loads((place / "edge_config.json").read_text())
    return int(settings["vectors"][DENSE]["size"])


def _uri(uri: str) -> Condition:
    return AnyOf("uri", (uri,))


def _filter(conditions: Sequence[Condition]) -> Any:
    return qdrant.Filter(must=[_condition(each) for each in conditions])


def _condition(condition: Condition) -> Any:
    match condition:
        case Is(field, number):
            return qdrant.FieldCondition(field, match=qdrant.MatchValue(number))
        case AnyOf(field, values):
            return qdrant.FieldCondition(field, match=qdrant.MatchAny(list(values)))
        case Between(field, start, end):
            return qdrant.FieldCondition(field, range=qdrant.RangeDateTime(gte=start, lte=end))


def _point(point: Point) -> Any:
    vectors: dict[str, Any] = {}
    if point.vector is not None and point.terms is not None:
        vectors = {DENSE: point.vector.tolist(), SPARSE: _sparse(point.terms)}
    return qdrant.Point(point.chunk.id, vectors, payload(point))


def _sparse(terms: Terms) -> Any:
    return qdrant.SparseVector(list(terms.ids), list(terms.weights))


def _vector(vectors: Mapping[str, Any]) -> Vectors | None:
    return np.array(vectors[DENSE], np.float32) if DENSE in vectors else None


def _terms(vectors: Mapping[str, Any]) -> Terms | None:
    """The sparse vector of a point, its ids ascending; weights come back as the nearest 32-bit floats."""
    if SPARSE not in vectors:
        return None
    entries = sorted(zip(vectors[SPARSE].indices, vectors[SPARSE].values, strict=True))
    return Terms(ids=tuple(term for term, _ in entries), weights=tuple(weight for _, weight in entries))


def _batches(items: Sequence[_Item], size: int) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]

"""The store on a Qdrant server or cluster. The only importer of qdrant_client, which takes a second and a half.

The lexical frequencies are taken shard by shard, so with more than one shard BM25 differs a little from the embedded
store. Searches may run while documents are switched: for an instant both versions of a document can be found.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from qdrant_client import QdrantClient, models
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ApiException, ResponseHandlingException, UnexpectedResponse

from index.chunk import Chunk
from index.embed import Vectors
from index.errors import OtherModel, StoreUnavailable
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

#: Given as the url: a store in the memory of this process, for tests of this module.
MEMORY = ":memory:"

# Before 1.19 a server ignores that the frequencies shall be taken over what the asker may read, and says nothing.
_NEEDED = (1, 19)
# Points in one request: some 500 kB.
_BATCH = 200
# Documents that one request of a switch takes.
_SWITCH_BATCH = 50
# Points read in one step when all are read.
_PAGE = 1000


class ServerStore:
    """A collection on a Qdrant server, created when there is none.

    exact compares every point that the scope leaves; without it the server's graph is used, which is faster above some
    300,000 chunks and may miss a neighbour. api_key comes from the environment and is shown nowhere. Raises
    StoreUnavailable when the server does not answer, refuses, or is older than 1.19, and OtherModel when the
    collection holds vectors of another length.
    """

    def __init__(
        self,
        url: str,
        collection: str,
        dim: int,
        *,
        api_key: str | None = None,
        exact: bool = True,
        timeout_seconds: int = 30,
    ) -> None:
        self._url = url
        self._collection = collection
        self._exact = exact
        self._memory = url == MEMORY
        if self._memory:
            self._client = QdrantClient(MEMORY)
        else:
            self._client = QdrantClient(
                url=url, api_key=api_key, timeout=timeout_seconds, check_compatibility=False, prefer_grpc=False
            )
        try:
            with self._answers():
                self._check_version()
                self._open(dim)
        except BaseException:
            self._client.close()
            raise

    def upsert(self, points: Sequence[Point]) -> None:
        """Write points, replacing those of the same chunk id."""
        for start in range(0, len(points), _BATCH):
            batch = [_point(point) for point in points[start : start + _BATCH]]
            with self._answers():
                self._client.upsert(self._collection, batch, wait=True)

    def switch(self, live: Mapping[str, str]) -> None:
        """For each uri make the points of this generation live and delete those of all others, in this order.

        Killed between the two it leaves both live; calling it again finishes it.
        """
        uris = sorted(live)
        for start in range(0, len(uris), _SWITCH_BATCH):
            conditions = (AnyOf("uri", tuple(uris[start : start + _SWITCH_BATCH])),)
            what = turn(
                [
                    (str(record.id), record.payload or {})
                    for page in self._pages(conditions, fields=["uri", "generation", "live"])
                    for record in page
                ],
                live,
            )
            operations: list[models.UpdateOperation] = []
            if what.live:
                rising = models.SetPayload(payload={"live": 1}, points=list(what.live))
                operations.append(models.SetPayloadOperation(set_payload=rising))
            if what.gone:
                operations.append(models.DeleteOperation(delete=models.PointIdsList(points=list(what.gone))))
            if operations:
                with self._answers():
                    self._client.batch_update_points(self._collection, operations, wait=True)

    def set_readers(self, uri: str, readers: tuple[frozenset[str], ...]) -> None:
        """Change who may read a document, all its generations, without touching its vectors."""
        with self._answers():
            self._client.set_payload(self._collection, clauses(readers), points=_filter((_uri(uri),)), wait=True)

    def held(self, uri: str, generation: str) -> int:
        """How many points of this generation of a document there are, live or not."""
        return self._count((_uri(uri), AnyOf("generation", (generation,))))

    def generations(self) -> dict[tuple[str, str], tuple[int, int]]:
        """By (uri, generation): how many points there are, and how many of them are live."""
        found: dict[tuple[str, str], tuple[int, int]] = {}
        for page in self._pages((), fields=["uri", "generation", "live"]):
            for record in page:
                fields = record.payload or {}
                key = (fields["uri"], fields["generation"])
                points, live = found.get(key, (0, 0))
                found[key] = (points + 1, live + fields["live"])
        return found

    def dense(self, vector: Vectors, *, scope: Scope, k: int) -> list[Hit]:
        """The k nearest chunks by cosine, best first."""
        # In memory every search is exact, and a parameter that says so is warned of.
        params = None if self._memory else models.SearchParams(exact=self._exact)
        return self._search(vector.tolist(), DENSE, scope, k, params)

    def sparse(self, terms: Terms, *, scope: Scope, k: int) -> list[Hit]:
        """The k best chunks by BM25, best first, with the frequencies of what the asker may read."""
        if not terms.ids:
            return []
        corpus = models.IdfCorpusParams(corpus=_filter(readable(scope.principals)))
        return self._search(_sparse(terms), SPARSE, scope, k, models.SearchParams(idf=corpus))

    def chunks(self, uri: str, *, scope: Scope) -> list[Chunk]:
        """The live chunks of a document that the asker may read, in the order of the text, quoted ones too.

        What else the scope restricts does not matter here.
        """
        conditions = (*readable(scope.principals), _uri(uri))
        found = [chunk(str(each.id), each.payload or {}) for page in self._pages(conditions) for each in page]
        return sorted(found, key=lambda each: (each.start, each.end, each.id))

    def points(self) -> Iterator[Point]:
        """Every point there is, live or not, in order of chunk id. Their chunks have no embedded text."""
        for page in self._pages((), vectors=True):
            for record in page:
                fields = record.payload or {}
                vectors = record.vector if isinstance(record.vector, dict) else {}
                yield Point(
                    chunk=chunk(str(record.id), fields),
                    generation=fields["generation"],
                    live=fields["live"] == 1,
                    vector=np.array(vectors[DENSE], np.float32) if DENSE in vectors else None,
                    terms=_terms(vectors.get(SPARSE)),
                )

    def counts(self, *, scope: Scope) -> Counts:
        """How much the asker may read."""
        conditions = visible(scope)
        return Counts(
            chunks=self._count(conditions),
            documents=len(self._facet("uri", conditions)),
            by_source=self._facet("source", conditions),
        )

    def idle(self) -> None:
        """Nothing: a server looks after itself."""

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _check_version(self) -> None:
        version = self._client.info().version
        found = re.match(r"(\d+)\.(\d+)", version)
        if found is None or (int(found[1]), int(found[2])) < _NEEDED:
            raise StoreUnavailable(
                f"the Qdrant server at {self._url} is version {version}, {_NEEDED[0]}.{_NEEDED[1]} or later is needed: "
                "older ones let hidden documents show in the scores"
            )

    def _open(self, dim: int) -> None:
        if not self._client.collection_exists(self._collection):
            self._create(dim)
        info = self._client.get_collection(self._collection)
        dense = info.config.params.vectors
        held = dense[DENSE].size if isinstance(dense, dict) and DENSE in dense else None
        if held != dim:
            raise OtherModel(
                f"collection {self._collection} holds vectors of length {held}, the model makes {dim}: "
                "name another collection"
            )
        if not self._memory:  # which has no indexes, and warns of it
            for field, kind in INDEXED.items():
                if field not in info.payload_schema:
                    self._client.create_payload_index(
                        self._collection, field, models.PayloadSchemaType(kind), wait=True
                    )

    def _create(self, dim: int) -> None:
        try:
            self._client.create_collection(
                self._collection,
                vectors_config={DENSE: models.VectorParams(size=dim, distance=models.Distance.COSINE)},
                sparse_vectors_config={SPARSE: models.SparseVectorParams(modifier=models.Modifier.IDF)},
            )
        except UnexpectedResponse as problem:
            if problem.status_code != 409:  # another replica was faster
                raise

    def _search(self, query: Any, using: str, scope: Scope, k: int, params: models.SearchParams | None) -> list[Hit]:
        conditions = _filter(visible(scope))

        def found(limit: int) -> list[Hit]:
            with self._answers():
                answer = self._client.query_points(
                    self._collection,
                    query=query,
                    using=using,
                    query_filter=conditions,
                    search_params=params,
                    limit=limit,
                    with_payload=True,
                )
            return [hit(str(each.id), each.payload or {}, each.score) for each in answer.points]

        return ranked(found, k=k)

    def _pages(
        self, conditions: Sequence[Condition], *, fields: list[str] | None = None, vectors: bool = False
    ) -> Iterator[list[models.Record]]:
        """The points that fulfil the conditions, in order of id."""
        offset = None
        while True:
            with self._answers():
                records, offset = self._client.scroll(
                    self._collection,
                    scroll_filter=_filter(conditions),
                    limit=_PAGE,
                    offset=offset,
                    with_payload=True if fields is None else fields,
                    with_vectors=vectors,
                )
            yield records
            if offset is None:
                return

    def _count(self, conditions: Sequence[Condition]) -> int:
        with self._answers():
            return self._client.count(self._collection, count_filter=_filter(conditions), exact=True).count

    def _facet(self, field: str, conditions: Sequence[Condition]) -> dict[str, int]:
        with self._answers():
            limit = max(1, self._client.count(self._collection, exact=True).count)
            answer = self._client.facet(
                self._collection, field, facet_filter=_filter(conditions), limit=limit, exact=True
            )
        return dict(sorted((str(each.value), each.count) for each in answer.hits))

    @contextmanager
    def _answers(self) -> Iterator[None]:
        """Turn what goes wrong on the way to the server and back into a sentence."""
        try:
            yield
        except UnexpectedResponse as problem:
            denied = problem.status_code in (401, 403)
            advice = "set the right key in the environment" if denied else "see the server's log"
            raise StoreUnavailable(
                f"the Qdrant server at {self._url} answered {problem.status_code} {problem.reason_phrase}: {advice}"
            ) from problem
        except ResponseHandlingException as problem:
            raise StoreUnavailable(
                f"no answer from the Qdrant server at {self._url} ({problem.source}): is it running, and is the "
                "address right?"
            ) from problem
        except (ApiException, QdrantException) as problem:
            raise StoreUnavailable(f"the Qdrant server at {self._url} does not serve this now: {problem}") from problem


def _uri(uri: str) -> Condition:
    return AnyOf("uri", (uri,))


def _filter(conditions: Sequence[Condition]) -> models.Filter:
    return models.Filter(must=[_condition(each) for each in conditions])


def _condition(condition: Condition) -> models.FieldCondition:
    match condition:
        case Is(field, number):
            return models.FieldCondition(key=field, match=models.MatchValue(value=number))
        case AnyOf(field, values):
            return models.FieldCondition(key=field, match=models.MatchAny(any=list(values)))
        case Between(field, start, end):
            between = models.DatetimeRange.model_validate({"gte": start, "lte": end})
            return models.FieldCondition(key=field, range=between)


def _point(point: Point) -> models.PointStruct:
    vectors: dict[str, Any] = {}
    if point.vector is not None and point.terms is not None:
        vectors = {DENSE: point.vector.tolist(), SPARSE: _sparse(point.terms)}
    return models.PointStruct(id=point.chunk.id, vector=vectors, payload=payload(point))


def _sparse(terms: Terms) -> models.SparseVector:
    return models.SparseVector(indices=list(terms.ids), values=list(terms.weights))


def _terms(stored: Any) -> Terms | None:
    """A sparse vector, its ids ascending; weights come back as 32-bit floats."""
    if stored is None:
        return None
    entries = sorted(zip(stored.indices, stored.values, strict=True))
    return Terms(
        ids=tuple(term for term, _ in entries), weights=tuple(float(np.float32(weight)) for _, weight in entries)
    )

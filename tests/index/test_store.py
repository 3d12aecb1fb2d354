"""What every store must do, run on the embedded one and on the Qdrant client's in-memory one."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from index.chunk import Chunk
from index.edge import EdgeStore
from index.embed import Vectors
from index.store import Point, Scope, Store, Terms
from ingest.document import PUBLIC

DIM = 4
OWNER = Scope(principals=None)
PUBLIC_SCOPE = Scope(principals=frozenset({"public"}))

Opener = Callable[[], Store]


@pytest.fixture(params=["edge"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens new, empty stores of one kind."""
    stores: list[Store] = []

    def edge() -> Store:
        stores.append(EdgeStore(tmp_path / str(len(stores)), DIM))
        return stores[-1]

    yield {"edge": edge}[request.param]
    for store in stores:
        store.close()


@pytest.fixture
def store(opened: Opener) -> Store:
    return opened()


def chunk_id(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def vector(*components: float) -> Vectors:
    filled = np.zeros(DIM, np.float32)
    filled[: len(components)] = components
    return filled / np.float32(np.linalg.norm(filled))


def chunk(name: str, *, uri: str = "https://helix.example/a", readers: tuple[frozenset[str], ...] = PUBLIC) -> Chunk:
    return Chunk(
        id=chunk_id(name),
        uri=uri,
        link=f"{uri}#{name}",
        title="Trigger menu",
        heading="Trigger > Menu",
        text=f"The text of {name}.",
        start=0,
        end=13 + len(name),
        kind="prose",
        quoted=False,
        embedded=f"Trigger menu. The text of {name}.",
        document_kind="topic",
        source="wiki",
        authors=("Ada", "Bohr"),
        modified=datetime(2024, 3, 1, 12, tzinfo=UTC),
        version="7",
        status="approved",
        readers=readers,
    )


def point(
    name: str,
    *,
    at: Vectors | None = None,
    terms: dict[int, float] | None = None,
    uri: str = "https://helix.example/a",
    readers: tuple[frozenset[str], ...] = PUBLIC,
    generation: str = "g1",
    live: bool = True,
) -> Point:
    weights = {1: 1.0} if terms is None else terms
    return Point(
        chunk=chunk(name, uri=uri, readers=readers),
        generation=generation,
        live=live,
        vector=vector(1.0) if at is None else at,
        terms=Terms(ids=tuple(sorted(weights)), weights=tuple(weights[term] for term in sorted(weights))),
    )


def asked(*terms: int) -> Terms:
    return Terms(ids=terms, weights=(1.0,) * len(terms))


def names(store: Store, scope: Scope = OWNER) -> list[str]:
    """Which chunks both legs find, by the name at the end of their link."""
    dense = {hit.chunk.link.rsplit("#", 1)[1] for hit in store.dense(vector(1, 1, 1, 1), scope=scope, k=10_000)}
    sparse = {hit.chunk.link.rsplit("#", 1)[1] for hit in store.sparse(asked(1), scope=scope, k=10_000)}
    assert dense == sparse
    return sorted(dense)


def test_a_hit_carries_the_whole_chunk_but_its_embedded_text(store: Store) -> None:
    written = point("a")
    store.upsert([written])
    assert [hit.chunk for hit in store.dense(vector(1), scope=OWNER, k=3)] == [replace(written.chunk, embedded="")]
    assert [hit.chunk for hit in store.sparse(asked(1), scope=OWNER, k=3)] == [replace(written.chunk, embedded="")]


def test_points_that_are_not_live_are_not_seen(store: Store) -> None:
    store.upsert([point("a"), point("b", live=False)])
    assert names(store) == ["a"]
    assert store.counts(scope=OWNER).chunks == 1


def test_a_switch_brings_the_new_generation_and_removes_the_old(store: Store) -> None:
    store.upsert([point("old"), point("new", generation="g2", live=False), point("other", uri="b")])
    store.switch({"https://helix.example/a": "g2"})
    assert names(store) == ["new", "other"]
    assert store.generations() == {("https://helix.example/a", "g2"): (1, 1), ("b", "g1"): (1, 1)}


def test_who_lacks_one_clause_reads_nothing(store: Store) -> None:
    both = (frozenset({"group:a", "user:ada"}), frozenset({"group:b"}))
    store.upsert([point("a", readers=both)])
    assert names(store, Scope(frozenset({"group:a"}))) == []
    assert names(store, Scope(frozenset({"user:ada", "group:b"}))) == ["a"]

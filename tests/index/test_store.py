"""What every store must do, run on the embedded one and on the Qdrant client's in-memory one."""

import math
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from index.chunk import Chunk, ChunkKind
from index.edge import EdgeStore
from index.embed import Vectors
from index.server import MEMORY, ServerStore
from index.store import Counts, Hit, Point, Scope, Store, Terms
from ingest.document import NOBODY, PUBLIC, DocumentKind, may_read

DIM = 4
OWNER = Scope(principals=None)
STRANGER = Scope(principals=frozenset())
A = "https://helix.example/a"
B = "https://helix.example/b"

Opener = Callable[[], Store]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an empty embedded store: to copy one is faster than to create it."""
    folder = tmp_path_factory.mktemp("empty") / "store"
    EdgeStore(folder, DIM).close()
    return folder


@pytest.fixture(params=["edge", "server"])
def opened(request: pytest.FixtureRequest, tmp_path: Path, empty: Path) -> Iterator[Opener]:
    """Opens new, empty stores of one kind."""
    stores: list[Store] = []

    def new() -> Store:
        if request.param == "edge":
            stores.append(EdgeStore(shutil.copytree(empty, tmp_path / str(len(stores))), DIM))
        else:
            stores.append(ServerStore(MEMORY, "chunks", DIM))
        return stores[-1]

    yield new
    for store in stores:
        store.close()


@pytest.fixture
def store(opened: Opener) -> Store:
    return opened()


def vector(*components: float) -> Vectors:
    filled = np.zeros(DIM, np.float32)
    filled[: len(components)] = components
    return filled / np.float32(np.linalg.norm(filled))


def point(
    name: str,
    *,
    at: Vectors | None = None,
    terms: Mapping[int, float] | None = None,
    uri: str = A,
    readers: tuple[frozenset[str], ...] = PUBLIC,
    generation: str = "g1",
    live: bool = True,
    quoted: bool = False,
    start: int = 0,
    source: str = "wiki",
    kind: ChunkKind = "prose",
    document_kind: DocumentKind = "topic",
    modified: datetime | None = datetime(2024, 3, 1, 12, tzinfo=UTC),
) -> Point:
    """A point; without vector and terms of its own it lies on the first axis and has term 1."""
    weights = {1: 1.0} if terms is None else terms
    chunk = Chunk(
        id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{uri} {generation} {name}")),
        uri=uri,
        link=f"{uri}#{name}",
        title="Trigger menu",
        heading="Trigger > Menu",
        text=f"The text of {name}.",
        start=start,
        end=start + 13 + len(name),
        kind=kind,
        quoted=quoted,
        embedded="" if quoted else f"Trigger menu. The text of {name}.",
        document_kind=document_kind,
        source=source,
        authors=("Ada", "Bohr"),
        modified=modified,
        version="7",
        status="approved",
        readers=readers,
    )
    return Point(
        chunk=chunk,
        generation=generation,
        live=live,
        vector=None if quoted else (vector(1) if at is None else at),
        terms=None if quoted else Terms(tuple(sorted(weights)), tuple(weights[term] for term in sorted(weights))),
    )


def asked(*terms: int) -> Terms:
    return Terms(ids=terms, weights=(1.0,) * len(terms))


def name(chunk: Chunk) -> str:
    return chunk.link.rsplit("#", 1)[1]


def same_vector(one: Vectors | None, other: Vectors | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.dtype == other.dtype == np.float32 and np.allclose(one, other, atol=1e-6)


def seen(store: Store, scope: Scope = OWNER) -> list[str]:
    """The names of what both legs find of the points that have the terms and the place of the fixture."""
    dense = sorted(name(hit.chunk) for hit in store.dense(vector(1), scope=scope, k=10_000))
    sparse = sorted(name(hit.chunk) for hit in store.sparse(asked(1), scope=scope, k=10_000))
    assert dense == sparse
    return dense


def test_a_hit_carries_the_whole_chunk_but_its_embedded_text(store: Store) -> None:
    written = point("a", modified=datetime(2024, 3, 1, 12, 30, 15, 123456, tzinfo=UTC))
    store.upsert([written])
    expected = replace(written.chunk, embedded="")
    assert store.dense(vector(1), scope=OWNER, k=3) == [Hit(expected, 1.0)]
    assert [hit.chunk for hit in store.sparse(asked(1), scope=OWNER, k=3)] == [expected]


def test_texts_come_back_to_the_letter(store: Store) -> None:
    odd = "H→γγ at 13.6 TeV\x00 – naïve e\u0301 🐈 \u202e \r\n\t\\ \"'"
    written = point("a", uri=f"https://helix.example/Räume?q={odd}", source="Ärger \U0001f408")
    written = replace(written, chunk=replace(written.chunk, text=odd, title=odd, heading=odd, authors=(odd, "")))
    store.upsert([written])
    expected = replace(written.chunk, embedded="")
    assert [hit.chunk for hit in store.dense(vector(1), scope=OWNER, k=3)] == [expected]
    assert store.chunks(written.chunk.uri, scope=OWNER) == [expected]
    assert store.counts(scope=OWNER).by_source == {"Ärger \U0001f408": 1}


def test_points_come_in_the_order_of_their_ids_with_everything(store: Store) -> None:
    written = [
        point("a", at=vector(1, 2, 3), terms={4_294_967_295: 0.5, 7: 0.25}, live=False),
        point("b", quoted=True, readers=NOBODY),
        point("c", generation="g2", modified=None),
    ]
    store.upsert(written)
    found = list(store.points())
    expected = sorted(written, key=lambda each: each.chunk.id)
    assert [each.chunk for each in found] == [replace(each.chunk, embedded="") for each in expected]
    assert [(each.generation, each.live, each.terms) for each in found] == [
        (each.generation, each.live, each.terms) for each in expected
    ]
    for got, put in zip(found, expected, strict=True):
        assert same_vector(got.vector, put.vector)


def test_a_point_that_is_written_again_is_replaced(store: Store) -> None:
    store.upsert([point("a", terms={1: 1.0, 2: 1.0})])
    store.upsert([point("a", terms={1: 1.0}, readers=NOBODY)])
    assert len(list(store.points())) == 1
    assert store.sparse(asked(2), scope=OWNER, k=3) == []
    assert seen(store, STRANGER) == []


def test_all_points_of_a_large_upsert_are_there(store: Store) -> None:
    store.upsert([point(f"p{number}", uri=f"u{number % 7}", live=number % 2 == 0) for number in range(1001)])
    assert len(list(store.points())) == 1001
    assert len(store.dense(vector(1), scope=OWNER, k=2000)) == 501
    assert store.generations() == {
        (f"u{rest}", "g1"): (143, sum(number % 2 == 0 for number in range(rest, 1001, 7))) for rest in range(7)
    }


def test_nothing_is_asked_for_and_nothing_found(store: Store) -> None:
    assert store.dense(vector(1), scope=OWNER, k=5) == []
    store.upsert([point("a")])
    assert store.dense(vector(1), scope=OWNER, k=0) == []
    assert store.sparse(asked(), scope=OWNER, k=5) == []
    assert store.sparse(asked(999), scope=OWNER, k=5) == []
    store.upsert([])
    store.switch({})


def test_ties_fall_to_the_chunk_id_that_sorts_first(store: Store) -> None:
    store.upsert(
        [point("best", at=vector(1, 0.1), terms={1: 9.0}), *(point(f"p{n}", at=vector(1, 1)) for n in range(99))]
    )
    ids = sorted(each.chunk.id for each in store.points() if name(each.chunk) != "best")
    for k in (2, 5, 20, 60):
        assert [hit.chunk.id for hit in store.dense(vector(1), scope=OWNER, k=k)][1:] == ids[: k - 1]
        assert [hit.chunk.id for hit in store.sparse(asked(1), scope=OWNER, k=k)][1:] == ids[: k - 1]


def test_quoted_points_are_shown_with_their_document_and_never_hit(store: Store) -> None:
    store.upsert([point("mine", start=40), point("quoted", quoted=True, start=0)])
    assert [name(chunk) for chunk in store.chunks(A, scope=STRANGER)] == []
    assert [name(chunk) for chunk in store.chunks(A, scope=Scope(frozenset({"public"})))] == ["quoted", "mine"]
    assert seen(store) == ["mine"]
    assert store.counts(scope=OWNER) == Counts(chunks=2, documents=1, by_source={"wiki": 2})


def test_who_lacks_one_clause_reads_nothing(store: Store) -> None:
    both = (frozenset({"group:a", "user:ada"}), frozenset({"group:b"}))
    store.upsert([point("a", readers=both)])
    assert seen(store, Scope(frozenset({"group:a"}))) == []
    assert seen(store, Scope(frozenset({"group:b", "public"}))) == []
    assert seen(store, Scope(frozenset({"user:ada", "group:b"}))) == ["a"]
    assert store.chunks(A, scope=Scope(frozenset({"group:a"}))) == []


@pytest.mark.parametrize(
    "readers", [(), NOBODY, (frozenset({"public"}), frozenset()), tuple(frozenset({f"group:{n}"}) for n in range(5))]
)
def test_no_clause_an_empty_one_and_more_than_four_are_for_the_owner_alone(
    store: Store, readers: tuple[frozenset[str], ...]
) -> None:
    store.upsert([point("a", readers=readers)])
    everybody = frozenset({"public", "*", *(f"group:{n}" for n in range(5))})
    assert seen(store, Scope(everybody)) == []
    assert seen(store) == ["a"]


def test_readers_change_without_a_new_vector(store: Store) -> None:
    store.upsert([point("a"), point("b", uri=B), point("next", generation="g2", live=False)])
    before = [(each.vector, each.terms) for each in store.points()]
    four = tuple(frozenset({f"group:{n}"}) for n in range(4))
    store.set_readers(A, four)
    assert seen(store, Scope(frozenset({"public"}))) == ["b"]
    assert seen(store, Scope(frozenset({f"group:{n}" for n in range(4)}))) == ["a"]
    assert {each.chunk.readers for each in store.points() if each.chunk.uri == A} == {four}
    after = [(each.vector, each.terms) for each in store.points()]
    assert [terms for _, terms in after] == [terms for _, terms in before]
    assert all(same_vector(old, new) for (old, _), (new, _) in zip(before, after, strict=True))
    store.set_readers(A, PUBLIC)
    assert seen(store, Scope(frozenset({"public"}))) == ["a", "b"]


@dataclass(frozen=True)
class Entry:
    """A point of the property below, before it is placed in a document."""

    place: tuple[int, int, int]
    terms: dict[int, float]
    live: bool
    quoted: bool


GROUPS = ["public", "group:a", "group:b", "user:ada"]
_clauses = st.lists(st.frozensets(st.sampled_from(GROUPS), max_size=2), min_size=1, max_size=4).map(tuple)
_entries = st.builds(
    Entry,
    place=st.tuples(st.integers(1, 3), st.integers(-2, 2), st.integers(-2, 2)),
    terms=st.dictionaries(st.integers(1, 5), st.sampled_from([0.5, 1.0, 1.7]), min_size=1),
    live=st.booleans(),
    quoted=st.integers(0, 5).map(lambda number: number == 0),
)
_corpora = st.lists(st.tuples(_clauses, st.lists(_entries, min_size=1, max_size=5)), min_size=1, max_size=8)


def placed(corpus: Sequence[tuple[tuple[frozenset[str], ...], Sequence[Entry]]]) -> list[Point]:
    return [
        point(
            f"p{number}",
            uri=f"u{document}",
            readers=readers,
            at=vector(*entry.place),
            terms=entry.terms,
            live=entry.live,
            quoted=entry.quoted,
            start=number,
            source=f"s{document % 2}",
        )
        for document, (readers, entries) in enumerate(corpus)
        for number, entry in enumerate(entries)
    ]


def refilled(store: Store, points: Sequence[Point]) -> None:
    store.switch({uri: "" for uri, _ in store.generations()})
    store.upsert(points)


def test_hidden_documents_change_nothing_that_an_asker_sees(opened: Opener) -> None:
    whole, partial = opened(), opened()
    # numpy sums a product in an order that depends on the number of rows: the last digit may differ.
    within = 0.0 if isinstance(whole, EdgeStore) else 2e-4

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(_corpora, st.frozensets(st.sampled_from(GROUPS)), st.integers(1, 6), st.sampled_from([(), ("s1",)]))
    def same(
        corpus: list[tuple[tuple[frozenset[str], ...], list[Entry]]],
        principals: frozenset[str],
        k: int,
        sources: tuple[str, ...],
    ) -> None:
        points = placed(corpus)
        refilled(whole, points)
        refilled(partial, [each for each in points if may_read(each.chunk.readers, principals)])
        scope = Scope(principals, sources=sources)
        for query in ((1, 0, 0), (1, -1, 2)):
            one, other = (store.dense(vector(*query), scope=scope, k=k) for store in (whole, partial))
            assert [hit.chunk for hit in one] == [hit.chunk for hit in other]
            assert [hit.score for hit in one] == pytest.approx([hit.score for hit in other], abs=within, rel=0)
        for terms in (asked(1), asked(2, 3), Terms((1, 4, 5), (0.3, 2.0, 1.0))):
            assert whole.sparse(terms, scope=scope, k=k) == partial.sparse(terms, scope=scope, k=k)
        assert whole.counts(scope=scope) == partial.counts(scope=scope)
        for document in range(len(corpus)):
            assert whole.chunks(f"u{document}", scope=scope) == partial.chunks(f"u{document}", scope=scope)

    same()


def test_a_scope_restricts_by_source_kinds_and_documents(store: Store) -> None:
    store.upsert(
        [
            point("a", source="mail", kind="message", document_kind="mail"),
            point("b", uri=B, source="wiki", kind="table"),
            point("c", uri="c", source="indico", kind="slide", document_kind="slides"),
        ]
    )
    assert seen(store, Scope(None, sources=("mail", "indico"))) == ["a", "c"]
    assert seen(store, Scope(None, chunk_kinds=("table",))) == ["b"]
    assert seen(store, Scope(None, document_kinds=("mail", "topic"))) == ["a", "b"]
    assert seen(store, Scope(None, uris=(B, "c"))) == ["b", "c"]
    assert seen(store, Scope(None, uris=(B,), sources=("mail",))) == []
    assert store.counts(scope=Scope(None, sources=("mail", "wiki"))) == Counts(2, 2, {"mail": 1, "wiki": 1})


def test_both_ends_of_a_range_of_time_belong_to_it(store: Store) -> None:
    noon = datetime(2024, 3, 1, 12, tzinfo=UTC)
    tick = timedelta(microseconds=1)
    store.upsert(
        [
            point("before", modified=noon - tick),
            point("from", modified=noon.astimezone(timezone(timedelta(hours=5, minutes=30)))),
            point("to", modified=noon + tick),
            point("after", modified=noon + 2 * tick),
            point("old", modified=datetime(1969, 7, 20, tzinfo=UTC)),
            point("first", modified=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1)))),
            point("undated", modified=None),
        ]
    )
    assert seen(store, Scope(None, modified_from=noon, modified_to=noon + tick)) == ["from", "to"]
    assert seen(store, Scope(None, modified_from=noon + 2 * tick)) == ["after"]
    assert seen(store, Scope(None, modified_to=datetime(1970, 1, 1, tzinfo=UTC))) == ["first", "old"]
    assert len(seen(store)) == 7


def test_frequencies_are_those_of_all_that_the_asker_may_read_whatever_else_is_restricted(store: Store) -> None:
    store.upsert([point("a", source="mail"), *(point(f"p{n}", uri=B, terms={1 + n % 2: 1.0}) for n in range(6))])
    whole = {name(hit.chunk): hit.score for hit in store.sparse(asked(1), scope=OWNER, k=9)}
    [alone] = store.sparse(asked(1), scope=Scope(None, sources=("mail",)), k=9)
    assert alone.score == whole["a"]


def test_lexical_scores_are_bm25_as_worked_out_by_hand(store: Store) -> None:
    # Three chunks, term 1 in two of them, term 2 in one; the quoted and the dead one do not count.
    store.upsert(
        [
            point("a", terms={1: 1.2, 2: 0.5}),
            point("b", terms={1: 0.8}),
            point("c", terms={3: 1.0}),
            point("quoted", quoted=True),
            point("dead", live=False),
        ]
    )
    in_two, in_one = math.log((3 - 2 + 0.5) / (2 + 0.5) + 1), math.log((3 - 1 + 0.5) / (1 + 0.5) + 1)
    hits = store.sparse(Terms((1, 2), (1.0, 2.0)), scope=OWNER, k=5)
    assert [name(hit.chunk) for hit in hits] == ["a", "b"]
    assert [hit.score for hit in hits] == pytest.approx([1.2 * in_two + 0.5 * 2 * in_one, 0.8 * in_two], abs=1e-4)


def test_lexical_ranks_and_scores_agree_with_rank_bm25(store: Store) -> None:
    # BM25Okapi's own idf has no "+ 1" and is floored, so it is given Qdrant's; saturation and length are its own.
    random = np.random.default_rng(7)
    texts = [[1, *(int(word) for word in random.zipf(1.4, random.integers(3, 60)) if word < 500)] for _ in range(300)]
    oracle = BM25Okapi(texts)
    found_in = {word: sum(word in text for text in texts) for word in {word for text in texts for word in text}}
    oracle.idf = {word: math.log((300 - n + 0.5) / (n + 0.5) + 1) for word, n in found_in.items()}
    store.upsert([point(str(number), terms=_weights(text, oracle)) for number, text in enumerate(texts)])
    for _ in range(20):
        words = sorted({int(word) for word in random.zipf(1.3, 6) if word < 500})
        scores = oracle.get_scores(words)
        hits = store.sparse(asked(*words), scope=OWNER, k=25)
        assert [hit.score for hit in hits] == pytest.approx(sorted(scores[scores > 0], reverse=True)[:25], abs=2e-4)
        assert [hit.score for hit in hits] == pytest.approx([scores[int(name(hit.chunk))] for hit in hits], abs=2e-4)


def _weights(text: list[int], oracle: BM25Okapi) -> dict[int, float]:
    length = 1 - oracle.b + oracle.b * len(text) / oracle.avgdl
    return {
        word: text.count(word) * (oracle.k1 + 1) / (text.count(word) + oracle.k1 * length)
        for word in dict.fromkeys(text)
    }


def test_a_switch_brings_the_new_generation_and_removes_all_others(store: Store) -> None:
    store.upsert(
        [
            point("old"),
            point("older", generation="g0", live=False),
            point("new", generation="g2", live=False),
            point("new quoted", generation="g2", live=False, quoted=True),
            point("other", uri=B),
        ]
    )
    assert store.held(A, "g2") == 2
    for _ in range(2):  # the second time there is nothing left to do
        store.switch({A: "g2"})
        assert seen(store) == ["new", "other"]
        assert store.generations() == {(A, "g2"): (2, 2), (B, "g1"): (1, 1)}
    assert (store.held(A, "g1"), store.held(A, "g2"), store.held("c", "g1")) == (0, 2, 0)


def test_a_switch_that_was_cut_off_after_its_first_half_is_finished_by_another(store: Store) -> None:
    store.upsert([point("old"), point("new", generation="g2", live=True), point("late", generation="g2", live=False)])
    store.switch({A: "g2"})
    assert seen(store) == ["late", "new"]
    assert store.generations() == {(A, "g2"): (2, 2)}


def test_a_switch_to_no_generation_removes_the_document(store: Store) -> None:
    store.upsert([point("a"), point("next", generation="g2", live=False), point("b", uri=B)])
    store.switch({A: "", "https://helix.example/never": ""})
    assert store.generations() == {(B, "g1"): (1, 1)}
    assert store.chunks(A, scope=OWNER) == []


def test_a_switch_of_many_documents_takes_each_to_its_own_generation(store: Store) -> None:
    uris = [f"u{number:03}" for number in range(130)]
    store.upsert([point("old", uri=uri) for uri in uris])
    store.upsert([point("new", uri=uri, generation=f"g {uri}", live=False) for uri in uris])
    # A generation belongs to its document: the name of another's is unknown here, and deletes.
    store.switch({uri: f"g {uri}" for uri in uris} | {"u007": "g u008"})
    assert store.generations() == {(uri, f"g {uri}"): (1, 1) for uri in uris if uri != "u007"}


def test_counts_follow_what_is_written(store: Store) -> None:
    store.upsert([point("a"), point("new", generation="g2", live=False)])
    assert store.counts(scope=OWNER) == Counts(1, 1, {"wiki": 1})
    store.upsert([point("b", uri=B, source="mail")])
    assert store.counts(scope=OWNER) == Counts(2, 2, {"mail": 1, "wiki": 1})
    store.set_readers(B, NOBODY)
    assert store.counts(scope=Scope(frozenset({"public"}))) == Counts(1, 1, {"wiki": 1})
    store.switch({A: ""})
    assert store.counts(scope=OWNER) == Counts(1, 1, {"mail": 1})
    assert store.counts(scope=STRANGER) == Counts(0, 0, {})


def test_housekeeping_changes_nothing_that_is_seen(store: Store) -> None:
    random = np.random.default_rng(3)
    store.upsert(
        [
            point(
                f"p{n}",
                uri=f"u{n % 10}",
                at=vector(*random.random(4)),
                terms={1 + n % 5: 1.0, 9: float(random.random())},
            )
            for n in range(2400)
        ]
    )
    store.switch({f"u{number}": "" for number in range(5)})

    def state() -> tuple[list[Hit], list[Hit], list[tuple[str, Terms | None]], Counts]:
        return (
            store.dense(vector(1, 2), scope=OWNER, k=40),
            store.sparse(asked(1, 9), scope=OWNER, k=40),
            [(each.chunk.id, each.terms) for each in store.points()],
            store.counts(scope=OWNER),
        )

    before = state()
    store.idle()
    assert state() == before

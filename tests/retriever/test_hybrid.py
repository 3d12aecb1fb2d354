"""Two searches made one ranking, with its reasons, for what the asker may read."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.chunk import chunks
from index.edge import EdgeStore
from index.embed import WordLengthEmbedder
from index.store import Point, Scope
from index.terms import document_terms
from ingest.document import PUBLIC, Document
from retriever.fuse import convex, reciprocal_rank
from retriever.hybrid import Hybrid
from retriever.llamaindex import CollabqaRetriever
from retriever.passage import documents

EVERYTHING = Scope(None)
FEW = (frozenset({"group:few"}),)
TEXTS = {
    "solenoid": ("The solenoid gives a field of 3.2 T.", PUBLIC),
    "trigger": ("The electron threshold of the trigger is 28 GeV.", PUBLIC),
    "plans": ("The electron threshold goes up to 30 GeV.", FEW),
}


@pytest.fixture(scope="module")
def hybrid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hybrid]:
    """A retriever over three short documents, one of them for a few."""
    embedder = WordLengthEmbedder()
    store = EdgeStore(tmp_path_factory.mktemp("hybrid") / "store", embedder.dim)
    for name, (text, readers) in TEXTS.items():
        document = Document(f"mem:{name}", "page", "texts", name, text, readers)
        cut = chunks(document, embedder, fingerprint="one")
        vectors = embedder.embed([chunk.embedded for chunk in cut])
        points = [
            Point(chunk, "one", True, vector, document_terms(chunk.embedded, chunk.kind))
            for chunk, vector in zip(cut, vectors, strict=True)
        ]
        store.upsert(points)
    yield Hybrid(store, embedder)
    store.close()


def test_the_best_passage_stands_first_and_says_why(hybrid: Hybrid) -> None:
    (first, *_) = hybrid.retrieve("electron threshold of the trigger", scope=EVERYTHING).passages
    assert first.chunk.uri == "mem:trigger"
    assert first.ranks == {"lexical": 1, "dense": 1}
    assert first.score == pytest.approx(1.0)


def test_scores_fall_and_no_passage_stands_twice(hybrid: Hybrid) -> None:
    passages = hybrid.retrieve("electron threshold field", scope=EVERYTHING).passages
    assert [passage.score for passage in passages] == sorted((p.score for p in passages), reverse=True)
    assert len(documents(passages)) == len(passages) == 3


def test_what_only_a_few_may_read_is_found_by_them_alone(hybrid: Hybrid) -> None:
    everyone = hybrid.retrieve("electron threshold", scope=Scope(frozenset({"public"}))).passages
    few = hybrid.retrieve("electron threshold", scope=Scope(frozenset({"public", "group:few"}))).passages
    assert "mem:plans" not in documents(everyone)
    assert "mem:plans" in documents(few)


def test_a_search_that_finds_nothing_is_named(hybrid: Hybrid) -> None:
    assert hybrid.retrieve("zyzzyva", scope=EVERYTHING).notes == ("the lexical search found nothing",)


def test_fewer_are_given_where_fewer_are_asked_for(hybrid: Hybrid) -> None:
    assert len(hybrid.retrieve("electron threshold", scope=EVERYTHING, k=1).passages) == 1


def test_llamaindex_gets_the_same_passages_as_nodes(hybrid: Hybrid) -> None:
    nodes = CollabqaRetriever(hybrid, EVERYTHING, k=2).retrieve("electron threshold of the trigger")
    passages = hybrid.retrieve("electron threshold of the trigger", scope=EVERYTHING, k=2).passages
    assert [node.node.node_id for node in nodes] == [passage.chunk.id for passage in passages]
    assert nodes[0].metadata["uri"] == "mem:trigger"
    assert nodes[0].text == TEXTS["trigger"][0]


def test_an_empty_leg_leaves_the_scores_of_the_other_whole() -> None:
    assert convex([(0.6, {"a": 0.9, "b": 0.5}), (0.4, {})]) == {"a": 1.0, "b": 0.0}


SCORES = st.dictionaries(st.sampled_from("abcdef"), st.floats(0.0, 40.0), max_size=6)


@given(SCORES, SCORES, st.floats(0.05, 0.95))
def test_a_convex_combination_lies_between_nothing_and_one(
    first: dict[str, float], second: dict[str, float], weight: float
) -> None:
    fused = convex([(weight, first), (1 - weight, second)])
    assert set(fused) == set(first) | set(second)
    assert all(-1e-9 <= score <= 1 + 1e-9 for score in fused.values())


@given(st.lists(st.lists(st.sampled_from("abcdef"), unique=True), min_size=1, max_size=4))
def test_what_every_ranking_puts_first_is_first(rankings: list[list[str]]) -> None:
    led = [["z", *ranking] for ranking in rankings]
    scores = reciprocal_rank(led)
    assert max(scores, key=lambda each: scores[each]) == "z"

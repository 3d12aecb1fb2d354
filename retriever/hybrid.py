"""The question goes down two legs, lexical and dense, and comes back as one ranking."""

from dataclasses import dataclass

from index.embed import Embedder
from index.store import Hit, Scope, Store
from index.terms import question_terms
from retriever.fold import folded
from retriever.fuse import convex
from retriever.passage import Passage

# The best weight of the dense leg for MiniLM beside BM25 lies at 0.6 on scifact and at 0.7 on the anchor questions of a
# TWiki, with a flat top between (docs/figures.md).
DENSE_WEIGHT = 0.6
#: How many hits each leg brings.
DEPTH = 100


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Passages, best first, and what the asker should know of the search (a leg that found nothing)."""

    passages: tuple[Passage, ...]
    notes: tuple[str, ...] = ()


class Hybrid:
    """Searches a store by words and by meaning; who may read what is decided inside both searches."""

    def __init__(
        self, store: Store, embedder: Embedder, *, dense_weight: float = DENSE_WEIGHT, depth: int = DEPTH
    ) -> None:
        self._store = store
        self._embedder = embedder
        self._dense_weight = dense_weight
        self._depth = depth

    def retrieve(self, question: str, *, scope: Scope, k: int = 10) -> Retrieved:
        """The k passages that fit best among those that the scope lets the asker see, copies folded into one."""
        legs = self.legs(question, scope=scope)
        notes = [f"the {name} search found nothing" for name, hits in legs.items() if not hits]
        return Retrieved(tuple(folded(fused(legs, dense_weight=self._dense_weight), k)), tuple(notes))

    def legs(self, question: str, *, scope: Scope) -> dict[str, list[Hit]]:
        """What each leg finds on its own."""
        terms = question_terms(question)
        return {
            "lexical": self._store.sparse(terms, scope=scope, k=self._depth) if terms.ids else [],
            "dense": self._store.dense(self._embedder.embed_question(question), scope=scope, k=self._depth),
        }


def fused(legs: dict[str, list[Hit]], *, dense_weight: float) -> list[Passage]:
    """One ranking of the hits of both legs, best first; ties fall to the chunk id that sorts first."""
    weights = {"lexical": 1 - dense_weight, "dense": dense_weight}
    scores = convex([(weights[name], {hit.chunk.id: hit.score for hit in hits}) for name, hits in legs.items()])
    ranks: dict[str, dict[str, int]] = {each: {} for each in scores}
    chunks = {}
    similarity = {hit.chunk.id: hit.score for hit in legs["dense"]}
    for name, hits in legs.items():
        for rank, hit in enumerate(hits, 1):
            ranks[hit.chunk.id][name] = rank
            chunks[hit.chunk.id] = hit.chunk
    order = sorted(scores, key=lambda each: (-scores[each], each))
    return [Passage(chunks[each], scores[each], ranks[each], similarity.get(each)) for each in order]

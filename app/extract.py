"""Answers without a model: the documents' own sentences, chosen for the question."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from index.embed import Embedder
from index.sentence import Unit, units
from index.terms import terms
from retriever.passage import Passage

#: How many passages are looked at, how many sentences of them are embedded, and how many are shown at most.
PASSAGES = 10
CANDIDATES = 60
SHOWN = 4
# What a further sentence must reach, as a share of the best one's score, and how many of its words may stand in one
# that is shown already.
FURTHER_SHARE = 0.86
MAX_REPEATED = 0.6
# Weights of a sentence's own similarity to the question, its passage's, and the question's words that it covers.
SENTENCE_WEIGHT, PASSAGE_WEIGHT, COVERAGE_WEIGHT = 0.45, 0.2, 0.35


@dataclass(frozen=True, slots=True)
class Evidence:
    """A stretch of a passage that bears on the question. start and end are offsets into the passage's text.

    score lies between 0 and 1; kind is what the stretch begins with.
    """

    passage: Passage
    start: int
    end: int
    kind: str
    score: float

    @property
    def text(self) -> str:
        """The stretch, verbatim."""
        return self.passage.chunk.text[self.start : self.end]


def evidence(question: str, passages: Sequence[Passage], embedder: Embedder) -> list[Evidence]:
    """The stretches of the passages that bear on the question, best first; ties fall to the earlier passage."""
    found = [
        (passage, unit) for passage in passages[:PASSAGES] if not passage.chunk.quoted for unit in _stretches(passage)
    ]
    if not found:
        return []
    asked = _weights(question, passages)
    covered = [_covered(asked, passage, unit) for passage, unit in found]
    likely = sorted(range(len(found)), key=lambda i: (-covered[i], i))[:CANDIDATES]
    vectors = embedder.embed([found[i][0].chunk.text[found[i][1].start : found[i][1].end] for i in likely])
    cosines = vectors @ embedder.embed_question(question)
    scored = [
        Evidence(passage, unit.start, unit.end, unit.kind, _score(float(cosine), passage, covered[i]))
        for i, cosine in zip(likely, np.clip(cosines, 0.0, 1.0), strict=True)
        for passage, unit in [found[i]]
    ]
    order = {passage.chunk.id: place for place, passage in enumerate(passages)}
    return sorted(scored, key=lambda each: (-each.score, order[each.passage.chunk.id], each.start))


def chosen(ranked: Sequence[Evidence]) -> list[Evidence]:
    """The best evidence and what adds to it: nearly as good, and not the same words again."""
    kept: list[Evidence] = []
    for each in ranked:
        if len(kept) == SHOWN or (kept and each.score < FURTHER_SHARE * kept[0].score):
            break
        words = set(terms(each.text))
        if all(len(words & set(terms(other.text))) <= MAX_REPEATED * len(words) for other in kept):
            kept.append(each)
    return kept


def _score(cosine: float, passage: Passage, covered: float) -> float:
    near = max(0.0, passage.similarity or 0.0)
    return SENTENCE_WEIGHT * cosine + PASSAGE_WEIGHT * near + COVERAGE_WEIGHT * covered


def _weights(question: str, passages: Iterable[Passage]) -> dict[str, float]:
    """The question's terms with their weights, which sum to 1: the rarer among the passages, the heavier."""
    texts = [set(terms(f"{each.chunk.title} {each.chunk.heading} {each.chunk.text}")) for each in passages]
    frequency = Counter(term for text in texts for term in text)
    raw = {term: math.log(1 + (len(texts) + 1) / (frequency[term] + 0.5)) for term in set(terms(question))}
    total = sum(raw.values()) or 1.0
    return {term: weight / total for term, weight in raw.items()}


def _covered(asked: dict[str, float], passage: Passage, unit: Unit) -> float:
    """The weight of the question's terms that stand in the stretch, and half of it for those in its headings."""
    inside = set(terms(passage.chunk.text[unit.start : unit.end]))
    above = set(terms(f"{passage.chunk.title} {passage.chunk.heading}"))
    return sum(weight * (1.0 if term in inside else 0.5 if term in above else 0.0) for term, weight in asked.items())


def _stretches(passage: Passage) -> list[Unit]:
    """The units of a passage that say something: a line that ends in a colon is joined with what it announces."""
    text = passage.chunk.text
    found = [unit for unit in units(text) if unit.kind != "heading"]
    joined: list[Unit] = []
    at = 0
    while at < len(found):
        first = found[at]
        at += 1
        end = first.end
        if text[first.start : first.end].rstrip("*_ ").endswith(":") and at < len(found):
            announced = found[at].kind
            while at < len(found) and found[at].kind == announced and announced != "sentence":
                end = found[at].end
                at += 1
        joined.append(Unit(first.start, end, first.kind))
    return [unit for unit in joined if _says_something(text[unit.start : unit.end])]


def _says_something(text: str) -> bool:
    return sum(character.isalnum() for character in text) >= 8

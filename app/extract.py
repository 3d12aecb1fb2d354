"""Answers without a model: the documents' own sentences, chosen for the question."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.asked import Asked, asked
from index.embed import Embedder, Vectors
from index.embedded import embedded
from index.sentence import Unit, units
from index.terms import terms
from retriever.passage import Passage

#: How many passages are read closely, how many stretches of them are embedded, and how many are shown at most.
PASSAGES = 12
CANDIDATES = 24
SHOWN = 5
# What a further stretch must reach, as a share of the best one's score; what it loses for each that is shown already of
# its document; and how many of its words may stand in one that is shown, if it has no number of its own. Swept on the
# sample's developing half (docs/figures.md).
FURTHER_SHARE = 0.65
SAME_DOCUMENT = 0.02
MAX_REPEATED = 0.7
# Weights of a stretch's merits, which sum to 1: its similarity to the question, read under its title and heading; its
# passage's score; the weight of the question's words in it, and of those that only its headings have; whether it has a
# number, a person or a time where one is wanted. Swept on the sample's developing half (docs/figures.md).
COSINE, PASSAGE, INSIDE, ABOVE, KIND = 0.32, 0.23, 0.22, 0.11, 0.12
# Logistic regression over whether the passages answer the question, fitted on the sample's developing half and checked
# in ten folds (docs/figures.md): the weight of the question's words within three neighbouring stretches and their
# headings, and in all stretches shown; the best cosine; and whether a name of the question stands nowhere.
NEIGHBOURS, TOGETHER, NEAREST, UNKNOWN, CONSTANT = 5.1, 3.5, 3.8, -2.6, -7.5


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


@dataclass(frozen=True, slots=True)
class Reading:
    """What the passages say to a question: the stretches to show, best first.

    answered is how likely they answer it, from 0 to 1, where half of the questions have an answer.
    """

    shown: tuple[Evidence, ...]
    answered: float


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A unit of a passage. words are its terms, above those of its headings, around those of its neighbours too.

    header is what a table's row is read with.
    """

    passage: Passage
    unit: Unit
    words: frozenset[str]
    above: frozenset[str]
    around: frozenset[str]
    header: str

    @property
    def text(self) -> str:
        return self.passage.chunk.text[self.unit.start : self.unit.end]


def read(question: str, passages: Sequence[Passage], embedder: Embedder) -> Reading:
    """Read the first of the passages closely; all of them tell which words of the question are rare."""
    stretches = [each for passage in passages[:PASSAGES] if not passage.chunk.quoted for each in _stretches(passage)]
    if not stretches:
        return Reading((), 0.0)
    sought = asked(question, passages)
    merits = [_merits(each, sought) for each in stretches]
    likely = sorted(range(len(stretches)), key=lambda i: (-merits[i], i))[:CANDIDATES]
    vectors = _embedded([stretches[i] for i in likely], embedder)
    cosines = np.clip(vectors @ embedder.embed_question(question), 0.0, 1.0)
    scored = [
        Evidence(each.passage, each.unit.start, each.unit.end, each.unit.kind, merits[i] + COSINE * float(cosine))
        for i, cosine in zip(likely, cosines, strict=True)
        for each in [stretches[i]]
    ]
    order = {passage.chunk.id: place for place, passage in enumerate(passages)}
    ranked = sorted(scored, key=lambda each: (-each.score, order[each.passage.chunk.id], each.start))
    shown = chosen(ranked)
    return Reading(tuple(shown), _answered(sought, stretches, shown, float(cosines.max())))


def chosen(ranked: Sequence[Evidence]) -> list[Evidence]:
    """The best evidence and what adds to it: nearly as good, not the same again, and rather from another document."""
    kept: list[Evidence] = []
    left = list(ranked)
    while left and len(kept) < SHOWN:
        uris = [other.passage.chunk.uri for other in kept]
        worth = [each.score - SAME_DOCUMENT * uris.count(each.passage.chunk.uri) for each in left]
        best = worth.index(max(worth))
        if worth[best] < FURTHER_SHARE * ranked[0].score:
            break
        each = left.pop(best)
        if not any(_repeats(each, other) for other in kept):
            kept.append(each)
    return kept


def table_header(text: str, start: int) -> str:
    """The header and the rule of the table whose row begins at start; empty where the text does not have them."""
    lines = text[:start].splitlines()
    rule = next(
        (i for i in range(len(lines) - 1, 0, -1) if set(lines[i].strip()) <= set("|-: ") and "-" in lines[i]), 0
    )
    return f"{lines[rule - 1]}\n{lines[rule]}" if rule else ""


def _repeats(each: Evidence, other: Evidence) -> bool:
    """Whether most words and all numbers of a stretch stand in another: the same words with another value do not."""
    words, there = set(terms(each.text)), set(terms(other.text))
    new_number = any(any(map(str.isdigit, term)) for term in words - there)
    return not new_number and len(words & there) > MAX_REPEATED * len(words)


def _merits(stretch: _Stretch, sought: Asked) -> float:
    """What speaks for a stretch before its meaning is looked at."""
    inside = sought.covered(stretch.words)
    above = sought.covered(stretch.above - stretch.words)
    score, kind = stretch.passage.score, sought.met_by(stretch.text)
    return PASSAGE * score + INSIDE * inside + ABOVE * above + KIND * kind


def _answered(sought: Asked, stretches: Sequence[_Stretch], shown: Sequence[Evidence], nearest: float) -> float:
    """How likely the question is answered, from 0 to 1."""
    neighbours = max(sought.covered(each.around | each.above) for each in stretches)
    together = {term for each in shown for term in terms(f"{_headings(each.passage)} {each.text}")}
    weighed = NEIGHBOURS * neighbours + TOGETHER * sought.covered(together) + NEAREST * nearest
    return 1 / (1 + math.exp(-(weighed + UNKNOWN * bool(sought.unknown) + CONSTANT)))


def _embedded(stretches: Sequence[_Stretch], embedder: Embedder) -> Vectors:
    """The vectors of stretches, each under its title and its nearest headings, as far as the model's limit allows."""
    texts = []
    for each in stretches:
        chunk = each.passage.chunk
        place = " > ".join(part for part in (chunk.title, chunk.heading.rpartition(" > ")[2]) if part)
        texts.append("\n".join(part for part in (place, embedded(each.header), embedded(each.text)) if part))
    counts = embedder.tokens(texts)
    while long := [i for i, count in enumerate(counts) if count > embedder.max_tokens]:
        for i in long:
            texts[i] = texts[i][: len(texts[i]) // 2]
        counts = embedder.tokens(texts)
    return embedder.embed(texts)


def _headings(passage: Passage) -> str:
    return f"{passage.chunk.title} {passage.chunk.heading}"


def _stretches(passage: Passage) -> list[_Stretch]:
    """The stretches of a passage that say something, with the words around them."""
    text = passage.chunk.text
    found = _joined(text)
    words = [frozenset(terms(text[unit.start : unit.end])) for unit in found]
    above = frozenset(terms(f"{_headings(passage)} {passage.chunk.uri}"))
    made = []
    for at, unit in enumerate(found):
        header = _over_row(text, found, at) if unit.kind == "row" else ""
        around = frozenset().union(*words[max(0, at - 1) : at + 2])
        made.append(_Stretch(passage, unit, words[at], above | frozenset(terms(header)), around, header))
    return made


def _over_row(text: str, found: Sequence[Unit], at: int) -> str:
    """What a row is read with: the caption or sentence before its table, and the table's header."""
    before = next((unit for unit in reversed(found[:at]) if unit.kind != "row"), None)
    header = table_header(text, found[at].start).partition("\n")[0]
    return "\n".join(part for part in (text[before.start : before.end] if before else "", header) if part)


def _joined(text: str) -> list[Unit]:
    """The units that say something; what belongs to a unit by what stands at its end is joined with it."""
    found = [unit for unit in units(text) if unit.kind != "heading"]
    joined: list[Unit] = []
    at = 0
    while at < len(found):
        last = at + _belonging(text, found[at:])
        joined.append(Unit(found[at].start, found[last].end, found[at].kind))
        at = last + 1
    return [unit for unit in joined if _says_something(text[unit.start : unit.end])]


def _belonging(text: str, found: Sequence[Unit]) -> int:
    """How many units behind the first are read as one with it.

    What a colon announces (a whole list, table or block, or one sentence), what follows a question, and an equation in
    the middle of a sentence, with the sentence's end.
    """
    if len(found) == 1:
        return 0
    written = [text[unit.start : unit.end] for unit in found[:3]]
    closing, announced = written[0].rstrip("*_ ")[-1:], found[1].kind
    if closing == ":":
        alike = next((i for i, unit in enumerate(found[1:]) if unit.kind != announced), len(found) - 1)
        return 1 if announced == "sentence" else alike
    if closing == "?":
        return int(announced in ("sentence", "item"))
    if announced == "equation" and found[0].kind in ("sentence", "item") and closing not in ".!":
        goes_on = len(found) > 2 and found[2].kind == "sentence" and written[2][:1].islower()
        return 2 if goes_on else 1
    return 0


def _says_something(text: str) -> bool:
    """Whether a stretch has a few letters, and is no salutation."""
    return len(re.findall(r"[^\W_]", text)) >= 8 and not (text.endswith(",") and len(text) < 40)

"""Does a passage support a sentence? Numbers, units, identifiers and negation first, then words and meaning."""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np

from app.answer import Verdict
from app.quantity import plain, quantities
from index.embed import Embedder
from index.sentence import units
from index.terms import terms


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and the stretch of the passage that it rests on: offsets into the passage's text, with a score 0..1."""

    verdict: Verdict
    start: int
    end: int
    score: float


class Verifier(Protocol):
    """Judges whether a passage supports a sentence."""

    def judge(self, sentence: str, passage: str) -> Judgement:
        """The verdict on a sentence against the passage that it cites."""
        ...


_IDENTIFIER = re.compile(
    r"(?<![\w])(?=[\w.-]*\d)(?=[\w.-]*[A-Za-z])[A-Za-z][\w]*(?:[-_.][\w]+)+|(?<![\w])[A-Za-z]+\d+\w*"
)
_NEGATION = re.compile(r"\b(?:not|no|never|none|neither|nor|without|cannot|fails? to|n't)\b|n['’]t\b", re.IGNORECASE)
_OPPOSITES = (
    ("observed", "expected"),
    ("upper", "lower"),
    ("excess", "deficit"),
    ("increase", "decrease"),
    ("above", "below"),
    ("raised", "lowered"),
    ("minimum", "maximum"),
    ("before", "after"),
    ("enabled", "disabled"),
)

# A sentence whose words stand in the quoted stretch to this share, averaged with their cosine, is supported; between
# the two it is partly supported. Set on the sample's developing half (docs/figures.md).
SUPPORTED = 0.62
PARTLY = 0.48


class OverlapVerifier:
    """The built-in verifier: it needs nothing but the embedder."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def judge(self, sentence: str, passage: str) -> Judgement:
        """The verdict on a sentence against the passage that it cites.

        A sentence that stands in the passage word for word is supported. Otherwise every number, unit and identifier
        must stand there, negation and direction must agree with the stretch that is nearest in words and meaning, and
        words and meaning together must reach a threshold. What has no word says nothing that could be supported.
        """
        if verbatim := _verbatim(sentence.strip(), passage):
            return Judgement("supported", *verbatim.span(), 1.0)
        start, end, score = self._nearest(sentence, passage)
        quote = passage[start:end]
        if not numbers_agree(sentence, passage):
            return Judgement("numbers differ", start, end, score)
        if score < PARTLY or opposed(sentence, quote):
            return Judgement("not supported", start, end, score)
        return Judgement("supported" if score >= SUPPORTED else "partly", start, end, score)

    def _nearest(self, sentence: str, passage: str) -> tuple[int, int, float]:
        """The stretch of one or two neighbouring units that fits the sentence best."""
        found = units(passage)
        spans = [(unit.start, unit.end) for unit in found]
        spans += [(first.start, second.end) for first, second in pairwise(found)]
        if not spans:
            return 0, len(passage), 0.0
        said = set(terms(sentence))
        shares = [len(said & set(terms(passage[start:end]))) / max(1, len(said)) for start, end in spans]
        likely = sorted(range(len(spans)), key=lambda i: (-shares[i], spans[i][1] - spans[i][0], i))[:8]
        vectors = self._embedder.embed([passage[slice(*spans[i])] for i in likely])
        cosines = np.clip(vectors @ self._embedder.embed_question(sentence), 0.0, 1.0)
        scores = [(shares[i] + float(cosine)) / 2 for i, cosine in zip(likely, cosines, strict=True)]
        best = max(range(len(likely)), key=lambda j: (scores[j], -j))
        return (*spans[likely[best]], scores[best])


def _verbatim(sentence: str, passage: str) -> re.Match[str] | None:
    """Where a sentence stands in a passage word for word, not as part of longer words or numbers."""
    if not re.search(r"\w", sentence):
        return None
    return re.search(rf"(?<!\w)(?<!\d[.,]){re.escape(sentence)}(?!\w)(?![.,]\d)", passage)


def numbers_agree(sentence: str, passage: str) -> bool:
    """Whether every number with its unit and every identifier of the sentence stands in the passage.

    >>> numbers_agree("The energy is 13 TeV.", "We ran at 13000 GeV.")
    True
    >>> numbers_agree("The energy is 13 TeV.", "We ran at 13 GeV.")
    False
    """
    plain_sentence, plain_passage = plain(sentence), plain(passage)
    there = quantities(plain_passage)
    if not all(any(said.met_by(each) for each in there) for said in quantities(plain_sentence)):
        return False
    lowered = plain_passage.casefold()
    return all(name.casefold() in lowered for name in _IDENTIFIER.findall(plain_sentence))


def opposed(sentence: str, quote: str) -> bool:
    """Whether one of the two is negated and the other is not, or they name opposite directions."""
    if bool(_NEGATION.search(sentence)) != bool(_NEGATION.search(quote)):
        return True
    said, there = set(sentence.casefold().split()), set(quote.casefold().split())
    return any(
        (a in said and b not in said and b in there and a not in there)
        or (b in said and a not in said and a in there and b not in there)
        for a, b in _OPPOSITES
    )

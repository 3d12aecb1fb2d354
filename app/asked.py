"""What a question asks for: its words with their weights, its names, and whether it wants a number or a person."""

import difflib
import math
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from index.terms import terms
from retriever.passage import Passage

Wanted = Literal["number", "person", "time", ""]

#: Words that ask and name nothing.
_ASKING = frozenset(terms("many much long often far exactly please tell me"))
# A word that no passage has is looked for as a slip of the pen: the nearest word of the passages is taken for it.
_SLIP_LETTERS = 5
_SLIP_SIMILARITY = 0.8
#: A plain word that no passage has weighs as one in a tenth of them; a name that none has weighs most.
_ABSENT_SHARE = 0.1
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
#: Names that must be met: what has a digit in it, and abbreviations in capitals.
_NAME = re.compile(r"\b(?:\d{1,3}(?:,\d{3})+|\w+(?:[-_:./]+\w+)*)")
_NUMBERED = re.compile(rf"\b(?!(?:{_MONTHS})\b)([A-Z][\w-]*) (v?\d[\w.]*)")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NUMBER_WORD = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|once|twice|half|daily|weekly|monthly|hourly)\b"
)
_TIME = re.compile(rf"\b(?:{_MONTHS})\b|\b(?:19|20)\d\d\b|\b\d\d:\d\d\b")
_PERSON = re.compile(r"\b[A-Z][a-z]+ (?:[a-z]+ )?[A-Z][\w-]+|\b(?:on-call|manager|convener|chair|coordinator|leader)")
_WANTS: Mapping[Wanted, re.Pattern[str]] = {
    "person": re.compile(r"\bwho(?:m|se)?\b"),
    "time": re.compile(r"\bwhen\b|\bwhat time\b|\bwhich day\b|\bdate\b"),
    "number": re.compile(
        r"\bhow (?:many|much|long|far|often|large|big|heavy|hot|cold|fast|high|deep|old|precisely|efficient|good)\b"
        r"|\b(?:number|rate|fraction|share|percentage|value|mass|limit|temperature|threshold|uncertainty|efficiency"
        r"|rejection|size|distance|energy|voltage|quota|latency|section|plateau|luminosity|cut|factor|peak)\b"
    ),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question held against the passages that were found for it.

    weights sum to 1 over the terms as the passages write them: the fewer passages have a term, the heavier it is.
    unknown are the names of the question that stand in none of the passages.
    """

    question: str
    weights: Mapping[str, float]
    unknown: tuple[str, ...]
    wanted: Wanted

    def covered(self, words: Collection[str]) -> float:
        """The weight of the question's terms that are among these."""
        return sum(weight for term, weight in self.weights.items() if term in words)

    def met_by(self, text: str) -> float:
        """1 where the text has what kind of thing is wanted, a number other than the question's own; else 0.

        A half where nothing particular is wanted.
        """
        match self.wanted:
            case "number":
                own = set(_NUMBER.findall(self.question))
                new = any(number not in own for number in _NUMBER.findall(text))
                return float(new or _NUMBER_WORD.search(text.lower()) is not None)
            case "time":
                return float(_TIME.search(text) is not None)
            case "person":
                return float(_PERSON.search(text) is not None)
        return 0.5


def asked(question: str, passages: Sequence[Passage]) -> Asked:
    """The question held against all passages that were found, also those that are not read closely."""
    texts = [set(terms(written(passage))) for passage in passages]
    frequency = Counter(term for text in texts for term in text)
    vocabulary = sorted(frequency)
    names = _names(question)
    capitals = {name.lower() for name in names}
    raw: dict[str, float] = {}
    for term in dict.fromkeys(terms(question)):
        if term not in _ASKING:
            there = term if term in frequency else _meant(term, vocabulary)
            absent = _ABSENT_SHARE * len(texts) if term.isalpha() and term not in capitals else 0.0
            raw[there] = math.log(1 + (len(texts) + 1) / ((frequency[there] or absent) + 0.5))
    total = sum(raw.values()) or 1.0
    everything = [_folded(written(passage)) for passage in passages]
    unknown = tuple(name for name in names if not any(_folded(name) in text for text in everything))
    return Asked(question, {term: weight / total for term, weight in raw.items()}, unknown, _wanted(question))


def written(passage: Passage) -> str:
    """A passage with what stands above it; the address too, since it often holds the number of a note."""
    chunk = passage.chunk
    return f"{chunk.title} {chunk.heading} {chunk.uri} {chunk.text}"


def _wanted(question: str) -> Wanted:
    lower = question.lower()
    return next((kind for kind, pattern in _WANTS.items() if pattern.search(lower)), "")


def _meant(term: str, vocabulary: Sequence[str]) -> str:
    """The term that was meant by one that stands nowhere, or the same term."""
    if len(term) < _SLIP_LETTERS or not term.isalpha():
        return term
    return next(iter(difflib.get_close_matches(term, vocabulary, 1, _SLIP_SIMILARITY)), term)


def _names(question: str) -> list[str]:
    """Identifiers, numbers, abbreviations, and names with their version.

    >>> _names("When was HTag v4 of CMS ready for HLXSW-3999?")
    ['v4', 'CMS', 'HLXSW-3999', 'HTag v4']
    """
    words = [match[0] for match in _NAME.finditer(question)]
    found = [word for word in words if len(word) > 1 and any(map(str.isdigit, word))]
    found += [word for word in words if len(word) > 2 and word.isalpha() and word.isupper()]
    found += [match[0] for match in _NUMBERED.finditer(question) if terms(match[1])]
    return sorted(dict.fromkeys(found), key=lambda name: (" " in name, question.find(name)))


def _folded(text: str) -> str:
    """A text as words and numbers between single spaces."""
    plain = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text.lower())
    words = re.findall(r"[^\W_]+", plain)
    return f" {' '.join(words)} "

"""Text to lexical terms, and terms to the sparse vectors of BM25."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b

from index.chunk import ChunkKind
from index.embedded import spelled
from index.store import Terms

#: Robertson and Zaragoza 2009; values of Anserini's BM25 baselines for passages.
K1 = 0.9
B = 0.4
#: Terms of an average chunk. Constants, never taken from the live index: what someone may not read must not move
#: scores.
AVERAGE_TERMS: dict[ChunkKind, float] = {
    "prose": 150.0,
    "table": 150.0,
    "equation": 100.0,
    "code": 150.0,
    "slide": 100.0,
    "message": 120.0,
    "caption": 60.0,
}

#: Function words of English; nothing of any field is among them.
STOP_WORDS = frozenset(
    """a an and are as at be been but by can could did do does for from had has have he her his how i if in into is it
    its may me my no nor not of on or our she should so some such than that the their them then there these they this
    those to was we were what when where which who whom why will with would you your""".split()
)

_SURFACE = re.compile(
    r"""https?://[^\s<>"'`|)\]]+            # an address
      | \\[A-Za-z]+                         # a command of LaTeX
      | [^\W_]+(?:[-_./:^+@~\#'’]+\{?[-+]?[^\W_]+\}?)*   # a word, or words joined by signs""",
    re.VERBOSE,
)


def terms(text: str) -> list[str]:
    """The lexical terms of a text, repetitions included, in order."""
    text = unicodedata.normalize("NFKC", text).replace("\u2212", "-")
    return [term for match in _SURFACE.finditer(text) for term in _forms(match[0])]


@lru_cache(maxsize=200_000)
def _forms(surface: str) -> tuple[str, ...]:
    """The terms of one word, address or identifier: whole and split."""
    if surface.startswith("\\"):
        return tuple(spelled(surface).split())
    return tuple(dict.fromkeys(term for term in _split(surface) if term not in STOP_WORDS))


def _split(surface: str) -> Iterator[str]:
    whole = surface.casefold()
    yield whole
    for part in re.findall(r"[^\W_]+", surface):
        yield part.casefold()
        for camel in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", part):
            yield camel.casefold()


def document_terms(text: str, kind: ChunkKind) -> Terms:
    """The terms of a chunk with the saturated term frequency of BM25."""
    counted = Counter(terms(text))
    length = sum(counted.values()) / AVERAGE_TERMS[kind]
    weights: dict[int, float] = {}
    for term, count in counted.items():
        weights[_id(term)] = count * (K1 + 1) / (count + K1 * (1 - B + B * length))
    return _terms(weights)


def question_terms(text: str) -> Terms:
    """The terms of a question with how often each was asked."""
    return _terms({_id(term): float(count) for term, count in Counter(terms(text)).items()})


def _terms(weights: dict[int, float]) -> Terms:
    ids = tuple(sorted(weights))
    return Terms(ids, tuple(weights[each] for each in ids))


@lru_cache(maxsize=500_000)
def _id(term: str) -> int:
    return int.from_bytes(blake2b(term.encode(errors="surrogatepass"), digest_size=4).digest())

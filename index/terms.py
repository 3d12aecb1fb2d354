"""Text to lexical terms, and terms to the sparse vectors of BM25."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from hashlib import blake2b
from threading import Lock
from typing import Any, cast

from index.chunk import ChunkKind
from index.embedded import GREEK, SILENT
from index.store import Terms

#: Saturation and length normalisation of BM25 (Robertson and Zaragoza 2009). Swept k1 0.6-1.6 and b 0.2-0.9 on
#: osg_anchor (507 known-item questions) and scifact's training claims (505): k1 is flat; nDCG@10 rises with b from .569
#: at 0.4 to .603 at 0.75 on the first and falls from .856 to .852 on the second.
K1 = 1.2
B = 0.75
#: How many terms an average chunk of each kind has: means over wiki pages, software manuals, talks and papers. They are
#: constants, never taken from the live index: what someone may not read must not move the scores of what they may.
AVERAGE_TERMS: Mapping[ChunkKind, float] = {
    "prose": 65.0,
    "table": 68.0,
    "equation": 65.0,
    "code": 80.0,
    "slide": 35.0,
    "message": 55.0,
    "caption": 60.0,
}

#: Function words of English; to leave them out is worth .01 nDCG@10 on osg_anchor and .005 on scifact. No word of any
#: field is among them, and one in capitals (IT, CAN, US) is no such word.
STOP_WORDS = frozenset(
    """a an and are as at be been but by can could did do does don doesn for from had has have he her his how i if in
    into is isn it its may me my no nor not of on or our she should so some such than that the their them then there
    these they this those to was we were what when where which who whom why will with would you your""".split()
)

#: What a number is measured in; "13.6 TeV" then is also one term.
_UNIT = (
    r"(?:[afpn]b\^?-1|[kMGTPEmunpf\u03bc]?(?:eV(?:/c\^?2?)?|Hz|b|B|s|m|g|V|A|W|K|J|rad|Pa|bit|byte|bps|bar|barn)"
    r"|[kMGm]?T|[kMGTP]i?B|cm|Gy|sr|min|h|events?)"
)
_QUANTITY = re.compile(rf"(?<![-\w.^])(\d+(?:\.\d+)?)\$?[ ~]({_UNIT})(?![\w^]|-\d)")
_CLOSE_QUANTITY = re.compile(rf"(\d+(?:\.\d+)?)({_UNIT})")
_UNIT_ALONE = re.compile(_UNIT)
_STYLED = re.compile(r"\\(?:" + "|".join(sorted(SILENT, key=len, reverse=True)) + r")\b\s*\{([^{}]*)\}")
_SCRIPT = re.compile(r"([_^])\{\s*([^{}\s]{1,12})\s*\}")
_ACCENTS = re.compile("[\u0300-\u036f]+")
_SHORTENED = re.compile(r"(?<=\w)'(?:s|t|re|ve|ll|d|m)\b")
_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])")
_SURFACE = re.compile(
    r"""https?://[^\s<>"'`|)\]}]+                                            # an address
      | \\[A-Za-z]+                                                          # a command of LaTeX
      | [^\W_]+ (?: (?:\^[-+]?|_+|::|->|[-./:+@&]) [^\W_]+ )* (?:\+\+)?    # a word, or words joined by signs
      | \.[^\W_]+                                                            # a suffix
    """,
    re.VERBOSE,
)
_RUN = re.compile(r"[^\W_]+")
_PLAIN = re.compile(r"[A-Z]?[a-z]+")
#: XMLParser is XML and Parser, Run2 is Run and 2, 24GeV is 24 and GeV; e28, L1 and 3D stay whole.
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]")
#: A longer word in capitals is a word that is shouted, and stemmed too.
_LONGEST_ACRONYM = 6
#: Longer ones are hashes and encoded data: whole, and not split.
_LONGEST_SPLIT = 64


def terms(text: str) -> list[str]:
    """The lexical terms of a text in order, repetitions included.

    Words are stemmed, identifiers whole and split; quantities stand at the end.

    >>> terms("The triggers of ATLAS-CONF-2023-001")
    ['trigger', 'atlas-conf-2023-001', 'atlas', 'conf', '2023', '001']
    >>> terms("p_T of the W"), terms("eν")
    (['p_t', 'pt', 'p', 't', 'w', 'W'], ['enu', 'e', 'nu'])
    >>> terms("146 fb^{-1} at 13.6 TeV")
    ['146', 'fb-1', 'fb', '13.6', 'tev', '146fb-1', '13.6tev']
    """
    text = _normal(text)
    found = [term for match in _SURFACE.finditer(text) for term in _forms(match[0])]
    found += [f"{number}{_whole(unit)}" for number, unit in _QUANTITY.findall(text)]
    return found


def _normal(text: str) -> str:
    """The text with one way of writing what has several: accents, minus signs, thousands, LaTeX scripts and styles."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _ACCENTS.sub("", unicodedata.normalize("NFKD", text)))
        text = text.replace("\u2212", "-").replace("\u2019", "'")
    if "'" in text:
        text = _SHORTENED.sub("", text)
    if "\\" in text:
        text = _STYLED.sub(r"\1", text)
    if "{" in text:
        text = _SCRIPT.sub(r"\1\2", text)
    if "," in text:
        text = _THOUSANDS.sub(lambda match: match[0].replace(",", ""), text)
    return text


@lru_cache(maxsize=200_000)
def _forms(surface: str) -> tuple[str, ...]:
    """The terms of one word, address or identifier."""
    if len(surface) == 1:
        return _letter(surface)
    if _PLAIN.fullmatch(surface):
        return _word(surface)
    if surface.isalpha() and surface[1:].islower() and not any(sign in GREEK for sign in surface):
        return (surface.casefold(),)
    if surface.startswith("\\"):
        return () if surface[1:] in SILENT else _word(surface[1:].removeprefix("var"))
    if surface.isupper() and surface.isascii() and surface.isalpha() and len(surface) > _LONGEST_ACRONYM:
        return tuple(dict.fromkeys((surface.lower(), *_word(surface))))
    if surface.startswith(("http://", "https://")):
        return _address(surface)
    return tuple(dict.fromkeys(_identifier(surface)))


def _letter(letter: str) -> tuple[str, ...]:
    """One letter or digit; a capital letter (W, Z) is also a term of its own, other than the small one."""
    if letter in ("A", "I", "a", "i"):
        return () if letter in ("a", "i") else (letter,)
    return (letter.lower(), letter) if "B" <= letter <= "Z" else (_whole(letter),)


def _word(word: str) -> tuple[str, ...]:
    """A plain word stemmed; nothing for a function word."""
    lower = word.lower()
    return () if lower in STOP_WORDS else (_stem(lower),)


def _address(surface: str) -> tuple[str, ...]:
    """The address without its scheme whole, and the forms of each part between slashes."""
    bare = surface.partition("//")[2].rstrip(".,;:!?")
    surfaces = [match[0] for part in re.split(r"[/?&=#%]+", bare) for match in _SURFACE.finditer(part)]
    return tuple(dict.fromkeys([bare.casefold(), *(form for each in surfaces for form in _forms(each))]))


def _identifier(surface: str) -> Iterator[str]:
    """What is no plain word: whole, joined where a letter carries an index, and in parts."""
    yield _whole(surface)
    if len(surface) > _LONGEST_SPLIT or _NUMBER.fullmatch(surface):
        return
    if quantity := _CLOSE_QUANTITY.fullmatch(surface):
        yield from (quantity[1], _whole(quantity[2]))
        return
    if "/" in surface:
        for step in filter(None, surface.split("/")):
            yield from _forms(step)
        return
    runs = _RUN.findall(surface)
    if "^" in surface:
        runs = [run for run in runs if not run.isdigit()]
    if len(runs) == 2 and "_" in surface and min(map(len, runs)) == 1:
        yield _whole("".join(runs))
    if _VERSION.fullmatch(surface):
        yield surface[1:]
        return
    for run in runs:
        yield from _part(run)


_NUMBER = re.compile(r"\d+(?:\.\d+)*")
_VERSION = re.compile(r"[vV]\d+(?:\.\d+)+")


def _part(run: str) -> Iterator[str]:
    """A run of letters and digits whole, and split where its case or its script changes."""
    if _PLAIN.fullmatch(run):
        yield from _word(run)
        return
    yield _whole(run)
    pieces = [] if _UNIT_ALONE.fullmatch(run) else _pieces(run)
    if len(pieces) > 1:
        for piece in pieces:
            yield from _word(piece) if _PLAIN.fullmatch(piece) else (_whole(piece),)


def _pieces(run: str) -> list[str]:
    """The parts of a run; a single letter beside digits (L1, e28, 3D) is not taken off."""
    pieces: list[str] = []
    for piece in _CAMEL.findall(run):
        letters = pieces[-1] if pieces and piece.isdigit() else piece
        if pieces and piece.isdigit() != pieces[-1].isdigit() and len(letters) == 1:
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return pieces


def _whole(surface: str) -> str:
    """An identifier as one term: without case and ^, Greek letters named, a micrometre as um."""
    folded = surface.replace("^", "")
    if not folded.isascii():
        if _UNIT_ALONE.fullmatch(folded):
            folded = folded.replace("\u03bc", "u")
        folded = "".join(GREEK.get(sign, sign) for sign in folded)
    return folded.casefold()


def _stem(word: str) -> str:
    """Porter's second stemmer for English, as the Snowball project has it.

    It gains .026 nDCG@10 on osg_anchor and .019 on scifact; taking off the s of a plural loses .007 and gains .015.
    """
    with _STEMMING:
        return cast(str, _stemmer().stemWord(word))


#: The stemmer keeps the word in itself: two threads would spoil each other's.
_STEMMING = Lock()


@cache
def _stemmer() -> Any:
    from Stemmer import Stemmer

    return Stemmer("english", 0)


def document_terms(text: str, kind: ChunkKind) -> Terms:
    """The terms of a chunk with the saturated term frequency of BM25.

    A text without letters or digits has its signs as one term, so that no chunk is without terms.
    """
    counted = Counter(terms(text) or ["".join(text.split())])
    norm = K1 * (1 - B + B * counted.total() / AVERAGE_TERMS[kind])
    return _terms((term, count * (K1 + 1) / (count + norm)) for term, count in counted.items())


def question_terms(text: str) -> Terms:
    """The terms of a question with how often each was asked."""
    return _terms((term, float(count)) for term, count in Counter(terms(text)).items())


def _terms(weighted: Iterable[tuple[str, float]]) -> Terms:
    """Weights by term id, in order of the id; terms whose hashes collide are one term."""
    weights: dict[int, float] = {}
    for term, weight in weighted:
        weights[_id(term)] = weights.get(_id(term), 0.0) + weight
    ids = tuple(sorted(weights))
    return Terms(ids, tuple(weights[each] for each in ids))


@lru_cache(maxsize=500_000)
def _id(term: str) -> int:
    return int.from_bytes(blake2b(term.encode(errors="surrogatepass"), digest_size=4).digest())

"""What a model wrote, taken apart: sentences, the markers behind them, and a verdict on each."""

import re
from collections.abc import Callable, Sequence

from app.answer import Citation, Claim
from app.verify import Verifier
from index.sentence import units
from retriever.passage import Passage

_MARKER = re.compile(r"\[\s*\d{1,3}(?:\s*[,;]\s*\d{1,3})*\s*\]")
# The beginning of a marker at the end of a text that goes on.
_OPEN_MARKER = re.compile(r"\s*\[[\d\s,;]*\Z")
_LEADING = re.compile(rf"(?:\s*{_MARKER.pattern})+")

_CODE = re.compile(r"(```.*?(?:```|\Z)|`[^`\n]+`)", re.DOTALL)


def cited_sentences(text: str) -> list[str]:
    """The sentences of an answer, each with the markers behind it, wherever the full stop stands.

    >>> cited_sentences("It is 28 GeV.\\n\\n[1]. It was 26 GeV [2][3].")
    ['It is 28 GeV. [1]', 'It was 26 GeV [2][3].']
    """
    found: list[str] = []
    for unit in units(text):
        sentence = text[unit.start : unit.end]
        leading = _LEADING.match(sentence)
        if leading and found:
            found[-1] += f" {leading[0].strip()}"
            sentence = sentence[leading.end() :].strip()
        if re.search(r"\w", sentence) and unit.kind != "heading":
            found.append(sentence)
    return found


def finished_sentences(text: str) -> list[str]:
    """The sentences of an answer that is still being written: all but the last, which may yet get a marker.

    >>> finished_sentences("It is 28 GeV [1]. It was 26 GeV. [2")
    ['It is 28 GeV [1].']
    """
    return cited_sentences(_OPEN_MARKER.sub("", text))[:-1]


def claim(sentence: str, passages: Sequence[Passage], verifier: Verifier) -> tuple[Claim, int]:
    """A sentence with its markers resolved and judged, and how many of its markers stand for no passage."""
    numbers = _numbers(sentence)
    known = [number for number in numbers if 1 <= number <= len(passages)]
    said = _outside_code(sentence, lambda prose: _MARKER.sub("", prose)).strip()
    said = re.sub(r"\s+([.,;:!?])", r"\1", said)
    citations = tuple(_citation(said, number, passages[number - 1], verifier) for number in known)
    return Claim(said, citations), len(numbers) - len(known)


def known_markers_only(text: str, count: int) -> str:
    """The text without markers that stand for none of count passages, the others each in brackets of their own.

    Code is left as it is.

    >>> known_markers_only("So it is [1, 7]. And [9] so: `x[0]`.", 2)
    'So it is [1]. And so: `x[0]`.'
    """

    def kept(match: re.Match[str]) -> str:
        known = [number for number in _numbers(match[0]) if 1 <= number <= count]
        return match[1] + "".join(f"[{number}]" for number in known) if known else ""

    marker = rf"([ \t]*){_MARKER.pattern}"
    return _outside_code(text, lambda prose: re.sub(marker, kept, prose))


def _numbers(text: str) -> list[int]:
    """The numbers in the markers of a text, each once, in order; what stands in code is none."""
    markers = _MARKER.findall(_CODE.sub("", text))
    return list(dict.fromkeys(int(number) for marker in markers for number in re.findall(r"\d+", marker)))


def _outside_code(text: str, changed: Callable[[str], str]) -> str:
    return "".join(piece if _CODE.fullmatch(piece) else changed(piece) for piece in _CODE.split(text))


def _citation(said: str, number: int, passage: Passage, verifier: Verifier) -> Citation:
    text = passage.chunk.text
    judged = verifier.judge(said, text)
    start = passage.chunk.start + judged.start
    quote = text[judged.start : judged.end]
    return Citation(str(number), passage, quote, start, start + len(quote), judged.verdict)

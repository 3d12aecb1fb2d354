"""The text of an answer with its markers as chips, each with the verdict on what it stands behind."""

import re
from collections.abc import Iterator, Mapping, Sequence

from app.answer import Citation, Claim, Verdict
from app.assistant import EXTRACTIVE
from app.chat import safe
from app.terminal import VERDICTS

#: A citation of an answer: which claim, and which of its citations, both from 0.
Reference = tuple[int, int]

#: Badges are drawn in these colours; the sign beside the number says the same without colour.
COLOURS: Mapping[Verdict, str] = {
    "supported": "green",
    "partly": "orange",
    "numbers differ": "red",
    "not supported": "red",
    "not checked": "gray",
}
#: What a verdict means, for the reader of a citation.
MEANINGS: Mapping[Verdict, str] = {
    "supported": "The passage says this.",
    "partly": "The passage says part of this.",
    "numbers differ": "A number or a name of this sentence does not stand in the passage.",
    "not supported": "The passage does not say this.",
    "not checked": "Nobody checked this against the passage.",
}
#: From bad to good.
_SEVERITY: Sequence[Verdict] = ("not supported", "numbers differ", "not checked", "partly", "supported")

_MARKER = re.compile(r"\[(\d{1,3})\]")
_BEHIND = re.compile(r"\s*(?:\[\d{1,3}\]\s*)+")
_INLINE_TEX = re.compile(r"\\\((.+?)\\\)")
_DISPLAY_TEX = re.compile(r"\\\[(.+?)\\\]", re.DOTALL)
_HREF = re.compile(r"#cite-(\d+)-(\d+)-(\d+)")


def sign(verdict: Verdict) -> str:
    """A verdict as one character that reads without colour."""
    return VERDICTS[verdict][0]


def badge(marker: str, verdict: Verdict) -> str:
    """A marker with its verdict, as a badge in Markdown."""
    return f":{COLOURS[verdict]}-badge[{safe.inline(marker)} {sign(verdict)}]"


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict that a reader must know of first."""
    return min(verdicts, key=_SEVERITY.index)


def href(exchange: int, reference: Reference) -> str:
    """The address within the page that stands for a citation of an answer."""
    return f"#cite-{exchange}-{reference[0]}-{reference[1]}"


def referred(address: str) -> tuple[int, Reference] | None:
    """The exchange and the citation that an address stands for; None when it is no such address."""
    found = _HREF.fullmatch(address)
    return (int(found[1]), (int(found[2]), int(found[3]))) if found else None


def cited(text: str, claims: Sequence[Claim], model: str, *, exchange: int, home: frozenset[str]) -> str:
    """An answer, whole or as far as it is written, as Markdown with a chip for each marker.

    A marker whose sentence is not judged yet is a grey number that leads nowhere.
    """
    found: dict[safe.Span, Reference | None]
    if model == EXTRACTIVE:
        found = dict(_behind_sentences(text, claims))
    else:
        text = dollars(text)
        found = dict(_in_order(text, claims))
    chips = {span: _chip(text, span, reference, claims, exchange) for span, reference in found.items()}
    return safe.markdown(text, chips=chips, home=home)


def dollars(text: str) -> str:
    r"""Mathematics between \( \) or \[ \], as many models write it, between dollar signs.

    >>> dollars(r"So \(m_H\) is `\(x\)`.")
    'So $m_H$ is `\\(x\\)`.'
    """
    for pattern, made in ((_DISPLAY_TEX, "\n\n$$\n{}\n$$\n\n"), (_INLINE_TEX, "${}$")):
        allowed = list(safe.prose(text))
        for match in reversed(list(pattern.finditer(text))):
            if all(any(start <= at < end for start, end in allowed) for at in (match.start(), match.end() - 1)):
                text = text[: match.start()] + made.format(match[1].strip()) + text[match.end() :]
    return text


def _chip(text: str, span: safe.Span, reference: Reference | None, claims: Sequence[Claim], exchange: int) -> str:
    marker = text[span[0] + 1 : span[1] - 1]
    if reference is None:
        return f":gray-badge[{marker}]"
    citation = _citation(claims, reference)
    return f'[{badge(marker, citation.verdict)}]({href(exchange, reference)} "{citation.verdict}")'


def _citation(claims: Sequence[Claim], reference: Reference) -> Citation:
    return claims[reference[0]].citations[reference[1]]


def _behind_sentences(text: str, claims: Sequence[Claim]) -> Iterator[tuple[safe.Span, Reference | None]]:
    """The markers behind each of the documents' own sentences; what looks like one inside them is theirs."""
    at = 0
    for number, claim in enumerate(claims):
        begun = text.find(claim.sentence, at)
        if begun < 0:
            continue
        at = begun + len(claim.sentence)
        behind = _BEHIND.match(text, at)
        if behind is None:
            continue
        for marker in _MARKER.finditer(text, at, behind.end()):
            reference = _first(claims[number : number + 1], marker[1])
            if reference is not None:
                yield marker.span(), (number, reference[1])
        at = behind.end()


def _in_order(text: str, claims: Sequence[Claim]) -> Iterator[tuple[safe.Span, Reference | None]]:
    """The markers of a text that a model wrote; its claims come in the order of its sentences, headings left out."""
    current = 0
    for start, end in safe.prose(text):
        heading = text[start:end].startswith("#")
        for marker in _MARKER.finditer(text, start, end):
            ahead = None if heading else _first(claims[current:], marker[1])
            if ahead is not None:
                current += ahead[0]
                yield marker.span(), (current, ahead[1])
            else:
                yield marker.span(), _first(claims, marker[1]) if heading else None


def _first(claims: Sequence[Claim], marker: str) -> Reference | None:
    """The first citation with a marker."""
    for number, claim in enumerate(claims):
        for place, citation in enumerate(claim.citations):
            if citation.marker == marker:
                return number, place
    return None

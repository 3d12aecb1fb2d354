"""The text of an answer with its markers as chips, each with the verdict on what it stands behind."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence

from app.answer import EXTRACTIVE, Citation, Claim, Verdict
from app.chat import safe
from app.labels import SIGNS
from index.sentence import units

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
_MARKER = re.compile(r"\[(\d{1,3})\]")
_BEHIND = re.compile(r"\s*(?:\[\d{1,3}\]\s*)+")
_HREF = re.compile(r"#cite-(\d+)-(\d+)-(\d+)")


def badge(marker: str, verdict: Verdict) -> str:
    """A marker with its verdict, as a badge in Markdown."""
    return f":{COLOURS[verdict]}-badge[{safe.inline(marker)} {SIGNS[verdict]}]"


def href(exchange: int, reference: Reference) -> str:
    """The address within the page that stands for a citation of an answer."""
    return f"#cite-{exchange}-{reference[0]}-{reference[1]}"


def referred(address: str) -> tuple[int, Reference] | None:
    """The exchange and the citation that an address stands for; None when it is no such address."""
    found = _HREF.fullmatch(address)
    return (int(found[1]), (int(found[2]), int(found[3]))) if found else None


def cited(text: str, claims: Sequence[Claim], model: str, *, exchange: int | None, home: frozenset[str]) -> str:
    """An answer, whole or as far as it is written, as Markdown with a chip for each marker.

    A marker whose sentence is not judged yet is a grey number. Where no exchange is named, the answer is still being
    written, and chips lead nowhere: a click would stop it.
    """
    by_model = model != EXTRACTIVE
    found = dict(_in_sentences(text, claims) if by_model else _behind_sentences(text, claims))
    chips: dict[safe.Span, str] = {}
    shown: set[Reference] = set()
    for span, reference in found.items():
        marker = text[span[0] + 1 : span[1] - 1]
        if reference is None:
            chips[span] = f":gray-badge[{marker}]"
        else:
            citation = claims[reference[0]].citations[reference[1]]
            address = "" if exchange is None else href(exchange, reference)
            chips[span] = _chip(citation, address, again=reference in shown)
            shown.add(reference)
    return safe.markdown(text, chips=chips, home=home, by_model=by_model)


def _chip(citation: Citation, address: str, *, again: bool) -> str:
    """A marker that opens its citation; the first for a sentence says that a document is superseded."""
    shown, said = badge(citation.marker, citation.verdict), str(citation.verdict)
    if citation.passage.chunk.status == "superseded":
        # Green would say that all is well.
        word = "" if again else " superseded"
        shown = f":red-badge[{safe.inline(citation.marker)} {SIGNS[citation.verdict]}{word}]"
        said += ", but the document is superseded"
    return f'[{shown}]({address} "{said}")' if address else shown


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


def _in_sentences(text: str, claims: Sequence[Claim]) -> Iterator[tuple[safe.Span, Reference | None]]:
    """The markers of a text that a model wrote, each with the citation of the sentence that it stands in or behind."""
    begins = list(_sentences(text))
    for start, end in safe.prose(text):
        for marker in _MARKER.finditer(text, start, end):
            number = bisect_right(begins, marker.start()) - 1
            found = _first(claims[number : number + 1], marker[1]) if number >= 0 else None
            yield marker.span(), (number, found[1]) if found else None


def _sentences(text: str) -> Iterator[int]:
    """Where each claim of a text begins: its sentences without headings, each from behind the markers in front."""
    first = True
    for unit in units(text):
        behind = None if first else _BEHIND.match(text, unit.start, unit.end)
        start = behind.end() if behind else unit.start
        if unit.kind != "heading" and start < unit.end:
            first = False
            yield start


def _first(claims: Sequence[Claim], marker: str) -> Reference | None:
    """The first citation with a marker."""
    for number, claim in enumerate(claims):
        for place, citation in enumerate(claim.citations):
            if citation.marker == marker:
                return number, place
    return None

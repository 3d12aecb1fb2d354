"""Answers made by hand, to be judged."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.answer import Answer, Citation, Claim, Verdict
from eval.case import Answered
from index.chunk import Chunk
from retriever.passage import Passage

TEXTS = {
    "mem:menu": "The threshold is 28 GeV. It was 26 GeV in 2023.",
    "mem:magnet": "The solenoid gives a field of 3.2 T.",
}
_CHUNK = Chunk(
    id="",
    uri="",
    link="",
    title="A page",
    heading="",
    text="",
    start=0,
    end=0,
    kind="prose",
    quoted=False,
    embedded="",
    document_kind="page",
    source="pages",
    authors=(),
    modified=None,
    version="",
    status="unknown",
    readers=(frozenset({"public"}),),
)


def passage_of(uri: str, readers: frozenset[str] = frozenset({"public"})) -> Passage:
    text = TEXTS[uri]
    chunk = replace(
        _CHUNK, id=f"chunk of {uri}", uri=uri, link=uri, text=text, end=len(text), embedded=text, readers=(readers,)
    )
    return Passage(chunk, 1.0, {"lexical": 1})


def answered_by(
    *quotes: tuple[str, str], verdict: Verdict = "supported", readers: frozenset[str] = frozenset({"public"})
) -> Answered:
    """An answer of these (uri, quote) pairs, each with its marker behind it; without any, a refusal."""
    uris = list(dict.fromkeys(uri for uri, _ in quotes))
    passages = tuple(passage_of(uri, readers) for uri in uris)
    claims = []
    for uri, quote in quotes:
        start = TEXTS[uri].index(quote)
        place = uris.index(uri)
        citation = Citation(str(place + 1), passages[place], quote, start, start + len(quote), verdict)
        claims.append(Claim(quote, (citation,)))
    text = "\n\n".join(f"{claim.sentence} [{claim.citations[0].marker}]" for claim in claims)
    answer = Answer("?", text or "I found nothing. Searched 8 documents.", tuple(claims), passages, not quotes, "", 0.5)
    return Answered(answer, TEXTS)


@pytest.fixture
def answered() -> Callable[..., Answered]:
    """Makes an answer of pairs of a uri and a sentence."""
    return answered_by

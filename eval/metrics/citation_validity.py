"""Share of citations whose quote stands in its document, letter by letter where it is said to stand, and is marked."""

import re

from app.answer import Answer, Citation
from eval.case import Answered, Case
from eval.score import Better

NAME = "citation validity"
BETTER: Better = "higher"
_MARKER = re.compile(r"\[(\d{1,3})\]")


def score(case: Case, answer: Answered) -> float | None:  # noqa: ARG001 - every metric is asked alike
    """A marker that resolves to no citation counts as an invalid one; None for an answer without any."""
    made = [citation for claim in answer.answer.claims for citation in claim.citations]
    dangling = _markers(answer.answer) - {citation.marker for citation in made}
    if not made and not dangling:
        return None
    valid = sum(_valid(citation, answer) for citation in made)
    return valid / (len(made) + len(dangling))


def _valid(citation: Citation, answer: Answered) -> bool:
    chunk = citation.passage.chunk
    text = answer.texts.get(chunk.uri, "")
    place = int(citation.marker) - 1
    return (
        bool(citation.quote)
        and text[citation.start : citation.end] == citation.quote
        and place < len(answer.answer.passages)
        and answer.answer.passages[place].chunk.id == chunk.id
    )


def _markers(answer: Answer) -> set[str]:
    """The markers of an answer's text; what looks like one inside a document's own sentence is none."""
    text = answer.text
    for claim in answer.claims:
        text = text.replace(claim.sentence, "")
    return set(_MARKER.findall(text))

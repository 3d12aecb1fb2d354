"""The answer: sentences, what each rests on, and what the check said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from retriever.passage import Passage

Verdict = Literal["supported", "partly", "numbers differ", "not supported", "not checked"]
#: Stands for the model where none wrote.
EXTRACTIVE = "extractive"


@dataclass(frozen=True, slots=True)
class Citation:
    """A place that a sentence rests on. marker is the number shown; quote stands verbatim in the passage's text.

    start and end are the quote's offsets in the document's text.
    """

    marker: str
    passage: Passage
    quote: str
    start: int
    end: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of an answer and the places it cites; a sentence without citations rests on nothing."""

    sentence: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the asker gets.

    text is Markdown with markers like [1] behind the sentences. passages are those that the answer was made from, in
    the order of their rank. refused says that nothing was found that answers; text then says what was searched. model
    is EXTRACTIVE where no model wrote. seconds counts from the question to the last word. unknown_markers counts
    the markers that the model made up; they were dropped. provenance names what is needed to repeat the answer.
    """

    question: str
    text: str
    claims: tuple[Claim, ...]
    passages: tuple[Passage, ...]
    refused: bool
    model: str
    seconds: float
    unknown_markers: int = 0
    notes: tuple[str, ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)

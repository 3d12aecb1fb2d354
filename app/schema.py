"""What the API takes and gives, as its OpenAPI description shows it; app.shape makes the same of our own nouns."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, RootModel, StringConstraints

#: The longest question that is taken, in characters.
MAX_QUESTION = 4000
#: The longest answer of an earlier turn, and how many of them a question may bring.
MAX_ANSWER = 100_000
MAX_TURNS = 50
#: The longest address of a document, in characters.
MAX_URI = 4000
#: The largest body of a request, in bytes: every turn at its longest, and room for what JSON spells out.
MAX_BODY = 4 * MAX_TURNS * MAX_ANSWER

Question = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUESTION)]


class EarlierTurn(BaseModel):
    """A question asked before in the same conversation, and the text of its answer."""

    question: str = Field(max_length=MAX_QUESTION)
    answer: str = Field(default="", max_length=MAX_ANSWER)


class Asked(BaseModel):
    """A question and the conversation that it belongs to."""

    question: Question
    turns: list[EarlierTurn] = Field(default_factory=list, max_length=MAX_TURNS)


class Searched(BaseModel):
    """A search for passages."""

    question: Question
    k: int = Field(default=10, ge=1, le=100)


class CopyShape(BaseModel):
    """Another document that says the same as a passage: the other form of a talk, an older version."""

    uri: str
    link: str
    title: str


class PassageShape(BaseModel):
    """A passage that fits the question, and what rank each leg of the search gave it.

    heading is the path of headings above it, without the title. status says how far the document can be relied on:
    official, approved, draft, personal, superseded, or unknown.
    """

    rank: int
    score: float
    ranks: dict[str, int]
    uri: str
    link: str
    title: str
    heading: str
    document_kind: str
    chunk_kind: str
    source: str
    text: str
    modified: str | None
    status: str
    copies: list[CopyShape]


class Passages(BaseModel):
    """What a search found, best first."""

    question: str
    passages: list[PassageShape]
    notes: list[str]
    seconds: float


class CitationShape(BaseModel):
    """A place that a sentence rests on; quote is verbatim, start and end are its offsets in the document's text."""

    marker: str
    uri: str
    link: str
    title: str
    heading: str
    document_kind: str
    modified: str | None
    status: str
    quote: str
    start: int
    end: int
    verdict: str


class ClaimShape(BaseModel):
    """A sentence and the places it cites."""

    sentence: str
    citations: list[CitationShape]


class AnswerShape(BaseModel):
    """An answer; text is Markdown with markers like [1]."""

    question: str
    text: str
    refused: bool
    claims: list[ClaimShape]
    passages: list[PassageShape]
    model: str
    unknown_markers: int
    notes: list[str]
    provenance: dict[str, str]
    seconds: float


class StageEvent(BaseModel):
    """What is being done now."""

    event: Literal["stage"]
    stage: Literal["searching", "reading", "writing", "checking"]


class WordsEvent(BaseModel):
    """The next piece of the answer as the model writes it, not checked yet."""

    event: Literal["words"]
    text: str


class ClaimEvent(BaseModel):
    """A sentence that was written and checked."""

    event: Literal["claim"]
    claim: ClaimShape


class AnswerEvent(BaseModel):
    """The whole answer; the last event."""

    event: Literal["answer"]
    answer: AnswerShape


class ErrorEvent(BaseModel):
    """Why there is no answer, in a sentence; the last event."""

    event: Literal["error"]
    error: str


class StreamedEvent(
    RootModel[Annotated[StageEvent | WordsEvent | ClaimEvent | AnswerEvent | ErrorEvent, Field(discriminator="event")]]
):
    """The data of one server-sent event, whose name is also the value of "event"."""


class PlaceShape(BaseModel):
    """Where a citation rests: the text around it, in pieces of which some hold the quote.

    page is the number to draw with /api/page, or null.
    """

    uri: str
    link: str
    kind: str
    title: str
    label: str
    authors: list[str]
    modified: str | None
    status: str
    page: int | None
    start: int
    end: int
    pieces: list["Piece"]


class Piece(BaseModel):
    """A stretch of a document's text; start is its offset there."""

    start: int
    text: str
    kind: str
    heading: str
    quoted: bool


class Token(BaseModel):
    """A token that stands for the asker for some seconds: send it as "Authorization: Bearer TOKEN"."""

    token: str
    seconds: int


class Health(BaseModel):
    """That the server is up, and whose documents it has."""

    status: Literal["ok"]
    collaboration: str


class Problem(BaseModel):
    """What went wrong, in a sentence."""

    error: str

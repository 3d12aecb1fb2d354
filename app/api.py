"""The API: questions, searches, the places of citations, and tokens for the widget.

Its OpenAPI description is at /api/openapi.json, and a page that shows it at /api/docs.
"""

import json
import time
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, Field

from app import shape
from app.assemble import Site
from app.assistant import Event
from app.evidence import Place, page_image, place
from app.history import Turn
from app.identity import TOKEN_SECONDS, Asker, BadToken, asker, sealed
from app.model import ModelUnavailable
from index.store import Scope
from ingest.errors import CollabqaError

#: The longest question that is taken, in characters.
MAX_QUESTION = 4000


class EarlierTurn(BaseModel):
    """A question asked before in the same conversation, and the text of its answer."""

    question: str = Field(max_length=MAX_QUESTION)
    answer: str = Field(default="", max_length=100_000)


class Asked(BaseModel):
    """A question and the conversation that it belongs to."""

    question: str = Field(min_length=1, max_length=MAX_QUESTION)
    turns: list[EarlierTurn] = Field(default_factory=list, max_length=50)


class Searched(BaseModel):
    """A search for passages."""

    question: str = Field(min_length=1, max_length=MAX_QUESTION)
    k: int = Field(default=10, ge=1, le=100)


class PassageShape(BaseModel):
    """A passage that fits the question, and what rank each leg of the search gave it."""

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


def api(site: Site, secret: bytes) -> FastAPI:
    """The API over an open index."""
    made = FastAPI(
        title="collabqa",
        summary="Cited answers from the documents of a scientific collaboration.",
        version="1",
        docs_url="/docs",
        redoc_url=None,
    )

    def who(request: Request) -> Asker:
        client = request.client.host if request.client else ""
        return asker(request.headers, client, site.settings.access, secret)

    Who = Annotated[Asker, Depends(who)]  # noqa: N806 - a type

    @made.exception_handler(CollabqaError)
    def failed(_: Request, problem: Exception) -> JSONResponse:
        status = 401 if isinstance(problem, BadToken) else 503 if isinstance(problem, ModelUnavailable) else 500
        return JSONResponse({"error": str(problem)}, status)

    @made.post("/ask")
    def ask(asked: Asked, by: Who) -> AnswerShape:
        """Answer a question."""
        answer = site.assistant.answer(asked.question, scope=Scope(by.principals), turns=_turns(asked))
        return AnswerShape.model_validate(shape.answer(answer))

    @made.post("/ask/stream", response_class=StreamingResponse)
    def ask_stream(asked: Asked, by: Who) -> StreamingResponse:
        """Answer a question as server-sent events: stage, words, claim, answer; error where it fails."""
        events = site.assistant.events(asked.question, scope=Scope(by.principals), turns=_turns(asked))
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(_server_sent(events), media_type="text/event-stream", headers=headers)

    @made.post("/search")
    def search(searched: Searched, by: Who) -> Passages:
        """Find passages."""
        started = time.monotonic()
        found = site.hybrid.retrieve(searched.question, scope=Scope(by.principals), k=searched.k)
        seconds = time.monotonic() - started
        return Passages.model_validate(shape.search(searched.question, found.passages, found.notes, seconds))

    @made.get("/place")
    def where(uri: str, by: Who, start: int = 0, end: int = 0) -> PlaceShape:
        """The place of a citation in its document."""
        found = place(site.index, uri, start, end, by.principals)
        if found is None:
            raise HTTPException(404, "no such document")
        return _place(found)

    @made.get("/page", response_class=Response, responses={200: {"content": {"image/png": {}}}})
    def page(uri: str, by: Who, number: Annotated[int, Query(ge=1)], start: int = 0, end: int = 0) -> Response:
        """A page of a PDF with the quoted words highlighted."""
        image = page_image(site.index, uri, number, start, end, by.principals)
        if image is None:
            raise HTTPException(404, "no such page")
        return Response(image, media_type="image/png", headers={"Cache-Control": "private, max-age=300"})

    @made.post("/token")
    def token(by: Who) -> Token:
        """A short-lived token for the asker, as the sign-on knows them."""
        return Token(token=sealed(by, secret), seconds=TOKEN_SECONDS)

    @made.get("/health")
    def health() -> dict[str, str]:
        """Whether the server is up."""
        return {"status": "ok", "collaboration": site.settings.collaboration.name}

    return made


def _turns(asked: Asked) -> list[Turn]:
    return [Turn(each.question, each.answer) for each in asked.turns]


def _server_sent(events: Iterator[Event]) -> Iterator[str]:
    """Events in the form of server-sent events; an error is the last of them."""
    try:
        for happened in events:
            body = shape.event(happened)
            yield f"event: {body['event']}\ndata: {json.dumps(body, ensure_ascii=False)}\n\n"
    except CollabqaError as problem:
        yield f"event: error\ndata: {json.dumps({'event': 'error', 'error': str(problem)})}\n\n"


def _place(found: Place) -> PlaceShape:
    document = found.document
    first = found.around[0] if found.around else None
    values: dict[str, Any] = {
        "uri": document.uri,
        "link": first.link if first else document.uri,
        "kind": document.kind,
        "title": document.title,
        "label": found.label,
        "authors": list(document.authors),
        "modified": document.modified.isoformat() if document.modified else None,
        "status": document.status,
        "page": found.page,
        "start": found.start,
        "end": found.end,
        "pieces": [
            {"start": each.start, "text": each.text, "kind": each.kind, "heading": each.heading, "quoted": each.quoted}
            for each in found.around
        ],
    }
    return PlaceShape.model_validate(values)

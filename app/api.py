"""The API: questions, searches, the places of citations, and tokens for the widget.

Its OpenAPI description is at /api/openapi.json, and a page that shows it at /api/docs.
"""

import json
import logging
import time
from collections.abc import Generator, Iterator, Mapping
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse
from starlette.exceptions import HTTPException as Refused

from app import shape
from app.assemble import Site
from app.assistant import Event
from app.evidence import Place, page_image, place
from app.history import Turn
from app.identity import TOKEN_SECONDS, Asker, BadToken, asker, sealed
from app.model import ModelUnavailable
from app.reference import reference
from app.schema import (
    MAX_BODY,
    MAX_URI,
    AnswerShape,
    Asked,
    Health,
    Passages,
    PlaceShape,
    Problem,
    Searched,
    StreamedEvent,
    Token,
)
from app.streamed import streamed
from index.errors import EmbedderUnavailable, StoreUnavailable
from index.store import Scope
from ingest.errors import CollabqaError

#: The largest offset in a document and the last page that may be named.
_LAST = 2**31 - 1
_Offset = Annotated[int, Query(ge=0, le=_LAST)]
_Uri = Annotated[str, Query(min_length=1, max_length=MAX_URI)]
_UNFORESEEN = "something went wrong in the server; its log says what"
_ELSEWHERE = (ModelUnavailable, EmbedderUnavailable, StoreUnavailable)


class EventStream(StreamingResponse):
    """Server-sent events."""

    media_type = "text/event-stream"


def api(site: Site, secret: bytes) -> FastAPI:
    """The API over an open index."""
    made = FastAPI(
        title="collabqa",
        summary="Cited answers from the documents of a scientific collaboration.",
        version="1",
        docs_url=None,
        redoc_url=None,
        max_body_size=MAX_BODY,
        responses=_problems(
            {
                401: "The token is not one of ours, or has expired.",
                422: "The request is not as described here.",
                500: "Something went wrong in the server.",
            }
        ),
    )
    _speaking(made)
    _describing(made)

    def who(request: Request) -> Asker:
        client = request.client.host if request.client else ""
        return asker(request.headers, client, site.settings.access, secret)

    Who = Annotated[Asker, Depends(who)]  # noqa: N806 - a type

    @made.post("/ask", responses=_problems({503: "The language model does not answer."}))
    def ask(asked: Asked, by: Who) -> AnswerShape:
        """Answer a question."""
        answer = site.assistant.answer(asked.question, scope=Scope(by.principals), turns=_turns(asked))
        return AnswerShape.model_validate(shape.answer(answer))

    @made.post(
        "/ask/stream",
        response_class=EventStream,
        responses={200: {"model": StreamedEvent, "description": "Events, each with its JSON in one data line."}},
    )
    def ask_stream(asked: Asked, by: Who) -> EventStream:
        """Answer a question as server-sent events: stage, words, claim, and at last answer or error."""
        events = site.assistant.events(asked.question, scope=Scope(by.principals), turns=_turns(asked))
        # Without the second a proxy may hold events back until it has a page full of them.
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return EventStream(streamed(_server_sent(events)), headers=headers)

    # Named as a model once, so that its shape is among the description's.
    @made.post("/search", responses={503: {"model": Problem, "description": "A server that we need does not answer."}})
    def search(searched: Searched, by: Who) -> Passages:
        """Find passages."""
        started = time.monotonic()
        found = site.hybrid.retrieve(searched.question, scope=Scope(by.principals), k=searched.k)
        seconds = time.monotonic() - started
        return Passages.model_validate(shape.search(searched.question, found.passages, found.notes, seconds))

    @made.get("/place", responses=_problems({404: "There is no such document, or the asker may not read it."}))
    def where(uri: _Uri, by: Who, start: _Offset = 0, end: _Offset = 0) -> PlaceShape:
        """The place of a citation in its document."""
        found = place(site.index, uri, start, end, by.principals)
        if found is None:
            raise HTTPException(404, "there is no such document, or it is not for you")
        return _place(found)

    @made.get(
        "/page",
        response_class=Response,
        responses={
            200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}},
            **_problems({404: "There is no such page, or the asker may not read the document."}),
        },
    )
    def page(
        uri: _Uri, by: Who, number: Annotated[int, Query(ge=1, le=_LAST)], start: _Offset = 0, end: _Offset = 0
    ) -> Response:
        """A page of a PDF with the quoted words highlighted."""
        image = page_image(site.index, uri, number, start, end, by.principals)
        if image is None:
            raise HTTPException(404, "there is no such page, or it is not for you")
        return Response(image, media_type="image/png", headers={"Cache-Control": "private, max-age=300"})

    @made.post("/token")
    def token(request: Request, response: Response, by: Who) -> Token:
        """A short-lived token for the asker, as the sign-on knows them."""
        # For a token a new one could be had for ever, and nobody would ever leave a group.
        if "authorization" in request.headers:
            raise BadToken("a token is given by the sign-on, not for another token")
        response.headers["Cache-Control"] = "no-store"
        return Token(token=sealed(by, secret), seconds=TOKEN_SECONDS)

    @made.get("/health")
    def health() -> Health:
        """Whether the server is up."""
        return Health(status="ok", collaboration=site.settings.collaboration.name)

    @made.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        """The description for people."""
        return HTMLResponse(reference(made.openapi()))

    return made


def _problems(described: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """Problems as answers. They are JSON on every route, also where FastAPI would give a model the route's own type."""
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}}
    return {status: {"description": text, "content": content} for status, text in described.items()}


def _describing(made: FastAPI) -> None:
    """Let the description say of streamed events that each is an object: FastAPI adds that a stream is a string."""
    described = made.openapi

    def openapi() -> dict[str, Any]:
        description = described()
        answers = description["paths"]["/ask/stream"]["post"]["responses"]
        answers["200"]["content"][EventStream.media_type]["schema"].pop("type", None)
        return description

    made.openapi = openapi  # type: ignore[method-assign]


def _speaking(made: FastAPI) -> None:
    """Let everything that goes wrong be a JSON object with a sentence."""

    def said(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
        return JSONResponse({"error": sentence}, status, headers=headers)

    @made.exception_handler(CollabqaError)
    def failed(_: Request, problem: CollabqaError) -> JSONResponse:
        if isinstance(problem, BadToken):
            return said(401, str(problem), {"WWW-Authenticate": "Bearer"})
        return said(503 if isinstance(problem, _ELSEWHERE) else 500, str(problem))

    @made.exception_handler(RequestValidationError)
    def wrong(_: Request, problem: RequestValidationError) -> JSONResponse:
        places = [(".".join(str(part) for part in each["loc"][1:]), each["msg"]) for each in problem.errors()]
        return said(422, "; ".join(f"{where}: {what}" if where else what for where, what in places))

    @made.exception_handler(Refused)
    def refused(_: Request, problem: Refused) -> JSONResponse:
        return said(problem.status_code, str(problem.detail), problem.headers)

    @made.exception_handler(Exception)
    def broken(_: Request, __: Exception) -> JSONResponse:
        return said(500, _UNFORESEEN)


def _turns(asked: Asked) -> list[Turn]:
    return [Turn(each.question, each.answer) for each in asked.turns]


def _server_sent(events: Iterator[Event]) -> Generator[str, None, None]:
    """Events in the form of server-sent events; an error is the last of them."""
    try:
        for happened in events:
            body = shape.event(happened)
            yield f"event: {body['event']}\ndata: {json.dumps(body, ensure_ascii=False)}\n\n"
    except CollabqaError as problem:
        yield _error(str(problem))
    except Exception:
        logging.getLogger(__name__).exception("an answer failed")
        yield _error(_UNFORESEEN)


def _error(sentence: str) -> str:
    return f"event: error\ndata: {json.dumps({'event': 'error', 'error': sentence}, ensure_ascii=False)}\n\n"


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

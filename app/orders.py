"""The operator's orders as the running server hears them: on a Unix socket in the data folder, for its own user alone.

An order is a POST to /OPERATION with a JSON object. The answer is a JSON object a line: {"result": ...} any number of
times, and {"done": true} or {"error": CLASS, "text": SENTENCE} last.
"""

import json
import logging
import os
import socket
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from app.operator import SOCKET, Ingest, Operator, ServerFailed, heard, readable_here, socket_address
from app.streamed import streamed
from index.errors import StoreBusy
from ingest.errors import CollabqaError


def operations(owner: Operator) -> Starlette:
    """The operations over HTTP."""

    async def order(request: Request) -> Response:
        lines = _lines(owner, request.path_params["operation"], await request.json())
        return StreamingResponse(streamed(lines), media_type="application/x-ndjson")

    return Starlette(routes=[Route("/{operation}", order, methods=["POST"])])


@contextmanager
def listening(folder: Path) -> Iterator[socket.socket]:
    """A socket in the data folder that only our own user can open; it goes with the context. Raises StoreBusy."""
    if heard(folder):
        raise StoreBusy(f"{folder} is served by another process: stop that one first")
    path = folder / SOCKET
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        before = os.umask(0o177)
        try:
            with socket_address(folder) as address:
                listener.bind(address)
        finally:
            os.umask(before)
        try:
            listener.listen()
            yield listener
        finally:
            path.unlink(missing_ok=True)


def _lines(owner: Operator, operation: str, body: Mapping[str, Any]) -> Generator[str, None, None]:
    results = _results(owner, operation, body)
    try:
        for each in results:
            yield json.dumps({"result": each}) + "\n"
        yield json.dumps({"done": True}) + "\n"
    except CollabqaError as problem:
        yield _error(problem)
    except Exception as problem:
        logging.getLogger(__name__).exception("%s failed", operation)
        yield _error(ServerFailed(f"{operation} failed in the server: {type(problem).__name__}: {problem}"))
    finally:
        results.close()


def _error(problem: CollabqaError) -> str:
    return json.dumps({"error": type(problem).__name__, "text": str(problem)}) + "\n"


def _results(owner: Operator, operation: str, body: Mapping[str, Any]) -> Generator[Mapping[str, Any], None, None]:
    groups = None if body.get("groups") is None else tuple(body["groups"])
    match operation:
        case "ingest":
            paths = tuple(body["paths"])
            readable_here(paths, body["asker"])
            yield from owner.ingest(
                Ingest(
                    paths,
                    body["kind"],
                    tuple(body["readers"]),
                    tuple(body["named"]),
                    body["allow_removal"],
                    body["carry_on"],
                )
            )
        case "ask":
            yield from owner.ask(body["question"], groups)
        case "search":
            yield owner.search(body["question"], body["k"], groups)
        case "show":
            yield owner.show(body["uri"])
        case "status":
            yield owner.status()
        case "verify":
            yield owner.verify()
        case _:
            raise ServerFailed(f"there is no operation {operation!r}: the server is of another version")

"""One process for everything: the chat, the widget, the API, and on a Unix socket the operator's orders."""

import json
import os
import socket
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from threading import Thread
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from app.api import api
from app.assemble import Site, site
from app.chat import serving
from app.chat.looks import OPTIONS
from app.config import Settings
from app.identity import secret
from app.operator import Here, Ingest, Operator, readable_here, socket_path
from app.origin import Origins
from ingest.errors import CollabqaError


def run(settings: Settings, folder: Path, *, host: str, port: int) -> None:
    """Serve until told to stop; raises StoreBusy when another process owns the index."""
    owned = site(settings, folder)
    try:
        listener = _listen(folder)
        orders = uvicorn.Server(uvicorn.Config(operations(Here(owned)), log_level="warning", lifespan="off"))
        orders.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        thread = Thread(target=orders.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        # A proxy in front is told apart by the address of its connection: uvicorn must not replace that.
        uvicorn.run(application(owned), host=host, port=port, log_level="warning", proxy_headers=False)
        orders.should_exit = True
        thread.join(5)
        Path(socket_path(folder)).unlink(missing_ok=True)
    finally:
        owned.close()


def application(owned: Site) -> ASGIApp:
    """Chat, API and widget over an open index, as one ASGI application."""
    import streamlit
    from streamlit import config

    for name, value in OPTIONS.items():
        config.set_option(name, value)
    serving.site = owned
    app: ASGIApp = streamlit.App(
        Path(str(files("app").joinpath("chat", "page.py"))),
        routes=[Mount("/api", api(owned, secret(owned.folder))), Route("/widget.js", widget)],
        middleware=[Middleware(Origins, allowed=owned.settings.access.widget_origins)],
    )
    return app


def widget(_: Request) -> Response:
    """The widget's script."""
    path = str(files("app").joinpath("widget", "widget.js"))
    return FileResponse(path, media_type="text/javascript", headers={"Cache-Control": "public, max-age=3600"})


def operations(owner: Operator) -> Starlette:
    """The operator's orders over HTTP: one JSON object in, one JSON object a line out."""

    async def order(request: Request) -> Response:
        body = await request.json()
        lines = _lines(owner, request.path_params["operation"], body)
        return StreamingResponse(lines, media_type="application/x-ndjson")

    return Starlette(routes=[Route("/{operation}", order, methods=["POST"])])


def _lines(owner: Operator, operation: str, body: Mapping[str, Any]) -> Iterator[str]:
    try:
        for each in _results(owner, operation, body):
            yield json.dumps(each) + "\n"
    except CollabqaError as problem:
        yield json.dumps({"error": f"{type(problem).__name__}: {problem}"}) + "\n"
    except Exception as problem:  # noqa: BLE001 - one order; the operator reads what went wrong, the server goes on
        yield json.dumps({"error": f"{operation} failed in the server: {type(problem).__name__}: {problem}"}) + "\n"


def _results(owner: Operator, operation: str, body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    groups = None if body.get("groups") is None else tuple(body["groups"])
    match operation:
        case "ingest":
            paths = tuple(body["paths"])
            readable_here(paths, body["asker"])
            yield from owner.ingest(Ingest(paths, body["kind"], tuple(body["readers"]), body["remove_many"]))
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
            yield {"error": f"there is no operation {operation!r}"}


def _listen(folder: Path) -> socket.socket:
    """A Unix socket in the data folder that only our own user can open."""
    path = socket_path(folder)
    Path(path).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(path)
    finally:
        os.umask(before)
    listener.listen()
    return listener

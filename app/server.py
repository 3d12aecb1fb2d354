"""One process for everything: the chat, the widget, the API, and on a Unix socket the operator's orders."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from threading import Thread
from types import FrameType

import uvicorn
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from app.api import api
from app.assemble import Site, site
from app.chat import serving
from app.chat.looks import OPTIONS
from app.config import Settings
from app.identity import secret
from app.operator import Here
from app.orders import listening, operations
from app.origin import Origins
from index.store import Scope
from ingest.errors import CollabqaError

# How long a thread may keep the interpreter from the others, in seconds. Beside an ingest that cuts passages a search
# took 73 ms (p95 115 ms) at Python's 5 ms and 39 ms (p95 54 ms) at 0.1 ms; with no ingest 38 ms (p95 51 ms).
_SWITCH_SECONDS = 0.0001
# How long answers that are being written may go on when the server is told to end, in seconds.
_GRACE_SECONDS = 2.0

#: The parts of the widget's script, in the order they need each other.
_WIDGET = ("mathematics", "reading", "widget")


class CannotListen(CollabqaError):
    """The address or the port cannot be listened on."""


def run(settings: Settings, folder: Path, *, host: str, port: int) -> None:
    """Serve until told to stop, and end the process; raises StoreBusy and CannotListen."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    owned = site(settings, folder)
    owner = Here(owned, serving=True)
    try:
        with _bound(host, port) as public, listening(folder) as private:
            orders = _Server(uvicorn.Config(operations(owner), log_level="warning", lifespan="off"))
            # A proxy in front is told apart by the address of its connection: uvicorn must not replace that.
            config = uvicorn.Config(application(owned), log_level="warning", proxy_headers=False)
            chat = _Server(config, up=lambda: _opened(owned, host, public), down=(owner.stop, orders.end))
            _on_signals(chat.end)
            hearing = Thread(target=orders.run, args=([private],), daemon=True)
            hearing.start()
            chat.run([public])
            hearing.join(2 * _GRACE_SECONDS)
    finally:
        owner.close()
    _leave()


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
    """The widget's script: its parts inside one function, so that a page sees none of their names."""
    folder = files("app").joinpath("widget")
    parts = [folder.joinpath(f"{name}.js").read_text(encoding="utf-8") for name in _WIDGET]
    script = "\n".join(["(() => {", *parts, "})();", ""])
    return Response(script, media_type="text/javascript", headers={"Cache-Control": "public, max-age=3600"})


class _Server(uvicorn.Server):
    """A server that leaves signals to us, and whose answers end soon after it was told to end."""

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        up: Callable[[], None] = lambda: None,
        down: tuple[Callable[[], None], ...] = (),
    ) -> None:
        super().__init__(config)
        self._up = up
        self._down = down

    def end(self) -> None:
        """End soon."""
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none: uvicorn would send itself the signal again at the end, before the index is closed."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        self._up()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, give answers their time, and hang up on those that take longer."""
        for each in self._down:
            each()
        asyncio.get_running_loop().call_later(_GRACE_SECONDS, self._hang_up)
        await super().shutdown(sockets)

    def _hang_up(self) -> None:
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()


def _bound(host: str, port: int) -> socket.socket:
    """A listening socket; raises CannotListen."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as problem:
        # The library adds the address once more, in brackets.
        why = (getattr(problem, "strerror", None) or str(problem)).partition(" (")[0]
        raise CannotListen(f"{host}, port {port}: {why}; name others with --host and --port") from None


def _opened(owned: Site, host: str, public: socket.socket) -> None:
    """Say so, and load what the first answer needs before somebody waits for it, though not before we listen."""
    _announce(owned, host, public)
    Thread(target=owned.assistant.prepare, daemon=True).start()


def _announce(owned: Site, host: str, public: socket.socket) -> None:
    """Tell whoever started the server what it serves, and where."""
    port = public.getsockname()[1]
    here = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    documents = owned.index.store.counts(scope=Scope(None)).documents
    name = owned.settings.collaboration.name
    model = owned.settings.model
    lines = [
        f"{name[:1].upper()}{name[1:]}: {documents:,} documents; chat at {here}, API at {here}/api/docs, "
        f"widget at {here}/widget.js",
        f"Answers are written by {model.name} at {model.url}."
        if model.kind
        else "Answers are the documents' own sentences: the settings name no [model].",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _on_signals(end: Callable[[], None]) -> None:
    """End when asked to, and at once when asked twice."""
    asked: list[int] = []

    def handle(number: int, _: FrameType | None) -> None:
        if asked:
            os._exit(128 + number)
        asked.append(number)
        end()

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, handle)


def _leave() -> None:
    """End the process although threads may still wait for a model; the index is closed already."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)

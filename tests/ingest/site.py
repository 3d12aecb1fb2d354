"""A small HTTP server for tests of sources: it says what a test tells it to say, bad days included."""

import json
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: the path without its query, the query, the headers with names in lower case."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. cut ends the connection after so many bytes; drip waits so many seconds before each byte."""

    body: bytes | str | object = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    drip: float = 0.0

    @property
    def data(self) -> bytes:
        """The body as bytes; what is neither bytes nor text is sent as JSON."""
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()

    @property
    def media_type(self) -> str:
        """A guess for Content-Type, as a server would make it."""
        if not isinstance(self.body, bytes | str):
            return "application/json"
        return "text/html; charset=utf-8" if self.data.lstrip()[:1] == b"<" else "text/plain; charset=utf-8"


Says = Reply | Callable[[Asked], Reply]


@dataclass(slots=True)
class Site:
    """What the server says by path, and what it was asked. A path with a query is looked up with it first.

    With an ETag among a reply's headers, a request that has it is answered with 304.
    """

    url: str
    says: dict[str, Says] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def reply(self, path: str, query: str, headers: Mapping[str, str]) -> Reply:
        """The answer to a request."""
        asked = Asked(path, dict(parse_qsl(query, keep_blank_values=True)), headers)
        self.asked.append(asked)
        says = self.says.get(f"{path}?{query}") or self.says.get(path)
        made = says(asked) if callable(says) else says or Reply("there is no such page", 404)
        etag = made.headers.get("ETag")
        return Reply(status=304, headers=made.headers) if etag and headers.get("if-none-match") == etag else made

    @property
    def paths(self) -> list[str]:
        """The paths that were asked for, in order."""
        return [each.path for each in self.asked]


@contextmanager
def running(*, certificate: Path | None = None, key: Path | None = None) -> Iterator[Site]:
    """A site on a free port of this machine, by TLS where there is a certificate."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            where = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            _send(self, site.reply(where.path, where.query, headers))

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    site = Site(f"http{'s' if certificate else ''}://127.0.0.1:{server.server_address[1]}")
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _send(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    data = reply.data
    handler.send_response_only(reply.status)
    for name, value in {"Date": handler.date_time_string(), "Content-Type": reply.media_type, **reply.headers}.items():
        handler.send_header(name, value)
    if reply.status != 304:
        handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    if reply.status == 304:
        return
    try:
        if reply.drip:
            for place in range(len(data)):
                time.sleep(reply.drip)
                handler.wfile.write(data[place : place + 1])
        elif reply.cut is not None:
            handler.wfile.write(data[: reply.cut])
            handler.close_connection = True
        else:
            handler.wfile.write(data)
    except OSError:
        handler.close_connection = True  # the asker hung up

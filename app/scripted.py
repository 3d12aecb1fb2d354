"""A language model that says what it was told to, behind a real HTTP server: for tests and for trying the faces.

It speaks the streaming part of OpenAI's chat protocol, and can be slow, broken or down.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

#: The name under which it is served.
NAME = "scripted"


@dataclass(slots=True)
class Script:
    """What the model says: replies in order, the last one again and again.

    seconds_before_first delays the first word, and seconds_between every piece after it; cut_after ends the stream
    without a goodbye after so many pieces; finish is why it ends otherwise; status other than 200 is an error, and
    problem what it says. A prompt of more words than tokens is refused in the words of vLLM. requests collects what was
    asked, as the JSON bodies; abandoned counts the askers who hung up before the end.
    """

    replies: Sequence[str]
    seconds_before_first: float = 0.0
    seconds_between: float = 0.0
    cut_after: int | None = None
    finish: str = "stop"
    status: int = 200
    problem: str = "told to fail"
    tokens: int | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)
    abandoned: int = 0

    def reply(self) -> str:
        """What is said to the latest request."""
        return self.replies[min(len(self.requests), len(self.replies)) - 1]

    def refusal(self) -> tuple[int, str]:
        """The status of the answer to the latest request, and why there is none."""
        words = sum(len(message["content"].split()) for message in self.requests[-1]["messages"])
        if self.tokens is not None and words > self.tokens:
            return 400, f"This model's maximum context length is {self.tokens} tokens. Please reduce the length."
        return self.status, self.problem


@contextmanager
def serving(script: Script) -> Iterator[str]:
    """Serve a script on a free port of this machine; gives the url for [model] url."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            _whole(self, script.status, {"object": "list", "data": [{"id": NAME, "object": "model"}]})

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            script.requests.append(json.loads(self.rfile.read(length)))
            try:
                _answer(self, script)
            except OSError:
                script.abandoned += 1

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _answer(handler: BaseHTTPRequestHandler, script: Script) -> None:
    time.sleep(script.seconds_before_first)
    status, problem = script.refusal()
    if status != 200:
        _whole(handler, status, {"error": {"message": problem, "type": "server_error"}})
        return
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for number, piece in enumerate(_pieces(script.reply())):
        if number == script.cut_after:
            handler.close_connection = True
            handler.connection.close()
            return
        _send(handler, json.dumps(_chunk({"content": piece}, None)))
        time.sleep(script.seconds_between)
    _send(handler, json.dumps(_chunk({}, script.finish)))
    _send(handler, "[DONE]")
    handler.wfile.write(b"0\r\n\r\n")


def _whole(handler: BaseHTTPRequestHandler, status: int, said: dict[str, Any]) -> None:
    """An answer in one piece."""
    body = json.dumps(said).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def _pieces(text: str) -> Iterator[str]:
    """A text in pieces of some characters, as a model's tokens come."""
    for start in range(0, len(text), 4):
        yield text[start : start + 4]


def _chunk(delta: dict[str, str], finish_reason: str | None) -> dict[str, Any]:
    return {
        "id": "scripted-1",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": NAME,
        "choices": [{"index": 0, "delta": {"role": "assistant", **delta}, "finish_reason": finish_reason}],
    }


def _send(handler: BaseHTTPRequestHandler, data: str) -> None:
    line = f"data: {data}\n\n".encode()
    handler.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
    handler.wfile.flush()

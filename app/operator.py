"""What the owner of an index does with it: ingest, search, ask, show, status, verify; here, or in the running server.

The embedded store has one owner. While a server runs, it is the owner, and hears operators on a Unix socket in the data
folder, which only its own user can open.
"""

import hashlib
import http.client
import json
import os
import pwd
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from app import shape
from app.assemble import Site, site
from app.config import Settings
from app.shape import Json
from index.store import Scope
from ingest.document import PUBLIC
from ingest.errors import BadSource, CollabqaError, MissingPath
from ingest.source import Source, principals

SOCKET = "operator.sock"
#: The longest address of a Unix socket, in bytes.
_LONGEST_ADDRESS = 100


class ServerRefused(CollabqaError):
    """The running server could not do what it was asked."""


class UnknownDocument(CollabqaError):
    """No document of this address is in the index."""


@dataclass(frozen=True, slots=True)
class Ingest:
    """What to ingest: absolute paths by hand, or the sources of the settings when there is no path.

    readers are names of groups; empty means public. kind is a kind of source, or "" to recognise it by content.
    """

    paths: tuple[str, ...] = ()
    kind: str = ""
    readers: tuple[str, ...] = ()
    remove_many: bool = False


class Operator(Protocol):
    """The operations, each as plain JSON. groups None asks as the owner, who reads everything."""

    def ingest(self, order: Ingest) -> Iterator[Mapping[str, Any]]:
        """Progress events, and the report ({"event": "report", "report": ...}) last."""
        ...

    def search(self, question: str, k: int, groups: tuple[str, ...] | None) -> Mapping[str, Any]:
        """The passages that fit a question."""
        ...

    def ask(self, question: str, groups: tuple[str, ...] | None) -> Iterator[Mapping[str, Any]]:
        """The events of an answer, the answer last."""
        ...

    def show(self, uri: str) -> Mapping[str, Any]:
        """A document with its chunks; raises UnknownDocument."""
        ...

    def status(self) -> Mapping[str, Any]:
        """What the index holds."""
        ...

    def verify(self) -> Mapping[str, Any]:
        """What manifest and store disagree on, and the hash of the dump."""
        ...

    def close(self) -> None:
        """Let go."""
        ...


class Here:
    """The operations on an index that this process owns."""

    def __init__(self, owned: Site) -> None:
        self._site = owned

    def ingest(self, order: Ingest) -> Iterator[Mapping[str, Any]]:
        """Progress events, and the report last."""
        from queue import SimpleQueue
        from threading import Thread

        events: SimpleQueue[Mapping[str, Any] | BaseException] = SimpleQueue()

        def work() -> None:
            try:
                made = self._site.index.ingest(
                    self._sources(order),
                    progress=lambda each: events.put(shape.progress(each)),
                    remove_many=order.remove_many,
                )
                events.put({"event": "report", "report": shape.report(made)})
            except BaseException as problem:  # noqa: BLE001 - raised again below, in the caller's thread
                events.put(problem)

        Thread(target=work, daemon=True).start()
        while True:
            happened = events.get()
            if isinstance(happened, BaseException):
                raise happened
            yield happened
            if happened["event"] == "report":
                return

    def _sources(self, order: Ingest) -> list[Source]:
        if not order.paths:
            if not self._site.settings.sources:
                raise BadSource("nothing to ingest: name a path, or a [[source]] in the settings")
            return list(self._site.settings.sources)
        from ingest.recognise import sources_for

        readers = principals(order.readers) if order.readers else PUBLIC[0]
        return sources_for([Path(each) for each in order.paths], readers=readers, kind=order.kind or None)

    def search(self, question: str, k: int, groups: tuple[str, ...] | None) -> Mapping[str, Any]:
        """The passages that fit a question."""
        started = time.monotonic()
        found = self._site.hybrid.retrieve(question, scope=scope(groups), k=k)
        return shape.search(question, found.passages, found.notes, time.monotonic() - started)

    def ask(self, question: str, groups: tuple[str, ...] | None) -> Iterator[Mapping[str, Any]]:
        """The events of an answer, the answer last."""
        return map(shape.event, self._site.assistant.events(question, scope=scope(groups)))

    def show(self, uri: str) -> Mapping[str, Any]:
        """A document with its chunks; raises UnknownDocument."""
        found = self._site.index.document(uri, None)
        if found is None:
            row = self._site.index.manifest.row(uri)
            why = f": {row.skipped or row.problem}" if row else "; see: collabqa status"
            raise UnknownDocument(f"{uri} is not in the index{why}")
        return shape.document(found, self._site.index.store.chunks(uri, scope=Scope(None)))

    def status(self) -> Mapping[str, Any]:
        """What the index holds."""
        return shape.status(self._site.index.status(), folder=str(self._site.folder))

    def verify(self) -> Mapping[str, Any]:
        """What manifest and store disagree on, and the hash of the dump."""
        return {"problems": self._site.index.verify(), "dump": self._site.index.dump()}

    def close(self) -> None:
        """Let go of the index."""
        self._site.close()


class There:
    """The operations, done by the running server."""

    def __init__(self, path: str) -> None:
        self._path = path

    def ingest(self, order: Ingest) -> Iterator[Mapping[str, Any]]:
        """Progress events, and the report last."""
        return self._stream("ingest", asdict(order) | {"asker": pwd.getpwuid(os.getuid()).pw_name})

    def search(self, question: str, k: int, groups: tuple[str, ...] | None) -> Mapping[str, Any]:
        """The passages that fit a question."""
        return self._last("search", {"question": question, "k": k, "groups": groups})

    def ask(self, question: str, groups: tuple[str, ...] | None) -> Iterator[Mapping[str, Any]]:
        """The events of an answer, the answer last."""
        return self._stream("ask", {"question": question, "groups": groups})

    def show(self, uri: str) -> Mapping[str, Any]:
        """A document with its chunks."""
        return self._last("show", {"uri": uri})

    def status(self) -> Mapping[str, Any]:
        """What the index holds."""
        return self._last("status", {})

    def verify(self) -> Mapping[str, Any]:
        """What manifest and store disagree on, and the hash of the dump."""
        return self._last("verify", {})

    def close(self) -> None:
        """Nothing is held."""

    def _last(self, operation: str, body: Mapping[str, Json | tuple[str, ...]]) -> Mapping[str, Any]:
        *_, last = self._stream(operation, body)
        return last

    def _stream(self, operation: str, body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """Post an order; the answer is one JSON object a line. A line with "error" ends it."""
        with closing(_UnixConnection(self._path)) as connection:
            connection.request("POST", f"/{operation}", json.dumps(body), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            for line in answer:
                happened: Mapping[str, Any] = json.loads(line)
                if "error" in happened:
                    raise ServerRefused(happened["error"])
                yield happened


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost")
        self._socket_path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self._socket_path)


def operator(settings: Settings, folder: Path) -> Operator:
    """The running server's operations where there is one, else our own; raises StoreBusy."""
    path = socket_path(folder)
    try:
        with closing(_UnixConnection(path)) as connection:
            connection.connect()
        return There(path)
    except OSError:
        return Here(site(settings, folder))


def socket_path(folder: Path) -> str:
    """Where the server of a data folder hears its operator: in the folder, or in the user's runtime folder.

    A Unix socket's address is at most some hundred bytes long; a deeper folder gets one named by its hash.
    """
    path = str(folder / SOCKET)
    if len(path.encode()) <= _LONGEST_ADDRESS:
        return path
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / f"collabqa-{os.getuid()}"
    runtime.mkdir(mode=0o700, exist_ok=True)
    if runtime.stat().st_uid != os.getuid() or runtime.stat().st_mode & 0o077:
        raise BadSource(f"{runtime} is open to other users: remove it")
    return str(runtime / hashlib.sha256(path.encode()).hexdigest()[:32])


def scope(groups: tuple[str, ...] | None) -> Scope:
    """What someone in these groups may see, or the owner."""
    return Scope(None if groups is None else principals(groups) | {"public"})


def absolute(paths: list[Path]) -> tuple[str, ...]:
    """Paths as the server can find them; raises MissingPath for one that is not there."""
    for path in paths:
        if not path.exists():
            raise MissingPath(f"{path} does not exist")
    return tuple(str(path.resolve()) for path in paths)


def readable_here(paths: tuple[str, ...], asker: str) -> None:
    """Raises BadSource, naming both users, for a path that this process cannot read."""
    mine = pwd.getpwuid(os.getuid()).pw_name
    for path in paths:
        if not os.access(path, os.R_OK):
            raise BadSource(f"{path}: the server runs as {mine} and cannot read what {asker} names; let {mine} read it")

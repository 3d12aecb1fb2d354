"""What the owner of an index does with it: ingest, search, ask, show, status, verify; here, or in the running server.

The embedded store has one owner. While a server runs, it is the owner, and hears operators on a Unix socket in the data
folder, which only its own user can open.
"""

import difflib
import http.client
import json
import os
import pwd
import socket
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any, Protocol

from app import shape
from app.assemble import Site, aside, site
from app.config import Settings
from app.shape import Json
from index.aside import Aside
from index.report import Progress
from index.store import Scope
from ingest.document import PUBLIC
from ingest.errors import BadSource, CollabqaError, MissingPath
from ingest.source import Source, principals

SOCKET = "operator.sock"
#: The longest address of a Unix socket, in bytes.
_LONGEST_ADDRESS = 100


#: How long an index is kept open for an ingest that was told to stop, in seconds.
PATIENCE_SECONDS = 5.0
STOPPED = "the ingest was stopped; what it has read is in the index, and the next one goes on from there"


class ServerFailed(CollabqaError):
    """The running server met something unforeseen."""


class ServerGone(CollabqaError):
    """The running server ended in the middle of what it was asked to do."""


class Stopped(CollabqaError):
    """An ingest was told to end before it was done."""


class UnknownSource(BadSource):
    """No source of the settings has this name."""


class UnknownDocument(CollabqaError):
    """No document of this address is in the index."""


@dataclass(frozen=True, slots=True)
class Ingest:
    """What to ingest: absolute paths by hand, or the sources of the settings when there is no path.

    readers are names of groups; empty means public. kind is a kind of source, or "" to recognise it by content. named
    are those of the settings' sources to read, all where it is empty. allow_removal removes any share of a source. To
    carry_on is to report a source that cannot be listed, and go on with the next one.
    """

    paths: tuple[str, ...] = ()
    kind: str = ""
    readers: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    allow_removal: bool = False
    carry_on: bool = False


class Operator(Protocol):
    """The operations, each as plain JSON. groups None asks as the owner, who reads everything."""

    def ingest(self, order: Ingest) -> Generator[Mapping[str, Any], None, None]:
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


class _Run:
    """An ingest in a thread of its own, which can be told to stop."""

    def __init__(self, owned: Site, order: Ingest, beside: Aside | None) -> None:
        self._events: SimpleQueue[Mapping[str, Any] | BaseException] = SimpleQueue()
        self._stop = Event()
        self._owned = owned
        self._beside = beside
        self._thread = Thread(target=self._work, args=(order,), daemon=True)
        self._thread.start()

    def events(self) -> Iterator[Mapping[str, Any]]:
        """Progress, and the report last; raises what the ingest raised."""
        while True:
            happened = self._events.get()
            if isinstance(happened, BaseException):
                raise happened
            yield happened
            if happened["event"] == "report":
                return

    def stop(self) -> None:
        """End it after the document or the batch that it is at; what it has written stays."""
        self._stop.set()
        if self._beside is not None:
            self._beside.close()

    def ended(self, seconds: float = 0.0) -> bool:
        """Whether it has ended, after waiting for it so long at most."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _work(self, order: Ingest) -> None:
        try:
            with self._beside or nullcontext():
                made = self._owned.index.ingest(
                    sources(self._owned.settings, order),
                    embedder=self._beside,
                    progress=self._progress,
                    max_removed_share=1.0 if order.allow_removal else self._owned.settings.ingest.max_removed_share,
                    carry_on=order.carry_on,
                )
            self._events.put({"event": "report", "report": shape.report(made)})
        except BaseException as problem:  # noqa: BLE001 - raised again in the thread that follows the events
            self._events.put(Stopped(STOPPED) if self._stop.is_set() else problem)

    def _progress(self, made: Progress) -> None:
        if self._stop.is_set():
            raise Stopped(STOPPED)
        self._events.put(shape.progress(made))


class Here:
    """The operations on an index that this process owns.

    serving is for a process that answers questions meanwhile: passages are then embedded by another process.
    """

    def __init__(self, owned: Site, *, serving: bool = False) -> None:
        self._site = owned
        self._serving = serving
        self._runs: list[_Run] = []
        self._stopped = False

    def ingest(self, order: Ingest) -> Generator[Mapping[str, Any], None, None]:
        """Progress events, and the report last; raises Stopped. Whoever closes the iterator stops the ingest."""
        if self._stopped:
            raise Stopped(STOPPED)
        run = _Run(self._site, order, aside(self._site) if self._serving else None)
        self._runs = [each for each in self._runs if not each.ended()] + [run]
        try:
            yield from run.events()
        finally:
            run.stop()

    def search(self, question: str, k: int, groups: tuple[str, ...] | None) -> Mapping[str, Any]:
        """The passages that fit a question."""
        started = time.monotonic()
        found = self._site.hybrid.retrieve(question, scope=scope(groups), k=k)
        return shape.search(question, found.passages, found.notes, time.monotonic() - started)

    def ask(self, question: str, groups: tuple[str, ...] | None) -> Iterator[Mapping[str, Any]]:
        """The events of an answer, the answer last."""
        return (shape.event(each) for each in self._site.assistant.events(question, scope=scope(groups)))

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
        named = [each.name for each in self._site.settings.sources]
        return shape.status(self._site.index.status(), named, folder=str(self._site.folder))

    def verify(self) -> Mapping[str, Any]:
        """What manifest and store disagree on, and the hash of the dump."""
        return {"problems": self._site.index.verify(), "dump": self._site.index.dump()}

    def stop(self) -> None:
        """Tell every ingest to end, and begin none any more."""
        self._stopped = True
        for run in self._runs:
            run.stop()

    def close(self) -> None:
        """Let go of the index, after waiting a little for an ingest to end: one that does not is as good as killed."""
        self.stop()
        until = time.monotonic() + PATIENCE_SECONDS
        for run in self._runs:
            run.ended(max(0.0, until - time.monotonic()))
        self._site.close()


def sources(settings: Settings, order: Ingest) -> list[Source]:
    """What an order wants to have read; raises BadSource."""
    if not order.paths:
        if not settings.sources:
            raise BadSource("nothing to ingest: name a path, or a [[source]] in the settings")
        return _named(settings, order.named)
    from ingest.recognise import sources_for

    readers = principals(order.readers) if order.readers else PUBLIC[0]
    return sources_for([Path(each) for each in order.paths], readers=readers, kind=order.kind or None)


def _named(settings: Settings, names: tuple[str, ...]) -> list[Source]:
    """The sources of the settings that are called so, all without a name; raises UnknownSource."""
    known = [each.name for each in settings.sources]
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
            raise UnknownSource(f"no source of the settings is called {name!r} ({hint})")
    return [each for each in settings.sources if not names or each.name in names]


class There:
    """The operations, done by the server that runs on a data folder; raises what the server raised."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def ingest(self, order: Ingest) -> Generator[Mapping[str, Any], None, None]:
        """Progress events, and the report last. Closing the iterator stops the ingest."""
        return self._stream("ingest", asdict(order) | {"asker": user()})

    def search(self, question: str, k: int, groups: tuple[str, ...] | None) -> Mapping[str, Any]:
        """The passages that fit a question."""
        return self._last("search", {"question": question, "k": k, "groups": groups})

    def ask(self, question: str, groups: tuple[str, ...] | None) -> Iterator[Mapping[str, Any]]:
        """The events of an answer, the answer last."""
        return self._stream("ask", {"question": question, "groups": groups})

    def show(self, uri: str) -> Mapping[str, Any]:
        """A document with its chunks; raises UnknownDocument."""
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

    def _stream(self, operation: str, body: Mapping[str, Any]) -> Generator[Mapping[str, Any], None, None]:
        """Post an order and read its results as app.orders sends them: a JSON object a line, and "done" behind them."""
        with closing(_UnixConnection(self._folder)) as connection:
            try:
                connection.request("POST", f"/{operation}", json.dumps(body), {"Content-Type": "application/json"})
                for line in connection.getresponse():
                    said: Mapping[str, Any] = json.loads(line)
                    if "error" in said:
                        raise _raised(said["error"], said["text"])
                    if "done" in said:
                        return
                    yield said["result"]
            except (OSError, http.client.HTTPException) as problem:
                raise ServerGone(f"the server ended before it was done ({problem or type(problem).__name__})") from None
        raise ServerGone("the server ended before it was done")


def _raised(kind: str, text: str) -> CollabqaError:
    """The error that the server raised, as the one of our own of that name."""
    known: list[type[CollabqaError]] = [CollabqaError]
    for each in known:
        if each.__name__ == kind:
            return each(text)
        known += each.__subclasses__()
    return ServerFailed(f"{kind}: {text}")


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over the Unix socket of a data folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__("localhost")
        self._folder = folder

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with socket_address(self._folder) as address:
            self.sock.connect(address)


def operator(settings: Settings, folder: Path) -> Operator:
    """The running server's operations where there is one, else our own; raises StoreBusy."""
    return There(folder) if heard(folder) else Here(site(settings, folder))


def heard(folder: Path) -> bool:
    """Whether a server listens on a data folder; the socket that a killed one left behind hears nobody."""
    try:
        with closing(_UnixConnection(folder)) as connection:
            connection.connect()
    except OSError:
        return False
    return True


@contextmanager
def socket_address(folder: Path) -> Iterator[str]:
    """The address under which the socket in a data folder can be bound or connected to; raises BadSource.

    An address is at most some hundred bytes long: a deeper folder is opened, and named by what it was opened as.
    """
    path = str(folder / SOCKET)
    if len(path.encode()) <= _LONGEST_ADDRESS:
        yield path
        return
    if not Path("/proc/self/fd").is_dir():
        raise BadSource(f"{folder}: the path is too long for a Unix socket; take a shorter one")
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{opened}/{SOCKET}"
    finally:
        os.close(opened)


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
    for path in paths:
        if not os.access(path, os.R_OK | (os.X_OK if Path(path).is_dir() else 0)):
            raise BadSource(
                f"{path}: the server runs as {user()} and cannot read what {asker} names; "
                f"let {user()} read it, or put it where the server finds it"
            )


def user() -> str:
    """The user that this process runs as, by number where there is no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"

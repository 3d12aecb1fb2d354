"""Embedding in a process of its own and of low priority, so that questions are answered while an ingest runs."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from threading import Lock
from types import TracebackType

import numpy as np

from index.embed import Embedder, Vectors
from index.errors import EmbedderUnavailable
from ingest.errors import CollabqaError
from ingest.isolate import started

# Niceness: at 10 a busy process leaves nine tenths of a processor to one that has just woken up with a question.
NICENESS = 10
#: How often the same texts may kill the process before they are given up.
TRIES = 2


class Aside:
    """An embedder whose passages another process embeds. A context manager: the process ends with it.

    near is the same embedder in this process; it counts tokens and embeds questions. made makes it anew in the other
    process, and must be picklable. The process is started by the first embed, and replaced when it dies.
    """

    def __init__(self, near: Embedder, made: Callable[[], Embedder]) -> None:
        self._near = near
        self._made = made
        self._lock = Lock()
        self._running: tuple[BaseProcess, Connection] | None = None
        self._closed = False

    @property
    def name(self) -> str:
        """The name of the embedder."""
        return self._near.name

    @property
    def dim(self) -> int:
        """Components of a vector."""
        return self._near.dim

    @property
    def max_tokens(self) -> int:
        """The longest text that is embedded whole."""
        return self._near.max_tokens

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._running is not None

    def tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has; counted here, since tokenizers let other threads run meanwhile."""
        return self._near.tokens(texts)

    def embed_question(self, text: str) -> Vectors:
        """Embed a question, here."""
        return self._near.embed_question(text)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed each passage; raises what the embedder does, and EmbedderUnavailable after TRIES deaths or close()."""
        for _ in range(TRIES):
            process, connection = self._process()
            try:
                connection.send(list(texts))
                problem, raw = connection.recv()
            except (EOFError, OSError):
                process.join(5)
                self._forget(process)
                continue
            if problem is not None:
                raise problem
            return np.frombuffer(raw, dtype=np.float32).reshape(len(texts), self.dim)
        raise EmbedderUnavailable(f"the process that embeds died {TRIES} times (exit status {process.exitcode})")

    def close(self) -> None:
        """Stop the process, from whatever thread; an embed under way raises."""
        with self._lock:
            self._closed = True
            if self._running is not None:
                self._running[0].kill()

    def _process(self) -> tuple[BaseProcess, Connection]:
        with self._lock:
            if self._closed:
                raise EmbedderUnavailable("the embedding was stopped")
            if self._running is None:
                self._running = started(_work, self._made)
            return self._running

    def _forget(self, process: BaseProcess) -> None:
        with self._lock:
            if self._running is not None and self._running[0] is process:
                self._running[1].close()
                self._running = None

    def __enter__(self) -> "Aside":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        with self._lock:
            if self._running is not None:
                process, connection = self._running
                process.join()
                connection.close()
                self._running = None


def _work(connection: Connection, made: Callable[[], Embedder]) -> None:
    """The process's life: take texts, send back their vectors as bytes, or what went wrong."""
    os.nice(NICENESS)
    try:
        embeds = made()
    except CollabqaError as problem:
        with suppress(EOFError, OSError):
            connection.recv()
            connection.send((problem, b""))
        return
    with suppress(EOFError, OSError):
        while True:
            connection.send(_outcome(embeds, connection.recv()))


def _outcome(embeds: Embedder, texts: Sequence[str]) -> tuple[CollabqaError | None, bytes]:
    try:
        return None, embeds.embed(texts).tobytes()
    except CollabqaError as problem:
        return problem, b""

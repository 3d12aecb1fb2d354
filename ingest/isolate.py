"""Parsing in worker processes: a file that crashes, hangs or swallows memory costs one worker, never the run."""

import contextlib
import math
import multiprocessing
import os
import resource
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from threading import Thread
from typing import Generic, TypeVar

from ingest.errors import ParserFailed, Unreadable
from ingest.format import Parsed
from ingest.read import parsed
from ingest.source import Raw

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may cost its parser: seconds of processor time, seconds on the clock, bytes of memory.

    On a busy machine the clock runs on while a parser waits for a processor, so it gets more. With its libraries a
    process stays below a gigabyte.
    """

    processor_seconds: int = 20
    seconds: float = 240.0
    memory_bytes: int = 900 << 20


def started(work: Callable[..., None], *arguments: object) -> tuple[BaseProcess, Connection]:
    """A new process that runs work(connection, *arguments), and the other end of its connection.

    It hears neither an interrupt from the terminal nor a request to terminate: whoever started it decides when it ends.
    It ends by itself when that process is gone.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process: BaseProcess = context.Process(target=_until_alone, args=(work, theirs, *arguments), daemon=True)
    # A new process inherits which signals its creator's thread blocks; starting the tracker would clear that.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    theirs.close()
    return process, ours


def _until_alone(work: Callable[..., None], connection: Connection, *arguments: object) -> None:
    """Run work, and end at once when the process that wants its results is gone, whatever work is doing."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    Thread(target=watch, daemon=True).start()
    work(connection, *arguments)


class _Worker(Generic[Key]):
    """One process that parses one document at a time."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.process, self.connection = started(_work, limits)
        self.key: Key | None = None
        self.deadline = 0.0

    def give(self, key: Key, raw: Raw) -> None:
        """Hand over a document. A process that is gone shows when its answer is read."""
        self.key, self.deadline = key, time.monotonic() + self.limits.seconds
        with contextlib.suppress(OSError):
            self.connection.send(raw)

    def stop(self) -> None:
        self.connection.close()
        self.process.kill()
        self.process.join()


class Parsers:
    """A few worker processes that parse what they are given; use it as a context manager.

    Workers are started when there is something to do, and replaced when they die.
    """

    def __init__(self, workers: int = 0, limits: Limits | None = None) -> None:
        self._count = workers or max(1, (os.cpu_count() or 2) // 2)
        self._limits = limits or Limits()

    def parse(self, raws: Iterable[tuple[Key, Raw]]) -> Iterator[tuple[Key, Parsed | Unreadable]]:
        """Parse each, in whatever order they finish; what cannot be parsed comes back as its Unreadable.

        A document is taken from raws only when a worker is free for it.
        """
        source = iter(raws)
        idle: deque[_Worker[Key]] = deque()
        busy: list[_Worker[Key]] = []
        try:
            exhausted = False
            while busy or not exhausted:
                while not exhausted and len(busy) < self._count:
                    following = next(source, None)
                    if following is None:
                        exhausted = True
                        break
                    worker = idle.popleft() if idle else _Worker[Key](self._limits)
                    worker.give(*following)
                    busy.append(worker)
                for worker, key, outcome in self._finished(busy):
                    busy.remove(worker)
                    if not isinstance(outcome, ParserFailed):
                        idle.append(worker)
                    else:
                        worker.stop()
                    yield key, outcome
        finally:
            for worker in (*idle, *busy):
                worker.stop()

    def _finished(self, busy: list[_Worker[Key]]) -> list[tuple[_Worker[Key], Key, Parsed | Unreadable]]:
        """Wait until at least one worker has an outcome or ran out of time."""
        if not busy:
            return []
        patience = max(0.0, min(worker.deadline for worker in busy) - time.monotonic())
        ready = wait([worker.connection for worker in busy], patience)
        finished: list[tuple[_Worker[Key], Key, Parsed | Unreadable]] = []
        for worker in busy:
            assert worker.key is not None
            if worker.connection in ready:
                finished.append((worker, worker.key, _received(worker)))
            elif time.monotonic() >= worker.deadline:
                finished.append((worker, worker.key, ParserFailed(f"parsing took over {self._limits.seconds:.0f} s")))
        return finished


def _received(worker: "_Worker[Key]") -> Parsed | Unreadable:
    try:
        outcome = worker.connection.recv()
    except (EOFError, OSError):
        worker.process.join(5)
        if worker.process.exitcode == -signal.SIGXCPU:
            return ParserFailed(f"parsing took over {worker.limits.processor_seconds} s of processor time")
        return ParserFailed(f"the parser's process died (exit status {worker.process.exitcode})")
    assert isinstance(outcome, Parsed | Unreadable)
    return outcome


def _work(connection: Connection, limits: Limits) -> None:
    """The worker's life: take a raw, send back what it parses to, until the other side hangs up."""
    os.nice(5)
    # What a process writes to, not its address space: libraries reserve a lot of that and never touch it.
    resource.setrlimit(resource.RLIMIT_DATA, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while True:
        try:
            raw: Raw = connection.recv()
        except (EOFError, OSError):
            return
        resource.setrlimit(resource.RLIMIT_CPU, (_processor_seconds() + limits.processor_seconds, -1))
        connection.send(_outcome(raw))


def _processor_seconds() -> int:
    """What this process has used so far, rounded up."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return math.ceil(used.ru_utime + used.ru_stime)


def _outcome(raw: Raw) -> Parsed | Unreadable:
    try:
        return parsed(raw)
    except Unreadable as problem:
        return problem
    except MemoryError:
        return ParserFailed("parsing ran out of memory")  # the worker goes too: its memory is in pieces
    except Exception as problem:  # noqa: BLE001 - one document of a run: it is named and counted, and the others go on
        return Unreadable(f"the {raw.format} parser failed: {type(problem).__name__}: {problem}")

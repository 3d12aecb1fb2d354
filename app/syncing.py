"""Rounds of reading the sources of the settings: one, or one after the other until told to stop."""

import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

from app.operator import Ingest, Operator
from ingest.errors import BadSource, CollabqaError

LOCK = "sync.lock"


class SyncBusy(CollabqaError):
    """Another sync of this data folder is at work."""


class _Told(BaseException):
    """The process was told to end."""


def synced(
    opened: Callable[[], Operator],
    order: Ingest,
    folder: Path,
    follow: Callable[[Iterator[Mapping[str, Any]]], Mapping[str, Any]],
) -> Mapping[str, Any]:
    """Read the sources once and give the report; raises SyncBusy where another sync of the folder is at work.

    The index is opened for this round alone: between two rounds others may have it, or a server be started.
    """
    with _alone(folder), closing(opened()) as owner, closing(owner.ingest(order)) as events:
        return follow(events)


def watch(one: Callable[[], object], *, minutes: float) -> None:
    """Do one round after the other, so many minutes between the end of one and the start of the next.

    A round that fails is noted on standard error, and the next one comes all the same. Ends when the process is told to
    end (SIGTERM, SIGINT), also in the middle of a round. Raises BadSource for an order that no round can carry out.
    """
    try:
        with _ends_on_signals():
            while True:
                try:
                    one()
                except BadSource:
                    raise
                except Exception as problem:  # noqa: BLE001 - one round of many: it is named, and the next one comes
                    following = datetime.now().astimezone() + timedelta(minutes=minutes)
                    _say(f"{type(problem).__name__}: {problem}; trying again at {following:%H:%M}")
                time.sleep(60 * minutes)
    except _Told:
        _say("told to stop; what was read is in the index")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No other sync of this data folder is at work meanwhile; a lock that a killed one held is free."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    held = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SyncBusy(f"another sync is at work on {folder}") from None
        yield
    finally:
        os.close(held)


@contextmanager
def _ends_on_signals() -> Iterator[None]:
    """Raise _Told at the first SIGTERM or SIGINT; those that follow it are not heard."""
    told: list[int] = []

    def handle(number: int, _: FrameType | None) -> None:
        if not told:
            told.append(number)
            raise _Told

    before = {each: signal.signal(each, handle) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(text: str) -> None:
    sys.stderr.write(f"{datetime.now().astimezone():%Y-%m-%d %H:%M} {text}\n")
    sys.stderr.flush()

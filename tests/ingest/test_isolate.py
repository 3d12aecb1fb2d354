"""A file that crashes, hangs or swallows memory costs its parser's process and nothing else."""

import os
import sys
import time
from pathlib import Path

import pytest

from ingest.errors import ParserFailed, Unreadable
from ingest.isolate import Limits, Parsers
from ingest.source import Raw

# A format that does what its file says, put where the workers find it; they are other processes and see no patch.
TRAP = """
import os, time
from ingest.errors import Unreadable
from ingest.format import Parsed

SUFFIXES = ()

def recognises(head, name):
    return False

def parse(raw, name=""):
    if raw == b"hang":
        time.sleep(60)
    if raw == b"spin":
        while True:
            pass
    if raw == b"crash":
        os.kill(os.getpid(), 11)
    if raw == b"swallow":
        bytearray(1 << 40)
    if raw == b"raise":
        raise KeyError("no such thing")
    if raw == b"refuse":
        raise Unreadable("it is empty inside")
    return Parsed(raw.decode())
"""


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a format that misbehaves, for workers started from now on."""
    import ingest.formats

    (tmp_path / "trap_for_tests.py").write_text(TRAP)
    folders = [*ingest.formats.__path__, str(tmp_path)]
    monkeypatch.setattr(ingest.formats, "__path__", folders)
    (tmp_path / "sitecustomize.py").write_text(
        f"import ingest.formats\ningest.formats.__path__.append({str(tmp_path)!r})\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "trap_for_tests"


def _outcomes(trap: str, contents: list[bytes], limits: Limits) -> dict[bytes, object]:
    raws = [(content, Raw(content, trap, "file")) for content in contents]
    return dict(Parsers(2, limits).parse(raws))


def test_the_good_ones_come_through_beside_the_bad_ones(trap: str) -> None:
    contents = [b"one", b"crash", b"two", b"raise", b"three", b"refuse", b"swallow", b"four"]
    outcomes = _outcomes(trap, contents, Limits())
    good = [outcomes[each].text for each in (b"one", b"two", b"three", b"four")]  # type: ignore[attr-defined]
    assert good == ["one", "two", "three", "four"]
    assert str(outcomes[b"crash"]) == "the parser's process died (exit status -11)"
    assert str(outcomes[b"raise"]) == "the trap_for_tests parser failed: KeyError: 'no such thing'"
    assert str(outcomes[b"refuse"]) == "it is empty inside"
    assert str(outcomes[b"swallow"]) == "parsing ran out of memory"


def test_one_that_hangs_is_ended(trap: str) -> None:
    started = time.monotonic()
    outcomes = _outcomes(trap, [b"hang", b"one"], Limits(seconds=3))
    assert isinstance(outcomes[b"hang"], ParserFailed)
    assert not isinstance(outcomes[b"one"], Unreadable)
    assert time.monotonic() - started < 30


def test_one_that_spins_is_ended_by_the_time_that_it_takes_from_the_processor(trap: str) -> None:
    outcomes = _outcomes(trap, [b"spin", b"one"], Limits(processor_seconds=1))
    assert str(outcomes[b"spin"]) == "parsing took over 1 s of processor time"
    assert not isinstance(outcomes[b"one"], Unreadable)


def test_no_process_is_left_behind(trap: str) -> None:
    before = _children()
    _outcomes(trap, [b"one", b"crash", b"two"], Limits())
    assert _children() <= before


def _children() -> set[str]:
    """The worker processes of this process that live; the resource tracker of the library is none."""
    found = set()
    for entry in Path("/proc").iterdir() if sys.platform == "linux" else ():
        if not entry.name.isdigit():
            continue
        try:
            status = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if status[1] == str(os.getpid()) and status[0] != "Z" and b"spawn_main" in command:
            found.add(entry.name)
    return found

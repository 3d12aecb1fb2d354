"""collabqa sync: all sources or those named, whatever is wrong with one of them, once or until told to stop."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from app.syncing import LOCK

COLLABQA = str(Path(sys.executable).with_name("collabqa"))
SETTINGS = """
[embedding]
model = "word-hash"
[[source]]
kind = "files"
name = "docs"
path = "docs"
readers = ["public"]
[[source]]
kind = "files"
name = "away"
path = "away"
readers = ["public"]
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with settings that name two sources, of which one is not there."""
    (tmp_path / "collabqa.toml").write_text(SETTINGS)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "solenoid.md").write_text("# Solenoid\n\nThe solenoid gives a field of 3.2 T.")
    return tmp_path


def _command(place: Path, *arguments: str) -> list[str]:
    return [COLLABQA, *arguments, "--config", str(place / "collabqa.toml"), "--data", str(place / "data")]


def _run(place: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(_command(place, *arguments), capture_output=True, text=True, timeout=120, check=False)


@contextmanager
def _started(place: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        _command(place, *arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_source_that_is_not_there_does_not_stop_the_others(place: Path) -> None:
    (place / "docs" / "broken.pdf").write_bytes(b"%PDF-1.7\n" + b"no pages here" * 50)
    done = _run(place, "sync", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert (report["indexed"], len(report["quarantined"])) == (1, 1)
    assert [each["source"] for each in report["failed"]] == ["away"]
    (place / "away").mkdir()
    assert _run(place, "sync").returncode == 3
    (place / "docs" / "broken.pdf").unlink()
    assert _run(place, "sync").returncode == 0


def test_sources_are_named_and_a_wrong_name_is_told_the_nearest(place: Path) -> None:
    done = _run(place, "sync", "docs", "--json")
    assert (done.returncode, json.loads(done.stdout)["found"]) == (0, 1)
    wrong = _run(place, "sync", "dosc", "--watch")
    assert wrong.returncode == 1
    assert wrong.stderr == "UnknownSource: no source of the settings is called 'dosc' (did you mean 'docs'?)\n"


def test_a_source_that_could_not_be_listed_whole_is_told_by_the_exit_status(place: Path) -> None:
    assert _run(place, "sync", "docs").returncode == 0
    (place / "docs" / "inside").mkdir()
    only = '[[source]]\nonly = ["inside"]  # a folder, where files are named'
    (place / "collabqa.toml").write_text(SETTINGS.replace("[[source]]", only, 1))
    done = _run(place, "sync", "docs", "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["removed"]) == (3, 0)
    assert [each["source"] for each in report["incomplete"]] == ["docs"]
    (held,) = [each for each in json.loads(_run(place, "status", "--json").stdout)["sources"] if each["documents"]]
    assert (held["complete"], held["last_complete"] <= held["last_try"]) == (False, True)
    assert "inside cannot be opened" in held["reason"]


def test_a_running_server_syncs_and_tells_the_same_status(place: Path) -> None:
    with _started(place, "serve", "--port", "0") as server:
        assert server.stdout is not None
        assert "chat at" in server.stdout.readline()
        done = _run(place, "sync", "--json")
        assert (done.returncode, json.loads(done.stdout)["indexed"]) == (1, 1)
        assert _run(place, "sync", "dosc").stderr.startswith("UnknownSource: ")
        there = _run(place, "status", "--json").stdout
        with _started(place, "sync", "--watch", "--every", "0.01", "--json") as watching:
            assert watching.stdout is not None
            assert json.loads(watching.stdout.readline())["unchanged"] == 1
            watching.terminate()
            assert watching.wait(60) == 0
        after = json.loads(_run(place, "status", "--json").stdout)
        server.terminate()
        server.wait(60)
    here = json.loads(_run(place, "status", "--json").stdout)
    assert here == after
    away, docs = here["sources"]
    assert docs == {
        "source": "docs",
        "documents": 1,
        "chunks": 1,
        "skipped": 0,
        "quarantined": 0,
        "oldest": None,
        "newest": None,
        "last_try": docs["last_try"],
        "last_complete": docs["last_try"],
        "complete": True,
        "reason": "",
    }
    assert (away["source"], away["documents"], away["last_complete"]) == ("away", 0, None)
    assert "away does not exist" in away["reason"]
    assert {each["documents"] for each in json.loads(there)["sources"]} == {0, 1}


def test_two_syncs_are_never_at_work_at_once(place: Path) -> None:
    import fcntl

    (place / "data").mkdir(mode=0o700)
    with (place / "data" / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = _run(place, "sync", "docs")
    assert done.returncode == 1
    assert done.stderr.startswith("SyncBusy: another sync is at work")
    assert _run(place, "sync", "docs").returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_watch_goes_on_through_failures_until_it_is_told_to_stop(place: Path, number: int) -> None:
    with _started(place, "sync", "--watch", "--every", "0.01", "--json") as watching:
        assert watching.stdout is not None
        rounds = (json.loads(line) for line in watching.stdout)
        first = next(rounds)
        assert (first["indexed"], [each["source"] for each in first["failed"]]) == (1, ["away"])
        (place / "away").mkdir()
        (place / "away" / "trigger.md").write_text("# Trigger\n\nThe electron threshold is 28 GeV.")
        second = _until(rounds, lambda report: not report["failed"])
        assert second["unchanged"] + second["indexed"] == 2
        watching.send_signal(number)
        _, said = watching.communicate(timeout=60)
        assert watching.returncode == 0
        assert said.endswith("told to stop; what was read is in the index\n")
    assert _run(place, "verify").returncode == 0


def _until(rounds: Iterator[Any], fits: Callable[[Any], bool]) -> Any:
    return next(report for report in rounds if fits(report))


def test_a_watch_notes_a_round_that_failed_and_goes_on(place: Path) -> None:
    (place / "data").mkdir(mode=0o700)
    (place / "data" / "manifest.sqlite").write_bytes(b"this is no database" * 100)
    with _started(place, "sync", "docs", "--watch", "--every", "0.01", "--json") as watching:
        assert watching.stdout is not None
        assert watching.stderr is not None
        assert "DatabaseError" in watching.stderr.readline()
        (place / "data" / "manifest.sqlite").unlink()
        assert json.loads(watching.stdout.readline())["indexed"] == 1


def test_a_watch_that_is_stopped_in_the_middle_of_a_round_ends_soon_and_loses_nothing(place: Path) -> None:
    for page in range(600):
        (place / "docs" / f"{page}.md").write_text(f"# Run {page}\n\nRun {page} took {page * 3} events at 13.6 TeV.")
    with _started(place, "sync", "docs", "--watch") as watching:
        until = time.monotonic() + 60
        while not (place / "data" / "store").exists() and time.monotonic() < until:
            time.sleep(0.05)
        watching.send_signal(signal.SIGTERM)
        watching.wait(60)
        assert watching.returncode == 0
    done = _run(place, "sync", "docs", "--json")
    assert (done.returncode, json.loads(done.stdout)["found"]) == (0, 601)
    assert _run(place, "verify").returncode == 0

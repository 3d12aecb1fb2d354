"""The running server: what the command line hands over to it, who may, and how it ends."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.model import ModelUnavailable
from app.operator import SOCKET, Ingest, ServerFailed, ServerGone, Stopped, There, UnknownDocument, readable_here, user
from app.scripted import NAME, Script, serving
from ingest.errors import BadSource

COLLABQA = str(Path(sys.executable).with_name("collabqa"))
QUESTION = "What is the electron threshold?"
#: How soon a server that was told to end must have ended, in seconds; the machine may be busy.
SOON = 20.0


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs."""

    process: "subprocess.Popen[str]"
    data: Path
    settings: Path
    said: str

    @property
    def url(self) -> str:
        """Where its chat is."""
        return self.said.partition("chat at ")[2].partition(",")[0]

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run the command line on its data folder."""
        command = [COLLABQA, *arguments, "--data", str(self.data), "--config", str(self.settings)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    def end(self, number: int) -> float:
        """Send it a signal; gives the seconds until it has ended."""
        started = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(SOON)
        return time.monotonic() - started


@contextmanager
def _served(data: Path, settings: Path) -> Iterator[Served]:
    command = [COLLABQA, "serve", "--port", "0", "--data", str(data), "--config", str(settings)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            said = process.stdout.readline() + process.stdout.readline()
            assert "chat at" in said, process.stderr.read()
            yield Served(process, data, settings, said)
        finally:
            with suppress(ProcessLookupError):
                process.kill()


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Settings without a model, and with an embedder that needs none."""
    path = tmp_path / "collabqa.toml"
    path.write_text("[collaboration]\nname = 'HELIX'\n[embedding]\nmodel = 'word-hash'\n")
    return path


@pytest.fixture
def serve(tmp_path: Path, settings: Path) -> Iterator[Callable[[], Served]]:
    """Starts servers on a data folder of the test's own."""
    running = []

    def start() -> Served:
        context = _served(tmp_path / "data", settings)
        running.append(context)
        return context.__enter__()

    yield start
    for each in running:
        each.__exit__(None, None, None)


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A folder of two documents and a picture."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "solenoid.md").write_text("# Solenoid\n\nThe solenoid gives a field of 3.2 T.")
    (folder / "trigger.md").write_text("# Trigger\n\nThe electron threshold is 28 GeV.")
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    return folder


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A folder of so many documents that an ingest is still at it when a test wants to disturb it."""
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(600):
        (folder / f"{number}.md").write_text(f"# Run {number}\n\nRun {number} took {number * 3} events at 13.6 TeV.")
    return folder


def test_what_the_command_line_hands_over_it_would_have_done_itself(
    serve: Callable[[], Served], docs: Path, tmp_path: Path
) -> None:
    server = serve()
    assert server.said.startswith(f"HELIX: 0 documents; chat at {server.url}, API at {server.url}/api/docs, widget at")
    assert "the settings name no [model]" in server.said
    ingested = server.command("ingest", str(docs), "--json")
    assert ingested.returncode == 0, ingested.stderr
    report = json.loads(ingested.stdout)
    assert (report["found"], report["indexed"], len(report["skipped"])) == (3, 2, 1)
    (docs / "broken.pdf").write_bytes(b"%PDF-1.7\n" + b"no pages here" * 50)
    again = server.command("ingest", str(docs))
    assert again.returncode == 3
    assert "1 indexed" not in again.stdout
    assert "2 unchanged" in again.stdout
    assert "broken.pdf" in again.stdout
    orders = [
        ["search", "solenoid field", "--json"],
        ["search", "solenoid field", "--as", "others", "--json"],
        ["ask", QUESTION, "--json"],
        ["ask", "Who painted the ceiling of the chapel?", "--json"],
        ["show", (docs / "trigger.md").as_uri(), "--json"],
        ["show", "file:///nowhere"],
        ["status", "--json"],
        ["verify"],
        ["verify", "--dump"],
        ["ingest", str(tmp_path / "nowhere.md")],
        ["ingest"],
    ]
    there = [server.command(*order) for order in orders]
    assert server.end(signal.SIGTERM) < SOON
    assert server.process.returncode == 0
    here = [server.command(*order) for order in orders]
    for order, one, other in zip(orders, there, here, strict=True):
        assert (one.returncode, one.stderr) == (other.returncode, other.stderr), order
        assert _timeless(one.stdout) == _timeless(other.stdout), order
    assert [each.returncode for each in here] == [0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1]


def _timeless(out: str) -> object:
    """What was printed, without how long it took."""
    try:
        said = json.loads(out)
    except ValueError:
        return out
    said.pop("seconds", None)
    return said


def test_progress_comes_while_the_server_reads_and_the_report_last(serve: Callable[[], Served], many: Path) -> None:
    *progress, last = There(serve().data).ingest(Ingest((str(many),)))
    assert [each["event"] for each in progress] == ["progress"] * 600
    assert [each["done"] for each in progress] == list(range(1, 601))
    assert (last["event"], last["report"]["indexed"]) == ("report", 600)


def test_refusals_and_broken_models_come_through_as_sentences(tmp_path: Path, settings: Path, docs: Path) -> None:
    script = Script(["The electron threshold is 28 GeV [1]."])
    with serving(script) as url:
        settings.write_text(settings.read_text() + f"[model]\nkind = 'openai-like'\nurl = '{url}'\nname = '{NAME}'\n")
        with _served(tmp_path / "data", settings) as server:
            assert f"Answers are written by {NAME} at {url}." in server.said
            assert server.command("ingest", str(docs)).returncode == 0
            there = There(server.data)
            *_, last = there.ask(QUESTION, None)
            assert last["answer"]["claims"][0]["citations"][0]["verdict"] == "supported"
            script.replies = ["NOT FOUND"]
            assert "I found nothing that answers this" in server.command("ask", QUESTION).stdout
            script.status = 500
            failed = server.command("ask", QUESTION)
            assert failed.returncode == 1
            assert failed.stderr.startswith(f"ModelUnavailable: the model at {url} answered with an error")
            with pytest.raises(ModelUnavailable):
                list(there.ask(QUESTION, None))


def test_errors_keep_their_class_and_unknown_ones_are_named(serve: Callable[[], Served]) -> None:
    there = There(serve().data)
    with pytest.raises(UnknownDocument, match="file:///nowhere is not in the index"):
        there.show("file:///nowhere")
    with pytest.raises(ServerFailed, match="another version"):
        there._last("dance", {})
    with pytest.raises(ServerFailed, match="search failed in the server: KeyError"):
        there._last("search", {})
    assert there.status()["documents"] == 0


def test_a_path_that_the_server_does_not_see_is_named_with_both_users(serve: Callable[[], Served]) -> None:
    with pytest.raises(
        BadSource, match=rf"/nowhere/x: the server runs as {user()} and cannot read what {user()} names"
    ):
        list(There(serve().data).ingest(Ingest(("/nowhere/x",))))
    with pytest.raises(BadSource, match=rf"the server runs as {user()} and cannot read what ada names; let {user()}"):
        readable_here(("/nowhere/x",), "ada")


def test_only_its_own_user_reaches_the_socket(serve: Callable[[], Served]) -> None:
    data = serve().data
    assert data.stat().st_mode & 0o777 == 0o700
    assert (data / SOCKET).stat().st_mode & 0o777 == 0o600
    assert (data / "token.key").exists() is True
    assert (data / "token.key").stat().st_mode & 0o777 == 0o600


def test_operators_orders_exist_only_on_the_socket(serve: Callable[[], Served]) -> None:
    url = serve().url
    for path in ("status", "ingest", "api/status", "api/ingest", "api/verify"):
        request = urllib.request.Request(f"{url}/{path}", data=b"{}", headers={"Content-Type": "application/json"})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=20)
        with refused.value:
            assert refused.value.code in (403, 404, 405)


def test_a_data_folder_however_deep_has_its_socket(tmp_path: Path, settings: Path, docs: Path) -> None:
    deep = tmp_path.joinpath(*["a-folder-with-a-name-of-some-length"] * 4)
    deep.mkdir(parents=True)
    with _served(deep / "data", settings) as server:
        assert (deep / "data" / SOCKET).is_socket()
        assert server.command("ingest", str(docs)).returncode == 0
        assert server.end(signal.SIGTERM) < SOON
    assert not (deep / "data" / SOCKET).exists()


def test_a_server_that_was_killed_hinders_neither_the_command_line_nor_the_next_server(
    serve: Callable[[], Served], docs: Path
) -> None:
    server = serve()
    assert server.command("ingest", str(docs)).returncode == 0
    server.end(signal.SIGKILL)
    assert (server.data / SOCKET).is_socket()
    found = server.command("status", "--json")
    assert (found.returncode, json.loads(found.stdout)["documents"]) == (0, 2)
    again = serve()
    assert again.said.startswith("HELIX: 2 documents")
    assert There(again.data).status()["documents"] == 2


def test_a_second_server_on_a_data_folder_says_who_has_it(serve: Callable[[], Served]) -> None:
    first = serve()
    second = first.command("serve", "--port", "0")
    assert second.returncode == 1
    assert f"in use by process {first.process.pid}" in second.stderr
    assert There(first.data).status()["documents"] == 0


def test_a_port_that_is_taken_is_named(tmp_path: Path, settings: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [COLLABQA, "serve", "--port", str(port), "--data", str(tmp_path / "data"), "--config", str(settings)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        f"CannotListen: 127.0.0.1, port {port}: Address already in use; name others with --host and --port\n"
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_told_to_end_ends_although_it_reads_and_loses_nothing(
    serve: Callable[[], Served], many: Path, number: int
) -> None:
    server = serve()
    events = There(server.data).ingest(Ingest((str(many),)))
    assert next(iter(events))["event"] == "progress"
    # As a terminal does, which interrupts the parsers too.
    for child in _children(server.process.pid):
        os.kill(child, number)
    assert server.end(number) < SOON
    with pytest.raises(Stopped, match="the next one goes on from there"):
        list(events)
    assert server.process.returncode == 0
    assert server.process.stderr is not None
    assert server.process.stderr.read() == ""
    assert not (server.data / SOCKET).exists()
    assert server.command("verify").returncode == 0
    finished = server.command("ingest", str(many), "--json")
    report = json.loads(finished.stdout)
    assert finished.returncode == 0
    assert (report["found"], report["quarantined"]) == (600, [])
    whole = server.command("verify", "--dump").stdout
    shutil.rmtree(server.data)
    assert server.command("ingest", str(many)).returncode == 0
    assert server.command("verify", "--dump").stdout == whole


def _children(pid: int) -> list[int]:
    """The processes that a process has started, from whichever of its threads."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for thread in threads for child in (thread / "children").read_text().split()]


def test_a_server_that_is_killed_leaves_no_process_behind(serve: Callable[[], Served], many: Path) -> None:
    server = serve()
    events = There(server.data).ingest(Ingest((str(many),)))
    next(iter(events))
    children = _children(server.process.pid)
    assert children
    server.end(signal.SIGKILL)
    with pytest.raises(ServerGone, match="the server ended before it was done"):
        list(events)
    _eventually(lambda: not any(Path(f"/proc/{child}").exists() for child in children))
    assert server.command("ingest", str(many)).returncode == 0
    assert server.command("verify").returncode == 0


def test_whoever_leaves_an_ingest_stops_it(serve: Callable[[], Served], many: Path) -> None:
    server = serve()
    there = There(server.data)
    events = iter(there.ingest(Ingest((str(many),))))
    next(events)
    events.close()
    # The next ingest waits for the first to end, and does what that one left.
    *_, last = there.ingest(Ingest((str(many),)))
    assert last["report"]["found"] == 600
    assert last["report"]["indexed"] > 0
    assert there.verify()["problems"] == []


def _eventually(true: Callable[[], bool]) -> None:
    until = time.monotonic() + SOON
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.fixture
def talking(tmp_path: Path, settings: Path, docs: Path) -> Iterator[Callable[[Script], Served]]:
    """Starts a server over two documents whose model says what a script says."""
    with ExitStack() as stack:

        def start(script: Script) -> Served:
            url = stack.enter_context(serving(script))
            settings.write_text(
                settings.read_text() + f"[model]\nkind = 'openai-like'\nurl = '{url}'\nname = '{NAME}'\n"
            )
            server = stack.enter_context(_served(tmp_path / "data", settings))
            assert server.command("ingest", str(docs)).returncode == 0
            return server

        yield start


def _loaded(server: Served) -> bool:
    """Whether a server has loaded the library of language models: openai reads JSON with one in machine code."""
    return "/jiter/" in Path(f"/proc/{server.process.pid}/maps").read_text()


def test_the_library_of_the_model_is_loaded_before_anybody_asks(talking: Callable[[Script], Served]) -> None:
    script = Script(["The electron threshold is 28 GeV [1]."])
    server = talking(script)
    _eventually(lambda: _loaded(server))
    assert script.requests == []


def test_a_server_without_a_model_never_loads_its_library(serve: Callable[[], Served], docs: Path) -> None:
    server = serve()
    assert server.command("ingest", str(docs)).returncode == 0
    assert "28 GeV" in server.command("ask", QUESTION).stdout
    assert not _loaded(server)


def _asked(url: str) -> Any:
    body = json.dumps({"question": QUESTION}).encode()
    request = urllib.request.Request(f"{url}/api/ask/stream", body, {"Content-Type": "application/json"})
    return urllib.request.urlopen(request, timeout=60)


def _until_words(answer: Any) -> None:
    while b"event: words" not in answer.readline():
        pass


def test_a_browser_that_leaves_ends_the_writing(talking: Callable[[Script], Served]) -> None:
    script = Script(["The electron threshold is 28 GeV [1]. " * 500], seconds_between=0.02)
    server = talking(script)
    with _asked(server.url) as answer:
        _until_words(answer)
    _eventually(lambda: script.abandoned == 1)
    events: Iterator[Mapping[str, Any]] = iter(There(server.data).ask(QUESTION, None))
    while next(events)["event"] != "words":
        pass
    events.close()  # type: ignore[attr-defined]
    _eventually(lambda: script.abandoned == 2)
    assert There(server.data).status()["documents"] == 2


@pytest.mark.parametrize(
    "script",
    [
        Script(["The electron threshold is 28 GeV [1]. " * 500], seconds_between=0.02),
        Script(["never"], seconds_before_first=300),
    ],
    ids=["writing", "silent"],
)
def test_a_server_that_is_told_to_end_hangs_up_on_a_long_answer(
    talking: Callable[[Script], Served], script: Script
) -> None:
    server = talking(script)
    with _asked(server.url) as answer:
        assert b"event: stage" in answer.readline()
        _eventually(lambda: len(script.requests) == 1)
        assert server.end(signal.SIGTERM) < SOON
        with pytest.raises(http.client.IncompleteRead):
            answer.read()
    assert server.process.returncode == 0
    assert server.process.stderr is not None
    assert server.process.stderr.read() == ""
    assert server.command("verify").returncode == 0

"""The command line as people and scripts use it: its JSON, its sentences, its exit status."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.scripted import NAME, Script, serving

Run = Callable[..., tuple[int, str, str]]
COLLABQA = str(Path(sys.executable).with_name("collabqa"))


@pytest.fixture
def collabqa(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command line in this process on a data folder of the test's own."""
    from app.cli import main

    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["collabqa", *arguments, "--data", str(tmp_path / "data")])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return run


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A folder of three files."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "solenoid.md").write_text("# Solenoid\n\nThe solenoid gives a field of 3.2 T.")
    (folder / "trigger.md").write_text("# Trigger\n\nThe electron threshold is 28 GeV.")
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    return folder


def test_an_ingest_accounts_for_every_file(collabqa: Run, docs: Path) -> None:
    status, out, _ = collabqa("ingest", str(docs), "--json")
    report = json.loads(out)
    assert status == 0
    assert (report["found"], report["indexed"], len(report["skipped"])) == (3, 2, 1)
    assert set(report) >= {"found", "indexed", "unchanged", "skipped", "quarantined", "removed", "seconds"}


def test_files_without_readers_are_public_and_the_summary_says_so(collabqa: Run, docs: Path) -> None:
    _, out, _ = collabqa("ingest", str(docs))
    assert "public on this index" in out
    _, out, _ = collabqa("search", "solenoid field", "--as", "anybody", "--json")
    assert json.loads(out)["passages"]


def test_files_for_a_group_are_hidden_from_others_and_shown_to_the_owner(collabqa: Run, docs: Path) -> None:
    collabqa("ingest", str(docs), "--readers", "few")
    found = {
        who: json.loads(collabqa("search", "solenoid field", "--json", *who)[1])["passages"]
        for who in (("--as", "others"), ("--as", "few"), ())
    }
    assert found[("--as", "others")] == []
    assert found[("--as", "few")] == found[()] != []


def test_a_search_gives_its_reasons(collabqa: Run, docs: Path) -> None:
    collabqa("ingest", str(docs))
    _, out, _ = collabqa("search", "electron threshold", "-k", "1", "--json")
    (first,) = json.loads(out)["passages"]
    # The only heading above the passage is the title.
    assert (first["title"], first["heading"], first["status"]) == ("Trigger", "", "unknown")
    assert first["ranks"] == {"lexical": 1, "dense": 1}
    assert {"rank", "score", "uri", "link", "heading", "document_kind", "chunk_kind", "source", "text"} <= set(first)


def test_an_answer_cites_what_it_says(collabqa: Run, docs: Path) -> None:
    collabqa("ingest", str(docs))
    status, out, _ = collabqa("ask", "What is the electron threshold?", "--json")
    answer = json.loads(out)
    assert status == 0
    (citation, *_) = answer["claims"][0]["citations"]
    assert citation["quote"] == "The electron threshold is 28 GeV."
    assert citation["uri"].endswith("trigger.md")
    assert citation["verdict"] == "supported"


def test_an_item_of_a_list_is_quoted_without_its_number(collabqa: Run, docs: Path) -> None:
    (docs / "steps.md").write_text("# Start\n\n1. Call the control room.\n2. The coolant valve opens at 12 bar.\n")
    collabqa("ingest", str(docs))
    answer = json.loads(collabqa("ask", "At what pressure does the coolant valve open?", "--json")[1])
    assert answer["text"].startswith("The coolant valve opens at 12 bar. [1]")
    assert answer["claims"][0]["citations"][0]["quote"] == "The coolant valve opens at 12 bar."


def test_a_document_is_shown_with_its_chunks(collabqa: Run, docs: Path) -> None:
    collabqa("ingest", str(docs))
    uri = (docs / "solenoid.md").as_uri()
    _, out, _ = collabqa("show", uri, "--json")
    shown = json.loads(out)
    assert "".join(chunk["text"] for chunk in shown["chunks"]) == shown["text"]
    assert collabqa("show", uri)[0] == 0


def test_a_document_that_is_not_there_is_said_to_be_missing(collabqa: Run, docs: Path) -> None:
    collabqa("ingest", str(docs))
    status, _, err = collabqa("show", "file:///nowhere")
    assert status == 1
    assert "file:///nowhere is not in the index" in err


def test_status_and_verify_agree_after_an_ingest(collabqa: Run, docs: Path) -> None:
    collabqa("ingest", str(docs))
    _, out, _ = collabqa("status", "--json")
    assert json.loads(out)["documents"] == 2
    assert collabqa("verify")[0] == 0
    first = collabqa("verify", "--dump")[1]
    collabqa("ingest", str(docs))
    assert collabqa("verify", "--dump")[1] == first


def test_a_folder_of_the_same_name_elsewhere_removes_nothing(collabqa: Run, docs: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / "docs"
    other.mkdir(parents=True)
    (other / "tracker.md").write_text("# Tracker\n\nThe tracker has six layers.")
    collabqa("ingest", str(docs))
    assert json.loads(collabqa("ingest", str(other), "--json")[1])["removed"] == 0
    assert json.loads(collabqa("ingest", str(docs / "trigger.md"), "--json")[1])["removed"] == 0
    assert json.loads(collabqa("status", "--json")[1])["documents"] == 3


def test_an_empty_folder_holds_nothing(collabqa: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    status, out, _ = collabqa("ingest", str(tmp_path / "empty"), "--json")
    assert (status, json.loads(out)["found"]) == (0, 0)


def test_a_missing_file_is_named(collabqa: Run) -> None:
    status, _, err = collabqa("ingest", "nowhere.pdf")
    assert status == 1
    assert err == "MissingPath: nowhere.pdf does not exist\n"


def test_a_broken_pdf_is_quarantined_and_the_rest_is_read(collabqa: Run, docs: Path) -> None:
    (docs / "broken.pdf").write_bytes(b"%PDF-1.7\n" + b"no pages here" * 50)
    status, out, _ = collabqa("ingest", str(docs), "--json")
    report = json.loads(out)
    assert status == 3
    assert report["indexed"] == 2
    (bad,) = report["quarantined"]
    assert bad["uri"].endswith("broken.pdf")
    assert bad["reason"]
    assert "broken.pdf" in collabqa("status")[1]


def test_a_mailbox_cut_in_half_loses_no_message(collabqa: Run, tmp_path: Path) -> None:
    messages = [
        f"From ada@helix.example Mon Mar 10 10:0{number}:00 2025\nMessage-ID: <{number}@helix.example>\n"
        f"Subject: Topic {number}\n\nThe value number {number} is {number * 11} GeV.\n\n"
        for number in range(6)
    ]
    whole = "".join(messages).encode()
    (tmp_path / "half.mbox").write_bytes(whole[: whole.index(b"number 3") + 4])
    _, out, _ = collabqa("ingest", str(tmp_path / "half.mbox"), "--json")
    report = json.loads(out)
    assert report["found"] == 4
    assert report["indexed"] == 4


def test_a_wrong_key_in_the_settings_is_named_with_the_file(collabqa: Run, tmp_path: Path) -> None:
    (tmp_path / "collabqa.toml").write_text("[[source]]\nkind = 'mail'\nname = 'a'\nreaders = ['x']\npth = 'a'\n")
    status, _, err = collabqa("status")
    assert status == 1
    assert "collabqa.toml: [[source]] kind = 'mail': unknown key 'pth' (did you mean 'path'?)" in err


def test_nothing_to_ingest_is_said(collabqa: Run) -> None:
    status, _, err = collabqa("ingest")
    assert status == 1
    assert "name a path, or a [[source]] in the settings" in err


def test_a_wrong_option_is_a_usage_error(collabqa: Run) -> None:
    assert collabqa("ask", "why?", "--sa", "group")[0] == 2


def test_a_model_that_is_down_is_named(collabqa: Run, docs: Path, tmp_path: Path) -> None:
    with serving(Script([""])) as gone:
        pass
    (tmp_path / "collabqa.toml").write_text(f"[model]\nkind = 'openai-like'\nurl = '{gone}'\nname = '{NAME}'\n")
    collabqa("ingest", str(docs))
    status, _, err = collabqa("ask", "What is the electron threshold?")
    assert status == 1
    assert f"the model at {gone} cannot be reached" in err


def test_help_loads_no_heavy_library() -> None:
    heavy = (
        "torch transformers sentence_transformers llama_index qdrant_client streamlit pymupdf unstructured onnxruntime"
    )
    code = f"import sys, app.cli, app.commands; sys.exit(bool(set(sys.modules) & set({heavy.split()!r})))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_second_owner_is_told_who_has_the_index(collabqa: Run, docs: Path, tmp_path: Path) -> None:
    collabqa("ingest", str(docs))
    hold = (
        "import sys, pathlib; from index.edge import EdgeStore; "
        "held = EdgeStore(pathlib.Path(sys.argv[1]), 384); print('held', flush=True); sys.stdin.read()"
    )
    folder = str(tmp_path / "data" / "store")
    with subprocess.Popen(
        [sys.executable, "-c", hold, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        status, _, err = collabqa("status")
        other.communicate("")
    assert status == 1
    assert err.startswith("StoreBusy: ")


def test_an_ingest_that_is_killed_again_and_again_ends_with_the_same_index(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(60):
        (folder / f"{number}.md").write_text(f"# Page {number}\n\nValue {number} is {number * 3} GeV.\n" * 3)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}

    def ingest(data: str) -> list[str]:
        return [COLLABQA, "ingest", str(folder), "--data", str(tmp_path / data)]

    subprocess.run(ingest("undisturbed"), check=True, **quiet)  # type: ignore[call-overload]
    for milliseconds in (300, 700, 1200, 1800, 2400):
        process: Any = subprocess.Popen(ingest("killed"), **quiet)  # type: ignore[call-overload]
        try:
            process.wait(milliseconds / 1000)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    subprocess.run(ingest("killed"), check=True, **quiet)  # type: ignore[call-overload]
    dumps = [_dump(tmp_path / data) for data in ("undisturbed", "killed")]
    assert dumps[0] == dumps[1]


def _dump(data: Path) -> str:
    command = [COLLABQA, "verify", "--dump", "--data", str(data)]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=dict(os.environ)).stdout

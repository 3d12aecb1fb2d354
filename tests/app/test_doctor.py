"""collabqa doctor: one line a check, and what is wrong is named with what to do."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.doctor import Check, checks
from app.scripted import NAME, Script, serving

SETTINGS = """
[index]
path = "data"
[embedding]
model = "word-hash"
[[source]]
kind = "files"
name = "docs"
path = "docs"
readers = ["public"]
"""
Look = Callable[..., dict[str, Check]]


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """Writes settings beside a folder of one document and makes all checks; gives them by name."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "solenoid.md").write_text("# Solenoid\n\nThe solenoid gives a field of 3.2 T.")

    def made(settings: str = SETTINGS) -> dict[str, Check]:
        (tmp_path / "collabqa.toml").write_text(settings)
        return {each.name: each for each in checks(tmp_path / "collabqa.toml", None)}

    return made


def _wrong(made: dict[str, Check]) -> dict[str, str]:
    return {each.name: each.text for each in made.values() if not each.ok}


def test_where_all_is_well_every_line_says_so_and_nothing_is_written(look: Look, tmp_path: Path) -> None:
    made = look()
    assert list(made) == [
        "settings",
        "libraries",
        "data folder",
        "embedding model",
        "index",
        "language model",
        "source docs",
    ]
    assert _wrong(made) == {}
    assert made["source docs"].text == "can be listed and read"
    assert not (tmp_path / "data").exists()


def test_bad_settings_are_all_that_is_looked_at(look: Look) -> None:
    made = look(SETTINGS.replace("readers", "raeders"))
    assert list(made) == ["settings"]
    assert "unknown key 'raeders' (did you mean 'readers'?)" in _wrong(made)["settings"]


def test_a_data_folder_that_others_can_open_is_wrong(look: Look, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data").chmod(0o755)
    assert _wrong(look())["data folder"].endswith(f"chmod 700 {tmp_path / 'data'}")
    (tmp_path / "data").chmod(0o700)
    assert look()["data folder"].ok


def test_a_data_folder_that_is_a_file_is_wrong(look: Look, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    assert "is no folder" in _wrong(look())["data folder"]


def test_an_index_that_does_not_open_is_wrong(look: Look, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "data" / "manifest.sqlite").write_bytes(b"this is no database" * 100)
    assert _wrong(look()) == {"index": "DatabaseError: file is not a database"}


@pytest.mark.parametrize(
    ("change", "name", "text"),
    [
        (('path = "docs"', 'path = "nowhere"'), "source docs", "nowhere does not exist: correct it in the settings"),
        (('path = "docs"', 'path = "docs"\nonly = ["."]'), "source docs", "not everything can be listed: "),
        (('"word-hash"', '"nowhere/model"'), "embedding model", ""),
    ],
)
def test_what_the_settings_name_and_is_not_there_is_wrong(
    look: Look, change: tuple[str, str], name: str, text: str
) -> None:
    assert text in _wrong(look(SETTINGS.replace(*change)))[name]


def test_an_empty_source_is_wrong_and_one_whose_first_documents_are_left_out_is_not(look: Look, tmp_path: Path) -> None:
    (tmp_path / "docs" / "solenoid.md").rename(tmp_path / "docs" / "solenoid.xyz")
    (tmp_path / "docs" / "solenoid.xyz").write_bytes(b"\x00\x01\x02\x03" * 50)
    assert look()["source docs"].text == "can be listed; its first 1 are left out (no format reads .xyz)"
    (tmp_path / "docs" / "solenoid.xyz").unlink()
    assert "it lists nothing" in _wrong(look())["source docs"]


def test_a_language_model_is_asked_which_models_it_serves(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    def model(url: str, name: str) -> str:
        return f"{SETTINGS}\n[model]\nkind = 'openai-like'\nurl = '{url}'\nname = '{name}'\n"

    script = Script([""])
    with serving(script) as url:
        assert look(model(url, NAME))["language model"].text == f"{url} serves {NAME}"
        assert f"serves {NAME}, not other: set [model] name" in _wrong(look(model(url, "other")))["language model"]
        script.status = 401
        assert "is COLLABQA_MODEL_KEY set, and right?" in _wrong(look(model(url, NAME)))["language model"]
        script.status = 503
        assert "status 503" in _wrong(look(model(url, NAME)))["language model"]
    assert "cannot be reached" in _wrong(look(model(url, NAME)))["language model"]


def test_a_variable_that_the_settings_name_must_be_set(
    look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ingest.sources

    (tmp_path / "kinds").mkdir()
    (tmp_path / "kinds" / "ledger.py").write_text(LEDGER)
    monkeypatch.setattr(ingest.sources, "__path__", [*ingest.sources.__path__, str(tmp_path / "kinds")])
    ledger = '[[source]]\nkind = "ledger"\nname = "ledger"\nreaders = ["few"]\ntoken_env = "LEDGER_TOKEN"\n'
    try:
        wrong = _wrong(look(SETTINGS + ledger))
        assert wrong["environment LEDGER_TOKEN"].startswith("it is not set; token_env of the source 'ledger' names it")
        assert wrong["source ledger"] == "it can be listed, but its first documents cannot be fetched: a:1: no token"
        monkeypatch.setenv("LEDGER_TOKEN", "secret")
        made = look(SETTINGS + ledger)
        assert _wrong(made) == {}
        assert not any("secret" in each.text for each in made.values())
    finally:
        sys.modules.pop("ingest.sources.ledger", None)


LEDGER = """
import os
from dataclasses import dataclass

from ingest.errors import Unreadable
from ingest.source import End, Item, Raw


@dataclass(frozen=True, slots=True)
class Source:
    name: str
    readers: frozenset[str]
    token_env: str = ""

    def listing(self):
        yield Item("a:1", "1")
        yield End(True)

    def fetch(self, item):
        if not os.environ.get(self.token_env):
            raise Unreadable("no token")
        return Raw(b"text", "markdown", "page")
"""


def test_the_command_prints_a_line_a_check_and_its_exit_status_tells(
    look: Look, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.cli import main

    def run(*arguments: str) -> tuple[object, str]:
        monkeypatch.setattr(
            sys, "argv", ["collabqa", "doctor", "--config", str(tmp_path / "collabqa.toml"), *arguments]
        )
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, capsys.readouterr().out

    look()
    status, out = run()
    assert status == 0
    assert all(line.startswith("ok ") for line in out.splitlines())
    (tmp_path / "docs" / "solenoid.md").unlink()
    assert run()[0] == 1
    status, out = run("--json")
    said = json.loads(out)
    assert (status, said["ok"]) == (1, False)
    assert [each["check"] for each in said["checks"] if not each["ok"]] == ["source docs"]

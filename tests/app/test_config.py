"""A wrong setting is an error at once, and its sentence names the key and the nearest known one."""

from pathlib import Path

import pytest

from app.config import BadSettings, Settings, data_folder, load
from ingest.errors import BadSourceSettings, CollabqaError

WHOLE = """
[collaboration]
name = "HELIX"

[index]
path = "data"

[model]
kind = "openai-like"
url = "http://vllm:8000/v1"
name = "some/model"
timeout_seconds = 30

[access]
everyone = ["helix-members", "public"]
widget_origins = ["https://twiki.example.org"]

[ingest]
max_removed_share = 0.25

[[source]]
kind = "files"
name = "docs"
path = "docs"
readers = ["helix-members", "user:ada"]
"""


def _written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "collabqa.toml"
    path.write_text(text)
    return path


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    settings = load(_written(tmp_path, WHOLE))
    assert settings.collaboration.name == "HELIX"
    assert settings.index.path == tmp_path / "data"
    assert settings.model.timeout_seconds == 30.0
    assert settings.access.everyone == {"group:helix-members", "public"}
    assert settings.ingest.max_removed_share == 0.25
    (source,) = settings.sources
    assert source.name == "docs"
    assert source.readers == {"group:helix-members", "user:ada"}


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (
            "[colaboration]\nname = 'x'",
            BadSettings,
            r"unknown table \[colaboration\] \(did you mean 'collaboration'\?\)",
        ),
        ("[model]\nurls = 'x'", BadSettings, r"\[model\]: unknown key 'urls' \(did you mean 'url'\?\)"),
        ("[model]\ntimeout_seconds = 'long'", BadSettings, r"timeout_seconds = 'long': expected a float"),
        ("[ingest]\nmax_removed_share = 10", BadSettings, "expected a share from 0 to 1"),
        ("[ingest]\nmax_removed = 0.2", BadSettings, "did you mean 'max_removed_share'"),
        ("[model]\nkind = 'other'", BadSettings, "expected one of openai-like"),
        ("[model]\nkind = 'openai-like'\nurl = 'http://vllm/v1'", BadSettings, r"\[model\] name is missing"),
        (
            "[model]\nkind = 'openai-like'\nurl = 'http://vllm/v1'\nname = 'm'\ncontext_tokens = 700",
            BadSettings,
            r"\[model\] answer_tokens = 768: expected more than 0 and less than context_tokens = 700",
        ),
        ("[access]\neveryone = 'all'", BadSettings, "expected a list of strings"),
        ("[source]\nkind = 'files'", BadSettings, r"sources are written \[\[source\]\]"),
        ("[[source]]\nkind = 'fils'", BadSourceSettings, "unknown kind 'fils' .*did you mean 'files'"),
        (
            "[[source]]\nkind = 'files'\nname = 'a'\nreaders = ['x']\npth = 'a'",
            BadSourceSettings,
            r"kind = 'files': unknown key 'pth' \(did you mean 'path'\?\)",
        ),
        ("[[source]]\nkind = 'files'\nname = 'a'\npath = 'a'", BadSourceSettings, "missing key 'readers'"),
        ("no toml", BadSettings, "collabqa.toml"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, error: type[CollabqaError], message: str) -> None:
    with pytest.raises(error, match=message):
        load(_written(tmp_path, text))


def test_two_sources_of_one_name_are_refused(tmp_path: Path) -> None:
    source = "[[source]]\nkind = 'files'\nname = 'docs'\npath = 'a'\nreaders = ['x']\n"
    with pytest.raises(BadSettings, match="two sources are named 'docs'"):
        load(_written(tmp_path, source * 2))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"nowhere\.toml does not exist"):
        load(tmp_path / "nowhere.toml")


def test_the_data_folder_given_wins_over_the_settings(tmp_path: Path) -> None:
    settings = load(_written(tmp_path, WHOLE))
    assert data_folder(None, settings) == tmp_path / "data"
    assert data_folder(tmp_path / "other", settings) == tmp_path / "other"


def test_without_either_it_is_the_users_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert data_folder(None, Settings()) == tmp_path / "collabqa"

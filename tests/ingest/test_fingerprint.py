"""What is read again, and what is fetched again, when code changes."""

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

from ingest import fingerprint

SOURCE = """
from ingest.errors import Unreadable
from ingest.formats.twiki_markup.access import clauses
from ingest.remote import Remote

class Source:
    pass
"""


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package ingest, whose code counts."""
    copy = tmp_path / "ingest"
    shutil.copytree(Path(fingerprint.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(fingerprint, "_HERE", copy)
    return copy


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> type:
    """The class of a source that borrows a part of a format."""
    path = tmp_path / "bulletin.py"
    path.write_text(SOURCE)
    spec = importlib.util.spec_from_file_location("bulletin", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "bulletin", module)
    spec.loader.exec_module(module)
    made: type = module.Source
    return made


def _changed(path: Path) -> None:
    path.write_text((path.read_text() if path.exists() else "") + "\n# changed\n")


@pytest.mark.parametrize(
    ("name", "again"),
    [
        ("formats/html.py", True),
        ("formats/twiki_markup/access.py", True),
        ("charset.py", True),
        ("read.py", True),
        ("isolate.py", True),
        ("a_new_module.py", True),
        ("sources/files.py", False),
        ("sources/a_new_kind.py", False),
        ("remote.py", False),
        ("sync.py", False),
        ("manifest.py", False),
        ("archive.py", False),
    ],
)
def test_everything_is_parsed_again_when_code_that_reads_changes_and_only_then(
    code: Path, name: str, again: bool
) -> None:
    before = fingerprint.parsers.__wrapped__()
    _changed(code / name)
    assert (fingerprint.parsers.__wrapped__() != before) is again


@pytest.mark.parametrize(
    ("name", "again"),
    [
        ("../bulletin.py", True),
        ("formats/twiki_markup/access.py", True),
        ("formats/twiki_markup/tables.py", False),
        ("formats/html.py", False),
        ("sources/files.py", False),
        ("remote.py", False),
        ("errors.py", False),
    ],
)
def test_a_source_is_fetched_again_when_its_own_code_or_what_it_borrows_changes(
    code: Path, source: type, name: str, again: bool
) -> None:
    before = fingerprint.connector.__wrapped__(source)
    _changed(code / name)
    assert (fingerprint.connector.__wrapped__(source) != before) is again

"""The example of docs/adding-a-source.md is put where the page says, and does what the page says."""

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import ingest.sources
from ingest.source import End, Source, from_settings, kinds

PAGE = Path(__file__).parents[2] / "docs" / "adding-a-source.md"
CODE = "ingest/sources/bulletin.py"
CASE = "tests/ingest/golden_sources/bulletin/board"


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with every file that the page shows, where the kinds of sources are found too."""
    text = PAGE.read_text(encoding="utf-8")
    for name, body in re.findall(r"^`(\S+/\S+\.\w+)`\n\n```\w+\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body, encoding="utf-8")
    monkeypatch.setattr(ingest.sources, "__path__", [*ingest.sources.__path__, str((tmp_path / CODE).parent)])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("COLLABQA_TEST_TOKEN", "secret")
    yield tmp_path
    made = sys.modules.pop("ingest.sources.bulletin", None)
    if made is not None:
        made._board.cache_clear()


@pytest.fixture
def harness() -> ModuleType:
    """The module that reads golden folders of sources."""
    spec = importlib.util.spec_from_file_location("source_golden", Path(__file__).with_name("test_source_golden.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _source(example: Path, harness: ModuleType, site: Any, web: ModuleType) -> Source:
    harness._answer(site, web, example / CASE)
    made: Source = harness._source(example / CASE, site.url)
    return made


def test_the_example_is_one_file_of_under_60_lines_and_the_settings_find_it(example: Path) -> None:
    assert len((example / CODE).read_text(encoding="utf-8").splitlines()) < 60
    assert "bulletin" in kinds()
    made = from_settings({"kind": "bulletin", "name": "b", "readers": ["x"], "url": "https://b.example"}, base=example)
    assert made.readers == {"group:x"}


def test_the_example_reads_its_golden_folder(example: Path, harness: ModuleType, site: Any, web: ModuleType) -> None:
    read = harness._read(_source(example, harness, site, web))
    notices = [f"{site.url}/notices/{number}" for number in (7, 8)]
    assert read["items"] == [[notice, ""] for notice in notices]
    assert read["end"] == [True, ""]
    first, second = read["documents"]
    assert first["uri"] == notices[0]
    assert first["text"] == ["The solenoid is at 3.2 T."]
    assert (first["authors"], first["modified"]) == (["Ada"], "2025-03-10T09:30:00+01:00")
    assert first["readers"] == [["group:helix"]]
    assert second["readers"] == [[], ["group:helix"]]
    assert site.asked[0].headers["authorization"] == "Bearer secret"


def test_the_example_says_when_it_was_not_given_everything(
    example: Path, harness: ModuleType, site: Any, web: ModuleType
) -> None:
    source = _source(example, harness, site, web)
    site.says["/api/notices?page=2"] = web.Reply({"total": 2, "pages": 2, "notices": []})
    *_, end = source.listing()
    assert end == End(False, "the board gave 1 of 2 notices")


def test_the_section_that_the_page_shows_names_every_key_of_the_example(example: Path) -> None:
    from_settings({"kind": "bulletin", "name": "b", "readers": ["x"], "url": "https://b.example"}, base=example)
    fields = set(sys.modules["ingest.sources.bulletin"].Source.__dataclass_fields__)
    shown = set(re.findall(r"^    \| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert shown == fields - {"name", "readers"}

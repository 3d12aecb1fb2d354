"""Golden folders of sources: what lies in a folder or what a server answers, beside what the source must make of it.

golden_sources/KIND/CASE/
    source.toml     the keys of the [[source]] table, without kind, name and readers; in strings INPUT stands for
                    the folder input/, SITE for the address of a small server
    input/          what a source of files reads
    answers.json    what the small server says: {"/path?query": {"body": ... | "file": "input/x", "status", "headers"}};
                    SITE in a body stands for its address
    expected.json   items, end and documents; written anew with COLLABQA_GOLDEN=rewrite, to be reviewed as a diff
"""

import json
import os
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ingest.errors import Unreadable
from ingest.read import document, parsed
from ingest.source import End, Item, Source, from_settings, kinds

ROOT = Path(__file__).parent / "golden_sources"
CASES = sorted(path.parent for path in ROOT.glob("*/*/source.toml"))
TOKEN = "COLLABQA_TEST_TOKEN"


def test_every_kind_of_source_has_a_golden_folder() -> None:
    assert {path.parent.name for path in CASES} == set(kinds())


@pytest.mark.parametrize("case", CASES, ids=[f"{each.parent.name}/{each.name}" for each in CASES])
def test_a_source_reads_its_golden_folder(
    case: Path, site: Any, web: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv(TOKEN, "secret")
    _answer(site, web, case)
    found = _plain(_read(_source(case, site.url)), {site.url: "SITE", (case / "input").as_uri(): "INPUT"})
    expected = case / "expected.json"
    if os.environ.get("COLLABQA_GOLDEN") == "rewrite":
        expected.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert expected.exists(), f"{expected} is missing; write it with COLLABQA_GOLDEN=rewrite and review it"
    assert found == json.loads(expected.read_text(encoding="utf-8"))


def _source(case: Path, url: str) -> Source:
    text = (case / "source.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text.replace("INPUT", str(case / "input")).replace("SITE", url))
    return from_settings({"kind": case.parent.name, "name": "golden", "readers": ["helix"], **table}, base=case)


def _answer(site: Any, web: ModuleType, case: Path) -> None:
    """Let the server say what answers.json has."""
    answers = case / "answers.json"
    if not answers.exists():
        return
    for path, told in json.loads(answers.read_text(encoding="utf-8").replace("SITE", site.url)).items():
        body = (case / told["file"]).read_bytes() if "file" in told else told.get("body", "")
        site.says[path] = web.Reply(body, told.get("status", 200), told.get("headers", {}))


def _read(source: Source) -> dict[str, Any]:
    """All that a source lists and gives."""
    *items, end = source.listing()
    assert isinstance(end, End)
    assert all(isinstance(each, Item) for each in items)
    read = [each for each in items if isinstance(each, Item) and not each.skipped]
    return {
        "items": [[each.uri, each.skipped] for each in items if isinstance(each, Item)],
        "end": [end.complete, end.reason],
        "documents": [_document(source, each) for each in read],
    }


def _document(source: Source, item: Item) -> dict[str, Any]:
    try:
        raw = source.fetch(item)
        made = document(item, raw, parsed(raw), source)
    except Unreadable as problem:
        return {"uri": item.uri, "problem": str(problem)}
    return {
        "uri": made.uri,
        "kind": made.kind,
        "title": made.title,
        "authors": list(made.authors),
        "modified": made.modified.isoformat() if made.modified else None,
        "version": made.version,
        "status": made.status,
        "readers": [sorted(clause) for clause in made.readers],
        "parent": made.parent,
        "thread": made.thread,
        "links": list(made.links),
        "warnings": list(made.warnings),
        "marks": [[mark.kind, mark.level, mark.label, mark.fragment] for mark in made.marks],
        "text": made.text.split("\n"),
    }


def _plain(found: dict[str, Any], names: dict[str, str]) -> Any:
    """What was found, with what differs from run to run named."""
    text = json.dumps(found)
    for value, name in names.items():
        text = text.replace(value, name)
    return json.loads(text)

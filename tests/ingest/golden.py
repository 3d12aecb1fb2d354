"""Golden folders: an input beside what the format must make of it.

A format's folder is tests/ingest/golden/FORMAT; NAME.in.EXT stands beside NAME.expected.json. With
COLLABQA_GOLDEN=rewrite in the environment the expected files are written anew, to be reviewed as a diff.
"""

import json
import os
from pathlib import Path

from ingest.format import Parsed, load

ROOT = Path(__file__).parent / "golden"


def golden_cases(format_name: str) -> list[tuple[Path, Path]]:
    """Every input of a format and where its expected file is, or ought to be."""
    folder = ROOT / format_name
    inputs = sorted(path for path in folder.iterdir() if ".in." in path.name)
    return [(path, folder / f"{path.name.split('.in.')[0]}.expected.json") for path in inputs]


def as_golden(parsed: Parsed) -> dict[str, object]:
    """What is compared: all that a reader of the document would notice."""
    return {
        "title": parsed.title,
        "authors": list(parsed.authors),
        "modified": parsed.modified.isoformat() if parsed.modified else None,
        "version": parsed.version,
        "parent": parsed.parent,
        "thread": parsed.thread,
        "identifiers": list(parsed.identifiers),
        "links": list(parsed.links),
        "readers": [sorted(clause) for clause in parsed.readers],
        "warnings": list(parsed.warnings),
        "text": parsed.text.split("\n"),
        "marks": [
            [mark.kind, mark.level, mark.label, mark.fragment, parsed.text[mark.start : mark.end]]
            for mark in parsed.marks
        ],
    }


def check(format_name: str, given: Path, expected: Path) -> None:
    """Parse the input and compare; an input without an expected file fails."""
    found = as_golden(load(format_name).parse(given.read_bytes(), given.name.replace(".in.", ".")))
    if os.environ.get("COLLABQA_GOLDEN") == "rewrite":
        expected.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert expected.exists(), f"{expected.name} is missing; write it with COLLABQA_GOLDEN=rewrite and review it"
    assert found == json.loads(expected.read_text(encoding="utf-8"))


def assert_sound(parsed: Parsed) -> None:
    """What holds for everything that any format reads: marks and boxes lie inside the text, text can be written."""
    "".join((parsed.text, parsed.title, *parsed.authors, *parsed.links, *parsed.warnings)).encode("utf-8")
    for mark in parsed.marks:
        assert 0 <= mark.start < mark.end <= len(parsed.text), mark
        assert "\n" not in mark.label
        assert mark.fragment == "" or mark.fragment.startswith("#"), mark
    assert list(parsed.marks) == sorted(parsed.marks, key=lambda mark: (mark.start, -mark.end, mark.kind))
    for box in parsed.layout:
        assert 0 <= box.start < box.end <= len(parsed.text), box
        assert box.page >= 1
    assert parsed.modified is None or parsed.modified.tzinfo is not None
    assert all(parsed.authors)
    assert all(parsed.links)

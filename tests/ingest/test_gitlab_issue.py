import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import Unreadable
from ingest.formats import gitlab_issue

FORMAT = "gitlab_issue"
KEYS = "about notes iid title description author name body id position new_path created_at labels references".split()
LEAVES: Any = st.none() | st.booleans() | st.integers() | st.sampled_from(["# a\n```\nb", "2025-03-01T08:00:00Z", ""])


def _nested(inner: Any) -> Any:
    return st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)


JSON: Any = st.recursive(LEAVES, _nested)


def test_golden(golden_case: tuple[Path, Path], golden: ModuleType) -> None:
    golden.check(FORMAT, *golden_case)


@given(st.dictionaries(st.sampled_from(KEYS), JSON), JSON)
def test_any_json_is_read(golden: ModuleType, about: dict[str, object], notes: object) -> None:
    raw = json.dumps({"about": {**about, "iid": 1}, "notes": notes}).encode()
    golden.assert_sound(gitlab_issue.parse(raw))


def test_json_of_something_else_is_refused() -> None:
    with pytest.raises(Unreadable, match="no issue and no merge request"):
        gitlab_issue.parse(b'{"cells": []}')


@pytest.mark.parametrize(
    ("about", "state"),
    [
        ({"state": "opened", "closed_at": "2025-03-01T08:00:00Z"}, "opened"),
        ({"state": "closed", "closed_at": "2025-03-01T08:00:00Z"}, "closed (2025-03-01)"),
        (
            {"state": "merged", "merged_at": "2025-03-02T08:00:00Z", "merged_by": {"name": "Bo"}},
            "merged (2025-03-02, Bo)",
        ),
    ],
)
def test_how_it_ended_stands_first(about: dict[str, object], state: str) -> None:
    raw = json.dumps({"about": {"iid": 3, "title": "T", **about}}).encode()
    assert gitlab_issue.parse(raw).text.split("\n")[2] == f"- State: {state}"


def test_what_gitlab_itself_wrote_is_left_out_without_a_word() -> None:
    notes = [{"id": 1, "system": True, "body": "changed the label"}]
    parsed = gitlab_issue.parse(json.dumps({"about": {"iid": 3, "title": "T"}, "notes": notes}).encode())
    assert "label" not in parsed.text
    assert parsed.warnings == ()

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.document import NOBODY
from ingest.errors import Unreadable
from ingest.formats import indico_event

FORMAT = "indico_event"
KEYS = (
    "_type _event title url startDate date time tz contributions sessions results allowed users groups folders "
    "attachments filename speakers first_name note html hasAnyProtection"
).split()
WORDS = ["Conference", "2025-01-01", "10:00:00", "Mars/Base", "<p>x", "a"]
LEAVES: Any = st.none() | st.booleans() | st.integers() | st.sampled_from(WORDS)


def _nested(inner: Any) -> Any:
    return st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)


JSON: Any = st.recursive(LEAVES, _nested)


def test_golden(golden_case: tuple[Path, Path], golden: ModuleType) -> None:
    golden.check(FORMAT, *golden_case)


@given(st.binary(max_size=200) | JSON.map(lambda found: json.dumps(found).encode()))
def test_any_json_is_read_or_refused(golden: ModuleType, raw: bytes) -> None:
    try:
        golden.assert_sound(indico_event.parse(raw))
    except Unreadable:
        return


@given(st.dictionaries(st.sampled_from(KEYS), JSON, max_size=8))
def test_any_event_is_read(golden: ModuleType, found: dict[str, object]) -> None:
    golden.assert_sound(indico_event.parse(json.dumps({**found, "_type": "Conference"}).encode()))


def test_a_protected_event_without_a_list_is_for_nobody() -> None:
    parsed = indico_event.parse(b'{"_type": "Conference", "title": "Board", "hasAnyProtection": true}')
    assert parsed.readers == NOBODY
    assert parsed.warnings == ("the event is protected, and the export does not say for whom: nobody may read it",)


def test_a_contribution_of_a_protected_event_is_for_nobody_too() -> None:
    raw = b'{"_type": "Contribution", "title": "T", "_event": {"_type": "Conference", "hasAnyProtection": true}}'
    assert indico_event.parse(raw).readers == NOBODY


def test_json_of_something_else_is_refused() -> None:
    with pytest.raises(Unreadable, match="no event and no contribution"):
        indico_event.parse(b'{"cells": []}')


def test_events_are_recognised_and_other_json_is_not() -> None:
    assert indico_event.recognises(b'{"count": 1, "results": [{"_type": "Conference", "id": "1"', "event.json")
    assert not indico_event.recognises(b'{"cells": [], "nbformat": 4}', "event.json")

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import Unreadable
from ingest.format import recognise
from ingest.formats import parts

FORMAT = "parts"
LEAVES: Any = st.none() | st.integers() | st.sampled_from(["# H", "text", "#a", "page 1", "\ud800"])
PART: Any = st.dictionaries(st.sampled_from(["text", "label", "fragment", "kind"]), LEAVES) | LEAVES


def test_golden(golden_case: tuple[Path, Path], golden: ModuleType) -> None:
    golden.check(FORMAT, *golden_case)


def test_it_is_recognised_by_its_first_key() -> None:
    assert recognise(b'{"_parts": []}', "x") == FORMAT
    assert recognise(b'{"title": "x", "_parts": []}', "x") != FORMAT


@given(st.lists(PART), LEAVES)
def test_any_parts_are_read(golden: ModuleType, given_parts: list[Any], other: Any) -> None:
    made = {"_parts": given_parts, "title": other, "authors": [other], "links": other, "modified": other}
    golden.assert_sound(parts.parse(json.dumps(made).encode()))


@pytest.mark.parametrize("raw", [b"[]", b"{}", b'{"_parts": 1}', b"no"])
def test_what_is_no_document_in_parts_is_refused(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        parts.parse(raw)

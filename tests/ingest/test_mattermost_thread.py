import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import Unreadable
from ingest.formats import mattermost_thread

FORMAT = "mattermost_thread"
KEYS = "posts channel id user name create_at edit_at message files headless".split()
LEAVES: Any = st.none() | st.booleans() | st.integers() | st.sampled_from(["# a\n```\nb", "@ada\x00", "", " \n"])


def _nested(inner: Any) -> Any:
    return st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)


JSON: Any = st.recursive(LEAVES, _nested)


def test_golden(golden_case: tuple[Path, Path], golden: ModuleType) -> None:
    golden.check(FORMAT, *golden_case)


@given(st.lists(st.dictionaries(st.sampled_from(KEYS), JSON), min_size=1, max_size=3), JSON)
def test_any_json_is_read(golden: ModuleType, posts: list[object], channel: object) -> None:
    golden.assert_sound(mattermost_thread.parse(json.dumps({"channel": channel, "posts": posts}).encode()))


def test_json_of_something_else_is_refused() -> None:
    with pytest.raises(Unreadable, match="no post of Mattermost"):
        mattermost_thread.parse(b'{"cells": []}')


@pytest.mark.parametrize(
    ("message", "title"),
    [
        ("## The **menu**\nmore", "The menu (Trigger)"),
        ("> Whose words?\n**Mine** or #42", "Mine or #42 (Trigger)"),
        ("```\ncode\n```", "code (Trigger)"),
        ("", "Thread (Trigger)"),
        ("word " * 30, f"{'word ' * 15}word ... (Trigger)"),
    ],
)
def test_a_thread_is_called_by_its_first_words(message: str, title: str) -> None:
    raw = json.dumps({"channel": "Trigger", "posts": [{"message": message}]}).encode()
    assert mattermost_thread.parse(raw).title == title

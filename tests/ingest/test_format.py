from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import Unreadable
from ingest.format import LAST_RESORT, load, names, recognise

SUFFIXES = sorted({suffix for name in names() for suffix in load(name).SUFFIXES})
MINE = ["html", "indico_event", "markdown", "notebook", "rst"]


@pytest.mark.parametrize("format_name", MINE)
def test_each_golden_input_is_recognised_as_what_it_is(golden: ModuleType, format_name: str) -> None:
    for given_path, _ in golden.golden_cases(format_name):
        name = Path(given_path).name.replace(".in.", ".")
        assert recognise(given_path.read_bytes()[:4096], name) == format_name, name


@given(st.binary(max_size=300), st.sampled_from(["", "x", *(f"x{suffix}" for suffix in SUFFIXES)]))
def test_any_bytes_under_any_name_are_recognised_or_not_without_fail(head: bytes, name: str) -> None:
    assert recognise(head, name) in {None, *names()}


def test_plain_words_are_read_as_text_whatever_their_file_is_called() -> None:
    for name in (
        "notes.txt",
        "notes",
        "notes.html",
        "notes.json",
        "notes.csv",
        "notes.pdf",
        "notes.docx",
        "notes.ipynb",
    ):
        assert recognise(b"just a few words, no more", name) == LAST_RESORT, name


def test_a_format_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(Unreadable, match=r"no format is called 'pfd'; there are: .*pdf"):
        load("pfd")

from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import TooLarge
from ingest.format import recognise
from ingest.formats import text


@given(st.binary(max_size=400), st.sampled_from(["a.txt", "a.py", "a.tsv"]))
def test_any_bytes_are_read(golden: ModuleType, raw: bytes, name: str) -> None:
    golden.assert_sound(text.parse(raw, name))


def test_plain_text_stays_as_it_is() -> None:
    assert text.parse(b"One.\r\n\r\n  Two.  \r\n").text == "One.\n\n  Two."


def test_text_in_latin_1_is_read_with_a_warning() -> None:
    parsed = text.parse(b"Gr\xfc\xdfe")
    assert (parsed.text, parsed.warnings) == ("Grüße", ("not UTF-8; read as latin-1",))


def test_text_in_utf_16_is_read() -> None:
    assert text.parse("Größe".encode("utf-16")).text == "Größe"


def test_an_underlined_line_is_a_heading() -> None:
    parsed = text.parse(b"HELIX NOTES\n===========\n\nRuns\n----\n\nrun 1\n")
    assert [(mark.level, mark.label) for mark in parsed.marks] == [(1, "HELIX NOTES"), (2, "Runs")]


def test_a_ruler_between_paragraphs_is_no_heading() -> None:
    assert text.parse(b"one line of a paragraph\nand another one\n---\n\n-----\n-----\n").marks == ()


def test_source_code_is_marked_block_by_block_with_line_numbers() -> None:
    parsed = text.parse(b"import os\n\n\ndef menu():\n    a = 1\n\n    return a\n\nx = menu()\n", "menu.py")
    assert [(mark.kind, mark.label, mark.fragment) for mark in parsed.marks] == [
        ("code", "line 1", "#L1"),
        ("code", "lines 4-7", "#L4"),
        ("code", "line 9", "#L9"),
    ]
    second = parsed.marks[1]
    assert parsed.text[second.start : second.end] == "def menu():\n    a = 1\n\n    return a"


def test_a_log_above_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "MAX_BYTES", 10)
    with pytest.raises(TooLarge, match="11 bytes of plain text; the limit is 10"):
        text.parse(b"eleven byte")


@pytest.mark.parametrize(
    "head",
    [b"", b"\x89PNG\r\n\x1a\n\x00", b"\x7fELF\x02\x01", bytes(range(256)), b"\x1f\x8b\x08\x08\xe6\xf0\xb2\x99\xd1"],
)
def test_binary_data_is_no_text(head: bytes) -> None:
    assert not text.recognises(head, "notes")


def test_a_character_cut_by_the_end_of_the_head_is_still_text() -> None:
    assert text.recognises("naïve".encode()[:3], "notes")


def test_a_style_sheet_is_nothing_to_read() -> None:
    assert not text.recognises(b"body { color: red }", "main.css")


def test_plain_text_is_asked_last() -> None:
    assert recognise(b"---\ntitle: x\n---\nbody", "page.txt") == "markdown"
    assert recognise(b"just words", "page.txt") == "text"
    assert recognise(b"just words", "README") == "text"
    assert recognise(b"\x89PNG\r\n\x1a\n\x00", "a.png") is None

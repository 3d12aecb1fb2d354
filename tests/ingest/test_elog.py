from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import Unreadable
from ingest.format import recognise
from ingest.formats import elog
from ingest.formats.elog.code import as_html
from ingest.formats.elog.entry import entries

FORMAT = "elog"
PIECES = (
    *("[b]", "[/b]", "[i]", "[quote]", "[/quote]", "[list]", "[*]", "[/list]", "[table]", "|", "|-", "[/table]"),
    *("[code]", "[/code]", "[url=x]", "[/url]", "<", "&", "\n", "a"),
)


def test_golden(golden_case: tuple[Path, Path], golden: ModuleType) -> None:
    golden.check(FORMAT, *golden_case)


@pytest.mark.parametrize("name", ["260303a.log", "entry.elog", "entry"])
def test_an_entry_is_recognised_whatever_its_file_is_called(name: str) -> None:
    assert recognise(b"$@MID@$: 12\nDate: Tue, 03 Mar 2026 14:05:00 +0100\n", name) == FORMAT


@given(st.lists(st.sampled_from(PIECES)).map(" ".join), st.sampled_from(["plain", "HTML", "ELCode"]))
def test_any_text_in_any_encoding_is_read(golden: ModuleType, text: str, encoding: str) -> None:
    golden.assert_sound(elog.parse(f"$@MID@$: 1\nEncoding: {encoding}\n{'=' * 40}\n{text}".encode()))


def test_markup_that_is_none_stays_as_it_stands() -> None:
    assert as_html("a[0] and [unknown]x") == "<p>a[0] and [unknown]x</p>"


def test_a_script_in_elcode_is_words() -> None:
    assert "<script>" not in as_html("<script>alert(1)</script>")


def test_an_attachment_has_its_name_and_its_stamp() -> None:
    (entry,) = entries("$@MID@$: 1\nAttachment: 260303_140459_a_b.txt, odd.txt\n====================\nx")
    assert [(each.name, each.stamp) for each in entry.attachments] == [("a_b.txt", "260303_140459"), ("odd.txt", "")]


def test_a_file_without_an_entry_is_refused() -> None:
    with pytest.raises(Unreadable, match="no entry of a logbook"):
        elog.parse(b"some log")

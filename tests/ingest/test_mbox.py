import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.formats.email.mbox import Span, cut, split, starts_mbox

FIRST = b"From ada@helix.example Mon Jun  1 10:00:00 2026\nSubject: one\n\nFirst.\n\n"
SECOND = b"From bob@helix.example Tue Jun  2 11:00:00 2026\nSubject: two\n\nSecond.\n"
LINES = [
    b"From ada@helix.example Mon Jun  1 10:00:00 2026\n",
    b"From ada at helix.example  Mon Jun  1 10:00:00 CEST 2026\r\n",
    b"From - \n",
    b"From 3f2e1d0c3f2e1d0c3f2e1d0c3f2e1d0c3f2e1d0c Mon Sep 17 00:00:00 2001\n",
    b"From Monday on\n",
    b">From the start\n",
    b"Subject: x\n",
    b"Content-Length: 12\n",
    b"Content-Length: 999999999999\n",
    b"\n",
    b"\r\n",
    b"text\n",
    b"no end",
    b"\xef\xbb\xbf",
    b"\0\n",
]


def messages(raw: bytes) -> list[bytes]:
    stream = io.BytesIO(raw)
    return [cut(stream, span, mbox=True) for span in split(stream)]


@given(st.lists(st.sampled_from(LINES), max_size=30))
@example([])
def test_the_messages_of_any_file_cover_it(lines: list[bytes]) -> None:
    raw = b"".join(lines)
    found = list(split(io.BytesIO(raw)))
    assert b"".join(raw[span.begin : span.end] for span in found) == raw
    assert all(span.begin <= span.start <= span.end for span in found)


@given(st.lists(st.text("abc >\n:", max_size=40), min_size=1, max_size=8))
def test_messages_written_one_after_the_other_come_back(bodies: list[str]) -> None:
    written = [f"Subject: {number}\n\n{body}\n".encode() for number, body in enumerate(bodies)]
    raw = b"".join(b"From a@b Mon Jun  1 10:00:00 2026\n" + each + b"\n" for each in written)
    assert messages(raw) == written


def test_a_line_from_in_a_body_is_no_message() -> None:
    body = b"From Monday on the threshold is 28 GeV.\n\nFrom ada@helix.example\nFrom: 26\n"
    assert len(messages(FIRST + body + b"\n" + SECOND)) == 2


def test_a_dated_line_from_without_a_header_below_is_no_message() -> None:
    assert len(messages(FIRST + b"From ada Mon Jun  1 10:00:00 2026\nwas her mail.\n\n" + SECOND)) == 2


def test_a_patch_of_git_in_a_body_is_no_message() -> None:
    patch = b"From 3f2e1d0c3f2e1d0c3f2e1d0c3f2e1d0c3f2e1d0c Mon Sep 17 00:00:00 2001\nFrom: Ada <a@b>\nSubject: fix\n\n"
    assert len(messages(FIRST + patch + SECOND)) == 2
    assert len(messages(patch + patch)) == 2


def test_escaped_lines_come_back_as_they_were() -> None:
    raw = FIRST + b">From here\n\n>>From there\n> From nowhere\n"
    assert messages(raw)[0].endswith(b"\nFrom here\n\n>From there\n> From nowhere\n")


def test_a_quoted_line_that_starts_with_from_stays_quoted() -> None:
    raw = FIRST + b"> Where does it come from?\n>From the wiki?\n"
    assert messages(raw)[0].endswith(b"\n>From the wiki?\n")


def test_a_content_length_that_leads_to_a_message_is_believed() -> None:
    body = b"Forwarded:\n\n" + SECOND + b">From now on\n"
    raw = FIRST.replace(b"\n\nFirst.\n\n", b"\nContent-Length: %d\n\n" % len(body)) + body + b"\n" + SECOND
    first, second = messages(raw)
    assert b"\n>From now on\n" in first
    assert second == SECOND.partition(b"\n")[2]


def test_a_content_length_that_leads_nowhere_is_not_believed() -> None:
    assert len(messages(FIRST.replace(b"one\n", b"one\nContent-Length: 3\n") + SECOND)) == 2


def test_lines_may_end_as_in_dos() -> None:
    assert messages((FIRST + SECOND).replace(b"\n", b"\r\n"))[0] == b"Subject: one\r\n\r\nFirst.\r\n"


def test_blank_lines_and_a_byte_order_mark_before_the_first_message_are_none() -> None:
    assert len(messages(b"\xef\xbb\xbf" + FIRST + SECOND)) == 2
    assert len(messages(b"\n\n" + FIRST + SECOND)) == 2


def test_the_rest_of_a_message_before_the_first_one_is_kept() -> None:
    rest, first, second = messages(b"was cut here.\n\n" + FIRST + SECOND)
    assert rest == b"was cut here.\n"
    assert (first, second) == (FIRST.partition(b"\n")[2][:-1], SECOND.partition(b"\n")[2])


def test_bare_lines_from_count_where_the_first_is_bare() -> None:
    bare = b"From - \nSubject: x\n\nFrom Russia with love\nYear: 1963\n"
    assert len(messages(bare + bare)) == 2


def test_a_line_longer_than_a_block_hides_no_message_and_makes_none() -> None:
    long = b"x" * 65536 + b"From a@b Mon Jun  1 10:00:00 2026\nSubject: y\n"
    assert len(messages(FIRST + long + b"\n" + SECOND)) == 2


def test_an_empty_file_is_one_empty_message() -> None:
    assert list(split(io.BytesIO(b""))) == [Span(0, 0, 0)]


@pytest.mark.parametrize(
    ("head", "starts"),
    [
        (b"From ada at helix.example  Mon Jun  1 10:00:00 2026\nFrom: x\n", True),
        (b"From ada@helix.example Mon, 1 Jun 2026 10:00:00 +0200\nFrom: x\n", True),
        (b"From MAILER-DAEMON Mon Jun  1 10:00 2026\n", True),
        (b"From 1844347792267117879@xxx\nMIME-Version: 1.0\n", True),
        (b"From ada@helix.example\n\nHello", False),
        (b"From: ada@helix.example\nSubject: x\n", False),
    ],
)
def test_an_mbox_is_told_by_its_first_lines(head: bytes, starts: bool) -> None:
    assert starts_mbox(head) is starts

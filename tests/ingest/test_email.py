import base64
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import Unreadable
from ingest.formats import email

FORMAT = "email"
PIECES = [
    "From: a@b\n",
    "Subject: =?utf-8?q?x=C3?= =?utf-8?q?=A9?=\n",
    "Date: Fri, 10 Jan 2025 12:00:00 +0100\n",
    "Content-Type: multipart/mixed; boundary=b\n",
    "Content-Type: multipart/alternative; boundary=b\n",
    "Content-Type: multipart/digest; boundary=b\n",
    "Content-Type: message/rfc822\n",
    "Content-Type: message/delivery-status\n",
    "Content-Type: message/disposition-notification\n",
    "Content-Type: application/pkcs7-mime\n",
    "Status: 5.1.1\n",
    "Content-Type: message/external-body; access-type=URL; URL=x\n",
    "Content-Type: text/html; charset=utf-7\n",
    "Content-Type: text/plain; format=flowed; delsp=yes\n",
    "Content-Type: text/enriched; charset=nonsense\n",
    "Content-Type: text/plain; charset*=idna''x; name*0*=utf-16''%ff\n",
    "Content-Transfer-Encoding: base64\n",
    "Content-Transfer-Encoding: quoted-printable\n",
    "Content-Transfer-Encoding: x-uuencode\n",
    "\n",
    "--b\n",
    "--b--\n",
    "<p>On Mon wrote:<blockquote>a<table><tr><td>x<td>y<tr><td>z<td>w</table>\n",
    "+2AA-",
    "=\n",
    "=C3",
    "> quoted\n",
    ">> more\n",
    "On 1 Jan 2025 Ada wrote:\n",
    "-----Original Message-----\n",
    "From: x\nSent: 2025\nSubject: y\n",
    "-- \n",
    "Cheers,\n",
    "_______________________________________________\nx mailing list\n",
    "-------------- next part --------------\n",
    "An HTML attachment was scrubbed...\n",
    "begin 644 x\n#0V%T\n`\nend\n",
    "<!--beginarticle--><html",
    "text \n",
]


def test_golden(golden_case: tuple[Path, Path], golden: ModuleType) -> None:
    golden.check(FORMAT, *golden_case)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(golden: ModuleType, raw: bytes) -> None:
    try:
        golden.assert_sound(email.parse(raw))
    except Unreadable:
        assert not raw.strip()


@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_mixture_of_mail_gives_marks_inside_the_text(golden: ModuleType, pieces: list[str]) -> None:
    raw = "".join(pieces).encode()
    if raw.strip():
        golden.assert_sound(email.parse(raw))


@given(st.lists(st.sampled_from(PIECES), max_size=20), st.binary(max_size=60))
def test_a_message_with_bytes_of_any_kind_in_its_body_is_read(
    golden: ModuleType, pieces: list[str], body: bytes
) -> None:
    golden.assert_sound(email.parse(b"From: a@b\n" + "".join(pieces).encode() + body))


def nested(depth: int, start: str) -> bytes:
    levels = "".join(start.format(number) for number in range(depth))
    return f"From: a@b\nSubject: x\n{levels}\nThe threshold is 28 GeV.\n".encode()


@pytest.mark.parametrize("depth", [60, 5000])
def test_parts_nested_beyond_measure_are_read_as_one_text(depth: int) -> None:
    parsed = email.parse(nested(depth, "Content-Type: multipart/mixed; boundary=b{0}\n\n--b{0}\n"))
    assert parsed.text.endswith("The threshold is 28 GeV.")
    assert "its parts cannot be told apart; all of it is read as one text" in parsed.warnings


def test_a_few_nested_parts_are_followed() -> None:
    parsed = email.parse(nested(20, "Content-Type: multipart/mixed; boundary=b{0}\n\n--b{0}\n"))
    assert parsed.text == "The threshold is 28 GeV."


def test_quotes_nested_beyond_measure_keep_their_words() -> None:
    body = "<blockquote>deep " * 5000 + "28 GeV"
    parsed = email.parse(f"From: a@b\nSubject: x\nContent-Type: text/html\n\n{body}".encode())
    assert "deep" in parsed.text


def test_an_encoding_whose_name_holds_a_null_is_unknown() -> None:
    parsed = email.parse(b"From: a@b\nSubject: x\nDate: 1 Jun 2026\nContent-Type: text/plain; charset=a\0b\n\nG\xf6ran")
    assert parsed.text == "Göran"


def test_a_link_at_the_end_of_a_sentence_ends_before_its_punctuation() -> None:
    text = "See https://helix.example/menu_(v7.2), (https://helix.example/b). <https://helix.example/c?a=1&b=2>"
    assert email.parse(f"From: a@b\nSubject: x\n\n{text}".encode()).links == (
        "https://helix.example/menu_(v7.2)",
        "https://helix.example/b",
        "https://helix.example/c?a=1&b=2",
    )


def multipart(*parts: str, before: str = "", subtype: str = "mixed") -> bytes:
    head = f"From: a@b\nSubject: x\nContent-Type: multipart/{subtype}; boundary=b\n\n{before}\n"
    return (head + "".join(f"--b\n{part}\n" for part in parts) + "--b--\n").encode()


def test_what_stands_before_the_parts_is_left_out_where_a_part_has_text() -> None:
    assert email.parse(multipart("\nIt is 28 GeV.", before="Nobody sees this.")).text == "It is 28 GeV."


def test_a_note_on_mime_is_no_text() -> None:
    note = "Dies ist eine mehrteilige Nachricht im MIME-Format."
    assert email.parse(multipart("Content-Type: image/png\n\nx", before=note)).text == ""


def test_what_stands_before_the_messages_of_a_digest_is_left_out() -> None:
    digest = multipart("\nSubject: y\n\nIt is 28 GeV.", before="Topics of today", subtype="digest")
    assert email.parse(digest).text == "## y\n\nIt is 28 GeV."


def test_a_message_within_that_is_empty_has_no_heading() -> None:
    assert email.parse(b"From: a@b\nSubject: x\nContent-Type: message/partial\n\n").text == ""


def test_a_report_that_was_encoded_is_decoded() -> None:
    status = base64.encodebytes(b"Reporting-MTA: dns; mx\n\nStatus: 5.1.1\n").decode()
    parsed = email.parse(
        multipart(f"Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n{status}")
    )
    assert parsed.text == "```\nReporting-MTA: dns; mx\n```\n\n```\nStatus: 5.1.1\n```"


def test_a_report_that_has_no_fields_is_read_as_it_stands() -> None:
    parsed = email.parse(multipart("Content-Type: message/delivery-status\n\nThe disk is full.\nTry again."))
    assert parsed.text == "```\nThe disk is full.\nTry again.\n```"


def test_an_empty_message_is_refused() -> None:
    with pytest.raises(Unreadable, match="empty"):
        email.parse(b"\n\n")


@pytest.mark.parametrize(
    ("head", "name", "is_mail"),
    [
        (b"From: Ada <ada@helix.example>\nSubject: x\n\nHello", "1", True),
        (b"Received: from a\n\tby b; today\nReturn-Path: <a@b>\n", "x.eml", True),
        (b"From ada@helix.example Mon Jun  1 10:00:00 2026\nFrom: ada@helix.example\nSubject: x\n\n", "x.eml", True),
        (b"\xef\xbb\xbfFrom: Ada\r\nSubject: x\r\n", "x", True),
        (b"title: Menu\ndate: 2026-06-01\n\nText", "x", False),
        (b"Subject: notes\nDate: Monday\n", "x", False),
        (b"# Menu\n\nFrom: Ada\nTo: Bob\n", "x.md", False),
        (b"", "x.eml", False),
    ],
)
def test_a_message_is_told_by_its_header(head: bytes, name: str, is_mail: bool) -> None:
    assert email.recognises(head, name) is is_mail

from pathlib import Path
from types import ModuleType

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

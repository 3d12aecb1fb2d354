import base64
import gzip
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from ingest.errors import MissingPath, TooLarge, Unreadable
from ingest.formats.email.containers import Container, read
from ingest.formats.email.mbox import Span
from ingest.source import End, Item, Raw, claiming, from_settings
from ingest.sources.mail import Source, claims

READERS = frozenset({"group:helix-members"})
POSTMARK = "From ada@helix.example Mon Jun  1 10:00:00 2026\n"


def message(number: int, *fields: str, body: str = "It is 28 GeV.") -> str:
    lines = ["From: Ada <ada@helix.example>", f"Message-ID: <m{number}@helix.example>", *fields]
    if not any(each.startswith("Subject:") for each in fields):
        lines.append(f"Subject: Menu {number}")
    return "\n".join([*lines, "", body, ""])


def mbox(*messages: str) -> bytes:
    return "".join(f"{POSTMARK}{each}\n" for each in messages).encode()


def source(path: Path, url: str = "") -> Source:
    return Source("list", READERS, path, url)


def listed(path: Path, url: str = "") -> list[Item]:
    *items, end = source(path, url).listing()
    assert end == End(True)
    return [item for item in items if isinstance(item, Item)]


def fetched(path: Path) -> list[Raw]:
    return [source(path).fetch(item) for item in listed(path) if not item.skipped]


def test_each_message_of_an_mbox_is_an_item(tmp_path: Path) -> None:
    (tmp_path / "list.mbox").write_bytes(mbox(message(1), message(2)))
    assert [item.uri for item in listed(tmp_path)] == ["mid:m1@helix.example", "mid:m2@helix.example"]
    assert [raw.data.decode() for raw in fetched(tmp_path / "list.mbox")] == [message(1), message(2)]


def test_a_url_stands_before_the_id(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_text(message(1).replace("<m1@", "<m/1%@"))
    assert [item.uri for item in listed(tmp_path, "https://lists.helix.example/id/")] == [
        "https://lists.helix.example/id/m%2F1%25@helix.example"
    ]


def test_the_settings_make_this_source(tmp_path: Path) -> None:
    made = from_settings({"kind": "mail", "path": "x", "name": "list", "readers": ["helix-members"]}, base=tmp_path)
    assert made == source(tmp_path / "x")


def test_an_archive_that_is_not_there_is_no_empty_archive(tmp_path: Path) -> None:
    with pytest.raises(MissingPath, match="there is no"):
        list(source(tmp_path / "gone").listing())


def test_a_maildir_lists_what_was_delivered(tmp_path: Path) -> None:
    for name in ("cur", "new", "tmp"):
        (tmp_path / name).mkdir()
    (tmp_path / "cur" / "1.a:2,S").write_text(message(1))
    (tmp_path / "cur" / "2.a:2,ST").write_text(message(2))
    (tmp_path / "new" / "3.a").write_text(message(3))
    (tmp_path / "tmp" / "4.a").write_text(message(4))
    assert [(item.uri, item.skipped) for item in listed(tmp_path) if not item.uri.startswith("file:")] == [
        ("mid:m1@helix.example", ""),
        ("mid:m3@helix.example", ""),
    ]
    assert [item.skipped for item in listed(tmp_path) if item.skipped] == [
        "marked as deleted",
        "its delivery is not finished",
    ]


def test_the_flags_of_a_maildir_are_no_part_of_a_message(tmp_path: Path) -> None:
    for name in ("cur", "new", "tmp"):
        (tmp_path / name).mkdir()
    (tmp_path / "new" / "1.a").write_text(message(1))
    before = listed(tmp_path)[0]
    (tmp_path / "new" / "1.a").rename(tmp_path / "cur" / "1.a:2,RS")
    after = listed(tmp_path)[0]
    assert (before.uri, before.version) == (after.uri, after.version)


def test_messages_of_an_mh_folder_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for number in (10, 9):
        (tmp_path / str(number)).write_text(message(number))
    assert [item.uri for item in listed(tmp_path)] == ["mid:m9@helix.example", "mid:m10@helix.example"]


def test_a_message_that_stands_in_two_archives_is_one_document(tmp_path: Path) -> None:
    (tmp_path / "a.mbox").write_bytes(mbox(message(1)))
    (tmp_path / "b.eml").write_text(message(1, "Received: by another way; Mon, 1 Jun 2026 10:00:00 +0000"))
    assert [(item.uri, item.skipped) for item in listed(tmp_path)] == [
        ("mid:m1@helix.example", ""),
        ("mid:m1@helix.example?repeat=1", "the same message as mid:m1@helix.example"),
    ]


def test_messages_that_share_an_id_are_all_kept(tmp_path: Path) -> None:
    (tmp_path / "a.mbox").write_bytes(mbox(message(1), message(1, body="Another text.")))
    first, second = listed(tmp_path)
    assert first.uri == "mid:m1@helix.example"
    assert second.uri == f"mid:m1@helix.example?copy={second.version[:12]}"


def test_only_some_of_a_folder_is_read_where_it_is_named(tmp_path: Path) -> None:
    for number, name in enumerate(("a.eml", "b.eml", "2026-January.txt", "2026-April.txt", "lists/c.eml")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(mbox(message(number)))
    only = ("lists", "2026-April.txt", "b.eml", "2026-January.txt")
    *items, _ = Source("list", READERS, tmp_path, only=only).listing()
    assert [item.uri[4:6] for item in items if isinstance(item, Item)] == ["m1", "m4", "m2", "m3"]


def test_what_is_named_and_gone_makes_the_listing_incomplete(tmp_path: Path) -> None:
    *_, end = Source("list", READERS, tmp_path, only=("gone.eml",)).listing()
    assert isinstance(end, End)
    assert not end.complete


def test_a_message_without_an_id_is_known_by_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_text(message(1).replace("Message-ID", "X-ID"))
    (item,) = listed(tmp_path)
    assert item.uri == f"mid:{item.version[:32]}@no-id.invalid"


def test_replies_are_in_the_thread_of_what_they_answer(tmp_path: Path) -> None:
    replies = [
        message(1),
        message(2, "In-Reply-To: <m1@helix.example>"),
        message(3, "In-Reply-To: <m2@helix.example>"),
        message(4, "References: <m1@helix.example> <m3@helix.example>"),
        message(5, "Subject: Re: [list] menu 1"),
        message(6, "Subject: Menu 1"),
    ]
    (tmp_path / "a.mbox").write_bytes(mbox(*replies))
    raws = fetched(tmp_path)
    assert [raw.thread for raw in raws] == ["mid:m1@helix.example"] * 5 + ["mid:m6@helix.example"]
    assert [raw.parent for raw in raws[:3]] == ["", "mid:m1@helix.example", "mid:m2@helix.example"]


def test_a_discussion_that_went_on_elsewhere_for_long_is_a_thread_of_its_own(tmp_path: Path) -> None:
    replies = [
        message(1),
        message(2, "References: <m1@helix.example> <x1@helix.example>"),
        message(3, "References: <m1@helix.example> <x1@helix.example> <x2@helix.example>"),
        message(4, "References: <m1@helix.example> <x1@helix.example> <x3@helix.example>"),
        message(5, "In-Reply-To: <m4@helix.example>"),
    ]
    (tmp_path / "a.mbox").write_bytes(mbox(*replies))
    one, other = "mid:m1@helix.example", "mid:x1@helix.example"
    assert [raw.thread for raw in fetched(tmp_path)] == [one, one, other, other, other]


def test_a_thread_that_another_message_tells_is_part_of_the_version(tmp_path: Path) -> None:
    (tmp_path / "b.eml").write_text(message(2, "Subject: Re: Menu 1"))
    (before,) = listed(tmp_path)
    (tmp_path / "a.eml").write_text(message(1))
    after = listed(tmp_path)[1]
    assert before.uri == after.uri
    assert before.version != after.version
    assert source(tmp_path).fetch(after).thread == "mid:m1@helix.example"


def test_months_of_an_archive_come_by_date(tmp_path: Path) -> None:
    for number, month in enumerate(("January", "April", "February")):
        (tmp_path / f"2026-{month}.txt").write_bytes(mbox(message(number)))
    assert [item.uri[4:6] for item in listed(tmp_path)] == ["m0", "m2", "m1"]


WITH_FILES = message(
    1,
    "Date: Mon, 1 Jun 2026 10:00:00 +0000",
    "MIME-Version: 1.0",
    'Content-Type: multipart/mixed; boundary="b"',
    body="""--b

See below.
--b
Content-Type: text/plain
Content-Disposition: attachment; filename="menu v7.txt"

single electron: 28 GeV
--b
Content-Type: message/rfc822

From: Bob <bob@helix.example>
Subject: Forwarded

Text.
--b
Content-Type: image/png
Content-ID: <logo@x>
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--b
Content-Type: application/pgp-signature; name="signature.asc"

-----BEGIN PGP SIGNATURE-----
--b
Content-Type: text/plain
Content-Disposition: attachment; filename="menu v7.txt"

another menu
--b--
""",
)


def test_attachments_are_documents_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_text(WITH_FILES)
    items = listed(tmp_path)
    assert [(item.uri.removeprefix("mid:m1@helix.example"), item.skipped) for item in items] == [
        ("", ""),
        ("/menu%20v7.txt", ""),
        ("/part-3.eml", ""),
        ("/logo@x", "no format reads image/png (part-4.png)"),
        ("/signature.asc", "a signature of the message"),
        ("/menu%20v7.txt~6", ""),
    ]
    _, menu, forwarded, other = fetched(tmp_path)
    assert (menu.data, menu.name, menu.format, menu.parent) == (
        b"single electron: 28 GeV",
        "menu v7.txt",
        "text",
        "mid:m1@helix.example",
    )
    assert menu.modified is not None
    assert menu.modified.isoformat() == "2026-06-01T10:00:00+00:00"
    assert (forwarded.kind, forwarded.format) == ("mail", "email")
    assert forwarded.data.startswith(b"From: Bob")
    assert other.data == b"another menu"


def test_files_in_a_forwarded_message_are_listed_too(tmp_path: Path) -> None:
    inner = WITH_FILES.replace("m1@", "m2@").replace('"b"', '"c"').replace("--b", "--c")
    outer = message(
        3,
        "MIME-Version: 1.0",
        "Content-Type: multipart/mixed; boundary=b",
        body=f"--b\n\nSee below.\n--b\nContent-Type: message/rfc822\n\n{inner}\n--b--\n",
    )
    (tmp_path / "a.eml").write_text(outer)
    uris = [item.uri.removeprefix("mid:m3@helix.example") for item in listed(tmp_path) if not item.skipped]
    assert uris == ["", "/part-2.eml", "/menu%20v7.txt", "/part-2.1.3.eml", "/menu%20v7.txt~2.1.6"]
    assert [raw.data for raw in fetched(tmp_path)][-1] == b"another menu"


def test_a_forwarded_message_that_is_broken_is_kept_as_it_is(tmp_path: Path) -> None:
    inner = (
        b'Subject: a\n\xadMIME-,ersion: 1.0\nContent-Type: multipart/mixed; boundary="c\xff"\n\n--c\xff\n'
        b"Content-Type: text/plain; charset=a\0b\nContent-Transfer-Encoding: quoted-printable\n\nG\xf6ran\n--c\xff--\n"
    )
    outer = message(1, "Content-Type: multipart/mixed; boundary=b", body="--b\nContent-ID: <\udcad>")
    raw = outer.encode("utf-8", "surrogateescape") + b"Content-Type: message/rfc822\n\n" + inner + b"\n--b--\n"
    (tmp_path / "a.eml").write_bytes(raw)
    forwarded = fetched(tmp_path)[1]
    assert forwarded.format == "email"
    assert forwarded.data.startswith(b"Subject: a\n")


def test_a_forwarded_message_that_was_encoded_as_a_whole_is_decoded(tmp_path: Path) -> None:
    inner = base64.encodebytes(b"From: Bob <bob@helix.example>\nSubject: Forwarded\n\nText.\n").decode()
    body = f"--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n{inner}--b--\n"
    (tmp_path / "a.eml").write_text(message(1, "Content-Type: multipart/mixed; boundary=b", body=body))
    assert fetched(tmp_path)[1].data.startswith(b"From: Bob")


def test_files_in_a_message_that_was_signed_as_a_whole_are_listed(tmp_path: Path) -> None:
    golden = Path(__file__).parent / "golden" / "email" / "signed-as-a-whole.in.eml"
    (tmp_path / "a.eml").write_bytes(golden.read_bytes())
    assert [(item.uri, item.skipped) for item in listed(tmp_path)] == [
        ("mid:signed@helix.example", ""),
        ("mid:signed@helix.example/dump.dat", "no format reads application/octet-stream (dump.dat)"),
    ]


@pytest.mark.parametrize(
    ("envelope", "reason"),
    [
        ("MCMGCSqGSIb3DQEHAqAWMBQCAQExADALBgkqhkiG9w0BBwExAA==", "certificates"),
        ("MIAGCSqGSIb3DQEHA6CA", "encrypted, or damaged"),
        ("", "the attachment is empty"),
    ],
)
def test_what_is_sealed_and_not_read_says_why(tmp_path: Path, envelope: str, reason: str) -> None:
    fields = ("Content-Type: application/pkcs7-mime", "Content-Transfer-Encoding: base64")
    (tmp_path / "a.eml").write_text(message(1, *fields, body=envelope))
    assert [item.skipped for item in listed(tmp_path)] == ["", reason]


def test_a_message_of_apple_mail_is_read_without_its_frame(tmp_path: Path) -> None:
    raw = message(1)
    (tmp_path / "1.emlx").write_text(f"{len(raw)}\n{raw}<?xml version='1.0'?><plist></plist>")
    assert [each.data.decode() for each in fetched(tmp_path)] == [raw]


def test_a_message_that_is_a_file_itself_has_both(tmp_path: Path) -> None:
    fields = ("MIME-Version: 1.0", "Content-Disposition: attachment; filename=menu.txt", "Content-Type: text/plain")
    (tmp_path / "a.eml").write_text(message(1, *fields, body="28 GeV"))
    assert [item.uri for item in listed(tmp_path)] == ["mid:m1@helix.example", "mid:m1@helix.example/menu.txt"]
    assert fetched(tmp_path)[1].data == b"28 GeV\n"


def test_an_mbox_cut_in_half_keeps_its_last_message(tmp_path: Path) -> None:
    whole = mbox(message(1), message(2, body="The end is missi"))
    (tmp_path / "a.mbox").write_bytes(whole.rstrip())
    first, last = fetched(tmp_path)
    assert first.warnings == ()
    assert last.data.endswith(b"missi")
    assert last.warnings == ("its archive ends within a line: the message may be cut off",)


def test_files_without_mail_are_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "empty.mbox").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("Nothing here.")
    (tmp_path / "thread.html").write_text("<html><body>The Archive by thread</body></html>")
    assert [item.skipped for item in listed(tmp_path)] == [
        "the file is empty",
        "holds no mail",
        "an index of an archive",
    ]


def test_pages_of_an_archive_count_only_where_its_text_is_missing(tmp_path: Path) -> None:
    golden = Path(__file__).parent / "golden" / "email" / "mailman-page.in.html"
    (tmp_path / "2026-July").mkdir()
    shutil.copy(golden, tmp_path / "2026-July" / "000001.html")
    assert [item.uri for item in listed(tmp_path)] == ["mid:page+1@helix.example"]
    assert fetched(tmp_path)[0].data == golden.read_bytes()
    (tmp_path / "2026-July.txt").write_bytes(mbox(message(1)))
    assert [item.skipped for item in listed(tmp_path)] == [
        "",
        "a page of an archive; the text archive of its month holds the message",
    ]


def test_packed_archives_are_read(tmp_path: Path) -> None:
    (tmp_path / "2026-June.txt.gz").write_bytes(gzip.compress(mbox(message(1), message(2))))
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.writestr("messages.mbox", mbox(message(3)))
        archive.writestr("readme", "none")
    assert [raw.data.decode() for raw in fetched(tmp_path)] == [message(3), message(1), message(2)]


@pytest.mark.parametrize("count", [12, 400])
def test_a_packed_archive_that_breaks_off_keeps_what_is_there(tmp_path: Path, count: int) -> None:
    packed = gzip.compress(mbox(*(message(number, body=str(number) * 400) for number in range(count))))
    (tmp_path / "a.mbox.gz").write_bytes(packed[: len(packed) // 2])
    *items, end = source(tmp_path).listing()
    assert isinstance(end, End)
    assert not end.complete
    last = items[-1]
    assert isinstance(last, Item)
    assert len(items) >= 2
    with pytest.raises(Unreadable, match="breaks off"):
        source(tmp_path).fetch(last)


def test_an_archive_that_cannot_be_opened_is_one_item_that_cannot_be_fetched(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 no archive")
    (tmp_path / "b.eml").write_text(message(1))
    broken, kept, end = source(tmp_path).listing()
    assert isinstance(broken, Item)
    assert isinstance(kept, Item)
    assert kept.uri == "mid:m1@helix.example"
    assert isinstance(end, End)
    assert not end.complete
    with pytest.raises(Unreadable, match="cannot be opened"):
        source(tmp_path).fetch(broken)


def test_an_archive_that_inflates_without_end_is_read_to_a_limit(tmp_path: Path) -> None:
    bomb = gzip.compress(POSTMARK.encode() + b"Subject: x\n\n" + b"0" * 40_000_000)
    (tmp_path / "a.mbox.gz").write_bytes(bomb)
    *_, end = source(tmp_path).listing()
    assert isinstance(end, End)
    assert "inflates to more than" in end.reason


def test_an_archive_that_changed_since_it_was_listed_gives_no_wrong_message(tmp_path: Path) -> None:
    path = tmp_path / "a.mbox"
    path.write_bytes(mbox(message(1), message(2)))
    second = listed(tmp_path)[1]
    path.write_bytes(mbox(message(2)))
    with pytest.raises(Unreadable, match="changed since it was listed"):
        source(tmp_path).fetch(second)


def test_a_message_beyond_all_measure_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TooLarge):
        read(Container(tmp_path / "a.mbox", "mbox"), Span(0, 0, 2**30))


def test_listing_twice_gives_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.mbox").write_bytes(mbox(message(1), message(1), message(2), WITH_FILES))
    assert listed(tmp_path) == listed(tmp_path)
    uris = [item.uri for item in listed(tmp_path)]
    assert len(uris) == len(set(uris))


def test_mail_is_claimed_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "a").write_bytes(mbox(message(1)))
    (tmp_path / "mail" / "README.md").write_text("An archive.")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "notes.md").write_text("From: Ada\nDate: Monday\n\nNotes.")
    assert claims(tmp_path / "mail")
    assert claims(tmp_path / "mail" / "a")
    assert not claims(tmp_path / "docs")
    assert not claims(tmp_path)
    assert not claims(tmp_path / "docs" / "notes.md")
    assert claiming(tmp_path / "mail") == "mail"


@pytest.mark.parametrize(
    ("head", "is_mail"),
    [
        ("From: Ada\nTo: Bob\n", False),
        ("From: Ada\nTo: Bob\nSubject: Menu\n", True),
        ("Received: by mx\nContent-Type: text/plain\n", True),
        ("MIME-Version: 1.0\nContent-Type: text/plain\n", True),
    ],
)
def test_a_text_file_is_mail_by_fields_that_notes_have_not(tmp_path: Path, head: str, is_mail: bool) -> None:
    (tmp_path / "notes.txt").write_text(f"{head}\nIt is 28 GeV.\n")
    assert claims(tmp_path / "notes.txt") is is_mail


def test_a_folder_with_other_documents_is_not_claimed(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_text(message(1))
    (tmp_path / "paper.tex").write_text(r"\documentclass{article}")
    assert not claims(tmp_path)
    assert claims(tmp_path / "a.eml")


def test_what_cannot_be_opened_is_not_claimed(tmp_path: Path) -> None:
    (tmp_path / "a.tar.gz").write_bytes(b"\x1f\x8b and no more")
    assert not claims(tmp_path / "a.tar.gz")
    assert not claims(tmp_path)


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    assert [item.skipped for item in listed(tmp_path)] == ["no file", "no file"]


def test_a_folder_linked_into_itself_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_text(message(1))
    (tmp_path / "loop").symlink_to(tmp_path)
    assert [item.skipped for item in listed(tmp_path)] == ["links to folders are not followed", ""]

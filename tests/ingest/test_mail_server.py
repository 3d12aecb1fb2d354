"""Mail on servers: pipermail, HyperKitty and a small IMAP server, bad days included."""

import gzip
import re
import socketserver
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import pytest

from ingest.errors import BadSourceSettings
from ingest.source import End, Item, from_settings
from ingest.sources.mail import Source

READERS = frozenset({"group:helix"})
LIST = "helix@lists.helix.example"


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HELIX_PASSWORD", "secret")


def message(number: int) -> bytes:
    head = f"From: Ada Lem <ada@helix.example>\nMessage-ID: <m{number}@helix.example>\nSubject: Menu\n"
    return f"{head}\nIt is {number} GeV.\n".encode()


def mbox(*numbers: int) -> bytes:
    return b"".join(b"From ada@helix.example Mon Jun  1 10:00:00 2026\n" + message(each) + b"\n" for each in numbers)


def listed(made: Source) -> tuple[list[str], End]:
    *items, end = made.listing()
    assert isinstance(end, End)
    return [each.uri for each in items if isinstance(each, Item) and not each.skipped], end


def mailman(site: Any, web: ModuleType, **months: Any) -> Source:
    links = "".join(f'<a href="{name}.txt.gz">Text</a>' for name in months)
    site.says["/pipermail/helix/"] = web.Reply(f"<html>{links}</html>")
    for name, says in months.items():
        site.says[f"/pipermail/helix/{name}.txt.gz"] = says
    return Source("list", READERS, url=f"{site.url}/pipermail", list="helix", seconds_between=0.0)


def test_the_months_of_a_mailman_archive_are_read_and_asked_for_again_only_if_they_changed(
    site: Any, web: ModuleType
) -> None:
    june = web.Reply(gzip.compress(mbox(1, 2)), headers={"ETag": '"a"'})
    made = mailman(site, web, **{"2026-June": june, "2026-July": web.Reply(gzip.compress(mbox(3)))})
    assert listed(made) == ([f"mid:m{each}@helix.example" for each in (1, 2, 3)], End(True))
    assert listed(made)[1] == End(True)
    again = [each for each in site.asked if each.path.endswith("June.txt.gz")]
    assert [each.headers.get("if-none-match") for each in again] == [None, '"a"']
    item = next(iter(made.listing()))
    assert isinstance(item, Item)
    assert made.fetch(item).data == message(1)


def test_a_month_that_cannot_be_had_or_is_no_mail_makes_the_listing_incomplete(site: Any, web: ModuleType) -> None:
    whole = gzip.compress(mbox(4))
    months = {
        "2026-April": web.Reply("gone", 404),
        "2026-May": web.Reply("<html>Sorry, come back later</html>"),
        "2026-June": web.Reply(gzip.compress(mbox(1))),
        "2026-July": web.Reply(whole[:-12]),
    }
    uris, end = listed(mailman(site, web, **months))
    assert "mid:m1@helix.example" in uris
    assert not end.complete
    for reason in ("2026-April.txt.gz: the server has no such page", "2026-May.txt.gz: holds no mail", "it breaks off"):
        assert reason in end.reason


@pytest.mark.parametrize(
    ("index", "reason"),
    [
        ("<html>No messages have been posted to this list yet</html>", "names no text of any month"),
        ("<html><form><input type=password name=password></form></html>", "page to sign on"),
        ('<html><a href="2026-June/thread.html">Thread</a></html>', "2026-June has pages and no text"),
    ],
)
def test_an_index_without_months_is_no_complete_listing(site: Any, web: ModuleType, index: str, reason: str) -> None:
    made = mailman(site, web)
    site.says["/pipermail/helix/"] = web.Reply(index)
    uris, end = listed(made)
    assert uris == []
    assert not end.complete
    assert reason in end.reason


def hyperkitty(site: Any, web: ModuleType, **exports: Any) -> Source:
    page = "".join(f'<a href="/archives/list/{LIST}/2026/{month}/">x</a>' for month in (6, 7))
    site.says[f"/archives/list/{LIST}/"] = web.Reply(f"<html>{page}</html>")
    spans = ["end=2026-06-01", "start=2026-06-01&end=2026-07-01", "start=2026-07-01"]
    for number, span in enumerate(spans):
        says = exports.get(f"at{number}", web.Reply(gzip.compress(b"")))
        site.says[f"/archives/list/{LIST}/export/{LIST}-{number:04}.mbox.gz?{span}"] = says
    return Source("list", READERS, url=f"{site.url}/archives", list=LIST, seconds_between=0.0)


def test_a_hyperkitty_archive_is_exported_by_months_and_what_lies_before_and_after(site: Any, web: ModuleType) -> None:
    made = hyperkitty(site, web, at1=web.Reply(gzip.compress(mbox(1))), at2=web.Reply(gzip.compress(mbox(2))))
    uris, end = listed(made)
    assert end == End(True)
    # base32(sha1("m1@helix.example")), as HyperKitty names the page of a message.
    assert uris[0] == f"{site.url}/archives/list/{LIST}/message/{page_name('m1@helix.example')}/"
    assert len(uris) == 2


def page_name(identifier: str) -> str:
    import base64
    import hashlib

    return base64.b32encode(hashlib.sha1(identifier.encode()).digest()).decode()


def test_an_export_that_fails_and_an_archive_without_any_message_are_incomplete(site: Any, web: ModuleType) -> None:
    assert "the archive gives no message" in listed(hyperkitty(site, web))[1].reason
    made = hyperkitty(site, web, at1=web.Reply(gzip.compress(mbox(1))), at2=web.Reply("no", 403))
    uris, end = listed(made)
    assert len(uris) == 1
    assert "the server refuses" in end.reason


def test_under_pseudonyms_nothing_of_a_server_is_kept(site: Any, web: ModuleType, tmp_path: Path) -> None:
    june = web.Reply(gzip.compress(mbox(1)), headers={"ETag": '"a"'})
    made = mailman(site, web, **{"2026-June": june})
    hidden = Source("p", READERS, url=made.url, list="helix", pseudonyms=True, seconds_between=0.0)
    *items, end = hidden.listing()
    assert end == End(True)
    assert "ada" not in str(items).lower()
    assert not list(tmp_path.rglob("pages.sqlite*"))


@dataclass
class Mailbox:
    """What the small IMAP server holds, what it was asked, and how it is broken."""

    messages: dict[int, bytes]
    validity: int = 7
    deleted: frozenset[int] = frozenset()
    mute: frozenset[int] = frozenset()
    says: int | None = None
    hangs_up: bool = False
    asked: list[str] = field(default_factory=list)

    def answers(self, command: str) -> Iterator[bytes]:
        """The untagged lines to a command."""
        if command.startswith("EXAMINE"):
            yield b"* %d EXISTS" % (len(self.messages) if self.says is None else self.says)
            yield b"* OK [UIDVALIDITY %d] valid" % self.validity
        for number, (uid, data) in enumerate(self.messages.items(), 1):
            if command.startswith("UID FETCH 1:*"):
                flags = rb"\Seen \Deleted" if uid in self.deleted else rb"\Seen"
                yield b"* %d FETCH (UID %d FLAGS (%s) RFC822.SIZE %d)" % (number, uid, flags, len(data))
            elif command.startswith("UID FETCH") and uid not in self.mute and str(uid) in re.findall(r"\d+", command):
                yield b"* %d FETCH (UID %d BODY[] {%d}\r\n%s)" % (number, uid, len(data), data)


@contextmanager
def imap_server(held: Mailbox, certificate: Path, key: Path) -> Iterator[str]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
            for line in self.rfile:
                tag, _, command = line.decode().strip().partition(" ")
                held.asked.append(command)
                if held.hangs_up and "BODY" in command:
                    return
                for each in held.answers(command):
                    self.wfile.write(each + b"\r\n")
                if command.startswith("CAPABILITY"):
                    self.wfile.write(b"* CAPABILITY IMAP4rev1\r\n")
                refused = command.startswith("LOGIN") and "secret" not in command
                self.wfile.write(f"{tag} {'NO' if refused else 'OK'} {command.split()[0]} done\r\n".encode())

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def get_request(self) -> Any:
            plain, address = super().get_request()
            return context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False), address

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"imaps://127.0.0.1:{server.server_address[1]}/Lists/helix"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "cert.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "1"]
    made += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, check=True, capture_output=True)
    return certificate, key


def folder(address: str, pair: tuple[Path, Path], **more: Any) -> Source:
    return Source("list", READERS, imap=address, user="ada", token_env="HELIX_PASSWORD", ca=pair[0], **more)


def test_a_folder_is_read_without_a_mark_and_no_message_is_asked_for_twice(pair: tuple[Path, Path]) -> None:
    held = Mailbox({3: message(1), 8: message(2), 9: message(3)}, deleted=frozenset({9}))
    with imap_server(held, *pair) as address:
        made = folder(address, pair)
        assert listed(made) == (["mid:m1@helix.example", "mid:m2@helix.example"], End(True))
        held.messages[12] = message(4)
        assert len(listed(made)[0]) == 3
        assert made.fetch(next(each for each in made.listing() if isinstance(each, Item))).data == message(1)
        held.validity = 8
        assert len(listed(made)[0]) == 3
    assert not [each for each in held.asked if re.search(r"SELECT|STORE|EXPUNGE|BODY\[", each)]
    assert [each for each in held.asked if "BODY.PEEK" in each] == [
        "UID FETCH 3,8 (UID BODY.PEEK[])",
        "UID FETCH 12 (UID BODY.PEEK[])",
        "UID FETCH 3,8,12 (UID BODY.PEEK[])",
    ]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"says": 5}, "there are 5 messages, and lists 1"),
        ({"mute": frozenset({3})}, "message 3 was listed and did not come"),
        ({"hangs_up": True}, "the server broke off"),
        ({"messages": {}}, "the folder is empty"),
    ],
)
def test_a_folder_that_is_not_all_there_is_incomplete(
    pair: tuple[Path, Path], broken: dict[str, Any], reason: str
) -> None:
    with imap_server(Mailbox(**{"messages": {3: message(1)}, **broken}), *pair) as address:
        end = listed(folder(address, pair))[1]
    assert not end.complete
    assert reason in end.reason


def test_a_wrong_password_and_a_strange_certificate_are_named_and_the_password_is_not(
    pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with imap_server(Mailbox({3: message(1)}), *pair) as address:
        strange = listed(Source("list", READERS, imap=address, user="ada", token_env="HELIX_PASSWORD"))[1]
        monkeypatch.setenv("HELIX_PASSWORD", "guess")
        refused = listed(folder(address, pair))[1]
    assert "certificate" in strange.reason
    assert "refuses to sign us on" in refused.reason
    assert "guess" not in refused.reason


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({}, "missing key 'path': expected one of path, list (with url) and imap"),
        ({"path": "a", "list": "helix"}, "path and list"),
        ({"list": "helix"}, "expected url"),
        ({"imap": "imap://mail.helix.example/x"}, "expected imaps://host/folder"),
    ],
)
def test_settings_name_one_archive(keys: dict[str, str], problem: str, tmp_path: Path) -> None:
    with pytest.raises(BadSourceSettings, match=re.escape(problem)):
        from_settings({"kind": "mail", "name": "list", "readers": ["helix"], **keys}, base=tmp_path)

"""A mail archive: an mbox file, a maildir, a single message, a Mailman archive, or a folder of any of them.

Every message is a document, and so is every attachment that some format reads.
"""

import hashlib
import json
import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email.message import Message
from pathlib import Path
from urllib.parse import quote

from ingest.document import DocumentKind
from ingest.errors import MissingPath, Unreadable
from ingest.format import HEAD_BYTES, recognise
from ingest.formats.email import containers as mailbox
from ingest.formats.email import header, message
from ingest.formats.email.containers import Container
from ingest.formats.email.mbox import Span
from ingest.formats.email.pipermail import page_message
from ingest.source import End, Item, Raw

_KINDS: dict[str, DocumentKind] = {"email": "mail", "notebook": "notebook", "pdf": "paper", "pptx": "slides"}
_SIGNATURES = {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
# What lies beside mail and is no document of its own: what mail programs keep for themselves, and notes on an archive.
_BESIDE = re.compile(
    r"\..*|dovecot.*|(readme|source|license|copying|index)(\.\w+)?|.*\.(msf|idx|lock|index|cache|dat)", re.IGNORECASE
)


def claims(path: Path) -> bool:
    """Whether a file holds messages, or a folder is a maildir or holds mail and no other documents."""
    if path.is_dir() and mailbox.is_maildir(path):
        return True
    mail = False
    for container in mailbox.containers(path):
        if container.kind not in ("none", "closed"):
            mail = True
        elif container.skipped == mailbox.NO_MAIL and not _BESIDE.fullmatch(container.path.name):
            return False
    return mail


@dataclass(frozen=True, slots=True)
class _Where:
    """Where an item is fetched from: a container, the bytes in it, the part of the message; what the listing learned.

    problem is why it cannot be fetched, for what stands for a container that could not be read.
    """

    path: str
    kind: mailbox.Kind = "none"
    member: str = ""
    begin: int = 0
    start: int = 0
    end: int = 0
    escaped: bool = False
    place: str = ""
    thread: str = ""
    parent: str = ""
    format: str = "email"
    problem: str = ""

    def note(self) -> str:
        """As the locator of an item."""
        return json.dumps([getattr(self, name) for name in self.__slots__])


@dataclass(slots=True)
class _Seen:
    """What a listing has met so far: uris, messages by what they say, and the thread of each message id and subject."""

    uris: set[str] = field(default_factory=set)
    same: dict[str, str] = field(default_factory=dict)
    repeats: dict[str, int] = field(default_factory=dict)
    threads: dict[str, str] = field(default_factory=dict)
    subjects: dict[str, str] = field(default_factory=dict)

    def thread(self, whole: Message, own: str) -> str:
        """The id of the message that the thread of this one started with; replies without ids go by their subject."""
        subject = header.field(message.value(whole, "subject"))
        base = header.base_subject(subject)
        first = next(iter(header.identifiers(message.value(whole, "references"))), "") or message.answered(whole)
        if first:
            root = self.threads.get(first, first)
        else:
            root = self.subjects.get(base, own) if header.is_reply(subject) and base else own
        self.threads.setdefault(own, root)
        self.subjects.setdefault(base, root)
        return root


@dataclass(frozen=True, slots=True)
class Source:
    """A mail archive; every message is a document.

    url stands before the message id in a document's address; without it addresses are ``mid:ID`` (RFC 2392). only
    names relative paths of a folder, and nothing else is read then.
    """

    path: Path
    name: str
    readers: frozenset[str]
    url: str = ""
    only: tuple[str, ...] = ()

    def listing(self) -> Iterator[Item | End]:
        """Every message and attachment, and every file that holds none, with the reason."""
        if not self.path.exists():
            raise MissingPath(f"the mail archive {self.name!r}: there is no {self.path}")
        seen = _Seen()
        lost: list[str] = []
        for container in mailbox.containers(self.path, self.only):
            if container.skipped:
                yield Item(_address(container), "", skipped=container.skipped)
                continue
            try:
                yield from self._messages(container, seen)
                problem = mailbox.broken(container)
            except Unreadable as error:
                problem = str(error)
            if problem:
                lost.append(f"{container.path.name}: {problem}")
                where = _Where(self._relative(container), problem=problem)
                yield Item(_address(container), _digest(problem.encode()), where.note())
        yield End(not lost, "; ".join(lost))

    def fetch(self, item: Item) -> Raw:
        """The message or attachment; raises Unreadable, also when its archive has changed since it was listed."""
        where = _Where(*json.loads(item.locator))
        if where.problem:
            raise Unreadable(where.problem)
        path = self.path / where.path if where.path else self.path
        container = Container(path, where.kind, where.member)
        raw = mailbox.read(container, Span(where.begin, where.start, where.end, where.escaped))
        data = raw if where.place == "" else message.data(message.at(_whole(raw, container), where.place))
        if _digest(data) != item.version.partition("-")[0]:
            raise Unreadable(f"{path.name} has changed since it was listed; the next run reads it anew")
        if where.place:
            return self._attached(_whole(raw, container), where, data)
        ends = container.kind != "mbox" or raw.endswith(b"\n")
        warnings = () if ends else ("its archive ends within a line: the message may be cut off",)
        return Raw(
            data, "email", "mail", version=item.version, parent=where.parent, thread=where.thread, warnings=warnings
        )

    def _attached(self, whole: Message, where: _Where, data: bytes) -> Raw:
        """An attachment; the day it was sent is taken for the day of its last change."""
        part = message.at(whole, where.place)
        return Raw(
            data,
            where.format,
            _KINDS.get(where.format, "file"),
            name=_name(part, where.place),
            modified=header.moment(header.field(message.value(whole, "date"))),
            parent=where.parent,
            thread=where.thread,
        )

    def _messages(self, container: Container, seen: _Seen) -> Iterator[Item]:
        for span in mailbox.spans(container):
            try:
                raw = mailbox.read(container, span)
            except Unreadable as error:
                where = _Where(self._relative(container), problem=str(error))
                yield Item(f"{_address(container)}#{span.begin}", _digest(str(error).encode()), where.note())
                continue
            if raw.strip():
                yield from self._message(container, span, raw, seen)

    def _message(self, container: Container, span: Span, raw: bytes, seen: _Seen) -> Iterator[Item]:
        """A message, and its attachments."""
        whole = _whole(raw, container)
        digest = _digest(raw)
        own = message.identifier(whole) or f"{digest[:32]}@no-id.invalid"
        uri = self._uri(own)
        first = seen.same.setdefault(_said(raw, own), uri if uri not in seen.uris else f"{uri}?copy={digest[:12]}")
        if first in seen.uris:
            seen.repeats[uri] = seen.repeats.get(uri, 0) + 1
            yield Item(f"{uri}?repeat={seen.repeats[uri]}", digest, skipped=f"the same message as {first}")
            return
        uri = first
        seen.uris.add(uri)
        thread = seen.thread(whole, own)
        where = _Where(
            self._relative(container), container.kind, container.member, span.begin, span.start, span.end, span.escaped
        )
        where = replace(where, thread=self._uri(thread), parent=self._uri(message.answered(whole)))
        # What other messages say of its thread is no part of its bytes, and yet of what is said of it.
        version = digest if thread == message.thread(whole) else f"{digest}-{_digest(thread.encode())[:8]}"
        yield Item(uri, version, where.note())
        yield from _attachments(whole, replace(where, parent=uri))

    def _uri(self, identifier: str) -> str:
        """The address of a message by its id; "" of none."""
        return f"{self.url or 'mid:'}{quote(identifier, safe='@!$*+=~.,-_')}" if identifier else ""

    def _relative(self, container: Container) -> str:
        return "" if container.path == self.path else container.path.relative_to(self.path).as_posix()


def _attachments(whole: Message, where: _Where) -> Iterator[Item]:
    """The files that a message carries; where.parent is the message's address."""
    used: set[str] = set()
    for part in message.parts(whole):
        if part.role != "attached":
            continue
        data = message.data(part.message)
        place = part.place or "."
        label = header.field(message.value(part.message, "content-id")).strip("<>") or _name(part.message, place)
        label = quote(label, safe="@!$*+=~,-_.")
        label = label if label not in used else f"{label}~{place}"
        used.add(label)
        format_name, why_not = _format(part.message, data, _name(part.message, place))
        note = replace(where, place=place, format=format_name).note()
        yield Item(f"{where.parent}/{label}", _digest(data), "" if why_not else note, why_not)


def _format(part: Message, data: bytes, name: str) -> tuple[str, str]:
    """The format of an attachment, and why it is not read ("" where it is)."""
    kind = message.media_type(part)
    if kind in _SIGNATURES:
        return "", "a signature of the message"
    if not data.strip():
        return "", "the attachment is empty"
    if why_not := message.sealed(part):
        return "", why_not
    if kind.startswith("message/"):
        return "email", ""
    found = recognise(data[:HEAD_BYTES], name)
    return found or "", "" if found else f"no format reads {kind} ({name})"


def _name(part: Message, place: str) -> str:
    """The file name of an attachment; one made of its place and type where it has none."""
    return message.file_name(part) or f"part-{place}{mimetypes.guess_extension(part.get_content_type()) or ''}"


def _whole(raw: bytes, container: Container) -> Message:
    return message.message(page_message(raw) if container.kind == "page" else raw)


def _said(raw: bytes, own: str) -> str:
    """A hash of a message's id and body, for telling copies apart that only came by different ways."""
    _, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    return _digest(own.encode("utf-8", "replace") + b"\0" + body.rstrip())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _address(container: Container) -> str:
    """Where a file is, for those that hold no message or cannot be read."""
    member = f"#{quote(container.member)}" if container.member else ""
    return f"{container.path.absolute().as_uri()}{member}"

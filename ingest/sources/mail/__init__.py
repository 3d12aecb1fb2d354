"""A mail archive: an mbox file, a maildir, a single message, a Mailman archive, or a folder of any of them.

Every message is a document, and so is every attachment that some format reads.
"""

import contextlib
import hashlib
import json
import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.message import Message
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from ingest.charset import decoded
from ingest.document import DocumentKind
from ingest.errors import MissingPath, Unreadable
from ingest.format import HEAD_BYTES, recognise
from ingest.formats.email import containers as mailbox
from ingest.formats.email import header, message, pseudonymous
from ingest.formats.email.containers import Container
from ingest.formats.email.mbox import Span
from ingest.formats.email.pipermail import page_message
from ingest.pseudonym import Pseudonyms
from ingest.pseudonym.mask import Mask
from ingest.pseudonym.people import People
from ingest.remote import secret
from ingest.source import End, Item, Raw
from ingest.sources.mail.threads import Seen

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


# The people of each source that was listed under pseudonyms, for fetching from it.
_MASKS: dict["Source", Mask] = {}
# Formats of attachments that are read as they stand there, so that names can be taken out of them.
_OF_TEXT = ("latex", "markdown", "rst", "text")
_BY_NAME = (
    "its pseudonyms come from the name of the source: whoever knows that can find out if somebody they think of is "
    "meant; name an environment variable with a secret in pseudonym_key_env"
)


@dataclass(frozen=True, slots=True)
class Source:
    """A mail archive; every message is a document.

    url stands before the message id in a document's address; without it addresses are ``mid:ID`` (RFC 2392). only
    names relative paths of a folder, and nothing else is read then. With pseudonyms, people, addresses and phone
    numbers are replaced, and nothing of a message is kept as it came; the key is a secret in the environment variable
    that pseudonym_key_env names.
    """

    path: Path
    name: str
    readers: frozenset[str]
    url: str = ""
    only: tuple[str, ...] = ()
    pseudonyms: bool = False
    pseudonym_key_env: str = ""

    def listing(self) -> Iterator[Item | End]:
        """Every message and attachment, and every file that holds none, with the reason."""
        if not self.path.exists():
            raise MissingPath(f"the mail archive {self.name!r}: there is no {self.path}")
        seen = Seen()
        mask = self._learned() if self.pseudonyms else None
        lost: list[str] = []
        for container in mailbox.containers(self.path, self.only):
            if container.skipped:
                yield Item(_address(container), "", skipped=container.skipped)
                continue
            try:
                yield from self._messages(container, seen, mask)
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
        whole = _whole(raw, container)
        data = raw if where.place == "" else message.data(message.at(whole, where.place))
        warnings: tuple[str, ...] = ()
        if self.pseudonyms:
            data, warnings = self._masked(whole if where.place == "" else message.message(data), data, where.format)
        if _digest(data) != item.version.partition("-")[0]:
            raise Unreadable(f"{path.name} has changed since it was listed; the next run reads it anew")
        if where.place:
            return self._attached(whole, where, data, warnings)
        if container.kind == "mbox" and not raw.endswith(b"\n"):
            warnings += ("its archive ends within a line: the message may be cut off",)
        return Raw(
            data, "email", "mail", version=item.version, parent=where.parent, thread=where.thread, warnings=warnings
        )

    def _attached(self, whole: Message, where: _Where, data: bytes, warnings: tuple[str, ...]) -> Raw:
        """An attachment; the day it was sent is taken for the day of its last change."""
        part = message.at(whole, where.place)
        return Raw(
            data,
            where.format,
            _KINDS.get(where.format, "file"),
            name=_plain_name(part, where.place) if self.pseudonyms else _name(part, where.place),
            modified=header.moment(header.field(message.value(whole, "date"))),
            parent=where.parent,
            thread=where.thread,
            warnings=warnings,
        )

    def _learned(self) -> Mask:
        """The people of the whole archive, learned anew."""
        people = People()
        for container in mailbox.containers(self.path, self.only):
            if container.skipped:
                continue
            # What cannot be read is said where it is listed.
            with contextlib.suppress(Unreadable):
                for span in mailbox.spans(container):
                    with contextlib.suppress(Unreadable):
                        pseudonymous.learn(_whole(mailbox.read(container, span), container), people)
        key = secret(self.pseudonym_key_env) or f"collabqa mail {self.name}"
        _MASKS[self] = Mask(people, Pseudonyms(key.encode()))
        return _MASKS[self]

    def _masked(self, whole: Message, data: bytes, format_name: str) -> tuple[bytes, tuple[str, ...]]:
        """A message, or an attachment that is text, under pseudonyms; and warnings."""
        mask = _MASKS.get(self) or self._learned()
        warnings = () if self.pseudonym_key_env else (_BY_NAME,)
        if format_name == "email":
            masked, more = pseudonymous.pseudonymous(whole, mask)
            return masked, warnings + more
        return mask.text(decoded(data)[0]).encode("utf-8", "replace"), warnings

    def _messages(self, container: Container, seen: Seen, mask: Mask | None) -> Iterator[Item]:
        for span in mailbox.spans(container):
            try:
                raw = mailbox.read(container, span)
            except Unreadable as error:
                where = _Where(self._relative(container), problem=str(error))
                yield Item(f"{_address(container)}#{span.begin}", _digest(str(error).encode()), where.note())
                continue
            if raw.strip():
                yield from self._message(container, span, raw, seen, mask)

    def _message(self, container: Container, span: Span, raw: bytes, seen: Seen, mask: Mask | None) -> Iterator[Item]:
        """A message, and its attachments."""
        whole = _whole(raw, container)
        own = message.identifier(whole) or f"{_digest(raw)[:32]}@no-id.invalid"
        digest = _digest(self._masked(whole, raw, "email")[0] if mask else raw)
        uri = self._uri(own, mask)
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
        where = replace(where, thread=self._uri(thread, mask), parent=self._uri(message.answered(whole), mask))
        # What other messages say of its thread is no part of its bytes, and yet of what is said of it.
        version = digest if thread == message.thread(whole) else f"{digest}-{_digest(thread.encode())[:8]}"
        yield Item(uri, version, where.note())
        yield from self._attachments(whole, replace(where, parent=uri))

    def _attachments(self, whole: Message, where: _Where) -> Iterator[Item]:
        """The files that a message carries; where.parent is the message's address."""
        used: set[str] = set()
        for part in message.parts(whole):
            if part.role != "attached":
                continue
            data, place = message.data(part.message), part.place or "."
            format_name, why_not = _format(part.message, data, _name(part.message, place))
            if self.pseudonyms:
                label = _plain_name(part.message, place)
                if not why_not and format_name in ("email", *_OF_TEXT):
                    data = self._masked(message.message(data), data, format_name)[0]
                else:
                    why_not = "names cannot be taken out of it, and this source has pseudonyms"
            else:
                of_content = header.field(message.value(part.message, "content-id")).strip("<>")
                label = of_content or _name(part.message, place)
            label = quote(label, safe="@!$*+=~,-_.")
            label = label if label not in used else f"{label}~{place}"
            used.add(label)
            note = replace(where, place=place, format=format_name).note()
            yield Item(f"{where.parent}/{label}", _digest(data), "" if why_not else note, why_not)

    def _uri(self, identifier: str, mask: Mask | None) -> str:
        """The address of a message by its id; "" of none."""
        identifier = mask.pseudonyms.identifier(identifier) if mask else identifier
        return f"{self.url or 'mid:'}{quote(identifier, safe='@!$*+=~.,-_')}" if identifier else ""

    def _relative(self, container: Container) -> str:
        return "" if container.path == self.path else container.path.relative_to(self.path).as_posix()


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


def _plain_name(part: Message, place: str) -> str:
    """A file name that says nothing of anybody: the place of a part, and the suffix of its name."""
    suffix = PurePosixPath(message.file_name(part)).suffix.lower()
    return f"part-{place}{suffix if re.fullmatch(r'[.][a-z0-9]{1,8}', suffix) else ''}"


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

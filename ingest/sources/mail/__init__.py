"""A mail archive: an mbox file, a maildir, a single message, a Mailman archive, or a folder of any of them.

Every message is a document, and so is every attachment that some format reads.
"""

import contextlib
import hashlib
import json
import mimetypes
import re
from base64 import b32encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.message import Message
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from ingest.charset import decoded
from ingest.document import DocumentKind
from ingest.errors import BadSourceSettings, MissingPath, Unreadable
from ingest.format import HEAD_BYTES, recognise
from ingest.formats.email import containers as mailbox
from ingest.formats.email import header, message, pseudonymous
from ingest.formats.email.containers import Container
from ingest.formats.email.mbox import Span
from ingest.formats.email.pipermail import page_message
from ingest.pseudonym import Pseudonyms
from ingest.pseudonym.mask import Mask
from ingest.pseudonym.people import People
from ingest.remote import Kept, opened, pages, secret
from ingest.source import End, Item, Raw
from ingest.sources.mail.imap import Place, imap
from ingest.sources.mail.lists import hyperkitty, mailman
from ingest.sources.mail.mirror import Mirror
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
# What was last fetched of each source on a server.
_MIRRORS: dict["Source", Mirror] = {}
# Formats of attachments that are read as they stand there, so that names can be taken out of them.
_OF_TEXT = ("latex", "markdown", "rst", "text")
_BY_NAME = (
    "its pseudonyms come from the name of the source: whoever knows that can find out if somebody they think of is "
    "meant; name an environment variable with a secret in pseudonym_key_env"
)


@dataclass(frozen=True, slots=True)
class Source:
    """A mail archive: a path, a list on a server (its archives at url), or a folder of an IMAP server.

    With path, url stands before the message id in a document's address; without it addresses are ``mid:ID`` (RFC 2392).
    only names relative paths of a folder, and nothing else is read then. A list with an "@" is one of HyperKitty,
    others of Mailman 2. token_env names the environment variable with the password of user, or a token, cookie_env that
    with the cookie of somebody who may read a private archive. With pseudonyms, people, addresses and phone numbers are
    replaced, and nothing of a message is kept as it came; the key is a secret in the environment variable that
    pseudonym_key_env names.
    """

    name: str
    readers: frozenset[str]
    path: Path | None = None
    url: str = ""
    only: tuple[str, ...] = ()
    list: str = ""
    imap: str = ""
    user: str = ""
    token_env: str = ""
    cookie_env: str = ""
    ca: Path | None = None
    seconds_between: float = 0.2
    pseudonyms: bool = False
    pseudonym_key_env: str = ""

    def __post_init__(self) -> None:
        """Raises BadSourceSettings where it is not one archive that is named."""
        given = [key for key in ("path", "list", "imap") if getattr(self, key)]
        if len(given) != 1:
            found = " and ".join(given) if given else "missing key 'path'"
            raise BadSourceSettings(
                f"[[source]] kind = 'mail': {found}: expected one of path, list (with url) and imap"
            )
        if self.list and not self.url:
            raise BadSourceSettings("[[source]] kind = 'mail': list: expected url, the address of the archives")
        if self.imap:
            Place.of(self.imap)

    def listing(self) -> Iterator[Item | End]:
        """Every message and attachment, and every file that holds none, with the reason."""
        if self.path and not self.path.exists():
            raise MissingPath(f"the mail archive {self.name!r}: there is no {self.path}")
        mirror = None if self.path else self._mirrored()
        lost = [*mirror.lost] if mirror else []
        mask = self._learned() if self.pseudonyms else None
        seen = Seen()
        for container in self._containers():
            if container.skipped:
                if mirror and not self._may_be_empty(container):
                    lost.append(f"{self._address(container)}: {container.skipped}")
                yield Item(self._address(container), "", skipped=container.skipped)
                continue
            try:
                yield from self._messages(container, seen, mask)
                problem = mailbox.broken(container)
            except Unreadable as error:
                problem = str(error)
            if problem:
                lost.append(f"{container.path.name}: {problem}")
                where = _Where(self._relative(container), problem=problem)
                yield Item(self._address(container), _digest(problem.encode()), where.note())
        if mirror and not seen.uris and not lost:
            lost.append(f"{mirror.address}: the archive gives no message; one that may not be read looks the same")
        yield End(not lost, "; ".join(lost))

    def fetch(self, item: Item) -> Raw:
        """The message or attachment; raises Unreadable, also when its archive has changed since it was listed."""
        where = _Where(*json.loads(item.locator))
        if where.problem:
            raise Unreadable(where.problem)
        path = self._root() / where.path if where.path else self._root()
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

    def _mirrored(self) -> Mirror:
        """What the server has now; under pseudonyms nothing of it is kept from run to run."""
        if self.imap:
            kept = None if self.pseudonyms else Kept(pages())
            made = imap(Place.of(self.imap), self.user, secret(self.token_env), self.ca, kept)
        else:
            remote = opened(
                self.url,
                token_env=self.token_env,
                user=self.user,
                cookie_env=self.cookie_env,
                ca=self.ca,
                seconds_between=self.seconds_between,
                keep=not self.pseudonyms,
            )
            made = hyperkitty(remote, self.list) if "@" in self.list else mailman(remote, self.list)
        _MIRRORS[self] = made
        return made

    def _root(self) -> Path:
        return self.path or (_MIRRORS.get(self) or self._mirrored()).folder

    def _containers(self) -> Iterator[Container]:
        if self.path:
            return mailbox.containers(self.path, self.only)
        return (_MIRRORS.get(self) or self._mirrored()).containers()

    def _may_be_empty(self, container: Container) -> bool:
        """Whether a file of a server is none to worry about: months without mail are exported too."""
        return "@" in self.list and container.skipped != mailbox.NO_MAIL

    def _learned(self) -> Mask:
        """The people of the whole archive, learned anew."""
        people = People()
        for container in self._containers():
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
                yield Item(f"{self._address(container)}#{span.begin}", _digest(str(error).encode()), where.note())
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
        if identifier and "@" in self.list and not mask:
            return f"{self.url.rstrip('/')}/list/{quote(self.list, safe='@')}/message/{_page_name(identifier)}/"
        identifier = mask.pseudonyms.identifier(identifier) if mask else identifier
        return (
            f"{'mid:' if self.list or not self.url else self.url}{quote(identifier, safe='@!$*+=~.,-_')}"
            if identifier
            else ""
        )

    def _relative(self, container: Container) -> str:
        return "" if container.path == self._root() else container.path.relative_to(self._root()).as_posix()

    def _address(self, container: Container) -> str:
        """Where a file is, for those that hold no message or cannot be read."""
        if not self.path:
            return f"{_MIRRORS[self].address}{self._relative(container)}"
        member = f"#{quote(container.member)}" if container.member else ""
        return f"{container.path.absolute().as_uri()}{member}"


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


def _page_name(identifier: str) -> str:
    """What HyperKitty calls the page of a message (its Message-ID-Hash)."""
    return b32encode(hashlib.sha1(identifier.encode("utf-8", "replace"), usedforsecurity=False).digest()).decode()

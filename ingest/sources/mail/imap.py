"""A folder of an IMAP server, only ever looked at: EXAMINE opens it for reading, BODY.PEEK leaves no mark.

A message never changes as long as its UIDVALIDITY and UID are the same, so none is asked for twice where what came is
kept; a run that broke off goes on where it did.
"""

import hashlib
import imaplib
import re
import ssl
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ingest.errors import BadSource, BadSourceSettings
from ingest.formats.email.containers import MOST_MESSAGE_BYTES
from ingest.remote import Kept, Page, Unreachable
from ingest.sources.mail.mirror import Mirror

_ROW = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_FLAGS = re.compile(rb"FLAGS \(([^)]*)\)")
# So many messages, or bytes, are asked for at once.
_AT_ONCE, _BYTES_AT_ONCE = 50, 16 * 2**20
_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Place:
    """A folder on a server, as ``imaps://host:993/folder`` names it."""

    host: str
    port: int
    folder: str

    @classmethod
    def of(cls, address: str) -> "Place":
        """The place of an address; raises BadSourceSettings."""
        where = urlsplit(address)
        folder = unquote(where.path.strip("/"))
        if where.scheme != "imaps" or not where.hostname or where.username or where.password:
            raise BadSourceSettings(
                f"[[source]] kind = 'mail': imap = '{where.scheme}://...': expected imaps://host/folder, the name "
                "in user, the password in the environment variable that token_env names"
            )
        return cls(where.hostname, where.port or 993, folder or "INBOX")

    def __str__(self) -> str:
        return f"imaps://{self.host}{'' if self.port == 993 else f':{self.port}'}/{self.folder}"


@dataclass(frozen=True, slots=True)
class _Row:
    """A message as the server lists it."""

    uid: int
    size: int
    deleted: bool


def imap(place: Place, user: str, password: str, ca: Path | None, kept: Kept | None) -> Mirror:
    """The messages of a folder; what is marked as deleted is none."""
    mirror = Mirror(f"{place}/", single=True)
    connection: imaplib.IMAP4_SSL | None = None
    try:
        connection = imaplib.IMAP4_SSL(place.host, place.port, ssl_context=_context(ca), timeout=_SECONDS)
        _signed_on(connection, user, password)
        _read(connection, place, user, kept, mirror)
    except Unreachable as problem:
        mirror.lost.append(f"{place}: {problem}")
    except (imaplib.IMAP4.error, OSError) as problem:
        mirror.lost.append(f"{place}: the server broke off ({str(problem) or type(problem).__name__})")
    finally:
        if connection is not None:
            connection.shutdown()
    return mirror


def _context(ca: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(ca) if ca else None)
    except (OSError, ssl.SSLError) as problem:
        raise BadSource(f"ca = '{ca}': {problem}") from None


def _signed_on(connection: imaplib.IMAP4_SSL, user: str, password: str) -> None:
    try:
        connection.login(user, password)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        # The server's answer may repeat what it was given.
        raise Unreachable("the server refuses to sign us on; is the password right, and still good?") from None


def _read(connection: imaplib.IMAP4_SSL, place: Place, user: str, kept: Kept | None, mirror: Mirror) -> None:
    """Put every message of the folder into the mirror; raises Unreachable."""
    answer, exists = connection.select(f'"{_folder_name(place.folder)}"', readonly=True)
    if answer != "OK":
        raise Unreachable("there is no such folder, or it may not be read")
    _, validity = connection.response("UIDVALIDITY")
    number = validity[0].decode() if validity and isinstance(validity[0], bytes) else ""
    if not number:
        raise Unreachable("the server does not say its UIDVALIDITY")
    count = int(exists[0] or b"0")
    rows = _rows(connection) if count else []
    if len(rows) < count:
        mirror.lost.append(f"{place}: the server says that there are {count} messages, and lists {len(rows)}")
    if not count:
        mirror.lost.append(f"{place}: the folder is empty; a folder that somebody may not read looks the same")
    keys = {row.uid: _digest("imap", str(place), user, number, str(row.uid)) for row in rows}
    wanted = list[_Row]()
    for row in rows:
        before = kept.get(keys[row.uid]) if kept and not row.deleted else None
        if before is not None:
            mirror.put(f"{row.uid:010}.eml", before.data)
        elif row.size > MOST_MESSAGE_BYTES:
            mirror.lost.append(f"{place}: message {row.uid} has {row.size:,} bytes")
        elif not row.deleted:
            wanted.append(row)
    for some in _batches(wanted):
        found = _bodies(connection, some)
        for row in some:
            if row.uid not in found:
                mirror.lost.append(f"{place}: message {row.uid} was listed and did not come")
                continue
            mirror.put(f"{row.uid:010}.eml", found[row.uid])
            if kept:
                kept.put(keys[row.uid], Page(str(place), found[row.uid]))


def _rows(connection: imaplib.IMAP4_SSL) -> list[_Row]:
    """Every message that the server lists."""
    rows = {}
    for told in _asked(connection, "1:*", "(UID FLAGS RFC822.SIZE)"):
        line = told if isinstance(told, bytes) else told[0]
        uid, size, flags = _ROW.search(line), _SIZE.search(line), _FLAGS.search(line)
        if uid:
            deleted = bool(flags and b"\\deleted" in flags[1].lower())
            rows[int(uid[1])] = _Row(int(uid[1]), int(size[1]) if size else 0, deleted)
    return [rows[uid] for uid in sorted(rows)]


def _bodies(connection: imaplib.IMAP4_SSL, rows: Sequence[_Row]) -> dict[int, bytes]:
    """The messages by their UIDs, as far as they come."""
    found, body = {}, b""
    for told in _asked(connection, ",".join(str(row.uid) for row in rows), "(UID BODY.PEEK[])"):
        # A literal comes with what stood before it; the UID stands there, or behind it.
        line, body = (told[0], told[1]) if isinstance(told, tuple) else (told, body)
        uid = _ROW.search(line)
        if uid and (isinstance(told, tuple) or body):
            found[int(uid[1])], body = body, b""
    return found


def _asked(connection: imaplib.IMAP4_SSL, uids: str, items: str) -> list[bytes | tuple[bytes, bytes]]:
    """What the server says of some messages; raises Unreachable."""
    answer, told = connection.uid("FETCH", uids, items)
    if answer != "OK":
        raise Unreachable("the server does not give what it lists")
    return [each for each in told if isinstance(each, bytes | tuple)]


def _batches(rows: Sequence[_Row]) -> Iterator[list[_Row]]:
    """Messages in portions that are not too many and not too large."""
    batch, size = list[_Row](), 0
    for row in rows:
        if batch and (len(batch) == _AT_ONCE or size + row.size > _BYTES_AT_ONCE):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += row.size
    if batch:
        yield batch


def _folder_name(name: str) -> str:
    """The name of a folder as IMAP writes it (RFC 3501, 5.1.3), for between quotes.

    >>> _folder_name("Archiv/Prüfung & mehr")
    'Archiv/Pr&APw-fung &- mehr'
    """

    def coded(run: re.Match[str]) -> str:
        code = b64encode(run[0].encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
        return f"&{code}-"

    plain = re.sub("[^\x20-\x7e]+", coded, name.replace("&", "&-"))
    return plain.replace("\\", "\\\\").replace('"', '\\"')


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()

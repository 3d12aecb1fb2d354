"""The header fields of a message as they were meant, however they were written."""

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

from ingest.charset import as_declared, charset

_WORD = re.compile(r"=\?([\w.:+-]+)(?:\*[^?\s]*)?\?([bBqQ])\?(.*?)(?:\?=|$)")
_FOLD = re.compile(r"\r?\n[ \t]*|\r")
_IDENTIFIER = re.compile(r"<\s*([^<>\s]+(?: at [^<>\s]+)?)\s*>")
_NAMED = re.compile(r"(?s)(.*)<([^<>]*)>[^<>]*$")
_COMMENTED = re.compile(r"(?s)\s*(\S+(?: at \S+)?)\s+\((.*)\)\s*$")
_VIA = re.compile(r"\s+via\s+\S.*$", re.IGNORECASE)
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_ASCTIME = re.compile(
    rf"(?:\w{{3}},?\s+)?({_MONTHS})\s+(\d{{1,2}})\s+(\d{{1,2}}:\d\d(?::\d\d)?)\s+(?:(\S+)\s+)?(\d{{4}})\s*$"
)
# Zones that Mailman's pages name; the parser of dates knows those of North America by itself.
_ZONES = {
    "BST": "+0100",
    "CEST": "+0200",
    "CET": "+0100",
    "EEST": "+0300",
    "EET": "+0200",
    "IST": "+0530",
    "JST": "+0900",
    "MSK": "+0300",
    "WEST": "+0100",
    "WET": "+0000",
}
_PREFIX = re.compile(
    r"\s*(?:(?P<reply>re|aw|sv|antw|antwort|rép|odp|rif|vs|回复)|(?P<forward>fwd?|wg|tr|weitergeleitet))"
    r"\s*(?:\[\d+\]|\(\d+\))?\s*[:：]\s*",
    re.IGNORECASE,
)
_LIST_TAG = re.compile(r"\s*\[[^\]\n]{1,60}\]\s*")


def field(value: str) -> str:
    """The words of a header field: unfolded, encoded words decoded, broken ones mended.

    Characters that stand for raw bytes (surrogate escapes) are read as UTF-8 or what else fits.

    >>> field("=?utf-8?q?G=C3?= =?utf-8?q?=B6ran?= and =?bogus?Q?Jos=E9?=")
    'Göran and José'
    """
    value = _characters(_unfolded(value))
    if "=?" not in value:
        return " ".join(value.replace("\0", "").split())
    for _ in range(2):  # some mailers encode what was encoded already
        if "=?" not in value:
            break
        value = _decoded_words(value)
    return " ".join(value.replace("\0", "").split())


def _unfolded(value: str) -> str:
    return _FOLD.sub(" ", value) if "\n" in value or "\r" in value else value


def _characters(value: str) -> str:
    if value.isascii():
        return value
    try:
        raw = value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = value.encode("utf-8", "replace")
    return value if raw.isascii() else raw.decode(charset(raw), "replace")


def _decoded_words(value: str) -> str:
    pieces: list[tuple[bytes, str] | str] = []
    end = 0
    for word in _WORD.finditer(value):
        between = value[end : word.start()]
        if between.strip() or not pieces:  # white space between two encoded words does not count
            pieces.append(between)
        raw, name = _word_bytes(word[2], word[3]), word[1].lower()
        if name == "utf-8" and not word[0].endswith("?="):  # the field was cut, perhaps within a character
            raw = raw.decode("utf-8", "ignore").encode()
        last = pieces[-1] if pieces else ""
        if isinstance(last, tuple) and last[1] == name:
            pieces[-1] = (last[0] + raw, name)  # a character may be split between two words
        else:
            pieces.append((raw, name))
        end = word.end()
    pieces.append(value[end:])
    return "".join(piece if isinstance(piece, str) else as_declared(*piece)[0] for piece in pieces)


def _word_bytes(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    if encoding in "qQ":
        return quopri.decodestring(data.replace(b"_", b"=20"))
    data = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
    if len(data) % 4 == 1:
        data = data[:-1]
    try:
        return base64.b64decode(data + b"=" * (-len(data) % 4))
    except binascii.Error:
        return data


def identifiers(value: str) -> tuple[str, ...]:
    """The message ids in a field, in order, without their brackets.

    >>> identifiers("Your message of Monday <a@b> <c at d>")
    ('a@b', 'c@d')
    """
    value = _characters(_unfolded(value))
    found = tuple(each.replace(" at ", "@") for each in _IDENTIFIER.findall(value))
    bare = value.strip().strip("<>")
    if not found and bare and not any(character.isspace() for character in bare):
        return (bare,)
    return found


def names(value: str) -> tuple[str, ...]:
    """Who a field with addresses names: their display names, or the local part of an address without one.

    >>> names('"Solvang, Ingrid" <is@x.org>, tomasz at x.org (Tomasz Wierzba), helix@x.org')
    ('Solvang, Ingrid', 'Tomasz Wierzba', 'helix')
    """
    found = (_name(each) for each in _mailboxes(_unfolded(value)))
    return tuple(dict.fromkeys(name for name in found if name))


def mailboxes(value: str) -> tuple[tuple[str, str], ...]:
    """The display name and the address of each whom a field names; "" for what is missing.

    >>> mailboxes('"Solvang, Ingrid" <is@x.org>, tomasz at x.org (Tomasz Wierzba), helix@x.org')
    (('Solvang, Ingrid', 'is@x.org'), ('Tomasz Wierzba', 'tomasz at x.org'), ('', 'helix@x.org'))
    """
    found = (_taken_apart(each) for each in _mailboxes(_unfolded(value)))
    return tuple((_shown(name), field(address)) for name, address in found if name.strip() or address.strip())


def _mailboxes(value: str) -> Iterator[str]:
    """The addresses of a field: split at commas that stand in no quotes, brackets or comments."""
    if "," not in value and ";" not in value:
        yield value
        return
    start, depth, quoted = 0, 0, False
    for position, character in enumerate(value):
        if character == '"':
            quoted = not quoted
        elif not quoted and character in "(<":
            depth += 1
        elif not quoted and character in ")>":
            depth = max(0, depth - 1)
        elif not quoted and depth == 0 and character in ",;":
            yield value[start:position]
            start = position + 1
    yield value[start:]


def _taken_apart(mailbox: str) -> tuple[str, str]:
    """The display name and the address of a mailbox as they stand there."""
    named, commented = _NAMED.match(mailbox), _COMMENTED.match(mailbox)
    if named:
        return named[1], named[2]
    return (commented[2], commented[1]) if commented else ("", mailbox)


def _shown(name: str) -> str:
    return _VIA.sub("", field(name).strip(" '\"").replace('\\"', '"'))


def _name(mailbox: str) -> str:
    name, address = _taken_apart(mailbox)
    name = _shown(name)
    if name and "@" not in name and " at " not in name:
        return name
    address = field(address) or name
    return re.split(r"@| at ", address)[0].strip(" <>\"'") if not address.endswith(":") else ""


def moment(value: str) -> datetime | None:
    """The time that a date field names, in UTC; None where it names none. Without a zone it is taken as UTC.

    >>> moment("Tue, 1 Dec 2009 11:42:53 -0700").isoformat()
    '2009-12-01T18:42:53+00:00'
    >>> moment("Tue Jun 30 15:28:27 CEST 2009").isoformat()
    '2009-06-30T13:28:27+00:00'
    """
    value = field(value)
    asctime = _ASCTIME.match(value)
    if asctime:
        month, day, clock, zone, year = asctime.groups(default="+0000")
        value = f"{day} {month} {year} {clock} {_ZONES.get(zone, zone)}"
    try:
        return _parsed_moment(value)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def _parsed_moment(value: str) -> datetime | None:
    parts = parsedate_tz(value)
    if parts is None:
        exact = datetime.fromisoformat(value.replace("Z", "+00:00"))
        return (exact if exact.tzinfo else exact.replace(tzinfo=UTC)).astimezone(UTC)
    year, month, day, hour, minute, second = parts[:6]
    zone = timezone(timedelta(seconds=parts[9] or 0))
    # A leap second is no second of datetime.
    return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone).astimezone(UTC)


def is_reply(subject: str) -> bool:
    """Whether a subject says that it answers or forwards another message."""
    return bool(_PREFIX.match(_LIST_TAG.sub("", subject, count=1)))


def is_forward(subject: str) -> bool:
    """Whether a subject says first that it forwards another message."""
    prefix = _PREFIX.match(_LIST_TAG.sub("", subject, count=1))
    return bool(prefix and prefix["forward"])


def base_subject(subject: str) -> str:
    """A subject without the prefixes of replies and lists, for telling which messages talk of the same.

    >>> base_subject("Re: [helix-software] AW: Release  24.2.3")
    'release 24.2.3'
    """
    before = ""
    while subject != before:
        before = subject
        subject = _PREFIX.sub("", subject, count=1) if _PREFIX.match(subject) else subject
        tag = _LIST_TAG.match(subject)
        subject = subject[tag.end() :] if tag and tag.end() < len(subject) else subject
    return " ".join(subject.split()).casefold()

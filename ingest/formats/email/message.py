"""A message of RFC 822 and MIME taken apart: which parts are its text, and which are files of their own."""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import policy
from email.errors import CloseBoundaryNotFoundDefect, StartBoundaryNotFoundDefect
from email.message import Message
from email.parser import BytesParser
from typing import Literal
from urllib.parse import unquote_to_bytes

from ingest.charset import as_declared
from ingest.formats.email.header import base_subject, field, identifiers, is_reply
from ingest.formats.email.sealed import signed

Role = Literal["text", "report", "invitation", "attached", "digested", "left out"]

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")
_SOUND = re.compile(rb"[!-9;-~]+:[^\n]*(?:\n(?:[!-9;-~]+:|[ \t])[^\n]*)*")
_FIELD_START = re.compile(r"\n(?![ \t])")
# Types that hold other parts, or may.
_COMPOUND = re.compile(rb"multipart|message/|pkcs7", re.IGNORECASE)
# Fields that messages have and front matter of other formats has not; two of a block's fields must be of these.
_OF_MAIL = {
    b"bcc", b"cc", b"content-transfer-encoding", b"content-type", b"date", b"delivered-to", b"envelope-to", b"from",
    b"in-reply-to", b"message-id", b"mime-version", b"received", b"references", b"reply-to", b"return-path", b"sender",
    b"subject", b"to", b"x-mailer", b"x-mozilla-status",
}  # fmt: skip
_ONLY_OF_MAIL = {b"from", b"message-id", b"mime-version", b"received", b"return-path", b"delivered-to", b"to"}
# Notes may start with the fields From, To and Date.
_ALSO_OF_NOTES = {b"from", b"to"}
# "This is a multi-part message in MIME format", in whatever language.
_OF_MIME = re.compile(r"\bMIME\b|\bmulti-?part\b", re.IGNORECASE)
_TEXTS = {"text/plain", "text/html", "text/enriched", "text/richtext", "text/markdown"}
# What became of a message, in fields (RFC 3464, 8098, 5965, 6533).
_REPORTS = {
    "message/delivery-status",
    "message/disposition-notification",
    "message/feedback-report",
    "message/global-delivery-status",
    "message/global-disposition-notification",
}
# Parts that machines write for machines, or that hold nothing themselves.
_MACHINE = {"application/pgp-encrypted", "message/external-body", "text/rfc822-headers"}
# The types of what is encrypted, or signed so that it must be unpacked first.
_SEALED = {"application/pkcs7-mime", "application/x-pkcs7-mime"}
#: Parts within parts within parts, and so on, are followed this deep.
MOST_NESTED = 50
#: A plain alternative shorter than this may only say that there is an HTML one, in characters.
SHORT_ALTERNATIVE = 200


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a message, where it stands ("2.1" is the first part of the second part) and what becomes of it."""

    place: str
    role: Role
    message: Message


def message(raw: bytes) -> Message:
    """The message in these bytes, parts that were signed as a whole unpacked.

    One whose parts are nested beyond measure has all of them as one text.
    """
    raw = raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    simple = _simple(raw)
    if simple is not None:
        return simple
    try:
        whole = BytesParser(policy=policy.compat32).parsebytes(raw)
        return whole if _unpacked(whole) else headers(raw)
    except RecursionError:
        return headers(raw)


def _simple(raw: bytes) -> Message | None:
    """What the library makes of a message in one part with a sound header, in a third of its time; None of others."""
    head, blank, body = raw.partition(b"\n\n")
    if not blank or b"\r" in raw or _COMPOUND.search(head) or not _SOUND.fullmatch(head):
        return None
    whole = Message(policy=policy.compat32)
    for each in _FIELD_START.split(head.decode("ascii", "surrogateescape")):
        name, _, text = each.partition(":")
        whole.set_raw(name, text.lstrip(" \t"))
    whole.set_payload(body.decode("ascii", "surrogateescape"))
    return whole


def _unpacked(whole: Message) -> bool:
    """Unpack what is signed as a whole, level by level; False where there are more levels than are followed."""
    here = [whole]
    for _ in range(MOST_NESTED + 1):
        here = [below for part in here for below in ([part] if _opened(part) else _children(part))]
    return not here


def _opened(part: Message) -> bool:
    """Put what was signed in the place of the part that holds it, which keeps its fields of a message."""
    content = signed(data(part)) if part.get_content_type() in _SEALED else b""
    if not content:
        return False
    inner = BytesParser(policy=policy.compat32).parsebytes(content)
    for name in ("content-type", "content-transfer-encoding", "content-disposition"):
        del part[name]
    for name, text in inner.raw_items():
        if name.lower().startswith("content-"):
            part.set_raw(name, text)
    part.set_payload(inner.get_payload())
    part.preamble, part.epilogue, part.defects = inner.preamble, inner.epilogue, inner.defects
    return True


def sealed(part: Message) -> str:
    """Why nothing of a part can be read that is encrypted or signed as a whole; "" of all others."""
    if part.get_content_type() not in _SEALED:
        return ""
    return "encrypted, or damaged" if signed(data(part)) is None else "certificates"


def headers(raw: bytes) -> Message:
    """The message without a look at its parts: all below the header is one text."""
    raw = raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    return BytesParser(policy=policy.compat32).parsebytes(raw, headersonly=True)


def looks_like_message(head: bytes, *, notes: bool = False) -> bool:
    """Whether the first bytes of a file are header fields of a message, notes whether its name is rather one of notes.

    >>> looks_like_message(b"From: ada@helix.example\\nSubject: Run 3\\n\\nDear all,")
    True
    >>> looks_like_message(b"Title: Run 3\\nDate: 2025-01-01\\n\\nText")
    False
    """
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    found, broken = set[bytes](), False
    for number, line in enumerate(head.splitlines()):
        name = _FIELD.match(line)
        if name:
            found.add(name[1].lower())
        elif not line.startswith((b"From ", b">From ") if number == 0 else (b" ", b"\t", b"From ", b">From ")):
            broken = bool(line.strip())
            break
    like_notes = notes and not found & _ONLY_OF_MAIL - _ALSO_OF_NOTES
    # Broken headers are recognised where much of them is whole.
    fewest = 4 if broken else 3 if like_notes else 2
    return len(found & _OF_MAIL) >= fewest and bool(found & _ONLY_OF_MAIL)


def value(part: Message, name: str) -> str:
    """The first field of this name as it stands there, folded and encoded; "" where there is none."""
    for each, text in part.raw_items():
        if each.lower() == name:
            return str(text)
    return ""


def media_type(part: Message) -> str:
    """The type of a part, as in ``text/plain``."""
    return field(part.get_content_type())


def values(part: Message, name: str) -> Iterator[str]:
    """All fields of this name as they stand there, from the top."""
    for each, text in part.raw_items():
        if each.lower() == name:
            yield str(text)


def identifier(whole: Message) -> str:
    """The id of a message, without brackets; "" where it has none."""
    return next(iter(identifiers(value(whole, "message-id"))), "")


def answered(whole: Message) -> str:
    """The id of the message that this one answers; "" where it says none."""
    found = [*identifiers(value(whole, "in-reply-to")), ""]
    return next((each for each in found if "@" in each), found[0])


def thread(whole: Message) -> str:
    """The id of the message that a thread started with, as far as this message tells.

    The first of its references, else the message that it answers; a reply that names none gives its subject, without
    the prefixes of replies; any other message starts a thread itself.
    """
    first = [*identifiers(value(whole, "references")), answered(whole)][0]
    subject = field(value(whole, "subject"))
    if not first and is_reply(subject):
        return base_subject(subject)
    return first or identifier(whole)


def parameter(part: Message, name: str, of: str = "content-type") -> str:
    """A parameter of a field, decoded; "" where it is missing."""
    found = part.get_param(name, header=of)
    if isinstance(found, tuple):  # RFC 2231: encoding, language, text
        return field(as_declared(found[2].encode("latin-1", "replace"), found[0] or "")[0])
    return field(found) if isinstance(found, str) else ""


def file_name(part: Message) -> str:
    """The name of the file that a part holds, without folders; "" where it has none.

    >>> file_name(message(b'Content-Disposition: attachment; filename="..\\\\\\\\secret/menu v7.pdf"\\n\\n'))
    'menu v7.pdf'
    """
    name = parameter(part, "filename", "content-disposition") or parameter(part, "name")
    if not name:
        # RFC 2231 in pieces that the library does not join when their first number is missing.
        pieces = re.search(r"filename\*=(?:([\w-]*)'\w*')?([^;\s]+)", value(part, "content-disposition"))
        name = as_declared(unquote_to_bytes(pieces[2]), pieces[1] or "utf-8")[0] if pieces else ""
    return re.split(r"[/\\]", name)[-1].strip(" .\"'")


def data(part: Message) -> bytes:
    """The bytes of a part with its transfer encoding undone; of an attached message, the message."""
    if part.is_multipart():
        inner = b"\n".join(map(_written, _children(part)))
        # A message must not be encoded as a whole, and some are.
        encoded = value(part, "content-transfer-encoding").strip().lower() == "base64"
        return _from_base64(inner) if encoded else inner
    decoded = part.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else b""


def text(part: Message) -> tuple[str, str]:
    """The characters of a text part, and what had to be guessed ("" if nothing)."""
    raw = data(part)
    if value(part, "content-transfer-encoding").strip().lower() == "quoted-printable":
        raw = re.sub(rb"=[0-9A-Fa-f]?\Z", b"", raw)  # the rest of an escape that was cut
    declared = parameter(part, "charset")
    if not declared and part.get_content_type() == "text/html":
        meta = re.search(rb"charset\s*=\s*[\"']?([\w:.-]+)", raw[:2048], re.IGNORECASE)
        declared = meta[1].decode("ascii", "replace") if meta else ""
    return as_declared(raw, declared)


def parts(whole: Message) -> list[Part]:
    """What becomes of every leaf of a message, in its order; an attached message and its own files are both listed."""
    kind = whole.get_content_type()
    if kind.startswith("message/") and whole.is_multipart() and kind not in _MACHINE | _REPORTS:
        inner = list(_children(whole))
        return [Part(str(number), "digested", each) for number, each in enumerate(inner, 1)]
    return list(_parts(whole, "", first=True))


def outside(whole: Message) -> tuple[str, ...]:
    """What stands before the first part and after the last one, without notes on MIME to programs that know none."""
    found, here = list[str](), [whole]
    while here:
        for each in (text for part in here for text in (part.preamble, part.epilogue)):
            text = as_declared(_encoded(each or ""))[0].replace("\r\n", "\n")
            found.extend(block for block in re.split(r"\n\s*\n", text) if block.strip() and not _OF_MIME.search(block))
        here = [inner for part in here if part.get_content_maintype() == "multipart" for inner in _children(part)]
    return tuple(found)


def at(whole: Message, place: str) -> Message:
    """The part at a place; raises LookupError where there is none."""
    here = whole
    for number in filter(None, place.split(".")):
        here = list(_children(here))[int(number) - 1]
    return here


def inside(part: Message) -> tuple[Message, ...]:
    """The parts of a part, or the message that it carries."""
    return tuple(_children(part))


def cut_off(whole: Message) -> bool:
    """Whether a message with parts breaks off before the end of its last part."""
    return any(
        isinstance(defect, CloseBoundaryNotFoundDefect | StartBoundaryNotFoundDefect)
        for each in whole.walk()
        for defect in each.defects
    )


def _written(whole: Message) -> bytes:
    """A message as bytes again; the library's own writer refuses some of what its reader reads."""
    head = b"".join(_encoded(f"{name}: {text}\n") for name, text in whole.raw_items())
    if not whole.is_multipart():
        return head + b"\n" + _written_payload(whole)
    inner = [_written(each) for each in _children(whole)]
    if whole.get_content_maintype() != "multipart":
        return head + b"\n" + b"\n".join(inner)
    boundary = _encoded(parameter(whole, "boundary"))
    return head + b"".join(b"\n--" + boundary + b"\n" + each for each in inner) + b"\n--" + boundary + b"--\n"


def _written_payload(leaf: Message) -> bytes:
    if value(leaf, "content-transfer-encoding").strip().lower() in ("", "7bit", "8bit", "binary"):
        return data(leaf)
    try:
        payload = leaf.get_payload()
    except ValueError:  # the name of its encoding holds what no name may
        return b""
    return payload.encode("ascii", "replace") if isinstance(payload, str) else b""


def _encoded(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def _from_base64(inner: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(inner.split()), validate=True)
    except binascii.Error:
        return inner


def _children(part: Message) -> Iterator[Message]:
    payload = part.get_payload() if part.is_multipart() else []
    if isinstance(payload, list):
        yield from (each for each in payload if isinstance(each, Message))


def _inside(part: Message, place: str) -> Iterator[tuple[str, Message]]:
    for number, each in enumerate(_children(part), 1):
        yield f"{place}.{number}".lstrip("."), each


def _parts(part: Message, place: str, *, first: bool) -> Iterator[Part]:
    """The parts below this one; first says that no text came before it."""
    kind = part.get_content_type()
    if kind in _REPORTS:
        yield Part(place, "report", part)
    elif kind in _MACHINE:
        yield Part(place, "left out", part)
    elif kind == "multipart/alternative":
        yield from _alternatives(part, place)
    elif kind == "multipart/digest":
        for where, each in _inside(part, place):
            inner = list(_children(each)) or [each]
            yield Part(f"{where}.1" if each.is_multipart() else where, "digested", inner[0])
    elif part.get_content_maintype() == "multipart" and part.is_multipart():
        for where, each in _inside(part, place):
            for found in _parts(each, where, first=first):
                first = first and found.role != "text"
                yield found
    elif part.is_multipart():
        yield Part(place, "attached", part)
        for where, each in _inside(part, place):
            yield from (found for found in _parts(each, where, first=True) if found.role == "attached")
    else:
        yield Part(place, _role(part, first=first), part)


def _role(part: Message, *, first: bool) -> Role:
    """What becomes of a leaf: text that people read in the message, or a file."""
    kind, attached = part.get_content_type(), part.get_content_disposition() == "attachment"
    if kind == "text/calendar" and not attached:
        return "invitation"
    if kind not in _TEXTS and part.get_content_maintype() != "multipart":
        return "attached"
    return "attached" if attached or (not first and file_name(part)) else "text"


def _alternatives(part: Message, place: str) -> Iterator[Part]:
    """The alternative that is read, and the files in all of them."""
    inside = list(_inside(part, place))
    chosen = _chosen([each for _, each in inside])
    for number, (where, each) in enumerate(inside):
        found = list(_parts(each, where, first=True))
        if number == chosen:
            yield from found
        elif each.is_multipart():
            yield from (other for other in found if other.role == "attached")
        elif each.get_content_type() not in _TEXTS:
            yield Part(where, _role(each, first=False), each)


def _chosen(alternatives: list[Message]) -> int:
    """The number of the alternative to read: plain text unless it is empty or only says that there is HTML."""
    plain = [number for number, each in enumerate(alternatives) if _core(each) == "text/plain"]
    rich = [number for number, each in enumerate(alternatives) if _core(each) in _TEXTS - {"text/plain"}]
    for number in plain:
        length = len(_readable(alternatives[number]))
        if length >= SHORT_ALTERNATIVE or (length and not rich):
            return number
        if length and length * 5 >= max(len(_without_tags(_readable(alternatives[each]))) for each in rich):
            return number
    return (rich or plain or [len(alternatives) - 1])[0]


def _core(part: Message) -> str:
    """The type of a part, of a compound one that of its first leaf."""
    while part.is_multipart() and part.get_content_maintype() == "multipart":
        part = next(_children(part))
    return part.get_content_type()


def _readable(part: Message) -> str:
    """The text of a part, of a compound one that of its first leaf."""
    while part.is_multipart() and part.get_content_maintype() == "multipart":
        part = next(_children(part))
    return text(part)[0].strip()


def _without_tags(html: str) -> str:
    """Roughly the words of an HTML text, for comparing lengths."""
    html = re.sub(r"(?is)<(style|script|title|head)\b.*?</\1\s*>", "", html)
    return " ".join(re.sub(r"<[^>]*>|&nbsp;", " ", html).split())

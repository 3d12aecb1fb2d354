"""A message under pseudonyms: written anew with nothing of the old one but what can be told without its people.

Of the header stay sender, recipients, subject, date, ids, and the times of delivery; of the parts their texts. HTML is
turned into text first, since names stand in it across tags. What is attached is a document of its own.
"""

import re
from collections.abc import Iterator
from email.message import Message

from ingest.formats.email import header, message
from ingest.formats.email.body_html import enriched_text, html_text
from ingest.formats.email.flowed import unflowed
from ingest.formats.email.invitation import invitation
from ingest.formats.email.invitation import people as invited
from ingest.names import names
from ingest.pseudonym.mask import Mask
from ingest.pseudonym.people import People
from ingest.pseudonym.words import PARTICLES, folded

_PEOPLE = ("from", "sender", "reply-to", "to", "cc", "mail-followup-to", "resent-from", "resent-to")
_WRITTEN = ("From", "Sender", "Reply-To", "To", "Cc")
_IDS = ("Message-ID", "In-Reply-To", "References")
_FIELD = re.compile(
    r"^[ \t>|*_]*(?:From|To|Cc|Sender|Reply-To|Von|An|De|À|Da|Para|Van|Aan)[*_]*[ \t]*:[*_]*(.+)$", re.MULTILINE
)
_BRACKETED = re.compile(r"[<(\[](?:mailto:)?([\w.+=%-]{1,64}(?:@| at )[\w-]+(?:\.[\w-]+)+)[>)\]]", re.IGNORECASE)
_WROTE = re.compile(
    r"\b(?:wrote|writes|a écrit|schrieb|ha scritto|escribió|skrev|schreef)\b[^\n]{0,40}:[ \t]*$", re.MULTILINE
)
_ASIDE = re.compile(r"[<(\[][^<>()\[\]\n]*[>)\]]$")
_SIGNED = re.compile(
    r"^[ \t>]*(?:-- ?|(?:best |kind |many )?(?:regards|wishes)|cheers|thanks),?[ \t]*\n+[ \t>]*([^\n]{3,60})$",
    re.MULTILINE | re.IGNORECASE,
)
_DAYS = frozenset(
    "mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday jan feb mar apr jun jul aug "
    "sep oct nov dec january february march april june july august september october november december am pm "
    "cet cest gmt utc on at est pst hi hello dear thanks please the from to cc by and contact ask see write why "
    "what when where how which if as so but that these there here is are was do did does".split()
)


def learn(whole: Message, people: People) -> None:
    """Learn who is named in a message: in its header, and in its text by addresses, above quotes, in signatures."""
    for field in _PEOPLE:
        for value in message.values(whole, field):
            for name, address in header.mailboxes(value):
                people.learn(name, address)
    for part in message.parts(whole):
        if part.role == "text":
            _learn_from_text(_plain(part.message)[0], people)
        elif part.role == "invitation":
            for name, address in invited(message.text(part.message)[0]):
                people.learn(name, address)
        elif part.role == "digested" or (part.role == "attached" and part.message.get_content_maintype() == "message"):
            for inner in [part.message] if part.role == "digested" else message.inside(part.message):
                learn(inner, people)


def _learn_from_text(text: str, people: People) -> None:
    for match in _FIELD.finditer(text):
        if "@" in match[1] or " at " in match[1] or "<" in match[1]:
            for name, address in header.mailboxes(match[1]):
                people.learn(name if len(name.split()) > 1 else "", address)
    for match in _BRACKETED.finditer(text):
        people.learn(_last_name(_before(text, match.start())), match[1])
    for match in _WROTE.finditer(text):
        people.learn(_last_name(_before(text, match.start())))
    for match in _SIGNED.finditer(text):
        for name in names(match[1]):
            people.learn(name)


def _before(text: str, place: int) -> str:
    """What stands in a line before a place, or in the line above it, up to what no name holds."""
    words = text[max(0, place - 120) : place].rstrip(" \t\r\n>|\"',")
    words = _ASIDE.sub("", words).rstrip(" \t\"'")
    return re.split(r"[\n<>()\[\]@:;]", words)[-1]


def _last_name(words: str) -> str:
    """The name of several words that some words end with; "" where none does.

    >>> _last_name("On Mon, 1 Jun 2009 at 10:00 AM, Ingrid van der Berg"), _last_name("as they")
    ('Ingrid van der Berg', '')
    """
    found: list[str] = []
    for word in reversed(words.replace('"', "").split()):
        bare = word.strip("'*_")
        comma = bare.endswith(",") and len(found) == 1
        if (bare.endswith(",") and not comma) or (comma and folded(bare.strip(",")) in _DAYS):
            break
        if (
            not bare
            or folded(bare.strip(".,")) in _DAYS
            or not (bare[0].isupper() or (found and bare.lower() in PARTICLES))
        ):
            break
        found.insert(0, bare)
        if comma:
            break
    return " ".join(found) if len(found) > 1 else ""


def pseudonymous(whole: Message, mask: Mask) -> tuple[bytes, tuple[str, ...]]:
    """The message under pseudonyms, and what had to be guessed of it or left out."""
    warnings: list[str] = []
    near, sender = _taking_part(whole, mask)
    texts: list[tuple[str, bytes]] = []
    for part in message.parts(whole):
        if part.role == "text":
            text, kind, guessed = _plain(part.message)
            warnings += [f"the text {guessed}"] if guessed else []
            texts.append((f"text/{kind}; charset=utf-8", mask.text(text, near, sender).encode("utf-8", "replace")))
        elif part.role == "digested":
            inner, more = pseudonymous(part.message, mask)
            warnings += more
            texts.append(("message/rfc822", inner))
        elif part.role == "invitation":
            told = mask.text(invitation(message.text(part.message)[0]), near)
            texts.append(("text/plain; charset=utf-8", told.encode("utf-8", "replace")))
        elif part.role == "report":
            report = message.data(part.message).decode("utf-8", "replace")
            texts.append((message.media_type(part.message), mask.text(report).encode()))
    if not any(text.strip() for _, text in texts):
        outside = "\n\n".join(message.outside(whole))
        texts += (
            [("text/plain; charset=utf-8", mask.text(outside, near, sender).encode("utf-8", "replace"))]
            if outside
            else []
        )
    if message.cut_off(whole):
        warnings.append("the message is cut off, or a part of it does not end")
    head = "".join(f"{name}: {value}\n" for name, value in _fields(whole, mask, near))
    return head.encode("utf-8", "replace") + _parts(texts), tuple(dict.fromkeys(warnings))


def _taking_part(whole: Message, mask: Mask) -> tuple[frozenset[str], str]:
    """Who wrote a message and to whom; and who wrote it."""
    found = [
        mask.who(name, address)
        for field in ("from", "to", "cc", "reply-to")
        for value in message.values(whole, field)
        for name, address in header.mailboxes(value)
    ]
    written = next(iter(header.mailboxes(message.value(whole, "from"))), None)
    return frozenset(found), mask.who(*written) if written else ""


def _fields(whole: Message, mask: Mask, near: frozenset[str]) -> Iterator[tuple[str, str]]:
    """The header fields that stay."""
    for field in _WRITTEN:
        some = [mask.who(*each) for value in message.values(whole, field.lower()) for each in header.mailboxes(value)]
        if some:
            people = (f"{mask.pseudonyms.person(who)} <{mask.pseudonyms.address(who)}>" for who in dict.fromkeys(some))
            yield field, ", ".join(people)
    subject = header.field(message.value(whole, "subject"))
    if subject:
        yield "Subject", mask.text(subject, near)
    date = header.field(message.value(whole, "date"))
    if date:
        yield "Date", _time(date)
    for received in message.values(whole, "received"):
        moment = header.moment(received.rpartition(";")[2])
        if moment:
            yield "Received", f"; {moment:%a, %d %b %Y %H:%M:%S %z}"
    for field in _IDS:
        ids = header.identifiers(message.value(whole, field.lower()))
        if ids:
            yield field, " ".join(f"<{mask.pseudonyms.identifier(each)}>" for each in ids)
    yield "MIME-Version", "1.0"


def _time(date: str) -> str:
    """A date as it stands there where it is one; what a date cannot be read out of may hold anything."""
    return re.sub(r"\([^)]*\)", "", date).strip() if header.moment(date) else "unreadable"


def _parts(texts: list[tuple[str, bytes]]) -> bytes:
    """The rest of a message with these parts, from the end of its fields on."""
    if len(texts) == 1 and texts[0][0].startswith("text/"):
        kind, text = texts[0]
        return f"Content-Type: {kind}\nContent-Transfer-Encoding: 8bit\n\n".encode() + text + b"\n"
    boundary = "=_parts"
    while any(boundary.encode() in text for _, text in texts):
        boundary += "="
    pieces = [
        f"\n--{boundary}\nContent-Type: {kind}\nContent-Transfer-Encoding: 8bit\n\n".encode() + text + b"\n"
        for kind, text in texts
    ]
    return (
        f'Content-Type: multipart/mixed; boundary="{boundary}"\n'.encode()
        + b"".join(pieces)
        + f"\n--{boundary}--\n".encode()
    )


def _plain(part: Message) -> tuple[str, str, str]:
    """The text of a part, whether it is plain or markdown, and what had to be guessed."""
    text, guessed = message.text(part)
    kind = part.get_content_type()
    if kind == "text/html":
        return html_text(text), "markdown", guessed
    if kind in ("text/enriched", "text/richtext"):
        return enriched_text(text), "plain", guessed
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if message.parameter(part, "format").lower() == "flowed":
        text = unflowed(text, delsp=message.parameter(part, "delsp").lower() == "yes")
    return text, "plain", guessed

"""A message of RFC 822 and MIME, or a Mailman archive's page of one: its text, and whose words are whose.

The text is what people read in the message: its plain text, or its HTML where that is all there is. Subject, sender
and date are the document's own fields and do not stand in the text. Attachments are documents of their own.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.message import Message

from ingest.document import Mark
from ingest.errors import Unreadable
from ingest.format import Parsed
from ingest.formats.email import header, message
from ingest.formats.email.body_html import enriched_text, html_text, unwrapped
from ingest.formats.email.flowed import unflowed
from ingest.formats.email.invitation import invitation
from ingest.formats.email.pipermail import is_page, page_message
from ingest.formats.email.quoting import quoting
from ingest.formats.email.report import groups
from ingest.outline import outline
from ingest.writer import Writer, ordered

SUFFIXES = (".eml",)

NO_SUBJECT = "(no subject)"
# Before mail there was none; a later year is a clock that was never set.
_FIRST_YEAR, _LAST_YEAR = 1971, 2100
# A date that lies further from the time of delivery than this is not believed.
_MOST_DELAY = timedelta(days=366)
# Looked for by what all have in common, which is found many times as fast.
_URL = re.compile(r"://[^\s<>\"`|\\^{}]+")
_SCHEME = re.compile(r"(?:.*\W)?(https?|ftp)", re.IGNORECASE | re.DOTALL)
_MARKDOWN_URL = re.compile(r"\]\((https?://[^\s)]+)\)")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\ufff9-\ufffb]")
# What is found at once in UTF-8: what characters that are not shown start with, and those of ASCII.
_BEFORE_CONTROL = (b"\xc2\xad", b"\xe2\x80", b"\xe2\x81", b"\xef\xbb", b"\xef\xbf")
_ASCII_CONTROL = bytes([*range(9), 0x0B, *range(0x0E, 0x20), 0x7F])
_BLANKS = re.compile(r"\n{3,}")
_UUENCODED = re.compile(r"^begin [0-7]{3,4} (\S[^\n]*)\n(?:[!-`][ -`]{1,61}\n)+(?:[` ]?\n)?end[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Text:
    """Some text with marks in it, and what had to be guessed or dropped."""

    text: str
    marks: tuple[Mark, ...] = ()
    warnings: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


def recognises(head: bytes, name: str) -> bool:
    """Whether header fields of a message stand first, or the mark of an archive's page within."""
    del name
    return message.looks_like_message(head) or is_page(head)


def parse(raw: bytes, name: str = "") -> Parsed:
    """Read one message; raises Unreadable where there is nothing at all."""
    del name
    if not raw.strip():
        raise Unreadable("the message is empty")
    whole = message.message(page_message(raw) if is_page(raw) else raw)
    authors = _authors(whole)
    body = _body(whole, authors)
    subject = header.field(message.value(whole, "subject"))
    modified, of_date = _modified(whole)
    warnings = [*_of_header(whole, subject, authors), *of_date, *body.warnings]
    if whole.get_content_maintype() == "multipart" and not whole.is_multipart():
        warnings.append("its parts cannot be told apart; all of it is read as one text")
    elif message.cut_off(whole):
        warnings.append("the message is cut off, or a part of it does not end")
    if not body.text:
        warnings.append("the message has no text")
    own = message.identifier(whole)
    return Parsed(
        text=body.text,
        marks=body.marks,
        title=subject or NO_SUBJECT,
        authors=authors,
        modified=modified,
        parent=message.answered(whole),
        thread=message.thread(whole),
        identifiers=(own,) if own else (),
        links=_links(body),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _authors(whole: Message) -> tuple[str, ...]:
    return header.names(message.value(whole, "from")) or header.names(message.value(whole, "sender"))


def _of_header(whole: Message, subject: str, authors: tuple[str, ...]) -> Iterator[str]:
    if not whole.keys():
        yield "no header: this may be the rest of a message"
    else:
        if not subject:
            yield "no subject"
        if not authors:
            yield "no sender"


def _modified(whole: Message) -> tuple[datetime | None, tuple[str, ...]]:
    """When a message was sent, else when it was delivered; None where nothing tells."""
    written = header.field(message.value(whole, "date"))
    sent = header.moment(written) if written else None
    delivered = [header.moment(each.rpartition(";")[2]) for each in message.values(whole, "received")]
    received = next((each for each in delivered if each and _plausible(each)), None)
    if sent and _plausible(sent) and not (received and abs(sent - received) > _MOST_DELAY):
        return sent, ()
    what = f"the date {written!r} is not believed" if written else "no date"
    return received, (f"{what}; took the time of delivery" if received else what,)


def _plausible(time: datetime) -> bool:
    return _FIRST_YEAR <= time.year <= _LAST_YEAR


def _body(whole: Message, authors: tuple[str, ...]) -> _Text:
    """The text of a message, its quotes and signatures marked, the messages of a digest one below the other."""
    writer, warnings, links = Writer(), list[str](), list[str]()
    found = message.parts(whole)
    pieces = [_piece(part) for part in found if part.role == "text"]
    if not any(piece.text for piece in pieces) and not any(part.role in ("digested", "invitation") for part in found):
        pieces = _outside(whole)
    if len(pieces) == len(found) == 1 and pieces[0].text:
        return _alone(whole, pieces[0], authors)
    own = _joined(pieces, forwards=header.is_forward(header.field(message.value(whole, "subject"))))
    start = writer.next
    writer.block(own.text)
    writer.add(_moved(own.marks, start))
    warnings.extend(own.warnings)
    links.extend(own.links)
    for part in found:
        if part.role == "digested":
            warnings.extend(_digested(part.message, writer))
        elif part.role == "report":
            for group in groups(message.data(part.message)):
                writer.code(_clean(group))
        elif part.role == "invitation":
            writer.block(_clean(invitation(message.text(part.message)[0])))
        elif part.role == "left out":
            warnings.append(f"left out: {message.media_type(part.message)}")
            links.extend(filter(None, [message.parameter(part.message, "url")]))
        elif why_not := message.sealed(part.message):
            warnings.append(f"left out: {message.media_type(part.message)} ({why_not})")
    marks = [*writer.marks]
    if writer.text:
        marks.append(Mark(0, len(writer.text), "message", label=", ".join(authors)))
    return _Text(writer.text, ordered(marks), tuple(warnings), tuple(links))


def _alone(whole: Message, piece: _Text, authors: tuple[str, ...]) -> _Text:
    """The text of a message that is all in one part, with its marks."""
    forwards = header.is_forward(header.field(message.value(whole, "subject")))
    marks = [*piece.marks, *quoting(piece.text, forwards=forwards)]
    marks.append(Mark(0, len(piece.text), "message", label=", ".join(authors)))
    return _Text(piece.text, ordered(marks), piece.warnings, piece.links)


def _digested(inner: Message, writer: Writer) -> tuple[str, ...]:
    """Write a message of a digest under its subject as a heading; returns warnings."""
    authors = _authors(inner)
    body = _body(inner, authors)
    if not body.text and not inner.keys():
        return body.warnings
    subject = header.field(message.value(inner, "subject")) or NO_SUBJECT
    own = message.identifier(inner)
    first = writer.next
    writer.heading(subject, 2, f"#{own}" if own else "")
    start = writer.next
    writer.block(body.text)
    writer.add(_moved((mark for mark in body.marks if mark.kind != "message"), start))
    writer.mark(first, "message", label=", ".join(authors), fragment=f"#{own}" if own else "")
    return body.warnings


def _moved(marks: tuple[Mark, ...] | Iterator[Mark], start: int) -> Iterator[Mark]:
    if not start:
        return iter(marks)
    return (replace(mark, start=mark.start + start, end=mark.end + start) for mark in marks)


def _joined(pieces: list[_Text], *, forwards: bool) -> _Text:
    """The text parts of a message one below the other, quotes and signatures found in all of it."""
    writer, warnings = Writer(), list[str]()
    for piece in pieces:
        start = writer.next
        writer.block(piece.text)
        writer.add(_moved(piece.marks, start))
        warnings.extend(piece.warnings)
    writer.add(quoting(writer.text, forwards=forwards))
    return _Text(writer.text, writer.marks, tuple(warnings))


def _piece(part: message.Part) -> _Text:
    """The text of one part."""
    text, guessed = message.text(part.message)
    warnings = [f"the text {guessed}"] if guessed else []
    kind = part.message.get_content_type()
    if kind in ("text/html", "text/markdown"):
        text = _clean(html_text(text) if kind == "text/html" else text)
        # No mail program leads to a heading of a message.
        found = (replace(mark, fragment="") for mark in outline(text) if mark.kind in ("heading", "table"))
        return _Text(text, tuple(found), tuple(warnings))
    if kind in ("text/enriched", "text/richtext"):
        return _Text(_clean(enriched_text(text)), (), tuple(warnings))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "flowed" in message.value(part.message, "content-type").lower():
        text = unflowed(text, delsp=message.parameter(part.message, "delsp").lower() == "yes")
    if "begin " in text and "\nend" in text:
        warnings.extend(f"left out: the uuencoded file {file[1].strip()!r}" for file in _UUENCODED.finditer(text))
        text = _UUENCODED.sub("", text)
    return _Text(_clean(text), (), tuple(warnings))


def _outside(whole: Message) -> list[_Text]:
    """What a message says that has text in none of its parts: what stands around them."""
    text = _clean("\n\n".join(message.outside(whole)))
    return [_Text(text, warnings=("no part has a text; what stands outside of the parts is read",))] if text else []


def _clean(text: str) -> str:
    """A text with line feeds alone, without characters that are not shown, trailing spaces and runs of blank lines."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n").replace("\xa0", " ")
    raw = text.encode("utf-8", "surrogatepass")
    if any(map(raw.__contains__, _BEFORE_CONTROL)) or len(raw) > len(raw.translate(None, _ASCII_CONTROL)):
        text = _CONTROL.sub("", text)
    text = "\n".join([line if line == "-- " else line.rstrip() for line in text.split("\n")])
    return (_BLANKS.sub("\n\n", text) if "\n\n\n" in text else text).lstrip("\n").rstrip()


def _links(body: _Text) -> tuple[str, ...]:
    """The addresses in a text, in its order, each once, protecting links of gateways undone."""
    if "://" not in body.text:
        return tuple(dict.fromkeys(body.links))
    without = _MARKDOWN_URL.sub(lambda link: f"]( {link[1]} )", body.text) if "](" in body.text else body.text
    found = (unwrapped(_trimmed(url)) for url in _urls(without))
    return tuple(dict.fromkeys((*found, *body.links)))


def _urls(text: str) -> Iterator[str]:
    """The addresses in a text, with the punctuation that follows them."""
    end = 0
    for found in _URL.finditer(text):
        before = text[max(end, found.start() - 6) : found.start()]
        scheme = _SCHEME.fullmatch(before)
        if scheme:
            yield f"{scheme[1]}{found[0]}"
            end = found.end()


def _trimmed(url: str) -> str:
    """An address without the punctuation of the sentence that it ends."""
    url = url.rstrip(".,;:!?'*_>")
    while url.endswith((")", "]")) and url.count(url[-1]) > url.count({")": "(", "]": "["}[url[-1]]):
        url = url[:-1].rstrip(".,;:!?'*_>")
    return url

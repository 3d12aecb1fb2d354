"""An event or a contribution as Indico exports it: programme, abstracts, minutes."""

import re
from collections.abc import Sequence
from datetime import datetime

from ingest import hypertext
from ingest.errors import Unreadable
from ingest.format import Parsed
from ingest.formats.indico_event.export import Access, Attachment, Event, Json, Note, Person, Talk, answer, event, talk
from ingest.jsontext import loaded
from ingest.writer import Writer

SUFFIXES = (".json",)

_HEAD = re.compile(rb'"_(?:fossil|type)"\s*:\s*"(?:conferenceMetadata|Conference"|Contribution"|contributionMetadata)')
_TAG = re.compile(r"</?(?:p|div|br|ul|ol|li|b|i|strong|em|a|span|h[1-6]|table|tr|td)\b[^<>]*>", re.IGNORECASE)


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """JSON in which Indico's types stand."""
    return head.lstrip()[:1] in (b"{", b"[") and bool(_HEAD.search(head))


def parse(raw: bytes, name: str = "") -> Parsed:  # noqa: ARG001
    """Read an event, or one contribution with its event and session under the keys ``_event`` and ``_session``."""
    found = loaded(raw)
    if isinstance(found, dict) and isinstance(found.get("_event"), dict):
        return _talk_parsed(found)
    events = [event(each) for each in answer(raw).events]
    if not events:
        raise Unreadable("no event and no contribution of Indico in it")
    writer = Writer()
    links = [link for each in events for link in _write_event(each, writer)]
    first = events[0]
    return Parsed(
        text=writer.text,
        marks=writer.marks,
        title=first.title,
        authors=tuple(person.name for person in first.chairs),
        modified=first.start,
        links=tuple(dict.fromkeys(links)),
        readers=tuple(dict.fromkeys(clause for each in events for clause in each.access.clauses)),
        warnings=tuple(dict.fromkeys(warning for each in events for warning in each.access.warnings)),
    )


def _talk_parsed(found: Json) -> Parsed:
    of = found["_event"]
    assert isinstance(of, dict)
    around = event(of)
    session = found.get("_session")
    read = talk(found, around.uri, around.access, session if isinstance(session, dict) else None)
    writer = Writer()
    links = _write_talk(read, around, writer)
    return Parsed(
        text=writer.text,
        marks=writer.marks,
        title=read.title,
        authors=tuple(person.name for person in read.speakers or read.authors),
        modified=read.start or around.start,
        links=tuple(dict.fromkeys(links)),
        readers=read.access.clauses,
        warnings=read.access.warnings,
    )


def _write_event(each: Event, writer: Writer) -> list[str]:
    """Write an event; returns the addresses that it links to."""
    writer.heading(each.title or "Event", 1)
    _facts(
        writer,
        ("Date", _span(each.start, each.end)),
        ("Place", each.place),
        ("Chairs" if len(each.chairs) > 1 else "Chair", _names(each.chairs)),
        ("Category", each.category),
    )
    links = _prose(each.description, writer)
    links += _material(each.attachments, each.access, writer)
    days = _days([one for one in each.talks if one.access.opens_with(each.access)])
    if days:
        writer.heading("Agenda", 2)
    for day, talks in days.items():
        writer.heading(day if len(days) > 1 else "", 3)
        writer.table([("Time", "Contribution", "Speakers", "Session"), *map(_line, talks)])
    return links + _minutes(each.note, writer)


def _write_talk(each: Talk, around: Event, writer: Writer) -> list[str]:
    """Write a contribution; returns the addresses that it links to."""
    writer.heading(each.title or "Contribution", 1)
    _facts(
        writer,
        ("Speakers" if len(each.speakers) > 1 else "Speaker", _names(each.speakers)),
        ("Authors", _names(each.authors)),
        ("At", around.title),
        ("Session", each.session),
        ("Time", _span(each.start, each.end)),
        ("Place", each.place or around.place),
        ("About", ", ".join(each.details)),
    )
    links = _prose(each.description, writer)
    for part in (part for part in each.parts if part.access.opens_with(each.access)):
        writer.heading(part.title or "Part", 2)
        _facts(writer, ("Speakers" if len(part.speakers) > 1 else "Speaker", _names(part.speakers)))
        links += _prose(part.description, writer)
        links += _material(part.attachments, each.access, writer)
        links += _minutes(part.note, writer)
    return links + _material(each.attachments, each.access, writer) + _minutes(each.note, writer)


def _facts(writer: Writer, *facts: tuple[str, str]) -> None:
    writer.block("\n".join(f"- {name}: {value}" for name, value in facts if value))


def _prose(description: str, writer: Writer) -> list[str]:
    """Write a description, which is HTML or plain text."""
    if not _TAG.search(description):
        writer.block("\n".join(line.rstrip() for line in description.replace("\r\n", "\n").split("\n")))
        return []
    root, _ = hypertext.tree(description.encode("utf-8", "replace"))
    return list(hypertext.write(root, writer, deeper=1)) if root is not None else []


def _minutes(note: Note, writer: Writer) -> list[str]:
    if not note.html.strip():
        return []
    writer.heading("Minutes", 2)
    return _prose(note.html, writer)


def _material(attachments: Sequence[Attachment], access: Access, writer: Writer) -> list[str]:
    """Write what everybody who may read this may see of its material; returns the addresses of what lies elsewhere."""
    lines = []
    open_ones = [each for each in attachments if each.access.opens_with(access)]
    for each in open_ones:
        title = each.title or each.filename or each.link
        where = each.filename if each.filename and each.filename != title else each.link
        lines.append(f"- {title}: {where}" if where and where != title else f"- {title}")
    if lines:
        writer.heading("Material", 2)
        writer.block("\n".join(lines))
    return [each.link for each in open_ones if each.link.startswith("http")]


def _days(talks: Sequence[Talk]) -> dict[str, list[Talk]]:
    """The contributions by day, in order."""
    days: dict[str, list[Talk]] = {}
    for each in talks:
        days.setdefault(_day(each.start) if each.start else "", []).append(each)
    return days


def _line(each: Talk) -> tuple[str, str, str, str]:
    time = f"{each.start:%H:%M}" if each.start else ""
    if each.start and each.end and each.end > each.start:
        time = f"{time}–{each.end:%H:%M}"
    return time, each.title, _names(each.speakers), each.session


def _names(people: Sequence[Person]) -> str:
    return ", ".join(map(str, people))


def _day(moment: datetime) -> str:
    """A day as people write it, in English whatever the machine speaks.

    >>> _day(datetime(2025, 6, 16))
    '16 June 2025'
    """
    months = "January February March April May June July August September October November December".split()
    return f"{moment.day} {months[moment.month - 1]} {moment.year}"


def _span(start: datetime | None, end: datetime | None) -> str:
    """From when to when, with the time zone."""
    if start is None:
        return ""
    zone = f" ({start.tzinfo})"
    if end is None or end <= start:
        return f"{_day(start)}, {start:%H:%M}{zone}"
    until = f"{end:%H:%M}" if end.date() == start.date() else f"{_day(end)}, {end:%H:%M}"
    return f"{_day(start)}, {start:%H:%M} to {until}{zone}"

"""What an Indico server exports: events, their contributions and material, and who may see them.

Indico answers ``/export/event/ID.json`` and ``/export/categ/ID.json`` with an envelope around events; the level of
detail decides whether contributions stand in the event or in its sessions.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ingest.document import NOBODY
from ingest.jsontext import loaded

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Access:
    """Who may see something beyond those who may see what it is part of; no clause means no condition of its own."""

    clauses: tuple[frozenset[str], ...] = ()
    warnings: tuple[str, ...] = ()

    def opens_with(self, other: "Access") -> bool:
        """Whether whoever meets the other's clauses may see this too."""
        return set(self.clauses) <= set(other.clauses)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a programme."""

    name: str
    affiliation: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.affiliation})" if self.affiliation else self.name


@dataclass(frozen=True, slots=True)
class Attachment:
    """Material: a file that the server keeps (filename), or a link to somewhere else (link)."""

    title: str
    filename: str
    url: str
    link: str
    modified: datetime | None
    size: int
    folder: str
    access: Access


@dataclass(frozen=True, slots=True)
class Note:
    """The minutes that were written in Indico, as HTML."""

    html: str
    modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class Talk:
    """A contribution, or a part of one."""

    uri: str
    id: str
    title: str
    description: str
    session: str
    place: str
    details: tuple[str, ...]
    start: datetime | None
    end: datetime | None
    speakers: tuple[Person, ...]
    authors: tuple[Person, ...]
    note: Note
    attachments: tuple[Attachment, ...]
    parts: tuple["Talk", ...]
    access: Access


@dataclass(frozen=True, slots=True)
class Event:
    """A meeting, conference or lecture."""

    uri: str
    id: str
    title: str
    description: str
    category: str
    place: str
    start: datetime | None
    end: datetime | None
    chairs: tuple[Person, ...]
    note: Note
    attachments: tuple[Attachment, ...]
    talks: tuple[Talk, ...]
    access: Access


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered: events, and whether those are all; other says what else it is, where it is no events."""

    events: tuple[Json, ...]
    complete: bool = True
    reason: str = ""
    other: str = ""


def answer(raw: bytes) -> Answer:
    """Read an answer of the server, or an event without its envelope; raises Unreadable where it is no JSON."""
    found = loaded(raw)
    if isinstance(found, list):
        found = {"results": found}
    if not isinstance(found, dict):
        return Answer((), other="no Indico export")
    if _is_event(found):
        return Answer((found,))
    results = found.get("results")
    if not isinstance(results, list):
        return Answer((), other="no Indico export")
    events = tuple(each for each in results if _is_event(each))
    if results and not events:
        return Answer((), other=_other(found, results))
    count = found.get("count")
    if not results:
        return Answer((), complete=False, reason="it answers with no events: empty, or not open to who asked")
    if found.get("complete") is False:
        return Answer(events, complete=False, reason="it says that it is not complete")
    if isinstance(count, int) and count > len(results):
        return Answer(events, complete=False, reason=f"it holds {len(results)} of {count} events")
    return Answer(events)


def event_uri(found: Json, *, url: str = "") -> str:
    """The address of an event; url is the server's, for events that do not say their own."""
    return _text(found, "url") or f"{url.rstrip('/')}/event/{_text(found, 'id')}/"


def event(found: Json, *, url: str = "") -> Event:
    """An event as the export gives it, with its contributions in the order of their time."""
    uri = event_uri(found, url=url)
    access = _access(found, "event")
    return Event(
        uri=uri,
        id=_text(found, "id"),
        title=_text(found, "title"),
        description=_text(found, "description"),
        category=_text(found, "category"),
        place=_place(found),
        start=_moment(found.get("startDate")),
        end=_moment(found.get("endDate")),
        chairs=_people(found, "chairs"),
        note=_note(found),
        attachments=_attachments(found, access),
        talks=tuple(talk(each, uri, access, session) for each, session in contributions(found)),
        access=access,
    )


def contributions(found: Json) -> Iterator[tuple[Json, Json]]:
    """The contributions of an event in the order of their time, each with its session ({} for none)."""
    sessions = _objects(found, "sessions")
    by_title = {_text(session, "title"): session for session in sessions}
    pairs = [(each, by_title.get(_text(each, "session"), {})) for each in _objects(found, "contributions")]
    pairs += [(each, session) for session in sessions for each in _objects(session, "contributions")]
    known: set[str] = set()
    for each, session in sorted(pairs, key=lambda pair: _sort_key(pair[0])):
        own = _text(each, "db_id") or _text(each, "id")
        if own not in known or not own:
            known.add(own)
            yield each, session


def talk(found: Json, around: str, access: Access, session: Json | None = None) -> Talk:
    """A contribution; around is the address of its event, access that of its event."""
    own = _text(found, "db_id") or _text(found, "id")
    uri = _text(found, "url") or f"{around}#{own}"
    access = _joined(_joined(access, _access(session or {}, "session")), _access(found, "contribution"))
    details = (_text(found, "type"), _text(found, "track"), _text(found, "code"), *_strings(found, "keywords"))
    return Talk(
        uri=uri,
        id=own,
        title=_text(found, "title"),
        description=_text(found, "description"),
        session=_text(found, "session") or _text(session or {}, "title"),
        place=_place(found),
        details=tuple(filter(None, details)),
        start=_moment(found.get("startDate")),
        end=_moment(found.get("endDate")),
        speakers=_people(found, "speakers"),
        authors=(*_people(found, "primaryauthors"), *_people(found, "coauthors")),
        note=_note(found),
        attachments=_attachments(found, access),
        parts=tuple(talk(each, around, access) for each in _objects(found, "subContributions")),
        access=access,
    )


def _is_event(found: object) -> bool:
    if not isinstance(found, dict):
        return False
    return found.get("_type") == "Conference" or str(found.get("_fossil")).startswith("conferenceMetadata")


def _other(found: Json, results: list[object]) -> str:
    """What an answer is that holds no events."""
    asked = _text(found, "url")
    first = results[0] if isinstance(results[0], dict) else {}
    if "/reservation" in asked or first.get("_type") in ("Reservation", "Room"):
        return "room bookings, no events"
    if "/search/" in asked:
        return "the results of a search, without the events themselves"
    return f"{first.get('_type') or 'something else'}, no events"


def _access(found: Json, what: str) -> Access:
    """Who may see an event or contribution by its own word."""
    named = _principals(found.get("allowed"))
    if named:
        return Access((named,))
    if any(found.get(key) is True for key in ("hasAnyProtection", "is_protected", "isProtected")):
        return Access(NOBODY, (f"the {what} is protected, and the export does not say for whom: nobody may read it",))
    return Access()


def _principals(allowed: object) -> frozenset[str]:
    """The principals that a list of access names: users by their mail address, groups by their name."""
    if isinstance(allowed, dict):
        users = {f"user:{name}" for name in map(_principal_name, _listed(allowed, "users")) if name}
        groups = {f"group:{name}" for name in map(_principal_name, _listed(allowed, "groups")) if name}
        return frozenset(users | groups)
    if isinstance(allowed, list):
        return frozenset(
            f"{'group' if 'group' in str(each.get('_type')).lower() else 'user'}:{_principal_name(each)}"
            for each in allowed
            if isinstance(each, dict) and _principal_name(each)
        )
    return frozenset()


def _principal_name(given: object) -> str:
    if isinstance(given, dict):
        is_group = "group" in str(given.get("_type")).lower()
        keys = ("name", "id") if is_group else ("email", "name", "identifier", "id")
        return next(filter(None, (_text(given, key) for key in keys)), "")
    return given.strip() if isinstance(given, str) else ""


def _joined(one: Access, other: Access) -> Access:
    clauses = tuple(dict.fromkeys((*one.clauses, *other.clauses)))
    return Access(clauses, tuple(dict.fromkeys((*one.warnings, *other.warnings))))


def _attachments(found: Json, access: Access) -> tuple[Attachment, ...]:
    """The material of an event or contribution, by folders or, from old servers, by kinds of material."""
    made = [
        _attachment(each, _text(folder, "title"), _material_access(each, folder, access))
        for folder in _objects(found, "folders")
        for each in _objects(folder, "attachments")
    ]
    if not made:
        made = [
            _resource(each, _text(material, "title"), access)
            for material in _objects(found, "material")
            if material.get("_type") != "Minutes"
            for each in _objects(material, "resources")
        ]
    return tuple(made)


def _material_access(found: Json, folder: Json, access: Access) -> Access:
    """Who may see a piece of material; where it is protected, what it belongs to may have the list."""
    made = access
    for each in (folder, found):
        named = _principals(each.get("allowed"))
        if named:
            made = _joined(made, Access((named,)))
        elif each.get("is_protected") is True and not made.clauses:
            made = _joined(made, _access(each, "material"))
    return made


def _attachment(found: Json, folder: str, access: Access) -> Attachment:
    is_link = found.get("type") == "link"
    size = found.get("size")
    return Attachment(
        title=_text(found, "title"),
        filename="" if is_link else _text(found, "filename"),
        url=_text(found, "download_url"),
        link=_text(found, "link_url") if is_link else "",
        modified=_iso(_text(found, "modified_dt")),
        size=size if isinstance(size, int) else 0,
        folder=folder,
        access=access,
    )


def _resource(found: Json, folder: str, access: Access) -> Attachment:
    filename = _text(found, "fileName")
    url = _text(found, "url")
    return Attachment(_text(found, "name"), filename, url, "" if filename else url, None, 0, folder, access)


def _note(found: Json) -> Note:
    note = found.get("note")
    if not isinstance(note, dict):
        return Note("")
    return Note(_text(note, "html"), _iso(_text(note, "modified_dt")))


def _place(found: Json) -> str:
    """Room and place, without saying anything twice."""
    parts: list[str] = []
    for part in (
        _text(found, "roomFullname") or _text(found, "room"),
        _text(found, "location"),
        _text(found, "address"),
    ):
        if part and not any(part in known for known in parts):
            parts.append(" ".join(part.split()))
    return ", ".join(parts)


def _people(found: Json, key: str) -> tuple[Person, ...]:
    return tuple(dict.fromkeys(filter(lambda person: person.name, map(_person, _objects(found, key)))))


def _person(found: Json) -> Person:
    """A person, the first name first."""
    name = f"{_text(found, 'first_name')} {_text(found, 'last_name')}".strip()
    if not name:
        last, _, first = _text(found, "fullName").partition(",")
        name = f"{first.strip()} {last.strip()}".strip()
    return Person(" ".join(name.split()), " ".join(_text(found, "affiliation").split()))


def _moment(found: object) -> datetime | None:
    """A date, time and time zone; in UTC where the zone is not known here."""
    if not isinstance(found, dict):
        return None
    moment = _iso(f"{_text(found, 'date')}T{_text(found, 'time') or '00:00:00'}", bare=True)
    if moment is None:
        return None
    try:
        return moment.replace(tzinfo=ZoneInfo(_text(found, "tz") or "UTC"))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return moment.replace(tzinfo=UTC)


def _iso(text: str, *, bare: bool = False) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo or bare else moment.replace(tzinfo=UTC)


def _sort_key(found: Json) -> tuple[str, str]:
    start = found.get("startDate")
    when = f"{_text(start, 'date')} {_text(start, 'time')}" if isinstance(start, dict) else "9"
    return when, _text(found, "id").zfill(9)


def _text(found: Json, key: str) -> str:
    """A field as text, "" where there is none; numbers as they are written."""
    value = found.get(key)
    return value.strip() if isinstance(value, str) else str(value) if type(value) is int else ""


def _listed(found: Json, key: str) -> list[object]:
    value = found.get(key)
    return value if isinstance(value, list) else []


def _objects(found: Json, key: str) -> list[Json]:
    return [each for each in _listed(found, key) if isinstance(each, dict)]


def _strings(found: Json, key: str) -> list[str]:
    return [each for each in _listed(found, key) if isinstance(each, str)]

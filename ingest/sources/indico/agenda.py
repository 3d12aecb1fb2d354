"""What both a folder of exports and a server make of an event: items, and the bytes that each is read from."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from ingest.document import DocumentKind
from ingest.errors import Unreadable
from ingest.format import HEAD_BYTES, recognise
from ingest.formats.indico_event.export import Access, Attachment, Event, Json, Talk, contributions, event, event_uri
from ingest.source import Item, Raw, principals

_KINDS: dict[str, DocumentKind] = {"pdf": "slides", "pptx": "slides", "notebook": "notebook"}
# What of an event its contributions need to be read without it, and what of a contribution its event's agenda shows.
_AROUND = frozenset(
    "_type _fossil id url title startDate endDate room roomFullname location allowed hasAnyProtection".split()
)
_IN_AGENDA = frozenset("id db_id title session startDate endDate speakers url".split())
_OF_SESSION = frozenset("title allowed is_protected isProtected hasAnyProtection".split())


@dataclass(frozen=True, slots=True)
class Where:
    """Where an item is fetched from: the export, the event in it, a contribution, a file of material."""

    path: str
    event: int = -1
    talk: str = ""
    material: int = -1
    part: int = -1
    problem: str = ""

    def note(self) -> str:
        """As the locator of an item."""
        return json.dumps([getattr(self, name) for name in self.__slots__])


@dataclass(frozen=True, slots=True)
class Found:
    """An event of an export, as its server gives it and as it is read."""

    where: Where
    raw: Json
    read: Event


@dataclass(frozen=True, slots=True)
class Piece:
    """A file of material: what holds it, and where it is fetched from."""

    found: Found
    holder: Event | Talk
    attachment: Attachment
    where: Where
    around: str

    @property
    def uri(self) -> str:
        """Its address; for old servers, that of what holds it with the name of the file."""
        return self.attachment.url or f"{self.around}#{self.attachment.filename}"

    @property
    def told(self) -> str:
        """A hash of what the programme says of it."""
        told = (self.attachment, self.holder.title, names(self.holder), self.holder.start, self.found.read.access)
        return digest(repr(told).encode())[:16]


def found(where: Where, raw: Json, *, url: str, protected: frozenset[str]) -> Found:
    """An event with what the settings add: the server's address, and who may read what is protected."""
    if protected and raw.get("hasAnyProtection") is True and not event(raw).access.clauses[0]:
        raw = {**raw, "allowed": _as_allowed(principals(protected))}
    raw = {**raw, "url": event_uri(raw, url=url)}
    return Found(where, raw, event(raw))


def items(each: Found, attached: Callable[[Piece], Item]) -> Iterator[Item]:
    """An event, its contributions and its files of material; links are no files."""
    yield Item(each.read.uri, digest(_event_bytes(each)), each.where.note())
    yield from map(attached, _pieces(each, each.read, each.where, each.read.uri))
    for (raw, session), read in zip(contributions(each.raw), each.read.talks, strict=True):
        where = replace(each.where, talk=read.id)
        yield Item(read.uri, digest(_talk_bytes(each.raw, raw, session)), where.note())
        yield from map(attached, _pieces(each, read, where, read.uri))
        for number, part in enumerate(read.parts):
            yield from map(attached, _pieces(each, part, replace(where, part=number), read.uri))


def fullness(each: Found) -> tuple[int, int]:
    """By what the fullest of several exports of one event is chosen."""
    return len(each.read.talks), len(_dumped(each.raw))


def part_of(each: Found, where: Where) -> Raw:
    """An event or a contribution of it; raises Unreadable."""
    if not where.talk:
        return Raw(_event_bytes(each), "indico_event", "meeting", name=f"event {each.read.id}.json")
    for (raw, session), read in zip(contributions(each.raw), each.read.talks, strict=True):
        if read.id == where.talk:
            name = f"contribution {read.id}.json"
            data = _talk_bytes(each.raw, raw, session)
            return Raw(data, "indico_event", "talk", name=name, parent=each.read.uri)
    raise Unreadable(f"the contribution {where.talk} is no longer in {where.path}; the next run reads it anew")


def piece(each: Found, where: Where) -> Piece:
    """The file of material that a locator means; raises Unreadable."""
    one = next((talk for talk in each.read.talks if talk.id == where.talk), None) if where.talk else None
    holder: Talk | Event = one.parts[where.part] if one and 0 <= where.part < len(one.parts) else one or each.read
    if where.material >= len(holder.attachments):
        raise Unreadable(f"the material of {where.path} has changed since it was listed; the next run reads it anew")
    return Piece(each, holder, holder.attachments[where.material], where, one.uri if one else each.read.uri)


def material(one: Piece, data: bytes, name: str) -> Raw:
    """A file, with what the programme says of it; raises Unreadable where no format reads it."""
    format_name = recognise(data[:HEAD_BYTES], name)
    if format_name is None:
        raise Unreadable(f"no format reads {name}")
    return Raw(
        data,
        format_name,
        _KINDS.get(format_name, "file"),
        name=name,
        title=f"{one.holder.title} ({name})" if one.holder.title else name,
        authors=names(one.holder),
        modified=one.attachment.modified or one.holder.start or one.found.read.start,
        parent=one.around,
        readers=_clauses(one.attachment.access, one.found.read.access),
        warnings=one.attachment.access.warnings,
    )


def names(holder: Event | Talk) -> tuple[str, ...]:
    """Who speaks, or is in charge."""
    people = holder.speakers or holder.authors if isinstance(holder, Talk) else holder.chairs
    return tuple(person.name for person in people)


def digest(data: bytes) -> str:
    """The hash that versions are made of."""
    return hashlib.sha256(data).hexdigest()


def _pieces(each: Found, holder: Event | Talk, where: Where, around: str) -> Iterable[Piece]:
    for number, attachment in enumerate(holder.attachments):
        if attachment.filename:
            yield Piece(each, holder, attachment, replace(where, material=number), around)


def _clauses(one: Access, other: Access) -> tuple[frozenset[str], ...]:
    return tuple(dict.fromkeys((*one.clauses, *other.clauses)))


def _as_allowed(named: frozenset[str]) -> dict[str, list[str]]:
    """Principals as an export lists them."""
    users = sorted(each.removeprefix("user:") for each in named if each.startswith("user:"))
    return {
        "users": users,
        "groups": sorted(each.removeprefix("group:") for each in named if not each.startswith("user:")),
    }


def _event_bytes(each: Found) -> bytes:
    """An event with its agenda; what fewer people may see than the event itself is not in it."""
    agenda = [
        {**{key: one[key] for key in one if key in _IN_AGENDA}, "session": read.session}
        for (one, _), read in zip(contributions(each.raw), each.read.talks, strict=True)
        if read.access.opens_with(each.read.access)
    ]
    return _dumped({**{key: each.raw[key] for key in each.raw if key != "sessions"}, "contributions": agenda})


def _talk_bytes(of: Json, raw: Json, session: Json) -> bytes:
    """A contribution with what it needs of its event and session."""
    around = {key: of[key] for key in of if key in _AROUND}
    return _dumped({**raw, "_event": around, "_session": {key: session[key] for key in session if key in _OF_SESSION}})


def _dumped(raw: Json) -> bytes:
    return json.dumps(raw, sort_keys=True, ensure_ascii=False).encode("utf-8", "replace")

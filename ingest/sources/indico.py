"""Exports of an Indico server: a folder of JSON answers, with the material of each event in a folder beside it.

    event_4101.json              an answer to /export/event/4101.json?detail=contributions (or sessions)
    event_4101/slides.pdf        its material, by the name of the file in Indico; the folder may also be called 4101

Events, contributions and files of material are documents.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from ingest.document import DocumentKind
from ingest.errors import MissingPath, Unreadable
from ingest.format import HEAD_BYTES, recognise
from ingest.formats.indico_event.export import (
    Access,
    Answer,
    Attachment,
    Event,
    Json,
    Talk,
    answer,
    contributions,
    event,
    event_uri,
)
from ingest.source import End, Item, Raw, principals

_EXPORT = re.compile(rb'"_type"\s*:\s*"(?:HTTPAPIResult|Conference)"|"_fossil"\s*:\s*"conferenceMetadata|/export\\?/')
_KINDS: dict[str, DocumentKind] = {"pdf": "slides", "pptx": "slides", "notebook": "notebook"}
# What of an event its contributions need to be read without it, and what of a contribution its event's agenda shows.
_AROUND = frozenset(
    "_type _fossil id url title startDate endDate room roomFullname location allowed hasAnyProtection".split()
)
_IN_AGENDA = frozenset("id db_id title session startDate endDate speakers url".split())
_OF_SESSION = frozenset("title allowed is_protected isProtected hasAnyProtection".split())
_MAX_JSON_BYTES = 100_000_000


def claims(path: Path) -> bool:
    """Whether a file is an answer of Indico, or a folder holds more of them than of what is no material of theirs."""
    if path.is_file():
        return _is_export(path)
    if not path.is_dir():
        return False
    visible = [each for each in path.iterdir() if not each.name.startswith(".")]
    exports = [each for each in visible if _is_export(each)]
    named = {name for each in exports for name in _folder_names(each.stem)}
    others = [each for each in visible if each not in exports and not (each.is_dir() and each.name in named)]
    return len(exports) > len(others)


@dataclass(frozen=True, slots=True)
class _Where:
    """Where an item is fetched from: the file of the export, the event in it, a contribution, a file of material."""

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
class _Found:
    """An event of an export, as its server gives it and as it is read."""

    where: _Where
    raw: Json
    read: Event


@dataclass(frozen=True, slots=True)
class Source:
    """A folder of Indico's exports with material beside them, or one export.

    url is the address of the server, for events that do not say their own. protected says who may read what is
    protected without the export saying for whom; without it, nobody.
    """

    path: Path
    name: str
    readers: frozenset[str]
    url: str = ""
    protected: frozenset[str] = frozenset()

    def listing(self) -> Iterator[Item | End]:
        """Every event, contribution and file of material; what cannot be read or is not there, with the reason."""
        if not self.path.exists():
            raise MissingPath(f"the source {self.name!r}: {self.path} does not exist")
        lost: list[str] = []
        found: list[_Found] = []
        for path in self._exports():
            try:
                got = _answered(path, _stamp(path))
            except (Unreadable, OSError) as error:
                problem = error.strerror if isinstance(error, OSError) else str(error)
                where = _Where(self._relative(path), problem=f"{path.name}: {problem}")
                yield Item(path.absolute().as_uri(), _digest(where.problem.encode()), where.note())
                lost.append(where.problem)
                continue
            reason = got.other or ("" if got.events else got.reason)
            if reason:
                yield Item(path.absolute().as_uri(), "", skipped=reason)
            if not got.complete:
                lost.append(f"{path.name}: {got.reason}")
            found.extend(self._found(path, number, each) for number, each in enumerate(got.events))
        yield from self._events(found)
        yield from self._others(found)
        yield End(not lost, "; ".join(lost))

    def fetch(self, item: Item) -> Raw:
        """An event or contribution as JSON, or a file of material; raises Unreadable."""
        where = _Where(*json.loads(item.locator))
        if where.problem:
            raise Unreadable(where.problem)
        path = self._root() / where.path
        try:
            events = _answered(path, _stamp(path)).events
            found = self._found(path, where.event, events[where.event])
        except (OSError, IndexError):
            raise Unreadable(f"{path.name} has changed since it was listed; the next run reads it anew") from None
        if where.material < 0:
            return self._slice(found, where)
        return self._material(found, where)

    def _root(self) -> Path:
        return self.path if self.path.is_dir() else self.path.parent

    def _relative(self, path: Path) -> str:
        return path.relative_to(self._root()).as_posix()

    def _exports(self) -> list[Path]:
        """The files that may be exports: JSON at any depth, but not among the material of an event."""
        if self.path.is_file():
            return [self.path]
        paths = sorted(path for path in self.path.rglob("*.json") if path.is_file() and not _hidden(path, self.path))
        stems = {path.parent / name for path in paths for name in _folder_names(path.stem)}
        return [path for path in paths if not stems & set(path.parents)]

    def _found(self, path: Path, number: int, raw: Json) -> _Found:
        """An event with what the settings add: the server's address, and who may read what is protected."""
        if self.protected and raw.get("hasAnyProtection") is True and not event(raw).access.clauses[0]:
            raw = {**raw, "allowed": _as_allowed(principals(self.protected))}
        raw = {**raw, "url": event_uri(raw, url=self.url or path.absolute().as_uri())}
        return _Found(_Where(self._relative(path), number), raw, event(raw))

    def _events(self, found: list[_Found]) -> Iterator[Item]:
        """The events with all that is in them; of several exports of one event the fullest counts."""
        fullest: dict[str, _Found] = {}
        for each in found:
            best = fullest.get(each.read.uri)
            if best is None or _fullness(each) > _fullness(best):
                fullest[each.read.uri] = each
        for each in found:
            best = fullest[each.read.uri]
            if best is not each:
                uri = f"{(self._root() / each.where.path).absolute().as_uri()}#{each.read.id}"
                yield Item(uri, "", skipped=f"the same event stands fuller in {best.where.path}")
                continue
            yield Item(each.read.uri, _digest(_event_bytes(each)), each.where.note())
            yield from self._attached(each, each.read, each.where, each.read.uri)
            yield from self._talks(each)

    def _talks(self, found: _Found) -> Iterator[Item]:
        for (raw, session), read in zip(contributions(found.raw), found.read.talks, strict=True):
            where = replace(found.where, talk=read.id)
            yield Item(read.uri, _digest(_talk_bytes(found.raw, raw, session)), where.note())
            yield from self._attached(found, read, where, read.uri)
            for number, part in enumerate(read.parts):
                yield from self._attached(found, part, replace(where, part=number), read.uri)

    def _attached(self, found: _Found, holder: Event | Talk, where: _Where, around: str) -> Iterator[Item]:
        """The files of material, those that are not here with the reason; links are no files."""
        for number, each in enumerate(holder.attachments):
            if not each.filename:
                continue
            uri = each.url or f"{around}#{each.filename}"
            path = self._local(found, each, where.talk)
            if path is None:
                yield Item(uri, "", skipped=f"the file {each.filename} is not in the folder of its event")
                continue
            head, digest = _looked_at(path)
            if recognise(head, path.name) is None:
                yield Item(uri, digest, skipped=f"no format reads {path.suffix.lower() or each.filename}")
                continue
            told = _digest(repr((each, holder.title, _names(holder), holder.start, found.read.access)).encode())[:16]
            yield Item(uri, f"{digest}-{told}", replace(where, material=number).note())

    def _local(self, found: _Found, attachment: Attachment, talk_id: str) -> Path | None:
        """Where the file of an attachment lies, within the folder of its event, or None."""
        export = self._root() / found.where.path
        name = Path(attachment.filename.replace("\\", "/")).name
        for folder in _folders(export, found.read.id):
            for path in (folder / name, folder / talk_id / name):
                if name and path.is_file() and path.resolve().is_relative_to(folder.resolve()) and path.stat().st_size:
                    return path
        return None

    def _others(self, found: list[_Found]) -> Iterator[Item]:
        """What lies in the folder and is neither an export nor the material of one, with the reason."""
        if not self.path.is_dir():
            return
        exports = set(self._exports())
        used = {path for each in found for path in self._used(each)}
        for path in sorted(self.path.rglob("*")):
            if path.is_file() and path not in exports and path not in used and not _hidden(path, self.path):
                material = any(path.is_relative_to(folder) for each in exports for folder in _folders(each, each.stem))
                reason = "no event names it as its material" if material else "no Indico export"
                yield Item(path.absolute().as_uri(), "", skipped=reason)

    def _used(self, found: _Found) -> Iterator[Path]:
        for each in found.read.attachments:
            yield from filter(None, [self._local(found, each, "")])
        for one in found.read.talks:
            for each in (*one.attachments, *(inner for part in one.parts for inner in part.attachments)):
                yield from filter(None, [self._local(found, each, one.id)])

    def _slice(self, found: _Found, where: _Where) -> Raw:
        """An event or a contribution of it."""
        if not where.talk:
            return Raw(_event_bytes(found), "indico_event", "meeting", name=f"event {found.read.id}.json")
        for (raw, session), read in zip(contributions(found.raw), found.read.talks, strict=True):
            if read.id == where.talk:
                name = f"contribution {read.id}.json"
                data = _talk_bytes(found.raw, raw, session)
                return Raw(data, "indico_event", "talk", name=name, parent=found.read.uri)
        raise Unreadable(f"the contribution {where.talk} is no longer in {where.path}; the next run reads it anew")

    def _material(self, found: _Found, where: _Where) -> Raw:
        """A file, with what the programme says of it."""
        one = next((each for each in found.read.talks if each.id == where.talk), None) if where.talk else None
        holder: Talk | Event = one.parts[where.part] if one and 0 <= where.part < len(one.parts) else one or found.read
        changed = f"the material of {where.path} has changed since it was listed; the next run reads it anew"
        if where.material >= len(holder.attachments):
            raise Unreadable(changed)
        attachment = holder.attachments[where.material]
        path = self._local(found, attachment, where.talk)
        if path is None:
            raise Unreadable(changed)
        data = path.read_bytes()
        format_name = recognise(data[:HEAD_BYTES], path.name)
        if format_name is None:
            raise Unreadable(f"no format reads {path.name}")
        return Raw(
            data,
            format_name,
            _KINDS.get(format_name, "file"),
            name=path.name,
            title=f"{holder.title} ({path.name})" if holder.title else path.name,
            authors=_names(holder),
            modified=attachment.modified or holder.start or found.read.start,
            parent=one.uri if one else found.read.uri,
            readers=_clauses(attachment.access, found.read.access),
            warnings=attachment.access.warnings,
        )


def _names(holder: Event | Talk) -> tuple[str, ...]:
    """Who speaks, or is in charge."""
    people = holder.speakers or holder.authors if isinstance(holder, Talk) else holder.chairs
    return tuple(person.name for person in people)


def _clauses(one: Access, other: Access) -> tuple[frozenset[str], ...]:
    return tuple(dict.fromkeys((*one.clauses, *other.clauses)))


def _as_allowed(named: frozenset[str]) -> dict[str, list[str]]:
    """Principals as an export lists them."""
    users = sorted(each.removeprefix("user:") for each in named if each.startswith("user:"))
    return {
        "users": users,
        "groups": sorted(each.removeprefix("group:") for each in named if not each.startswith("user:")),
    }


def _event_bytes(found: _Found) -> bytes:
    """An event with its agenda; what fewer people may see than the event itself is not in it."""
    agenda = [
        {**{key: each[key] for key in each if key in _IN_AGENDA}, "session": read.session}
        for (each, _), read in zip(contributions(found.raw), found.read.talks, strict=True)
        if read.access.opens_with(found.read.access)
    ]
    return _dumped({**{key: found.raw[key] for key in found.raw if key != "sessions"}, "contributions": agenda})


def _talk_bytes(of: Json, raw: Json, session: Json) -> bytes:
    """A contribution with what it needs of its event and session."""
    around = {key: of[key] for key in of if key in _AROUND}
    return _dumped({**raw, "_event": around, "_session": {key: session[key] for key in session if key in _OF_SESSION}})


def _dumped(found: Json) -> bytes:
    return json.dumps(found, sort_keys=True, ensure_ascii=False).encode("utf-8", "replace")


def _fullness(found: _Found) -> tuple[int, int]:
    return len(found.read.talks), len(_dumped(found.raw))


def _folder_names(stem: str) -> set[str]:
    """What the folder of an export's material may be called."""
    number = re.sub(r"^event[_-]?", "", stem)
    return {stem, number, f"event_{number}", f"event-{number}"}


def _folders(export: Path, event_id: str) -> list[Path]:
    """The folders beside an export that may hold the material of an event in it."""
    names = [export.stem, event_id, f"event_{event_id}", f"event-{event_id}", *sorted(_folder_names(export.stem))]
    safe = [name for name in dict.fromkeys(names) if re.fullmatch(r"[\w .-]+", name) and name.strip(". ")]
    return [export.parent / name for name in safe if (export.parent / name).is_dir()]


def _hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)


def _is_export(path: Path) -> bool:
    if not path.is_file() or path.suffix.lower() != ".json":
        return False
    with path.open("rb") as file:
        return bool(_EXPORT.search(file.read(HEAD_BYTES)))


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size


@lru_cache(maxsize=8)
def _answered(path: Path, stamp: tuple[int, int]) -> Answer:
    """The answer in a file; kept, because every contribution of an event is fetched from the same one."""
    if stamp[1] > _MAX_JSON_BYTES:
        raise Unreadable(f"{stamp[1]:,} bytes, more than {_MAX_JSON_BYTES:,}")
    return answer(path.read_bytes())


def _looked_at(path: Path) -> tuple[bytes, str]:
    """The first bytes of a file, and the hash of all."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        file.seek(0)
        return file.read(HEAD_BYTES), digest.hexdigest()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

"""Exports of an Indico server: a folder of JSON answers, with the material of each event in a folder beside it.

    event_4101.json              an answer to /export/event/4101.json?detail=contributions (or sessions)
    event_4101/slides.pdf        its material, by the name of the file in Indico; the folder may also be called 4101

Events, contributions and files of material are documents.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ingest.errors import MissingPath, Unreadable
from ingest.format import HEAD_BYTES, recognise
from ingest.formats.indico_event.export import Answer, Attachment, Json, answer
from ingest.source import End, Item, Raw
from ingest.sources.indico import agenda
from ingest.sources.indico.agenda import Found, Piece, Where, digest

_EXPORT = re.compile(rb'"_type"\s*:\s*"(?:HTTPAPIResult|Conference)"|"_fossil"\s*:\s*"conferenceMetadata|/export\\?/')
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
class Folder:
    """A folder of Indico's exports with material beside them, or one export."""

    path: Path
    name: str
    url: str
    protected: frozenset[str]

    def listing(self) -> Iterator[Item | End]:
        """Every event, contribution and file of material; what cannot be read or is not there, with the reason."""
        if not self.path.exists():
            raise MissingPath(f"the source {self.name!r}: {self.path} does not exist")
        lost: list[str] = []
        found: list[Found] = []
        for path in self._exports():
            try:
                got = _answered(path, _stamp(path))
            except (Unreadable, OSError) as error:
                problem = error.strerror if isinstance(error, OSError) else str(error)
                where = Where(self._relative(path), problem=f"{path.name}: {problem}")
                yield Item(path.absolute().as_uri(), digest(where.problem.encode()), where.note())
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
        where = Where(*json.loads(item.locator))
        if where.problem:
            raise Unreadable(where.problem)
        path = self._root() / where.path
        try:
            events = _answered(path, _stamp(path)).events
            found = self._found(path, where.event, events[where.event])
        except (OSError, IndexError):
            raise Unreadable(f"{path.name} has changed since it was listed; the next run reads it anew") from None
        if where.material < 0:
            return agenda.part_of(found, where)
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

    def _found(self, path: Path, number: int, raw: Json) -> Found:
        where = Where(self._relative(path), number)
        return agenda.found(where, raw, url=self.url or path.absolute().as_uri(), protected=self.protected)

    def _events(self, found: list[Found]) -> Iterator[Item]:
        """The events with all that is in them; of several exports of one event the fullest counts."""
        fullest: dict[str, Found] = {}
        for each in found:
            best = fullest.get(each.read.uri)
            if best is None or agenda.fullness(each) > agenda.fullness(best):
                fullest[each.read.uri] = each
        for each in found:
            best = fullest[each.read.uri]
            if best is not each:
                uri = f"{(self._root() / each.where.path).absolute().as_uri()}#{each.read.id}"
                yield Item(uri, "", skipped=f"the same event stands fuller in {best.where.path}")
                continue
            yield from agenda.items(each, self._attached)

    def _attached(self, piece: Piece) -> Item:
        """A file of material; one that is not here with the reason."""
        path = self._local(piece.found, piece.attachment, piece.where.talk)
        if path is None:
            return Item(
                piece.uri, "", skipped=f"the file {piece.attachment.filename} is not in the folder of its event"
            )
        head, content = _looked_at(path)
        if recognise(head, path.name) is None:
            return Item(piece.uri, content, skipped=f"no format reads {path.suffix.lower() or path.name}")
        return Item(piece.uri, f"{content}-{piece.told}", piece.where.note())

    def _local(self, found: Found, attachment: Attachment, talk_id: str) -> Path | None:
        """Where the file of an attachment lies, within the folder of its event, or None."""
        export = self._root() / found.where.path
        name = Path(attachment.filename.replace("\\", "/")).name
        for folder in _folders(export, found.read.id):
            for path in (folder / name, folder / talk_id / name):
                if name and path.is_file() and path.resolve().is_relative_to(folder.resolve()) and path.stat().st_size:
                    return path
        return None

    def _others(self, found: list[Found]) -> Iterator[Item]:
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

    def _used(self, found: Found) -> Iterator[Path]:
        for each in found.read.attachments:
            yield from filter(None, [self._local(found, each, "")])
        for one in found.read.talks:
            for each in (*one.attachments, *(inner for part in one.parts for inner in part.attachments)):
                yield from filter(None, [self._local(found, each, one.id)])

    def _material(self, found: Found, where: Where) -> Raw:
        piece = agenda.piece(found, where)
        path = self._local(found, piece.attachment, where.talk)
        if path is None:
            raise Unreadable(
                f"the material of {where.path} has changed since it was listed; the next run reads it anew"
            )
        return agenda.material(piece, path.read_bytes(), path.name)


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

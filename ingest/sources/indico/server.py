"""An Indico server, asked over its HTTP API.

export/categ/ID.json?detail=events              the events of a category and of all below it
export/event/ID.json?detail=subcontributions    an event with its contributions and material
export/event/ID.json?detail=sessions            its sessions, for who may read them
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from ingest.errors import Unreadable
from ingest.format import has_reader
from ingest.formats.indico_event.export import Answer, Json, answer
from ingest.remote import Remote, Unreachable, opened
from ingest.source import End, Item, Raw
from ingest.sources.indico import agenda
from ingest.sources.indico.agenda import Found, Piece, Where

# The days that are asked for where the settings name none, and how many events one answer may have: where it has as
# many, there may be more, and its days are asked for in two halves. The server's own limit is 1,000.
_FIRST_DAY = date(1990, 1, 1)
_LAST_DAY = date(2050, 1, 1)
_EVENTS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Server:
    """Categories and single events of a server, by their numbers."""

    url: str
    categories: tuple[str, ...]
    events: tuple[str, ...]
    since: str
    protected: frozenset[str]
    token_env: str
    ca: Path | None

    def listing(self) -> Iterator[Item | End]:
        """Every event, contribution and file of material that the server shows to who asks."""
        _event.cache_clear()  # what was kept is of the run before
        lost: list[str] = []
        numbers = dict.fromkeys(self.events)
        for category in self.categories:
            try:
                numbers.update(dict.fromkeys(self._numbers(category)))
            except Unreadable as problem:
                lost.append(f"category {category}: {problem}")
        for number in numbers:
            try:
                found = self._found(number)
            except Unreadable as problem:
                lost.append(f"event {number}: {problem}")
            else:
                yield from agenda.items(found, self._attached)
        yield End(not lost, "; ".join(lost))

    def fetch(self, item: Item) -> Raw:
        """An event or contribution as JSON, or a file of material; raises Unreadable."""
        where = Where(*json.loads(item.locator))
        found = self._found(where.path)
        if where.material < 0:
            return agenda.part_of(found, where)
        piece = agenda.piece(found, where)
        name = Path(piece.attachment.filename.replace("\\", "/")).name
        return agenda.material(piece, self._server().page(piece.uri).data, name)

    def _server(self) -> Remote:
        return opened(self.url, token_env=self.token_env, ca=self.ca)

    def _found(self, number: str) -> Found:
        return agenda.found(Where(number, 0), _event(self._server(), number), url=self.url, protected=self.protected)

    def _numbers(self, category: str) -> list[str]:
        """The numbers of all events in a category; raises Unreadable where they may not be all."""
        found: dict[str, None] = {}
        windows = [(date.fromisoformat(self.since) if self.since else _FIRST_DAY, _LAST_DAY)]
        filled = asked = windows[0]
        while windows:
            asked = windows.pop()
            got = self._window(category, asked)
            if len(got.events) >= _EVENTS_AT_ONCE or (got.events and not got.complete):
                windows += _halves(asked)
                continue
            found.update(dict.fromkeys(str(each.get("id")) for each in got.events))
            filled = asked if got.events else filled
        # A server that no longer knows who asks answers with no events: what was full must still be.
        if not found or (asked != filled and not self._window(category, filled).events):
            raise Unreadable("it answers with no events: empty, or not open to who asked")
        return list(found)

    def _window(self, category: str, days: tuple[date, date]) -> Answer:
        return _answered(
            self._server(),
            f"export/categ/{category}.json",
            {"detail": "events", "from": str(days[0]), "to": str(days[1]), "limit": _EVENTS_AT_ONCE},
        )

    def _attached(self, piece: Piece) -> Item:
        """A file of material; one that cannot be had from here, or that nothing reads, with the reason."""
        filename = piece.attachment.filename
        url = urljoin(self.url, piece.uri)
        if urlsplit(url).hostname != urlsplit(self.url).hostname:
            return Item(piece.uri, "", skipped=f"the file {filename} lies on another server")
        if not has_reader(filename):
            return Item(piece.uri, "", skipped=f"no format reads {Path(unquote(filename)).suffix.lower() or filename}")
        version = piece.told if piece.attachment.modified else f"{self._content(url)}-{piece.told}"
        return Item(piece.uri, version, piece.where.note())

    def _content(self, url: str) -> str:
        """A hash of a file of which the server does not say when it changed; what cannot be had fails when fetched."""
        try:
            return agenda.digest(self._server().page(url).data)
        except Unreachable as problem:
            return agenda.digest(str(problem).encode())


def _halves(days: tuple[date, date]) -> list[tuple[date, date]]:
    """Two halves of a stretch of days, the later first; raises Unreadable for a single day."""
    first, last = days
    if first == last:
        raise Unreadable(f"on {first} it has more events than it lists at once")
    middle = first + (last - first) // 2
    return [(middle + timedelta(days=1), last), (first, middle)]


@lru_cache(maxsize=64)
def _event(server: Remote, number: str) -> Json:
    """An event with all that is in it; kept, because its contributions are fetched one by one from the same answer."""
    path = f"export/event/{number}.json"
    found = _one(_answered(server, path, {"detail": "subcontributions"}))
    if not any(each.get("session") for each in _objects(found, "contributions")):
        return found
    return with_sessions(found, _objects(_one(_answered(server, path, {"detail": "sessions"})), "sessions"))


def with_sessions(found: Json, sessions: list[Json]) -> Json:
    """An event with its contributions in their sessions, as the two answers of the server have them.

    A contribution whose session is in neither, and that does not say itself who may read it, is for nobody.
    """
    talks = {_number(each): each for each in _objects(found, "contributions")}
    placed: list[Json] = []
    for session in sessions:
        inside = [talks.pop(_number(each), each) for each in _objects(session, "contributions")]
        placed.append({**session, "contributions": inside})
    known = {each.get("title") for each in sessions}
    unknown = {each.get("session") for each in talks.values() if "allowed" not in each} - known - {None, ""}
    placed += [{"title": title, "is_protected": True} for title in sorted(map(str, unknown))]
    return {**found, "contributions": list(talks.values()), "sessions": placed}


def _number(talk: Json) -> str:
    return str(talk.get("db_id") or talk.get("id"))


def _objects(found: Json, key: str) -> list[Json]:
    value = found.get(key)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _one(got: Answer) -> Json:
    if not got.events or not got.complete:
        raise Unreadable(got.reason)
    return got.events[0]


def _answered(server: Remote, path: str, parameters: dict[str, str | int]) -> Answer:
    """What the server answers; raises Unreadable for what is no list of events."""
    got = answer(server.page(path, parameters).data)
    if got.other:
        raise Unreadable(f"the server answers with {got.other}")
    return got

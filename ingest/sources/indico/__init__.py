"""Meetings of an Indico server: over its HTTP API, or a folder of its exports with material beside them.

Events, contributions and files of material are documents.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ingest.errors import BadSourceSettings
from ingest.source import End, Item, Raw
from ingest.sources.indico.folder import Folder, claims
from ingest.sources.indico.server import Server

__all__ = ["Source", "claims"]


@dataclass(frozen=True, slots=True)
class Source:
    """Categories and events of a server, or a folder of exports.

    With path, the exports there are read, and url is the address of the server for events that do not say their own.
    Without, categories (with all below them) and events are asked for by their numbers at url; since is the day
    (YYYY-MM-DD) from which on events of categories are read. protected says who may read what is protected without
    the export saying for whom; without it, nobody.
    """

    name: str
    readers: frozenset[str]
    path: Path | None = None
    url: str = ""
    categories: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    since: str = ""
    protected: frozenset[str] = frozenset()
    token_env: str = ""
    ca: Path | None = None

    def __post_init__(self) -> None:
        """Raises BadSourceSettings for keys that do not go together."""
        where = f"[[source]] kind = 'indico', name = {self.name!r}"
        if self.path and (self.categories or self.events):
            raise BadSourceSettings(
                f"{where}: path reads a folder, categories and events a server; name one of the two"
            )
        if not self.path and not (self.url and (self.categories or self.events)):
            raise BadSourceSettings(f"{where}: name path, or url with categories or events")
        for number in (*self.categories, *self.events):
            if not number.isalnum() or not number.isascii():
                raise BadSourceSettings(f"{where}: {number!r} is no number of a category or event")
        if self.since:
            try:
                date.fromisoformat(self.since)
            except ValueError:
                raise BadSourceSettings(f"{where}: since = {self.since!r}: expected a day as YYYY-MM-DD") from None

    def listing(self) -> Iterator[Item | End]:
        """Every event, contribution and file of material."""
        return self._kept_in().listing()

    def fetch(self, item: Item) -> Raw:
        """An event or contribution as JSON, or a file of material; raises Unreadable."""
        return self._kept_in().fetch(item)

    def _kept_in(self) -> Folder | Server:
        if self.path:
            return Folder(self.path, self.name, self.url, self.protected)
        return Server(self.url, self.categories, self.events, self.since, self.protected, self.token_env, self.ca)

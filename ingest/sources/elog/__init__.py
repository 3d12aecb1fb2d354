"""A logbook of PSI's ELOG: over its server, or the folder that it keeps. Entries and attachments are documents."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import BadSourceSettings
from ingest.source import End, Item, Raw
from ingest.sources.elog.folder import Folder, claims
from ingest.sources.elog.server import Server

__all__ = ["Source", "claims"]


@dataclass(frozen=True, slots=True)
class Source:
    """One logbook.

    url is its address (https://elog.example.org/Shifts/). With path, the folder of the logbook is read, and url only
    stands before the numbers of entries. cookie_env names an environment variable with the cookie of a reader
    (unm=...; upwd=...), for a logbook that asks for one. export is what the server is asked for all entries with.
    """

    name: str
    readers: frozenset[str]
    url: str = ""
    path: Path | None = None
    export: str = "?mode=Raw"
    cookie_env: str = ""
    ca: Path | None = None

    def __post_init__(self) -> None:
        """Raises BadSourceSettings where neither a folder nor a server is named."""
        if not self.path and not self.url:
            raise BadSourceSettings(f"[[source]] kind = 'elog', name = {self.name!r}: name path or url")

    def listing(self) -> Iterator[Item | End]:
        """Every entry, and its attachments; those that are not there or that nothing reads, with the reason."""
        return self._kept_in().listing()

    def fetch(self, item: Item) -> Raw:
        """An entry as it was listed, or an attachment; raises Unreadable."""
        return self._kept_in().fetch(item)

    def _kept_in(self) -> Folder | Server:
        if self.path:
            return Folder(self.path, self.name, self.url)
        return Server(self.url, self.export, self.cookie_env, self.ca)

"""A TWiki or Foswiki: its data folder, a folder of topics, or a server that shows them.

Every topic is a document, with its includes in place; so is every attachment that some format reads.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import BadSourceSettings
from ingest.source import End, Item, Raw
from ingest.sources.twiki.folder import Folder, claims
from ingest.sources.twiki.site import Site, of_server

__all__ = ["Source", "claims"]


@dataclass(frozen=True, slots=True)
class Source:
    """A TWiki; every topic and every attachment is a document.

    path is the wiki's folder (with data/ and pub/ in it), its data folder, or a folder of topics. url is the address
    under which topics are seen (https://twiki.example.org/bin/view), before the web's name; without a path the wiki is
    read from there, with a path and without url addresses are those of files. Without webs all are read but those of
    the wiki's own documentation and its waste. token_env and cookie_env name environment variables with a token or a
    session's cookie for the server; ca is a file of certificate authorities other than the system's.
    """

    name: str
    readers: frozenset[str]
    path: Path | None = None
    url: str = ""
    webs: tuple[str, ...] = ()
    token_env: str = ""
    cookie_env: str = ""
    ca: Path | None = None

    def __post_init__(self) -> None:
        if self.path is None and not self.url:
            raise BadSourceSettings("[[source]] kind = 'twiki': missing key 'path' or 'url'")

    def listing(self) -> Iterator[Item | End]:
        """Every topic and attachment; those that are no documents with the reason."""
        yield from self._wiki(anew=True).listing()

    def fetch(self, item: Item) -> Raw:
        """The topic with its includes in place, or the attachment; raises Unreadable where it is not as listed."""
        return self._wiki().fetch(item)

    def _wiki(self, *, anew: bool = False) -> Folder | Site:
        if self.path is not None:
            return Folder(self.path, self.name, self.url, self.webs)
        return of_server(self.url, self.webs, self.token_env, self.cookie_env, self.ca, anew=anew)

"""The server of a logbook.

?mode=Raw            all entries as they are kept, in one answer
page, page2 ...      the lists of entries that people see, by which it is judged whether those were all
12?cmd=Download      one entry as it is kept
260303_140500/a.pdf  an attachment
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

from ingest.errors import Unreadable
from ingest.format import has_reader
from ingest.formats.elog.entry import Attachment, Entry, entries
from ingest.remote import LoginPage, Remote, opened
from ingest.source import End, Item, Raw
from ingest.sources.elog import logbook

_HREF = re.compile(r"\bhref\s*=\s*[\"']?([^\"'>\s]+)", re.IGNORECASE)
_PLACE = re.compile(r"(?:(?P<entry>\d+)|(?P<page>page\d*))/?")


@dataclass(frozen=True, slots=True)
class Server:
    """One logbook at its address."""

    url: str
    export: str
    cookie_env: str
    ca: Path | None

    def listing(self) -> Iterator[Item | End]:
        """Every entry that the lists name, and its attachments."""
        lost: list[str] = []
        found: dict[int, Entry] = {}
        try:
            found = {entry.number: entry for entry in self._exported()}
            for number in sorted(self._numbers() - set(found)):
                found[number] = self._entry(number)
        except Unreadable as problem:
            lost.append(str(problem))
        yield from logbook.items(found.values(), self._uri, self._attached)
        yield End(not lost, "; ".join(lost))

    def fetch(self, item: Item) -> Raw:
        """An entry as it was listed, or an attachment; raises Unreadable."""
        return logbook.read(item, lambda attachment: self._server().page(self._file(attachment)).data)

    def _server(self) -> Remote:
        return opened(self.url, cookie_env=self.cookie_env, ca=self.ca)

    def _exported(self) -> list[Entry]:
        """All entries at once; none where the server has no such export."""
        try:
            return entries(self._server().page(self.export).text)
        except LoginPage:
            raise
        except Unreadable:
            return []

    def _numbers(self) -> set[int]:
        """The numbers of all entries, from the lists that people see; raises Unreadable where there is none."""
        waiting, seen, found = ["page"], set[str](), set[int]()
        while waiting:
            name = waiting.pop()
            seen.add(name)
            page = self._server().page(name)
            for href in _HREF.findall(page.text):
                place = self._place(urljoin(page.url, href))
                if place and place["entry"]:
                    found.add(int(place["entry"]))
                elif place and place["page"] not in seen and place["page"] not in waiting:
                    waiting.append(place["page"])
        if not found:
            raise Unreadable(f"{urljoin(self._base, 'page')}: the list names no entry: empty, or not open to who asked")
        return found

    def _place(self, address: str) -> re.Match[str] | None:
        """The entry or list that an address means, if it is of this logbook."""
        where, base = urlsplit(address), urlsplit(self._base)
        if where.netloc != base.netloc or not where.path.startswith(base.path):
            return None
        return _PLACE.fullmatch(where.path.removeprefix(base.path))

    def _entry(self, number: int) -> Entry:
        page = self._server().page(str(number), {"cmd": "Download"})
        found = [entry for entry in entries(page.text) if entry.number == number]
        if not found:
            raise Unreadable(f"{page.url}: the server answers with something that is no entry")
        return found[0]

    @property
    def _base(self) -> str:
        return self.url.rstrip("/") + "/"

    def _uri(self, number: int) -> str:
        return f"{self._base}{number}"

    def _file(self, attachment: Attachment) -> str:
        return f"{self._base}{attachment.stamp}/{quote(attachment.name)}"

    def _attached(self, entry: Entry, attachment: Attachment, locator: str) -> Item:
        """A file; its stamp is that of when it was added, and another file gets another."""
        uri = self._file(attachment)
        if not attachment.stamp or not has_reader(attachment.name):
            reason = f"no format reads {attachment.name}" if attachment.stamp else "the server does not say where it is"
            return Item(uri, "", skipped=reason)
        return Item(uri, f"{attachment.stored}-{logbook.told(entry)}", locator)

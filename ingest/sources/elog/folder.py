"""The folder of a logbook: files of a day (260303a.log), in newer versions by year, attachments beside them."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ingest.charset import decoded
from ingest.errors import MissingPath, Unreadable
from ingest.format import HEAD_BYTES, recognise
from ingest.formats import elog
from ingest.formats.elog.entry import Attachment, Entry, entries
from ingest.source import End, Item, Raw
from ingest.sources.elog import logbook

_YEARS = "[0-9][0-9][0-9][0-9]"


def claims(path: Path) -> bool:
    """Whether a folder holds files of a logbook, or a file is one."""
    if path.is_file():
        return _is_day(path)
    return path.is_dir() and any(map(_is_day, (*path.glob("*.log"), *path.glob(f"{_YEARS}/*.log"))))


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder of one logbook, or one file of it."""

    path: Path
    name: str
    url: str

    def listing(self) -> Iterator[Item | End]:
        """Every entry, and its attachments; what lies there and belongs to none, with the reason."""
        if not self.path.exists():
            raise MissingPath(f"the source {self.name!r}: {self.path} does not exist")
        lost: list[str] = []
        found: list[Entry] = []
        days = self._days()
        for day in days:
            try:
                found += entries(decoded(day.read_bytes())[0])
            except OSError as problem:
                lost.append(f"{day.name} cannot be read: {problem.strerror}")
        if not found and not lost:
            lost.append("there is no entry")
        yield from logbook.items(found, self._uri, self._attached)
        yield from self._others(days, {each.stored for entry in found for each in entry.attachments})
        yield End(not lost, "; ".join(lost))

    def fetch(self, item: Item) -> Raw:
        """An entry as it was listed, or an attachment; raises Unreadable."""
        return logbook.read(item, self._content)

    def _root(self) -> Path:
        return self.path if self.path.is_dir() else self.path.parent

    def _days(self) -> list[Path]:
        if self.path.is_file():
            return [self.path]
        return sorted(filter(_is_day, (*self.path.glob("*.log"), *self.path.glob(f"{_YEARS}/*.log"))))

    def _uri(self, number: int) -> str:
        return f"{self.url.rstrip('/')}/{number}" if self.url else f"{self.path.absolute().as_uri()}#{number}"

    def _attached(self, entry: Entry, attachment: Attachment, locator: str) -> Item:
        path = self._local(attachment)
        uri = f"{self.path.absolute().as_uri()}#{quote(attachment.stored)}"
        if self.url:
            uri = f"{self.url.rstrip('/')}/{attachment.stamp}/{quote(attachment.name)}"
        if path is None:
            return Item(uri, "", skipped=f"the file {attachment.stored} is not in the folder of the logbook")
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            head = file.read(HEAD_BYTES)
        if recognise(head, attachment.name) is None:
            return Item(uri, content, skipped=f"no format reads {attachment.name}")
        return Item(uri, f"{content}-{logbook.told(entry)}", locator)

    def _local(self, attachment: Attachment) -> Path | None:
        """Where an attachment lies: in the folder, or in that of its year."""
        if Path(attachment.stored).name != attachment.stored:
            return None
        for folder in (self._root(), *sorted(self._root().glob(_YEARS))):
            path = folder / attachment.stored
            if path.is_file() and path.resolve().is_relative_to(self._root().resolve()):
                return path
        return None

    def _content(self, attachment: Attachment) -> bytes:
        path = self._local(attachment)
        if path is None:
            raise Unreadable(f"{attachment.stored} is gone since it was listed")
        try:
            return path.read_bytes()
        except OSError as problem:
            raise Unreadable(f"{attachment.stored} cannot be read: {problem.strerror}") from None

    def _others(self, days: list[Path], used: set[str]) -> Iterator[Item]:
        """What lies in the folder and belongs to no entry."""
        if self.path.is_dir():
            for path in sorted((*self.path.glob("*"), *self.path.glob(f"{_YEARS}/*"))):
                if path.is_file() and path not in days and path.name not in used and not path.name.startswith("."):
                    yield Item(path.absolute().as_uri(), "", skipped="no entry names it as its attachment")


def _is_day(path: Path) -> bool:
    """Whether a file holds entries; one that cannot be opened is taken for one by its name."""
    if path.suffix.lower() != ".log" or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return elog.recognises(file.read(HEAD_BYTES), path.name)
    except OSError:
        return True

"""A folder of files, or one file; every file that some format reads is a document."""

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from urllib.parse import quote

from ingest.errors import MissingPath, Unreadable
from ingest.format import HEAD_BYTES, recognise
from ingest.kind import kind_of
from ingest.source import End, Item, Raw

#: Larger files are skipped, in bytes.
MAX_BYTES = 200_000_000

_LEFT_OUT = frozenset({"CVS", "_darcs", "__pycache__", "node_modules", "__MACOSX"})
_CHUNK_BYTES = 1 << 20


def claims(path: Path) -> bool:  # noqa: ARG001
    """Never: files takes what no other kind of source claims."""
    return False


def hidden(name: str) -> bool:
    """Whether a file or folder of this name is left out: hidden, of version control, or made by a program."""
    return name.startswith(".") or name in _LEFT_OUT


@dataclass(frozen=True, slots=True)
class Source:
    """A folder with all that is in it, or one file.

    url stands before a file's path in its address; without it addresses are file: addresses. include and exclude are
    patterns of relative paths (``*.md``, ``drafts/*``); only names relative paths, and nothing else is read then.
    Hidden files, and folders of version control, are left out.
    """

    path: Path
    name: str
    readers: frozenset[str]
    url: str = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    only: tuple[str, ...] = ()

    def listing(self) -> Iterator[Item | End]:
        """Every file, those that no format reads with the reason."""
        if not self.path.exists():
            raise MissingPath(f"the source {self.name!r}: {self.path} does not exist")
        closed: list[str] = []
        for path in self._paths(closed):
            yield self._item(path)
        yield End(not closed, "; ".join(closed))

    def fetch(self, item: Item) -> Raw:
        """The bytes of a file; raises Unreadable where they cannot be had."""
        relative, format_name = json.loads(item.locator)
        path = self._root() / relative
        try:
            data = path.read_bytes()
        except OSError as error:
            raise Unreadable(f"{relative} cannot be read: {error.strerror}") from None
        format_name = format_name or recognise(data[:HEAD_BYTES], path.name)
        if not format_name:
            raise Unreadable(f"{_no_format(path)}")
        return Raw(data, format_name, kind_of(format_name, data), name=path.name)

    def _root(self) -> Path:
        return self.path if self.path.is_dir() else self.path.parent

    def _paths(self, closed: list[str]) -> Iterator[Path]:
        """The files in the order of their names; folders that cannot be opened are added to closed."""
        if self.only:
            named = [self.path / relative for relative in sorted(self.only)]
            closed.extend(f"{path} cannot be opened" for path in named if path.is_dir())
            yield from (path for path in named if not path.is_dir())
            return
        if not self.path.is_dir():
            yield self.path
            return
        for folder, folders, names in os.walk(self.path, onerror=lambda error: closed.append(_closed(error))):
            here = Path(folder)
            linked = [name for name in folders if (here / name).is_symlink() and not hidden(name)]
            folders[:] = sorted(name for name in folders if not hidden(name) and name not in linked)
            yield from (here / name for name in sorted([*names, *linked]) if not hidden(name))

    def _item(self, path: Path) -> Item:
        relative = path.relative_to(self._root()).as_posix()
        uri = f"{self.url.rstrip('/')}/{quote(relative)}" if self.url else path.absolute().as_uri()
        reason = self._left_out(relative) or self._unfit(path)
        if reason:
            return Item(uri, "", skipped=reason)
        try:
            head, digest = _looked_at(path)
        except OSError as error:
            # Its time of change tells when it may have become readable; fetching it says what is wrong.
            changed = path.lstat()
            return Item(
                uri, f"closed-{changed.st_mtime_ns}-{changed.st_mode}-{error.errno}", json.dumps([relative, ""])
            )
        format_name = recognise(head, path.name)
        if not format_name:
            return Item(uri, digest, skipped=_no_format(path))
        return Item(uri, digest, json.dumps([relative, format_name]))

    def _left_out(self, relative: str) -> str:
        """Why the settings leave a file out, or nothing."""
        if self.include and not any(fnmatch(relative, pattern) for pattern in self.include):
            return "not among the included patterns"
        pattern = next((pattern for pattern in self.exclude if fnmatch(relative, pattern)), None)
        return f"excluded by the pattern {pattern!r}" if pattern else ""

    def _unfit(self, path: Path) -> str:
        """Why what stands at a path is no file to read, or nothing."""
        try:
            if path.is_symlink():
                if not path.exists():
                    return "a link that leads nowhere"
                inside = path.resolve().is_relative_to(self._root().resolve())
                return "a link to another place of the folder" if inside else "a link out of the folder"
            found = path.stat()
        except OSError as error:
            return f"cannot be looked at: {error.strerror}"
        if not stat.S_ISREG(found.st_mode):
            return "no file"
        if not found.st_size:
            return "empty"
        if found.st_size > MAX_BYTES:
            return f"{found.st_size:,} bytes, more than {MAX_BYTES:,}"
        return ""


def _closed(error: OSError) -> str:
    return f"{error.filename} cannot be opened: {error.strerror}"


def _looked_at(path: Path) -> tuple[bytes, str]:
    """The first bytes of a file, and the hash of all."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        chunk = head
        while chunk:
            digest.update(chunk)
            chunk = file.read(_CHUNK_BYTES)
    return head, digest.hexdigest()


def _no_format(path: Path) -> str:
    return f"no format reads {path.suffix.lower()}" if path.suffix else "no format reads it"

"""A folder of files, or one file; every file that some format reads is a document."""

import hashlib
import json
import os
import re
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from urllib.parse import quote

from ingest.document import DocumentKind
from ingest.errors import MissingPath, Unreadable
from ingest.format import HEAD_BYTES, recognise
from ingest.source import End, Item, Raw

#: Larger files are skipped, in bytes.
MAX_BYTES = 200_000_000

_KINDS: dict[str, DocumentKind] = {
    "email": "mail",
    "html": "page",
    "indico_event": "meeting",
    "latex": "paper",
    "markdown": "page",
    "notebook": "notebook",
    "pptx": "slides",
    "rst": "page",
    "twiki_markup": "topic",
}
_LEFT_OUT = frozenset({"CVS", "_darcs", "__pycache__", "node_modules", "__MACOSX"})
_CHUNK_BYTES = 1 << 20
# The size of a page stands in the open or, since PDF 1.5, in a compressed stream; the first of them are looked into.
_MEDIA_BOX = re.compile(rb"/MediaBox\s*\[\s*([-\d.]+)\s+([-\d.]+)\s+([-\d.]+)\s+([-\d.]+)\s*\]")
_OBJECT_STREAM = re.compile(rb"/ObjStm\b[^>]*>>\s*stream\r?\n")
_STREAMS_LOOKED_INTO = 40
_STREAM_BYTES = 200_000


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
        return Raw(data, format_name, _kind(format_name, data), name=path.name)

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


def _kind(format_name: str, data: bytes) -> DocumentKind:
    """The kind of document that a file of this format mostly is."""
    if format_name == "pdf":
        return "slides" if _wide(data) else "paper"
    return _KINDS.get(format_name, "file")


def _wide(data: bytes) -> bool:
    """Whether most pages of a PDF are wider than high, as far as a look at its bytes tells."""
    boxes = _MEDIA_BOX.findall(data)
    for number, stream in enumerate(_OBJECT_STREAM.finditer(data)):
        if boxes or number == _STREAMS_LOOKED_INTO:
            break
        try:
            boxes = _MEDIA_BOX.findall(zlib.decompressobj().decompress(data[stream.end() :], _STREAM_BYTES))
        except zlib.error:
            continue
    sizes = [(float(x1) - float(x0), float(y1) - float(y0)) for x0, y0, x1, y1 in boxes if _numbers(x0, y0, x1, y1)]
    return 2 * sum(width > 1.05 * height for width, height in sizes) > len(sizes)


def _numbers(*given: bytes) -> bool:
    return all(re.fullmatch(rb"-?\d+\.?\d*|-?\.\d+", each) for each in given)

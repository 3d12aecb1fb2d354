"""Files and folders that hold messages: mbox, maildir, MH, Mailman archives, single messages, packed or plain.

What is in them is told by content; every file that is no mail is named, with the reason.
"""

import gzip
import os
import re
import stat
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Literal, cast

from ingest.errors import TooLarge, Unreadable
from ingest.formats.email.mbox import Span, cut, holds_postmark, split, starts_mbox
from ingest.formats.email.message import looks_like_message
from ingest.formats.email.pipermail import is_page

#: A message above this size is refused, in bytes.
MOST_MESSAGE_BYTES = 256 * 2**20
#: What a compressed archive may hold, in bytes, and how many times its own size.
MOST_INFLATED_BYTES = 8 * 2**30
MOST_RATIO = 200
# A small file may inflate to this much whatever its own size, in bytes.
_ANY_RATIO_BYTES = 16 * 2**20
# How much of a file is looked at to see what it holds, and read of it at once, in bytes.
_HEAD = 8192
_BLOCK = 2**20

#: Why a file is not read that is no mail.
NO_MAIL = "holds no mail"

#: "closed" is what could not be opened, so that nobody knows what it holds.
Kind = Literal["mbox", "message", "page", "emlx", "closed", "none"]

_GZIPPED, _ZIPPED = b"\x1f\x8b", b"PK\x03\x04"
_INDEX = re.compile(r"(?:author|date|subject|thread|index)\.html?$", re.IGNORECASE)
_OF_NOTES = (".html", ".md", ".rst", ".tex", ".txt")
_DELETED = re.compile(r"[:;!]2,[A-Z]*T")
_MONTH_NAMES = {
    name: number
    for number, name in enumerate(
        "january february march april may june july august september october november december".split(), 1
    )
}
_MONTH_FILE = re.compile(r"(\d{4})[-_]([A-Za-z]+)(?=$|[./])")


@dataclass(frozen=True, slots=True)
class Container:
    """A file, or a member of a ZIP file, and what it holds. skipped says why it is not read, where it is not."""

    path: Path
    kind: Kind
    member: str = ""
    skipped: str = ""


def containers(path: Path, only: Collection[str] = ()) -> Iterator[Container]:
    """What a file or folder holds, the files of a folder in the order of their names, archives of months by date.

    only names relative paths of a folder, and nothing else is looked at then. A folder that cannot be listed is a
    container that cannot be opened.
    """
    if only:
        for relative in sorted(only, key=lambda path: [_order(name) for name in path.split("/")]):
            yield from containers(path / relative)
        return
    if path.is_file():
        yield from _file(path)
        return
    refused: list[OSError] = []
    for folder, below, names in os.walk(path, onerror=refused.append):
        here = Path(folder)
        below[:] = [each for each in below if not each.startswith(".") or is_maildir(here / each)]
        below.sort(key=_order)
        linked = [each for each in below if (here / each).is_symlink()]
        yield from (Container(here / each, "none", skipped="links to folders are not followed") for each in linked)
        for name in sorted(names, key=_order):
            yield from _file(here / name)
    yield from (Container(Path(error.filename), "closed") for error in refused)


def is_maildir(path: Path) -> bool:
    """Whether a folder is a maildir."""
    return all((path / name).is_dir() for name in ("cur", "new", "tmp"))


def kind_of(head: bytes, name: str) -> Kind:
    """What the first bytes of a file say that it holds.

    >>> kind_of(b"From ada@helix.example Mon Jun  1 10:00:00 2026\\nSubject: Run 3\\n", "helix")
    'mbox'
    """
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    if starts_mbox(head):
        return "mbox"
    if is_page(head):
        return "page"
    if looks_like_message(head, notes=name.lower().endswith(_OF_NOTES)):
        return "message"
    if name.lower().endswith(".emlx") and head.partition(b"\n")[0].strip().isdigit():
        return "emlx"
    if name.lower().endswith((".mbox", ".mbx")) and holds_postmark(head):
        return "mbox"
    return "none"


def _file(path: Path) -> Iterator[Container]:
    """The containers in a file."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            yield Container(path, "none", skipped="no file")
            return
        size, head = found.st_size, _head(path)
    except (OSError, EOFError, zlib.error):
        yield Container(path, "none", skipped="no file") if path.is_symlink() else Container(path, "closed")
        return
    if not head:
        yield Container(path, "none", skipped="the file is empty" if size == 0 else "nothing is in the file")
    elif path.parent.name == "tmp" and is_maildir(path.parent.parent):
        yield Container(path, "none", skipped="its delivery is not finished")
    elif _DELETED.search(path.name) and path.parent.name in ("cur", "new"):
        yield Container(path, "none", skipped="marked as deleted")
    elif head.startswith(_ZIPPED) and path.suffix.lower() == ".zip":
        yield from _members(path)
    else:
        yield Container(path, *_described(path, head))


def _described(path: Path, head: bytes) -> tuple[Kind, str, str]:
    """The kind of a file, no member, and why it is not read."""
    kind = kind_of(head, path.name)
    if kind == "page" and _text_beside(path.parent):
        return "none", "", "a page of an archive; the text archive of its month holds the message"
    if kind == "none" and _INDEX.search(path.name) and b"<html" in head.lower():
        return "none", "", "an index of an archive"
    return kind, "", NO_MAIL if kind == "none" else ""


def _text_beside(folder: Path) -> bool:
    """Whether the text archive of the month whose pages a folder holds lies beside it."""
    return any(folder.with_name(f"{folder.name}{suffix}").is_file() for suffix in (".txt", ".txt.gz"))


def _head(path: Path) -> bytes:
    """The first bytes of a file, of a gzip file those inside."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head.startswith(_GZIPPED):
        return head
    with gzip.open(path) as inside:
        return inside.read1(_HEAD)  # of an archive that breaks off, what there is


def _members(path: Path) -> Iterator[Container]:
    """The containers in a ZIP file."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [each for each in archive.infolist() if not each.is_dir()]
            heads = [(each.filename, _member_head(archive, each)) for each in members]
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError):
        yield Container(path, "closed")
        return
    for name, head in heads:
        kind = kind_of(head, name)
        yield Container(path, kind, name, "" if kind != "none" else NO_MAIL if head else "the file is empty")
    if not heads:
        yield Container(path, "none", skipped="the file is empty")


def _member_head(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with archive.open(member) as inside:
        return inside.read(_HEAD)


def _order(name: str) -> tuple[tuple[int, int], int, str]:
    """Where a file or folder comes in its folder."""
    return _month(name), _number(name), name


def _month(name: str) -> tuple[int, int]:
    """Year and month of an archive's file or folder; (0, 0) for all others."""
    found = _MONTH_FILE.match(name)
    return (int(found[1]), _MONTH_NAMES.get(found[2].lower(), 0)) if found else (0, 0)


def _number(name: str) -> int:
    """The number at the start of a name, as MH has them and pages of archives; 0 for all others."""
    found = re.match(r"\d{1,12}", name)
    return int(found[0]) if found else 0


def spans(container: Container) -> Iterator[Span]:
    """Where the messages of a container stand, in order; those of an mbox cover it. Raises Unreadable."""
    with _opened(container) as stream:
        if container.kind == "mbox":
            yield from split(stream)
            return
        if container.kind == "closed":
            raise Unreadable(f"{container.path.name} could not be opened when it was listed")
        size = stream.seek(0, os.SEEK_END)
        stream.seek(0)
        if container.kind == "emlx":
            first = stream.readline(_HEAD)
            if not first.strip().isdigit():
                raise Unreadable(f"{container.path.name} does not start with the length of its message")
            yield Span(0, len(first), min(size, len(first) + int(first)))
        else:
            yield Span(0, 0, size)


def read(container: Container, span: Span) -> bytes:
    """The message at a span, without the blank line that ends it in an mbox and without escapes; raises Unreadable."""
    if span.end - span.start > MOST_MESSAGE_BYTES:
        raise TooLarge(f"a message of {span.end - span.start} bytes; at most {MOST_MESSAGE_BYTES} are read")
    with _opened(container) as stream:
        return cut(stream, span, mbox=container.kind == "mbox")


def broken(container: Container) -> str:
    """Why less can be read of a compressed container than it held; "" where all can. Raises Unreadable."""
    copy = _copy(container)
    return copy.problem if copy else ""


def _opened(container: Container) -> IO[bytes]:
    """The plain bytes of a container; raises Unreadable."""
    copy = _copy(container)
    try:
        return (copy.path if copy else container.path).open("rb")
    except OSError as error:
        raise _closed(container, error) from error


def _closed(container: Container, error: BaseException) -> Unreadable:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return Unreadable(f"{container.path.name} cannot be opened: {reason}")


class _Copy:
    """The plain bytes of a compressed container in a file of their own, which goes when this goes."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        self.problem = problem
        weakref.finalize(self, path.unlink, missing_ok=True)


def _copy(container: Container) -> _Copy | None:
    """The inflated copy of a compressed container; None for a plain one. Raises Unreadable."""
    try:
        with container.path.open("rb") as file:
            head = file.read(4)
        if head == _ZIPPED and not container.member:
            raise zipfile.BadZipFile("its table of contents is broken")
        if not head.startswith(_GZIPPED) and not container.member:
            return None
        status = container.path.stat()
        return _inflated(container.path, container.member, status.st_mtime_ns, status.st_size)
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, KeyError) as error:
        raise _closed(container, error) from error


@lru_cache(maxsize=4)
def _inflated(path: Path, member: str, changed: int, size: int) -> _Copy:
    """Inflate a file once; changed and size tell one state of it from another."""
    del changed
    most = min(MOST_INFLATED_BYTES, max(_ANY_RATIO_BYTES, size * MOST_RATIO))
    number, name = tempfile.mkstemp(prefix="collabqa-mail-")
    with os.fdopen(number, "wb") as target:
        if not member:
            with gzip.open(path) as source:
                return _Copy(Path(name), _pour(source, target, most))
        with zipfile.ZipFile(path) as archive, archive.open(member) as opened:
            return _Copy(Path(name), _pour(cast(zipfile.ZipExtFile, opened), target, most))


def _pour(source: zipfile.ZipExtFile | gzip.GzipFile, target: IO[bytes], most: int) -> str:
    """Inflate up to a number of bytes; returns what went wrong on the way, or ""."""
    done = 0
    try:
        # read1 gives what there is before it raises; read would lose it.
        while block := source.read1(_BLOCK):
            done += len(block)
            if done > most:
                return f"it inflates to more than {most} bytes; the rest was not read"
            target.write(block)
    except (EOFError, zlib.error, zipfile.BadZipFile, gzip.BadGzipFile) as error:
        return f"it breaks off after {done} bytes ({error}); the rest is lost"
    return ""

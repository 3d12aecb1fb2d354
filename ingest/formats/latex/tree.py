"""The files of a LaTeX document, held in memory: read out of an archive by streaming, or given one by one."""

import gzip
import io
import posixpath
import re
import tarfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO

from ingest.charset import decoded
from ingest.errors import TooLarge, Unreadable

GZIP = b"\x1f\x8b"
PDF = b"%PDF-"
MAX_MEMBERS = 5_000
MAX_BYTES = 200 * 1024 * 1024
# A text that compresses better than this was made to fill a memory.
MAX_RATIO = 200
#: Members that are read; drawings and everything else that is no text are left alone.
TEXT_SUFFIXES = (".tex", ".ltx", ".latex", ".bib", ".bbl", ".sty", ".cls", ".def", ".cfg", ".clo", ".tikz", ".ins")
# Archives that were made to be the same every time carry a time in 1970 or 1980.
_TIME_OF_NOTHING = datetime(1981, 1, 1, tzinfo=UTC).timestamp()
_END_OF_TIME = datetime(2999, 1, 1, tzinfo=UTC).timestamp()
_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
_CLASS = re.compile(r"\\document(?:class|style)\s*(?:\[([^\]]*)\])?\s*\{([^{}]*)\}")
_BEGIN = re.compile(r"\\begin\s*\{document\}")
# Classes of files that are pictures or parts of another document.
_PART_CLASSES = frozenset(("standalone", "subfiles"))
_NAMES_OF_MAIN = ("main", "ms", "paper", "thesis", "article", "manuscript", "note", "report", "document")
_NOT_LATEX = re.compile("[\ufdd0-\ufdef\x00-\x08\x0e-\x1f\ud800-\udfff]")


@dataclass(slots=True)
class Tree:
    """The text files of a document by their paths within it, the main one named.

    modified is the newest time of a member, None where the archive tells none.
    """

    members: Mapping[str, str]
    main: str
    modified: datetime | None = None
    warnings: tuple[str, ...] = ()
    _lower: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in sorted(self.members, reverse=True):
            self._lower[name.lower()] = name

    def find(self, name: str, folders: Iterable[str], suffixes: tuple[str, ...]) -> str | None:
        """The member that a name in the text means, tried in each folder, with and without suffixes."""
        for folder in folders:
            path = posixpath.normpath(posixpath.join(folder, name))
            for suffix in suffixes:
                found = path + suffix if path + suffix in self.members else self._lower.get((path + suffix).lower())
                if found:
                    return found
        return None

    def beside_main(self, suffix: str) -> str | None:
        """The member named as the main file, with another suffix; or the only member with it."""
        stem = posixpath.splitext(self.main)[0]
        if stem + suffix in self.members:
            return stem + suffix
        found = [name for name in self.members if name.endswith(suffix)]
        return found[0] if len(found) == 1 else None


def forbidden(name: str) -> bool:
    """Whether a file name in the text asks for something outside the document: a command, an absolute path, a root."""
    return name.startswith(("|", "/", "~", "\\")) or "|" in name or bool(re.match(r"[A-Za-z]:[\\/]", name))


def read(raw: bytes, name: str = "") -> Tree:
    """The tree in these bytes: a tar, a gzipped tar, a gzipped file or one LaTeX file.

    name is the path of the main file within an archive, or the file's own name. Raises TooLarge and Unreadable.
    """
    data = _gunzipped(raw) if raw[:2] == GZIP else raw
    if not is_tar(data):
        text, warnings = decoded(data)
        main = _own_name(name)
        return Tree({main: clean(text)}, main, warnings=() if "inputenc" in text else warnings)
    found, modified, warnings = members(data)
    texts = {path: clean(decoded(each)[0]) for path, each in found.items()}
    main = name if name in texts else _likeliest(texts)
    if not main:
        raise Unreadable("the archive holds no LaTeX file")
    return Tree(texts, main, modified, warnings)


def files(raw: bytes, name: str) -> tuple[dict[str, bytes], datetime | None]:
    """The text files in these bytes by their paths, and their newest time; raises TooLarge and Unreadable."""
    data = _gunzipped(raw) if raw[:2] == GZIP else raw
    if is_tar(data):
        found, modified, _ = members(data)
        return found, modified
    return ({} if b"\0" in data[:4096] else {_own_name(name): data}), None


def pdf(raw: bytes, name: str) -> tuple[str, bytes] | None:
    """The PDF in these bytes where an e-print has nothing else: gzipped by itself, or alone of its kind in a tar.

    Raises TooLarge and Unreadable.
    """
    data = _gunzipped(raw) if raw[:2] == GZIP else raw
    if data.startswith(PDF):
        return f"{_own_name(name).removesuffix('.pdf')}.pdf", data
    found = []
    if is_tar(data):
        for count, (member, stream) in enumerate(_streamed(data), 1):
            path = _safe(member)
            if count > MAX_MEMBERS or member.size > MAX_BYTES:
                raise TooLarge("an archive of too many or too large files")
            if path and stream is not None and path.lower().endswith(".pdf"):
                found.append((path, stream.read()))
    return found[0] if len(found) == 1 else None


def _own_name(name: str) -> str:
    """The name of a file by itself, as the main file of its tree."""
    return re.sub(r"\.gz$", "", posixpath.basename(name)) or "main.tex"


def clean(text: str) -> str:
    """Text without the code points that never stand in LaTeX and that marks for later are made of."""
    return _NOT_LATEX.sub("", text)


def is_tar(raw: bytes) -> bool:
    """Whether these bytes, or first bytes, are those of a tar archive."""
    return raw[257:262] == b"ustar" or (len(raw) >= 512 and _old_tar_header(raw[:512]))


def _old_tar_header(header: bytes) -> bool:
    """Whether a block is a tar header of the time before ustar: its own checksum stands in it."""
    stated = header[148:156].strip(b"\0 ")
    if not stated or not re.fullmatch(rb"[0-7]+", stated):
        return False
    return int(stated, 8) == sum(header[:148]) + 8 * 32 + sum(header[156:])


def _gunzipped(raw: bytes) -> bytes:
    limit = min(MAX_BYTES, max(len(raw) * MAX_RATIO, 1024 * 1024))
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as stream:
            data = stream.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable(f"broken gzip data: {error}") from error
    if len(data) > limit:
        raise TooLarge(f"more than {limit:,} bytes when unpacked")
    return data


def members(raw: bytes) -> tuple[dict[str, bytes], datetime | None, tuple[str, ...]]:
    """The text files of an archive, their newest time, and warnings about members that were refused.

    Read by streaming; links, devices and paths that lead out of the archive are refused.
    """
    found: dict[str, bytes] = {}
    warnings: dict[str, None] = {}
    newest, size = 0.0, 0
    for count, (member, stream) in enumerate(_streamed(raw), 1):
        size += member.size
        if count > MAX_MEMBERS:
            raise TooLarge(f"an archive of more than {MAX_MEMBERS:,} files")
        if size > MAX_BYTES:
            raise TooLarge(f"more than {MAX_BYTES:,} bytes when unpacked")
        path = _safe(member)
        if path is None:
            warnings[f"archive member {member.name!r} is a link or leads outside; it was not read"] = None
        elif stream is not None and _is_text(path):
            found[path] = stream.read()
            newest = max(newest, float(member.mtime))
    modified = datetime.fromtimestamp(newest, UTC) if _TIME_OF_NOTHING < newest < _END_OF_TIME else None
    return found, modified, tuple(warnings)


def _streamed(raw: bytes) -> Iterator[tuple[tarfile.TarInfo, IO[bytes] | None]]:
    """The members of a tar that are no folders, with their content; raises Unreadable for a broken archive."""
    try:
        with tarfile.open(fileobj=io.BytesIO(raw), mode="r|") as archive:
            for member in archive:
                if not member.isdir():
                    yield member, archive.extractfile(member) if member.isreg() else None
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        raise Unreadable(f"broken tar archive: {error}") from error


def _safe(member: tarfile.TarInfo) -> str | None:
    """The path of a member within the archive, or None when it is no plain file inside it."""
    path = posixpath.normpath(member.name.replace("\\", "/"))
    if not member.isreg() or path.startswith(("/", "../")) or path in ("..", ".") or ":" in path.split("/")[0]:
        return None
    return path


def _is_text(path: str) -> bool:
    """Whether a member may be needed: LaTeX by its suffix, or a file without one, as e-print archives hold them."""
    name = posixpath.basename(path).lower()
    return name.endswith(TEXT_SUFFIXES) or "." not in name or name.endswith(LISTING_SUFFIXES)


#: Files that are shown within a text (\\lstinputlisting).
LISTING_SUFFIXES = (".py", ".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".sh", ".xml", ".json", ".txt", ".yaml")


def packed(files: Mapping[str, bytes], modified: datetime | None = None) -> bytes:
    """A tar of these files that is the same for the same files: sorted names, no owners, one time or none."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(files):
            member = tarfile.TarInfo(name)
            member.size = len(files[name])
            member.mtime = int(modified.timestamp()) if modified else 0
            archive.addfile(member, io.BytesIO(files[name]))
    return buffer.getvalue()


def main_files(texts: Mapping[str, str]) -> list[str]:
    """The files that are documents of their own, in alphabetical order."""
    return [name for name in sorted(texts) if is_main(texts[name])]


def is_main(text: str) -> bool:
    """Whether a file starts a document: it names a class and begins a document, and is no part of another."""
    if "\\documentclass" not in text and "\\documentstyle" not in text:
        return False
    bare = _COMMENT.sub("", text)
    stated = _CLASS.search(bare)
    return bool(stated and stated[2].strip() not in _PART_CLASSES and _BEGIN.search(bare))


def class_of(text: str) -> tuple[str, tuple[str, ...]]:
    """The document class and its options; empty where none is stated."""
    stated = _CLASS.search(_COMMENT.sub("", text))
    if not stated:
        return "", ()
    options = tuple(option.strip() for option in (stated[1] or "").split(",") if option.strip())
    return stated[2].strip(), options


def _likeliest(texts: Mapping[str, str]) -> str:
    """The main file of an archive: a usual name first, then the one nearest the root, then the longest."""
    found = main_files(texts) or [name for name in sorted(texts) if name.lower().endswith((".tex", ".ltx", ".latex"))]
    found = found or [name for name in sorted(texts) if "\\begin{document}" in texts[name]]

    def rank(name: str) -> tuple[bool, int, int]:
        stem = posixpath.splitext(posixpath.basename(name))[0].lower()
        return stem not in _NAMES_OF_MAIN, name.count("/"), -len(texts[name])

    return min(found, key=rank, default="")

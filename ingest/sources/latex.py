"""Papers as LaTeX: a folder of trees, e-print archives and single files; every main file is a document."""

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from ingest.charset import decoded
from ingest.document import DocumentKind, Status
from ingest.errors import MissingPath, TooLarge, Unreadable
from ingest.formats.latex import tree as latex_tree
from ingest.formats.latex.reach import draft, reached
from ingest.source import End, Item, Raw

_MAIN_SUFFIXES = (".tex", ".ltx", ".latex")
_ARCHIVES = (".tar.gz", ".tgz", ".tar", ".gz")
_LEFT_OUT = frozenset({"CVS", "_darcs", "__pycache__", "node_modules", "__MACOSX"})
_OTHER_DOCUMENTS = (".md", ".rst", ".html", ".htm", ".ipynb", ".pptx", ".docx", ".eml", ".mbox", ".mdx")
# E-print servers give files without a suffix, named by the number of the paper.
_BARE = re.compile(r"(?:.*/)?(?:[^./]+|\d{4}\.\d{4,5}(?:v\d+)?)")
# Around a single file that was given, about so many files are looked through for what it reads.
_MAX_BESIDE = 20_000
NOT_REACHED = "no main file reads it"
PDF_ONLY = "the PDF alone"
NO_LATEX = "no LaTeX document in it"


def claims(path: Path) -> bool:
    """Whether a file is LaTeX or an archive of it, or a folder holds at least as many papers as other documents."""
    if path.is_file():
        return _papers_in(path) > 0 or path.name.lower().endswith(_MAIN_SUFFIXES)
    names = list(_names(path, []))
    others = sum(name.lower().endswith(_OTHER_DOCUMENTS) for name in names)
    papers = 0
    for name in names:
        papers += _papers_in(path / name)
        if papers and papers >= others:
            return True
    return False


def _papers_in(path: Path) -> int:
    """How many documents a file or an archive holds."""
    name = path.name.lower()
    try:
        if name.endswith(_MAIN_SUFFIXES):
            return int(latex_tree.is_main(_decoded(_bytes(path))))
        return len(_mains(_archive(path, path.name))) if name.endswith(_ARCHIVES) else 0
    except Unreadable:
        return 0


class _Texts(Mapping[str, str]):
    """Files by their names, read and decoded when they are looked at."""

    def __init__(self, names: list[str], read: Callable[[str], bytes]) -> None:
        self._read = read
        self._texts: dict[str, str | None] = dict.fromkeys(names)

    def __getitem__(self, name: str) -> str:
        text = self._texts[name]
        if text is None:
            text = self._texts[name] = _decoded(self._read(name))
        return text

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


@dataclass(frozen=True, slots=True)
class _Tree:
    """Files that belong together: those of the folder, or those of one archive in it (its relative path).

    closed holds the LaTeX files that cannot be read, with the reason.
    """

    archive: str
    texts: Mapping[str, str]
    data: Callable[[str], bytes]
    modified: datetime | None = None
    closed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """A folder with LaTeX documents in it, one e-print archive, or one file.

    url stands before a main file's path in its address; without it addresses are file: addresses. Files that main files
    read belong to them; a .tex file that none reads is listed as skipped.
    """

    path: Path
    name: str
    readers: frozenset[str]
    url: str = ""

    def listing(self) -> Iterator[Item | End]:
        """Every main file, and every .tex file or archive that is none and belongs to none, with the reason."""
        if not self.path.exists():
            raise MissingPath(f"the source {self.name!r}: {self.path} does not exist")
        closed: list[str] = []
        if self.path.is_file():
            yield from self._of_file(self.path.name)
        else:
            names = list(_names(self.path, closed))
            yield from self._of_tree(self._folder(names))
            for name in names:
                if name.lower().endswith(_ARCHIVES):
                    yield from self._of_archive(name)
        yield End(not closed, "; ".join(closed))

    def fetch(self, item: Item) -> Raw:
        """The files that a main file reads, packed; raises Unreadable where they cannot be had."""
        archive, main, names = json.loads(item.locator)
        if main == PDF_ONLY:
            found = _pdf(self._root() / archive)
            if found is None:
                raise Unreadable(f"{archive}: there is no PDF in it any more")
            return Raw(found[1], "pdf", "paper", name=found[0])
        if not archive:
            data = {name: _bytes(self._root() / name) for name in names}
            modified = None
        else:
            tree = _archive(self._root() / archive, archive)
            if not names:
                raise Unreadable(f"{archive}: {NO_LATEX}")
            missing = [name for name in names if name not in tree.texts]
            if missing:
                raise Unreadable(f"{missing[0]} is no longer in {archive}")
            data = {name: tree.data(name) for name in names}
            modified = tree.modified
        text = _decoded(data[main])
        kind: DocumentKind = "slides" if latex_tree.class_of(text)[0] == "beamer" else "paper"
        status: Status = "draft" if draft(text) else "unknown"
        return Raw(latex_tree.packed(data, modified), "latex", kind, name=main, status=status)

    def _root(self) -> Path:
        return self.path if self.path.is_dir() else self.path.parent

    def _of_file(self, name: str) -> Iterator[Item]:
        """The document of a single file, which may read others beside it."""
        if name.lower().endswith(_ARCHIVES):
            yield from self._of_archive(name)
            return
        beside = [each for each in _names(self._root(), [], limit=_MAX_BESIDE) if each != name]
        tree = self._folder([name, *beside])
        yield self._item(tree, name, 1, reached(tree.texts, name))

    def _item(self, tree: _Tree, main: str, count: int, names: list[str]) -> Item:
        packed = latex_tree.packed({name: tree.data(name) for name in names}, tree.modified)
        version = hashlib.sha256(packed).hexdigest()
        return Item(self._uri(tree, main, count), version, json.dumps([tree.archive, main, names]))

    def _of_tree(self, tree: _Tree) -> Iterator[Item]:
        mains = _mains(tree)
        used: set[str] = set()
        for main in mains:
            names = reached(tree.texts, main)
            used.update(names)
            yield self._item(tree, main, len(mains), names)
        for name in tree.texts:
            if name not in used and name.lower().endswith(_MAIN_SUFFIXES) and name not in tree.closed:
                yield Item(self._uri(tree, name, 2), "", skipped=NOT_REACHED)
        for name, reason in tree.closed.items():
            # Fetching it says what is wrong.
            yield Item(self._uri(tree, name, 2), f"closed: {reason}", json.dumps([tree.archive, name, [name]]))

    def _of_archive(self, name: str) -> Iterator[Item]:
        """The documents of an archive; one that cannot be read counts as one, and fetching it says why."""
        try:
            tree = _archive(self._root() / name, name)
        except Unreadable as error:
            yield Item(self._address(name), f"closed: {error}", json.dumps([name, "", []]))
            return
        items = list(self._of_tree(tree))
        if not any(not item.skipped for item in items):
            found = _pdf(self._root() / name)
            version = hashlib.sha256(found[1]).hexdigest() if found else ""
            items = [Item(self._address(name), version, json.dumps([name, PDF_ONLY, []]))] if found else items
        yield from items or [Item(self._address(name), "", skipped=NO_LATEX)]

    def _uri(self, tree: _Tree, name: str, count: int) -> str:
        if not tree.archive:
            return self._address(name)
        return self._address(tree.archive) if count == 1 else f"{self._address(tree.archive)}/{quote(name)}"

    def _address(self, relative: str) -> str:
        if self.url:
            return f"{self.url.rstrip('/')}/{quote(relative)}"
        return (self._root() / relative).absolute().as_uri()

    def _folder(self, names: list[str]) -> _Tree:
        """The text files of the folder."""
        suffixes = (*latex_tree.TEXT_SUFFIXES, *latex_tree.LISTING_SUFFIXES)
        wanted = [name for name in names if name.lower().endswith(suffixes)]
        closed: dict[str, str] = {}

        def read(name: str) -> bytes:
            try:
                return _bytes(self._root() / name)
            except Unreadable as error:
                if name.lower().endswith(_MAIN_SUFFIXES):
                    closed[name] = str(error)
                return b""

        return _Tree("", _Texts(wanted, read), read, closed=closed)


def _mains(tree: _Tree) -> list[str]:
    """The main files of a tree; where there is none, its only file if that is named as LaTeX."""
    named = [name for name in tree.texts if name.lower().endswith(_MAIN_SUFFIXES)]
    bare = [name for name in tree.texts if tree.archive and _BARE.fullmatch(name)]
    mains = latex_tree.main_files({name: tree.texts[name] for name in (*named, *bare)})
    return mains or (named if len(tree.texts) == 1 else [])


def _pdf(path: Path) -> tuple[str, bytes] | None:
    """The PDF of an e-print that is nothing else; raises Unreadable and TooLarge."""
    return latex_tree.pdf(_bytes(path), path.name)


def _archive(path: Path, name: str) -> _Tree:
    """The files of an archive; raises Unreadable and TooLarge."""
    found, modified = latex_tree.files(_bytes(path), path.name)
    return _Tree(name, _Texts(sorted(found), found.__getitem__), found.__getitem__, modified)


def _bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > latex_tree.MAX_BYTES:
            raise TooLarge(f"{path.name}: {size:,} bytes, more than {latex_tree.MAX_BYTES:,}")
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{path.name} cannot be read: {error.strerror}") from None


def _decoded(data: bytes) -> str:
    return latex_tree.clean(decoded(data)[0])


def _names(root: Path, closed: list[str], *, limit: int | None = None) -> Iterator[str]:
    """The relative paths of the files below a folder, sorted; links are not followed, hidden names left out."""
    found: list[str] = []
    for folder, folders, names in os.walk(root, onerror=lambda error: closed.append(f"{error.filename} is closed")):
        here = Path(folder)
        folders[:] = [name for name in folders if not name.startswith(".") and name not in _LEFT_OUT]
        found += [
            (here / name).relative_to(root).as_posix()
            for name in names
            if not name.startswith(".") and not (here / name).is_symlink()
        ]
        if limit is not None and len(found) > limit:
            break
    yield from sorted(found)

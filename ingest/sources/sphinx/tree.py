"""The pages of a documentation, in the order of its table of contents and under their parents."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from ingest.charset import decoded
from ingest.sources.sphinx.configuration import Documentation

_SUFFIXES = (".md", ".rst", ".markdown", ".myst", ".ipynb", ".txt")
_BUILT = frozenset({"_build", "_static", "_templates", "node_modules", "__pycache__"})
_TOCTREE = re.compile(r"^([ \t]*)(?:\.\.[ \t]+toctree::|(`{3,}|:{3,}|~{3,})\{toctree\})[^\n]*\n", re.MULTILINE)
_TITLED = re.compile(r".*<([^<>]+)>\s*$")
_MAX_DEPTH = 50


@dataclass(frozen=True, slots=True)
class Page:
    """A page by its path in the folder of pages; placed says that a table of contents names it."""

    relative: str
    parent: str = ""
    placed: bool = True


def pages(documentation: Documentation, lost: list[str]) -> list[Page]:
    """Every page: those of the table of contents in its order, then the others by name."""
    names = sorted(_names(documentation))
    found: dict[str, Page] = {}
    known = set(names)
    if documentation.nav is not None:
        home = documentation.first if documentation.first in known else ""
        for each in _of_nav(documentation.nav, home, 0):
            if each.relative in known:
                found.setdefault(each.relative, each)
    else:
        contents = {name: list(_contents(documentation.folder, name, known, lost)) for name in names}
        starts = [documentation.first, *names] if documentation.first else names
        for start in starts:
            if start in known and start not in found and (start == documentation.first or contents[start]):
                _descend(start, "", contents, found)
    return [*found.values(), *(Page(name, placed=name == documentation.first) for name in names if name not in found)]


def _names(documentation: Documentation) -> Iterator[str]:
    """The files that may be pages; a link out of the folder is none."""
    root = documentation.folder.resolve()
    for path in documentation.folder.rglob("*"):
        relative = path.relative_to(documentation.folder)
        hidden = any(part.startswith(".") or part in _BUILT for part in relative.parts)
        if hidden or path.suffix.lower() not in _SUFFIXES or not path.is_file():
            continue
        if not path.resolve().is_relative_to(root):
            continue
        if path.suffix.lower() == ".txt" and (documentation.nav is not None or not _is_page(path)):
            continue
        name = relative.as_posix()
        folders = [name, *(parent.as_posix() for parent in relative.parents)]
        if not any(fnmatch(each, pattern.rstrip("/")) for each in folders for pattern in documentation.left_out):
            yield name


def _is_page(path: Path) -> bool:
    """Whether a text file is a page: Sphinx may be told so, and then it has a directive or role."""
    try:
        with path.open("rb") as file:
            return bool(re.search(rb"^\.\. [\w-]+::|:(?:ref|doc):`", file.read(20_000), re.MULTILINE))
    except OSError:
        return False


def _of_nav(nav: object, parent: str, depth: int) -> Iterator[Page]:
    """The pages of a table of contents of MkDocs; the index of a section is the parent of what is in it."""
    if not isinstance(nav, list) or depth > _MAX_DEPTH:
        return
    own = parent
    for entry in nav:
        named = next(iter(entry.values()), None) if isinstance(entry, dict) and len(entry) == 1 else entry
        if isinstance(named, list):
            yield from _of_nav(named, own, depth + 1)
        elif isinstance(named, str) and "://" not in named:
            relative = posixpath.normpath(named.strip("/"))
            yield Page(relative, own if own != relative else "")
            if posixpath.splitext(posixpath.basename(relative))[0].lower() in ("index", "readme") and depth:
                own = relative


def _descend(start: str, parent: str, contents: dict[str, list[str]], found: dict[str, Page]) -> None:
    """Place a page, and all below it, depth first."""
    waiting = [(start, parent)]
    while waiting:
        name, above = waiting.pop()
        if name not in found:
            found[name] = Page(name, above, above != "" or name == start)
            waiting.extend((child, name) for child in reversed(contents[name]) if child not in found)


def _contents(folder: Path, name: str, known: set[str], lost: list[str]) -> Iterator[str]:
    """The pages that the tables of contents in a page name, in order."""
    if name.endswith(".ipynb"):
        return
    try:
        text, _ = decoded((folder / name).read_bytes())
    except OSError as problem:
        lost.append(f"{name} cannot be read: {problem.strerror}")
        return
    for match in _TOCTREE.finditer(text):
        lines = list(_body(text[match.end() :].split("\n"), len(match[1].expandtabs()), match[2]))
        is_glob = any(line.strip().startswith((":glob:", "glob:")) for line in lines)
        for line in lines:
            titled = _TITLED.match(line)
            target = (titled[1] if titled else line).strip()
            if target and not target.startswith((":", "-")) and "://" not in target:
                yield from _meant(target, posixpath.dirname(name), known, is_glob)


def _body(lines: list[str], indent: int, fence: str | None) -> Iterator[str]:
    """The lines of a directive: what is indented, or all up to the end of its fence."""
    for line in lines:
        if fence:
            if line.strip().startswith(fence):
                return
        elif line.strip() and len(line.expandtabs()) - len(line.expandtabs().lstrip()) <= indent:
            return
        yield line


def _meant(target: str, folder: str, known: set[str], is_glob: bool) -> Iterator[str]:
    """The pages that an entry means, with or without its suffix, from the page's folder or from the root."""
    path = posixpath.normpath(target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target))
    if is_glob and any(sign in path for sign in "*?["):
        yield from sorted(name for name in known if fnmatch(posixpath.splitext(name)[0], path) or fnmatch(name, path))
        return
    yield from [name for name in (path, *(f"{path}{suffix}" for suffix in _SUFFIXES)) if name in known][:1]

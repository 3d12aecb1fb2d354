"""Which sources read what lies at the paths that somebody names."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import MissingPath
from ingest.source import Source, claiming, from_settings
from ingest.sources.files import hidden

_LOOKED_INTO = 50
# Kinds that read pieces of a folder as one source. Messages name each other across files, and two files may hold
# different messages of one id: only who sees them all can tell them apart.
_TOGETHER = ("mail", "files")


@dataclass(frozen=True, slots=True)
class _Claim:
    """A kind of source, and the folder or file that it claims as a whole."""

    kind: str
    path: Path


def sources_for(paths: Sequence[Path], *, readers: frozenset[str], kind: str | None = None) -> list[Source]:
    """The sources that read these folders and files, in the order of their paths.

    A folder or file that a kind of source claims is one source of that kind; other folders are opened and asked piece
    by piece: all mail in them becomes one source, and what nobody claims one source of files. With a kind, each path is
    one source of it. A source is called by its path.

    Raises MissingPath, and BadSourceSettings for a kind that is unknown or needs more than a path.
    """
    made: list[Source] = []
    for path in sorted({Path(os.path.abspath(path)) for path in paths}):  # noqa: PTH100 - resolve() would follow links
        if not path.exists():
            raise MissingPath(f"{path} does not exist")
        if kind:
            made.append(_source(kind, path, readers))
            continue
        claims = list(_claims(path))
        made += [_source(claim.kind, claim.path, readers) for claim in claims if claim.kind not in _TOGETHER]
        made += [_source(kind, path, readers, only) for kind, only in _together(path, claims)]
    return made


def _together(path: Path, claims: Sequence[_Claim]) -> Iterator[tuple[str, list[str]]]:
    """The kinds that read pieces of a folder as one source, and which pieces; none is named where it is the whole."""
    for kind in _TOGETHER:
        pieces = [claim.path for claim in claims if claim.kind == kind]
        if pieces == [path] or (kind == "files" and len(pieces) == len(claims)):
            yield kind, []
        elif pieces:
            yield kind, [each.relative_to(path).as_posix() for each in pieces]


def _claims(path: Path) -> Iterator[_Claim]:
    """Who reads a folder or file, piece by piece where nobody claims the whole; hidden files are left out."""
    if path.is_dir() and not os.access(path, os.R_OK | os.X_OK):
        yield _Claim("files", path)
        return
    kind = claiming(path)
    if kind and not (path.is_dir() and _is_mixed(path)):
        yield _Claim(kind, path)
    elif path.is_file() or path.is_symlink():
        yield _Claim("files", path)
    elif path.is_dir():
        for inside in sorted(path.iterdir()):
            if not hidden(inside.name):
                yield from _claims(inside)


def _is_mixed(path: Path) -> bool:
    """Whether folders of different kinds lie in a folder: who claims it as a whole has looked at one of them only.

    Where a folder holds one folder and nothing else, that one is asked.
    """
    visible = [each for each in sorted(path.iterdir()) if not hidden(each.name)]
    inside = [each for each in visible if each.is_dir()]
    if len(visible) == len(inside) == 1:
        return _is_mixed(inside[0])
    kinds = {claiming(each) for each in inside[:_LOOKED_INTO]}
    return len(kinds - {None}) > 1


def _source(kind: str, path: Path, readers: frozenset[str], only: Sequence[str] = ()) -> Source:
    """One source, named by its whole path: two folders that are both called docs are two sources.

    So are the mail of a folder and its other files.
    """
    table: dict[str, object] = {"kind": kind, "path": path, "name": _name(path), "readers": sorted(readers)}
    if only:
        table["only"] = list(only)
        table["name"] = _name(path) if kind == "files" else f"{_name(path)} ({kind})"
    return from_settings(table, base=Path())


def _name(path: Path) -> str:
    home = Path.home()
    return f"~/{path.relative_to(home).as_posix()}" if path.is_relative_to(home) else path.as_posix()

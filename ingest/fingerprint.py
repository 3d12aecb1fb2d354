"""Hashes of the code that documents are made by: what other code had made is made anew.

Taken from the code itself, so that nobody can forget to raise a number.
"""

import ast
import hashlib
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent
# A parser is given a Raw and says what stands in it. These fetch, list, keep and compare; none is asked while a parser
# reads, and what a source says of an item is in its own hash. All else belongs to the parsers, new modules included:
# one too many costs a second reading from the archive, one too few would keep what was read wrongly. isolate.py is
# one of them: under other limits other documents can be read.
_NO_PARSER = frozenset(
    {"archive.py", "errors.py", "fingerprint.py", "manifest.py", "recognise.py", "remote.py", "sync.py"}
)
# What a source imports of these says nothing of a document: nouns, the way to a server, and the recognition of
# formats, which belongs to the parsers.
_PLUMBING = frozenset({"ingest.document", "ingest.errors", "ingest.format", "ingest.remote", "ingest.source"})


@cache
def parsers() -> str:
    """A hash of the code that reads text out of bytes: when it changes, everything is parsed again."""
    names = (path.relative_to(_HERE) for path in _HERE.rglob("*.py"))
    return _hash(_HERE / name for name in names if name.parts[0] != "sources" and name.as_posix() not in _NO_PARSER)


@cache
def connector(source: type) -> str:
    """A hash of the code by which a class of sources fetches: when it changes, its documents are fetched again.

    That is its module or its folder, and what is imported there of ours: who may read a topic, and what it includes, is
    decided by parts of a format. What those import in turn is left out, or each change of a parser would mean fetching
    again.
    """
    name = source.__module__
    if name.startswith("ingest.sources."):
        name = ".".join(name.split(".")[:3])
    module = sys.modules.get(name)
    file = Path(getattr(module, "__file__", None) or "")
    if file.suffix != ".py":
        return ""
    own = sorted(file.parent.rglob("*.py")) if file.name == "__init__.py" else [file]
    borrowed = {found for path in own for found in _borrowed(path)}
    return _hash([*own, *borrowed])


def _borrowed(path: Path) -> Iterator[Path]:
    """The files of our modules that a file imports by name."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module not in _PLUMBING:
            for each in node.names:
                found = _file(f"{node.module}.{each.name}") or _file(node.module)
                if found is not None:
                    yield found


def _file(module: str) -> Path | None:
    """The file of a module of ingest, None for any other."""
    first, *rest = module.split(".")
    if first != _HERE.name or not rest:
        return None
    at = _HERE.joinpath(*rest)
    return next((path for path in (at.with_suffix(".py"), at / "__init__.py") if path.is_file()), None)


def _hash(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(set(paths)):
        name = path.relative_to(_HERE).as_posix() if path.is_relative_to(_HERE) else path.name
        digest.update(name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]

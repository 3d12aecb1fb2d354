"""A source is one file in ingest/sources: what there is, and its bytes.

Each module there has a frozen dataclass ``Source``, whose fields are the keys of its table in the settings, and

    def claims(path: Path) -> bool   # whether this kind reads what lies at the path, by looking at it
"""

import dataclasses
import difflib
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Protocol, cast

from ingest.document import DocumentKind, Status
from ingest.errors import BadSourceSettings


@dataclass(frozen=True, slots=True)
class Item:
    """One document that a source has.

    version changes whenever the bytes or what the source says of them change (a content hash for files; a time of
    modification alone is no proof). locator is the source's own note of where to fetch it. skipped says why it is
    not a document to read; it is empty for all that are.
    """

    uri: str
    version: str
    locator: str = ""
    skipped: str = ""


@dataclass(frozen=True, slots=True)
class End:
    """The last value of a listing: whether all that exists was listed, and if not, why.

    Only after a complete listing are documents removed that it did not name.
    """

    complete: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Raw:
    """The bytes of an item, the format that reads them, and what the source knows and the bytes do not say.

    What stands here wins over what the format reads out of the bytes, except that readers (clauses) and warnings of
    both are kept. name is a file name, for formats that need a hint.
    """

    data: bytes
    format: str
    kind: DocumentKind
    name: str = ""
    title: str = ""
    authors: tuple[str, ...] = ()
    modified: datetime | None = None
    version: str = ""
    status: Status = "unknown"
    parent: str = ""
    thread: str = ""
    links: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    readers: tuple[frozenset[str], ...] = ()


class Source(Protocol):
    """A place that documents come from. name is shown to people and identifies the source in the index."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def readers(self) -> frozenset[str]:
        """The clause that holds for everything in it."""
        ...

    def listing(self) -> Iterator[Item | End]:
        """What there is; the last value is an End. A listing that stops without one was not complete."""
        ...

    def fetch(self, item: Item) -> Raw:
        """The bytes of one item; raises Unreadable where it cannot be had."""
        ...


def kinds() -> list[str]:
    """Every kind of source there is, in alphabetical order."""
    return sorted(module.name for module in iter_modules(import_module("ingest.sources").__path__))


def principals(names: Iterable[str]) -> frozenset[str]:
    """The principals that names of the settings stand for: a bare name is a group.

    >>> sorted(principals(["helix-members", "user:ada", "public"]))
    ['group:helix-members', 'public', 'user:ada']
    """
    return frozenset(
        name if name == "public" or name.startswith(("group:", "user:")) else f"group:{name}" for name in names
    )


def from_settings(table: Mapping[str, object], *, base: Path) -> Source:
    """The source that a [[source]] table describes; relative paths are taken from base.

    Raises BadSourceSettings that names the kind, the key and the nearest known one.
    """
    kind = table.get("kind")
    if not isinstance(kind, str) or kind not in kinds():
        near = difflib.get_close_matches(str(kind), kinds(), 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(kinds())}"
        raise BadSourceSettings(f"[[source]]: unknown kind {kind!r} ({hint})")
    made = import_module(f"ingest.sources.{kind}").Source
    given = {key: value for key, value in table.items() if key != "kind"}
    hints = typing.get_type_hints(made)
    fields = {field.name: field for field in dataclasses.fields(made)}
    for key in given:
        if key not in fields:
            near = difflib.get_close_matches(key, fields, 1)
            hint = f" (did you mean {near[0]!r}?)" if near else f" (there are: {', '.join(fields)})"
            raise BadSourceSettings(f"[[source]] kind = {kind!r}: unknown key {key!r}{hint}")
    for key, field in fields.items():
        if key not in given and field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise BadSourceSettings(f"[[source]] kind = {kind!r}: missing key {key!r}")
    values = {key: _value(kind, key, hints[key], value, base) for key, value in given.items()}
    return cast(Source, made(**values))


def claiming(path: Path) -> str | None:
    """The kind of source that claims what lies at a path, or None; ``files`` is never asked, it takes the rest."""
    for kind in kinds():
        if kind != "files" and import_module(f"ingest.sources.{kind}").claims(path):
            return kind
    return None


def _value(kind: str, key: str, hint: object, value: object, base: Path) -> object:
    """A value of the settings as the field's type: paths made absolute, lists made sets or tuples."""
    where = f"[[source]] kind = {kind!r}: {key} = {value!r}"
    if isinstance(hint, types.UnionType):
        hint = next(each for each in typing.get_args(hint) if each is not type(None))
    if hint is Path:
        if not isinstance(value, str | Path):
            raise BadSourceSettings(f"{where}: expected a path")
        return (base / Path(value).expanduser()).resolve()
    origin = typing.get_origin(hint)
    if origin in (frozenset, tuple):
        if not isinstance(value, list | tuple | frozenset) or not all(isinstance(each, str) for each in value):
            raise BadSourceSettings(f"{where}: expected a list of strings")
        if key == "readers":
            return principals(value)
        return origin(value)
    if origin in (dict, Mapping):
        if not isinstance(value, Mapping):
            raise BadSourceSettings(f"{where}: expected a table")
        return dict(value)
    if hint in (str, int, bool, float) and type(value) is not hint:
        raise BadSourceSettings(f"{where}: expected a {cast(type, hint).__name__}")
    return value

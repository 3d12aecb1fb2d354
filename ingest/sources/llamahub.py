"""Whatever a reader of LlamaIndex reads: any class of LlamaHub, by its import path.

The only file that imports LlamaIndex to read. A reader does not say whether it gave all there is, so its listing is
complete only where the settings say so.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ingest.errors import BadSourceSettings, MissingLibrary
from ingest.locator import packed, unpacked
from ingest.remote import secret
from ingest.source import End, Item, Raw, principals

if TYPE_CHECKING:
    from llama_index.core.schema import Document

_READER = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*)")
_RANDOM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
# Where readers of LlamaHub put what a document needs; the first that is there counts.
_ADDRESSES = ("url", "source_url", "web_url", "html_url", "link", "permalink", "uri", "source", "URL")
_FILES = ("file_path", "filepath", "path")
_TITLES = ("title", "Title", "name", "subject", "file_name", "filename")
_AUTHORS = ("authors", "author", "Author", "created_by", "from")
_DATES = (
    *("last_modified_date", "last_modified", "modified", "updated_at", "updated", "date", "published"),
    *("published_date", "created_at", "creation_date"),
)
_PAGES = ("page_label", "page", "page_number")
_LONGEST_PROBLEM = 300


def claims(path: Path) -> bool:  # noqa: ARG001
    """Never: only the settings can say which reader is meant."""
    return False


@dataclass(frozen=True, slots=True)
class Source:
    """The documents of a reader.

    reader is where its class is imported from ("llama_index.readers.wikipedia:WikipediaReader"), arguments is what it
    is made with, load what its load_data is called with; a value "env:NAME" is taken from the environment. identity
    names the metadata that makes the address of a document, readers_from the metadata that lists who may read it
    (a document without is for nobody). complete says that the reader gives all there is whenever it does not fail.
    """

    name: str
    readers: frozenset[str]
    reader: str
    arguments: Mapping[str, object] = field(default_factory=dict)
    load: Mapping[str, object] = field(default_factory=dict)
    identity: str = ""
    readers_from: str = ""
    complete: bool = False

    def __post_init__(self) -> None:
        """Raises BadSourceSettings for what is no import path of a class."""
        if not _READER.fullmatch(self.reader):
            raise BadSourceSettings(f"{self._where}: reader = {self.reader!r}: expected 'package.module:Class'")

    def listing(self) -> Iterator[Item | End]:
        """Every document that the reader gives; those at one address are parts of one."""
        made, arguments, load = self._class(), _given(self.arguments), _given(self.load)
        try:
            found = list(made(**arguments).load_data(**load))
        except Exception as problem:  # noqa: BLE001 - a reader of anybody may raise anything; the listing says what
            yield End(False, f"{self.reader}: {self._told(problem)}")
            return
        together: dict[str, list[Document]] = {}
        for each in found:
            together.setdefault(self._address(each), []).append(each)
        for uri, parts in together.items():
            data = _data(parts)
            clause = self._clause(parts)
            version = sha256(b"\0".join((data, json.dumps(clause).encode()))).hexdigest()
            yield Item(uri, version, packed(data, json.dumps(clause)))
        if not found:
            yield End(False, f"{self.reader} gave no document")
        else:
            yield End(self.complete, "" if self.complete else "nothing says that the reader gave all there is")

    def fetch(self, item: Item) -> Raw:
        """A document as it was listed."""
        data, (clause,) = unpacked(item.locator)
        named = json.loads(clause)
        readers = () if named is None else (principals(named),)
        warnings = ("nothing says who may read it: nobody may",) if named == [] else ()
        return Raw(data, "parts", "page", readers=readers, warnings=warnings)

    @property
    def _where(self) -> str:
        return f"[[source]] kind = 'llamahub', name = {self.name!r}"

    def _class(self) -> Any:
        """The class of the reader; raises MissingLibrary that names the package, and BadSourceSettings."""
        module_name, _, class_name = self.reader.partition(":")
        try:
            from llama_index.core.readers.base import BaseReader

            module = import_module(module_name)
        except ModuleNotFoundError as problem:
            missing = problem.name or module_name
            ours = module_name == missing or module_name.startswith(f"{missing}.")
            package = _package(module_name if ours else missing)
            raise MissingLibrary(f"{self._where} needs {missing}: pip install {package}") from None
        made = getattr(module, class_name, None)
        if not isinstance(made, type) or not issubclass(made, BaseReader):
            raise BadSourceSettings(f"{self._where}: {self.reader} is no reader of LlamaIndex")
        return made

    def _told(self, problem: Exception) -> str:
        """What went wrong, without the secrets that the reader was given."""
        told = " ".join(f"{type(problem).__name__}: {problem}".split())
        for value in _secrets((self.arguments, self.load)):
            told = told.replace(value, "***")
        return told[:_LONGEST_PROBLEM]

    def _address(self, document: "Document") -> str:
        """Where a document is: what the settings name, an address or a file in its metadata, or a name of its own."""
        metadata = document.metadata
        if self.identity:
            own = str(metadata.get(self.identity) or "")
            if own:
                return own if "://" in own else self._named(own)
        for key in _ADDRESSES:
            if re.match(r"https?://", str(metadata.get(key, ""))):
                return str(metadata[key])
        for key in _FILES:
            path = Path(str(metadata.get(key) or ""))
            if path.is_absolute():
                return path.as_uri()
        stable = document.doc_id and not _RANDOM.fullmatch(document.doc_id)
        return self._named(document.doc_id if stable else sha256(_text(document).encode()).hexdigest()[:32])

    def _named(self, own: str) -> str:
        return f"llamahub:{quote(self.name, safe='')}/{quote(own)}"

    def _clause(self, parts: "Iterable[Document]") -> list[str] | None:
        """Who may read a document by its metadata: None where the settings name none; nobody where parts differ."""
        if not self.readers_from:
            return None
        said = [each.metadata.get(self.readers_from) for each in parts]
        named = [{str(one) for one in each} if isinstance(each, list | tuple | set) else set[str]() for each in said]
        return sorted(set.intersection(*named))


def _data(parts: "list[Document]") -> bytes:
    """Documents of one address as the format parts reads them."""
    first = parts[0].metadata
    authors = _first(first, _AUTHORS)
    made = {
        "_parts": [{"text": _text(each), **_label(each)} for each in parts],
        "title": str(_first(first, _TITLES) or ""),
        "authors": [str(each) for each in authors] if isinstance(authors, list | tuple) else [str(authors or "")],
        "modified": str(_first(first, _DATES) or ""),
        "links": sorted({str(first[key]) for key in _ADDRESSES if re.match(r"https?://", str(first.get(key, "")))}),
    }
    return json.dumps(made, ensure_ascii=False).encode("utf-8", "replace")


def _label(document: "Document") -> dict[str, str]:
    """Which page of its document it is."""
    page = str(_first(document.metadata, _PAGES) or "")
    return {"label": f"page {page}", "fragment": f"#page={quote(page)}", "kind": "page"} if page else {}


def _text(document: "Document") -> str:
    return document.text or ""


def _first(metadata: Mapping[str, Any], keys: Iterable[str]) -> Any:
    return next((metadata[key] for key in keys if metadata.get(key)), None)


def _given(table: Mapping[str, object]) -> dict[str, Any]:
    """The arguments of a call, secrets put in; raises BadSource for one that is not set."""
    return {key: _filled(value) for key, value in table.items()}


def _filled(value: object) -> Any:
    if isinstance(value, str) and value.startswith("env:"):
        return secret(value.removeprefix("env:"))
    if isinstance(value, Mapping):
        return _given(value)
    return [_filled(each) for each in value] if isinstance(value, list) else value


def _secrets(value: object) -> Iterator[str]:
    """The values of the environment that stand in arguments."""
    if isinstance(value, str) and value.startswith("env:"):
        yield secret(value.removeprefix("env:"))
    elif isinstance(value, Mapping):
        yield from _secrets(tuple(value.values()))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _secrets(each)


def _package(module: str) -> str:
    """The package on PyPI that a module is in.

    >>> _package("llama_index.readers.web.sitemap"), _package("llama_index.core.readers"), _package("html2text")
    ('llama-index-readers-web', 'llama-index-core', 'html2text')
    """
    parts = module.split(".")
    kept = (
        parts[:3] if parts[:2] == ["llama_index", "readers"] else parts[:2] if parts[0] == "llama_index" else parts[:1]
    )
    return "-".join(kept).replace("_", "-")

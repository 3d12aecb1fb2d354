"""Records of an Invenio library such as CDS or Zenodo, over OAI-PMH, and the full texts that it keeps.

verb=ListRecords&metadataPrefix=marcxml&set=...     the records of a set, in parts
verb=ListRecords&resumptionToken=...                the next part
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

from ingest.errors import BadSourceSettings, Unreadable
from ingest.format import HEAD_BYTES, recognise
from ingest.formats import record
from ingest.formats.record.entry import Entry, Link
from ingest.kind import kind_of
from ingest.locator import packed, unpacked
from ingest.remote import Remote, opened
from ingest.source import End, Item, Raw
from ingest.xmltext import content, loaded

if TYPE_CHECKING:
    from lxml.etree import _Element

_OAI = "{http://www.openarchives.org/OAI/2.0/}"
_PREFIXES = ("marcxml", "oai_dc")


def claims(path: Path) -> bool:  # noqa: ARG001
    """Never: records lie on servers."""
    return False


@dataclass(frozen=True, slots=True)
class Source:
    """The records of the sets of a library.

    url is the address of its OAI-PMH service (https://cds.cern.ch/oai2d); without sets, all records are read.
    prefix is marcxml, which says the most, or oai_dc. record stands before the number of a record in the address of
    its page. With fulltext, the PDFs that the library itself keeps are documents too.
    """

    name: str
    readers: frozenset[str]
    url: str
    sets: tuple[str, ...] = ()
    prefix: str = "marcxml"
    record: str = "/record/"
    fulltext: bool = False
    token_env: str = ""
    ca: Path | None = None

    def __post_init__(self) -> None:
        """Raises BadSourceSettings for a prefix that is not read."""
        if self.prefix not in _PREFIXES:
            where = f"[[source]] kind = 'cds', name = {self.name!r}"
            raise BadSourceSettings(f"{where}: prefix = {self.prefix!r}: expected one of {', '.join(_PREFIXES)}")

    def listing(self) -> Iterator[Item | End]:
        """Every record, and its full texts; what the library says it has deleted, with that reason."""
        lost: list[str] = []
        seen: set[str] = set()
        for name in self.sets or ("",):
            try:
                for each in self._records(name):
                    for item in self._items(each):
                        if item.uri not in seen:  # a record may be in several sets
                            seen.add(item.uri)
                            yield item
            except Unreadable as problem:
                lost.append(f"set {name}: {problem}" if name else str(problem))
        yield End(not lost, "; ".join(lost))

    def fetch(self, item: Item) -> Raw:
        """A record as it was listed, or a full text; raises Unreadable."""
        data, more = unpacked(item.locator)
        if not more:
            return Raw(data, "record", "paper", name="record.xml")
        link, parent = more
        entry = record.read(data)
        text = self._server().page(link).data
        name = unquote(urlsplit(link).path.rpartition("/")[2])
        format_name = recognise(text[:HEAD_BYTES], name)
        if format_name != "pdf":
            raise Unreadable(f"{link}: expected a PDF, the server answers with {format_name or 'something else'}")
        return Raw(
            text,
            format_name,
            kind_of(format_name, text),
            name=name,
            title=entry.title,
            authors=tuple(person.name for person in entry.authors[:200]),
            modified=entry.moment,
            parent=parent,
            readers=entry.readers,
            warnings=entry.warnings,
        )

    def _server(self) -> Remote:
        return opened(self.url, token_env=self.token_env, ca=self.ca)

    def _page(self, number: str) -> str:
        return urljoin(self.url, f"{self.record}{number}")

    def _records(self, name: str) -> Iterator["_Element"]:
        """The records of a set, part by part; raises Unreadable where that breaks off or comes short."""
        asked = {"verb": "ListRecords", "metadataPrefix": self.prefix, **({"set": name} if name else {})}
        count, size, tokens = 0, 0, set[str]()
        while True:
            part = self._part(asked)
            for each in part.findall(f"{_OAI}record"):
                count += 1
                yield each
            token = part.find(f"{_OAI}resumptionToken")
            stated = "" if token is None else token.get("completeListSize") or ""
            size = max(size, int(stated)) if stated.isdecimal() else size
            following = content(token)
            if not following:
                break
            if following in tokens:
                raise Unreadable(f"the server goes round in circles after {count} records")
            tokens.add(following)
            asked = {"verb": "ListRecords", "resumptionToken": following}
        if count < size:
            raise Unreadable(f"the server says that there are {size} records, and gave {count}")

    def _part(self, asked: dict[str, str]) -> "_Element":
        """A part of the list; raises Unreadable for an error, which is what a set without records is too."""
        page = self._server().page(self.url, asked)
        root = loaded(page.data)
        if root.tag != f"{_OAI}OAI-PMH":
            raise Unreadable(f"{page.url}: no answer of OAI-PMH, but {root.tag}")
        error = root.find(f"{_OAI}error")
        if error is not None:
            said = f"{error.get('code')}: {content(error)}".rstrip(": ")
            raise Unreadable(f"the server answers with {said}")
        part = root.find(f"{_OAI}ListRecords")
        if part is None:
            raise Unreadable(f"{page.url}: the answer has no list of records")
        return part

    def _items(self, found: "_Element") -> Iterator[Item]:
        """A record and its full texts."""
        from lxml import etree

        header = found.find(f"{_OAI}header")
        identifier = content(None if header is None else header.find(f"{_OAI}identifier"))
        number = identifier.rpartition(":")[2]
        uri = self._page(number)
        metadata = found.find(f"{_OAI}metadata")
        if header is not None and header.get("status") == "deleted":
            yield Item(uri, "", skipped="the library says that it was deleted")
            return
        if metadata is None or not len(metadata):
            yield Item(uri, "empty", packed(b""))
            return
        data = etree.tostring(metadata[0], method="c14n")
        version = sha256(data).hexdigest()
        yield Item(uri, version, packed(data))
        if self.fulltext:
            stamp = content(None if header is None else header.find(f"{_OAI}datestamp"))
            yield from self._texts(uri, data, f"{version}-{stamp}")

    def _texts(self, uri: str, data: bytes, version: str) -> Iterator[Item]:
        """The PDFs that the library keeps of a record; they change with the record's stamp."""
        try:
            entry: Entry = record.read(data)
        except Unreadable:
            return
        for link in entry.links:
            where = urlsplit(link.url)
            if where.path.lower().endswith(".pdf"):
                if where.hostname != urlsplit(self.url).hostname:
                    yield Item(link.url, "", skipped="the full text lies on another server")
                else:
                    yield Item(link.url, _of_text(version, link), packed(data, link.url, uri))


def _of_text(version: str, link: Link) -> str:
    return sha256(f"{version} {link.url} {link.size}".encode()).hexdigest()

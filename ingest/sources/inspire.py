"""Papers by their identifiers or by a search: what INSPIRE knows of them, and their source at arXiv.

api/literature/2890123, api/arxiv/2604.00321, api/doi/10.9999/helix    one record
api/literature?q=collaboration HELIX&page=2                            a page of a search
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

from ingest.errors import BadSourceSettings, Unreadable
from ingest.format import HEAD_BYTES, recognise
from ingest.formats import record
from ingest.kind import kind_of
from ingest.locator import packed, unpacked
from ingest.remote import NoSuchPage, Page, Remote, opened
from ingest.source import End, Item, Raw

# What is read of a record, and asked for; all else (how often it is cited) may change without it being another.
_KEYS = tuple(
    "$schema abstracts arxiv_eprints authors.affiliations.value authors.full_name collaborations control_number "
    "deleted document_type documents dois earliest_date imprints keywords preprint_date public_notes publication_info "
    "report_numbers titles urls".split()
)
_KEPT = frozenset(key.partition(".")[0] for key in _KEYS)
_AT_ONCE = 100
# INSPIRE lets 15 requests through in 5 s, arXiv asks for 3 s between two.
_INSPIRE_SECONDS = 0.4
_ARXIV_SECONDS = 3.0
_EPRINT = re.compile(r"(?:arxiv:)?(\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(?:v\d+)?", re.IGNORECASE)


def claims(path: Path) -> bool:  # noqa: ARG001
    """Never: records lie on servers."""
    return False


@dataclass(frozen=True, slots=True)
class Source:
    """Records of INSPIRE.

    records are numbers of INSPIRE, arXiv identifiers or DOIs; query is a search as one types it there, of which at
    most most records are read. With fulltext, the source of a paper at arXiv (or its PDF, where there is none) is a
    document too.
    """

    name: str
    readers: frozenset[str]
    records: tuple[str, ...] = ()
    query: str = ""
    most: int = 2000
    fulltext: bool = False
    url: str = "https://inspirehep.net"
    arxiv: str = "https://arxiv.org"
    ca: Path | None = None

    def __post_init__(self) -> None:
        """Raises BadSourceSettings for what is no identifier."""
        where = f"[[source]] kind = 'inspire', name = {self.name!r}"
        if not self.records and not self.query:
            raise BadSourceSettings(f"{where}: name records or a query")
        for each in self.records:
            if not _path(each):
                raise BadSourceSettings(f"{where}: {each!r} is no number of INSPIRE, arXiv identifier or DOI")

    def listing(self) -> Iterator[Item | End]:
        """Every record, and its source at arXiv; those that INSPIRE does not have or has deleted, with the reason."""
        lost: list[str] = []
        seen: set[str] = set()
        answered = 0
        for found in self._found(lost):
            if isinstance(found, Item):
                yield found
                continue
            answered += 1
            for item in self._items(found, lost):
                if item.uri not in seen:
                    seen.add(item.uri)
                    yield item
        if not answered and not lost:
            lost.append("INSPIRE has none of the records")
        yield End(not lost, "; ".join(lost))

    def fetch(self, item: Item) -> Raw:
        """A record as it was listed, or the source of a paper; raises Unreadable."""
        data, more = unpacked(item.locator)
        if not more:
            return Raw(data, "record", "paper", name="record.json")
        eprint, parent = more
        page = self._eprint(eprint)
        format_name = recognise(page.data[:HEAD_BYTES], eprint.rpartition("/")[2])
        if format_name not in ("latex", "pdf"):
            raise Unreadable(f"{page.url}: neither LaTeX nor a PDF")
        kind = kind_of(format_name, page.data)
        entry = record.read(data)
        return Raw(page.data, format_name, kind, name=eprint, modified=entry.moment, parent=parent)

    def _server(self) -> Remote:
        made = opened(self.url, ca=self.ca)
        made.keep_distance(_INSPIRE_SECONDS)
        return made

    def _eprint(self, eprint: str) -> Page:
        server = opened(self.arxiv, ca=self.ca)
        server.keep_distance(_ARXIV_SECONDS)
        return server.page(f"e-print/{eprint}")

    def _found(self, lost: list[str]) -> Iterator[dict[str, Any] | Item]:
        """The records as the server gives them, and an item for each that it does not have."""
        for each in self.records:
            try:
                found = self._server().page(_path(each), {"fields": ",".join(_KEYS)}).json()
                yield _metadata(found)
            except NoSuchPage:
                yield Item(
                    urljoin(self.url, f"/{_path(each).removeprefix('api/')}"), "", skipped="INSPIRE has no such record"
                )
            except Unreadable as problem:
                lost.append(f"{each}: {problem}")
        if self.query:
            try:
                yield from self._of_query(lost)
            except Unreadable as problem:
                lost.append(f"the search {self.query!r}: {problem}")

    def _of_query(self, lost: list[str]) -> Iterator[dict[str, Any]]:
        """The records of a search, page by page; raises Unreadable where that breaks off or comes short."""
        total, hits = self._hits(1)
        if not total:
            raise Unreadable("it finds nothing")
        numbers: set[object] = set()
        page = 1
        while True:
            for metadata in map(_metadata, hits[: self.most - len(numbers)]):
                numbers.add(metadata["control_number"])
                yield metadata
            if len(numbers) >= min(total, self.most):
                break
            page += 1
            now, hits = self._hits(page)
            if now != total:
                raise Unreadable("what it finds changed while it was read; the next run reads it anew")
            if not hits:
                raise Unreadable(f"the server says that there are {total} records, and gave {len(numbers)}")
        if total > self.most:
            lost.append(f"the search {self.query!r} finds {total} records, more than most = {self.most}")

    def _hits(self, page: int) -> tuple[int, list[Any]]:
        """How many records a search finds, and those on one page of it."""
        asked: dict[str, str | int] = {"q": self.query, "sort": "mostrecent", "size": _AT_ONCE, "page": page}
        found = self._server().page("api/literature", {**asked, "fields": ",".join(_KEYS)}).json()
        hits = found.get("hits") if isinstance(found, dict) else None
        if (
            not isinstance(hits, dict)
            or not isinstance(hits.get("total"), int)
            or not isinstance(hits.get("hits"), list)
        ):
            raise Unreadable("the server answers with something that is no list of records")
        return hits["total"], hits["hits"]

    def _items(self, metadata: dict[str, Any], lost: list[str]) -> Iterator[Item]:
        uri = urljoin(self.url, f"/literature/{metadata.get('control_number')}")
        if metadata.get("deleted") is True:
            yield Item(uri, "", skipped="INSPIRE says that it was deleted")
            return
        kept = {key: metadata[key] for key in metadata if key in _KEPT}
        data = json.dumps({"metadata": kept}, sort_keys=True, ensure_ascii=False).encode("utf-8", "replace")
        yield Item(uri, sha256(data).hexdigest(), packed(data))
        if self.fulltext:
            yield from self._texts(uri, metadata, data, lost)

    def _texts(self, uri: str, metadata: dict[str, Any], data: bytes, lost: list[str]) -> Iterator[Item]:
        """The sources of a paper at arXiv, asked for again only if they have changed."""
        for each in metadata.get("arxiv_eprints") or []:
            eprint = str(each.get("value", ""))
            if not _EPRINT.fullmatch(eprint):
                continue
            address = urljoin(self.arxiv, f"/abs/{eprint}")
            try:
                content = self._eprint(eprint).data
            except NoSuchPage:
                yield Item(address, "", skipped="arXiv has no source of it")
            except Unreadable as problem:
                lost.append(str(problem))
            else:
                yield Item(address, sha256(content).hexdigest(), packed(data, eprint, uri))


def _metadata(found: Any) -> dict[str, Any]:
    """The record in an answer; raises Unreadable where there is none."""
    metadata = found.get("metadata") if isinstance(found, dict) else None
    if not isinstance(metadata, dict) or not metadata.get("control_number"):
        raise Unreadable("the server answers with something that is no record")
    return metadata


def _path(identifier: str) -> str:
    """Where the record of an identifier lies in the API; "" for what is none.

    >>> _path("2890123"), _path("arXiv:2604.00321v2"), _path("10.9999/helix.1"), _path("HELIX")
    ('api/literature/2890123', 'api/arxiv/2604.00321', 'api/doi/10.9999/helix.1', '')
    """
    if identifier.isdecimal():
        return f"api/literature/{identifier}"
    eprint = _EPRINT.fullmatch(identifier)
    if eprint:
        return f"api/arxiv/{eprint[1]}"
    doi = re.fullmatch(r"(?:doi:|https?://(?:dx\.)?doi\.org/)?(10\.\d{4,}/\S+)", identifier, re.IGNORECASE)
    return f"api/doi/{quote(doi[1])}" if doi else ""

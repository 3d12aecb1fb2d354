"""From the bytes of an item to its document."""

import hashlib
import re
from dataclasses import replace
from datetime import UTC

from ingest.document import MAX_CLAUSES, NOBODY, Document
from ingest.format import Parsed, load
from ingest.source import Item, Raw, Source

_SURROGATE = re.compile("[\ud800-\udfff]")


def parsed(raw: Raw) -> Parsed:
    """What the format of these bytes reads out of them; raises Unreadable."""
    return load(raw.format).parse(raw.data, raw.name)


def document(
    item: Item, raw: Raw, read: Parsed, source: Source, *, raw_key: str = "", layout_key: str = ""
) -> Document:
    """Join what the source says of an item with what its bytes say; where both speak, the source wins.

    Readers are the clauses of the source, of the item and of the bytes, all to be met.
    """
    readers, warnings = clauses((source.readers, *raw.readers, *read.readers))
    modified = raw.modified or read.modified
    return Document(
        uri=item.uri,
        kind=raw.kind,
        source=source.name,
        title=_whole(raw.title or read.title or raw.name or item.uri),
        text=_whole(read.text),
        readers=readers,
        parent=raw.parent or read.parent,
        thread=raw.thread or read.thread,
        modified=modified if modified is None or modified.tzinfo else modified.replace(tzinfo=UTC),
        version=raw.version or read.version,
        status=raw.status,
        authors=tuple(map(_whole, raw.authors or read.authors)),
        language=read.language,
        marks=tuple(replace(mark, label=_whole(mark.label), fragment=_whole(mark.fragment)) for mark in read.marks),
        identifiers=read.identifiers,
        links=tuple(dict.fromkeys(map(_whole, (*raw.links, *read.links)))),
        warnings=tuple(map(_whole, (*raw.warnings, *read.warnings, *warnings))),
        raw=raw_key,
        layout=layout_key,
    )


def _whole(text: str) -> str:
    """Text without halves of surrogate pairs, which no store takes; every offset stays true.

    >>> _whole("a\\ud800b")
    'a\ufffdb'
    """
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def clauses(given: tuple[frozenset[str], ...]) -> tuple[tuple[frozenset[str], ...], tuple[str, ...]]:
    """The distinct clauses among those given that restrict anybody, and warnings.

    A clause with ``public`` in it is met by everyone, and stands only when there is no other. No clause at all, or
    more than the store can keep, is readable by nobody.

    >>> clauses((frozenset({"public"}), frozenset({"group:a"})))
    ((frozenset({'group:a'}),), ())
    >>> clauses(())
    ((frozenset(),), ('nothing says who may read it: nobody may',))
    """
    if not given:
        return NOBODY, ("nothing says who may read it: nobody may",)
    narrow = tuple(sorted({clause for clause in given if "public" not in clause}, key=sorted))
    if len(narrow) > MAX_CLAUSES:
        return NOBODY, (f"{len(narrow)} conditions on its readers, more than {MAX_CLAUSES}: nobody may read it",)
    return narrow or (frozenset({"public"}),), ()


def content_hash(document: Document) -> str:
    """A hash of all that a document says and is, but not of who may read it nor of where its bytes are kept."""
    return hashlib.sha256(repr(replace(document, readers=(), raw="", layout="")).encode()).hexdigest()

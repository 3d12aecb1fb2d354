"""What a library knows of a paper: a record of Invenio (MARCXML, Dublin Core) or of INSPIRE (JSON)."""

import re

from ingest import hypertext
from ingest.errors import Unreadable
from ingest.format import Parsed
from ingest.formats.record import dublin, inspire, marc
from ingest.formats.record.entry import Entry, Person
from ingest.jsontext import loaded as json_loaded
from ingest.writer import Writer
from ingest.xmltext import loaded as xml_loaded

SUFFIXES = (".marcxml",)

_XML = re.compile(rb"MARC21/slim|oai_dc/")
_JSON = re.compile(rb"inspirehep\.net\\?/schemas\\?/records\\?/hep")
_TAG = re.compile(r"</?(?:p|br|i|b|em|strong|su[bp]|math|mml:math|inline-formula|a|span|div|ul|li)\b[^<>]*>", re.I)
# A paper may have 3,000 authors; so many are named.
_NAMED = 12
_MOST_AUTHORS = 200


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """XML or JSON that names the schema of a library's records."""
    start = head.lstrip()[:1]
    return bool((start == b"<" and _XML.search(head)) or (start == b"{" and _JSON.search(head)))


def parse(raw: bytes, name: str = "") -> Parsed:  # noqa: ARG001
    """Read one record; raises Unreadable."""
    entry = read(raw)
    writer = Writer()
    _write(entry, writer)
    return Parsed(
        text=writer.text,
        marks=writer.marks,
        title=" ".join(_prose(entry.title).split()),
        authors=tuple(person.name for person in entry.authors[:_MOST_AUTHORS]) or entry.collaborations,
        modified=entry.moment,
        identifiers=entry.identifiers,
        links=tuple(dict.fromkeys(link.url for link in entry.links if link.url.startswith(("http://", "https://")))),
        readers=entry.readers,
        warnings=entry.warnings,
    )


def read(raw: bytes) -> Entry:
    """What a record says; raises Unreadable for what is none."""
    if raw.lstrip()[:1] == b"{":
        found = json_loaded(raw)
        entry = inspire.entry(found) if isinstance(found, dict) else None
    else:
        root = xml_loaded(raw)
        entry = marc.entry(root) or dublin.entry(root)
    if entry is None or not (entry.title or entry.abstract):
        raise Unreadable("no record of a library in it")
    return entry


def _write(entry: Entry, writer: Writer) -> None:
    writer.heading(_prose(entry.title) or "Untitled", 1)
    facts = (
        ("Authors" if len(entry.authors) > 1 else "Author", _people(entry.authors)),
        ("Collaboration", ", ".join(entry.collaborations)),
        ("Report numbers" if len(entry.numbers) > 1 else "Report number", ", ".join(entry.numbers)),
        ("arXiv", ", ".join(entry.eprints)),
        ("DOI", ", ".join(entry.dois)),
        ("Date", entry.date),
        ("Published in", "; ".join(entry.published)),
        ("Kind", ", ".join(entry.kinds)),
        ("Keywords", ", ".join(entry.keywords)),
    )
    writer.block("\n".join(f"- {name}: {value}" for name, value in facts if value))
    if entry.abstract:
        writer.heading("Abstract", 2)
        writer.block(_prose(entry.abstract))
    if entry.notes:
        writer.heading("Notes", 2)
        writer.block("\n".join(f"- {_prose(note)}" for note in entry.notes))
    if entry.links:
        writer.heading("Full text and links", 2)
        lines = [f"- {link.label}: {link.url}" if link.label else f"- {link.url}" for link in entry.links]
        writer.block("\n".join(dict.fromkeys(lines)))


def _people(authors: tuple[Person, ...]) -> str:
    """The first authors, and how many more there are."""
    named = [str(each) for each in authors[:_NAMED]]
    rest = len(authors) - len(named)
    return "; ".join([*named, f"and {rest:,} more"] if rest else named)


def _prose(words: str) -> str:
    """A title or abstract, which may have tags of HTML or MathML in it."""
    return hypertext.markdown(words) if _TAG.search(words) else words

"""Dublin Core as OAI-PMH carries it."""

import re
from typing import TYPE_CHECKING

from ingest.document import NOBODY
from ingest.formats.record.entry import Entry, Link, Person, first_name_first
from ingest.xmltext import content

if TYPE_CHECKING:
    from lxml.etree import _Element

_ELEMENTS = "{http://purl.org/dc/elements/1.1/}"
_DOI = re.compile(r"^(?:doi:|https?://(?:dx\.)?doi\.org/)?(10\.\d{4,}/\S+)$", re.IGNORECASE)
_EPRINT = re.compile(r"^(?:arxiv:|https?://arxiv\.org/abs/)(\S+?)(?:v\d+)?$", re.IGNORECASE)
_ADDRESS = re.compile(r"^https?://\S+$")
_CLOSED = re.compile(r"closedAccess|restrictedAccess|embargoedAccess", re.IGNORECASE)


def entry(root: "_Element") -> Entry | None:
    """The record in a tree, or None where there is none."""
    found: dict[str, list[str]] = {}
    for each in root.iter(f"{_ELEMENTS}*"):
        words = content(each)
        if words:
            found.setdefault(each.tag.removeprefix(_ELEMENTS), []).append(words)
    if not found:
        return None
    names = [*found.get("identifier", []), *found.get("relation", [])]
    dois = tuple(dict.fromkeys(match[1] for each in names if (match := _DOI.match(each))))
    eprints = tuple(dict.fromkeys(match[1] for each in names if (match := _EPRINT.match(each))))
    links = [each for each in names if _ADDRESS.match(each) and not _DOI.match(each)]
    closed = any(_CLOSED.search(each) for each in found.get("rights", []))
    return Entry(
        title=next(iter(found.get("title", [])), ""),
        authors=tuple(Person(first_name_first(each)) for each in found.get("creator", [])),
        abstract="\n\n".join(found.get("description", [])),
        date=next(iter(found.get("date", [])), ""),
        numbers=tuple(dict.fromkeys(each for each in found.get("identifier", []) if _is_number(each))),
        eprints=eprints,
        dois=dois,
        published=tuple(found.get("source", [])),
        kinds=tuple(found.get("type", [])),
        keywords=tuple(found.get("subject", [])),
        links=tuple(Link(each) for each in dict.fromkeys(links)),
        readers=NOBODY if closed else (),
        warnings=("the record is restricted, and does not say for whom: nobody may read it",) if closed else (),
    )


def _is_number(name: str) -> bool:
    """Whether an identifier is a report number."""
    known = _DOI.match(name) or _EPRINT.match(name) or _ADDRESS.match(name)
    return not known and not name.lower().startswith("oai:") and not name.isdecimal() and " " not in name

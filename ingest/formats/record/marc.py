"""MARC 21 as XML, as Invenio writes it."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ingest.document import NOBODY
from ingest.formats.record.entry import Entry, Link, Person, first_name_first
from ingest.xmltext import content

if TYPE_CHECKING:
    from lxml.etree import _Element

_EPRINT = re.compile(r"^(?:arxiv:)?(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?$", re.IGNORECASE)
_OPEN = re.compile(r"\b(?:open|public|unlimited|unrestricted)\b", re.IGNORECASE)


def entry(root: "_Element") -> Entry | None:
    """The record in a tree, or None where there is none."""
    record = root if root.tag.rpartition("}")[2] == "record" else root.find(".//{http://www.loc.gov/MARC21/slim}record")
    if record is None or record.find("{*}datafield") is None:
        return None
    fields = _Fields(record)
    numbers = [*fields.all("037", "a"), *fields.all("088", "a9")]
    eprints = [match[1] for each in numbers if (match := _EPRINT.match(each))]
    readers, warnings = _readers(fields)
    title = ": ".join(filter(None, (fields.one("245", "a"), fields.one("245", "b"))))
    return Entry(
        title=title,
        number=next((content(each) for each in record.findall("{*}controlfield") if each.get("tag") == "001"), ""),
        authors=tuple(_people(fields)),
        collaborations=tuple(dict.fromkeys([*fields.all("710", "g"), *fields.all("110", "a")])),
        abstract="\n\n".join(fields.all("520", "a")),
        date=fields.one("269", "c") or fields.one("260", "c") or fields.one("773", "y"),
        numbers=tuple(dict.fromkeys(each for each in numbers if not _EPRINT.match(each))),
        eprints=tuple(dict.fromkeys(eprints)),
        dois=tuple(dict.fromkeys(each for each in fields.all("024", "a") if each.startswith("10."))),
        published=tuple(filter(None, map(_published, fields.each("773")))),
        kinds=tuple(dict.fromkeys(fields.all("980", "a"))),
        keywords=tuple(dict.fromkeys([*fields.all("653", "a"), *fields.all("695", "a")])),
        notes=tuple(fields.all("500", "a")),
        links=tuple(_links(fields)),
        readers=readers,
        warnings=warnings,
    )


class _Fields:
    """The fields of a record by their tags."""

    def __init__(self, record: "_Element") -> None:
        self._found: dict[str, list[_Element]] = {}
        for each in record.findall("{*}datafield"):
            self._found.setdefault(each.get("tag") or "", []).append(each)

    def each(self, tag: str) -> list["_Element"]:
        """The fields of a tag, in order."""
        return self._found.get(tag, [])

    def all(self, tag: str, codes: str) -> list[str]:
        """What stands under the codes in all fields of a tag."""
        return [found for each in self.each(tag) for found in _under(each, codes)]

    def one(self, tag: str, code: str) -> str:
        """The first of them."""
        return next(iter(self.all(tag, code)), "")


def _under(field: "_Element", codes: str) -> list[str]:
    subfields = [each for each in field.findall("{*}subfield") if (each.get("code") or "?") in codes]
    return [found for found in map(content, subfields) if found]


def _people(fields: _Fields) -> Iterator[Person]:
    for field in (*fields.each("100"), *fields.each("700")):
        for name in _under(field, "a")[:1]:
            yield Person(first_name_first(name), next(iter(_under(field, "u")), ""))


def _published(field: "_Element") -> str:
    """Journal, volume, year and page, as they are cited."""
    journal, volume, year, page = ("".join(_under(field, code)[:1]) for code in "pvyc")
    if not journal:
        return next(iter(_under(field, "x")), "")
    return " ".join(filter(None, (journal, volume, f"({year})" if year else "", page)))


def _links(fields: _Fields) -> Iterator[Link]:
    for field in fields.each("856"):
        for url in _under(field, "u")[:1]:
            yield Link(url, next(iter(_under(field, "yz3")), ""), next(iter(_under(field, "s")), ""))


def _readers(fields: _Fields) -> tuple[tuple[frozenset[str], ...], tuple[str, ...]]:
    """Who may read it: restrictions on access stand in field 506, with those who may under d."""
    closed = [
        each
        for each in fields.each("506")
        if each.get("ind1") != "0" and not any(_OPEN.search(said) for said in _under(each, "af"))
    ]
    named = frozenset(
        f"group:{group.removesuffix('[CERN]').strip()}" for each in closed for group in _under(each, "dm")
    )
    if named:
        return (named,), ()
    if closed:
        return NOBODY, ("the record is restricted, and does not say for whom: nobody may read it",)
    return (), ()

"""JSON as the REST API of INSPIRE gives it."""

from ingest.formats.record.entry import Entry, Link, Person, first_name_first

Json = dict[str, object]


def entry(found: Json) -> Entry | None:
    """A record of the literature, with or without its envelope, or None where it is none."""
    inner = found.get("metadata")
    record = inner if isinstance(inner, dict) else found
    titles = _values(record, "titles", "title")
    if not titles and not _values(record, "abstracts", "value"):
        return None
    subtitle = next(iter(_values(record, "titles", "subtitle")), "")
    return Entry(
        title=": ".join(filter(None, (next(iter(titles), ""), subtitle))),
        number=_text(record, "control_number"),
        authors=tuple(map(_person, _objects(record, "authors"))),
        collaborations=tuple(dict.fromkeys(_values(record, "collaborations", "value"))),
        abstract=next(iter(_values(record, "abstracts", "value")), ""),
        date=next(iter(_values(record, "imprints", "date")), "")
        or _text(record, "preprint_date")
        or _text(record, "earliest_date"),
        numbers=tuple(dict.fromkeys(_values(record, "report_numbers", "value"))),
        eprints=tuple(dict.fromkeys(_values(record, "arxiv_eprints", "value"))),
        dois=tuple(dict.fromkeys(_values(record, "dois", "value"))),
        published=tuple(filter(None, map(_published, _objects(record, "publication_info")))),
        kinds=tuple(each for each in _listed(record, "document_type") if isinstance(each, str)),
        keywords=tuple(dict.fromkeys(_values(record, "keywords", "value"))),
        notes=tuple(dict.fromkeys(_values(record, "public_notes", "value"))),
        links=tuple(
            Link(_text(each, "url"), _text(each, "description"))
            for key in ("documents", "urls")
            for each in _objects(record, key)
            if _text(each, "url").startswith("http") and each.get("hidden") is not True
        ),
    )


def _person(found: Json) -> Person:
    places = _values(found, "affiliations", "value")
    return Person(first_name_first(_text(found, "full_name")) or "N. N.", next(iter(places), ""))


def _published(found: Json) -> str:
    """Journal, volume, year and page, as they are cited."""
    journal, volume, year = (_text(found, key) for key in ("journal_title", "journal_volume", "year"))
    if not journal:
        return _text(found, "pubinfo_freetext")
    page = _text(found, "artid") or _text(found, "page_start")
    return " ".join(filter(None, (journal, volume, f"({year})" if year else "", page)))


def _text(found: Json, key: str) -> str:
    value = found.get(key)
    return " ".join(value.split()) if isinstance(value, str) else str(value) if type(value) is int else ""


def _listed(found: Json, key: str) -> list[object]:
    value = found.get(key)
    return value if isinstance(value, list) else []


def _objects(found: Json, key: str) -> list[Json]:
    return [each for each in _listed(found, key) if isinstance(each, dict)]


def _values(found: Json, key: str, inner: str) -> list[str]:
    return [value for each in _objects(found, key) if (value := _text(each, inner))]

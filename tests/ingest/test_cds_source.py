from types import ModuleType
from typing import Any

import pytest

from ingest.errors import BadSourceSettings, Unreadable
from ingest.source import End, Item
from ingest.sources.cds import Source

PUBLIC = frozenset({"public"})
MARC = "http://www.loc.gov/MARC21/slim"


@pytest.fixture(autouse=True)
def cache(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def field(tag: str, code: str, value: str) -> str:
    return f'<datafield tag="{tag}"><subfield code="{code}">{value}</subfield></datafield>'


def entry(number: int, *fields: str, stamp: str = "2026-03-01") -> str:
    inner = field("245", "a", f"Note {number}") + "".join(fields)
    header = f"<header><identifier>oai:x:{number}</identifier><datestamp>{stamp}</datestamp></header>"
    return f'<record>{header}<metadata><record xmlns="{MARC}">{inner}</record></metadata></record>'


def answer(*entries: str, token: str = "") -> str:
    inner = f"<ListRecords>{''.join(entries)}{token}</ListRecords>"
    return f'<?xml version="1.0"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">{inner}</OAI-PMH>'


def listed(source: Source) -> tuple[list[Item], End]:
    *items, end = source.listing()
    assert isinstance(end, End)
    return [item for item in items if isinstance(item, Item)], end


def test_fewer_records_than_the_server_states_are_not_complete(site: Any, web: ModuleType) -> None:
    token = '<resumptionToken completeListSize="2"/>'
    site.says["/oai2d"] = web.Reply(answer(entry(1), token=token))
    items, end = listed(Source("cds", PUBLIC, f"{site.url}/oai2d"))
    assert [item.uri for item in items] == [f"{site.url}/record/1"]
    assert end == End(False, "the server says that there are 2 records, and gave 1")


def test_a_token_that_comes_again_ends_the_listing(site: Any, web: ModuleType) -> None:
    site.says["/oai2d"] = web.Reply(answer(entry(1), token="<resumptionToken>a</resumptionToken>"))
    items, end = listed(Source("cds", PUBLIC, f"{site.url}/oai2d"))
    assert (len(items), len(site.asked)) == (1, 2)
    assert end == End(False, "the server goes round in circles after 2 records")


@pytest.mark.parametrize("body", ["<html><p>Maintenance</p></html>", "", "<OAI-PMH/>"])
def test_what_is_no_answer_of_the_protocol_is_not_complete(site: Any, web: ModuleType, body: str) -> None:
    site.says["/oai2d"] = web.Reply(body)
    items, end = listed(Source("cds", PUBLIC, f"{site.url}/oai2d"))
    assert (items, end.complete) == ([], False)


def test_a_full_text_changes_with_the_stamp_of_its_record_and_the_record_does_not(site: Any, web: ModuleType) -> None:
    link = field("856", "u", f"{site.url}/record/1/files/a.pdf")
    versions = []
    for stamp in ("2026-03-01", "2026-03-02"):
        site.says["/oai2d"] = web.Reply(answer(entry(1, link, stamp=stamp)))
        items, _ = listed(Source("cds", PUBLIC, f"{site.url}/oai2d", fulltext=True))
        versions.append([item.version for item in items])
    assert versions[0][0] == versions[1][0]
    assert versions[0][1] != versions[1][1]


def test_a_page_instead_of_the_full_text_is_refused(site: Any, web: ModuleType) -> None:
    link = field("856", "u", f"{site.url}/record/1/files/a.pdf")
    site.says["/oai2d"] = web.Reply(answer(entry(1, link)))
    site.says["/record/1/files/a.pdf"] = web.Reply("<html><body><p>Please accept our cookies.</p></body></html>")
    source = Source("cds", PUBLIC, f"{site.url}/oai2d", fulltext=True)
    items, _ = listed(source)
    with pytest.raises(Unreadable, match="expected a PDF, the server answers with html"):
        source.fetch(items[1])


def test_a_record_is_fetched_without_asking_again(site: Any, web: ModuleType) -> None:
    site.says["/oai2d"] = web.Reply(answer(entry(1)))
    source = Source("cds", PUBLIC, f"{site.url}/oai2d")
    items, _ = listed(source)
    assert b"Note 1" in source.fetch(items[0]).data
    assert len(site.asked) == 1


def test_a_prefix_that_is_not_read_is_refused() -> None:
    with pytest.raises(BadSourceSettings, match="prefix = 'marc': expected one of marcxml, oai_dc"):
        Source("cds", PUBLIC, "https://cds.example.org/oai2d", prefix="marc")

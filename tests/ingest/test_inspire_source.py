from types import ModuleType
from typing import Any

import pytest

from ingest.errors import BadSourceSettings
from ingest.source import End, Item
from ingest.sources.inspire import Source

PUBLIC = frozenset({"public"})


@pytest.fixture(autouse=True)
def cache(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def paper(number: int, **more: object) -> dict[str, Any]:
    return {"metadata": {"control_number": number, "titles": [{"title": f"Paper {number}"}], **more}}


def found(total: int, *numbers: int) -> dict[str, Any]:
    return {"hits": {"total": total, "hits": [paper(each) for each in numbers]}}


def listed(site: Any, **settings: Any) -> tuple[list[Item], End]:
    *items, end = Source("inspire", PUBLIC, url=site.url, arxiv=site.url, **settings).listing()
    assert isinstance(end, End)
    return [item for item in items if isinstance(item, Item)], end


def test_a_search_is_read_page_by_page_to_its_end(site: Any, web: ModuleType) -> None:
    pages = {"1": found(3, 1, 2), "2": found(3, 3)}
    site.says["/api/literature"] = lambda asked: web.Reply(pages[asked.query["page"]])
    items, end = listed(site, query="collaboration HELIX")
    assert [item.uri.rpartition("/")[2] for item in items] == ["1", "2", "3"]
    assert end == End(True)


def test_a_search_that_breaks_off_is_not_complete(site: Any, web: ModuleType) -> None:
    pages = {"1": web.Reply(found(3, 1, 2)), "2": web.Reply("no", 404)}
    site.says["/api/literature"] = lambda asked: pages[asked.query["page"]]
    items, end = listed(site, query="HELIX")
    assert (len(items), end.complete) == (2, False)


@pytest.mark.parametrize("second", [found(2, 3), found(3, 2)])
def test_a_search_that_changes_while_it_is_read_is_not_complete(
    site: Any, web: ModuleType, second: dict[str, Any]
) -> None:
    pages = {"1": found(3, 1, 2), "2": second, "3": found(3)}
    site.says["/api/literature"] = lambda asked: web.Reply(pages[asked.query["page"]])
    _, end = listed(site, query="HELIX")
    assert not end.complete


def test_a_search_that_finds_more_than_the_bound_is_not_complete(site: Any, web: ModuleType) -> None:
    site.says["/api/literature"] = web.Reply(found(3, 1, 2, 3))
    items, end = listed(site, query="HELIX", most=2)
    assert len(items) == 2
    assert end == End(False, "the search 'HELIX' finds 3 records, more than most = 2")


@pytest.mark.parametrize("body", [{"hits": {"hits": [], "total": 0}}, [], {"hits": {"hits": [{}], "total": 1}}, "<p>x"])
def test_what_is_no_list_of_records_is_not_complete(site: Any, web: ModuleType, body: object) -> None:
    site.says["/api/literature"] = web.Reply(body)
    items, end = listed(site, query="HELIX")
    assert (items, end.complete) == ([], False)


def test_how_often_a_paper_is_cited_makes_no_new_version(site: Any, web: ModuleType) -> None:
    versions = []
    for more in ({"citation_count": 1}, {"citation_count": 2}, {"abstracts": [{"value": "New."}]}):
        site.says["/api/literature/7"] = web.Reply(paper(7, **more))
        versions.append(listed(site, records=("7",))[0][0].version)
    assert versions[0] == versions[1] != versions[2]


def test_a_server_that_has_none_of_the_records_is_not_complete(site: Any) -> None:
    items, end = listed(site, records=("7",))
    assert items[0].skipped == "INSPIRE has no such record"
    assert end == End(False, "INSPIRE has none of the records")


def test_the_version_of_a_source_changes_with_its_bytes(site: Any, web: ModuleType) -> None:
    site.says["/api/literature/7"] = web.Reply(paper(7, arxiv_eprints=[{"value": "2604.00321"}]))
    versions = []
    for text in ("%PDF one", "%PDF two"):
        site.says["/e-print/2604.00321"] = web.Reply(text)
        versions.append(listed(site, records=("7",), fulltext=True)[0][1].version)
    assert versions[0] != versions[1]


def test_a_source_that_cannot_be_had_now_is_not_complete(site: Any, web: ModuleType) -> None:
    site.says["/api/literature/7"] = web.Reply(paper(7, arxiv_eprints=[{"value": "2604.00321"}]))
    site.says["/e-print/2604.00321"] = web.Reply("<title>Just a moment</title>", 403)
    items, end = listed(site, records=("7",), fulltext=True)
    assert (len(items), end.complete) == (1, False)


def test_what_is_no_identifier_is_refused() -> None:
    with pytest.raises(BadSourceSettings, match="'HELIX-1' is no number of INSPIRE, arXiv identifier or DOI"):
        Source("inspire", PUBLIC, records=("HELIX-1",))

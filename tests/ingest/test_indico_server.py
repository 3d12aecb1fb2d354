from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from ingest.document import NOBODY
from ingest.errors import BadSourceSettings
from ingest.formats.indico_event.export import event
from ingest.source import End, Item
from ingest.sources.indico import Source
from ingest.sources.indico.server import with_sessions

PUBLIC = frozenset({"public"})
Json = dict[str, Any]
Told = Callable[..., None]


@pytest.fixture(autouse=True)
def cache(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def meeting(site: Any, number: int, *talks: Json, **more: object) -> Json:
    url = f"{site.url}/event/{number}/"
    return {"_type": "Conference", "id": str(number), "title": "Weekly", "url": url, "contributions": talks, **more}


def talk(site: Any, number: int, *attachments: Json, **more: object) -> Json:
    url = f"{site.url}/event/7/contributions/{number}/"
    return {"db_id": number, "title": "Menu", "url": url, "folders": [{"attachments": attachments}], **more}


@pytest.fixture
def told(site: Any, web: ModuleType) -> Told:
    """Lets the server answer a path with events."""

    def tell(path: str, *events: Json) -> None:
        site.says[f"/export/{path}"] = web.Reply({"count": len(events), "results": events})

    return tell


def listed(source: Source) -> tuple[list[Item], End]:
    *items, end = source.listing()
    assert isinstance(end, End)
    return [item for item in items if isinstance(item, Item)], end


def test_the_token_of_the_environment_goes_to_the_server(
    site: Any, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELIX_INDICO", "abc")
    told("event/7.json", meeting(site, 7))
    _, end = listed(Source("agenda", PUBLIC, url=site.url, events=("7",), token_env="HELIX_INDICO"))
    assert end == End(True)
    assert [each.headers["authorization"] for each in site.asked] == ["Bearer abc"]


def test_a_large_category_comes_in_parts(site: Any, web: ModuleType, told: Told) -> None:
    def category(asked: Any) -> Any:
        whole = asked.query["from"] == "1990-01-01" and asked.query["to"] == "2050-01-01"
        number = 7 if asked.query["to"] < "2030" else 8
        events = [{"_type": "Conference", "id": str(number)}] * (500 if whole else 1)
        return web.Reply({"count": len(events), "results": events})

    site.says["/export/categ/3.json"] = category
    told("event/7.json", meeting(site, 7))
    told("event/8.json", meeting(site, 8))
    items, end = listed(Source("agenda", PUBLIC, url=site.url, categories=("3",)))
    assert end == End(True)
    assert [item.uri for item in items] == [f"{site.url}/event/7/", f"{site.url}/event/8/"]
    windows = [(each.query["from"], each.query["to"]) for each in site.asked if "from" in each.query]
    assert windows == [("1990-01-01", "2050-01-01"), ("1990-01-01", "2020-01-01"), ("2020-01-02", "2050-01-01")]


def test_a_server_that_forgets_who_asks_in_the_middle_is_not_complete(site: Any, web: ModuleType) -> None:
    def category(asked: Any) -> Any:
        first = len(site.asked) == 1
        full = first or len(site.asked) == 2
        events = [{"_type": "Conference", "id": "7"}] * (500 if first else 1) if full else []
        return web.Reply({"count": len(events), "results": events})

    site.says["/export/categ/3.json"] = category
    items, end = listed(Source("agenda", PUBLIC, url=site.url, categories=("3",)))
    assert (items, end.complete) == ([], False)
    assert end.reason == "category 3: it answers with no events: empty, or not open to who asked"


def test_a_day_with_more_events_than_are_listed_at_once_is_not_complete(site: Any, web: ModuleType) -> None:
    events = [{"_type": "Conference", "id": "7"}] * 500
    site.says["/export/categ/3.json"] = web.Reply({"count": 500, "results": events})
    _, end = listed(Source("agenda", PUBLIC, url=site.url, categories=("3",), since="2049-12-31"))
    assert end == End(False, "category 3: on 2049-12-31 it has more events than it lists at once")


def test_the_version_of_a_contribution_changes_with_what_it_says_and_with_its_readers(site: Any, told: Told) -> None:
    versions = []
    for more in ({}, {"description": "New."}, {"allowed": {"groups": ["board"], "users": []}}):
        told("event/7.json", meeting(site, 7, talk(site, 1, **more)))
        items, _ = listed(Source("agenda", PUBLIC, url=site.url, events=("7",)))
        versions.append(items[1].version)
    assert len(set(versions)) == 3


def test_what_is_fetched_is_what_this_run_listed(site: Any, told: Told) -> None:
    source = Source("agenda", PUBLIC, url=site.url, events=("7",))
    for title in ("Old", "New"):
        told("event/7.json", meeting(site, 7, title=title))
        items, _ = listed(source)
        assert title.encode() in source.fetch(items[0]).data


def test_material_without_a_date_is_looked_at_for_changes(site: Any, web: ModuleType, told: Told) -> None:
    slides = {"type": "file", "filename": "menu.txt", "download_url": f"{site.url}/menu.txt"}
    told("event/7.json", meeting(site, 7, talk(site, 1, slides)))
    source, versions = Source("agenda", PUBLIC, url=site.url, events=("7",)), []
    for text in ("one", "two"):
        site.says["/menu.txt"] = web.Reply(text)
        items, _ = listed(source)
        versions.append(items[2].version)
        assert source.fetch(items[2]).data == text.encode()
    assert versions[0] != versions[1]


def test_contributions_are_placed_in_their_sessions_by_number() -> None:
    found: Json = {"_type": "Conference", "contributions": [{"db_id": 1, "session": "A", "subContributions": [{}]}]}
    made = with_sessions(found, [{"title": "A: part 2", "contributions": [{"db_id": 1}], "is_protected": True}])
    assert made["contributions"] == []
    assert event(made).talks[0].parts
    assert event(made).talks[0].access.clauses == NOBODY


def test_a_contribution_of_an_unknown_session_is_for_nobody() -> None:
    found: Json = {"_type": "Conference", "contributions": [{"db_id": 1, "session": "A"}, {"db_id": 2}]}
    talks = event(with_sessions(found, [{"title": "B"}])).talks
    assert [each.access.clauses for each in talks] == [NOBODY, ()]


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({}, "name path, or url with categories or events"),
        ({"url": "https://indico.example.org"}, "name path, or url with categories or events"),
        ({"url": "https://indico.example.org", "events": ("../../admin",)}, "no number of a category or event"),
        ({"url": "https://indico.example.org", "events": ("7",), "since": "2020"}, "expected a day as YYYY-MM-DD"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(BadSourceSettings, match=problem):
        Source("agenda", PUBLIC, **settings)

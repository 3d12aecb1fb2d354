"""Issues over the REST interface of a Jira server."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ingest.document import NOBODY
from ingest.errors import BadSourceSettings, Unreadable
from ingest.remote import Unreachable
from ingest.source import End, Item
from ingest.sources.jira import Source, claims

HELIX = frozenset({"group:helix"})


@pytest.fixture(autouse=True)
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps what the server answers in a folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


class Jira:
    """A server with issues, that gives two a page; on_page is called with the number of each before it is given."""

    def __init__(self, site: Any, web: ModuleType) -> None:
        self.site, self.web = site, web
        self.issues: list[dict[str, Any]] = []
        self.on_page: Callable[[int], object] = lambda number: None
        self.pages = 0
        site.says["/rest/api/2/search"] = self.search

    def add(self, key: str, **fields: object) -> dict[str, Any]:
        made = {"key": key, "fields": {"summary": f"About {key}", "project": {"key": key.split("-")[0]}, **fields}}
        self.issues.append(made)
        self.site.says[f"/rest/api/2/issue/{key}"] = self.web.Reply(made)
        return made

    def search(self, asked: Any) -> Any:
        self.pages += 1
        self.on_page(self.pages)
        start = int(asked.query["startAt"])
        found = [each for each in self.issues if f'"{each["key"].split("-")[0]}"' in asked.query["jql"]]
        return self.web.Reply({"startAt": start, "total": len(found), "issues": found[start : start + 2]})

    def source(self, **settings: Any) -> Source:
        given = {"projects": ("HELIX",), "seconds_between": 0.0, **settings}
        return Source(self.site.url, "Tickets", HELIX, **given)


@pytest.fixture
def jira(site: Any, web: ModuleType) -> Jira:
    """A server with five issues."""
    made = Jira(site, web)
    for number in range(1, 6):
        made.add(f"HELIX-{number}")
    return made


def items(source: Source) -> list[Item]:
    return [each for each in source.listing() if isinstance(each, Item)]


def end(source: Source) -> End:
    *_, last = source.listing()
    assert isinstance(last, End)
    return last


def test_all_issues_are_listed_over_all_pages(jira: Jira) -> None:
    found = items(jira.source())
    assert [each.uri for each in found] == [f"{jira.site.url}/browse/HELIX-{number}" for number in range(1, 6)]
    assert end(jira.source()) == End(True)


def test_an_issue_that_goes_while_another_comes_makes_the_listing_incomplete(jira: Jira) -> None:
    def moved(number: int) -> None:
        if number == 3:
            del jira.issues[0]
            jira.add("HELIX-6")

    jira.on_page = moved
    assert end(jira.source()) == End(False, "HELIX: the search moved or broke off at 3 of 5 issues")


def test_a_total_that_changes_makes_the_listing_incomplete(jira: Jira) -> None:
    jira.on_page = lambda number: jira.add("HELIX-6") if number == 2 else None
    reason = "HELIX: there were 5, and are 6 now: something changed while it was read"
    assert end(jira.source()) == End(False, reason)


@pytest.mark.parametrize(
    "change",
    [
        {"summary": "Another"},
        {"description": "More"},
        {"status": {"name": "Closed"}},
        {"labels": ["muon"]},
        {"security": {"name": "Core"}},
        {"comment": {"comments": [{"id": "1", "body": "Yes."}], "total": 1}},
        {"comment": {"comments": [], "total": 1}},
        {"attachment": [{"id": "1", "filename": "a.png"}]},
        {"issuelinks": [{"type": {"outward": "blocks"}, "outwardIssue": {"key": "A-1"}}]},
    ],
)
def test_the_version_changes_with_everything_that_is_read(jira: Jira, change: dict[str, object]) -> None:
    before = items(jira.source())[0]
    jira.issues[0]["fields"].update(change)
    assert items(jira.source())[0].version != before.version


def test_the_version_does_not_change_when_somebody_looks_at_an_issue(jira: Jira) -> None:
    before = items(jira.source())[0]
    jira.issues[0]["fields"].update({"lastViewed": "2025-03-01", "watches": {"watchCount": 3}})
    assert items(jira.source())[0] == before


def test_the_version_changes_with_who_may_read_a_level(jira: Jira) -> None:
    jira.issues[0]["fields"]["security"] = {"name": "Core"}
    one, other = (items(jira.source(levels=(f"Core = {group}",)))[0] for group in ("a", "b"))
    assert one.version != other.version


def test_project_and_level_are_clauses_of_their_own(jira: Jira) -> None:
    jira.issues[0]["fields"]["security"] = {"name": "Core only"}
    source = jira.source(project_readers=("HELIX = helix-sw, user:ada",), levels=("Core only = core",))
    raw = source.fetch(items(source)[0])
    assert raw.readers == (frozenset({"group:helix-sw", "user:ada"}), frozenset({"group:core"}))
    assert raw.warnings == ()


def test_a_level_that_the_settings_do_not_name_is_read_by_nobody(jira: Jira) -> None:
    jira.issues[0]["fields"]["security"] = {"id": "7"}
    source = jira.source(levels=("Core = core",))
    raw = source.fetch(items(source)[0])
    assert raw.readers == NOBODY
    assert raw.warnings == ("levels does not name the security level '7': nobody may read it",)


def test_a_project_that_is_not_named_while_others_are_is_read_by_nobody(jira: Jira) -> None:
    source = jira.source(project_readers=("OPS = ops",))
    assert source.fetch(items(source)[0]).readers == NOBODY


def test_an_attachment_has_the_readers_of_its_issue(jira: Jira, web: ModuleType) -> None:
    url = f"{jira.site.url}/secure/attachment/1/log.txt"
    jira.site.says["/secure/attachment/1/log.txt"] = web.Reply("all fine")
    told = {"id": "1", "filename": "log.txt", "content": url, "size": 8}
    jira.issues[0]["fields"].update({"attachment": [told], "security": {"name": "Core"}})
    source = jira.source(levels=("Core = core",))
    found = next(each for each in items(source) if each.uri == url)
    raw = source.fetch(found)
    assert (raw.data, raw.format, raw.readers) == (b"all fine", "text", (frozenset({"group:core"}),))
    assert raw.parent == f"{jira.site.url}/browse/HELIX-1"


def test_an_attachment_that_comes_short_is_not_read(jira: Jira, web: ModuleType) -> None:
    url = f"{jira.site.url}/secure/attachment/1/log.txt"
    jira.site.says["/secure/attachment/1/log.txt"] = web.Reply("all")
    jira.issues[0]["fields"]["attachment"] = [{"id": "1", "filename": "log.txt", "content": url, "size": 8}]
    source = jira.source()
    with pytest.raises(Unreadable, match=r"log\.txt: 3 bytes came, the issue says 8"):
        source.fetch(next(each for each in items(source) if each.uri == url))


def test_an_attachment_on_another_server_is_not_fetched(jira: Jira) -> None:
    told = {"id": "1", "filename": "a.txt", "content": "http://other.invalid/a.txt", "size": 8}
    jira.issues[0]["fields"]["attachment"] = [told]
    source = jira.source()
    with pytest.raises(Unreachable, match="is not on"):
        source.fetch(next(each for each in items(source) if "other" in each.uri))


def test_the_words_of_a_restricted_comment_are_not_kept(jira: Jira) -> None:
    hidden = {"id": "1", "body": "swordfish", "visibility": {"type": "group", "value": "admins"}}
    jira.issues[0]["fields"]["comment"] = {"comments": [hidden], "total": 1}
    source = jira.source()
    assert b"swordfish" not in source.fetch(items(source)[0]).data


def test_comments_that_stop_coming_make_an_issue_unreadable(jira: Jira, web: ModuleType) -> None:
    jira.issues[0]["fields"]["comment"] = {"comments": [], "total": 2}
    jira.site.says["/rest/api/2/issue/HELIX-1/comment"] = web.Reply({"total": 2, "comments": [{"id": "1"}]})
    source = jira.source()
    with pytest.raises(Unreachable, match="gives 1 of 2 comments"):
        source.fetch(items(source)[0])


def test_the_token_is_sent_and_a_user_makes_it_a_password(jira: Jira, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELIX_JIRA", "abc")
    items(jira.source(token_env="HELIX_JIRA"))
    assert jira.site.asked[-1].headers["authorization"] == "Bearer abc"
    items(jira.source(token_env="HELIX_JIRA", user="ada"))
    assert jira.site.asked[-1].headers["authorization"] == "Basic YWRhOmFiYw=="


def test_settings_without_a_project_and_with_a_level_for_nobody_are_refused(jira: Jira) -> None:
    with pytest.raises(BadSourceSettings, match=r"projects = \[\]"):
        jira.source(projects=())
    with pytest.raises(BadSourceSettings, match="levels: 'Core': expected"):
        jira.source(levels=("Core",))


def test_no_path_is_claimed(tmp_path: Path) -> None:
    assert not claims(tmp_path)

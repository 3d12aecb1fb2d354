"""A wiki read from its server: a whole one, and servers on bad days."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ingest.errors import BadSource, BadSourceSettings, Unreadable
from ingest.read import parsed
from ingest.remote import Manners, Remote
from ingest.source import End, Item, from_settings
from ingest.sources.twiki.site import Site

LIST = "/bin/view/Helix/WebTopicList"
LOGIN = '<html><body><form>Who are you? <input type="password" name="p"></form></body></html>'


def listing_page(*topics: str, more: str = "") -> str:
    """The page of a list of topics, with the wiki's bar around it."""
    links = "".join(f'<li><a href="/bin/view/Helix/{each}">{each}</a></li>' for each in topics)
    return f'<html><body><div id="patternTopBar"><a href="/bin/view/Helix/WebHome">home</a></div><ul>{links}</ul>{more}'


def wiki(site: Any, web: ModuleType, **topics: str) -> None:
    """Let the server show a web Helix with these topics, and a list of them."""
    site.says[LIST] = web.Reply(listing_page(*topics))
    for name, text in topics.items():
        site.says[f"/bin/view/Helix/{name}?raw=all"] = web.Reply(text)


def reading(site: Any, *webs: str, keep: Path | None = None) -> Site:
    url = f"{site.url}/bin/view"
    remote = Remote(url, keep=keep, manners=Manners(seconds_between=0, tries=2), sleep=lambda _: None)
    return Site(remote, url, webs or ("Helix",))


def listed(given: Site) -> tuple[dict[str, Item], End]:
    *items, end = given.listing()
    assert isinstance(end, End)
    return {item.uri.rpartition("/view/")[2]: item for item in items if isinstance(item, Item)}, end


def test_topics_are_listed_and_fetched_as_they_were(site: Any, web: ModuleType) -> None:
    wiki(site, web, WebHome="---+ HELIX\n%INCLUDE{Menu}%", Menu="28 GeV")
    given = reading(site)
    items, end = listed(given)
    assert (list(items), end) == (["Helix/Menu", "Helix/WebHome"], End(True))
    assert parsed(given.fetch(items["Helix/WebHome"])).text == "# HELIX\n\n28 GeV"


def test_unchanged_topics_cost_a_conditional_request_only(site: Any, web: ModuleType, tmp_path: Path) -> None:
    wiki(site, web, WebHome="")
    site.says["/bin/view/Helix/WebHome?raw=all"] = web.Reply("---+ A", headers={"ETag": '"1"'})
    before = listed(reading(site, keep=tmp_path / "kept"))
    site.asked.clear()
    assert listed(reading(site, keep=tmp_path / "kept")) == before
    asked = [each for each in site.asked if each.path.endswith("WebHome")]
    assert [each.headers.get("if-none-match") for each in asked] == ['"1"']


def test_a_login_page_instead_of_the_list_or_a_topic_makes_the_listing_incomplete(site: Any, web: ModuleType) -> None:
    wiki(site, web, WebHome="---+ A", Menu="---+ B")
    site.says["/bin/view/Helix/Menu?raw=all"] = web.Reply(LOGIN)
    items, end = listed(reading(site))
    assert list(items) == ["Helix/WebHome"]
    assert not end.complete
    assert "Helix/Menu" in end.reason
    assert "sign on" in end.reason
    site.says[LIST] = web.Reply(LOGIN)
    items, end = listed(reading(site))
    assert (items, end.complete) == ({}, False)


def test_a_login_page_instead_of_the_preferences_lets_no_topic_through(site: Any, web: ModuleType) -> None:
    wiki(site, web, WebHome="---+ A")
    site.says["/bin/view/Helix/WebPreferences?raw=all"] = web.Reply(LOGIN)
    items, end = listed(reading(site))
    assert (items, end.complete) == ({}, False)


def test_preferences_that_are_refused_leave_the_topics_readable_by_nobody(site: Any, web: ModuleType) -> None:
    wiki(site, web, WebHome="---+ A")
    site.says["/bin/view/Helix/WebPreferences?raw=all"] = web.Reply("no", 403)
    given = reading(site)
    items, _ = listed(given)
    assert given.fetch(items["Helix/WebHome"]).readers == (frozenset(),)


def test_an_empty_list_of_a_web_that_is_gated_is_no_proof_that_all_is_gone(site: Any, web: ModuleType) -> None:
    site.says[LIST] = web.Reply(listing_page())
    items, end = listed(reading(site))
    assert items == {}
    assert not end.complete
    assert "names 0 topics and not WebHome" in end.reason


def test_a_page_missing_in_the_middle_of_the_list_makes_it_incomplete(site: Any, web: ModuleType) -> None:
    wiki(site, web, WebHome="---+ A")
    more = f'<a href="{LIST}?page=2">2</a> <a href="{LIST}?page=3">3</a>'
    site.says[LIST] = web.Reply(listing_page("WebHome", more=more))
    site.says[f"{LIST}?page=3"] = web.Reply(listing_page("Menu"))
    site.says[f"{LIST}?page=2"] = web.Reply("gone", 404)
    end = listed(reading(site))[1]
    assert not end.complete
    assert "a page in the middle of its list is missing" in end.reason


def test_a_topic_that_the_list_names_and_that_is_not_there_makes_it_incomplete(site: Any, web: ModuleType) -> None:
    wiki(site, web, WebHome="---+ A", Menu="---+ B")
    del site.says["/bin/view/Helix/Menu?raw=all"]
    items, end = listed(reading(site))
    assert (list(items), end.complete) == (["Helix/WebHome"], False)
    assert "the list names it, and it is not there" in end.reason


def test_fewer_topics_than_the_list_speaks_of_make_it_incomplete(site: Any, web: ModuleType) -> None:
    wiki(site, web, WebHome="---+ A")
    site.says[LIST] = web.Reply(listing_page("WebHome", more="<p>Number of topics: 12</p>"))
    end = listed(reading(site))[1]
    assert (end.complete, "speaks of 12 topics and names 1" in end.reason) == (False, True)


def test_a_server_that_fails_on_an_included_topic_leaves_the_whole_out(site: Any, web: ModuleType) -> None:
    wiki(site, web, WebHome='---+ A\n%INCLUDE{"Main.Setup"}%', Menu="---+ B")
    site.says["/bin/view/Main/Setup"] = web.Reply("busy", 503)
    items, end = listed(reading(site))
    assert (list(items), end.complete) == (["Helix/Menu"], False)


def test_webs_inside_a_web_and_the_map_of_webs_are_followed(site: Any, web: ModuleType) -> None:
    wiki(site, web, WebHome="---+ A")
    below = '<a href="/bin/view/Helix/Muon/WebHome">Muon</a>'
    site.says[LIST] = web.Reply(listing_page("WebHome", more=below))
    site.says["/bin/view/Helix/Muon/WebTopicList"] = web.Reply(
        '<html><a href="/bin/view/Helix/Muon/WebHome">WebHome</a>'
    )
    site.says["/bin/view/Helix/Muon/WebHome?raw=all"] = web.Reply("---+ Muons")
    site.says["/bin/view/TWiki/SiteMap"] = web.Reply(
        '<html><a href="/bin/view/Helix/WebHome">Helix</a> <a href="/bin/view/TWiki/WebHome">TWiki</a>'
    )
    url = f"{site.url}/bin/view"
    given = Site(Remote(url, manners=Manners(seconds_between=0)), url)
    items, end = listed(given)
    assert (list(items), end) == (["Helix/WebHome", "Helix/Muon/WebHome"], End(True))


def test_a_wiki_without_a_map_of_webs_asks_for_their_names(site: Any) -> None:
    url = f"{site.url}/bin/view"
    (end,) = Site(Remote(url, manners=Manners(seconds_between=0)), url).listing()
    assert isinstance(end, End)
    assert (end.complete, "name them in the settings" in end.reason) == (False, True)


def test_what_changed_on_the_server_since_it_was_listed_is_refused(site: Any, web: ModuleType) -> None:
    wiki(site, web, WebHome="---+ A")
    item = listed(reading(site))[0]["Helix/WebHome"]
    wiki(site, web, WebHome="---+ B")
    with pytest.raises(Unreadable, match="changed since it was listed"):
        reading(site).fetch(item)


def test_a_source_needs_a_path_or_a_url_and_the_secret_it_names(tmp_path: Path) -> None:
    table = {"kind": "twiki", "name": "W", "readers": ["helix-members"]}
    with pytest.raises(BadSourceSettings, match="missing key 'path' or 'url'"):
        from_settings(table, base=tmp_path)
    given = from_settings(
        {**table, "url": "https://twiki.helix.example/bin/view", "token_env": "NO_SUCH"}, base=tmp_path
    )
    with pytest.raises(BadSource, match="NO_SUCH is not set"):
        list(given.listing())

from itertools import permutations
from types import ModuleType
from typing import Any

import pytest

from ingest.errors import BadSourceSettings
from ingest.robots import robots_for
from ingest.source import End, Item
from ingest.sources.web import Source, canonical

PUBLIC = frozenset({"public"})


@pytest.fixture(autouse=True)
def cache(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def page(title: str, canonical: str = "") -> str:
    link = f'<link href="{canonical}" rel="canonical">' if canonical else ""
    return f"<!doctype html><html><head><title>{title}</title>{link}</head><body><p>{title}</p></body></html>"


def listed(source: Source) -> tuple[dict[str, Item], End]:
    *items, end = source.listing()
    assert isinstance(end, End)
    found = [item for item in items if isinstance(item, Item)]
    assert len({item.uri for item in found}) == len(found)
    return {item.uri.removeprefix(source.url): item for item in found}, end


def test_a_page_that_has_not_changed_is_not_sent_again(site: Any, web: ModuleType) -> None:
    site.says["/a"] = web.Reply(page("A"), headers={"ETag": '"1"'})
    source = Source("web", PUBLIC, site.url, pages=("/a",))
    before, _ = listed(source)
    after, end = listed(source)
    assert (before, end) == (after, End(True))
    assert [each.headers.get("if-none-match") for each in site.asked if each.path == "/a"] == [None, '"1"']


def test_the_version_changes_with_the_bytes(site: Any, web: ModuleType) -> None:
    source, versions = Source("web", PUBLIC, site.url, pages=("/a",)), []
    for title in ("A", "B"):
        site.says["/a"] = web.Reply(page(title))
        versions.append(listed(source)[0]["/a"].version)
    assert versions[0] != versions[1]


@pytest.mark.parametrize("order", list(permutations(["/a", "/b", "/home"])))
def test_pages_that_all_claim_to_be_another_keep_their_own_address(
    site: Any, web: ModuleType, order: tuple[str, ...]
) -> None:
    for each in order:
        site.says[each] = web.Reply(page(each, "/home"))
    found, end = listed(Source("web", PUBLIC, site.url, pages=order))
    assert {uri for uri, item in found.items() if not item.skipped} == {"/a", "/b", "/home"}
    assert end.complete


@pytest.mark.parametrize("order", list(permutations(["/a", "/b"])))
def test_a_page_at_two_addresses_is_one_document(site: Any, web: ModuleType, order: tuple[str, ...]) -> None:
    for each in order:
        site.says[each] = web.Reply(page("A", "/a"))
    found, _ = listed(Source("web", PUBLIC, site.url, pages=order))
    assert {uri: item.skipped for uri, item in found.items()} == {"/a": "", "/b": f"the same page as {site.url}/a"}


def test_a_canonical_address_of_another_host_is_not_believed(site: Any, web: ModuleType) -> None:
    site.says["/a"] = web.Reply(page("A", "https://elsewhere.example/a"))
    found, _ = listed(Source("web", PUBLIC, site.url, pages=("/a",)))
    assert list(found) == ["/a"]


def test_more_pages_than_the_bound_are_not_read_and_not_complete(site: Any, web: ModuleType) -> None:
    site.says |= {f"/{number}": web.Reply(page(str(number))) for number in range(3)}
    found, end = listed(Source("web", PUBLIC, site.url, pages=("/0", "/1", "/2"), most=2))
    assert (list(found), end) == (["/0", "/1"], End(False, "there are 3 pages, more than most = 2"))


def test_a_server_that_has_lost_every_page_is_not_complete(site: Any) -> None:
    found, end = listed(Source("web", PUBLIC, site.url, pages=("/a", "/b")))
    assert all(item.skipped for item in found.values())
    assert end == End(False, "the server has none of the pages")


def test_an_empty_sitemap_is_not_complete(site: Any, web: ModuleType) -> None:
    site.says["/sitemap.xml"] = web.Reply("<urlset></urlset>")
    assert listed(Source("web", PUBLIC, site.url, sitemap="/sitemap.xml")) == (
        {},
        End(False, "/sitemap.xml names no page within the bounds"),
    )


def test_a_sitemap_that_names_itself_is_read_once(site: Any, web: ModuleType) -> None:
    entries = f"<sitemap><loc>{site.url}/sitemap.xml</loc></sitemap>"
    site.says["/sitemap.xml"] = web.Reply(f"<sitemapindex>{entries}</sitemapindex>")
    listed(Source("web", PUBLIC, site.url, sitemap="/sitemap.xml"))
    assert site.paths == ["/robots.txt", "/sitemap.xml"]


def test_a_login_page_instead_of_robots_txt_ends_the_run(site: Any, web: ModuleType) -> None:
    site.says["/robots.txt"] = web.Reply("<html><input type=password></html>")
    _, end = listed(Source("web", PUBLIC, site.url, pages=("/a",)))
    assert not end.complete
    assert site.paths == ["/robots.txt"]


def test_no_other_host_is_ever_asked() -> None:
    with pytest.raises(BadSourceSettings, match="not on the server of url"):
        Source("web", PUBLIC, "https://docs.example.org", pages=("https://elsewhere.example/a",))


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("", "/a", True),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: other\nDisallow: /", "/a", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: Collabqa\nDisallow: /b", "/a", True),
        ("User-agent: other\nUser-agent: *\nDisallow: /a # all of it", "/a/b", False),
        ("User-agent: *\nDisallow: /*?print=", "/a?print=1", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/a.pdf?x", True),
        ("User-agent: *\nDisallow: /a\nAllow: /a", "/a", True),
        ("User-agent: *\nDisallow: /caf%C3%A9", "/café", False),
    ],
)
def test_robots_txt_is_read_as_its_standard_has_it(text: str, path: str, allowed: bool) -> None:
    assert robots_for("collabqa", text).allow(path) is allowed


def test_robots_txt_may_ask_for_a_distance_but_not_for_any() -> None:
    assert robots_for("collabqa", "User-agent: *\nCrawl-delay: 5").delay == 5
    assert robots_for("collabqa", "User-agent: *\nCrawl-delay: 86400").delay == 30


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("http://a.example", "http://a.example/"),
        ("http://a.example:80/x#y", "http://a.example/x"),
        ("http://a.example/%7ex/a%2fb?q=%20", "http://a.example/~x/a%2Fb?q=%20"),
        ("http://a.example/a/./b/../c", "http://a.example/a/c"),
        ("http://a.example/café", "http://a.example/caf%C3%A9"),
    ],
)
def test_an_address_is_written_in_one_way(written: str, meant: str) -> None:
    assert canonical(written) == canonical(meant) == meant

"""Reading from a server, on its good days and its bad ones."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ingest.errors import BadSource
from ingest.remote import (
    Elsewhere,
    LoginPage,
    Manners,
    NoSuchPage,
    NotAllowed,
    Page,
    Remote,
    RobotCheck,
    Unreachable,
    opened,
    secret,
)

Opened = Callable[..., Remote]


@pytest.fixture
def waits() -> list[float]:
    """How long was waited, in seconds, without waiting."""
    return []


@pytest.fixture
def remote(site: Any, waits: list[float]) -> Iterator[Opened]:
    """Makes a Remote of the site that never really waits."""
    made: list[Remote] = []

    def opened(url: str = "", **settings: Any) -> Remote:
        settings.setdefault("manners", Manners(seconds_between=0))
        made.append(Remote(url or site.url, sleep=waits.append, **settings))
        return made[-1]

    yield opened
    for each in made:
        each.close()


def test_a_page_comes_with_its_text_and_its_date(site: Any, web: ModuleType, remote: Opened) -> None:
    headers = {"Content-Type": "text/plain; charset=iso-8859-1", "Last-Modified": "Tue, 03 Mar 2026 10:00:00 GMT"}
    site.says["/wiki/Menu"] = web.Reply("Größe".encode("iso-8859-1"), headers=headers)
    page = remote(f"{site.url}/wiki").page("Menu", {"raw": "all"})
    assert page.text == "Größe"
    assert str(page.modified) == "2026-03-03 10:00:00+00:00"
    assert site.asked[0].query == {"raw": "all"}


def test_the_query_of_a_link_is_asked_as_it_stands(site: Any, web: ModuleType, remote: Opened) -> None:
    site.says["/api/list"] = web.Reply("more")
    remote(f"{site.url}/api").page(f"{site.url}/api/list?page=2&q=a%20b")
    remote(f"{site.url}/api").page("list?page=3", {"q": "c"})
    assert [each.query for each in site.asked] == [{"page": "2", "q": "a b"}, {"page": "3", "q": "c"}]


def test_requests_keep_their_distance(site: Any, web: ModuleType, remote: Opened, waits: list[float]) -> None:
    site.says["/a"] = web.Reply("a")
    reading = remote(manners=Manners(seconds_between=1000))
    for _ in range(3):
        reading.page("a")
    # Nothing really waits, so the distances add up; the requests themselves take a moment of them.
    assert waits == pytest.approx([1000, 2000], abs=100)


def test_what_has_not_changed_is_not_sent_again(site: Any, web: ModuleType, remote: Opened, tmp_path: Path) -> None:
    site.says["/a"] = web.Reply("first", headers={"ETag": '"1"'})
    keep = tmp_path / "kept" / "pages.sqlite"
    assert [remote(keep=keep).page("a").data for _ in range(2)] == [b"first", b"first"]
    assert [each.headers.get("if-none-match") for each in site.asked] == [None, '"1"']
    site.says["/a"] = web.Reply("second", headers={"ETag": '"2"'})
    assert remote(keep=keep).page("a").data == b"second"
    assert keep.stat().st_mode & 0o077 == 0


def test_another_token_gets_nothing_of_what_was_kept(
    site: Any, web: ModuleType, remote: Opened, tmp_path: Path
) -> None:
    def says(asked: Any) -> Any:
        if asked.headers.get("authorization") != "Bearer good":
            return web.Reply("no", 401)
        return web.Reply("secret", headers={"ETag": '"1"'})

    site.says["/a"] = says
    keep = tmp_path / "pages.sqlite"
    assert remote(keep=keep, headers={"Authorization": "Bearer good"}).page("a").data == b"secret"
    with pytest.raises(NotAllowed, match=r"status 401\); is the token right"):
        remote(keep=keep, headers={"Authorization": "Bearer bad"}).page("a")


def test_an_answer_that_may_not_be_stored_is_not(site: Any, web: ModuleType, remote: Opened, tmp_path: Path) -> None:
    site.says["/a"] = web.Reply("first", headers={"ETag": '"1"', "Cache-Control": "private, no-store"})
    for _ in range(2):
        remote(keep=tmp_path / "pages.sqlite").page("a")
    assert all("if-none-match" not in each.headers for each in site.asked)


def test_a_server_that_is_busy_is_asked_again_when_it_says(
    site: Any, web: ModuleType, remote: Opened, waits: list[float]
) -> None:
    replies = iter(
        [
            web.Reply("slow down", 429, {"Retry-After": "7"}),
            # The server's clock is a year ahead: what counts is the distance of its two dates.
            web.Reply(
                "soon", 503, {"Retry-After": "Wed, 25 Nov 2037 10:00:09 GMT", "Date": "Wed, 25 Nov 2037 10:00:00 GMT"}
            ),
            web.Reply("here"),
        ]
    )
    site.says["/a"] = lambda _: next(replies)
    assert remote().page("a").data == b"here"
    assert waits == [7.0, 9.0]


def test_a_server_that_asks_for_hours_is_left_alone(
    site: Any, web: ModuleType, remote: Opened, waits: list[float]
) -> None:
    site.says["/a"] = web.Reply("slow down", 429, {"Retry-After": "7200"})
    with pytest.raises(Unreachable, match=r"status 429 \(1 try, and it asks to wait 7200 s\)"):
        remote().page("a")
    assert waits == []


def test_a_broken_answer_is_asked_for_again(site: Any, web: ModuleType, remote: Opened, waits: list[float]) -> None:
    replies = iter([web.Reply("cut in two", cut=3), web.Reply("whole")])
    site.says["/a"] = lambda _: next(replies)
    assert remote().page("a").data == b"whole"
    assert waits == [1.0]


def test_a_server_that_stays_broken_is_named_with_the_tries(site: Any, web: ModuleType, remote: Opened) -> None:
    site.says["/a"] = web.Reply("", 500)
    with pytest.raises(Unreachable, match=r"/a: status 500 \(4 tries\)"):
        remote().page("a")
    assert len(site.asked) == 4


def test_nobody_listening_is_a_sentence(remote: Opened) -> None:
    with pytest.raises(Unreachable, match=r"http://127\.0\.0\.1:9/a: ConnectError .*\(4 tries\)"):
        remote("http://127.0.0.1:9").page("a")


def test_a_drip_ends_at_the_limit_of_time(site: Any, web: ModuleType, remote: Opened) -> None:
    site.says["/a"] = web.Reply("x" * 1000, drip=0.02)
    with pytest.raises(Unreachable, match=r"not complete after 0\.2 s"):
        remote(manners=Manners(seconds_between=0, seconds=0.2, tries=1)).page("a")


def test_a_flood_ends_at_the_limit_of_size(site: Any, web: ModuleType, remote: Opened) -> None:
    site.says["/a"] = web.Reply("x" * 1001)
    with pytest.raises(Unreachable, match="larger than 1,000 bytes"):
        remote(manners=Manners(seconds_between=0, max_bytes=1000)).page("a")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, "<html><form><input name=p type='password'></form>", LoginPage),
        (200, "<html><title>Just a moment...</title>", RobotCheck),
        (403, "<html><title>Making sure you're not a bot!</title>", RobotCheck),
        (403, "no", NotAllowed),
        (404, "no", NoSuchPage),
        (410, "no", NoSuchPage),
        (418, "no", Unreachable),
    ],
)
def test_what_is_no_answer_is_not_taken_for_one(
    site: Any, web: ModuleType, remote: Opened, status: int, body: str, error: type[Unreachable]
) -> None:
    site.says["/a"] = web.Reply(body, status)
    with pytest.raises(Unreachable) as refused:
        remote().page("a")
    assert type(refused.value) is error
    assert len(site.asked) == 1


def test_json_that_is_none_is_named() -> None:
    with pytest.raises(Unreachable, match="expected JSON, the server answered text/html: b'<html>'"):
        Page("https://host/a", b"<html>", {"content-type": "text/html"}).json()


def test_a_redirect_on_the_server_is_followed_and_one_to_another_is_refused(
    site: Any, web: ModuleType, remote: Opened
) -> None:
    site.says["/old"] = web.Reply("", 302, {"Location": "/new"})
    site.says["/new"] = web.Reply("here")
    site.says["/away"] = web.Reply("", 302, {"Location": "https://login.example/?back=1"})
    site.says["/round"] = web.Reply("", 302, {"Location": "/round"})
    assert remote().page("old").data == b"here"
    with pytest.raises(Elsewhere, match=r"sends us to https://login\.example:443; if that is its sign-on"):
        remote().page("away")
    with pytest.raises(Unreachable, match="round in circles"):
        remote().page("round")
    with pytest.raises(Elsewhere, match="is not on"):
        remote().page("https://other.example/a")


def test_a_certificate_that_nobody_vouches_for_is_named(tmp_path: Path, web: ModuleType, remote: Opened) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "1"]
    made += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, check=True, capture_output=True)
    with web.running(certificate=certificate, key=key) as secure:
        secure.says["/a"] = web.Reply("here")
        with pytest.raises(Unreachable, match=r"self.signed certificate; name the file .* with ca = "):
            remote(secure.url).page("a")
        assert remote(secure.url, ca=certificate).page("a").data == b"here"


def test_a_token_comes_from_the_environment_and_is_missed_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIKI_TOKEN", " s3cret\n")
    assert secret("WIKI_TOKEN") == "s3cret"
    assert secret("") == ""
    with pytest.raises(BadSource, match="the environment variable OTHER_TOKEN is not set"):
        secret("OTHER_TOKEN")


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(BadSource, match="'ftp://host' is no address of a server"):
        Remote("ftp://host")


def test_an_address_keeps_its_own_query(site: Any, web: ModuleType, remote: Opened) -> None:
    site.says["/a"] = web.Reply("a")
    remote().page("a?mode=Raw")
    remote().page("a?mode=Raw", {"page": 2})
    assert [each.query for each in site.asked] == [{"mode": "Raw"}, {"mode": "Raw", "page": "2"}]


def test_all_who_ask_a_server_share_its_distance_but_not_their_tokens(
    site: Any, web: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("ONE_TOKEN", "abc")
    site.says["/a"] = web.Reply("a")
    one, other = opened(site.url, token_env="ONE_TOKEN"), opened(site.url)
    assert one is opened(site.url, token_env="ONE_TOKEN")
    assert one is not other
    one.page("a")
    other.page("a")
    assert [each.headers.get("authorization") for each in site.asked] == ["Bearer abc", None]


def test_a_distance_is_only_ever_made_longer(site: Any, web: ModuleType, waits: list[float], remote: Opened) -> None:
    site.says["/a"] = web.Reply("a")
    reading = remote(manners=Manners(seconds_between=5))
    reading.keep_distance(1)
    reading.keep_distance(60)
    reading.page("a")
    reading.page("a")
    assert 55 < sum(waits) <= 60

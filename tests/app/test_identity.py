"""Nobody is believed to be more than the sign-on or our own token says."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config import Access
from app.identity import Asker, BadToken, asker, opened, sealed, secret

KEY = b"k" * 32
ACCESS = Access(
    everyone=frozenset({"group:guests"}),
    user_header="X-User",
    groups_header="X-Groups",
    proxies=("10.0.0.1",),
)


def test_somebody_unknown_is_everyone() -> None:
    assert asker({}, "192.0.2.7", ACCESS, KEY) == Asker("", frozenset({"public", "group:guests"}))


def test_the_proxy_says_who_asks() -> None:
    headers = {"x-user": "ada", "x-groups": "helix-members; helix-trigger-board"}
    found = asker(headers, "10.0.0.1", ACCESS, KEY)
    expected = {"public", "group:guests", "user:ada", "group:helix-members", "group:helix-trigger-board"}
    assert found == Asker("ada", frozenset(expected))


def test_the_proxys_headers_are_not_believed_from_elsewhere() -> None:
    headers = {"x-user": "ada", "x-groups": "helix-members"}
    assert asker(headers, "192.0.2.7", ACCESS, KEY).principals == {"public", "group:guests"}


def test_a_header_that_is_not_configured_says_nothing() -> None:
    found = asker({"x-user": "ada", "x-groups": "few"}, "127.0.0.1", Access(), KEY)
    assert found.principals == {"public"}


def test_a_token_stands_for_its_asker_until_it_expires() -> None:
    ada = Asker("ada", frozenset({"public", "group:few"}))
    token = sealed(ada, KEY, seconds=60, now=1000.0)
    assert asker({"authorization": f"Bearer {token}"}, "192.0.2.7", ACCESS, KEY, now=1059.0) == ada
    with pytest.raises(BadToken, match="expired"):
        opened(token, KEY, now=1061.0)


def test_a_token_of_another_server_is_refused() -> None:
    token = sealed(Asker("ada", frozenset({"public"})), b"other" * 8)
    with pytest.raises(BadToken):
        opened(token, KEY)


@given(st.text(), st.binary())
def test_no_made_up_token_is_believed(text: str, noise: bytes) -> None:
    for token in (text, noise.hex(), f"{text}.{text}"):
        with pytest.raises(BadToken):
            opened(token, KEY)


def test_the_secret_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    first = secret(tmp_path)
    assert len(first) == 32
    assert secret(tmp_path) == first
    assert (tmp_path / "token.key").stat().st_mode & 0o077 == 0

"""Projects of a GitLab server over its REST interface."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ingest.document import NOBODY
from ingest.errors import BadSourceSettings, Unreadable
from ingest.source import End, Item
from ingest.sources.gitlab import Source, claims

HELIX = frozenset({"group:helix"})
TRUSTED = frozenset({"group:trusted"})


@pytest.fixture(autouse=True)
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps what the server answers in a folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


class GitLab:
    """A server with one project, helix/trigger, and its issues; the lists say how much they hold, two a page."""

    def __init__(self, site: Any, web: ModuleType) -> None:
        self.site, self.web = site, web
        self.project: dict[str, Any] = {
            "id": 1,
            "path_with_namespace": "helix/trigger",
            "web_url": "https://gitlab.example/helix/trigger",
            "visibility": "public",
        }
        self.issues: list[dict[str, Any]] = []
        self.headers = {"X-Total", "X-Next-Page"}
        site.says["/api/v4/projects/helix%2Ftrigger"] = lambda asked: web.Reply(self.project)
        site.says["/api/v4/projects/1/issues"] = self.list

    def add(self, iid: int, **more: object) -> dict[str, Any]:
        made = {"id": 10 + iid, "iid": iid, "title": f"Issue {iid}", "web_url": f"https://gitlab.example/{iid}", **more}
        self.issues.append(made)
        self.site.says[f"/api/v4/projects/1/issues/{iid}"] = lambda asked: self.web.Reply(made)
        self.site.says[f"/api/v4/projects/1/issues/{iid}/notes"] = self.web.Reply([])
        return made

    def list(self, asked: Any) -> Any:
        page = int(asked.query.get("page", "1"))
        last = 2 * page >= len(self.issues)
        link = f'<{self.site.url}/api/v4/projects/1/issues?page={page + 1}>; rel="next", <http://x/>; rel="first"'
        headers = {
            "X-Total": str(len(self.issues)),
            "X-Next-Page": "" if last else str(page + 1),
            "Link": '<http://x/>; rel="first"' if last else link,
        }
        found = self.issues[2 * page - 2 : 2 * page]
        return self.web.Reply(found, headers={name: headers[name] for name in self.headers})

    def source(self, **settings: Any) -> Source:
        given = {"projects": ("helix/trigger",), "read": ("issues",), "seconds_between": 0.0, **settings}
        return Source(self.site.url, "Code", HELIX, **given)


@pytest.fixture
def gitlab(site: Any, web: ModuleType) -> GitLab:
    """A server with five issues."""
    made = GitLab(site, web)
    for number in range(1, 6):
        made.add(number)
    return made


def items(source: Source) -> list[Item]:
    return [each for each in source.listing() if isinstance(each, Item)]


def end(source: Source) -> End:
    *_, last = source.listing()
    assert isinstance(last, End)
    return last


def readers(source: Source) -> tuple[frozenset[str], ...]:
    return source.fetch(items(source)[0]).readers


@pytest.mark.parametrize("headers", [{"X-Total", "X-Next-Page"}, {"Link"}, {"X-Total", "Link"}])
def test_all_pages_are_read_however_the_server_leads_on(gitlab: GitLab, headers: set[str]) -> None:
    gitlab.headers = headers
    assert len(items(gitlab.source())) == 5
    assert end(gitlab.source()) == End(True)


def test_a_full_page_without_a_word_on_what_follows_is_not_complete(gitlab: GitLab) -> None:
    for number in range(6, 201):
        gitlab.add(number)
    gitlab.site.says["/api/v4/projects/1/issues"] = gitlab.web.Reply(gitlab.issues[:100])
    assert "does not say whether more follow" in end(gitlab.source()).reason


def test_a_total_that_changes_makes_the_listing_incomplete(gitlab: GitLab) -> None:
    def shrinking(asked: Any) -> Any:
        made = gitlab.list(asked)
        del gitlab.issues[0]
        return made

    gitlab.site.says["/api/v4/projects/1/issues"] = shrinking
    assert "there were 5, and are 4 now" in end(gitlab.source()).reason


@pytest.mark.parametrize(
    ("project", "settings", "expected"),
    [
        ({"visibility": "public"}, {}, ()),
        ({"visibility": "internal"}, {"internal": ("trusted",)}, (TRUSTED,)),
        ({"visibility": "internal"}, {}, NOBODY),
        ({"visibility": "private"}, {}, NOBODY),
        ({"visibility": "private"}, {"private": ("helix/trigger = trusted", "helix = other")}, (TRUSTED,)),
        ({"visibility": "private"}, {"private": ("helix = trusted",)}, (TRUSTED,)),
        ({"visibility": "private"}, {"private": ("heli = trusted",)}, NOBODY),
        ({"visibility": "public", "issues_access_level": "private"}, {"private": ("helix = trusted",)}, (TRUSTED,)),
        ({"visibility": ""}, {}, NOBODY),
    ],
)
def test_readers_follow_the_project(
    gitlab: GitLab, project: dict[str, str], settings: dict[str, Any], expected: tuple[frozenset[str], ...]
) -> None:
    gitlab.project.update(project)
    assert readers(gitlab.source(**settings)) == expected


def test_a_confidential_issue_has_a_clause_of_its_own(gitlab: GitLab) -> None:
    gitlab.issues[0]["confidential"] = True
    assert readers(gitlab.source()) == NOBODY
    assert readers(gitlab.source(confidential=("helix = trusted",))) == (TRUSTED,)


def test_an_issue_that_has_become_confidential_since_it_was_listed_is_not_read(gitlab: GitLab) -> None:
    source = gitlab.source(confidential=("helix = trusted",))
    first = items(source)[0]
    gitlab.issues[0]["confidential"] = True
    with pytest.raises(Unreadable, match="has become confidential"):
        source.fetch(first)


@pytest.mark.parametrize(
    "change", [{"title": "Other"}, {"state": "closed"}, {"updated_at": "2025-03-01"}, {"user_notes_count": 3}]
)
def test_the_version_changes_with_what_is_read(gitlab: GitLab, change: dict[str, object]) -> None:
    before = items(gitlab.source())[0]
    gitlab.issues[0].update(change)
    assert items(gitlab.source())[0].version != before.version


def test_the_version_changes_with_the_visibility_and_the_settings_but_not_with_votes(gitlab: GitLab) -> None:
    before = items(gitlab.source())[0]
    gitlab.issues[0].update({"upvotes": 3})
    assert items(gitlab.source())[0] == before
    gitlab.project["visibility"] = "internal"
    versions = {before.version, items(gitlab.source())[0].version, items(gitlab.source(internal=("a",)))[0].version}
    assert len(versions) == 3


def test_the_words_of_an_internal_note_are_not_kept(gitlab: GitLab) -> None:
    note = {"id": 1, "body": "swordfish", "internal": True}
    gitlab.site.says["/api/v4/projects/1/issues/1/notes"] = gitlab.web.Reply([note])
    source = gitlab.source()
    assert b"swordfish" not in source.fetch(items(source)[0]).data


def test_what_a_project_has_switched_off_is_not_asked_for(gitlab: GitLab) -> None:
    gitlab.project.update({"issues_access_level": "disabled"})
    assert end(gitlab.source()) == End(True)
    assert "/api/v4/projects/1/issues" not in gitlab.site.paths


def test_a_folder_of_documentation_that_is_not_there_is_no_failure_but_one_that_is_gone_is(gitlab: GitLab) -> None:
    gitlab.project["default_branch"] = "main"
    tree = "/api/v4/projects/1/repository/tree"
    gitlab.site.says[tree] = lambda asked: (
        gitlab.web.Reply("no", 404) if "path" in asked.query else gitlab.web.Reply([{"path": "doc", "type": "tree"}])
    )
    assert end(gitlab.source(read=("docs",), docs=("docs", "doc/users"))) == End(True)
    assert not end(gitlab.source(read=("docs",), docs=("doc",))).complete


def test_the_token_is_sent(gitlab: GitLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELIX_GITLAB", "abc")
    items(gitlab.source(token_env="HELIX_GITLAB"))
    assert gitlab.site.asked[-1].headers["private-token"] == "abc"


def test_wrong_settings_are_refused(gitlab: GitLab) -> None:
    with pytest.raises(BadSourceSettings, match=r"projects = .* or groups"):
        gitlab.source(projects=())
    with pytest.raises(BadSourceSettings, match=r"read = \['wikis'\]: there are issues"):
        gitlab.source(read=("wikis",))
    with pytest.raises(BadSourceSettings, match="private: 'helix': expected"):
        gitlab.source(private=("helix",))


def test_no_path_is_claimed(tmp_path: Path) -> None:
    assert not claims(tmp_path)

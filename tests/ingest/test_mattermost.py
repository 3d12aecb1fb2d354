"""Threads over the API of a Mattermost server, and from its bulk export."""

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ingest.errors import BadSourceSettings, MissingPath
from ingest.source import End, Item
from ingest.sources.mattermost import Source, claims

HELIX = frozenset({"group:helix"})
VERSION = {"type": "version", "version": 1}
PUBLIC = {"type": "channel", "channel": {"team": "helix", "name": "trigger", "display_name": "Trigger", "type": "O"}}
PRIVATE = {"type": "channel", "channel": {"team": "helix", "name": "core", "display_name": "Core", "type": "P"}}


@pytest.fixture(autouse=True)
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps what the server answers in a folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


class Mattermost:
    """A server with a team, a public and a private channel; posts are given two a page, the newest first."""

    def __init__(self, site: Any, web: ModuleType) -> None:
        self.site, self.web = site, web
        self.posts: list[dict[str, Any]] = []
        self.channels: list[dict[str, Any]] = [{"id": "c1", "name": "trigger", "type": "O"}]
        self.says_older = True
        site.says["/api/v4/teams/name/helix"] = web.Reply({"id": "t1", "name": "helix"})
        site.says["/api/v4/teams/t1/channels"] = lambda asked: web.Reply(self.channels)
        site.says["/api/v4/teams/name/helix/channels/name/core"] = web.Reply({"id": "c2", "name": "core", "type": "P"})
        site.says["/api/v4/channels/c1/posts"] = self.page
        site.says["/api/v4/channels/c2/posts"] = self.page
        site.says["/api/v4/users/u1"] = web.Reply({"username": "ada"})

    def add(self, number: int, message: str, root: str = "", **more: object) -> dict[str, Any]:
        made = {"id": f"p{number}", "user_id": "u1", "create_at": number, "message": message, "root_id": root, **more}
        self.posts.append(made)
        return made

    def page(self, asked: Any) -> Any:
        newest_first = self.posts[::-1]
        before = asked.query.get("before", "")
        start = next((at + 1 for at, each in enumerate(newest_first) if each["id"] == before), 0)
        found, rest = newest_first[start : start + 2], newest_first[start + 2 :]
        answer = {"order": [each["id"] for each in found], "posts": {each["id"]: each for each in found}}
        older = {"prev_post_id": rest[0]["id"] if rest else ""} if self.says_older else {}
        return self.web.Reply({**answer, **older})

    def source(self, **settings: Any) -> Source:
        return Source("Chat", HELIX, url=self.site.url, teams=("helix",), seconds_between=0.0, **settings)


@pytest.fixture
def chat(site: Any, web: ModuleType) -> Mattermost:
    """A server with a thread of three posts, and one post alone."""
    made = Mattermost(site, web)
    made.add(1, "Which menu?")
    made.add(2, "Alone")
    made.add(3, "v7.2", root="p1")
    made.add(4, "Thanks @bo", root="p1")
    return made


def items(source: Source) -> list[Item]:
    return [each for each in source.listing() if isinstance(each, Item)]


def end(source: Source) -> End:
    *_, last = source.listing()
    assert isinstance(last, End)
    return last


def messages(source: Source, item: Item) -> list[str]:
    return [each["message"] for each in json.loads(source.fetch(item).data)["posts"]]


def export(folder: Path, *lines: object) -> Path:
    path = folder / "export.jsonl"
    path.write_text("".join(f"{each if isinstance(each, str) else json.dumps(each)}\n" for each in lines))
    return path


def post(message: str, channel: str = "trigger", **more: object) -> dict[str, object]:
    told = {"team": "helix", "channel": channel, "user": "ada", "message": message, "create_at": 1, **more}
    return {"type": "post", "post": told}


def test_a_thread_is_put_together_from_all_pages(chat: Mattermost) -> None:
    source = chat.source()
    thread, alone = items(source)
    assert thread.uri == f"{chat.site.url}/helix/pl/p1"
    assert messages(source, thread) == ["Which menu?", "v7.2", "Thanks @bo"]
    assert messages(source, alone) == ["Alone"]
    assert end(source) == End(True)


def test_a_server_that_does_not_say_whether_there_is_more_is_read_to_the_page_that_is_not_full(
    chat: Mattermost,
) -> None:
    chat.says_older = False
    del chat.posts[1:3]
    assert end(chat.source()) == End(True)


def test_posts_that_are_named_and_not_given_make_the_listing_incomplete(chat: Mattermost) -> None:
    chat.site.says["/api/v4/channels/c1/posts"] = chat.web.Reply({"order": ["p1"], "posts": {}, "prev_post_id": ""})
    assert end(chat.source()) == End(False, "helix/trigger: the server names posts that it does not give")


def test_a_channel_that_cannot_be_read_to_its_end_has_no_threads(chat: Mattermost) -> None:
    whole = chat.page
    chat.site.says["/api/v4/channels/c1/posts"] = lambda asked: (
        chat.web.Reply("no", 403) if asked.query.get("before") else whole(asked)
    )
    assert items(chat.source()) == []
    assert not end(chat.source()).complete


def test_a_team_without_a_public_channel_is_no_complete_listing(chat: Mattermost) -> None:
    chat.channels.clear()
    assert "no public channel" in end(chat.source()).reason


def test_a_channel_of_the_settings_that_is_not_there_is_no_complete_listing(chat: Mattermost) -> None:
    assert end(chat.source(channels=("helix/muon",))).reason == "helix/muon: there is no such public channel"


def test_a_private_channel_is_read_only_where_the_settings_say_for_whom(chat: Mattermost) -> None:
    chat.channels.append({"id": "c2", "name": "core", "type": "P"})
    items(chat.source(channels=("helix/core", "helix/trigger")))
    assert "/api/v4/channels/c2/posts" not in chat.site.paths
    source = chat.source(private=("helix/core = helix-core",), channels=("helix/core",))
    found = [each for each in items(source) if source.fetch(each).readers]
    assert {source.fetch(each).readers for each in found} == {(frozenset({"group:helix-core"}),)}
    assert "/api/v4/channels/c2/posts" in chat.site.paths


@pytest.mark.parametrize("kind", ["D", "G", "", "X"])
def test_a_channel_of_another_kind_is_never_read(chat: Mattermost, kind: str) -> None:
    told = {"id": "c2", "name": "core", "type": kind}
    chat.channels.append(told)
    chat.site.says["/api/v4/teams/name/helix/channels/name/core"] = chat.web.Reply(told)
    items(chat.source(private=("helix/core = helix-core",)))
    assert "/api/v4/channels/c2/posts" not in chat.site.paths


@pytest.mark.parametrize(
    "change",
    [{"message": "Which menu now?", "edit_at": 9}, {"metadata": {"files": [{"name": "a.pdf"}]}}, {"delete_at": 9}],
)
def test_the_version_changes_with_what_is_said(chat: Mattermost, change: dict[str, object]) -> None:
    before = items(chat.source())[0]
    chat.posts[0].update(change)
    assert before.version not in {each.version for each in items(chat.source())}


def test_a_reaction_makes_no_new_version_and_an_answer_does(chat: Mattermost) -> None:
    before = items(chat.source())[0]
    chat.posts[0].update({"update_at": 9, "has_reactions": True, "is_pinned": True})
    assert items(chat.source())[0] == before
    chat.add(5, "And in run 4712?", root="p1")
    assert items(chat.source())[0].version != before.version


@pytest.mark.parametrize(
    "gone", [{"delete_at": 9}, {"type": "system_join_channel"}, {"type": "burn_on_read"}, {"original_id": "p2"}]
)
def test_what_was_deleted_or_never_said_by_anybody_is_left_out(chat: Mattermost, gone: dict[str, object]) -> None:
    chat.posts[1].update(gone)
    assert [each.uri.rpartition("/")[2] for each in items(chat.source())] == ["p1"]


def test_somebody_who_is_gone_is_nobody_by_name(chat: Mattermost) -> None:
    chat.add(5, "Still here", user_id="u2")
    source = chat.source()
    assert json.loads(source.fetch(items(source)[-1]).data)["posts"][0]["user"] == ""


def test_an_export_is_claimed_and_other_lines_of_json_are_not(tmp_path: Path) -> None:
    assert claims(export(tmp_path, VERSION, PUBLIC))
    assert not claims(export(tmp_path, PUBLIC))
    assert not claims(tmp_path)


def test_direct_messages_and_private_channels_of_an_export_are_not_read(tmp_path: Path) -> None:
    direct = {
        "type": "direct_post",
        "direct_post": {"channel_members": ["ada", "bo"], "user": "ada", "message": "Psst"},
    }
    path = export(tmp_path, VERSION, PUBLIC, PRIVATE, post("Hello"), post("Secret", "core"), direct)
    source = Source("Chat", HELIX, path=path)
    assert [messages(source, each) for each in items(source)] == [["Hello"]]
    named = Source("Chat", HELIX, path=path, private=("helix/core = core",))
    assert [named.fetch(each).readers for each in items(named)] == [(), (frozenset({"group:core"}),)]


def test_a_deleted_post_of_an_export_goes_with_its_answers(tmp_path: Path) -> None:
    answers = [{"user": "bo", "message": "Kept", "create_at": 2}, {"user": "bo", "message": "Gone", "delete_at": 9}]
    gone = post("Gone", delete_at=9, replies=answers)
    kept = post("Whole", create_at=5, replies=answers)
    source = Source("Chat", HELIX, path=export(tmp_path, VERSION, PUBLIC, gone, kept))
    assert [sorted(messages(source, each)) for each in items(source)] == [["Kept", "Whole"]]


def test_an_export_that_is_cut_off_is_not_complete(tmp_path: Path) -> None:
    path = export(tmp_path, VERSION, PUBLIC, post("Hello"), '{"type":"post","post":{"team":"he')
    source = Source("Chat", HELIX, path=path)
    assert len(items(source)) == 1
    assert end(source).reason.startswith("line 4: no JSON that can be read")


def test_an_export_without_its_first_line_or_any_is_not_complete(tmp_path: Path) -> None:
    assert not end(Source("Chat", HELIX, path=export(tmp_path, PUBLIC, post("Hello")))).complete
    assert end(Source("Chat", HELIX, path=export(tmp_path))) == End(False, "the export is empty")


def test_a_channel_that_an_export_lacks_is_no_complete_listing(tmp_path: Path) -> None:
    source = Source("Chat", HELIX, path=export(tmp_path, VERSION, PUBLIC), channels=("helix/muon",))
    assert end(source) == End(False, "helix/muon: not in the export")


def test_wrong_settings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSourceSettings, match=r"expected path = '\.\.\.'"):
        Source("Chat", HELIX, url="https://chat.example")
    with pytest.raises(BadSourceSettings, match="'core' is no channel"):
        Source("Chat", HELIX, path=tmp_path, private=("core = a",))
    with pytest.raises(MissingPath):
        end(Source("Chat", HELIX, path=tmp_path / "none.jsonl"))

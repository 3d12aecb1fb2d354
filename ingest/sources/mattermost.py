"""Threads of a Mattermost server, over its API (v4) or from a bulk export (JSONL). Direct messages are never read.

A thread is listed with all that it says in its locator: a channel is read whole to know its threads, and nothing is
asked for twice.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from ingest.audience import audiences
from ingest.errors import BadSourceSettings, MissingPath, Unreadable
from ingest.format import HEAD_BYTES
from ingest.jsontext import at, loaded, number_at, objects_at, words_at
from ingest.remote import NoSuchPage, Remote, Unreachable, opened
from ingest.source import End, Item, Raw

_PAGE = 200
_EXPORT = re.compile(rb'\s*\{\s*"type"\s*:\s*"version"\s*[,}]')
# What servers before 5.0 exported of somebody who came or went, without saying that they wrote it themselves.
_CAME_OR_WENT = re.compile(r"@?(\S+) (?:has )?(?:joined|left) the (?:channel|team)\.")
# Posts of these types are for one reader, or for one reading.
_NOT_FOR_ALL = frozenset({"burn_on_read"})
Json = dict[str, object]


def claims(path: Path) -> bool:
    """Whether a file is a bulk export: its first line says of which version."""
    if not path.is_file() or path.suffix.lower() not in (".jsonl", ".json"):
        return False
    with path.open("rb") as file:
        return bool(_EXPORT.match(file.read(HEAD_BYTES)))


@dataclass(frozen=True, slots=True)
class _Channel:
    """A channel that is read: its id at the server, its names, and who may read it beyond the source's readers."""

    team: str
    name: str
    title: str
    readers: tuple[str, ...] = ()
    id: str = ""
    messages: int = 0


@dataclass(slots=True)
class _Threads:
    """Posts put together to threads as they come: by the post that they answer."""

    posts: dict[str, list[Json]] = field(default_factory=dict)

    def add(self, root: str, post: Json) -> None:
        """A post, and the id of the one that it answers, or its own."""
        self.posts.setdefault(root, []).append(post)

    def items(self, channel: _Channel, address: str) -> Iterator[Item]:
        """The threads of a channel, the oldest first; address stands in front of the id of each."""
        whole = {root: sorted(posts, key=_order) for root, posts in self.posts.items()}
        for root, posts in sorted(whole.items(), key=lambda each: (_order(each[1][0]), each[0])):
            told = {"channel": channel.title, "posts": posts, "headless": all(each["key"] != root for each in posts)}
            shown = {**told, "posts": [{name: each[name] for name in each if name != "key"} for each in posts]}
            note = json.dumps([list(channel.readers), shown], sort_keys=True, ensure_ascii=False)
            version = hashlib.sha256(note.encode("utf-8", "replace")).hexdigest()
            yield Item(f"{address}{quote(root)}", version, note)


@dataclass(frozen=True, slots=True)
class Source:
    """Threads of channels of a Mattermost server, or of a bulk export of one.

    path is the export; without it the server at url is asked, for the teams that are named, with the token in the
    environment variable token_env. Public channels are read, all of them or those in channels ("TEAM/CHANNEL");
    private ones only where private says for whom ("TEAM/CHANNEL = group, user:NAME").
    """

    name: str
    readers: frozenset[str]
    path: Path | None = None
    url: str = ""
    teams: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    token_env: str = ""
    ca: Path | None = None
    seconds_between: float = 0.2

    def __post_init__(self) -> None:
        where = "[[source]] kind = 'mattermost': "
        if self.path is None and not (self.url and self.teams):
            raise BadSourceSettings(f"{where}expected path = '...' of an export, or url = '...' and teams = [...]")
        wrong = [each for each in (*self.channels, *self._private()) if each.count("/") != 1]
        if wrong:
            raise BadSourceSettings(f"{where}{wrong[0]!r} is no channel: expected 'TEAM/CHANNEL'")

    def listing(self) -> Iterator[Item | End]:
        """Every thread of every channel that may be read."""
        if self.path is not None:
            yield from self._export(self.path)
            return
        lost: list[str] = []
        people: dict[str, tuple[str, str]] = {}
        for channel in self._channels(lost):
            try:
                yield from self._threads(channel, people)
            except Unreachable as problem:
                lost.append(f"{channel.team}/{channel.name}: {problem}")
        yield End(not lost, "; ".join(lost))

    def fetch(self, item: Item) -> Raw:
        """A thread as it was listed."""
        readers, told = json.loads(item.locator)
        data = json.dumps(told, sort_keys=True, ensure_ascii=False).encode("utf-8", "replace")
        clauses = (frozenset(readers),) if readers else ()
        return Raw(data, "mattermost_thread", "chat", name="thread.json", readers=clauses)

    def _private(self) -> dict[str, frozenset[str]]:
        return audiences(self.private, "[[source]] kind = 'mattermost': private")

    def _channel(self, team: str, found: object) -> _Channel | None:
        """A channel if it may be read: a public one that is wanted, or a private one that is named with its readers."""
        name, kind = words_at(found, "name"), words_at(found, "type")
        key = f"{team}/{name}"
        wanted = kind == "O" and (not self.channels or key in self.channels)
        named = self._private().get(key)
        if not name or kind not in ("O", "P") or not (wanted or named):
            return None
        return _Channel(
            team,
            name,
            words_at(found, "display_name") or name,
            tuple(sorted(named or ())),
            words_at(found, "id"),
            number_at(found, "total_msg_count") or 0,
        )

    # Over the API.

    def _channels(self, lost: list[str]) -> Iterator[_Channel]:
        """The channels of the teams that may be read; what cannot be had is added to lost."""
        for team in dict.fromkeys(self.teams):
            try:
                found = self._asked(f"api/v4/teams/name/{quote(team)}")
                public = list(self._public(words_at(found, "id")))
                private = [each.partition("/")[2] for each in self._private() if each.startswith(f"{team}/")]
                others = [
                    self._asked(f"api/v4/teams/name/{quote(team)}/channels/name/{quote(each)}") for each in private
                ]
            except Unreachable as problem:
                lost.append(f"{team}: {problem}")
                continue
            if not public:
                lost.append(f"{team}: no public channel; a token that may not see them looks the same")
            listed = {words_at(each, "id"): each for each in (*public, *others)}
            missing = {each for each in self.channels if each.startswith(f"{team}/")}
            missing -= {f"{team}/{words_at(each, 'name')}" for each in listed.values()}
            lost.extend(f"{each}: there is no such public channel" for each in sorted(missing))
            yield from filter(None, (self._channel(team, each) for each in listed.values()))

    def _public(self, team_id: str) -> Iterator[Json]:
        """The public channels of a team; the last page is the first that is not full."""
        number, length = 0, _PAGE
        while length == _PAGE:
            path = f"api/v4/teams/{quote(team_id)}/channels"
            found = _remote(self).page(path, {"page": number, "per_page": _PAGE}).json()
            if not isinstance(found, list):
                raise Unreachable(f"{path}: the server answers something else than Mattermost does")
            yield from objects_at({"list": found}, "list")
            number, length = number + 1, len(found)

    def _threads(self, channel: _Channel, people: dict[str, tuple[str, str]]) -> Iterator[Item]:
        """The threads of a channel."""
        threads = _Threads()
        for post in self._posts(channel):
            if not _is_read(post):
                continue
            user, name = self._person(words_at(post, "user_id"), people)
            override = words_at(post, "props", "override_username")
            key = words_at(post, "id")
            told = _told(post, key, override or user, override or name)
            threads.add(words_at(post, "root_id") or key, {**told, "id": key})
        yield from threads.items(channel, f"{self.url.rstrip('/')}/{quote(channel.team)}/pl/")

    def _posts(self, channel: _Channel) -> Iterator[Json]:
        """The posts of a channel, the newest first; raises Unreachable where they are not all."""
        seen: set[str] = set()
        oldest: str | None = ""
        while oldest is not None:
            before = {"before": oldest} if oldest else {}
            answer = self._asked(f"api/v4/channels/{quote(channel.id)}/posts", per_page=_PAGE, **before)
            listed = at(answer, "order")
            order = [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []
            new = [each for each in order if each not in seen]
            given = {each: at(answer, "posts", each) for each in new}
            yield from (each for each in given.values() if isinstance(each, dict))
            if not all(isinstance(each, dict) for each in given.values()):
                raise Unreachable("the server names posts that it does not give")
            seen.update(new)
            older = at(answer, "prev_post_id")
            # Servers before 5.18 do not say whether there is more: a page that is not full is the last.
            is_last = older == "" if isinstance(older, str) else len(order) < _PAGE
            if not is_last and not new:
                raise Unreachable(f"the posts break off after {len(seen)}, and older ones are there")
            oldest = None if is_last else order[-1]
        if not seen and channel.messages:
            raise Unreachable(f"no post is listed, and the channel counts {channel.messages}")

    def _person(self, user_id: str, people: dict[str, tuple[str, str]]) -> tuple[str, str]:
        """The account and the name of somebody, each asked for once; nothing for one who is gone."""
        if user_id and user_id not in people:
            try:
                found: object = self._asked(f"api/v4/users/{quote(user_id)}")
            except NoSuchPage:
                found = {}
            people[user_id] = _called(found)
        return people.get(user_id, ("", ""))

    def _asked(self, path: str, **parameters: str | int) -> Json:
        """An answer of the server, which must be an object; raises Unreachable."""
        found = _remote(self).page(path, parameters).json()
        if not isinstance(found, dict):
            raise Unreachable(f"{path}: the server answers something else than Mattermost does")
        return found

    # From an export.

    def _export(self, path: Path) -> Iterator[Item | End]:
        """The threads of an export; a line that cannot be read makes it incomplete."""
        if not path.is_file():
            raise MissingPath(f"the source {self.name!r}: {path} is no file that exists")
        lost: list[str] = []
        channels: dict[str, _Channel] = {}
        people: dict[str, tuple[str, str]] = {}
        threads: dict[str, _Threads] = {}
        for kind, found in _lines(path, lost):
            team, channel = words_at(found, "team"), words_at(found, "channel")
            if kind == "channel" and (not self.teams or team in self.teams):
                made = self._channel(team, found)
                channels.update({f"{team}/{made.name}": made} if made else {})
            elif kind == "user":
                user, name = _called(found)
                people[user] = (user, name)
            elif kind == "post" and f"{team}/{channel}" in channels:
                _add_exported(found, people, threads.setdefault(f"{team}/{channel}", _Threads()))
        lost.extend(f"{each}: not in the export" for each in sorted({*self.channels, *self._private()} - set(channels)))
        for key, each in channels.items():
            base = f"{self.url.rstrip('/')}/{quote(each.team)}/channels/{quote(each.name)}#"
            address = base if self.url else f"{path.absolute().as_uri()}#{quote(key)}/"
            yield from threads.get(key, _Threads()).items(each, address)
        yield End(not lost, "; ".join(lost))


def _remote(source: Source) -> Remote:
    """The way to a source's server, kept open for the whole run: a source is listed first and fetched from later."""
    return opened(source.url, token_env=source.token_env, ca=source.ca, seconds_between=source.seconds_between)


def _lines(path: Path, lost: list[str]) -> Iterator[tuple[str, Json]]:
    """What each line of an export holds, with its kind; what cannot be read is added to lost."""
    number = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                found = loaded(line) if line.strip() else {}
            except Unreadable as problem:
                lost.append(f"line {number}: {problem}")
                continue
            kind = words_at(found, "type")
            if number == 1 and kind != "version":
                lost.append("line 1: no version, so this is no whole export")
            inner = at(found, kind) if kind else None
            if isinstance(inner, dict):
                yield kind, inner
    if not number:
        lost.append("the export is empty")


def _add_exported(post: Json, people: dict[str, tuple[str, str]], threads: _Threads) -> None:
    """A post of an export with its answers; it has no id, so its time and its author stand for one."""
    key = f"{number_at(post, 'create_at') or 0}-{words_at(post, 'user')}"
    while key in threads.posts:
        key += "+"
    # The answers to a post go with it, whether the export says so of each or not.
    posts = [] if number_at(post, "delete_at") else [post, *objects_at(post, "replies")]
    for number, each in enumerate(posts):
        if _is_read(each) and not _came_or_went(each):
            user, name = people.get(words_at(each, "user"), (words_at(each, "user"), ""))
            threads.add(key, _told(each, f"{key}/{number}" if number else key, user, name))


def _is_read(post: Json) -> bool:
    """Whether a post was written by somebody for all of the channel, and still stands."""
    kind = words_at(post, "type")
    gone = number_at(post, "delete_at") or words_at(post, "original_id")
    return not gone and not kind.startswith("system_") and kind not in _NOT_FOR_ALL


def _came_or_went(post: Json) -> bool:
    found = _CAME_OR_WENT.fullmatch(words_at(post, "message").strip())
    return found is not None and found[1] == words_at(post, "user")


def _told(post: Json, key: str, user: str, name: str) -> Json:
    """What is read of a post; reactions and pins are not, so they make no new version."""
    return {
        "key": key,
        "user": user,
        "name": name,
        "create_at": number_at(post, "create_at") or 0,
        "edit_at": number_at(post, "edit_at") or 0,
        "message": "\n\n".join([words_at(post, "message"), *_cards(post)]).strip(),
        "files": list(_files(post)),
    }


def _cards(post: Json) -> Iterator[str]:
    """What programs attach to their posts: a title and a text each."""
    for each in objects_at(post, "props", "attachments"):
        parts = [words_at(each, name) for name in ("pretext", "title", "text")]
        yield "\n\n".join(filter(None, parts)) or words_at(each, "fallback")


def _files(post: Json) -> Iterator[str]:
    """The names of the files that hang on a post."""
    yield from filter(None, (words_at(each, "name") for each in objects_at(post, "metadata", "files")))
    yield from filter(None, (words_at(each, "path").rpartition("/")[2] for each in objects_at(post, "attachments")))


def _called(user: object) -> tuple[str, str]:
    """The account of somebody, and the name where both parts are given."""
    names: Iterable[str] = (words_at(user, "first_name"), words_at(user, "last_name"))
    return words_at(user, "username"), " ".join(filter(None, names))


def _order(post: Json) -> tuple[int, str]:
    return number_at(post, "create_at") or 0, words_at(post, "key")

"""A thread of Mattermost: a post and the answers to it, as the source of that name puts it together.

The bytes are an object: ``channel`` is what people call the channel, ``posts`` are in the order of their times, each
with ``id``, ``user``, ``name``, ``create_at`` and ``edit_at`` in milliseconds, ``message`` and ``files``.
"""

import re
from datetime import UTC, datetime

from ingest.errors import Unreadable
from ingest.format import Parsed
from ingest.inset import inset
from ingest.jsontext import at, loaded, number_at, objects_at, words_at
from ingest.outline import plain
from ingest.writer import Writer

SUFFIXES: tuple[str, ...] = ()

_URL = re.compile(r"https?://[^\s<>\"'`|\\^{}()\[\]]+[^\s<>\"'`|\\^{}()\[\].,;:!?*_]")
# What makes a line a heading or an item of a list.
_SIGNS = re.compile(r"^#+\s+|^[-*+]\s+")
_MOST_IN_TITLE = 80
_LAST = datetime(2200, 1, 1, tzinfo=UTC).timestamp() * 1000


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """Never: who may read a thread is known to the source alone, so a file of one is not read."""
    return False


def parse(raw: bytes, name: str = "") -> Parsed:  # noqa: ARG001
    """Read a thread; each post is a message. Its title, what the first says, does not stand in the text again."""
    found = loaded(raw)
    posts = objects_at(found, "posts")
    if not posts:
        raise Unreadable("no post of Mattermost in it")
    channel = " ".join(words_at(found, "channel").split())
    title = f"{_beginning(posts)} ({channel})" if channel else _beginning(posts)
    writer = Writer()
    for each in posts:
        _write(each, writer)
    times = [time for each in posts for time in (_moment(each, "create_at"), _moment(each, "edit_at")) if time]
    return Parsed(
        text=writer.text,
        marks=writer.marks,
        title=title,
        authors=tuple(dict.fromkeys(filter(None, (_who(each) for each in posts)))),
        modified=max(times, default=None),
        links=tuple(dict.fromkeys(_URL.findall(writer.text))),
        warnings=("the post that this thread answers is not there",) if at(found, "headless") is True else (),
    )


def _write(post: object, writer: Writer) -> None:
    """Write a post under who wrote it and when, with the names of the files that hang on it."""
    user, created = words_at(post, "user"), _moment(post, "create_at")
    who = _who(post) or "somebody"
    called = f"{who} (@{user})" if user and user != who else who
    when = f"{created:%Y-%m-%d %H:%M}" if created else ""
    fragment = f"#{words_at(post, 'id')}" if words_at(post, "id") else ""
    start = writer.next
    writer.heading(", ".join(filter(None, (called, when))), 2, fragment)
    inset(writer, words_at(post, "message"), deeper=2)
    files = at(post, "files")
    names = [each for each in files if isinstance(each, str) and each.strip()] if isinstance(files, list) else []
    writer.block("\n".join(f"- file: {' '.join(each.split())}" for each in names))
    writer.mark(start, "message", label=", ".join(filter(None, (who, when))), fragment=fragment)


def _who(post: object) -> str:
    return " ".join((words_at(post, "name") or words_at(post, "user")).split())


def _beginning(posts: list[dict[str, object]]) -> str:
    """The first words of the first post that has any of its own, not quoted."""
    for each in posts:
        lines = (line.strip() for line in words_at(each, "message").split("\n"))
        said = (plain(_SIGNS.sub("", line)) for line in lines if not line.startswith((">", "```")))
        words = next(filter(None, said), "")
        if words:
            return words if len(words) <= _MOST_IN_TITLE else f"{words[:_MOST_IN_TITLE].rsplit(' ', 1)[0]} ..."
    return "Thread"


def _moment(post: object, key: str) -> datetime | None:
    """A time in milliseconds; None for none, and for one that no clock shows."""
    time = number_at(post, key) or 0
    return datetime.fromtimestamp(time / 1000, UTC) if 0 < time < _LAST else None

"""An issue of Jira as its REST interface gives it: what it is about, how it ended, and what was said about it."""

import re
from collections.abc import Iterable, Iterator

from ingest.errors import Unreadable
from ingest.format import Parsed
from ingest.formats.jira_issue.issue import Comment, Issue, issue
from ingest.formats.jira_issue.markup import markdown
from ingest.inset import inset
from ingest.jsontext import loaded, words_at
from ingest.writer import Writer

SUFFIXES: tuple[str, ...] = ()

_URL = re.compile(r"https?://[^\s<>\"'`|\\^{}()\[\]]+[^\s<>\"'`|\\^{}()\[\].,;:!?*_]")


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """Never: who may read an issue is known to the source alone, so a file of one is not read."""
    return False


def parse(raw: bytes, name: str = "") -> Parsed:  # noqa: ARG001
    """Read an issue; what the address of the server is, for links to other issues, stands under ``_site``."""
    found = loaded(raw)
    read = issue(found)
    if not read.key:
        raise Unreadable("no issue of Jira in it")
    site = words_at(found, "_site")
    shown = [each for each in read.comments if not each.restricted]
    writer = Writer()
    _write(read, writer)
    for each in shown:
        _write_comment(each, writer)
    return Parsed(
        text=writer.text,
        marks=writer.marks,
        title=f"{read.key}: {read.summary}" if read.summary else read.key,
        authors=(read.reporter,) if read.reporter else (),
        modified=read.modified,
        parent=f"{site}/browse/{read.parent}" if site and read.parent else "",
        identifiers=(read.key,),
        links=tuple(dict.fromkeys(_links(read, writer.text, site))),
        warnings=tuple(_warnings(read)),
    )


def _write(read: Issue, writer: Writer) -> None:
    """Write all but the comments; how it was resolved stands first."""
    writer.heading(f"{read.key}: {read.summary}", 1)
    facts = [f"- {name}: {value}" for name, value in read.facts.items()]
    facts += [f"- This issue {each.how} {each.key}" for each in read.relations]
    writer.block("\n".join(facts))
    inset(writer, markdown(read.description, deeper=1))
    if read.environment.strip():
        writer.heading("Environment", 2)
        inset(writer, markdown(read.environment, deeper=1))
    if read.attachments:
        writer.heading("Attachments", 2)
        writer.block("\n".join(f"- {each.filename}" for each in read.attachments))


def _write_comment(each: Comment, writer: Writer) -> None:
    """Write a comment under its author and date, as a message."""
    when = f"{each.created:%Y-%m-%d %H:%M}" if each.created else ""
    who = ", ".join(filter(None, (each.author or "somebody", when)))
    fragment = f"#comment-{each.id}" if each.id else ""
    start = writer.next
    writer.heading(f"Comment by {who}", 2, fragment)
    inset(writer, markdown(each.body, deeper=2))
    writer.mark(start, "message", label=who, fragment=fragment)


def _links(read: Issue, text: str, site: str) -> Iterator[str]:
    yield from _URL.findall(text)
    if site:
        yield from (f"{site}/browse/{each.key}" for each in read.relations)


def _warnings(read: Issue) -> Iterable[str]:
    hidden = sum(bool(each.restricted) for each in read.comments)
    if hidden:
        yield f"{hidden} {'comment is' if hidden == 1 else 'comments are'} for a role or group alone, and left out"
    missing = read.comments_in_all - len(read.comments)
    if missing:
        yield f"{missing} of {read.comments_in_all} comments are missing"

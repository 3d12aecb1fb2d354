"""An issue or merge request of GitLab as its REST interface (v4) gives it, with its notes.

The bytes are an object: ``about`` is the issue or merge request, ``notes`` what was said about it.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from ingest.errors import Unreadable
from ingest.format import Parsed
from ingest.inset import inset
from ingest.jsontext import at, loaded, objects_at, words_at
from ingest.writer import Writer

SUFFIXES: tuple[str, ...] = ()

_URL = re.compile(r"https?://[^\s<>\"'`|\\^{}()\[\]]+[^\s<>\"'`|\\^{}()\[\].,;:!?*_]")


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """Never: who may read an issue is known to the source alone, so a file of one is not read."""
    return False


def parse(raw: bytes, name: str = "") -> Parsed:  # noqa: ARG001
    """Read an issue or merge request; notes that GitLab itself wrote, and internal ones, are left out."""
    found = loaded(raw)
    about = at(found, "about")
    title = " ".join(words_at(about, "title").split())
    if not words_at(about, "iid"):
        raise Unreadable("no issue and no merge request of GitLab in it")
    writer = Writer()
    writer.heading(title or reference(about), 1)
    writer.block("\n".join(f"- {name}: {value}" for name, value in _facts(about) if value))
    inset(writer, words_at(about, "description"), deeper=1)
    said = [each for each in objects_at(found, "notes") if at(each, "system") is not True]
    hidden = [each for each in said if is_internal(each)]
    for each in said:
        if not is_internal(each):
            _write_note(each, writer)
    author = person(at(about, "author"))
    return Parsed(
        text=writer.text,
        marks=writer.marks,
        title=f"{title} ({reference(about)})" if title else reference(about),
        authors=(author,) if author else (),
        modified=moment(words_at(about, "updated_at")) or moment(words_at(about, "created_at")),
        identifiers=(reference(about),),
        links=tuple(dict.fromkeys(_URL.findall(writer.text))),
        warnings=tuple(_warnings(len(hidden))),
    )


def reference(about: object) -> str:
    """What people call it: helix/trigger#12, helix/trigger!7."""
    return words_at(about, "references", "full") or f"#{words_at(about, 'iid')}"


def is_internal(note: object) -> bool:
    """Whether a note is for members alone."""
    return at(note, "internal") is True or at(note, "confidential") is True


def person(found: object) -> str:
    """What people call somebody."""
    return " ".join((words_at(found, "name") or words_at(found, "username")).split())


def moment(written: str) -> datetime | None:
    """A time as GitLab writes it; None for none.

    >>> moment("2025-06-16T09:30:00.000Z").isoformat()
    '2025-06-16T09:30:00+00:00'
    """
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _facts(about: object) -> Iterator[tuple[str, str]]:
    """What stands beside an issue, how it ended first."""
    yield "State", _state(about)
    yield "Reference", reference(about)
    yield "Type", words_at(about, "issue_type").replace("_", " ")
    labels = at(about, "labels")
    yield "Labels", ", ".join(each for each in labels if isinstance(each, str)) if isinstance(labels, list) else ""
    yield "Milestone", words_at(about, "milestone", "title")
    yield "Author", person(at(about, "author"))
    yield "Assignees", ", ".join(map(person, objects_at(about, "assignees")))
    yield "Reviewers", ", ".join(map(person, objects_at(about, "reviewers")))
    source, target = words_at(about, "source_branch"), words_at(about, "target_branch")
    yield "Branches", f"{source} into {target}" if source and target else ""
    yield "Created", words_at(about, "created_at")[:10]
    yield "Due", words_at(about, "due_date")


def _state(about: object) -> str:
    """The state, and since when and by whom it is over."""
    state = words_at(about, "state")
    for name, who in (("merged_at", "merge_user"), ("merged_at", "merged_by"), ("closed_at", "closed_by")):
        when, by = words_at(about, name)[:10], person(at(about, who))
        if when and by and state != "opened":
            return f"{state} ({when}, {by})"
    when = words_at(about, "merged_at") or words_at(about, "closed_at")
    return f"{state} ({when[:10]})" if when and state != "opened" else state


def _write_note(note: object, writer: Writer) -> None:
    """Write a note under its author and date, as a message; a note on a line of code says on which."""
    created = moment(words_at(note, "created_at"))
    who = ", ".join(
        filter(None, (person(at(note, "author")) or "somebody", f"{created:%Y-%m-%d %H:%M}" if created else ""))
    )
    path = words_at(note, "position", "new_path") or words_at(note, "position", "old_path")
    line = words_at(note, "position", "new_line") or words_at(note, "position", "old_line")
    on = f" on {path}{f', line {line}' if line else ''}" if path else ""
    fragment = f"#note_{words_at(note, 'id')}" if words_at(note, "id") else ""
    start = writer.next
    writer.heading(f"Comment by {who}{on}", 2, fragment)
    inset(writer, words_at(note, "body"), deeper=2)
    writer.mark(start, "message", label=who, fragment=fragment)


def _warnings(hidden: int) -> Iterator[str]:
    if hidden:
        yield f"{hidden} {'note is' if hidden == 1 else 'notes are'} for members alone, and left out"

"""Entries of an ELOG logbook, as its files have them and its server gives them: one, or those of a day."""

import re

from ingest import hypertext
from ingest.charset import decoded
from ingest.errors import Unreadable
from ingest.format import Parsed
from ingest.formats.elog.code import as_html
from ingest.formats.elog.entry import Entry, entries
from ingest.writer import Writer

SUFFIXES = (".elog",)

_START = re.compile(rb"\s*\$@MID@\$: *\d+")
# What the logbook's program needs, and what stands elsewhere.
_TECHNICAL = frozenset("date|subject|encoding|attachment|reply to|in reply to|locked by".split("|"))
_PARAGRAPH = re.compile(r"\n[ \t]*\n")


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """The mark that every entry starts with."""
    return bool(_START.match(head))


def parse(raw: bytes, name: str = "") -> Parsed:  # noqa: ARG001
    """Read entries; raises Unreadable where there is none."""
    text, warnings = decoded(raw)
    found = entries(text)
    if not found:
        raise Unreadable("no entry of a logbook in it")
    writer = Writer()
    links: list[str] = []
    for each in found:
        start = writer.next
        links += _write(each, writer)
        if len(found) > 1:
            writer.mark(start, "message", label=f"entry {each.number}", fragment=f"#{each.number}")
    first = found[0]
    return Parsed(
        text=writer.text,
        marks=writer.marks,
        title=first.title,
        authors=(first.author,) if first.author else (),
        modified=first.date,
        links=tuple(dict.fromkeys(link for link in links if link.startswith(("http://", "https://")))),
        warnings=warnings,
    )


def _write(entry: Entry, writer: Writer) -> list[str]:
    """Write an entry; returns the addresses that it links to."""
    writer.heading(entry.title, 1)
    facts = [(name, value) for name, value in entry.fields if value and name.lower() not in _TECHNICAL]
    date = [("Date", entry.value("date"))] if entry.value("date") else []
    writer.block("\n".join(f"- {name}: {value}" for name, value in [*date, *facts]))
    links: list[str] = []
    if entry.encoding == "plain":
        _write_plain(entry.text, writer)
    else:
        html = entry.text if entry.encoding == "html" else as_html(entry.text)
        root, _ = hypertext.tree(html.encode("utf-8", "replace"))
        links = list(hypertext.write(root, writer, deeper=1)) if root is not None else []
    if entry.attachments:
        writer.heading("Attachments", 2)
        writer.block("\n".join(f"- {attachment.name}" for attachment in entry.attachments))
    return links


def _write_plain(text: str, writer: Writer) -> None:
    """Paragraphs as they were typed; what is quoted from the entry before is marked."""
    for paragraph in _PARAGRAPH.split(text.strip("\n")):
        lines = [line.rstrip() for line in paragraph.split("\n")]
        quoted = all(line.lstrip().startswith(">") for line in lines if line)
        writer.block("\n".join(lines), "quote" if quoted and any(lines) else None)

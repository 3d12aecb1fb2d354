"""What both a folder and a server make of the entries of a logbook."""

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256

from ingest.errors import Unreadable
from ingest.format import HEAD_BYTES, recognise
from ingest.formats.elog.entry import Attachment, Entry, entries
from ingest.kind import kind_of
from ingest.locator import packed, unpacked
from ingest.source import Item, Raw


def items(
    found: Iterable[Entry], uri: Callable[[int], str], attached: Callable[[Entry, Attachment, str], Item]
) -> Iterator[Item]:
    """Entries in the order of their numbers, each with its thread, and their attachments.

    uri gives the address of an entry by its number; attached gives the item of an attachment from its entry and the
    locator that is to lead there.
    """
    known = {entry.number: entry for entry in sorted(found, key=lambda entry: entry.number)}
    for entry in known.values():
        parent = uri(entry.answers) if entry.answers in known else ""
        thread = uri(_root(entry, known))
        raw = entry.raw.encode("utf-8", "replace")
        version = sha256(b"\0".join((raw, parent.encode(), thread.encode()))).hexdigest()
        yield Item(uri(entry.number), version, packed(raw, parent, thread, ""))
        for attachment in entry.attachments:
            yield attached(entry, attachment, packed(raw, uri(entry.number), thread, attachment.stored))


def told(entry: Entry) -> str:
    """A hash of what an entry says of its attachments."""
    return sha256(repr((entry.title, entry.author, entry.date)).encode()).hexdigest()[:16]


def read(item: Item, data: Callable[[Attachment], bytes]) -> Raw:
    """An entry, or an attachment whose bytes data gives; raises Unreadable."""
    raw, (parent, thread, stored) = unpacked(item.locator)
    (entry,) = entries(raw.decode())
    if not stored:
        return Raw(raw, "elog", "page", name=f"{entry.number}.elog", parent=parent, thread=thread)
    attachment = next(each for each in entry.attachments if each.stored == stored)
    content = data(attachment)
    format_name = recognise(content[:HEAD_BYTES], attachment.name)
    if format_name is None:
        raise Unreadable(f"no format reads {attachment.name}")
    return Raw(
        content,
        format_name,
        kind_of(format_name, content),
        name=attachment.name,
        title=f"{entry.title} ({attachment.name})",
        authors=(entry.author,) if entry.author else (),
        modified=entry.date,
        parent=parent,
        thread=thread,
    )


def _root(entry: Entry, known: dict[int, Entry]) -> int:
    """The first entry of a thread, as far back as there are entries."""
    seen = {entry.number}
    while entry.answers in known and entry.answers not in seen:
        entry = known[entry.answers]
        seen.add(entry.number)
    return entry.number

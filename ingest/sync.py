"""What is new, changed, unchanged and gone: a source's listing held against the manifest."""

import hashlib
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from ingest.errors import CollabqaError
from ingest.manifest import Manifest, Row
from ingest.read import fingerprint
from ingest.source import End, Item, Source

#: An item that could not be read is tried this often before it waits for a change of itself or of the program.
MAX_ATTEMPTS = 3
# A listing that lacks more than this share of a source's documents is taken for a mistake of the source until the
# operator says otherwise; below this number of documents it is not, since one of three is soon a third.
MAX_GONE_SHARE = 0.3
MIN_GONE = 10


@dataclass(slots=True)
class Plan:
    """What a run has to do for one source.

    Each item listed stands in exactly one of todo, unchanged, skipped and waiting (for a change, after MAX_ATTEMPTS).
    listed are the uris that are this source's own: no other source of the run may have them. moved counts the documents
    that another source, which it names, put under the same address in an earlier run.
    """

    source: Source
    todo: list[Item] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    skipped: list[Item] = field(default_factory=list)
    waiting: list[Row] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    listed: set[str] = field(default_factory=set)
    moved: Counter[str] = field(default_factory=Counter)
    complete: bool = False
    notes: list[str] = field(default_factory=list)


def stamp(source: Source, item: Item, pipeline: str) -> str:
    """What must be equal for a document to be unchanged: version, source, readers, and the whole pipeline."""
    parts = (item.version, source.name, *sorted(source.readers), fingerprint(), pipeline)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def plan(
    source: Source, manifest: Manifest, *, pipeline: str, taken: Collection[str] = (), remove_many: bool = False
) -> Plan:
    """Hold a source's listing against the manifest.

    taken are uris that another source of this run has already named: they are skipped here. Documents are gone only
    after a complete listing, and not more than MAX_GONE_SHARE of them unless remove_many.
    """
    made = Plan(source)
    rows = {row.uri: row for row in manifest.rows(source.name)}
    listed = made.listed
    try:
        for each in source.listing():
            if isinstance(each, End):
                made.complete = each.complete
                if not each.complete:
                    made.notes.append(f"{source.name}: not everything could be listed ({each.reason}); nothing removed")
                break
            _place(each, made, rows.get(each.uri) or manifest.row(each.uri), pipeline, taken)
        else:
            made.notes.append(f"{source.name}: the listing broke off; nothing removed")
    except CollabqaError as problem:
        made.complete = False
        made.notes.append(f"{source.name}: {problem}; nothing removed")
        if not listed:
            raise
    made.notes += [
        f"{source.name}: {count} of its addresses had documents of {other}; they are replaced"
        for other, count in sorted(made.moved.items())
    ]
    if made.complete:
        made.gone = _gone(made, sorted(set(rows) - listed), len(rows), remove_many)
    return made


def _place(item: Item, made: Plan, row: Row | None, pipeline: str, taken: Collection[str]) -> None:
    """Put a listed item where it belongs."""
    if item.uri in made.listed or item.uri in taken:
        made.skipped.append(Item(item.uri, item.version, item.locator, "listed before under the same address"))
        return
    if item.skipped:
        made.skipped.append(item)
        return
    made.listed.add(item.uri)
    now = stamp(made.source, item, pipeline)
    if row is not None and row.stamp == now and not row.pending:
        if row.skipped:
            made.skipped.append(Item(item.uri, item.version, item.locator, row.skipped))
        else:
            made.unchanged.append(item.uri)
    elif row is not None and row.tried == now and row.attempts >= MAX_ATTEMPTS:
        made.waiting.append(row)
    else:
        made.todo.append(item)
        if row is not None and row.generation and row.source != made.source.name:
            made.moved[row.source] += 1


def _gone(made: Plan, missing: list[str], known: int, remove_many: bool) -> list[str]:
    """The documents to remove, or none where it would be too many at once."""
    if len(missing) <= max(MIN_GONE, MAX_GONE_SHARE * known) or remove_many:
        return missing
    made.notes.append(
        f"{made.source.name}: {len(missing)} of {known} documents are no longer listed; that is so many that none was "
        "removed. If they are really gone, say so with --remove-many"
    )
    return []

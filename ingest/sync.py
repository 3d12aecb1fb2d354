"""What is new, changed, unchanged and gone: a source's listing held against the manifest."""

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ingest.errors import CollabqaError, ListingBroke
from ingest.fingerprint import connector, parsers
from ingest.manifest import Manifest, Row
from ingest.source import End, Item, Source

#: An item whose bytes could not be read is tried this often before it waits for a change of itself or of the program.
MAX_ATTEMPTS = 3
#: A listing that lacks more than this share of a source's documents is taken for a mistake of the source until the
#: operator says otherwise.
MAX_REMOVED_SHARE = 0.1
# So many may go whatever their share: in a source of fewer than thirty documents a tenth is less than three, and people
# do delete a page or two of a small folder. A listing that holds nothing at all is a mistake in a small source, too: a
# disk that is not mounted looks like an empty folder.
MIN_GONE = 3


@dataclass(slots=True)
class Plan:
    """What a run has to do for one source.

    Each item listed stands in exactly one of todo, unchanged, skipped and waiting (for a change, after MAX_ATTEMPTS).
    listed are the uris that are this source's own: no other source of the run may have them. moved counts the documents
    that another source, which it names, put under the same address in an earlier run. incomplete is why the listing was
    not complete.
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
    incomplete: str = ""
    notes: list[str] = field(default_factory=list)


def stamp(source: Source, item: Item, pipeline: str) -> str:
    """What must be equal for a document to be unchanged: version, source, readers, and all code that makes it."""
    code = (parsers(), connector(type(source)), pipeline)
    return _hash(item.version, source.name, *sorted(source.readers), *code)


def origin(source: Source, item: Item) -> str:
    """What must be equal for a source to give the same Raw again: all of it but the code that reads the bytes."""
    return _hash(item.version, item.locator, source.name, connector(type(source)))


def plan(
    source: Source,
    manifest: Manifest,
    *,
    pipeline: str,
    taken: Collection[str] = (),
    max_removed_share: float = MAX_REMOVED_SHARE,
) -> Plan:
    """Hold a source's listing against the manifest.

    taken are uris that another source of this run has already named: they are skipped here. Documents are gone only
    after a complete listing, and not more than max_removed_share of them; at 1 all may go.
    """
    made = Plan(source)
    rows = {row.uri: row for row in manifest.rows(source.name)}
    listed = made.listed
    try:
        for each in source.listing():
            if isinstance(each, End):
                made.complete = each.complete
                if not each.complete:
                    _incomplete(made, f"not everything could be listed ({each.reason})")
                break
            _place(each, made, rows.get(each.uri) or manifest.row(each.uri), pipeline, taken)
        else:
            _incomplete(made, "the listing broke off")
    except CollabqaError as problem:
        if not listed:
            raise
        _incomplete(made, str(problem))
    except Exception as problem:
        why = f"{type(problem).__name__}: {problem}"
        if not listed:
            raise ListingBroke(f"{source.name}: its listing failed: {why}") from problem
        _incomplete(made, f"the listing broke off ({why})")
    made.notes += [
        f"{source.name}: {count} of its addresses had documents of {other}; they are replaced"
        for other, count in sorted(made.moved.items())
    ]
    if made.complete:
        made.gone = _gone(made, rows, taken, max_removed_share)
    return made


def _incomplete(made: Plan, why: str) -> None:
    made.complete = False
    made.incomplete = why
    made.notes.append(f"{made.source.name}: {why}; nothing removed")


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


def _gone(made: Plan, rows: Mapping[str, Row], taken: Collection[str], max_removed_share: float) -> list[str]:
    """The documents to remove, or none where it would be too many at once."""
    missing = sorted(set(rows) - made.listed - set(taken))
    indexed = {uri for uri, row in rows.items() if row.generation}
    lost = len(indexed.intersection(missing))
    few = lost <= MIN_GONE and bool(made.listed or made.skipped)
    if few or not indexed or lost / len(indexed) <= max_removed_share:
        return missing
    made.notes.append(
        f"{made.source.name}: {lost} of {len(indexed)} documents are no longer listed; that is so many that none was "
        "removed. If they are really gone, say so with --allow-removal"
    )
    return []


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]

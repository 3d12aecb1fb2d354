"""What a run did, and what an index holds."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ingest.manifest import Row, Sync


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the ingest of a source is: documents done out of those that there were to do."""

    source: str
    done: int
    total: int


@dataclass(slots=True)
class Report:
    """What a run did. found = indexed + unchanged + skipped + quarantined, to the document.

    incomplete are the sources whose listing was not complete, failed those that could not be listed at all, each with
    the reason.
    """

    found: int = 0
    indexed: int = 0
    unchanged: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)
    quarantined: list[tuple[str, str]] = field(default_factory=list)
    removed: int = 0
    incomplete: list[tuple[str, str]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def balanced(self) -> bool:
        """Whether every document found is accounted for."""
        return self.found == self.indexed + self.unchanged + len(self.skipped) + len(self.quarantined)


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A document that could not be read, and why; an older version of it may be in the index."""

    uri: str
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Held:
    """What the index holds of one source. oldest and newest are ISO times of its documents ("" where none has one)."""

    source: str
    documents: int = 0
    chunks: int = 0
    skipped: int = 0
    quarantined: int = 0
    oldest: str = ""
    newest: str = ""
    sync: Sync | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """What the index holds, and how fresh its sources are."""

    model: str
    documents: int
    chunks: int
    quarantined: tuple[Quarantined, ...]
    skipped: int
    sources: tuple[Held, ...]
    syncs: tuple[Sync, ...]


def held(rows: Iterable[Row], syncs: Iterable[Sync]) -> tuple[Held, ...]:
    """What there is of each source that has documents or was ever listed, in order of its name."""
    listed = {each.source: each for each in syncs}
    by_source: dict[str, list[Row]] = {name: [] for name in listed}
    for row in rows:
        by_source.setdefault(row.source, []).append(row)
    return tuple(_held(name, by_source[name], listed.get(name)) for name in sorted(by_source))


def _held(name: str, rows: list[Row], sync: Sync | None) -> Held:
    live = [row for row in rows if row.generation]
    dates = sorted(row.modified for row in live if row.modified)
    return Held(
        name,
        documents=len(live),
        chunks=sum(row.chunks for row in live),
        skipped=sum(bool(row.skipped) for row in rows),
        quarantined=sum(bool(row.problem) for row in rows),
        oldest=dates[0] if dates else "",
        newest=dates[-1] if dates else "",
        sync=sync,
    )

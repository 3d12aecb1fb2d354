"""Documents in, points out: an ingest that may be killed at any point and ends with the same index."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC
from functools import cache
from pathlib import Path
from threading import Lock

from index.chunk import chunks
from index.embed import Embedder, VectorCache
from index.errors import IncompleteWrite, OtherModel
from index.report import Progress, Quarantined, Report, Status, held
from index.store import Point, Scope, Store
from index.terms import document_terms
from ingest.archive import Archive, NotInArchive
from ingest.document import Document, may_read
from ingest.errors import BadSource, CollabqaError, MissingLibrary, Unreadable
from ingest.format import Parsed
from ingest.isolate import Parsers
from ingest.manifest import Manifest, Row
from ingest.read import content_hash, document
from ingest.source import Item, Raw, Source
from ingest.sync import MAX_REMOVED_SHARE, Plan, origin, plan, stamp

# Documents are embedded, written and switched live together: enough for full batches of the embedder, and few enough
# that a killed run repeats little.
BATCH_DOCUMENTS = 64
BATCH_CHARACTERS = 400_000
# The store's housekeeping holds everything else up; after so many new points it takes some two seconds.
HOUSEKEEPING_POINTS = 20_000
# What is wrong with one source; anything else that is raised is wrong with the index, and ends the run.
_OF_A_SOURCE = (BadSource, MissingLibrary, Unreadable)


@dataclass(frozen=True, slots=True)
class _Read:
    """A document that was parsed and is about to be indexed."""

    item: Item
    stamp: str
    origin: str
    raw: str
    document: Document
    generation: str


@cache
def pipeline(model: str) -> str:
    """A hash of what turns documents into points: the code of chunks and terms, and the model's name."""
    here = Path(__file__).parent
    digest = hashlib.sha256(model.encode())
    for name in ("block.py", "chunk.py", "embedded.py", "sentence.py", "terms.py"):
        digest.update((here / name).read_bytes())
    return digest.hexdigest()[:16]


class Index:
    """The manifest, the archive and the store of one data folder, kept in step.

    One process owns it. Searches may run in other threads while one thread ingests.
    """

    def __init__(
        self, *, manifest: Manifest, archive: Archive, store: Store, embedder: Embedder, vectors: VectorCache
    ) -> None:
        self.manifest = manifest
        self.archive = archive
        self.store = store
        self.embedder = embedder
        # What embeds the passages of the run under way.
        self._embeds = embedder
        self._vectors = vectors
        self._writing = Lock()
        self._new_points = 0
        self._pipeline = pipeline(embedder.name)
        built_with = manifest.facts().get("model")
        if built_with not in (None, embedder.name):
            raise OtherModel(
                f"the index was built with {built_with}, the settings say {embedder.name}: set it back, or name "
                "another data folder with --data"
            )

    def ingest(
        self,
        sources: Sequence[Source],
        *,
        parsers: Parsers | None = None,
        embedder: Embedder | None = None,
        progress: Callable[[Progress], None] = lambda _: None,
        max_removed_share: float = MAX_REMOVED_SHARE,
        carry_on: bool = False,
    ) -> Report:
        """Bring the index up to date with these sources; other sources are left as they are.

        embedder embeds this run's passages in place of the index's own, of which it must be the like. Of each source
        at most max_removed_share is removed. Whatever progress raises ends the run; the next one goes on from there.
        Raises BadSource, MissingLibrary or Unreadable when a source cannot be listed at all; to carry_on is to report
        it and go on with the next one.
        """
        started = time.monotonic()
        report = Report()
        taken: set[str] = set()
        with self._writing:
            self._embeds = embedder or self.embedder
            self.manifest.note("model", self.embedder.name)
            self._roll_forward()
            for source in sources:
                try:
                    made = plan(
                        source,
                        self.manifest,
                        pipeline=self._pipeline,
                        taken=taken,
                        max_removed_share=max_removed_share,
                    )
                except _OF_A_SOURCE as problem:
                    self.manifest.finished(source.name, complete=False, reason=str(problem))
                    if not carry_on:
                        raise
                    report.failed.append((source.name, str(problem)))
                    continue
                taken |= made.listed
                self._count(made, report)
                self._add(made, parsers or Parsers(), report, progress)
                self._remove(made.gone, report)
                self.manifest.finished(source.name, complete=made.complete, reason="; ".join(made.notes))
            report.notes += self._reconcile()
            self.store.idle()
        report.seconds = time.monotonic() - started
        return report

    def _count(self, made: Plan, report: Report) -> None:
        """Account for what needs no work."""
        report.found += len(made.todo) + len(made.unchanged) + len(made.skipped) + len(made.waiting)
        report.unchanged += len(made.unchanged)
        report.skipped += [(item.uri, item.skipped) for item in made.skipped]
        report.quarantined += [(row.uri, row.problem) for row in made.waiting]
        report.notes += made.notes
        report.incomplete += [(made.source.name, made.incomplete)] if made.incomplete else []

    def _add(self, made: Plan, parsers: Parsers, report: Report, progress: Callable[[Progress], None]) -> None:
        """Read and index everything in made.todo, in batches."""
        batch: list[_Read] = []
        for done, read in enumerate(self._read(made, parsers, report), 1):
            if read is not None:
                batch.append(read)
            if len(batch) >= BATCH_DOCUMENTS or sum(len(each.document.text) for each in batch) >= BATCH_CHARACTERS:
                self._write(batch, report)
                batch = []
            progress(Progress(made.source.name, done, len(made.todo)))
        self._write(batch, report)

    def _read(self, made: Plan, parsers: Parsers, report: Report) -> Iterator[_Read | None]:
        """Fetch and parse; None stands for each that went into quarantine or has no text."""
        source = made.source
        failed: list[tuple[Item, str]] = []

        def fetched() -> Iterator[tuple[tuple[Item, Raw], Raw]]:
            for item in made.todo:
                try:
                    raw = self._raw(source, item)
                except CollabqaError as problem:
                    failed.append((item, str(problem)))
                except Exception as problem:  # noqa: BLE001 - one document of a run: it is named and counted
                    failed.append((item, f"fetching it failed: {type(problem).__name__}: {problem}"))
                else:
                    yield (item, raw), raw

        for (item, raw), outcome in parsers.parse(fetched()):
            yield self._parsed(source, item, raw, outcome, report)
            while failed:
                self._not_fetched(source, *failed.pop(), report)
                yield None
        for each in failed:
            self._not_fetched(source, *each, report)
            yield None

    def _raw(self, source: Source, item: Item) -> Raw:
        """The bytes of an item: from the archive where only code that reads them is new, else from its source."""
        row = self.manifest.row(item.uri)
        if row is not None and row.raw and row.origin == origin(source, item):
            with suppress(NotInArchive):
                return self.archive.raw(row.raw)
        return source.fetch(item)

    def _parsed(
        self, source: Source, item: Item, raw: Raw, outcome: Parsed | Unreadable, report: Report
    ) -> _Read | None:
        """What parsing gave, kept in the archive; None where there is nothing to index."""
        if isinstance(outcome, Unreadable):
            self._not_parsed(source, item, str(outcome), report)
            return None
        raw_key, layout_key = self.archive.put_raw(raw), self.archive.put_layout(outcome.layout)
        made = document(item, raw, outcome, source, raw_key=raw_key, layout_key=layout_key)
        now = stamp(source, item, self._pipeline)
        if not made.text.strip():
            self._skip_empty(Row(item.uri, source.name, stamp=now, raw=raw_key, origin=origin(source, item)), report)
            return None
        return _Read(item, now, origin(source, item), raw_key, made, self._generation(made))

    def _generation(self, made: Document) -> str:
        return hashlib.sha256(f"{content_hash(made)} {self._pipeline}".encode()).hexdigest()[:32]

    def _not_fetched(self, source: Source, item: Item, problem: str, report: Report) -> None:
        """Note that an item could not be had: every run tries it again, since servers come back."""
        report.quarantined.append((item.uri, problem))
        row = self.manifest.row(item.uri) or Row(item.uri, source.name)
        self.manifest.put([replace(row, problem=problem, tried="", attempts=0)])

    def _not_parsed(self, source: Source, item: Item, problem: str, report: Report) -> None:
        """Note what is wrong with an item; an older version of it stays as it is."""
        report.quarantined.append((item.uri, problem))
        row = self.manifest.row(item.uri) or Row(item.uri, source.name)
        now = stamp(source, item, self._pipeline)
        attempts = row.attempts + 1 if row.tried == now else 1
        self.manifest.put([replace(row, problem=problem, tried=now, attempts=attempts)])

    def _skip_empty(self, row: Row, report: Report) -> None:
        """Note that an item has no text; an older version of it goes."""
        reason = "it has no text"
        report.skipped.append((row.uri, reason))
        self.store.switch({row.uri: ""})
        self.manifest.put([replace(row, skipped=reason)])

    def _write(self, batch: Sequence[_Read], report: Report) -> None:
        """Index a batch: points beside the old ones, the intent, the switch, the confirmation."""
        rows = {read.item.uri: self.manifest.row(read.item.uri) for read in batch}
        changed = [read for read in batch if not _same(rows[read.item.uri], read)]
        for read in batch:
            row = rows[read.item.uri]
            if row is not None and _same(row, read):
                report.unchanged += 1 - self._set_readers(row, read, report)
        if not changed:
            return
        points = self._points([(read.document, read.generation) for read in changed])
        self._upsert(points)
        counted = {read.item.uri: 0 for read in changed}
        for point in points:
            counted[point.chunk.uri] += 1
        self.archive.flush()
        pending = [
            Row(
                read.item.uri,
                read.document.source,
                stamp=read.stamp,
                raw=read.raw,
                title=read.document.title,
                document=row.document if (row := rows[read.item.uri]) else "",
                generation=row.generation if row else "",
                pending=read.generation,
                pending_document=self.archive.put_document(read.document),
                chunks=counted[read.item.uri],
                readers=_readers_key(read.document),
                origin=read.origin,
                modified=_modified(read.document),
            )
            for read in changed
        ]
        self.archive.flush()
        self.manifest.put(pending)
        self._switch(pending)
        report.indexed += len(changed)
        self._new_points += len(points)
        if self._new_points >= HOUSEKEEPING_POINTS:
            self.store.idle()
            self._new_points = 0

    def _set_readers(self, row: Row, read: _Read, report: Report) -> int:
        """Bring who may read it up to date where its content is the same; returns 1 if that changed."""
        readers = _readers_key(read.document)
        differs = readers != row.readers
        if differs:
            self.store.set_readers(row.uri, read.document.readers)
            report.indexed += 1
        key = self.archive.put_document(read.document)
        self.archive.flush()
        self.manifest.put(
            [
                replace(
                    row,
                    source=read.document.source,
                    stamp=read.stamp,
                    raw=read.raw,
                    document=key,
                    readers=readers,
                    problem="",
                    attempts=0,
                    tried="",
                    origin=read.origin,
                    modified=_modified(read.document),
                )
            ]
        )
        return int(differs)

    def _points(self, documents: Iterable[tuple[Document, str]]) -> list[Point]:
        """The points of documents, not live yet; all their texts are embedded together."""
        cut = [
            (chunk, generation)
            for made, generation in documents
            for chunk in chunks(made, self._embeds, fingerprint=generation)
        ]
        texts = [chunk.embedded for chunk, _ in cut if not chunk.quoted]
        vectors = iter(self._vectors.embed(self._embeds, texts))
        return [
            Point(
                chunk,
                generation,
                live=False,
                vector=None if chunk.quoted else next(vectors),
                terms=None if chunk.quoted else document_terms(chunk.embedded, chunk.kind),
            )
            for chunk, generation in cut
        ]

    def _upsert(self, points: Sequence[Point]) -> None:
        """Write points and make sure that they are there."""
        self.store.upsert(points)
        expected: dict[tuple[str, str], int] = {}
        for point in points:
            key = (point.chunk.uri, point.generation)
            expected[key] = expected.get(key, 0) + 1
        for (uri, generation), count in expected.items():
            held = self.store.held(uri, generation)
            if held != count:
                raise IncompleteWrite(f"the store holds {held} of {count} points of {uri}: run the ingest again")

    def _switch(self, rows: Sequence[Row]) -> None:
        self.store.switch({row.uri: row.pending for row in rows})
        self.manifest.confirm(rows)

    def _roll_forward(self) -> None:
        """Finish the switches that a killed run had decided on."""
        pending = self.manifest.pending()
        if pending:
            self._switch(pending)

    def _remove(self, gone: Sequence[str], report: Report) -> None:
        """Remove documents that are no longer there."""
        if gone:
            rows = [self.manifest.row(uri) for uri in gone]
            self.store.switch(dict.fromkeys(gone, ""))
            self.manifest.drop(gone)
            report.removed += sum(row is not None and row.generation != "" for row in rows)

    def _reconcile(self) -> list[str]:
        """Hold the store against the manifest: strays are deleted, what is lacking is written again."""
        rows = {row.uri: row for row in self.manifest.rows()}
        held = self.store.generations()
        stray = {uri for uri, generation in held if uri not in rows or rows[uri].generation != generation}
        self.store.switch({uri: rows[uri].generation if uri in rows else "" for uri in sorted(stray)})
        lacking = [
            row
            for row in rows.values()
            if row.generation
            and held.get((row.uri, row.generation), (0, 0)) != (row.chunks, row.chunks)
            and (row.chunks or (row.uri, row.generation) in held)
        ]
        for row in lacking:
            self._rewrite(row)
        return [f"{row.uri}: its points were not all in the store; written again" for row in lacking]

    def _rewrite(self, row: Row) -> None:
        """Write a document's points again, from the archive."""
        made = self.archive.document(row.document)
        self.store.switch({row.uri: ""})
        self._upsert(self._points([(made, row.generation)]))
        self.store.switch({row.uri: row.generation})

    def document(self, uri: str, principals: frozenset[str] | None) -> Document | None:
        """The document as the index sees it, or None when it is not there or the asker may not read it."""
        row = self.manifest.row(uri)
        # The row decides before the archive is opened: a hidden document takes as long as one that is not there.
        if row is None or not row.document or not may_read(_readers(row.readers), principals):
            return None
        made = self.archive.document(row.document)
        return made if may_read(made.readers, principals) else None

    def status(self) -> Status:
        """What the index holds."""
        counts = self.store.counts(scope=Scope(None))
        rows, syncs = list(self.manifest.rows()), self.manifest.syncs()
        return Status(
            model=self.manifest.facts().get("model", self.embedder.name),
            documents=counts.documents,
            chunks=counts.chunks,
            quarantined=tuple(Quarantined(row.uri, row.source, row.problem) for row in rows if row.problem),
            skipped=sum(bool(row.skipped) for row in rows),
            sources=held(rows, syncs),
            syncs=tuple(syncs),
        )

    def verify(self) -> list[str]:
        """What manifest and store disagree on, one sentence each; empty when they agree."""
        rows = {row.uri: row for row in self.manifest.rows()}
        held = self.store.generations()
        problems = [f"{row.uri}: a switch to a new version was not finished" for row in rows.values() if row.pending]
        for (uri, generation), (points, live) in sorted(held.items()):
            row = rows.get(uri)
            if row is None or generation not in (row.generation, row.pending):
                problems.append(f"{uri}: {points} points in the store belong to no version that the manifest knows")
            elif generation == row.generation and not row.pending and (points, live) != (row.chunks, row.chunks):
                problems.append(f"{uri}: {row.chunks} points expected, {points} held, {live} live")
        lacking = [r for r in rows.values() if r.generation and r.chunks and (r.uri, r.generation) not in held]
        return problems + [f"{row.uri}: none of its {row.chunks} points is in the store" for row in lacking]

    def dump(self) -> str:
        """A SHA-256 over all points (dense vectors left out) and all rows of the manifest.

        How often a document was tried and where in its source it was found are left out: they tell of the way here.

        Two indexes with the same dump answer alike.
        """
        digest = hashlib.sha256()
        for point in self.store.points():
            terms = None if point.terms is None else [point.terms.ids, point.terms.weights]
            readers = sorted(sorted(clause) for clause in point.chunk.readers)
            line = [repr(replace(point.chunk, readers=())), readers, point.generation, point.live, terms]
            digest.update(json.dumps(line).encode() + b"\n")
        for row in self.manifest.rows():
            digest.update(repr(replace(row, attempts=0, origin="")).encode() + b"\n")
        return digest.hexdigest()

    def close(self) -> None:
        """Let go of everything."""
        self.store.close()
        self._vectors.close()
        self.archive.close()
        self.manifest.close()


def _same(row: Row | None, read: _Read) -> bool:
    return row is not None and row.generation == read.generation and not row.pending


def _modified(made: Document) -> str:
    return "" if made.modified is None else made.modified.astimezone(UTC).isoformat(timespec="seconds")


def _readers_key(made: Document) -> str:
    return json.dumps(sorted(sorted(clause) for clause in made.readers))


def _readers(key: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(clause) for clause in json.loads(key or "[]"))

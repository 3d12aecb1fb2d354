"""What the index holds of each document, and what went wrong with the rest: one row a uri, in SQLite."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path

from ingest.errors import CollabqaError

#: Numbered steps; a manifest remembers how many it has taken.
MIGRATIONS = (
    """
    CREATE TABLE document (
        uri TEXT PRIMARY KEY, source TEXT NOT NULL, stamp TEXT NOT NULL, raw TEXT NOT NULL, document TEXT NOT NULL,
        title TEXT NOT NULL, generation TEXT NOT NULL, pending TEXT NOT NULL, pending_document TEXT NOT NULL,
        chunks INTEGER NOT NULL, readers TEXT NOT NULL, skipped TEXT NOT NULL, problem TEXT NOT NULL,
        attempts INTEGER NOT NULL, tried TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX document_source ON document (source);
    CREATE TABLE sync (source TEXT PRIMARY KEY, finished TEXT NOT NULL, complete INTEGER NOT NULL, reason TEXT NOT NULL)
        WITHOUT ROWID;
    CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    """,
    """
    ALTER TABLE document ADD COLUMN origin TEXT NOT NULL DEFAULT '';
    ALTER TABLE document ADD COLUMN modified TEXT NOT NULL DEFAULT '';
    ALTER TABLE sync ADD COLUMN completed TEXT NOT NULL DEFAULT '';
    UPDATE sync SET completed = finished WHERE complete = 1;
    """,
)


class NewerManifest(CollabqaError):
    """The manifest was written by a newer collabqa."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of one uri.

    generation is the version of the document whose points are live ("" for none), with its number of chunks and the
    archive keys of the raw and the parsed document. pending is a generation whose points are all in the store and
    which is about to be switched live: a run that finds one finishes the switch. stamp tells whether an item is
    unchanged. A document that cannot be read has a problem, the stamp it was tried with, and how often; an older
    version of it may be live all the same. origin tells whether raw is still what the source would give ("" for not
    known). modified is the document's own date, an ISO time in UTC ("" for none).
    """

    uri: str
    source: str
    stamp: str = ""
    raw: str = ""
    document: str = ""
    title: str = ""
    generation: str = ""
    pending: str = ""
    pending_document: str = ""
    chunks: int = 0
    readers: str = ""
    skipped: str = ""
    problem: str = ""
    attempts: int = 0
    tried: str = ""
    origin: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True)
class Sync:
    """When a source was last listed (an ISO time in UTC), whether that was all of it, and when it last was ("" for
    never)."""

    source: str
    finished: str
    complete: bool
    reason: str = ""
    completed: str = ""


class Manifest:
    """The rows, in one SQLite file that survives a power cut. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._migrate(path)

    def _migrate(self, path: Path) -> None:
        (taken,) = self._db.execute("PRAGMA user_version").fetchone()
        if taken > len(MIGRATIONS):
            raise NewerManifest(f"{path} has format {taken}, this collabqa knows {len(MIGRATIONS)}: update collabqa")
        for number, step in enumerate(MIGRATIONS[taken:], taken + 1):
            self._db.executescript(f"BEGIN IMMEDIATE; {step}; PRAGMA user_version = {number}; COMMIT")

    def row(self, uri: str) -> Row | None:
        """The row of a document, or None."""
        return next(self._rows("WHERE uri = ?", (uri,)), None)

    def rows(self, source: str | None = None) -> Iterator[Row]:
        """All rows in order of uri, or those of one source."""
        yield from (
            self._rows("ORDER BY uri", ()) if source is None else self._rows("WHERE source = ? ORDER BY uri", (source,))
        )

    def titled(self, source: str, ending: str) -> list[str]:
        """The uris of a source's documents whose title ends like this, in order."""
        with self._lock:
            found = self._db.execute(
                "SELECT uri FROM document WHERE source = ?1 AND substr(title, -length(?2)) = ?2 ORDER BY uri",
                (source, ending),
            ).fetchall()
        return [uri for (uri,) in found]

    def pending(self) -> list[Row]:
        """The rows whose switch to a new generation was decided and not confirmed."""
        return list(self._rows("WHERE pending <> '' ORDER BY uri", ()))

    def _rows(self, where: str, values: tuple[str, ...]) -> Iterator[Row]:
        with self._lock:
            found = self._db.execute(f"SELECT {_COLUMNS} FROM document {where}", values).fetchall()  # noqa: S608
        return (Row(*each) for each in found)

    def put(self, rows: Iterable[Row]) -> None:
        """Write rows, all or none."""
        marks = ", ".join("?" for _ in fields(Row))
        with self._lock, _Transaction(self._db):
            self._db.executemany(f"REPLACE INTO document ({_COLUMNS}) VALUES ({marks})", [astuple(r) for r in rows])  # noqa: S608

    def confirm(self, rows: Sequence[Row]) -> None:
        """Their pending generations are live now."""
        self.put(
            replace(row, generation=row.pending, document=row.pending_document, pending="", pending_document="")
            for row in rows
        )

    def drop(self, uris: Iterable[str]) -> None:
        """Forget these documents."""
        with self._lock, _Transaction(self._db):
            self._db.executemany("DELETE FROM document WHERE uri = ?", [(uri,) for uri in uris])

    def finished(self, source: str, *, complete: bool, reason: str) -> None:
        """Note that a source was just listed."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._lock:
            self._db.execute(
                "INSERT INTO sync VALUES (?1, ?2, ?3, ?4, iif(?3, ?2, '')) ON CONFLICT (source) DO UPDATE SET "
                "finished = ?2, complete = ?3, reason = ?4, completed = iif(?3, ?2, completed)",
                (source, now, int(complete), reason),
            )

    def syncs(self) -> list[Sync]:
        """When each source was last listed, in order of its name."""
        with self._lock:
            found = self._db.execute(
                "SELECT source, finished, complete, reason, completed FROM sync ORDER BY source"
            ).fetchall()
        return [Sync(source, finished, bool(complete), *rest) for source, finished, complete, *rest in found]

    def facts(self) -> Mapping[str, str]:
        """What was noted of the index as a whole."""
        with self._lock:
            return dict(self._db.execute("SELECT name, value FROM fact").fetchall())

    def note(self, name: str, value: str) -> None:
        """Note something of the index as a whole, such as the model it was built with."""
        with self._lock:
            self._db.execute("REPLACE INTO fact VALUES (?, ?)", (name, value))

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()


_COLUMNS = ", ".join(field.name for field in fields(Row))


class _Transaction:
    """Begin, and commit or roll back."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, *_: object) -> None:
        self._db.execute("COMMIT" if kind is None else "ROLLBACK")

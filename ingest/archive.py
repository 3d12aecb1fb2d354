"""Everything that was fetched and everything that was read out of it, by content hash.

Re-parsing and the evidence pane read from here and never touch the network.
"""

import hashlib
import json
import sqlite3
import threading
import zlib
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from ingest.document import Box, Document, Mark
from ingest.errors import CollabqaError
from ingest.source import Raw

_SCHEMA = "CREATE TABLE IF NOT EXISTS blob (hash TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID"
_Record = TypeVar("_Record", Document, Raw)


class NotInArchive(CollabqaError):
    """A hash that the archive does not hold."""


class Archive:
    """A store of blobs in one SQLite file, each under the SHA-256 of its content.

    Writes are on disk after flush(). Safe to use from several threads.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute(_SCHEMA)

    def put(self, data: bytes) -> str:
        """Keep these bytes; returns their SHA-256 in hexadecimal."""
        key = hashlib.sha256(data).hexdigest()
        with self._lock:
            self._db.execute("INSERT OR IGNORE INTO blob VALUES (?, ?)", (key, zlib.compress(data, 1)))
        return key

    def get(self, key: str) -> bytes:
        """The bytes of a hash; raises NotInArchive."""
        with self._lock:
            row = self._db.execute("SELECT data FROM blob WHERE hash = ?", (key,)).fetchone()
        if row is None:
            raise NotInArchive(f"the archive holds nothing under {key!r}; read the source again with: collabqa ingest")
        return zlib.decompress(row[0])

    def put_raw(self, raw: Raw) -> str:
        """Keep what a source fetched: the bytes once, and the record of what the source said of them."""
        record = _as_json(raw) | {"data": self.put(raw.data)}
        return self.put(_dumps(record))

    def raw(self, key: str) -> Raw:
        """What put_raw kept."""
        record = json.loads(self.get(key))
        return _from_json(Raw, record | {"data": self.get(record["data"])})

    def put_document(self, document: Document) -> str:
        """Keep a parsed document."""
        return self.put(_dumps(_as_json(document)))

    def document(self, key: str) -> Document:
        """What put_document kept."""
        return _from_json(Document, json.loads(self.get(key)))

    def put_layout(self, boxes: Sequence[Box]) -> str:
        """Keep where text stands on pages; the empty layout has the empty hash."""
        return self.put(_dumps([list(asdict(box).values()) for box in boxes])) if boxes else ""

    def layout(self, key: str) -> tuple[Box, ...]:
        """What put_layout kept."""
        return tuple(Box(*values) for values in json.loads(self.get(key))) if key else ()

    def flush(self) -> None:
        """Write everything to disk."""
        with self._lock:
            self._db.commit()

    def close(self) -> None:
        """Write everything and let go of the file."""
        with self._lock:
            self._db.commit()
            self._db.close()


def _dumps(record: object) -> bytes:
    return json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _as_json(record: Document | Raw) -> dict[str, Any]:
    """A document or a raw as plain JSON values; Raw.data is left out."""
    values: dict[str, Any] = {}
    for field in fields(record):
        value = getattr(record, field.name)
        if field.name == "readers":
            values[field.name] = [sorted(clause) for clause in value]
        elif field.name == "marks":
            values[field.name] = [[m.start, m.end, m.kind, m.level, m.label, m.fragment] for m in value]
        elif isinstance(value, datetime):
            values[field.name] = value.isoformat()
        elif not isinstance(value, bytes):
            values[field.name] = list(value) if isinstance(value, tuple) else value
    return values


def _from_json(made: type[_Record], record: dict[str, Any]) -> _Record:
    values: dict[str, Any] = {}
    for name, value in record.items():
        if name == "readers":
            values[name] = tuple(frozenset(clause) for clause in value)
        elif name == "marks":
            values[name] = tuple(Mark(*mark) for mark in value)
        elif name == "modified" and value is not None:
            values[name] = datetime.fromisoformat(value)
        else:
            values[name] = tuple(value) if isinstance(value, list) else value
    return made(**values)

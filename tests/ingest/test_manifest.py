"""The manifest keeps its rows, all or none of a batch, and knows its own age."""

import sqlite3
from pathlib import Path

import pytest

from ingest.manifest import MIGRATIONS, Manifest, NewerManifest, Row


def test_rows_survive_a_restart(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path / "manifest.sqlite")
    manifest.put([Row("b", "wiki", stamp="1"), Row("a", "wiki", stamp="2"), Row("c", "mail")])
    manifest.close()
    again = Manifest(tmp_path / "manifest.sqlite")
    assert [row.uri for row in again.rows()] == ["a", "b", "c"]
    assert [row.stamp for row in again.rows("wiki")] == ["2", "1"]
    again.close()


def test_of_a_batch_that_fails_nothing_is_written(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path / "manifest.sqlite")

    def rows() -> object:
        yield Row("a", "wiki")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        manifest.put(rows())  # type: ignore[arg-type]
    assert list(manifest.rows()) == []
    manifest.close()


def test_a_confirmed_row_has_its_new_generation(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path / "manifest.sqlite")
    manifest.put([Row("a", "wiki", generation="old", document="d1", pending="new", pending_document="d2")])
    manifest.confirm(manifest.pending())
    assert manifest.pending() == []
    assert manifest.row("a") == Row("a", "wiki", generation="new", document="d2")
    manifest.close()


def test_a_manifest_of_a_newer_program_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "manifest.sqlite"
    Manifest(path).close()
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    db.close()
    with pytest.raises(NewerManifest, match="update collabqa"):
        Manifest(path)


def test_a_manifest_of_an_older_program_keeps_what_it_knows(tmp_path: Path) -> None:
    path = tmp_path / "manifest.sqlite"
    with sqlite3.connect(path) as db:
        db.executescript(f"{MIGRATIONS[0]}; PRAGMA user_version = 1")
        db.execute("INSERT INTO sync VALUES ('wiki', '2025-03-10T10:00:00+00:00', 1, '')")
        db.execute("INSERT INTO sync VALUES ('mail', '2025-03-10T11:00:00+00:00', 0, 'cut')")
        db.execute("INSERT INTO document VALUES ('a', 'wiki', 's', 'r', 'd', 't', 'g', '', '', 2, '[]', '', '', 0, '')")
    db.close()
    manifest = Manifest(path)
    assert manifest.row("a") == Row("a", "wiki", "s", "r", "d", "t", "g", chunks=2, readers="[]")
    assert [(each.source, each.completed) for each in manifest.syncs()] == [
        ("mail", ""),
        ("wiki", "2025-03-10T10:00:00+00:00"),
    ]
    manifest.close()


def test_the_last_complete_listing_is_remembered_through_those_that_were_not(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path / "manifest.sqlite")
    manifest.finished("wiki", complete=False, reason="cut")
    assert [each.completed for each in manifest.syncs()] == [""]
    manifest.finished("wiki", complete=True, reason="")
    (complete,) = manifest.syncs()
    manifest.finished("wiki", complete=False, reason="cut again")
    (after,) = manifest.syncs()
    assert (after.complete, after.reason, after.completed) == (False, "cut again", complete.finished)
    manifest.close()

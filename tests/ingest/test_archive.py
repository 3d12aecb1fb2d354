"""What was fetched and what was read comes back as it was."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.archive import Archive, NotInArchive
from ingest.document import NOBODY, Box, Document, Mark
from ingest.source import Raw

DOCUMENT = Document(
    uri="https://wiki.example/A",
    kind="topic",
    source="wiki",
    title="A",
    text="# A\n\nüber",
    readers=(frozenset({"group:b", "group:a"}), frozenset({"user:c"})),
    modified=datetime(2025, 3, 10, 12, 30, tzinfo=UTC),
    status="approved",
    authors=("Ada",),
    marks=(Mark(0, 3, "heading", 1, "A", "#A"),),
    links=("https://example.org",),
    warnings=("one macro was left out",),
)


def test_a_document_comes_back_as_it_was(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive.sqlite")
    assert archive.document(archive.put_document(DOCUMENT)) == DOCUMENT
    archive.close()


def test_a_raw_comes_back_as_it_was_after_a_restart(tmp_path: Path) -> None:
    raw = Raw(b"\x00\xff", "pdf", "paper", name="a.pdf", modified=DOCUMENT.modified, readers=NOBODY, authors=("Ada",))
    archive = Archive(tmp_path / "archive.sqlite")
    key = archive.put_raw(raw)
    archive.close()
    again = Archive(tmp_path / "archive.sqlite")
    assert again.raw(key) == raw
    again.close()


def test_a_layout_comes_back_as_it_was(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive.sqlite")
    boxes = (Box(0, 5, 1, 10.5, 20.0, 30.0, 40.25),)
    assert archive.layout(archive.put_layout(boxes)) == boxes
    assert archive.layout(archive.put_layout(())) == ()
    archive.close()


def test_an_unknown_hash_is_said_to_be_unknown(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive.sqlite")
    with pytest.raises(NotInArchive, match="the archive holds nothing"):
        archive.get("0" * 64)
    archive.close()

"""Documents are removed only after a complete listing, and never many at once without a word."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from index.build import Index
from ingest.errors import Unreadable
from ingest.source import End, Item, Raw


@dataclass(frozen=True, slots=True)
class Breaking:
    """A source whose listing names one page of two and then breaks."""

    problem: Exception
    name: str = "texts"
    readers: frozenset[str] = frozenset({"public"})

    def listing(self) -> Iterator[Item | End]:
        yield Item("mem:1", version="'text number 1'")
        raise self.problem

    def fetch(self, item: Item) -> Raw:
        return Raw(b"text number 1", "markdown", "page")


def _numbered(first: int, last: int) -> dict[str, str | None]:
    return {str(number): f"text number {number}" for number in range(first, last + 1)}


@pytest.mark.parametrize("end", [End(False, "page 2 of 3 failed"), None])
def test_an_incomplete_listing_removes_nothing(small_index: Index, texts: Any, end: End | None) -> None:
    small_index.ingest([texts(_numbered(1, 2))])
    report = small_index.ingest([texts(_numbered(2, 2), end=end)], max_removed_share=1.0)
    assert report.removed == 0
    ((source, _),) = report.incomplete
    assert source == "texts"
    assert small_index.status().documents == 2
    (sync,) = small_index.manifest.syncs()
    assert not sync.complete
    assert sync.completed


@pytest.mark.parametrize("problem", [Unreadable("page 2 of 3 failed"), KeyError("results")])
def test_a_listing_that_raises_removes_nothing(small_index: Index, texts: Any, problem: Exception) -> None:
    small_index.ingest([texts(_numbered(1, 2))])
    report = small_index.ingest([Breaking(problem)], max_removed_share=1.0)
    assert report.removed == 0
    ((_, reason),) = report.incomplete
    assert str(problem) in reason


@pytest.mark.parametrize(
    ("before", "after", "share", "removed"),
    [
        (40, 36, 0.1, 4),
        (40, 35, 0.1, 0),
        (40, 20, 0.5, 20),
        (40, 1, 1.0, 39),
        (5, 2, 0.1, 3),
        (5, 1, 0.1, 0),
        (2, 0, 0.1, 0),
        (2, 0, 1.0, 2),
    ],
)
def test_no_more_than_the_share_is_removed_but_three_of_a_small_source_and_never_all(
    small_index: Index, texts: Any, before: int, after: int, share: float, removed: int
) -> None:
    small_index.ingest([texts(_numbered(1, before))])
    report = small_index.ingest([texts(_numbered(1, after))], max_removed_share=share)
    assert report.removed == removed
    assert small_index.status().documents == before - removed
    said = [note for note in report.notes if "--allow-removal" in note]
    assert len(said) == (removed != before - after)


def test_what_another_source_names_now_is_not_gone(small_index: Index, texts: Any) -> None:
    small_index.ingest([texts({"a": "one text", "b": "another text"})])
    moved = [texts({"a": None}, name="first"), texts({"b": "another text"})]
    report = small_index.ingest(moved)
    assert (report.removed, small_index.status().documents) == (0, 2)


def test_a_source_that_cannot_be_listed_stops_the_others_only_when_it_should(
    open_small_index: Callable[[Path], Index], texts: Any, tmp_path: Path
) -> None:
    index = open_small_index(tmp_path / "index")
    broken = texts({}, name="broken", end=None)
    broken.texts = None
    report = index.ingest([broken, texts({"a": "one text"})], carry_on=True)
    ((name, reason),) = report.failed
    assert name == "broken"
    assert "AttributeError" in reason
    assert report.indexed == 1
    assert {sync.source: sync.complete for sync in index.manifest.syncs()} == {"broken": False, "texts": True}
    index.close()

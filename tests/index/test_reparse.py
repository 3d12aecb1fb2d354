"""When only the code that reads the bytes is new, the bytes come from the archive."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from index.build import Index
from ingest.errors import Unreadable
from ingest.source import End, Item, Raw


@dataclass(slots=True)
class Once:
    """A source that gives each version of its one page a single time."""

    version: str = "1"
    locator: str = "page"
    text: bytes = b"the threshold is 26 GeV"
    fetched: list[str] = field(default_factory=list)
    name: str = "once"
    readers: frozenset[str] = frozenset({"public"})

    def listing(self) -> Iterator[Item | End]:
        yield Item("mem:page", self.version, self.locator)
        yield End(True)

    def fetch(self, item: Item) -> Raw:
        if item.version in self.fetched:
            raise Unreadable("the server is down")
        self.fetched.append(item.version)
        return Raw(self.text, "markdown", "page")


@pytest.fixture
def other_parsers(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Makes the parsers other ones."""
    return lambda: monkeypatch.setattr("ingest.sync.parsers", lambda: "other code")


@pytest.mark.parametrize("text", [b"the threshold is 26 GeV", b" \n"])
def test_other_parsers_read_from_the_archive(
    small_index: Index, other_parsers: Callable[[], None], text: bytes
) -> None:
    source = Once(text=text)
    first = small_index.ingest([source])
    before = small_index.dump()
    other_parsers()
    again = small_index.ingest([source])
    assert again.quarantined == []
    assert (again.unchanged, again.skipped) == (first.indexed, first.skipped)
    assert source.fetched == ["1"]
    assert small_index.dump() != before, "the stamp is another one"
    assert small_index.ingest([source]).quarantined == []


@pytest.mark.parametrize("changed", [{"version": "2"}, {"locator": "moved"}])
def test_another_version_or_place_is_fetched(
    small_index: Index, other_parsers: Callable[[], None], changed: dict[str, Any]
) -> None:
    small_index.ingest([Once()])
    other_parsers()
    moved = Once(text=b"the threshold is 28 GeV", **changed)
    assert small_index.ingest([moved]).indexed == 1
    assert moved.fetched == [moved.version]


def test_what_the_archive_lost_is_fetched(small_index: Index, other_parsers: Callable[[], None]) -> None:
    small_index.ingest([Once()])
    (row,) = small_index.manifest.rows()
    small_index.archive._db.execute("DELETE FROM blob WHERE hash = ?", (row.raw,))
    other_parsers()
    again = Once()
    assert small_index.ingest([again]).unchanged == 1
    assert again.fetched == ["1"]


def test_what_could_not_be_fetched_is_tried_in_every_run(small_index: Index) -> None:
    source = Once(fetched=["1"])
    for _ in range(4):
        assert small_index.ingest([source]).quarantined == [("mem:page", "the server is down")]
    source.fetched.clear()
    assert small_index.ingest([source]).indexed == 1
    assert small_index.status().quarantined == ()


def test_a_source_that_stumbles_over_one_document_loses_only_that(small_index: Index, texts: Any) -> None:
    source = texts({"a": "one text", "b": 3})
    report = small_index.ingest([source])
    assert report.indexed == 1
    ((uri, reason),) = report.quarantined
    assert uri == "mem:b"
    assert reason.startswith("fetching it failed: AttributeError: ")

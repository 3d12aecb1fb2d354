"""What is said of each source: how much there is, how old, how complete, and what went wrong."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from index.build import Index
from index.report import Quarantined
from ingest.errors import Unreadable
from ingest.source import End, Item, Raw


@dataclass(slots=True)
class Dated:
    """A source of texts with dates; a text of None cannot be fetched."""

    texts: dict[str, tuple[str | None, datetime | None]]
    name: str = "minutes"
    readers: frozenset[str] = frozenset({"public"})
    end: End = field(default_factory=lambda: End(True))

    def listing(self) -> Iterator[Item | End]:
        for name in self.texts:
            yield Item(f"mem:{name}", version="1")
        yield self.end

    def fetch(self, item: Item) -> Raw:
        text, modified = self.texts[item.uri.removeprefix("mem:")]
        if text is None:
            raise Unreadable("the server is down")
        return Raw(text.encode(), "markdown", "page", modified=modified)


def test_a_source_tells_its_oldest_and_newest_document_in_universal_time(small_index: Index) -> None:
    geneva = timezone(timedelta(hours=2))
    source = Dated(
        {
            "late": ("one text", datetime(2025, 3, 10, 1, 30, tzinfo=geneva)),
            "later": ("another text", datetime(2025, 3, 10, 0, 0, tzinfo=UTC)),
            "early": ("a third text", datetime(2009, 11, 23, 14, 22, tzinfo=UTC)),
            "undated": ("a fourth text", None),
            "empty": (" ", datetime(2030, 1, 1, tzinfo=UTC)),
            "lost": (None, None),
        }
    )
    small_index.ingest([source])
    (held,) = small_index.status().sources
    assert (held.oldest, held.newest) == ("2009-11-23T14:22:00+00:00", "2025-03-10T00:00:00+00:00")
    assert (held.documents, held.chunks, held.skipped, held.quarantined) == (4, 4, 1, 1)
    assert small_index.status().quarantined == (Quarantined("mem:lost", "minutes", "the server is down"),)


def test_the_last_complete_listing_stays_known_when_a_later_one_was_cut(small_index: Index, texts: Any) -> None:
    small_index.ingest([texts({"a": "one text"})])
    (complete,) = small_index.status().sources
    small_index.ingest([texts({"a": "one text"}, end=End(False, "page 2 of 3 failed"))])
    (cut,) = small_index.status().sources
    assert complete.sync is not None
    assert cut.sync is not None
    assert cut.sync.completed == complete.sync.finished
    assert not cut.sync.complete
    assert "page 2 of 3 failed" in cut.sync.reason
    assert cut.documents == 1

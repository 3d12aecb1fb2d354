"""A small index without a model: word hashes for vectors, the embedded store, a source of texts in memory."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from index.build import Index
from index.edge import EdgeStore
from index.embed import VectorCache, WordLengthEmbedder
from index.report import Report
from ingest.archive import Archive
from ingest.errors import Unreadable
from ingest.format import Parsed
from ingest.isolate import Key, Parsers
from ingest.manifest import Manifest
from ingest.read import parsed
from ingest.source import End, Item, Raw, Source


@dataclass(slots=True)
class Texts:
    """A source of Markdown texts by name; what is None cannot be fetched."""

    texts: dict[str, str | None]
    name: str = "texts"
    readers: frozenset[str] = frozenset({"public"})
    end: End | None = field(default_factory=lambda: End(True))

    def listing(self) -> Iterator[Item | End]:
        for name, text in self.texts.items():
            yield Item(f"mem:{name}", version=repr(text))
        if self.end is not None:
            yield self.end

    def fetch(self, item: Item) -> Raw:
        text = self.texts[item.uri.removeprefix("mem:")]
        if text is None:
            raise Unreadable("it is not there any more")
        return Raw(text.encode(), "markdown", "page", name="page.md")


class ParsedHere(Parsers):
    """Parses in this process: a worker's start would take longer than all else in these tests."""

    def parse(self, raws: Iterable[tuple[Key, Raw]]) -> Iterator[tuple[Key, Parsed | Unreadable]]:
        for key, raw in raws:
            yield key, parsed(raw)


class SmallIndex(Index):
    """An index that parses in this process."""

    def ingest(  # type: ignore[override]
        self, sources: Sequence[Source], *, max_removed_share: float = 0.1, carry_on: bool = False
    ) -> Report:
        return super().ingest(sources, parsers=ParsedHere(), max_removed_share=max_removed_share, carry_on=carry_on)


def open_index(folder: Path) -> Index:
    folder.mkdir(exist_ok=True)
    embedder = WordLengthEmbedder()
    return SmallIndex(
        manifest=Manifest(folder / "manifest.sqlite"),
        archive=Archive(folder / "archive.sqlite"),
        store=EdgeStore(folder / "store", embedder.dim),
        embedder=embedder,
        vectors=VectorCache(folder / "vectors.sqlite"),
    )


@pytest.fixture
def open_small_index() -> Callable[[Path], Index]:
    """Opens the index in a folder."""
    return open_index


@pytest.fixture
def small_index(tmp_path: Path) -> Iterator[Index]:
    """An empty index."""
    made = open_index(tmp_path / "index")
    yield made
    made.close()


@pytest.fixture
def texts() -> type[Texts]:
    """The class of a source in memory."""
    return Texts

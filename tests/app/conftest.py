"""A small index of three documents with its assistant, with or without a scripted model."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.assemble import Site, site
from app.config import Model, Settings
from app.scripted import NAME, Script, serving
from index.chunk import Chunk
from ingest.source import End, Item, Raw
from retriever.passage import Passage

PAGES = {
    "TriggerMenu": (
        "# Trigger menu 2024\n\nThe lowest unprescaled single-electron threshold is 28 GeV since menu v7.2. "
        "It was 26 GeV in 2023.\n\n## MET\n\nThe MET trigger has a threshold of 120 GeV."
    ),
    "Solenoid": "# Solenoid\n\nThe solenoid gives a field of 3.2 T. It is not ramped during stable beams.",
    "Secret": "# Unblinding\n\nThe unblinded mass is 125.18 GeV.",
}


@dataclass(frozen=True, slots=True)
class Pages:
    """The three pages; Secret is for a few."""

    few: bool
    name: str = "pages"
    readers: frozenset[str] = frozenset({"public"})

    def listing(self) -> Iterator[Item | End]:
        for name in PAGES:
            if (name == "Secret") == self.few:
                yield Item(f"https://wiki.example/{name}", version="1", locator=name)
        yield End(True)

    def fetch(self, item: Item) -> Raw:
        return Raw(PAGES[item.locator].encode(), "markdown", "page", name=f"{item.locator}.md")


@pytest.fixture(scope="session")
def pages_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that holds the three pages."""
    folder = tmp_path_factory.mktemp("pages") / "data"
    made = site(Settings(), folder)
    made.index.ingest([Pages(few=False), Pages(few=True, name="few", readers=frozenset({"group:few"}))])
    made.close()
    return folder


@pytest.fixture
def pages_site(pages_folder: Path) -> Iterator[Callable[..., Site]]:
    """Opens the three pages, with a scripted model when there is a script."""
    with ExitStack() as stack:

        def opened(
            script: Script | None = None,
            *,
            timeout_seconds: float = 20.0,
            context_tokens: int = 8192,
            answer_tokens: int = 768,
        ) -> Site:
            model = Model()
            if script is not None:
                url = stack.enter_context(serving(script))
                model = Model("openai-like", url, NAME, timeout_seconds, context_tokens, answer_tokens)
            made = site(Settings(model=model), pages_folder)
            stack.callback(made.close)
            return made

        yield opened


def passage_of(text: str, *, uri: str = "mem:page", quoted: bool = False) -> Passage:
    chunk = Chunk(
        id=f"{uri} {text}",
        uri=uri,
        link=uri,
        title="",
        heading="",
        text=text,
        start=0,
        end=len(text),
        kind="prose",
        quoted=quoted,
        embedded=text,
        document_kind="page",
        source="pages",
        authors=(),
        modified=None,
        version="",
        status="unknown",
        readers=(frozenset({"public"}),),
    )
    return Passage(chunk, 1.0, {"lexical": 1}, 0.5)


@pytest.fixture(scope="session")
def passage() -> Callable[..., Passage]:
    """Makes a passage of a text."""
    return passage_of

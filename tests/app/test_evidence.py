"""The place behind a citation: its section, its page, its thread, and only for those who may read it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.assemble import Site, site
from app.config import Settings
from app.evidence import page_image, place, section, thread
from ingest.document import PUBLIC, Document, Mark
from ingest.source import End, Item, Raw

ANYBODY = frozenset({"public"})
FEW = frozenset({"public", "group:few"})
MAILS = {
    "1": ("Scratch quota", "", "public", "The quota is 300 GB."),
    "2": ("Re: Scratch quota", "1", "public", "No, it is 500 GB since October."),
    "3": ("AW: Scratch quota", "2", "group:few", "Do not tell: 800 GB next year."),
    "4": ("New subject (was: something else)", "2", "public", "Then I need a form."),
    "5": ("Scratch quota", "", "public", "Another thread with the same subject."),
}


@dataclass(frozen=True, slots=True)
class Mails:
    """A list with two threads; one message is for a few."""

    name: str = "list"
    readers: frozenset[str] = frozenset({"public"})

    def listing(self) -> Iterator[Item | End]:
        for number in MAILS:
            yield Item(f"mid:{number}@x.example", version="1", locator=number)
        yield End(True)

    def fetch(self, item: Item) -> Raw:
        title, parent, readers, text = MAILS[item.locator]
        return Raw(
            text.encode(),
            "markdown",
            "mail",
            title=title,
            parent=f"mid:{parent}@x.example" if parent else "",
            thread="mid:5@x.example" if item.locator == "5" else "mid:1@x.example",
            readers=(frozenset({readers}),),
        )


@dataclass(frozen=True, slots=True)
class Pdf:
    """A PDF of two pages for a few."""

    path: Path
    name: str = "pdf"
    readers: frozenset[str] = frozenset({"group:few"})

    def listing(self) -> Iterator[Item | End]:
        yield Item("https://docs.example/status.pdf", version="1")
        yield End(True)

    def fetch(self, item: Item) -> Raw:
        return Raw(self.path.read_bytes(), "pdf", "slides", name="status.pdf")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An index of the mails and the PDF."""
    import pymupdf

    folder = tmp_path_factory.mktemp("evidence")
    with pymupdf.open() as pdf:
        for words in ("Tracker status in June.", "The temperature is now minus 22 degrees."):
            pdf.new_page(width=320, height=240).insert_text((40, 120), words)
        pdf.save(folder / "status.pdf")
    made = site(Settings(), folder / "data")
    made.index.ingest([Mails(), Pdf(folder / "status.pdf")])
    yield made
    made.close()


def _mail(opened: Site, number: str, principals: frozenset[str]) -> list[str]:
    message = opened.index.document(f"mid:{number}@x.example", principals)
    assert message is not None
    return [each.uri.removeprefix("mid:").partition("@")[0] for each in thread(opened.index, message, principals)]


def test_a_thread_holds_what_the_asker_may_read_and_no_other_thread(opened: Site) -> None:
    assert _mail(opened, "1", ANYBODY) == ["1", "2"]
    assert _mail(opened, "1", FEW) == ["1", "2", "3"]


def test_a_message_with_a_new_subject_is_shown_with_what_it_answers(opened: Site) -> None:
    assert _mail(opened, "4", ANYBODY) == ["1", "2", "4"]


def test_a_page_is_drawn_with_the_words_highlighted(opened: Site) -> None:
    uri = "https://docs.example/status.pdf"
    document = opened.index.document(uri, FEW)
    assert document is not None
    start = document.text.index("The temperature")
    found = place(opened.index, uri, start, start + 20, FEW)
    assert found is not None
    assert found.page == 2
    marked = page_image(opened.index, uri, 2, start, start + 20, FEW)
    plain = page_image(opened.index, uri, 2, 0, 0, FEW)
    assert marked is not None
    assert marked.startswith(b"\x89PNG")
    assert marked != plain


def test_who_may_not_read_a_document_gets_neither_its_place_nor_its_page(opened: Site) -> None:
    uri = "https://docs.example/status.pdf"
    assert place(opened.index, uri, 0, 10, ANYBODY) is None
    assert page_image(opened.index, uri, 1, 0, 10, ANYBODY) is None


def test_a_page_that_is_not_there_is_not_drawn(opened: Site) -> None:
    assert page_image(opened.index, "https://docs.example/status.pdf", 3, 0, 10, FEW) is None
    assert page_image(opened.index, "mid:1@x.example", 1, 0, 10, FEW) is None


def _document(text: str, *marks: Mark) -> Document:
    return Document("https://x.example/d", "topic", "s", "t", text, PUBLIC, marks=marks)


def test_a_section_goes_from_its_heading_to_the_next() -> None:
    text = "# A\n\none\n\n# B\n\ntwo\n\n# C\n\nthree\n"
    made = _document(text, Mark(0, 3, "heading", 1), Mark(10, 13, "heading", 1), Mark(20, 23, "heading", 1))
    assert section(made, 15, 18) == (10, 20)
    assert section(made, 25, 30) == (20, len(text))


def test_a_slide_is_shown_as_a_whole() -> None:
    text = "## One\n\n- a\n\n## Two\n\n- b\n"
    made = _document(text, Mark(0, 12, "slide"), Mark(0, 6, "heading"), Mark(13, 25, "slide"), Mark(13, 19, "heading"))
    assert section(made, 21, 24) == (13, 25)


def test_a_section_without_end_is_cut_at_lines() -> None:
    text = "".join(f"line {number:04}\n" for number in range(2000))
    start, end = section(_document(text), 10_000, 10_009)
    assert 10_000 - start <= 2_510
    assert end - 10_009 <= 2_510
    assert text[start:end].startswith("line ")
    assert text[start:end].endswith("\n")

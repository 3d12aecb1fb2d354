from pathlib import Path
from typing import Any

import pytest
from llama_index.core.readers.base import BaseReader
from llama_index.core.schema import Document

from ingest.document import NOBODY
from ingest.errors import BadSource, BadSourceSettings, MissingLibrary
from ingest.read import document, parsed
from ingest.source import End, Item, from_settings
from ingest.sources import llamahub
from ingest.sources.llamahub import Source

CORE = "llama_index.core.readers"
MEMBERS = frozenset({"group:helix"})


class Given(BaseReader):
    """A reader that gives what a test gives it, as any program's own reader may."""

    documents: tuple[Document, ...] = ()

    def __init__(self, token: str = "") -> None:
        self.token = token

    def load_data(self, fail: bool = False) -> list[Document]:
        if fail:
            raise ConnectionError(f"the token {self.token} is not good")
        return list(self.documents)


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> type[Given]:
    """The reader of this module, where the source can import it."""
    monkeypatch.setattr(llamahub, "given_reader", Given, raising=False)
    return Given


def listed(**settings: Any) -> tuple[Source, list[Item], End]:
    settings = {"reader": "ingest.sources.llamahub:given_reader", **settings}
    source = Source("notes", MEMBERS, **settings)
    *items, end = source.listing()
    assert isinstance(end, End)
    return source, [item for item in items if isinstance(item, Item)], end


def test_files_of_a_folder_are_documents_at_their_paths(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The magnet ramps to 1.8 T.")
    source, items, end = listed(
        reader=f"{CORE}:SimpleDirectoryReader", arguments={"input_dir": str(tmp_path)}, complete=True
    )
    assert ([item.uri for item in items], end) == ([(tmp_path / "a.txt").as_uri()], End(True))
    raw = source.fetch(items[0])
    made = document(items[0], raw, parsed(raw), source)
    assert (made.title, made.text, made.readers) == ("a.txt", "The magnet ramps to 1.8 T.", (MEMBERS,))
    assert made.modified is not None


def test_without_a_word_of_the_settings_nothing_is_complete(given: type[Given]) -> None:
    given.documents = (Document(text="x"),)
    assert listed()[2] == End(False, "nothing says that the reader gave all there is")
    assert listed(complete=True)[2] == End(True)


def test_a_reader_that_gives_nothing_is_not_complete(given: type[Given]) -> None:
    given.documents = ()
    assert not listed(complete=True)[2].complete


def test_pages_of_one_document_are_its_parts(given: type[Given]) -> None:
    given.documents = tuple(
        Document(text=f"Words of {page}.", metadata={"url": "https://x.example/a.pdf", "page_label": str(page)})
        for page in (1, 2)
    )
    source, items, _ = listed()
    assert [item.uri for item in items] == ["https://x.example/a.pdf"]
    raw = source.fetch(items[0])
    made = document(items[0], raw, parsed(raw), source)
    assert made.text == "Words of 1.\n\nWords of 2."
    assert [(mark.kind, mark.label, mark.fragment) for mark in made.marks] == [
        ("page", "page 1", "#page=1"),
        ("page", "page 2", "#page=2"),
    ]


def test_a_document_without_a_name_goes_by_its_words(given: type[Given]) -> None:
    given.documents = (Document(text="x"), Document(text="y", id_="note 7"))
    once, again = listed()[1], listed()[1]
    assert once == again
    assert once[1].uri == "llamahub:notes/note%207"


def test_readers_may_come_from_the_metadata_and_none_there_means_nobody(given: type[Given]) -> None:
    given.documents = (Document(text="x", id_="1", metadata={"groups": ["board"]}), Document(text="y", id_="2"))
    source, items, _ = listed(readers_from="groups")
    assert [source.fetch(item).readers for item in items] == [(frozenset({"group:board"}),), NOBODY]


def test_the_version_changes_with_words_title_and_readers(given: type[Given]) -> None:
    versions = []
    for text, title, groups in (("a", "t", ["g"]), ("b", "t", ["g"]), ("b", "u", ["g"]), ("b", "u", ["h"])):
        given.documents = (Document(text=text, id_="1", metadata={"title": title, "groups": groups}),)
        versions.append(listed(readers_from="groups")[1][0].version)
    assert len(set(versions)) == 4


def test_a_reader_that_fails_tells_why_but_not_the_secret(given: type[Given], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTES_TOKEN", "s3cret")
    _, items, end = listed(arguments={"token": "env:NOTES_TOKEN"}, load={"fail": True})
    assert items == []
    assert end.reason.endswith("ConnectionError: the token *** is not good")


def test_a_secret_that_is_not_set_is_named(given: type[Given]) -> None:
    with pytest.raises(BadSource, match="HELIX_NOT_SET"):
        listed(arguments={"token": "env:HELIX_NOT_SET"})


def test_a_reader_that_is_not_installed_is_named_with_its_package() -> None:
    with pytest.raises(MissingLibrary, match="pip install llama-index-readers-nowhere"):
        listed(reader="llama_index.readers.nowhere.base:NowhereReader")


@pytest.mark.parametrize("reader", ["os:system", "pathlib:Path", f"{CORE}:NoSuchReader"])
def test_what_is_no_reader_is_refused(reader: str) -> None:
    with pytest.raises(BadSourceSettings, match="is no reader of LlamaIndex"):
        listed(reader=reader)


def test_arguments_are_a_table(tmp_path: Path) -> None:
    table = {"kind": "llamahub", "name": "n", "readers": ["g"], "reader": f"{CORE}:StringIterableReader"}
    source = from_settings({**table, "load": {"texts": ["x"]}}, base=tmp_path)
    assert len(list(source.listing())) == 2
    with pytest.raises(BadSourceSettings, match="load = 'x': expected a table"):
        from_settings({**table, "load": "x"}, base=tmp_path)

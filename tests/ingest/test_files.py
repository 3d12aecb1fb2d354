import hashlib
import os
import zlib
from pathlib import Path

import pytest

from ingest.errors import MissingPath, Unreadable
from ingest.source import End, Item
from ingest.sources import files
from ingest.sources.files import Source

PUBLIC = frozenset({"public"})
TALL = b"%PDF-1.4\n<</Type /Page /MediaBox [0 0 595 842]>>"
WIDE = b"%PDF-1.4\n<</Type /Page /MediaBox [ 0 0 720 405.5 ]>>"


def tree(root: Path, **contents: bytes) -> Path:
    for name, data in contents.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def items(source: Source) -> dict[str, Item]:
    """The items of a complete listing by the last part of their address."""
    *listed, end = source.listing()
    assert end == End(True)
    return {each.uri.rpartition("/")[2]: each for each in listed if isinstance(each, Item)}


def test_every_file_is_an_item_with_the_hash_of_its_bytes(tmp_path: Path) -> None:
    tree(tmp_path, **{"b.md": b"# B", "sub/a.md": b"# A"})
    listed = [each for each in Source(tmp_path, "docs", PUBLIC).listing() if isinstance(each, Item)]
    assert [each.uri for each in listed] == [(tmp_path / "b.md").as_uri(), (tmp_path / "sub/a.md").as_uri()]
    assert listed[0].version == hashlib.sha256(b"# B").hexdigest()


def test_with_a_url_addresses_begin_with_it(tmp_path: Path) -> None:
    tree(tmp_path, **{"sub/a b.md": b"# A"})
    listed = next(iter(Source(tmp_path, "docs", PUBLIC, url="https://docs.helix.example/x/").listing()))
    assert isinstance(listed, Item)
    assert listed.uri == "https://docs.helix.example/x/sub/a%20b.md"


def test_an_empty_folder_has_nothing_and_that_is_all(tmp_path: Path) -> None:
    assert list(Source(tmp_path, "docs", PUBLIC).listing()) == [End(True)]


def test_one_file_is_a_source_too(tmp_path: Path) -> None:
    tree(tmp_path, **{"a.md": b"# A", "b.md": b"# B"})
    source = Source(tmp_path / "a.md", "a", PUBLIC)
    assert list(items(source)) == ["a.md"]
    assert source.fetch(items(source)["a.md"]).data == b"# A"


def test_a_path_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(MissingPath, match="nowhere does not exist"):
        list(Source(tmp_path / "nowhere", "docs", PUBLIC).listing())


def test_files_that_cannot_be_documents_are_skipped_with_the_reason(tmp_path: Path) -> None:
    tree(tmp_path, **{"a.png": b"\x89PNG\r\n\x1a\n\0", "core": b"\x7fELF\0", "empty.md": b""})
    assert {name: item.skipped for name, item in items(Source(tmp_path, "docs", PUBLIC)).items()} == {
        "a.png": "no format reads .png",
        "core": "no format reads it",
        "empty.md": "empty",
    }


def test_a_file_above_the_limit_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 1000)
    tree(tmp_path, **{"a.md": b"x" * 1001, "b.md": b"x" * 1000})
    assert items(Source(tmp_path, "docs", PUBLIC))["a.md"].skipped == "1,001 bytes, more than 1,000"
    assert items(Source(tmp_path, "docs", PUBLIC))["b.md"].skipped == ""


def test_hidden_files_and_folders_of_version_control_are_left_out(tmp_path: Path) -> None:
    tree(tmp_path, **{".git/config": b"x", ".hidden": b"x", "CVS/Root": b"x", "__pycache__/a.txt": b"x", "a.md": b"x"})
    assert list(items(Source(tmp_path, "docs", PUBLIC))) == ["a.md"]


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = tree(tmp_path / "outside", **{"secret.md": b"secret", "sub/more.md": b"more"})
    root = tree(tmp_path / "root", **{"a.md": b"x"})
    (root / "file.md").symlink_to(outside / "secret.md")
    (root / "folder").symlink_to(outside / "sub")
    (root / "inside.md").symlink_to(root / "a.md")
    (root / "loop").symlink_to(root)
    (root / "nothing.md").symlink_to(root / "gone.md")
    assert {name: item.skipped for name, item in items(Source(root, "docs", PUBLIC)).items()} == {
        "a.md": "",
        "file.md": "a link out of the folder",
        "folder": "a link out of the folder",
        "inside.md": "a link to another place of the folder",
        "loop": "a link to another place of the folder",
        "nothing.md": "a link that leads nowhere",
    }


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert items(Source(tmp_path, "docs", PUBLIC))["pipe"].skipped == "no file"


def test_include_and_exclude_are_patterns_of_relative_paths(tmp_path: Path) -> None:
    tree(tmp_path, **{"a.md": b"x", "a.txt": b"x", "drafts/b.md": b"x"})
    found = items(Source(tmp_path, "docs", PUBLIC, include=("*.md",), exclude=("drafts/*",)))
    assert {name: item.skipped for name, item in found.items()} == {
        "a.md": "",
        "a.txt": "not among the included patterns",
        "b.md": "excluded by the pattern 'drafts/*'",
    }


def test_only_names_all_that_is_read(tmp_path: Path) -> None:
    tree(tmp_path, **{"a.md": b"x", "sub/b.md": b"x"})
    assert list(items(Source(tmp_path, "docs", PUBLIC, only=("sub/b.md",)))) == ["b.md"]


def test_a_file_that_is_gone_when_it_is_fetched_is_unreadable(tmp_path: Path) -> None:
    tree(tmp_path, **{"a.md": b"x"})
    source = Source(tmp_path, "docs", PUBLIC)
    item = items(source)["a.md"]
    (tmp_path / "a.md").unlink()
    with pytest.raises(Unreadable, match=r"a\.md cannot be read: No such file or directory"):
        source.fetch(item)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_an_item_whose_fetch_says_so(tmp_path: Path) -> None:
    tree(tmp_path, **{"a.md": b"x"})
    (tmp_path / "a.md").chmod(0)
    source = Source(tmp_path, "docs", PUBLIC)
    item = items(source)["a.md"]
    assert item.version.startswith("closed-")
    with pytest.raises(Unreadable, match="Permission denied"):
        source.fetch(item)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_opened_makes_the_listing_incomplete(tmp_path: Path) -> None:
    tree(tmp_path, **{"closed/a.md": b"x"})
    (tmp_path / "closed").chmod(0)
    *_, end = Source(tmp_path, "docs", PUBLIC).listing()
    (tmp_path / "closed").chmod(0o700)
    assert isinstance(end, End)
    assert not end.complete


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.md", b"# A", "page"),
        ("a.txt", b"words", "file"),
        ("a.pdf", TALL, "paper"),
        ("a.pdf", WIDE, "slides"),
    ],
)
def test_the_kind_of_a_document_follows_from_its_format(tmp_path: Path, name: str, data: bytes, kind: str) -> None:
    tree(tmp_path, **{name: data})
    source = Source(tmp_path, "docs", PUBLIC)
    raw = source.fetch(items(source)[name])
    assert (raw.kind, raw.name) == (kind, name)


def test_a_wide_pdf_is_recognised_when_its_pages_are_compressed(tmp_path: Path) -> None:
    tree(tmp_path, **{"wide.pdf": packed(WIDE), "tall.pdf": packed(TALL)})
    source = Source(tmp_path, "docs", PUBLIC)
    found = items(source)
    assert source.fetch(found["wide.pdf"]).kind == "slides"
    assert source.fetch(found["tall.pdf"]).kind == "paper"


def packed(page: bytes) -> bytes:
    """A PDF whose page stands in a compressed stream of objects."""
    stream = zlib.compress(page)
    return b"%PDF-1.5\n1 0 obj <</Type /ObjStm /N 1 /Filter /FlateDecode>>\nstream\n" + stream + b"\nendstream"

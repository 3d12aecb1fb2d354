from hashlib import sha256
from pathlib import Path

import pytest

from ingest.errors import BadSourceSettings, MissingPath
from ingest.recognise import sources_for
from ingest.source import Item, Source
from ingest.sources import files, mail

MAIL = (
    b"From ada@helix.example Mon Jun 16 09:00:00 2025\nFrom: ada@helix.example\nDate: Mon, 16 Jun 2025 09:00:00 +0000\n"
    b"Message-ID: <1@helix.example>\nSubject: Hello\n\nWords.\n"
)
PUBLIC = frozenset({"public"})


def made(*paths: Path, kind: str | None = None) -> list[tuple[str, str, tuple[str, ...]]]:
    """Each source's kind, the last part of its name, and the files that it is limited to."""
    return [
        (_kind(each), Path(each.name).name, each.only if isinstance(each, files.Source | mail.Source) else ())
        for each in sources_for(paths, readers=PUBLIC, kind=kind)
    ]


def _kind(source: Source) -> str:
    return type(source).__module__.rpartition(".")[2]


def test_a_folder_that_nobody_claims_is_one_source_of_files(tmp_path: Path) -> None:
    (tmp_path / "docs/sub").mkdir(parents=True)
    (tmp_path / "docs/a.md").write_text("# A")
    (tmp_path / "docs/sub/b.md").write_text("# B")
    assert made(tmp_path / "docs") == [("files", "docs", ())]


def test_an_empty_folder_is_a_source_of_files(tmp_path: Path) -> None:
    assert made(tmp_path) == [("files", tmp_path.name, ())]


def test_what_a_kind_claims_is_its_own_source_and_the_rest_is_files(tmp_path: Path) -> None:
    for name, data in {"a.md": b"# A", "notes/b.md": b"# B", "mail/2025.mbox": MAIL, ".git/c.md": b"# C"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    assert made(tmp_path) == [
        ("mail", f"{tmp_path.name} (mail)", ("mail",)),
        ("files", tmp_path.name, ("a.md", "notes/b.md")),
    ]


def test_a_folder_that_a_kind_claims_is_that_source_alone(tmp_path: Path) -> None:
    (tmp_path / "list.mbox").write_bytes(MAIL)
    assert made(tmp_path) == [("mail", tmp_path.name, ())]


def test_a_folder_that_holds_sources_of_several_kinds_is_opened(tmp_path: Path) -> None:
    event = b'{"_type": "HTTPAPIResult", "count": 1, "results": [{"_type": "Conference", "id": "7"}]}'
    for number in range(5):
        (tmp_path / "mail").mkdir(exist_ok=True)
        (tmp_path / f"mail/{number}.mbox").write_bytes(MAIL)
    (tmp_path / "agenda").mkdir()
    (tmp_path / "agenda/event_7.json").write_bytes(event)
    assert made(tmp_path) == [("indico", "agenda", ()), ("mail", f"{tmp_path.name} (mail)", ("mail",))]


def test_one_folder_around_sources_of_several_kinds_hides_none_of_them(tmp_path: Path) -> None:
    paper = rb"\documentclass{article}\begin{document}Words.\end{document}"
    for name, data in {"papers/a.tex": paper, "papers/b.tex": paper, "list/2025.mbox": MAIL}.items():
        (tmp_path / "around/all" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "around/all" / name).write_bytes(data)
    assert [kind for kind, _, _ in made(tmp_path)] == ["latex", "mail"]


def test_all_mail_that_lies_among_other_files_is_one_source(tmp_path: Path) -> None:
    for name, words in {"b.eml": b"Words.", "a.eml": b"Other words.", "sub/c.eml": b"Words."}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(MAIL.partition(b"\n")[2].replace(b"Words.", words))
    (tmp_path / "sub/d.md").write_text("# D")
    other = f"mid:1@helix.example?copy={sha256((tmp_path / 'b.eml').read_bytes()).hexdigest()[:12]}"
    source, _ = sources_for([tmp_path], readers=PUBLIC)
    assert [(each.uri, each.skipped) for each in source.listing() if isinstance(each, Item)] == [
        ("mid:1@helix.example", ""),
        (other, ""),
        ("mid:1@helix.example?repeat=1", f"the same message as {other}"),
    ]


def test_the_order_in_which_paths_are_given_does_not_matter(tmp_path: Path) -> None:
    for name in ("a.md", "b.eml"):
        (tmp_path / name).write_bytes(MAIL)
    a, b = tmp_path / "a.md", tmp_path / "b.eml"
    assert sources_for([b, a, b], readers=PUBLIC) == sources_for([a, b], readers=PUBLIC)


def test_two_folders_of_one_name_are_sources_of_two_names(tmp_path: Path) -> None:
    for where in ("old/docs", "new/docs"):
        (tmp_path / where).mkdir(parents=True)
        (tmp_path / where / "a.md").write_text("# A")
    names = [sources_for([tmp_path / where], readers=PUBLIC)[0].name for where in ("old/docs", "new/docs")]
    assert names == [str(tmp_path / "old/docs"), str(tmp_path / "new/docs")]


def test_a_folder_at_home_is_named_from_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "docs").mkdir()
    assert sources_for([tmp_path / "docs"], readers=PUBLIC)[0].name == "~/docs"


def test_a_kind_that_is_given_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "list.mbox").write_bytes(MAIL)
    assert made(tmp_path, kind="files") == [("files", tmp_path.name, ())]


def test_an_unknown_kind_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSourceSettings, match="unknown kind 'fils'"):
        sources_for([tmp_path], readers=PUBLIC, kind="fils")


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingPath, match="gone does not exist"):
        sources_for([tmp_path / "gone"], readers=PUBLIC)


def test_relative_paths_are_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docs").mkdir()
    monkeypatch.chdir(tmp_path)
    (source,) = sources_for([Path("docs")], readers=PUBLIC)
    assert isinstance(source, files.Source)
    assert source.path == tmp_path / "docs"

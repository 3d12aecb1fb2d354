import dataclasses
import os
from pathlib import Path

import pytest

from ingest.document import NOBODY
from ingest.errors import MissingPath, Unreadable
from ingest.read import document, parsed
from ingest.source import End, Item, Raw, from_settings
from ingest.sources.twiki import Source, claims

URL = "https://twiki.helix.example/bin/view"
INFO = '%META:TOPICINFO{author="IngridSolvang" date="1741600800" version="3"}%\n'


def wiki(folder: Path, **files: str) -> Path:
    """A folder with these files; __ in a name stands for a slash, and topics end in .txt."""
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ("" if "." in name else ".txt"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def installation(folder: Path) -> Path:
    """A small TWiki with data and pub."""
    wiki(
        folder,
        data__Helix__WebHome=INFO + "---+ HELIX\nWelcome.",
        data__Helix__WebPreferences="   * Set RUN = 2\n",
        data__Helix__ShiftHandbook=INFO + '%META:TOPICPARENT{name="WebHome"}%\n---+ Shifts\nRun %RUN%.',
        data__Helix__WebStatistics="---+ Statistics",
        data__Helix__Muon__WebHome="---+ Muons",
        data__TWiki__TWikiPreferences="   * Set SITE = Nordmark\n",
        data__TWiki__WebHome="---+ TWiki",
    )
    (folder / "data/Helix/ShiftHandbook.txt,v").write_text("head 1.3;")
    (folder / "data/Helix/ShiftHandbook.lease").write_text("lease")
    (folder / "data/debug.txt").write_text("log of the wiki")
    pub = folder / "pub/Helix/ShiftHandbook"
    pub.mkdir(parents=True)
    (pub / "notes.md").write_text("# Notes\n\nOn shifts.\n")
    (pub / "plot.root").write_bytes(b"root\x00\x00\x01\x02")
    return folder


def source(path: Path, *readers: str, url: str = URL, webs: tuple[str, ...] = ()) -> Source:
    return Source("wiki", frozenset(readers or ("group:helix-members",)), path, url, webs)


def listed(given: Source) -> tuple[dict[str, Item], dict[str, str], End]:
    """What a listing says: items to read by uri, reasons of the others by uri, and its end."""
    *items, end = given.listing()
    assert isinstance(end, End)
    found = [item for item in items if isinstance(item, Item)]
    assert len(found) == len(items)
    read = {item.uri: item for item in found if not item.skipped}
    return read, {item.uri: item.skipped for item in found if item.skipped}, end


def fetched(given: Source, uri: str) -> Raw:
    return given.fetch(listed(given)[0][uri])


def test_topics_and_attachments_are_listed_and_the_rest_with_a_reason(tmp_path: Path) -> None:
    read, skipped, end = listed(source(installation(tmp_path)))
    assert end == End(True)
    assert sorted(uri.removeprefix("https://twiki.helix.example/") for uri in read) == [
        "bin/view/Helix/Muon/WebHome",
        "bin/view/Helix/ShiftHandbook",
        "bin/view/Helix/WebHome",
        "pub/Helix/ShiftHandbook/notes.md",
    ]
    assert {uri.removeprefix("https://twiki.helix.example/"): reason for uri, reason in skipped.items()} == {
        "bin/view/Helix/WebPreferences": "a page of the wiki's machinery",
        "bin/view/Helix/WebStatistics": "a page of the wiki's machinery",
        "bin/view/TWiki/TWikiPreferences": "of the wiki's own documentation",
        "bin/view/TWiki/WebHome": "of the wiki's own documentation",
        "bin/view/debug": "in no web",
        "pub/Helix/ShiftHandbook/plot.root": "no format reads it",
    }


def test_a_topic_becomes_a_document_with_its_parent_and_the_variables_of_its_web(tmp_path: Path) -> None:
    given = source(installation(tmp_path))
    item = listed(given)[0][f"{URL}/Helix/ShiftHandbook"]
    raw = given.fetch(item)
    made = document(item, raw, parsed(raw), given)
    assert (made.kind, made.title, made.text) == ("topic", "Shifts", "# Shifts\n\nRun 2.")
    assert (made.parent, made.authors, made.version) == (f"{URL}/Helix/WebHome", ("IngridSolvang",), "r3")
    assert made.readers == (frozenset({"group:helix-members"}),)


def test_without_a_url_addresses_are_those_of_files(tmp_path: Path) -> None:
    read, _, _ = listed(source(installation(tmp_path), url=""))
    assert (tmp_path / "data/Helix/ShiftHandbook.txt").as_uri() in read
    assert (tmp_path / "pub/Helix/ShiftHandbook/notes.md").as_uri() in read


def test_only_the_webs_asked_for_are_read(tmp_path: Path) -> None:
    read, skipped, end = listed(source(installation(tmp_path), webs=("TWiki",)))
    assert list(read) == [f"{URL}/TWiki/WebHome"]
    assert skipped[f"{URL}/Helix/WebHome"] == "of the web Helix, which is not among those to read"
    assert end.complete
    assert listed(source(tmp_path, webs=("Helix", "Tracker")))[2] == End(False, "there is no web Tracker")


@pytest.mark.parametrize("below", ["data", "data/Helix"])
def test_the_data_folder_and_one_web_of_it_are_read_too(tmp_path: Path, below: str) -> None:
    given = source(installation(tmp_path) / below)
    read, _, end = listed(given)
    assert end.complete
    assert {f"{URL}/Helix/ShiftHandbook", "https://twiki.helix.example/pub/Helix/ShiftHandbook/notes.md"} <= set(read)
    assert b"Run 2." in given.fetch(read[f"{URL}/Helix/ShiftHandbook"]).data


def test_a_plain_folder_of_topics_is_read_with_what_lies_between_them(tmp_path: Path) -> None:
    folder = tmp_path / "Helix"
    wiki(folder, Cooling=INFO + "---+ Cooling\n-22 C", Sub__Deep="---+ Deep", notes="just a few words")
    wiki(folder, **{"README.md": "# About\n\nThese topics.\n"})
    (folder / "NoSuffix").write_text("---+ No suffix")
    (folder / "Twice").write_text("---+ Twice")
    (folder / "Twice.txt").write_text("---+ Twice")
    given = source(folder)
    read, skipped, end = listed(given)
    assert end.complete
    formats = {uri.removeprefix(f"{URL}/Helix/"): given.fetch(item).format for uri, item in read.items()}
    assert formats == {
        "Cooling": "twiki_markup",
        "NoSuffix": "twiki_markup",
        "README.md": "markdown",
        "Sub/Deep": "twiki_markup",
        "Twice": "twiki_markup",
        "notes": "text",
    }
    assert list(skipped.values()) == ["another file holds this topic"]


def test_a_version_changes_with_the_content_and_with_what_is_included_but_not_with_the_time(tmp_path: Path) -> None:
    wiki(tmp_path, Helix__WebHome='---+ A\n%INCLUDE{"Other"}%', Helix__Other="one", Helix__Third="three")
    before, _, _ = listed(source(tmp_path))
    os.utime(tmp_path / "Helix/WebHome.txt", (1, 1))
    assert listed(source(tmp_path))[0] == before
    wiki(tmp_path, Helix__Other="two")
    after, _, _ = listed(source(tmp_path))
    changed = [uri.rpartition("/")[2] for uri in after if after[uri] != before[uri]]
    assert changed == ["Other", "WebHome"]
    assert parsed(fetched(source(tmp_path), f"{URL}/Helix/WebHome")).text == "# A\n\ntwo"


def test_what_changed_between_listing_and_fetching_is_refused(tmp_path: Path) -> None:
    given = source(wiki(tmp_path, Helix__WebHome="---+ A"))
    item = listed(given)[0][f"{URL}/Helix/WebHome"]
    wiki(tmp_path, Helix__WebHome="---+ B")
    with pytest.raises(Unreadable, match="changed since it was listed"):
        given.fetch(item)


def test_the_readers_of_a_web_hold_for_its_topics_unless_a_topic_names_its_own(tmp_path: Path) -> None:
    wiki(
        tmp_path,
        Helix__WebPreferences="   * Set ALLOWWEBVIEW = Main.HelixGroup\n",
        Helix__WebHome="---+ A",
        Helix__Own="---+ B\n   * Set ALLOWTOPICVIEW = Main.BoardGroup\n",
        Helix__Sub__WebPreferences="   * Set ALLOWWEBVIEW = \n",
        Helix__Sub__WebHome="---+ C",
    )
    given = source(tmp_path)
    assert fetched(given, f"{URL}/Helix/WebHome").readers == (frozenset({"group:HelixGroup"}),)
    own = fetched(given, f"{URL}/Helix/Own")
    assert (own.readers, parsed(own).readers) == ((), (frozenset({"group:BoardGroup"}),))
    assert fetched(given, f"{URL}/Helix/Sub/WebHome").readers == (frozenset({"group:HelixGroup"}),)


def test_a_web_that_denies_is_readable_by_nobody(tmp_path: Path) -> None:
    wiki(tmp_path, Helix__WebHome="---+ A", Helix__WebPreferences="   * Set DENYWEBVIEW = Main.AdaLovelace\n")
    raw = fetched(source(tmp_path), f"{URL}/Helix/WebHome")
    assert raw.readers == NOBODY
    assert raw.warnings == ("DENYWEBVIEW names who may not read; nobody may read until ALLOWWEBVIEW says who may",)


def test_whoever_may_read_a_topic_may_read_its_attachments_and_nobody_else(tmp_path: Path) -> None:
    installation(tmp_path)
    wiki(tmp_path, data__Helix__ShiftHandbook="---+ Shifts\n   * Set ALLOWTOPICVIEW = Main.BoardGroup\n")
    raw = fetched(source(tmp_path), "https://twiki.helix.example/pub/Helix/ShiftHandbook/notes.md")
    assert raw.readers == (frozenset({"group:BoardGroup"}),)
    assert (raw.format, raw.kind, raw.parent) == ("markdown", "page", f"{URL}/Helix/ShiftHandbook")
    (tmp_path / "data/Helix/ShiftHandbook.txt").unlink()
    _, skipped, _ = listed(source(tmp_path))
    assert (
        skipped["https://twiki.helix.example/pub/Helix/ShiftHandbook/notes.md"]
        == "attached to Helix.ShiftHandbook, which is not there"
    )


def test_what_fewer_may_read_is_not_included_in_what_more_may_read(tmp_path: Path) -> None:
    wiki(
        tmp_path,
        Helix__WebHome='---+ Open\n%INCLUDE{"Board"}%%INCLUDE{"Closed.Page"}%',
        Helix__Board="Raise to 30 GeV.\n   * Set ALLOWTOPICVIEW = Main.BoardGroup\n",
        Helix__Both='---+ Both\n   * Set ALLOWTOPICVIEW = Main.BoardGroup\n\n%INCLUDE{"Board"}%',
        Closed__WebPreferences="   * Set ALLOWWEBVIEW = Main.ClosedGroup\n",
        Closed__Page="Closed words.",
    )
    raw = fetched(source(tmp_path), f"{URL}/Helix/WebHome")
    assert parsed(raw).text == "# Open"
    assert raw.warnings == (
        "%INCLUDE% of 'Board' was left out: not all who may read this topic may read it",
        "%INCLUDE% of 'Closed.Page' was left out: not all who may read this topic may read it",
    )
    both = parsed(fetched(source(tmp_path), f"{URL}/Helix/Both"))
    assert both.text == "# Both\n\nRaise to 30 GeV."
    assert both.readers == (frozenset({"group:BoardGroup"}),)


def test_settings_in_a_file_that_does_not_look_like_a_topic_hold(tmp_path: Path) -> None:
    wiki(tmp_path, Page="---+ A topic", notes="words\n" * 2000 + "   * Set ALLOWTOPICVIEW = Main.BoardGroup\n")
    raw = fetched(source(tmp_path, url=""), (tmp_path / "notes.txt").as_uri())
    assert (raw.format, raw.readers) == ("text", (frozenset({"group:BoardGroup"}),))


def test_includes_reach_no_file_that_is_no_topic(tmp_path: Path) -> None:
    wiki(tmp_path, wiki__Helix__WebHome='---+ A\n%INCLUDE{"../../secret"}% %INCLUDE{"...secret"}%', secret="key")
    raw = fetched(source(tmp_path / "wiki"), f"{URL}/Helix/WebHome")
    assert b"key" not in raw.data
    assert len(raw.warnings) == 2


def test_addresses_of_attachments_and_scripts_are_those_of_the_wiki(tmp_path: Path) -> None:
    wiki(
        tmp_path,
        Helix__WebHome='---+ A\n[[%ATTACHURL%/a.pdf][a]] [[%SCRIPTURLPATH{"view"}%/Main/Jo][b]]\n'
        "<verbatim>%ATTACHURL%</verbatim>",
    )
    assert parsed(fetched(source(tmp_path), f"{URL}/Helix/WebHome")).text == (
        "# A\n\n[a](https://twiki.helix.example/pub/Helix/WebHome/a.pdf) "
        "[b](https://twiki.helix.example/bin/view/Main/Jo)\n\n```\n%ATTACHURL%\n```"
    )


def test_a_topic_that_says_it_is_out_of_date_has_that_status(tmp_path: Path) -> None:
    wiki(tmp_path, Helix__WebHome="---+ A\n%RED%This page is obsolete.%ENDCOLOR%")
    assert fetched(source(tmp_path), f"{URL}/Helix/WebHome").status == "superseded"


def test_an_empty_folder_and_a_missing_one_are_no_proof_that_all_is_gone(tmp_path: Path) -> None:
    assert list(source(tmp_path).listing()) == [End(False, "there is no topic")]
    with pytest.raises(MissingPath, match="the wiki 'wiki'"):
        list(source(tmp_path / "nowhere").listing())


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may read everything")
def test_a_folder_that_cannot_be_read_makes_the_listing_incomplete(tmp_path: Path) -> None:
    installation(tmp_path)
    (tmp_path / "data/Helix/Muon").chmod(0)
    end = listed(source(tmp_path))[2]
    (tmp_path / "data/Helix/Muon").chmod(0o755)
    assert not end.complete
    assert "Muon cannot be read" in end.reason


def test_a_topic_that_cannot_be_read_is_listed_and_refused(tmp_path: Path) -> None:
    wiki(tmp_path, Helix__WebHome="---+ A")
    (tmp_path / "Helix/Page.txt").symlink_to(tmp_path / "gone")
    (tmp_path / "Helix/Folder.txt").mkdir()
    given = source(tmp_path)
    read, skipped, _ = listed(given)
    assert skipped == {f"{URL}/Helix/Page": "a symbolic link"}
    item = read[f"{URL}/Helix/WebHome"]
    gone = dataclasses.replace(item, locator=str(tmp_path / "Helix/Folder.txt"))
    with pytest.raises(Unreadable, match="cannot be read"):
        given.fetch(gone)


def test_a_folder_is_claimed_when_it_is_a_wiki_or_mostly_topics(tmp_path: Path) -> None:
    assert claims(installation(tmp_path / "wiki"))
    assert claims(tmp_path / "wiki/data")
    assert claims(wiki(tmp_path / "topics", One="---+ One", Two="---+ Two", **{"x.md": "# X"}))
    assert not claims(wiki(tmp_path / "notes", One="---+ One", **{"x.md": "# X", "y.md": "# Y"}))
    assert not claims(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    assert not claims(tmp_path / "empty")


def test_the_settings_name_its_keys(tmp_path: Path) -> None:
    table = {"kind": "twiki", "path": "wiki", "name": "W", "readers": ["helix-members"], "webs": ["Helix"], "url": URL}
    assert from_settings(table, base=tmp_path) == Source(
        "W", frozenset({"group:helix-members"}), tmp_path / "wiki", URL, ("Helix",)
    )


def test_who_is_in_a_group_may_read_by_name_and_whoever_is_denied_is_taken_out(tmp_path: Path) -> None:
    wiki(
        tmp_path,
        Main__WebHome="---+ Main",
        Main__BoardGroup="   * Set GROUP = Main.AdaLovelace, Main.ShiftGroup\n",
        Main__ShiftGroup="   * Set GROUP = Main.LeaHolm, Main.BoardGroup\n",
        Helix__WebHome="---+ A\n   * Set ALLOWTOPICVIEW = Main.BoardGroup\n",
        Helix__Denied="---+ B\n   * Set ALLOWTOPICVIEW = Main.BoardGroup\n   * Set DENYTOPICVIEW = Main.LeaHolm\n",
        Helix__Unknown="---+ C\n   * Set ALLOWTOPICVIEW = Main.BoardGroup\n   * Set DENYTOPICVIEW = Main.LostGroup\n",
    )
    given = source(tmp_path)
    everybody = frozenset({"group:BoardGroup", "group:ShiftGroup", "user:AdaLovelace", "user:LeaHolm"})
    assert parsed(fetched(given, f"{URL}/Helix/WebHome")).readers == (everybody,)
    assert parsed(fetched(given, f"{URL}/Helix/Denied")).readers == (frozenset({"user:AdaLovelace"}),)
    assert parsed(fetched(given, f"{URL}/Helix/Unknown")).readers == NOBODY


def test_whom_a_topic_denies_is_taken_out_of_those_whom_its_web_allows(tmp_path: Path) -> None:
    wiki(
        tmp_path,
        Helix__WebPreferences="   * Set ALLOWWEBVIEW = Main.AdaLovelace, Main.LeaHolm\n",
        Helix__WebHome="---+ A\n   * Set DENYTOPICVIEW = Main.LeaHolm\n",
    )
    raw = fetched(source(tmp_path), f"{URL}/Helix/WebHome")
    assert (*raw.readers, *parsed(raw).readers) == (
        frozenset({"user:AdaLovelace", "user:LeaHolm"}),
        frozenset({"user:AdaLovelace"}),
    )

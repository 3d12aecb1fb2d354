from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ingest.errors import BadSourceSettings
from ingest.source import End, Item, claiming
from ingest.sources.elog import Source

PUBLIC = frozenset({"public"})


@pytest.fixture(autouse=True)
def cache(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def entry(number: int, text: str = "Quiet.", **fields: str) -> str:
    head = "".join(f"{name.replace('_', ' ')}: {value}\n" for name, value in fields.items())
    return f"$@MID@$: {number}\n{head}{'=' * 40}\n{text}\n"


def listed(source: Source) -> tuple[list[Item], End]:
    *items, end = source.listing()
    assert isinstance(end, End)
    return [item for item in items if isinstance(item, Item)], end


@pytest.mark.parametrize("place", ["260303a.log", "2026/260303a.log"])
def test_a_folder_with_files_of_days_is_a_logbook(tmp_path: Path, place: str) -> None:
    day = tmp_path / "Shifts" / place
    day.parent.mkdir(parents=True)
    day.write_text(entry(1))
    assert claiming(tmp_path / "Shifts") == "elog"


def test_a_folder_with_other_logs_is_none(tmp_path: Path) -> None:
    (tmp_path / "run.log").write_text("started\n")
    assert claiming(tmp_path) != "elog"


def test_the_version_of_an_entry_changes_with_its_text_and_with_its_thread(tmp_path: Path) -> None:
    source, versions = Source("shifts", PUBLIC, path=tmp_path), []
    for days in (entry(2, In_reply_to="1"), entry(2, "New.", In_reply_to="1"), entry(1) + entry(2, In_reply_to="1")):
        (tmp_path / "260303a.log").write_text(days)
        versions.append(next(item.version for item in listed(source)[0] if item.uri.endswith("#2")))
    assert len(set(versions)) == 3


def test_replies_in_a_circle_have_a_thread(tmp_path: Path) -> None:
    (tmp_path / "260303a.log").write_text(entry(1, In_reply_to="2") + entry(2, In_reply_to="1"))
    items, end = listed(Source("shifts", PUBLIC, path=tmp_path))
    assert (len(items), end) == (2, End(True))


@pytest.mark.parametrize("name", ["../secret.txt", "260303_140000_link.txt"])
def test_an_attachment_is_never_taken_from_outside_the_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "Shifts"
    folder.mkdir()
    (folder / "260303_140000_link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "260303a.log").write_text(entry(1, Attachment=name))
    items, _ = listed(Source("shifts", PUBLIC, path=folder))
    assert items[1].skipped == f"the file {name} is not in the folder of the logbook"


def test_a_logbook_that_asks_who_reads_is_not_complete(site: Any, web: ModuleType) -> None:
    site.says["/Shifts/"] = web.Reply("<html><input type=password name=upassword></html>")
    items, end = listed(Source("shifts", PUBLIC, f"{site.url}/Shifts/"))
    assert (items, end.complete) == ([], False)


def test_an_empty_list_is_not_complete(site: Any, web: ModuleType) -> None:
    site.says["/Shifts/page"] = web.Reply("<html><p>No entries</p></html>")
    _, end = listed(Source("shifts", PUBLIC, f"{site.url}/Shifts/"))
    assert end.reason.endswith("/Shifts/page: the list names no entry: empty, or not open to who asked")


def test_a_server_without_the_export_is_read_entry_by_entry(
    site: Any, web: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHIFTS_COOKIE", "unm=reader; upwd=x")
    site.says["/Shifts/page"] = web.Reply('<a href="2">2</a> <a href="/Other/9">9</a> <a href=2?cmd=Edit>edit</a>')
    site.says["/Shifts/2"] = web.Reply(entry(2))
    items, end = listed(Source("shifts", PUBLIC, f"{site.url}/Shifts/", cookie_env="SHIFTS_COOKIE"))
    assert ([item.uri for item in items], end) == ([f"{site.url}/Shifts/2"], End(True))
    assert {each.headers["cookie"] for each in site.asked} == {"unm=reader; upwd=x"}


def test_a_source_without_a_place_is_refused() -> None:
    with pytest.raises(BadSourceSettings, match="name path or url"):
        Source("shifts", PUBLIC)

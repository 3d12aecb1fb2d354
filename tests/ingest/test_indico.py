import json
from pathlib import Path

import pytest

from ingest.document import NOBODY
from ingest.errors import MissingPath, Unreadable
from ingest.read import document, parsed
from ingest.source import End, Item
from ingest.sources.indico import Source, claims

PUBLIC = frozenset({"public"})
SERVER = "https://indico.helix.example"
START = {"date": "2025-06-17", "time": "09:00:00", "tz": "Europe/Stockholm"}
Json = dict[str, object]


def attachment(filename: str, **more: object) -> Json:
    return {
        "type": "file",
        "title": "Slides",
        "filename": filename,
        "download_url": f"{SERVER}/event/7/attachments/1/{filename}",
        "modified_dt": "2025-06-16T08:00:00+00:00",
        **more,
    }


def talk(number: int, title: str, *attachments: Json, **more: object) -> Json:
    return {
        "_type": "Contribution",
        "db_id": number,
        "title": title,
        "url": f"{SERVER}/event/7/contributions/{number}/",
        "startDate": START,
        "speakers": [{"first_name": "Ada", "last_name": "Example"}],
        "folders": [{"attachments": list(attachments)}],
        **more,
    }


def meeting(*talks: Json, **more: object) -> Json:
    return {
        "_type": "Conference",
        "id": "7",
        "title": "HELIX Week",
        "url": f"{SERVER}/event/7/",
        "startDate": START,
        "contributions": list(talks),
        **more,
    }


def export(folder: Path, *events: Json, name: str = "event_7.json", **more: object) -> Path:
    answer = {"_type": "HTTPAPIResult", "count": len(events), "results": list(events), **more}
    (folder / name).write_text(json.dumps(answer))
    return folder


def slides(folder: Path, name: str, text: str = "Some slides.") -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)


def listed(source: Source) -> tuple[dict[str, Item], End]:
    *items, end = source.listing()
    assert isinstance(end, End)
    found = [item for item in items if isinstance(item, Item)]
    assert len({item.uri for item in found}) == len(found)
    return {item.uri.removeprefix(f"{SERVER}/event/7/"): item for item in found}, end


def test_events_contributions_and_material_are_documents_that_know_their_parents(tmp_path: Path) -> None:
    export(tmp_path, meeting(talk(1, "HTag v3", attachment("htag.txt"))))
    slides(tmp_path / "event_7", "htag.txt")
    source = Source("agenda", PUBLIC, tmp_path)
    found, end = listed(source)
    assert end == End(True)
    raws = {place: source.fetch(item) for place, item in found.items()}
    assert {place: (raw.kind, raw.parent.removeprefix(SERVER)) for place, raw in raws.items()} == {
        "": ("meeting", ""),
        "contributions/1/": ("talk", "/event/7/"),
        "attachments/1/htag.txt": ("file", "/event/7/contributions/1/"),
    }
    material = raws["attachments/1/htag.txt"]
    assert (material.title, material.authors, material.data) == (
        "HTag v3 (htag.txt)",
        ("Ada Example",),
        b"Some slides.",
    )
    assert material.modified is not None
    assert material.modified.isoformat() == "2025-06-16T08:00:00+00:00"


@pytest.mark.parametrize("folder", ["event_7", "7", "7/1"])
def test_material_lies_in_a_folder_called_like_the_event(tmp_path: Path, folder: str) -> None:
    export(tmp_path, meeting(talk(1, "HTag v3", attachment("htag.txt"))))
    (tmp_path / folder).mkdir(parents=True)
    slides(tmp_path / folder, "htag.txt")
    found, _ = listed(Source("agenda", PUBLIC, tmp_path))
    assert found["attachments/1/htag.txt"].skipped == ""


def test_material_that_is_not_here_is_skipped_with_the_reason(tmp_path: Path) -> None:
    export(tmp_path, meeting(talk(1, "HTag v3", attachment("htag.pdf"))))
    found, end = listed(Source("agenda", PUBLIC, tmp_path))
    assert found["attachments/1/htag.pdf"].skipped == "the file htag.pdf is not in the folder of its event"
    assert end.complete


@pytest.mark.parametrize("name", ["../secret.txt", "/etc/hostname", "..", "event_7/../../secret.txt"])
def test_material_is_never_taken_from_outside_the_folder_of_its_event(tmp_path: Path, name: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    slides(tmp_path, "secret.txt")
    slides(root, "secret.txt")
    slides(root / "event_7", "other.txt")
    export(root, meeting(talk(1, "HTag v3", attachment(name))))
    (root / "event_7" / "hostname").symlink_to("/etc/hostname")
    found, _ = listed(Source("agenda", PUBLIC, root))
    assert "is not in the folder of its event" in found[f"attachments/1/{name}"].skipped


def test_a_list_of_who_is_allowed_becomes_a_clause_of_event_talk_and_material(tmp_path: Path) -> None:
    board = {"users": ["ada@helix.example"], "groups": ["board"]}
    open_to = {"users": [], "groups": ["helix-members"]}
    closed = talk(1, "Plans", attachment("plans.txt", is_protected=True), allowed=board)
    export(tmp_path, meeting(closed, allowed=open_to, hasAnyProtection=True))
    slides(tmp_path / "event_7", "plans.txt")
    source = Source("agenda", PUBLIC, tmp_path)
    found, _ = listed(source)
    readers = {}
    for place, item in found.items():
        raw = source.fetch(item)
        readers[place] = set(document(item, raw, parsed(raw), source).readers)
    members, both = frozenset({"group:helix-members"}), frozenset({"group:board", "user:ada@helix.example"})
    assert readers == {"": {members}, "contributions/1/": {members, both}, "attachments/1/plans.txt": {members, both}}


def test_what_fewer_people_may_see_is_not_in_the_bytes_of_the_event(tmp_path: Path) -> None:
    closed = talk(1, "Secret plans", allowed={"users": [], "groups": ["board"]})
    export(tmp_path, meeting(closed, talk(2, "Open plans")))
    source = Source("agenda", PUBLIC, tmp_path)
    data = source.fetch(listed(source)[0][""]).data
    assert b"Open plans" in data
    assert b"Secret plans" not in data


def test_what_is_protected_without_a_list_is_for_nobody_or_for_those_whom_the_settings_name(tmp_path: Path) -> None:
    export(tmp_path, meeting(talk(1, "Plans", attachment("plans.txt", is_protected=True)), hasAnyProtection=True))
    slides(tmp_path / "event_7", "plans.txt")
    for settings, expected in ((frozenset[str](), NOBODY), (frozenset({"helix"}), (frozenset({"group:helix"}),))):
        source = Source("agenda", PUBLIC, tmp_path, protected=settings)
        found, _ = listed(source)
        assert len(found) == 3
        for item in found.values():
            raw = source.fetch(item)
            assert document(item, raw, parsed(raw), source).readers == expected


def test_the_version_of_material_changes_with_what_the_programme_says_of_it(tmp_path: Path) -> None:
    versions = []
    for title in ("HTag v3", "HTag v3 final", "HTag v3 final"):
        export(tmp_path, meeting(talk(1, title, attachment("htag.txt"))))
        slides(tmp_path / "event_7", "htag.txt")
        versions.append(listed(Source("agenda", PUBLIC, tmp_path))[0]["attachments/1/htag.txt"].version)
    assert versions[0] != versions[1]
    assert versions[1] == versions[2]


def test_an_abstract_that_changes_leaves_the_event_as_it_was(tmp_path: Path) -> None:
    versions = []
    for text in ("First words.", "Second words."):
        export(tmp_path, meeting(talk(1, "HTag v3", description=text)))
        found, _ = listed(Source("agenda", PUBLIC, tmp_path))
        versions.append((found[""].version, found["contributions/1/"].version))
    assert versions[0][0] == versions[1][0]
    assert versions[0][1] != versions[1][1]


def test_of_two_exports_of_an_event_the_fuller_counts(tmp_path: Path) -> None:
    export(tmp_path, meeting(), name="a.json")
    export(tmp_path, meeting(talk(1, "HTag v3")), name="b.json")
    found, _ = listed(Source("agenda", PUBLIC, tmp_path))
    assert [item.skipped for item in found.values() if item.skipped] == ["the same event stands fuller in b.json"]
    assert "contributions/1/" in found


def test_a_category_that_answers_with_nothing_is_no_complete_listing(tmp_path: Path) -> None:
    export(tmp_path, name="categ.json")
    found, end = listed(Source("agenda", PUBLIC, tmp_path))
    assert [item.skipped for item in found.values()] == ["it answers with no events: empty, or not open to who asked"]
    assert end == End(False, "categ.json: it answers with no events: empty, or not open to who asked")


PARTIAL: list[tuple[Json, str]] = [
    ({"complete": False}, "it says that it is not complete"),
    ({"count": 9}, "it holds 1 of 9 events"),
]


@pytest.mark.parametrize(("more", "reason"), PARTIAL)
def test_a_partial_answer_is_no_complete_listing(tmp_path: Path, more: Json, reason: str) -> None:
    (tmp_path / "categ.json").write_text(json.dumps({"_type": "HTTPAPIResult", "results": [meeting()], **more}))
    _, end = listed(Source("agenda", PUBLIC, tmp_path))
    assert end == End(False, f"categ.json: {reason}")


def test_a_broken_export_goes_into_quarantine_and_the_listing_is_not_complete(tmp_path: Path) -> None:
    export(tmp_path, meeting())
    (tmp_path / "event_8.json").write_text('{"results": [')
    source = Source("agenda", PUBLIC, tmp_path)
    found, end = listed(source)
    assert not end.complete
    broken = next(item for place, item in found.items() if place.endswith("event_8.json"))
    with pytest.raises(Unreadable, match=r"event_8\.json: no JSON that can be read"):
        source.fetch(broken)


def test_other_json_and_other_files_are_skipped_with_the_reason(tmp_path: Path) -> None:
    export(tmp_path, meeting())
    rooms = {"_type": "HTTPAPIResult", "url": "/export/reservation/CERN.json", "results": [{"_type": "Reservation"}]}
    search = {"_type": "HTTPAPIResult", "url": "https://x/export/event/search/higgs.json", "results": [{"id": "1"}]}
    for name, answer in {"rooms.json": rooms, "search.json": search, "list.json": [1, 2], "word.json": "x"}.items():
        (tmp_path / name).write_text(json.dumps(answer))
    slides(tmp_path, "notes.txt")
    slides(tmp_path / "event_7", "stray.txt")
    found, _ = listed(Source("agenda", PUBLIC, tmp_path))
    assert {place.rpartition("/")[2]: item.skipped for place, item in found.items() if place} == {
        "rooms.json": "room bookings, no events",
        "search.json": "the results of a search, without the events themselves",
        "list.json": "something else, no events",
        "word.json": "no Indico export",
        "notes.txt": "no Indico export",
        "stray.txt": "no event names it as its material",
    }


def test_an_export_that_changed_since_the_listing_is_said_so(tmp_path: Path) -> None:
    export(tmp_path, meeting(talk(1, "HTag v3")))
    source = Source("agenda", PUBLIC, tmp_path)
    item = listed(source)[0]["contributions/1/"]
    export(tmp_path, meeting())
    with pytest.raises(Unreadable, match="no longer in"):
        source.fetch(item)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingPath, match="nowhere does not exist"):
        list(Source("agenda", PUBLIC, tmp_path / "nowhere").listing())


def test_a_folder_of_exports_with_their_material_is_claimed_and_a_folder_with_one_among_others_is_not(
    tmp_path: Path,
) -> None:
    agenda, mixed = tmp_path / "agenda", tmp_path / "mixed"
    agenda.mkdir()
    mixed.mkdir()
    export(agenda, meeting())
    slides(agenda / "event_7", "a.txt")
    export(mixed, meeting())
    slides(mixed, "a.txt")
    assert claims(agenda)
    assert not claims(mixed)
    assert claims(mixed / "event_7.json")
    assert not claims(mixed / "a.txt")

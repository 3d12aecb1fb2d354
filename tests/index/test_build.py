"""An ingest loses nothing, repeats nothing, and ends the same however often it is disturbed."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from index.build import Index
from index.chunk import Chunk
from index.store import Point, Scope
from ingest.recognise import sources_for

Open = Callable[[Path], Index]
EVERYTHING = Scope(None)


class Killed(BaseException):
    """Stands for the end of the process."""


def _texts(index: Index, uri: str) -> str:
    return "".join(chunk.text for chunk in index.store.chunks(uri, scope=EVERYTHING))


def test_a_text_is_found_after_its_ingest(small_index: Index, texts: Any) -> None:
    report = small_index.ingest([texts({"a": "# Solenoid\n\nIts field is 3.2 T."})])
    assert (report.found, report.indexed) == (1, 1)
    assert _texts(small_index, "mem:a") == "# Solenoid\n\nIts field is 3.2 T."
    assert small_index.verify() == []


def test_nothing_is_done_for_what_is_unchanged(small_index: Index, texts: Any) -> None:
    source = texts({"a": "one text", "b": "another text"})
    small_index.ingest([source])
    report = small_index.ingest([source])
    assert (report.found, report.indexed, report.unchanged) == (2, 0, 2)


def test_a_changed_text_replaces_the_old_one(small_index: Index, texts: Any) -> None:
    small_index.ingest([texts({"a": "the threshold is 26 GeV"})])
    report = small_index.ingest([texts({"a": "the threshold is 28 GeV"})])
    assert report.indexed == 1
    assert _texts(small_index, "mem:a") == "the threshold is 28 GeV"


def test_a_text_that_is_gone_is_removed(small_index: Index, texts: Any) -> None:
    small_index.ingest([texts({"a": "one text", "b": "another text"})])
    report = small_index.ingest([texts({"b": "another text"})])
    assert report.removed == 1
    assert small_index.store.chunks("mem:a", scope=EVERYTHING) == []


def test_an_unreadable_item_is_quarantined_and_its_old_version_stays(small_index: Index, texts: Any) -> None:
    small_index.ingest([texts({"a": "one text"})])
    report = small_index.ingest([texts({"a": None, "b": "another text"})])
    assert report.quarantined == [("mem:a", "it is not there any more")]
    assert report.indexed == 1
    assert report.balanced
    assert _texts(small_index, "mem:a") == "one text"


def test_an_empty_text_is_skipped_with_its_reason(small_index: Index, texts: Any) -> None:
    report = small_index.ingest([texts({"a": " \n"})])
    assert report.skipped == [("mem:a", "it has no text")]
    assert small_index.ingest([texts({"a": " \n"})]).skipped == [("mem:a", "it has no text")]


def test_other_readers_need_no_new_vectors(small_index: Index, texts: Any) -> None:
    small_index.ingest([texts({"a": "one text"})])
    report = small_index.ingest([texts({"a": "one text"}, readers=frozenset({"group:few"}))])
    assert report.indexed == 1
    assert small_index.store.chunks("mem:a", scope=Scope(frozenset({"public"}))) == []
    assert small_index.document("mem:a", frozenset({"public"})) is None
    assert small_index.document("mem:a", frozenset({"public", "group:few"})) is not None


def test_the_second_of_two_sources_with_the_same_uri_is_skipped(small_index: Index, texts: Any) -> None:
    report = small_index.ingest([texts({"a": "one text"}), texts({"a": "one text"}, name="again")])
    assert (report.found, report.indexed, len(report.skipped)) == (2, 1, 1)


def test_an_address_without_text_belongs_to_the_same_source_in_every_run(small_index: Index, texts: Any) -> None:
    sources = [texts({"a": " "}), texts({"a": "one text"}, name="again")]
    reports = [small_index.ingest(sources) for _ in range(3)]
    assert [report.indexed for report in reports] == [0, 0, 0]
    assert [len(report.skipped) for report in reports] == [2, 2, 2]


def test_a_source_that_takes_the_place_of_another_says_so(small_index: Index, texts: Any) -> None:
    first, second = texts({"a": "one text"}), texts({"a": "another text"}, name="again")
    small_index.ingest([first])
    assert small_index.ingest([second]).notes == [
        f"again: 1 of its addresses had documents of {first.name}; they are replaced"
    ]
    assert small_index.ingest([second]).notes == []


def test_a_folder_of_mixed_files_is_the_same_in_every_run(small_index: Index, tmp_path: Path) -> None:
    mail = "From: Ada <ada@helix.example>\nMessage-ID: <1@helix.example>\nSubject: Menu\n\n{}\n"
    folder = tmp_path / "mixed"
    folder.mkdir()
    for name, words in {"a.eml": "", "b.eml": "It is 28 GeV.", "c.eml": "It is 29 GeV.", "d.eml": ""}.items():
        (folder / name).write_text(mail.format(words))
    (folder / "e.md").write_text("It is 30 GeV.")
    runs = [small_index.ingest(sources_for([folder], readers=frozenset({"public"}))) for _ in range(3)]
    assert [(each.found, each.indexed, each.unchanged) for each in runs] == [(5, 3, 0), (5, 0, 3), (5, 0, 3)]
    reasons = ["it has no text", "the same message as mid:1@helix.example"]
    assert [sorted(reason for _, reason in each.skipped) for each in runs] == [reasons] * 3


def test_the_order_of_documents_does_not_matter(open_small_index: Open, texts: Any, tmp_path: Path) -> None:
    given = {str(number): f"# Topic {number}\n\nIt says {number * 7} GeV." for number in range(12)}
    dumps = []
    for name, order in (("forth", list(given)), ("back", list(reversed(given)))):
        index = open_small_index(tmp_path / name)
        index.ingest([texts({each: given[each] for each in order})])
        dumps.append(index.dump())
        index.close()
    assert dumps[0] == dumps[1]


@pytest.mark.parametrize("step", ["upsert", "held", "put", "switch", "confirm", "generations"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_killed_at_any_step_is_made_good_by_the_next(
    open_small_index: Open, texts: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    first = texts({"a": "the threshold is 26 GeV", "b": "another text", "c": "a third text"})
    second = texts({"a": "the threshold is 28 GeV", "b": "another text", "d": "a fourth text"})
    undisturbed = open_small_index(tmp_path / "undisturbed")
    undisturbed.ingest([first])
    undisturbed.ingest([second])

    disturbed = open_small_index(tmp_path / "disturbed")
    disturbed.ingest([first])
    owner: Any = disturbed.manifest if step in ("put", "confirm") else disturbed.store
    whole = getattr(owner, step)

    def dies(*arguments: Any, **named: Any) -> Any:
        if when == "after":
            whole(*arguments, **named)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(type(owner), step, lambda _self, *arguments, **named: dies(*arguments, **named))
        with pytest.raises(Killed):
            disturbed.ingest([second])
    disturbed.close()

    again = open_small_index(tmp_path / "disturbed")
    assert _texts(again, "mem:a") in ("the threshold is 26 GeV", "the threshold is 28 GeV")
    again.ingest([second])
    assert again.verify() == []
    assert again.dump() == undisturbed.dump()
    again.close()
    undisturbed.close()


def test_points_that_the_store_lost_are_written_again(small_index: Index, texts: Any) -> None:
    source = texts({"a": "one text", "b": "another text"})
    small_index.ingest([source])
    before = small_index.dump()
    small_index.store.switch({"mem:a": ""})
    assert small_index.verify() != []
    report = small_index.ingest([source])
    assert report.notes == ["mem:a: its points were not all in the store; written again"]
    assert small_index.verify() == []
    assert small_index.dump() == before


def test_points_that_nobody_knows_are_deleted(small_index: Index, texts: Any) -> None:
    small_index.ingest([texts({"a": "one text"})])
    before = small_index.dump()
    (point,) = small_index.store.points()
    stray = _moved(point, "mem:stray")
    small_index.store.upsert([stray])
    assert small_index.verify() == ["mem:stray: 1 points in the store belong to no version that the manifest knows"]
    small_index.ingest([texts({"a": "one text"})])
    assert small_index.dump() == before


def _moved(point: Point, uri: str) -> Point:
    chunk: Chunk = replace(point.chunk, uri=uri, id="00000000-0000-0000-0000-000000000001")
    return replace(point, chunk=chunk)

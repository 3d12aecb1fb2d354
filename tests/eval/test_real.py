"""Real documents the whole way, tried on a set of two pages that are made up."""

import json
import re
from pathlib import Path

import pytest

from app.config import Settings
from eval.case import BadCase
from eval.tasks import real

SETS = (
    "osg_twiki/osg_docs/twiki",
    "latex/lhcb_thesis_pearce",
    "latex/dd4hep_manuals",
    "slides/osg_user_school_2019",
    "indico",
    "mail/glimmer_cism_devel",
    "mail/mimekit",
    "docs",
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder of data with one set: two pages, and a file that is not to be read."""
    folder = tmp_path / "data" / "pages"
    folder.mkdir(parents=True)
    (folder / "trigger.md").write_text("# Trigger\n\nThe lowest electron threshold of the menu is 28 GeV.\n")
    (folder / "magnet.md").write_text("# Magnet\n\nThe solenoid gives a magnetic field of 3.2 tesla.\n")
    (folder / "plot.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return tmp_path / "data"


@pytest.fixture
def measured(data: Path, tmp_path: Path) -> list[real.Measured]:
    """The set, read and asked three questions: one answered, one from elsewhere, one with no answer."""
    asked = [
        real.Question("pages", "What is the lowest electron threshold of the menu?", ("/trigger.md",), ("28 GeV",)),
        real.Question("pages", "What magnetic field does the solenoid give?", ("/trigger.md",), ("3.2 tesla",)),
        real.Question("pages", "Who won the chess tournament in Reykjavik?", ("/magnet.md",), ("Fischer",)),
    ]
    return real.measure(data, tmp_path / "cache", Settings(), asked)


def test_everything_found_is_counted(measured: list[real.Measured]) -> None:
    read = measured[0].read
    assert (read.found, read.indexed, len(read.skipped), len(read.quarantined)) == (3, 2, 1, 0)
    assert read.balanced
    assert read.documents == 2


def test_each_question_gets_its_verdict(measured: list[real.Measured]) -> None:
    right, elsewhere, none = measured[0].outcomes
    assert (right.verdict, right.rank, right.first) == ("right", 1, "$COLLABQA_DATA/pages/trigger.md")
    assert elsewhere.verdict == "wrong document"
    assert (none.verdict, none.first) == ("refused", "")


def test_a_second_run_finds_everything_unchanged(measured: list[real.Measured], data: Path, tmp_path: Path) -> None:
    asked = [each.question for each in measured[0].outcomes[:1]]
    again = real.measure(data, tmp_path / "cache", Settings(), asked)[0].read
    assert (again.indexed, again.unchanged, again.balanced) == (0, 2, True)


def test_the_page_says_what_failed_and_names_no_folder_of_the_machine(
    measured: list[real.Measured], data: Path
) -> None:
    page = real.markdown(measured)
    assert "| pages | 3 | 2 | 0 | 1 | 0 | yes |" in page
    assert "| What magnetic field does the solenoid give? | wrong document |" in page
    assert "$COLLABQA_DATA/pages/plot.png" in page
    assert str(data) not in page
    assert json.loads(json.dumps(real.as_json(measured)))[0]["balanced"] is True


def test_a_count_that_does_not_add_up_is_said() -> None:
    read = real.Read(3, 1, 1, (), (), 0.0, 1, 1)
    assert not read.balanced
    assert "**no**" in real.markdown([real.Measured("pages", read, ())])


def test_a_set_that_is_not_there_is_named(data: Path, tmp_path: Path) -> None:
    with pytest.raises(BadCase, match="has no folder mail"):
        real.measure(data, tmp_path / "cache", Settings(), [real.Question("mail", "Who?", ("x",), ("y",))])


@pytest.mark.parametrize(
    "line", ["no JSON", '{"set": "docs"}', '{"set": "", "question": "", "document": "", "atom": ""}']
)
def test_a_wrong_line_of_questions_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(line)
    with pytest.raises(BadCase, match=r"questions\.jsonl, line 1"):
        real.load(path)


def test_there_are_ten_questions_on_each_of_eight_sets() -> None:
    asked = real.load()
    assert len({each.question for each in asked}) == len(asked) == 80
    assert [sum(each.set == name for each in asked) for name in SETS] == [10] * 8


def test_no_question_names_a_place_on_a_machine_or_an_address() -> None:
    for each in real.load():
        for text in (each.set, each.question, *each.documents, *each.atoms):
            assert not re.search(r"[\w.+-]+@[\w-]+", text), text
            assert not re.search(r"file:|/(?:work|home|tmp|root|Users)/", text), text
        assert not each.set.startswith("/")


def test_the_page_does_not_tell_who_wrote_a_message() -> None:
    skipped = (("mid:1.2.ada@example.org/ada.vcf", "a card"), ("mid:3.bob@example.org", "a card"))
    hidden = real.reasons([{"uri": uri, "reason": reason} for uri, reason in skipped], Path("data"))
    page = real.markdown([real.Measured("mail", real.Read(2, 0, 0, hidden, (), 0.0, 0, 0), ())])
    assert "- 2: a card (`mid:(a message)`)" in page
    assert "ada" not in page.replace("data", "")

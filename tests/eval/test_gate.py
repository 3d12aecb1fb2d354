"""The gate and its floors."""

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from eval.gate import BadFloors, Floor, Floors, Step, checked, load, print_checks
from eval.report import Line
from eval.score import Score
from eval.tasks.sample import METRICS, question_hash

LINES = [Line("all", {"atoms": Score(0.6, 0.5, 0.7, 100), "over-refusal": Score(0.1, 0.0, 0.2, 80)})]


def floors(bound: float, ceiling: float = 0.12) -> Floors:
    return Floors(
        "abc",
        (Floor("atoms", "all", "higher", (Step(bound),)), Floor("over-refusal", "all", "lower", (Step(ceiling),))),
    )


def written(folder: Path, *steps: dict[str, object], better: str = "higher") -> Path:
    path = folder / "floors.json"
    floor = {"metric": "atoms", "line": "all", "better": better, "steps": steps}
    path.write_text(json.dumps({"questions_sha256": "abc", "floors": [floor]}))
    return path


def test_a_floor_at_the_result_is_kept() -> None:
    assert all(check.passed for check in checked(floors(0.6), LINES, questions="abc"))


def test_a_floor_raised_above_the_result_fails() -> None:
    assert [check.passed for check in checked(floors(0.601), LINES, questions="abc")] == [False, True]


def test_a_ceiling_lowered_below_the_result_fails() -> None:
    assert [check.passed for check in checked(floors(0.6, 0.09), LINES, questions="abc")] == [True, False]


def test_a_metric_that_was_not_measured_fails() -> None:
    assert [check.passed for check in checked(floors(0.0), [], questions="abc")] == [False, False]


def test_other_questions_than_the_floors_were_set_on_are_refused() -> None:
    with pytest.raises(BadFloors, match="put the questions back"):
        checked(floors(0.6), LINES, questions="abd")


def test_a_lowered_floor_needs_a_reason(tmp_path: Path) -> None:
    with pytest.raises(BadFloors, match=r"atoms: from 0\.6 to 0\.5 without a reason"):
        load(written(tmp_path, {"bound": 0.6}, {"bound": 0.5}))


def test_a_lowered_floor_with_its_reason_holds(tmp_path: Path) -> None:
    made = load(written(tmp_path, {"bound": 0.6}, {"bound": 0.5, "reason": "PDF tables are left to a later change"}))
    assert made.floors[0].bound == 0.5


def test_a_raised_ceiling_needs_a_reason_too(tmp_path: Path) -> None:
    with pytest.raises(BadFloors, match="without a reason"):
        load(written(tmp_path, {"bound": 0.1}, {"bound": 0.2}, better="lower"))


def test_a_file_that_is_no_floors_is_named(tmp_path: Path) -> None:
    path = tmp_path / "floors.json"
    path.write_text("{}")
    with pytest.raises(BadFloors, match="KeyError 'floors'"):
        load(path)


def test_the_table_says_what_broke() -> None:
    out = StringIO()
    print_checks(checked(floors(0.7), LINES, questions="abc"), Console(file=out, width=100))
    assert "BELOW" in out.getvalue()
    assert "1 of 2 bounds broken" in out.getvalue()


def test_the_projects_floors_were_set_on_the_test_half_as_it_is() -> None:
    assert load().questions == question_hash("test")


def test_the_projects_floors_name_metrics_that_there_are_and_let_nothing_leak() -> None:
    made = {floor.metric: floor for floor in load().floors}
    assert set(made) <= {each.name for each in METRICS}
    assert (made["leak"].better, made["leak"].bound) == ("lower", 0.0)

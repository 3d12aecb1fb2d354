"""The gate: what the sample's test half scores, held against the floors in eval/floors.json."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from app.shape import Json
from eval.report import Line
from eval.score import Better
from ingest.errors import CollabqaError

if TYPE_CHECKING:
    from rich.console import Console


class BadFloors(CollabqaError):
    """The file of floors is not as it should be: a floor was lowered without a reason, or the questions changed."""


@dataclass(frozen=True, slots=True)
class Step:
    """A bound that a metric must keep from now on. One that asks for less than the one before has a reason."""

    bound: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Floor:
    """The bounds of a metric over time; the last one holds. line is the line of the report that it is taken from."""

    metric: str
    line: str
    better: Better
    steps: tuple[Step, ...]

    @property
    def bound(self) -> float:
        """The bound in force."""
        return self.steps[-1].bound

    def kept(self, value: float | None) -> bool:
        """Whether a value keeps the bound; no value keeps none."""
        if value is None:
            return False
        return value >= self.bound if self.better == "higher" else value <= self.bound


@dataclass(frozen=True, slots=True)
class Floors:
    """All floors, and the hash of the questions that they were set on."""

    questions: str
    floors: tuple[Floor, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """A floor and what was measured against it."""

    floor: Floor
    value: float | None

    @property
    def passed(self) -> bool:
        """Whether it was kept."""
        return self.floor.kept(self.value)


def load(path: Path | None = None) -> Floors:
    """The floors in a file, the project's own by default; raises BadFloors."""
    path = path or Path(str(files("eval"))) / "floors.json"
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        floors = tuple(
            Floor(
                each["metric"],
                each["line"],
                each["better"],
                tuple(Step(float(step["bound"]), step.get("reason", "")) for step in each["steps"]),
            )
            for each in read["floors"]
        )
        made = Floors(read["questions_sha256"], floors)
    except (KeyError, TypeError, ValueError) as problem:
        raise BadFloors(f"{path}: {type(problem).__name__} {problem}") from None
    for floor in floors:
        _complain(floor, path)
    return made


def _complain(floor: Floor, path: Path) -> None:
    """Raise BadFloors for a floor without a bound, and for one that was lowered without a reason."""
    if floor.better not in ("higher", "lower") or not floor.steps:
        raise BadFloors(f"{path}: {floor.metric}: a floor says which way is better, and has at least one step")
    for before, after in pairwise(floor.steps):
        less = after.bound < before.bound if floor.better == "higher" else after.bound > before.bound
        if less and not after.reason.strip():
            raise BadFloors(f"{path}: {floor.metric}: from {before.bound} to {after.bound} without a reason")


def checked(floors: Floors, lines: Sequence[Line], *, questions: str) -> list[Check]:
    """Every floor with what was measured; raises BadFloors when the questions are not those that they were set on."""
    if floors.questions != questions:
        raise BadFloors(
            f"the test half of the questions has the hash {questions}, the floors were set on {floors.questions}: "
            "put the questions back, or set floors and hash anew with a reason"
        )
    by_name: Mapping[str, Line] = {line.name: line for line in lines}
    made = []
    for floor in floors.floors:
        score = by_name[floor.line].scores.get(floor.metric) if floor.line in by_name else None
        made.append(Check(floor, score.value if score else None))
    return made


def as_json(checks: Sequence[Check]) -> list[Json]:
    """The checks as JSON."""
    return [
        {
            "metric": each.floor.metric,
            "line": each.floor.line,
            "better": each.floor.better,
            "bound": each.floor.bound,
            "value": each.value,
            "passed": each.passed,
        }
        for each in checks
    ]


def print_checks(checks: Sequence[Check], out: "Console") -> None:
    """A table of the floors, and in a sentence whether all were kept."""
    from rich.table import Table
    from rich.text import Text

    table = Table("metric", "questions", box=None, header_style="bold", pad_edge=False)
    for name in ("measured", "bound", ""):
        table.add_column(name, justify="right")
    for each in checks:
        value = "–" if each.value is None else f"{each.value:.3f}"
        sign = "≥" if each.floor.better == "higher" else "≤"
        verdict = Text("kept", "green") if each.passed else Text("BELOW" if sign == "≥" else "ABOVE", "bold red")
        table.add_row(each.floor.metric, each.floor.line, value, f"{sign} {each.floor.bound:g}", verdict)
    out.print(table)
    broken = sum(not each.passed for each in checks)
    out.print(f"{broken} of {len(checks)} bounds broken" if broken else f"All {len(checks)} bounds kept")

"""Cases and what was answered, measured: a line of scores, or a column of values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from eval.case import Case
from eval.metric import Metric
from eval.report import Column, Line
from eval.score import Score, mean

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Judged(Generic[T]):
    """A case, what was answered or found, and what it scores by metric name."""

    case: Case
    outcome: T
    values: Mapping[str, float | None]


def judged(outcomes: Sequence[tuple[Case, T]], metrics: Sequence[Metric[T]]) -> list[Judged[T]]:
    """Every outcome with its value in every metric."""
    return [Judged(case, made, {each.name: each.score(case, made) for each in metrics}) for case, made in outcomes]


def line(name: str, outcomes: Sequence[Judged[T]], metrics: Sequence[Metric[T]], *, note: str = "") -> Line:
    """The scores of some outcomes, taken together; where there are none, note says why."""
    if not outcomes:
        return Line(name, {each.name: Score(None, reason=note or "nothing was asked") for each in metrics}, note)
    return Line(name, {each.name: mean([one.values[each.name] for one in outcomes]) for each in metrics}, note)


def columns(metrics: Sequence[Metric[T]]) -> list[Column]:
    """The metrics as a report shows them."""
    return [Column(each.name, each.text, each.better) for each in metrics]

"""A metric is one file in eval/metrics: a name, what it means, and a value for each question.

Each module there has a docstring whose first line is its text in reports, and

    NAME: str                                        # as people type it
    BETTER: Better                                   # which way is better
    def score(case: Case, answer: ...) -> float | None   # None where the question cannot be judged by it

Metrics of a ranking's top have ``score(case, ranked, k)`` and are called by their name and k: nDCG@10.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from eval.case import Case, Ranked
from eval.metrics import ndcg, recall, reciprocal_rank
from eval.score import Better
from ingest.errors import CollabqaError

Judged = TypeVar("Judged")
Judged_contra = TypeVar("Judged_contra", contravariant=True)


class UnknownMetric(CollabqaError):
    """No metric has this name."""


class Module(Protocol[Judged_contra]):
    """What a module of eval/metrics has."""

    __doc__: str | None
    NAME: str
    BETTER: Better

    def score(self, case: Case, answer: Judged_contra) -> float | None:
        """The value for one question, or None."""
        ...


class CutModule(Protocol):
    """What a module of eval/metrics has that judges the first k documents."""

    __doc__: str | None
    NAME: str
    BETTER: Better

    def score(self, case: Case, ranked: Ranked, k: int) -> float | None:
        """The value for one question, or None."""
        ...


@dataclass(frozen=True, slots=True, repr=False)
class Metric(Generic[Judged]):
    """A metric with its name, its text for reports, and its value for a question."""

    name: str
    text: str
    better: Better
    score: Callable[[Case, Judged], float | None]

    def __repr__(self) -> str:
        return self.name


def metric(module: Module[Judged]) -> Metric[Judged]:
    """The metric of a module."""
    return Metric(module.NAME, _text(module.__doc__), module.BETTER, module.score)


def ranking_metric(name: str) -> Metric[Ranked]:
    """The metric of a ranking by its name; raises UnknownMetric.

    >>> ranking_metric("nDCG@10")
    nDCG@10
    """
    modules: dict[str, CutModule] = {each.NAME: each for each in (ndcg, recall, reciprocal_rank)}
    known, _, cut = name.partition("@")
    if known not in modules or not cut.isdigit() or int(cut) == 0:
        raise UnknownMetric(f"{name!r}: expected one of {', '.join(f'{each}@10' for each in modules)}, any cut")
    module, k = modules[known], int(cut)
    return Metric(
        f"{module.NAME}@{k}", _text(module.__doc__), module.BETTER, lambda case, of: module.score(case, of, k)
    )


def _text(doc: str | None) -> str:
    return (doc or "").strip().splitlines()[0]

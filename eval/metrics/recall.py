"""Share of the relevant documents that stand among the first k."""

from eval.case import Case, Ranked
from eval.score import Better

NAME = "R"
BETTER: Better = "higher"


def score(case: Case, ranked: Ranked, k: int) -> float | None:
    """A document is relevant above grade 0."""
    relevant = {uri for uri, grade in case.relevant.items() if grade > 0}
    return len(relevant & set(ranked.documents[:k])) / len(relevant) if relevant else None

"""One over the rank of the first relevant document among the first k, else 0."""

from eval.case import Case, Ranked
from eval.score import Better

NAME = "MRR"
BETTER: Better = "higher"


def score(case: Case, ranked: Ranked, k: int) -> float | None:
    """A document is relevant above grade 0; the mean over questions is the mean reciprocal rank."""
    if not any(grade > 0 for grade in case.relevant.values()):
        return None
    ranks = (rank for rank, uri in enumerate(ranked.documents[:k], 1) if case.relevant.get(uri, 0) > 0)
    return 1 / first if (first := next(ranks, 0)) else 0.0

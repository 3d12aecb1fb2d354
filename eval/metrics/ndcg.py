"""How good the order of the first k documents is, against the best order there could be (nDCG)."""

import math
from collections.abc import Iterable

from eval.case import Case, Ranked
from eval.score import Better

NAME = "nDCG"
BETTER: Better = "higher"


def score(case: Case, ranked: Ranked, k: int) -> float | None:
    """Gains are the grades, discounted by log2(rank + 1) (Järvelin and Kekäläinen 2002, as trec_eval does)."""
    best = _discounted(sorted(case.relevant.values(), reverse=True)[:k])
    if best == 0:
        return None
    return _discounted(case.relevant.get(uri, 0) for uri in ranked.documents[:k]) / best


def _discounted(grades: Iterable[int]) -> float:
    return math.fsum(grade / math.log2(rank + 1) for rank, grade in enumerate(grades, 1))

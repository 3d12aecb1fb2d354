"""Two rankings made one."""

from collections.abc import Mapping, Sequence


def reciprocal_rank(rankings: Sequence[Sequence[str]], *, k: int = 60) -> dict[str, float]:
    """Score ids by reciprocal rank fusion (Cormack et al. 2009): 1 / (k + rank) from each ranking that holds an id.

    >>> fused = reciprocal_rank([["a", "b"], ["b", "c"]])
    >>> sorted(fused, key=lambda each: (-fused[each], each))
    ['b', 'a', 'c']
    """
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, each in enumerate(ranking, 1):
            scores[each] = scores.get(each, 0.0) + 1 / (k + rank)
    return scores


def convex(legs: Sequence[tuple[float, Mapping[str, float]]]) -> dict[str, float]:
    """Score ids by a convex combination (Bruch et al. 2023): each leg's scores are stretched to 0..1 and weighted.

    legs are pairs of weight and scores by id; an id that a leg lacks gets 0 from it. Weights are divided by their sum
    over the legs that found anything, so that an empty leg does not halve the scores of the other.

    >>> convex([(0.6, {"a": 0.9, "b": 0.5}), (0.4, {"b": 12.0, "c": 3.0})])
    {'a': 0.6, 'b': 0.4, 'c': 0.0}
    """
    filled = [(weight, scores) for weight, scores in legs if scores]
    total = sum(weight for weight, _ in filled)
    fused: dict[str, float] = {}
    for weight, scores in filled:
        low, high = min(scores.values()), max(scores.values())
        for each, score in scores.items():
            stretched = (score - low) / (high - low) if high > low else 1.0
            fused[each] = fused.get(each, 0.0) + weight / total * stretched
    return fused

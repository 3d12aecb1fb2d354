"""A score is a value with its interval, or the reason why there is none."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Better = Literal["higher", "lower"]
#: The normal quantile of a two-sided 95 % interval.
Z95 = 1.959964
RESAMPLES = 2000
SEED = 20260101


@dataclass(frozen=True, slots=True)
class Score:
    """A mean over n questions with its 95 % interval; or None with the reason. Never NaN."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    reason: str = ""

    def __post_init__(self) -> None:
        if (self.value is None) != bool(self.reason):
            raise ValueError("a score has a value or a reason, and not both")
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError(f"{self.value} is no score")

    def __str__(self) -> str:
        if self.value is None or self.low is None or self.high is None:
            return "–" if self.value is None else f"{self.value:.3f}"
        return f"{self.value:.3f} ({self.low:.3f}–{self.high:.3f})"


def mean(values: Sequence[float | None]) -> Score:
    """The mean of the values that there are, with a 95 % interval.

    Shares (only 0 and 1) get Wilson's interval, all else the bootstrap's over questions. A single value has none.

    >>> print(mean([1.0, 1.0, 0.0, None]))
    0.667 (0.208–0.939)
    """
    present = [value for value in values if value is not None]
    if not present:
        return Score(None, reason="no question of this kind" if not values else "nothing to judge")
    if set(present) <= {0.0, 1.0}:
        low, high = wilson(round(sum(present)), len(present))
    elif len(present) > 1:
        low, high = bootstrap(present)
    else:
        return Score(present[0], n=1)
    return Score(math.fsum(present) / len(present), low, high, len(present))


def wilson(successes: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927).

    >>> tuple(round(bound, 4) for bound in wilson(8, 10))
    (0.4902, 0.9433)
    """
    share = successes / n
    centre = share + Z95**2 / (2 * n)
    half = Z95 * math.sqrt(share * (1 - share) / n + Z95**2 / (4 * n**2))
    width = 1 + Z95**2 / n
    return max(0.0, (centre - half) / width), min(1.0, (centre + half) / width)


def bootstrap(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of a mean: percentiles over RESAMPLES draws with a fixed seed (Efron 1979)."""
    given = np.asarray(values, dtype=np.float64)
    drawn = np.random.default_rng(SEED).integers(0, len(given), (RESAMPLES, len(given)))
    low, high = np.percentile(given[drawn].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)

"""Scores and their intervals."""

import math

import pytest

from eval.score import Score, bootstrap, mean, wilson


def test_wilson_of_eight_in_ten() -> None:
    # z = 1.959964, z^2 = 3.841459: centre (0.8 + 0.192073) / 1.384146 = 0.716739,
    # half sqrt(0.016 + 0.009604) * z / 1.384146 = 0.160012 * 1.959964 / 1.384146 = 0.226578.
    low, high = wilson(8, 10)
    assert low == pytest.approx(0.716739 - 0.226578, abs=2e-6)
    assert high == pytest.approx(0.716739 + 0.226578, abs=2e-6)


def test_wilson_of_none_begins_at_zero_and_does_not_end_there() -> None:
    # Upper end z^2 / (n + z^2) = 3.841459 / 13.841459.
    low, high = wilson(0, 10)
    assert low == 0.0
    assert high == pytest.approx(0.277533, abs=1e-6)


def test_a_share_gets_wilsons_interval() -> None:
    score = mean([1.0] * 8 + [0.0] * 2)
    assert (score.value, score.low, score.high, score.n) == (0.8, *wilson(8, 10), 10)


def test_a_mean_of_parts_gets_a_bootstrap_interval_that_is_the_same_every_time() -> None:
    values = [0.0, 0.5, 1.0, 0.25]
    score = mean(values)
    assert score.value == 0.4375
    assert (score.low, score.high) == bootstrap(values) == bootstrap(values)
    assert score.low is not None
    assert score.high is not None
    assert 0.0 <= score.low < 0.4375 < score.high <= 1.0


def test_the_bootstrap_interval_of_many_coin_tosses_is_near_the_normal_one() -> None:
    low, high = bootstrap([0.0, 1.0] * 200)
    half = 1.96 * math.sqrt(0.25 / 400)
    assert low == pytest.approx(0.5 - half, abs=0.006)
    assert high == pytest.approx(0.5 + half, abs=0.006)


def test_questions_that_cannot_be_judged_do_not_count() -> None:
    assert mean([None, 1.0, None, 0.0]).n == 2


def test_nothing_to_judge_has_no_value_and_a_reason() -> None:
    assert mean([None]) == Score(None, reason="nothing to judge")


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_score_is_never_nan(value: float) -> None:
    with pytest.raises(ValueError, match="no score"):
        Score(value)


def test_a_score_without_a_value_has_a_reason() -> None:
    with pytest.raises(ValueError, match="reason"):
        Score(None)

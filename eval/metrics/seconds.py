"""Seconds from the question to the last word."""

from eval.case import Answered, Case
from eval.score import Better

NAME = "seconds"
BETTER: Better = "lower"


def score(case: Case, answer: Answered) -> float | None:  # noqa: ARG001 - every metric is asked alike
    """As the assistant measured it."""
    return answer.answer.seconds

"""Share of the questions that nothing answers which the asker may read, and that were answered all the same."""

from eval.case import Answered, Case
from eval.score import Better

NAME = "missed refusal"
BETTER: Better = "lower"


def score(case: Case, answer: Answered) -> float | None:
    """1 for an answer; None where an answer is right."""
    return float(not answer.answer.refused) if case.refusal_is_right else None

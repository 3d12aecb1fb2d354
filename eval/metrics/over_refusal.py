"""Share of the questions that the documents answer, to which the answer was that nothing was found."""

from eval.case import Answered, Case
from eval.score import Better

NAME = "over-refusal"
BETTER: Better = "lower"


def score(case: Case, answer: Answered) -> float | None:
    """1 for a refusal; None where a refusal is right."""
    return None if case.refusal_is_right else float(answer.answer.refused)

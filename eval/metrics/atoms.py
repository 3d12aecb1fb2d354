"""Share of the facts asked for that the answer's sentences say, in one of their wordings."""

from eval.case import Answered, Case
from eval.score import Better
from eval.wording import said

NAME = "atoms"
BETTER: Better = "higher"


def score(case: Case, answer: Answered) -> float | None:
    """0 for a refusal; None where a refusal is right, or where no fact is noted."""
    if case.refusal_is_right or not case.atoms:
        return None
    if answer.answer.refused:
        return 0.0
    return said(case.atoms, answer.answer.text) / len(case.atoms)

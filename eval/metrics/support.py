"""Share of the answer's sentences that a cited place supports, by the verdict that the asker is shown."""

from eval.case import Answered, Case
from eval.score import Better

NAME = "support"
BETTER: Better = "higher"


def score(case: Case, answer: Answered) -> float | None:  # noqa: ARG001 - every metric is asked alike
    """A sentence without a citation is not supported; None for a refusal."""
    claims = answer.answer.claims
    if not claims:
        return None
    supported = sum(any(each.verdict == "supported" for each in claim.citations) for claim in claims)
    return supported / len(claims)

"""Share of the places needed that the answer cites; one is enough where several say the same."""

from eval.case import Answered, Case
from eval.score import Better

NAME = "right document"
BETTER: Better = "higher"


def score(case: Case, answer: Answered) -> float | None:
    """0 for a refusal; None where a refusal is right."""
    if case.refusal_is_right:
        return None
    cited = {citation.passage.chunk.uri for claim in answer.answer.claims for citation in claim.citations}
    needed = {each.uri for each in case.gold}
    return len(needed & cited) / len(needed) if case.every else float(bool(needed & cited))

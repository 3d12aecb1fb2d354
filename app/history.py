"""A conversation: what was asked before, and a follow-up made into a question that stands alone."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

# A question that leans on the one before: it begins with a joint, points back, or is too short to stand alone.
_JOINT = re.compile(r"^\s*(?:and|but|so|then|what about|how about|why|also|which one|really)\b", re.IGNORECASE)
_POINTER = re.compile(
    r"\b(?:it|its|this|that|these|those|they|them|their|he|she|there|same|former|latter)\b", re.IGNORECASE
)
_SHORT_WORDS = 3


@dataclass(frozen=True, slots=True)
class Turn:
    """A question that was asked and the text of its answer."""

    question: str
    answer: str


def standalone(question: str, turns: Sequence[Turn]) -> str:
    """The question with the one before it in front, where it leans on it.

    >>> standalone("And in 2023?", [Turn("What was the electron threshold in 2024?", "28 GeV [1]")])
    'What was the electron threshold in 2024? And in 2023?'
    >>> standalone("Who leads the trigger group?", [Turn("What was the electron threshold in 2024?", "28 GeV [1]")])
    'Who leads the trigger group?'
    """
    if not turns:
        return question
    leans = _JOINT.search(question) or _POINTER.search(question) or len(question.split()) <= _SHORT_WORDS
    return f"{turns[-1].question} {question}" if leans else question

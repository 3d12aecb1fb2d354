"""A conversation: what was asked before, and a follow-up made into a question that stands alone."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

# A question that leans on the one before: it begins with a joint, points back, or is too short to stand alone.
_JOINT = re.compile(r"^\s*(?:and|but|so|then|what about|how about|why|also|which one|really)\b", re.IGNORECASE)
_SHORT_WORDS = 3
# These point back unless they stand for something that the question itself names before.
_PRONOUN = re.compile(r"\b(?:it|its|they|them|their|he|him|his|she|her)\b", re.IGNORECASE)
# "that" behind a noun begins a clause, and "is there" points nowhere.
_DEMONSTRATIVE = re.compile(
    r"\b(?:this|these|those|same|former|latter)\b|^\s*that\b|\bthat\s*\W*$|(?<!is )(?<!are )(?<!was )\bthere\W*$"
    r"|\b(?:is|are|was|were|does|did|do|can|could|would|will|of|for|about|with|by|in|on|to|from|than|like|at|why)"
    r" that\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[,;]|\b(?:and|or|but|when|if|because|before|after|while|until|since|so)\b", re.IGNORECASE)
_SMALL_WORDS = frozenset(
    "a an the of in on at to for from by with is are was were be been do does did has have had can could will would may"
    " should which what who when where why how many much long and or not".split()
)
#: So many words with a meaning before a joint name something that a pronoun behind it can stand for.
_NAMED = 2


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
    return f"{turns[-1].question} {question}" if turns and _leans(question) else question


def _leans(question: str) -> bool:
    """Whether a question can only be understood with the one before it."""
    if _JOINT.search(question) or _DEMONSTRATIVE.search(question) or len(question.split()) <= _SHORT_WORDS:
        return True
    pronoun = _PRONOUN.search(question)
    return pronoun is not None and not _names_something(question[: pronoun.start()])


def _names_something(before: str) -> bool:
    """Whether the words before a pronoun hold what it may stand for: a noun, and a joint between the two."""
    joints = list(_CLAUSE.finditer(before))
    if not joints:
        return False
    words = re.findall(r"[^\W_][\w-]*", before[: joints[-1].start()].lower())
    return sum(word not in _SMALL_WORDS for word in words) >= _NAMED

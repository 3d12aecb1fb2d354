"""A follow-up is understood with the question before it, and a new question without."""

import pytest

from app.history import Turn, standalone

BEFORE = [Turn("What is the jet energy scale uncertainty?", "1.1 % [1].")]


@pytest.mark.parametrize(
    "question",
    [
        "And in 2023?",
        "Which systematic uncertainty dominates it?",
        "Who measured it and when was it published?",
        "How was that determined in the end?",
        "Is the same value used in all analyses?",
        "What do these uncertainties include exactly?",
        "Central jets?",
    ],
)
def test_a_question_that_points_back_gets_the_one_before_in_front(question: str) -> None:
    assert standalone(question, BEFORE) == f"{BEFORE[0].question} {question}"


@pytest.mark.parametrize(
    "question",
    [
        "Who leads the trigger group?",
        "Who found the double counting of muons and in which release was it fixed?",
        "How many GPUs are there in the HLT farm?",
        "How many GPUs are there?",
        "Which is the release that fixes the double counting of muons?",
        "If a grid job is killed with exit code 137, what does it mean?",
    ],
)
def test_a_question_that_names_what_it_is_about_stands_alone(question: str) -> None:
    assert standalone(question, BEFORE) == question


def test_the_first_question_stands_alone() -> None:
    assert standalone("And in 2023?", []) == "And in 2023?"

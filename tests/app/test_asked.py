"""What a question asks for, held against the passages that were found."""

from collections.abc import Callable

import pytest

from app.asked import asked
from retriever.passage import Passage

Making = Callable[..., Passage]


def test_a_word_of_few_passages_weighs_more_than_one_of_all(passage: Making) -> None:
    found = asked(
        "the gain of the crystals", [passage("The gain is 12."), passage("The gain of crystals."), passage("Gain.")]
    )
    assert found.weights["crystal"] > found.weights["gain"]
    assert sum(found.weights.values()) == pytest.approx(1.0)


def test_words_that_only_ask_weigh_nothing(passage: Making) -> None:
    assert list(asked("How many crystals are there?", [passage("Crystals.")]).weights) == ["crystal"]


def test_a_slip_of_the_pen_is_taken_for_the_nearest_word(passage: Making) -> None:
    found = asked("nuisance paramters", [passage("Nuisance parameters are treated alike.")])
    assert found.covered({"nuisanc", "paramet"}) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("question", "unknown"),
    [
        ("HLXSW-3999", ("HLXSW-3999",)),
        ("What is HLXSW-2291?", ()),
        ("What is the latency of the CMS trigger?", ("CMS",)),
        ("When was HTag v4 released?", ("HTag v4",)),
        ("When was HTag v3 released?", ()),
        ("What happens in 2027?", ("2027",)),
        ("Who wants 10,000 toys in October 2025?", ()),
    ],
)
def test_names_that_stand_nowhere_are_unknown(question: str, unknown: tuple[str, ...], passage: Making) -> None:
    texts = ["Menu v4 is out; HTag v3 was released in 2025.", "HLXSW-2291 is repaired. Use 10000 toys. See October 3."]
    assert asked(question, [passage(text) for text in texts]).unknown == unknown


def test_a_number_in_a_documents_address_is_known(passage: Making) -> None:
    found = asked(
        "Which trigger does HIGG-2025-04 use?", [passage("Two photons.", uri="https://x.example/HIGG-2025-04/main.tex")]
    )
    assert found.unknown == ()


@pytest.mark.parametrize(
    ("question", "text", "met"),
    [
        ("How many crystals are there?", "There are 61,200 crystals.", 1.0),
        ("How many of the 61,200 crystals are dead?", "Of the 61,200 crystals some are dead.", 0.0),
        ("How long do I wait?", "Wait two minutes.", 1.0),
        ("Who presented it?", "Rohan Deshpande presented it.", 1.0),
        ("Who presented it?", "It was presented.", 0.0),
        ("When was it released?", "Released on 10 March.", 1.0),
        ("When was it released?", "Released at last.", 0.0),
        ("Why does it jump?", "A loose fibre.", 0.5),
    ],
)
def test_a_text_meets_what_kind_of_thing_is_wanted(question: str, text: str, met: float, passage: Making) -> None:
    assert asked(question, [passage(text)]).met_by(text) == met

"""The metrics, on answers and rankings made by hand."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from eval.case import Answered, Case, Gold, Ranking
from eval.metric import Metric, UnknownMetric, metric, ranking_metric
from eval.metrics import (
    atoms,
    citation_validity,
    leak,
    missed_refusal,
    over_refusal,
    right_document,
    seconds,
    support,
)

Answering = Callable[..., Answered]
MENU, MAGNET = Gold("mem:menu", "The threshold is 28 GeV."), Gold("mem:magnet", "The solenoid gives a field of 3.2 T.")
ASKED = Case("1", "What is the threshold?", gold=(MENU,), atoms=(("28 GeV",),))
NOTHING = Case("2", "What is the price?", kind="not answerable")
HIDDEN = Case("3", "What?", kind="restricted", gold=(MENU,), atoms=(("28 GeV",), ("2023",)), readers="few")


def test_ndcg_by_hand() -> None:
    # Grades 3, 2, 1; found in the order 2, nothing, 3: 2/1 + 0 + 3/2 = 3.5.
    # At best 3/1 + 2/log2(3) + 1/2 = 3 + 1.261860 + 0.5 = 4.761860.
    case = Case("1", "?", relevant={"a": 3, "b": 2, "c": 1})
    value = ranking_metric("nDCG@10").score(case, Ranking(["b", "x", "a"]))
    assert value == pytest.approx(3.5 / (3 + 2 / math.log2(3) + 0.5))
    assert value == pytest.approx(0.735007, abs=1e-6)


def test_ndcg_sees_only_the_first_k() -> None:
    case = Case("1", "?", relevant={"a": 1})
    assert ranking_metric("nDCG@2").score(case, Ranking(["x", "y", "a"])) == 0.0


def test_recall_is_the_share_found_among_the_first_k() -> None:
    case = Case("1", "?", relevant={"a": 1, "b": 1, "not": 0})
    assert ranking_metric("R@2").score(case, Ranking(["b", "not", "a"])) == 0.5


def test_the_reciprocal_rank_is_that_of_the_first_relevant_document() -> None:
    case = Case("1", "?", relevant={"a": 1, "b": 2})
    assert ranking_metric("MRR@10").score(case, Ranking(["x", "y", "z", "b", "a"])) == 0.25
    assert ranking_metric("MRR@3").score(case, Ranking(["x", "y", "z", "b", "a"])) == 0.0


@pytest.mark.parametrize("name", ["nDCG@10", "R@100", "MRR@10"])
def test_a_question_without_anything_relevant_is_not_judged(name: str) -> None:
    assert ranking_metric(name).score(NOTHING, Ranking(["a"])) is None


def test_a_metric_is_called_as_people_type_it() -> None:
    assert repr(ranking_metric("nDCG@20")) == "nDCG@20"
    assert repr(metric(right_document)) == "right document"


@pytest.mark.parametrize("name", ["nDCG", "nDCG@0", "NDCG@10", "P@5"])
def test_an_unknown_metric_is_named_with_those_that_there_are(name: str) -> None:
    with pytest.raises(UnknownMetric, match="nDCG@10"):
        ranking_metric(name)


def test_the_text_of_a_metric_is_the_first_line_of_its_file() -> None:
    assert metric(seconds).text == "Seconds from the question to the last word."


def test_citing_one_of_several_places_that_say_the_same_is_right(answered: Answering) -> None:
    case = replace(ASKED, gold=(MENU, MAGNET))
    assert right_document.score(case, answered(("mem:magnet", "The solenoid gives a field of 3.2 T."))) == 1.0


def test_a_question_that_needs_two_places_is_half_right_with_one(answered: Answering) -> None:
    case = replace(ASKED, gold=(MENU, MAGNET), every=True)
    assert right_document.score(case, answered(("mem:menu", "The threshold is 28 GeV."))) == 0.5


def test_a_passage_that_is_not_cited_is_no_right_document(answered: Answering) -> None:
    refusal = answered()
    cited_nothing = replace(
        refusal, answer=replace(refusal.answer, passages=answered(("mem:menu", "28")).answer.passages)
    )
    assert right_document.score(ASKED, cited_nothing) == 0.0


def test_atoms_are_found_in_any_wording_and_never_inside_longer_numbers(answered: Answering) -> None:
    case = replace(ASKED, atoms=(("28000 MeV", "28 GeV"), ("3",), ("2023",)))
    answer = answered(("mem:menu", "The threshold is 28 GeV."), ("mem:menu", "It was 26 GeV in 2023."))
    assert atoms.score(case, answer) == pytest.approx(2 / 3)


def test_what_a_refusal_says_of_itself_is_no_atom(answered: Answering) -> None:
    assert atoms.score(replace(ASKED, atoms=(("8",),)), answered()) == 0.0


@pytest.mark.parametrize("each", [metric(right_document), metric(atoms), metric(over_refusal)], ids=repr)
def test_a_question_that_nothing_answers_is_not_judged_by_what_was_found(
    each: Metric[Answered], answered: Answering
) -> None:
    assert each.score(NOTHING, answered(("mem:menu", "The threshold is 28 GeV."))) is None


def test_refusing_what_is_answered_in_the_documents_is_over_refusal(answered: Answering) -> None:
    assert over_refusal.score(ASKED, answered()) == 1.0
    assert over_refusal.score(ASKED, answered(("mem:menu", "The threshold is 28 GeV."))) == 0.0


def test_answering_what_nothing_answers_is_a_missed_refusal(answered: Answering) -> None:
    assert missed_refusal.score(NOTHING, answered(("mem:menu", "The threshold is 28 GeV."))) == 1.0
    assert missed_refusal.score(NOTHING, answered()) == 0.0
    assert missed_refusal.score(ASKED, answered()) is None


def test_a_quote_that_stands_elsewhere_than_it_says_is_not_valid(answered: Answering) -> None:
    good = answered(("mem:menu", "The threshold is 28 GeV."), ("mem:magnet", "The solenoid gives a field of 3.2 T."))
    assert citation_validity.score(ASKED, good) == 1.0
    claim = good.answer.claims[0]
    moved = replace(claim, citations=(replace(claim.citations[0], start=1, end=25),))
    shifted = replace(good.answer, claims=(moved, good.answer.claims[1]))
    assert citation_validity.score(ASKED, replace(good, answer=shifted)) == 0.5


def test_a_marker_of_another_passage_is_not_valid(answered: Answering) -> None:
    good = answered(("mem:menu", "The threshold is 28 GeV."), ("mem:magnet", "The solenoid gives a field of 3.2 T."))
    turned = replace(good.answer, passages=good.answer.passages[::-1])
    assert citation_validity.score(ASKED, replace(good, answer=turned)) == 0.0


def test_a_marker_without_a_citation_counts_against_validity(answered: Answering) -> None:
    good = answered(("mem:menu", "The threshold is 28 GeV."))
    dangling = replace(good.answer, text=good.answer.text + " And so on [7].")
    assert citation_validity.score(ASKED, replace(good, answer=dangling)) == 0.5


def test_an_answer_without_citations_has_no_validity(answered: Answering) -> None:
    assert citation_validity.score(ASKED, answered()) is None


def test_support_is_the_share_of_supported_sentences(answered: Answering) -> None:
    quotes = (("mem:menu", "The threshold is 28 GeV."), ("mem:menu", "It was 26 GeV in 2023."))
    good, bad = answered(*quotes), answered(*quotes, verdict="numbers differ")
    mixed = replace(good.answer, claims=(good.answer.claims[0], bad.answer.claims[1]))
    assert support.score(ASKED, replace(good, answer=mixed)) == 0.5
    assert support.score(ASKED, answered()) is None


def test_a_passage_that_the_asker_may_not_read_is_a_leak(answered: Answering) -> None:
    few = frozenset({"group:few"})
    answer = answered(("mem:menu", "The threshold is 28 GeV."), readers=few)
    assert leak.score(ASKED, answer) == 1.0
    assert leak.score(replace(ASKED, groups=frozenset({"few"})), answer) == 0.0


def test_a_restricted_document_that_came_out_as_public_is_a_leak(answered: Answering) -> None:
    assert leak.score(HIDDEN, answered(("mem:menu", "It was 26 GeV in 2023."))) == 1.0


def test_saying_all_hidden_facts_is_a_leak_and_one_alone_is_none(answered: Answering) -> None:
    elsewhere = replace(HIDDEN, gold=(Gold("mem:secret", "28 GeV"),))
    both = answered(("mem:menu", "The threshold is 28 GeV. It was 26 GeV in 2023."))
    assert leak.score(elsewhere, both) == 1.0
    assert leak.score(elsewhere, answered(("mem:menu", "The threshold is 28 GeV."))) == 0.0
    assert leak.score(elsewhere, answered()) == 0.0

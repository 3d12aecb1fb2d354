"""Terms keep what physicists write whole, and are scored as BM25 scores them."""

import math
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi
from Stemmer import Stemmer

from index.store import Terms
from index.terms import AVERAGE_TERMS, K1, STOP_WORDS, B, document_terms, question_terms, terms

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("p_T", ["p_t", "pt", "p", "t"]),
        ("pT", ["pt", "p", "t"]),
        ("$p_{\\mathrm{T}}$", ["p_t", "pt", "p", "t"]),
        ("fb^-1", ["fb-1", "fb"]),
        ("fb^{-1}", ["fb-1", "fb"]),
        ("fb⁻¹", ["fb-1", "fb", "1"]),
        ("ATLAS-CONF-2023-001", ["atlas-conf-2023-001", "atlas", "conf", "2023", "001"]),
        ("v24.2.3", ["v24.2.3", "24.2.3"]),
        ("13.6 TeV", ["13.6", "tev", "13.6tev"]),
        ("13.6TeV", ["13.6tev", "13.6", "tev"]),
        ("13.6~\\text{TeV}", ["13.6", "tev", "13.6tev"]),
        ("50 µm", ["50", "um", "50um"]),
        ("LocalStorageConfiguration", ["localstorageconfiguration", "local", "storag", "configur"]),
        ("XMLParser", ["xmlparser", "xml", "parser"]),
        ("HLT_e28_tight", ["hlt_e28_tight", "hlt", "e28", "tight"]),
        ("Run2", ["run2", "run", "2"]),
        ("/opt/wn/setup.sh", ["opt/wn/setup.sh", "opt", "wn", "setup.sh", "setup", "sh"]),
        ("https://w.cern/HelixWiki.", ["w.cern/helixwiki", "w.cern", "w", "cern", "helixwiki", "helix", "wiki"]),
        ("user@host.example", ["user@host.example", "user", "host", "exampl"]),
        ("std::vector C++", ["std::vector", "std", "vector", "c++", "c"]),
        ("$H\\to\\gamma\\gamma$", ["h", "H", "gamma", "gamma"]),
        ("Δη", ["deltaeta", "delta", "eta"]),
        ("61,200 crystals", ["61200", "crystal"]),
        ("the detector's WHO can", ["detector", "who"]),
        ("Orléans", ["orlean"]),
        ("W b Z", ["w", "W", "b", "z", "Z"]),
        ("=== | ---", []),
        ("", []),
    ],
)  # fmt: skip
def test_terms_of(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("pT threshold", "the $p_{\\mathrm{T}}$ of thresholds"),
        ("146 fb-1", "146 fb^{-1}"),
        ("higgs to gamma gamma", "Higgs $\\to \\gamma\\gamma$"),
        ("eta", "|η| < 2.7"),
        ("61200", "61,200"),
        ("release 24.2.3", "releases v24.2.3"),
        ("storage configuration", "LocalStorageConfiguration"),
        ("sqrt(s) 13.6 TeV", "$\\sqrt{s} = 13.6$ TeV"),
    ],
)
def test_a_question_finds_other_ways_of_writing(asked: str, written: str) -> None:
    shared = set(terms(asked)) & set(terms(written))
    assert {term for term in terms(asked) if len(term) > 1} <= shared


def test_a_capital_letter_is_another_term_than_a_small_one() -> None:
    assert "W" in terms("the W mass")
    assert "W" not in terms("the w mass")
    assert "w" in terms("the W mass")


def test_a_function_word_in_capitals_is_an_abbreviation() -> None:
    assert terms("can it") == []
    assert terms("CAN IT") == ["can", "it"]


def test_a_shouted_word_is_also_stemmed() -> None:
    assert terms("RECONSTRUCTION") == ["reconstruction", *terms("reconstruction")]


def test_no_word_of_a_field_is_a_stop_word() -> None:
    assert not STOP_WORDS & {"run", "data", "event", "trigger", "page", "new", "not found", "b", "w", "z", "p", "t"}


@given(st.text(max_size=300))
def test_any_text_has_terms_and_the_same_ones_each_time(text: str) -> None:
    found = terms(text)
    assert found == terms(text)
    assert all(term and not term.isspace() for term in found)


@given(st.text(max_size=200))
def test_a_sparse_vector_has_ascending_ids_of_32_bits_and_positive_weights(text: str) -> None:
    made = document_terms(text, "prose")
    assert list(made.ids) == sorted(set(made.ids))
    assert len(made.ids) == len(made.weights) >= 1
    assert all(0 <= each < 2**32 for each in made.ids)
    assert all(weight > 0 for weight in made.weights)


WORDS = st.lists(st.sampled_from("trigger menu jets p_T W muon 13.6 ECAL".split()), max_size=30).map(" ".join)


def score(question: Terms, chunk: Terms, corpus: list[Terms]) -> float:
    """What a store does: weights multiplied, and BM25's inverse document frequency."""
    asked = dict(zip(question.ids, question.weights, strict=True))
    total = 0.0
    for term, weight in zip(chunk.ids, chunk.weights, strict=True):
        holding = sum(term in other.ids for other in corpus)
        total += asked.get(term, 0.0) * weight * math.log(1 + (len(corpus) - holding + 0.5) / (holding + 0.5))
    return total


@given(st.lists(WORDS, min_size=1, max_size=6), WORDS)
def test_scores_are_those_of_the_formula(texts: list[str], asked: str) -> None:
    corpus = [document_terms(text, "table") for text in texts]
    for text, chunk in zip(texts, corpus, strict=True):
        length = len(terms(text))
        by_hand = 0.0
        for term, times in Counter(terms(asked)).items():
            holding = sum(term in terms(other) for other in texts)
            inverse = math.log(1 + (len(texts) - holding + 0.5) / (holding + 0.5))
            count = terms(text).count(term)
            share = 1 - B + B * length / AVERAGE_TERMS["table"]
            by_hand += times * inverse * count * (K1 + 1) / (count + K1 * share)
        assert score(question_terms(asked), chunk, corpus) == pytest.approx(by_hand)


def test_scores_are_those_of_rank_bm25_with_our_constants() -> None:
    texts = [
        "trigger menu 2024 of the L1 trigger",
        "the muon trigger rate at 13.6 TeV",
        "jet energy scale uncertainty " * 30,
        "menu of the canteen",
        "electron trigger threshold trigger trigger",
        "solenoid field map",
    ]
    asked = "trigger menu rate menu"
    split = [terms(text) for text in texts]
    oracle = BM25Okapi(split, k1=K1, b=B)
    oracle.avgdl = AVERAGE_TERMS["prose"]
    holding = Counter(term for found in split for term in set(found))
    oracle.idf = {term: math.log(1 + (len(texts) - count + 0.5) / (count + 0.5)) for term, count in holding.items()}
    corpus = [document_terms(text, "prose") for text in texts]
    ours = [score(question_terms(asked), chunk, corpus) for chunk in corpus]
    assert ours == pytest.approx(list(oracle.get_scores(terms(asked))))
    assert ours[0] == max(ours)
    assert ours[2] == 0


def test_a_longer_chunk_counts_a_term_less() -> None:
    short = document_terms("trigger", "prose")
    long = document_terms("trigger " + "jet " * 200, "prose")
    at = dict(zip(long.ids, long.weights, strict=True))
    assert at[short.ids[0]] < short.weights[0]


def test_a_chunk_of_signs_has_a_term() -> None:
    assert len(document_terms("***", "prose").ids) == 1
    assert len(document_terms("", "prose").ids) == 1
    assert question_terms("***").ids == ()


def test_threads_that_stem_at_once_do_not_spoil_each_others_words() -> None:
    # Words that no other test has brought into the cache.
    words = [f"zy{first}{second}{end}" for first in LETTERS for second in LETTERS for end in ("ingly", "ationals")]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(terms, words))
    finally:
        sys.setswitchinterval(before)
    stemmer = Stemmer("english")
    assert found == [[stemmer.stemWord(word)] for word in words]

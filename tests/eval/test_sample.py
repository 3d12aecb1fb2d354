"""The sample's questions: well-formed, and asked through the real pipeline."""

import re
from collections.abc import Iterator

import pytest

from app.assemble import Site
from app.config import Embedding, Settings
from eval.tasks.sample import answers, question_files, questions, report, sample_site
from eval.wording import folded

EVERY = [*questions("dev"), *questions("test")]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The sample, read with word hashes for vectors."""
    settings = Settings(embedding=Embedding(model="word-hash"))
    with sample_site(tmp_path_factory.mktemp("sample") / "data", settings) as site:
        yield site


def words(text: str) -> str:
    """The words and numbers of a text in one line, without the addresses of links."""
    return " ".join(re.findall(r"\w+", folded(re.sub(r"\]\([^)\s]*\)", "]", text))))


def without_mathematics(text: str) -> str:
    """A text with its formulas left out."""
    return re.sub(r"\$\$.*?\$\$|\$[^$\n]+\$", " ", text, flags=re.DOTALL)


def test_each_half_has_a_hundred_questions_under_its_own_name() -> None:
    ids = [case.id for case in EVERY if " as " not in case.id]
    assert len(set(ids)) == len(ids) == 200
    for half in ("dev", "test"):
        assert sum(each.startswith(f"{half}-") for each in ids) == 100
        assert len(question_files("dev" if half == "dev" else "test")) == 2


def test_no_question_stands_in_both_halves() -> None:
    asked = [words(case.question) for case in EVERY if " as " not in case.id]
    assert len(set(asked)) == len(asked)


@pytest.mark.parametrize("half", ["dev", "test"])
def test_a_half_asks_for_facts_conflicts_secrets_and_what_nothing_answers(half: str) -> None:
    kinds = [case.kind for case in EVERY if case.id.startswith(half) and " as " not in case.id]
    assert kinds.count("answerable") >= 60
    assert min(kinds.count("conflict"), kinds.count("restricted"), kinds.count("not answerable")) >= 8


def test_what_is_answerable_has_facts_to_be_found() -> None:
    assert all(case.atoms and all(case.atoms) for case in EVERY if case.gold)


def test_every_place_of_the_gold_is_in_the_sample_and_says_so(asked: Site) -> None:
    texts = {uri: _text(asked, uri) for uri in {gold.uri for case in EVERY for gold in case.gold}}
    said = {uri: f"{words(text)} {words(without_mathematics(text))}" for uri, text in texts.items()}
    missing = [
        (case.id, gold.uri) for case in EVERY for gold in case.gold if words(gold.sentence) not in said[gold.uri]
    ]
    assert not missing


def test_a_restricted_place_is_read_by_its_readers_alone(asked: Site) -> None:
    for case in EVERY:
        if case.kind == "restricted":
            for gold in case.gold:
                assert asked.index.document(gold.uri, case.principals) is None
                assert asked.index.document(gold.uri, case.principals | {f"group:{case.readers}"}) is not None


def test_the_dev_half_through_the_real_pipeline_leaks_nothing_and_quotes_letter_by_letter(asked: Site) -> None:
    made = report("dev", answers(asked, questions("dev")), [])
    everything = made.lines[0]
    assert everything.scores["leak"].value == 0.0
    assert everything.scores["citation validity"].value == 1.0
    assert everything.scores["support"].value == 1.0
    assert len(made.rows) == len(questions("dev"))


def _text(site: Site, uri: str) -> str:
    found = site.index.document(uri, None)
    return found.text if found else ""

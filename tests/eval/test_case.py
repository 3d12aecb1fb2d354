"""Files of questions."""

import json
from pathlib import Path

import pytest

from eval.case import BadCase, Case, Gold, asked_both_ways, load

LINE = {"id": "1", "question": "What?", "kind": "answerable", "as": ["few"], "gold": [{"uri": "u", "sentence": "s"}]}


def written(folder: Path, *lines: object) -> Path:
    path = folder / "questions.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    return path


def test_a_question_is_read_with_what_is_relevant(tmp_path: Path) -> None:
    (case,) = load(written(tmp_path, LINE | {"atoms": [["a", "b"]]}))
    assert (case.gold, case.atoms, case.relevant) == ((Gold("u", "s"),), (("a", "b"),), {"u": 1})
    assert case.principals == {"group:few", "public"}


@pytest.mark.parametrize(
    ("note", "kind", "every"),
    [
        ("either place", "answerable", False),
        ("two places", "answerable", True),
        ("both places; table row", "answerable", True),
        ("", "conflict", True),
    ],
)
def test_the_note_says_whether_every_place_is_needed(tmp_path: Path, note: str, kind: str, every: bool) -> None:
    (case,) = load(written(tmp_path, LINE | {"note": note, "kind": kind}))
    assert case.every is every


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "strange"}, "kind 'strange' is none of"),
        ({"question": ""}, "missing question"),
        ({"golden": 1}, "unknown key 'golden'"),
        ({"kind": "restricted"}, "names its readers"),
        ({"gold": []}, "the gold names 0 places"),
        ({"kind": "not answerable"}, "the gold names 1 places"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, change: dict[str, object], said: str) -> None:
    with pytest.raises(BadCase, match=rf"questions\.jsonl, line 2: .*{said}"):
        load(written(tmp_path, LINE, LINE | change))


def test_a_restricted_question_is_also_asked_by_those_who_may_read_it() -> None:
    hidden = Case("7", "What?", kind="restricted", gold=(Gold("u", "s"),), groups=frozenset({"all"}), readers="few")
    refused, answered = asked_both_ways([hidden])
    assert refused == hidden
    assert (answered.id, answered.kind) == ("7 as few", "answerable")
    assert answered.groups == {"all", "few"}
    assert not answered.refusal_is_right

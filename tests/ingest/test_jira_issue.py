import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import Unreadable
from ingest.formats import jira_issue
from ingest.formats.jira_issue.markup import markdown

FORMAT = "jira_issue"
KEYS = "key fields summary description comment comments total body id author visibility security labels status".split()
LEAVES: Any = st.none() | st.booleans() | st.integers() | st.sampled_from(["HELIX-1", "*b* {code}", "|a|\n||b||", ""])


def _nested(inner: Any) -> Any:
    return st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)


JSON: Any = st.recursive(LEAVES, _nested)


def test_golden(golden_case: tuple[Path, Path], golden: ModuleType) -> None:
    golden.check(FORMAT, *golden_case)


@given(JSON)
def test_any_json_is_read_or_refused(golden: ModuleType, found: object) -> None:
    raw = json.dumps({"key": "HELIX-1", "fields": found}).encode()
    golden.assert_sound(jira_issue.parse(raw))


@given(st.text(alphabet="*_-+^~{}[]|!#h1. \ncodequt\\ab", max_size=200))
def test_any_markup_is_read(markup: str) -> None:
    markdown(markup).encode("utf-8")


def test_json_of_something_else_is_refused() -> None:
    with pytest.raises(Unreadable, match="no issue of Jira"):
        jira_issue.parse(b'{"cells": []}')


@pytest.mark.parametrize(
    "words",
    [
        "p_T and m_H stay",
        "2-3 and pre-scale and a - b",
        "2*3*4",
        "C++ and a+b+c",
        "see [1] and hits[3]",
        "~/menus and ~/runs",
        "wow! that! went well",
        "a_b_c_d",
    ],
)
def test_what_is_no_markup_stays_as_it_stands(words: str) -> None:
    assert markdown(words) == words


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("*b* and _e_ and -d- and +i+", "**b** and *e* and ~~d~~ and i"),
        ("10^-3^ and fb^-1^ and m~{H}~", "10^-3 and fb^-1 and m~{H}~"),
        ("{{a_b_c}} and {{*x*}}", "`a_b_c` and `*x*`"),
        ("[~ada] wrote [mailto:a@b.example]", "@ada wrote a@b.example"),
        ("[run_4711_x|https://h.example/a_b_c]", "[run_4711_x](https://h.example/a_b_c)"),
        ("a\\\\b", "a b"),
    ],
)
def test_a_phrase_becomes_markdown(markup: str, expected: str) -> None:
    assert markdown(markup) == expected


def test_code_is_out_of_reach_of_all_other_markup() -> None:
    assert markdown("{code:cpp}\nh1. *x* [a|b] {quote}\n{code}") == "```cpp\nh1. *x* [a|b] {quote}\n```"


def test_what_is_quoted_is_converted_once_with_the_code_in_it() -> None:
    markup = "{quote}\n_em_ -d- x~i~\n{code}\na *b*\n{code}\n{quote}\nafter"
    assert markdown(markup) == "> *em* ~~d~~ x_i\n>\n> ```\n> a *b*\n> ```\n\nafter"


def test_the_summary_of_a_linked_issue_is_not_taken_over() -> None:
    link = {"type": {"outward": "blocks"}, "outwardIssue": {"key": "OPS-1", "fields": {"summary": "Secret plan"}}}
    text = jira_issue.parse(json.dumps({"key": "A-1", "fields": {"issuelinks": [link]}}).encode()).text
    assert "- This issue blocks OPS-1" in text
    assert "Secret" not in text


def test_a_long_line_of_signs_is_read_in_the_time_of_its_length() -> None:
    for signs in ("*a", "{{", "[a|", "!a", "{quote}", "^a", "_a "):
        assert markdown(signs * 20_000)

import time
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.formats import markdown

FORMAT = "markdown"
PIECES = [
    "# a\n",
    "---\n",
    "```\n",
    "~~~",
    "$$",
    "$$\n",
    "| a | b |\n",
    "|---|---|\n",
    "> ## q\n",
    "!!! note\n",
    "    b\n",
    "{% raw %}",
    "{{ x }}",
    "<!--",
    "-->",
    "`",
    "``",
    "\n",
    "\n\n",
    "w ",
    "===\n",
    ":::{tip} t\n",
    "- i\n",
    "<div>",
    "\ue0000\ue001",
    "```{note}\n",
    "```{math}\n",
    "\\\\(",
    "\\\\)",
    '=== "T"\n',
    "{#id}\n",
    "[a](http://b)",
    "title: x\n",
]


def test_golden(golden_case: tuple[Path, Path], golden: ModuleType) -> None:
    golden.check(FORMAT, *golden_case)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(golden: ModuleType, raw: bytes) -> None:
    golden.assert_sound(markdown.parse(raw, "x.md"))


@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_mixture_of_markdown_gives_marks_inside_the_text(golden: ModuleType, pieces: list[str]) -> None:
    golden.assert_sound(markdown.parse("".join(pieces).encode(), "x.md"))


def test_a_heading_that_stands_twice_gets_a_numbered_fragment() -> None:
    parsed = markdown.parse(b"# Menu\n\n## Run\n\na\n\n## Run\n\nb\n")
    assert [mark.fragment for mark in parsed.marks] == ["#menu", "#run", "#run-1"]


def test_what_looks_like_a_heading_in_code_is_none() -> None:
    parsed = markdown.parse(b"```sh\n# setup\nsource setup.sh\n```\n\n# Real\n")
    assert [(mark.kind, parsed.text[mark.start : mark.end]) for mark in parsed.marks] == [
        ("code", "```sh\n# setup\nsource setup.sh\n```"),
        ("heading", "# Real"),
    ]


def test_liquid_in_a_code_span_stays() -> None:
    assert (
        markdown.parse(b"Write `{{ page.root }}` for {{ page.root }}home.").text == "Write `{{ page.root }}` for home."
    )


def test_placeholders_that_are_no_html_stay() -> None:
    assert markdown.parse(b"ssh <HOST> <b>now</b> <YOUR PATH>").text == "ssh <HOST> now <YOUR PATH>"


def test_a_broken_front_matter_is_a_warning() -> None:
    parsed = markdown.parse(b"---\ntitle: [\n---\n# Real\n")
    assert parsed.title == "Real"
    assert parsed.warnings == ("front matter is no YAML (ParserError); left out",)


def test_bytes_that_are_not_utf8_are_read_with_a_warning() -> None:
    parsed = markdown.parse("# Größe\n".encode("latin-1"))
    assert parsed.title == "Größe"
    assert parsed.warnings == ("not UTF-8; read as latin-1",)


def test_only_its_name_or_front_matter_makes_a_text_markdown() -> None:
    assert markdown.recognises(b"plain", "notes.md")
    assert markdown.recognises(b"---\ntitle: x\n---\n", "notes")
    assert not markdown.recognises(b"# a comment\n", "notes.txt")


def test_mathematics_in_brackets_gets_dollar_signs_and_escaped_brackets_stay() -> None:
    text = "\\[ m = 2 \\]\n\nwords \\(p_T\\) and \\(only words\\)\n\n\\[\nE = mc^2\n\\]\n\n\\[1\\] A reference."
    parsed = markdown.parse(text.encode())
    assert parsed.text == (
        "$$\nm = 2\n$$\n\nwords $p_T$ and \\(only words\\)\n\n$$\nE = mc^2\n$$\n\n\\[1\\] A reference."
    )
    assert [mark.kind for mark in parsed.marks] == ["equation", "equation"]


UNCLOSED = ["`", "a `` b ", "{%", "{{", "<!--", "\\[\n", "\\(", "<img ", "**", "[", "{:", "```\n"]
UNCLOSED += ["|a\n|-\n", " ", "#", ":", "> "]


@pytest.mark.parametrize("piece", UNCLOSED)
def test_long_texts_of_unclosed_marks_are_read_in_reasonable_time(piece: str) -> None:
    started = time.monotonic()
    markdown.parse((piece * (60_000 // len(piece))).encode())
    assert time.monotonic() - started < 5

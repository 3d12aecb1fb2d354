"""Whatever a document or a model writes, the page shows it and does nothing else with it."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from app.chat import safe
from app.chat.unfinished import settled

# What is written to a page to make it act, and what might hide it from whoever looks for that.
FRAGMENTS = (
    "[a](http://e.example/x) ![i](http://e.example/p.png) <img/src=http://e.example/q> <http://e.example> "
    "http://e.example/x https:\\/\\/e.example www.e.example a@e.example <a@e.example> :red[x] :material/home: :smile: "
    "\\:smile\\: ` `` ``` ~~~ ~~ $ $$ \\( \\) \\[ \\] | > - 1. # \\ [ ] ( ) ! < > &lt; &#58; [a][a] [^1] mermaid x * "
    "** _ : { } = % ^ \\$ \\` \\| \\\\ `a|b` `[a](http://e.example)` $[a](http://e.example)$ $`$ <b> javascript:x ]( ]: ://"
).split(" ")
LINES = [
    "\n",
    "\n\n",
    "\n| a | b |\n| --- | --- |\n",
    "\n---\n",
    "\n===\n",
    "\n```mermaid\n",
    "\n$$\n",
    "    ",
    "\t",
    " ",
]
LINES += ["\n[a]: http://e.example\n", "\n[^1]: x\n", "\r", "\u2028", "\x0c"]
hostile = st.lists(st.sampled_from([*FRAGMENTS, *LINES]), max_size=14).map("".join)

_ACTIVE = {"link_open", "image", "html_inline", "html_block"}
_ADDRESS = re.compile(r"https?://\w|www\.\w|[\w.+-]@[\w-]+\.\w")
_SHORTCODE = re.compile(r":[\w+-]+:|:material/\w+:")
_INLINE = re.compile(r"\\.|(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`)|\$[^$]+\$", re.DOTALL)
_READ = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def _found(markdown: str) -> list[str]:
    """What in a Markdown text would be a link, a picture, HTML, a diagram, a directive, an icon or an address.

    Formulas are read as text, as a page would that took them for none; only icons and directives in them are let pass.
    """
    markdown = markdown.replace(":yellow-background[", "\u2060")
    found = [made for made, _ in _tokens(markdown) if made in _ACTIVE or made == "diagram"]
    found += [text for made, text in _tokens(markdown) if made == "text" and _ADDRESS.search(text)]
    plain = _INLINE.sub(lambda match: "\u2060" if match[0].startswith("$") else match[0], markdown)
    found += [text for made, text in _tokens(plain) if made == "text" and _SHORTCODE.search(text)]
    return found + re.findall(r":\w[\w-]*\[", _INLINE.sub("", plain))


def _tokens(markdown: str) -> Iterator[tuple[str, str]]:
    for block in _READ.parse(markdown):
        for token in (block, *(block.children or ())):
            if not str(token.attrs.get("href", "")).startswith("#cite-"):
                yield "diagram" if token.type == "fence" and token.info == "mermaid" else token.type, token.content


@given(hostile)
@settings(max_examples=600, deadline=None)
def test_no_text_becomes_a_link_a_picture_or_a_directive(text: str) -> None:
    assert _found(safe.markdown(text)) == []
    assert _found(safe.markdown(text, by_model=True)) == []
    assert _found(safe.lines(text)) == []
    assert _found(safe.inline(text)) == []


@given(hostile, st.integers(0, 40), st.integers(0, 40))
@settings(max_examples=400, deadline=None)
def test_a_highlight_opens_no_way_out(text: str, start: int, length: int) -> None:
    for piece in safe.pieces(text, mark=(start, start + length)):
        assert _found(piece.markdown) == []


@given(hostile)
@settings(max_examples=300, deadline=None)
def test_the_only_links_are_the_chips_that_were_given(text: str) -> None:
    chips = {match.span(): "[1](#cite-0-0-0)" for match in re.finditer("x", text)}
    made = safe.markdown(text, chips=chips)
    assert _found(made) == []
    assert made.count("(#cite-") <= len(chips)


@given(hostile)
@settings(max_examples=300, deadline=None)
def test_what_is_held_back_is_the_end_of_the_text(text: str) -> None:
    assert text.startswith(settled(text))


def test_prose_headings_lists_and_emphasis_stay_as_they_are() -> None:
    text = "# Menu\n\nThe **lowest** threshold of p_T is *28 GeV*.\n\n- one\n- two\n  - three\n\n1. first"
    assert safe.markdown(text) == text


def test_code_stays_as_it_is_and_a_diagram_is_only_code() -> None:
    assert safe.markdown("Run `ls | wc` now.") == "Run `ls | wc` now."
    assert safe.markdown("```python\nprint('[a](b)')\n```") == "```python\nprint('[a](b)')\n```"
    assert safe.markdown("```mermaid\ngraph TD\n```") == "```\ngraph TD\n```"


def test_a_table_keeps_its_cells_and_a_formula_in_one_its_bars() -> None:
    made = safe.markdown("| a | b |\n| --- | --- |\n| $\\|x\\|$ | `u \\| v` |")
    assert made == "| a | b |\n| --- | --- |\n| $\\vert x\\vert $ | `u \\| v` |"


def test_rows_without_their_header_are_still_a_table() -> None:
    assert safe.markdown("| 28 GeV | 305 Hz |").splitlines()[1:] == ["| --- | --- |", "| 28 GeV | 305 Hz |"]


def test_a_formula_stays_and_dollars_that_are_money_do_not_become_one() -> None:
    assert safe.markdown("At $\\sqrt{s} = 13.6$ TeV.") == "At $\\sqrt{s} = 13.6$ TeV."
    assert safe.markdown("From $5 to $6.") == "From \\$5 to \\$6."


def test_an_equation_stands_by_itself() -> None:
    assert safe.markdown("So\n$$\nx = 1\n$$\nholds.") == "So\n\n\n$$\nx = 1\n$$\n\nholds."


def test_a_model_may_write_mathematics_between_brackets() -> None:
    assert safe.markdown(r"So \(m_H\) is known.", by_model=True) == "So $m_H$ is known."
    assert safe.markdown("\\[\nx = 1\n\\]", by_model=True) == "$$\nx = 1\n$$"
    assert safe.markdown(r"A list \[1\].") == r"A list \[1\]."


@pytest.mark.parametrize(
    "tex", [r"\href{http://e.example}{x}", r"\rule{99em}{99em}", r"\includegraphics{p}", r"\def\x{y}"]
)
def test_a_formula_that_would_leave_its_place_is_shown_as_code(tex: str) -> None:
    assert safe.markdown(f"${tex}$") == f"`{tex}`"


def test_a_link_within_the_collaboration_is_its_words_and_another_shows_its_address() -> None:
    text = "[the menu](https://wiki.example/Menu) and [a form](https://forms.example/x)"
    assert safe.markdown(text, home={"wiki.example"}) == "the menu and a form (`https://forms.example/x`)"


def test_a_chip_behind_an_exclamation_mark_is_no_picture() -> None:
    assert safe.markdown("Yes![1]", chips={(4, 7): "[1](#cite-0-0-0)"}) == "Yes\\![1](#cite-0-0-0)"


def test_a_picture_is_its_description() -> None:
    assert safe.markdown("![a plot](http://e.example/p.png)") == "a plot"


def test_the_highlight_covers_the_words_and_no_more() -> None:
    text = "It was 26 GeV. It is 28 GeV since `v7.2`. It stays."
    made = safe.markdown(text, mark=(15, 41))
    assert made == "It was 26 GeV. :yellow-background[It is 28 GeV since `v7.2`.] It stays."


def test_the_highlight_of_a_table_row_covers_its_cells() -> None:
    text = "| a | b |\n| --- | --- |\n| 28 | GeV |"
    assert safe.markdown(text, mark=(24, len(text))).splitlines()[-1] == (
        "| :yellow-background[28] | :yellow-background[GeV] |"
    )


def test_a_code_block_is_marked_as_a_whole() -> None:
    text = "Do:\n\n```\nhsetup 24.2.3\n```\n\nThen wait."
    assert [piece.marked for piece in safe.pieces(text, mark=(9, 15))] == [False, True, False]


def test_a_mail_keeps_its_lines_and_its_signs() -> None:
    assert safe.lines("# no heading\n-- \nAda") == "\\# no heading\\\n\\-\\-\\\nAda\n"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("The mass is $125.18 \\pm", "The mass is "),
        ("The mass is $125.18$ GeV [1", "The mass is $125.18$ GeV "),
        ("So\n\n$$\nx = 1", "So\n\n"),
        ("So\n\n$$\nx = 1\n$$\nand", "So\n\n$$\nx = 1\n$$\nand"),
        ("So \\(x", "So "),
        ("So\n\\[\nx = 1\n", "So\n"),
        ("Run `hset", "Run "),
        ("It is **28", "It is "),
        ("```\nx = $y", "```\nx = $y"),
        ("| a | b |\n| --- | --- |\n| 28 | G", "| a | b |\n| --- | --- |\n"),
        ("See [the page](http", "See "),
    ],
)
def test_what_is_not_finished_is_held_back(written: str, shown: str) -> None:
    assert settled(written) == shown


@pytest.mark.timeout(60)
def test_hostile_text_is_shown_in_bearable_time() -> None:
    for text in ("[" * 5000, "`a" * 3000, "a" * 20_000, "~" * 6000, "$$ a\n" * 2000, "\\[\n" * 2000, "| a" * 3000):
        assert safe.markdown(text, by_model=True)
        assert settled(text) is not None

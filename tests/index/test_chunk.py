"""Chunks are slices that cover a document, cut where its structure allows, each within the model's limit."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.chunk import Chunk, chunks
from index.embed import WordLengthEmbedder
from ingest.document import PUBLIC, Document, DocumentKind, Mark, MarkKind

EMBEDDER = WordLengthEmbedder()


def document(
    text: str, marks: Sequence[Mark] = (), *, title: str = "", kind: DocumentKind = "topic", uri: str = "doc:1"
) -> Document:
    return Document(uri=uri, kind=kind, source="wiki", title=title, text=text, readers=PUBLIC, marks=tuple(marks))


def marked(text: str, stretch: str, kind: MarkKind, level: int = 0, fragment: str = "") -> Mark:
    start = text.index(stretch)
    return Mark(start, start + len(stretch), kind, level, fragment=fragment)


def assert_invariant(made: Document, found: Sequence[Chunk], embedder: WordLengthEmbedder = EMBEDDER) -> None:
    assert "".join(chunk.text for chunk in found) == made.text
    assert [chunk.start for chunk in found] == [0, *(chunk.end for chunk in found[:-1])][: len(found)]
    assert all(made.text[chunk.start : chunk.end] == chunk.text and chunk.text for chunk in found)
    assert all(bool(chunk.embedded) != chunk.quoted for chunk in found)
    assert max(embedder.tokens([chunk.embedded for chunk in found]), default=0) <= embedder.max_tokens
    assert len({chunk.id for chunk in found}) == len(found)


class SmallModel(WordLengthEmbedder):
    """Takes so few tokens that everything must be cut."""

    max_tokens = 20


PARAGRAPH = st.lists(
    st.sampled_from("The trigger accepts $p_T>30$ GeV at 110 kHz. W and Z. See Fig. 3.".split()), max_size=60
).map(" ".join)
TABLE = st.integers(1, 40).map(lambda rows: "| run | lumi |\n|---|---|\n" + "| 362345 | 21.7 fb^-1 |\n" * rows)
CODE = st.integers(1, 60).map(lambda lines: "```\n" + "source setup.sh --release 24.2.3\n" * lines + "```")
ITEMS = st.integers(1, 30).map(lambda items: "".join(f"- item {item} of\n  the list\n" for item in range(items)))
EQUATION = st.sampled_from(["$$\nE = mc^2\n$$", r"$$\sqrt{s} = 13.6\,\text{TeV}$$"])
ODD = st.one_of(
    st.just("x" * 10_000),
    st.just("äöü߷" * 700),
    st.just(" \n\t\n  \n"),
    st.just("-" * 300),
    st.just("|" * 50 + "\n" + "```\nnever closed\n"),
    st.just("\x0b\x0c\x1c\u2028\x85\r\r\n"),
    st.text(max_size=200),
)
PIECE = st.tuples(
    st.sampled_from(["heading", "table", "code", "equation", "quote", "signature", "slide", "message", "page", "none"]),
    st.one_of(PARAGRAPH, TABLE, CODE, ITEMS, EQUATION, ODD),
    st.integers(1, 4),
    st.sampled_from(["", "\n", "\n\n", "\n\n\n  "]),
)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Texts of pieces, some of them marked; some marks cover several pieces, so that marks nest."""
    text = ""
    marks: list[Mark] = []
    edges = [0]
    for kind, piece, level, gap in draw(st.lists(PIECE, max_size=12)):
        if kind != "none":
            marks.append(Mark(len(text), len(text) + len(piece), kind, level, fragment=f"#{len(marks)}"))  # type: ignore[arg-type]
        text += piece + gap
        edges.append(len(text))
    for kind in draw(st.lists(st.sampled_from(["slide", "message", "quote", "page"]), max_size=4)):
        start, end = sorted((draw(st.sampled_from(edges)), draw(st.sampled_from(edges))))
        marks.append(Mark(start, end, kind, fragment=f"#{kind}{start}"))  # type: ignore[arg-type]
    title = draw(st.sampled_from(["", "Trigger menu", "long title " * 60, "y" * 5_000]))
    kind = draw(st.sampled_from(["topic", "mail", "slides"]))
    return document(text, draw(st.permutations(marks)), title=title, kind=kind)  # type: ignore[arg-type]


@settings(max_examples=150, deadline=None)
@given(documents())
def test_chunks_are_slices_that_cover_the_document_and_fit_the_model(made: Document) -> None:
    assert_invariant(made, chunks(made, EMBEDDER))


@settings(max_examples=80, deadline=None)
@given(documents())
def test_the_same_holds_for_a_model_that_takes_few_tokens(made: Document) -> None:
    small = SmallModel()
    assert_invariant(made, chunks(made, small, max_tokens=16), small)


@settings(max_examples=50, deadline=None)
@given(documents())
def test_no_chunk_reaches_from_a_quote_into_new_text(made: Document) -> None:
    quotes = [mark for mark in made.marks if mark.kind in ("quote", "signature")]
    inside = {place for mark in quotes for place in range(mark.start, mark.end)}
    for chunk in chunks(made, EMBEDDER):
        solid = [place for place in range(chunk.start, chunk.end) if not made.text[place].isspace()]
        if solid:
            assert {place in inside for place in solid} == {chunk.quoted}


def test_an_empty_text_has_no_chunks() -> None:
    assert chunks(document(""), EMBEDDER) == []


class LetterModel(WordLengthEmbedder):
    """Counts three letters as a token, white space included, so that tokens of parts do not add up."""

    def tokens(self, texts: Sequence[str]) -> list[int]:
        return [-(-len(text) // 3) + 2 for text in texts]


@settings(max_examples=50, deadline=None)
@given(documents())
def test_chunks_fit_a_model_whose_tokens_do_not_add_up(made: Document) -> None:
    assert_invariant(made, chunks(made, LetterModel()), LetterModel())


def test_a_text_of_white_space_is_kept_and_not_embedded() -> None:
    (only,) = chunks(document(" \n\n "), EMBEDDER)
    assert (only.text, only.quoted, only.embedded) == (" \n\n ", True, "")


def test_each_heading_begins_a_chunk_with_its_path_and_link() -> None:
    text = "Before.\n\n# Trigger\n\n## Menu 2024\n\nElectrons.\n\n## Rates\n\nAbout 110 kHz.\n"
    marks = [
        marked(text, "# Trigger", "heading", 1, "#Trigger"),
        marked(text, "## Menu 2024", "heading", 2, "#Menu_2024"),
        marked(text, "## Rates", "heading", 2, "#Rates"),
    ]
    found = chunks(document(text, marks, title="Guide"), EMBEDDER)
    assert [chunk.text for chunk in found] == [
        "Before.\n\n",
        "# Trigger\n\n## Menu 2024\n\nElectrons.\n\n",
        "## Rates\n\nAbout 110 kHz.\n",
    ]
    assert [chunk.heading for chunk in found] == ["", "Trigger > Menu 2024", "Trigger > Rates"]
    assert [chunk.link for chunk in found] == ["doc:1", "doc:1#Menu_2024", "doc:1#Rates"]
    assert [chunk.embedded for chunk in found] == [
        "Guide\nBefore.",
        "Guide\nTrigger > Menu 2024\nElectrons.",
        "Guide\nTrigger > Rates\nAbout 110 kHz.",
    ]


def test_an_empty_section_is_shown_with_the_next_one_and_still_searched() -> None:
    text = "## Old menu\n## New menu\n\nElectrons.\n"
    marks = [marked(text, "## Old menu", "heading", 2), marked(text, "## New menu", "heading", 2)]
    (only,) = chunks(document(text, marks), EMBEDDER)
    assert only.heading == "New menu"
    assert "Old menu" in only.embedded


def test_a_heading_that_repeats_the_title_is_embedded_once() -> None:
    text = "# Trigger Menu\n\nElectrons.\n"
    made = document(text, [marked(text, "# Trigger Menu", "heading", 1)], title="Trigger menu")
    assert chunks(made, EMBEDDER)[0].embedded == "Trigger menu\nElectrons."


def test_a_heading_with_more_words_than_its_label_is_embedded_with_its_text() -> None:
    text = "# 4.2 Trigger and data acquisition\n\nElectrons.\n"
    mark = Mark(0, text.index("\n"), "heading", 1, label="4.2 Trigger")
    assert chunks(document(text, [mark]), EMBEDDER)[0].embedded == f"4.2 Trigger\n{text.strip()}"


def test_short_paragraphs_are_joined_and_long_ones_kept_whole() -> None:
    short = "One two three.\n\n" * 4
    assert len(chunks(document(short), EMBEDDER)) == 1
    paragraphs = ["word " * 120 + str(number) for number in range(4)]
    found = chunks(document("\n\n".join(paragraphs)), EMBEDDER)
    assert [chunk.text.strip() for chunk in found] == paragraphs


def test_chunks_of_a_section_are_of_about_equal_length() -> None:
    text = "\n\n".join("word " * 20 + str(number) for number in range(11))
    lengths = [len(chunk.text.split()) for chunk in chunks(document(text), EMBEDDER)]
    assert lengths == [126, 105]


def test_a_long_table_is_cut_between_rows_and_repeats_its_header_only_where_it_is_embedded() -> None:
    header = "| run | luminosity |"
    rows = [f"| {362_000 + number} | {number} fb^-1 |" for number in range(120)]
    text = "\n".join(["Runs:", "", header, "|---|---|", *rows, "", "After."])
    mark = marked(text, "\n".join([header, "|---|---|", *rows]), "table")
    found = chunks(document(text, [mark]), EMBEDDER)
    assert len(found) > 3
    assert sum(header in chunk.text for chunk in found) == 1
    assert all(header in chunk.embedded for chunk in found)
    assert {chunk.kind for chunk in found} == {"table"}
    lines = [line for chunk in found for line in chunk.text.split("\n") if line]
    assert lines == [line for line in text.split("\n") if line]


def test_a_table_that_fits_the_model_is_not_cut() -> None:
    text = "word " * 150 + "\n\n| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 40
    found = chunks(document(text), EMBEDDER)
    assert [chunk.kind for chunk in found] == ["prose", "table"]


def test_a_code_block_is_cut_only_above_the_limit_and_then_between_lines() -> None:
    short = "```\n" + "source setup.sh\n" * 110 + "```\n"
    assert [chunk.kind for chunk in chunks(document(short), EMBEDDER)] == ["code"]
    long = "```\n" + "source setup.sh\n" * 400 + "```\n"
    found = chunks(document(long), EMBEDDER)
    assert len(found) > 3
    assert all(chunk.text.endswith("\n") for chunk in found)


def test_a_blank_line_inside_code_is_no_place_to_cut() -> None:
    code = "```\n" + "first second third\n\n" * 60 + "```"
    text = "word " * 60 + "\n\n" + code
    found = chunks(document(text, [marked(text, code, "code")]), EMBEDDER)
    assert [chunk.text.strip() for chunk in found] == [("word " * 60).strip(), code]


def test_a_list_is_cut_between_items() -> None:
    items = [f"- item {number} " + "word " * 30 + "\n  goes on here\n\n  and here" for number in range(12)]
    found = chunks(document("\n".join(items)), EMBEDDER)
    assert len(found) > 1
    assert [item for chunk in found for item in chunk.text.strip().split("\n- ")] == [
        items[0],
        *(item.removeprefix("- ") for item in items[1:]),
    ] or all(chunk.text.startswith("- item") for chunk in found)
    assert all(chunk.text.startswith("- item") for chunk in found)


def test_a_displayed_equation_is_whole_and_an_inline_one_does_not_cut_its_sentence() -> None:
    equation = "$$\n" + "x + " * 60 + "x\n\n= 0\n$$"
    text = "word " * 120 + "\n\n" + equation + "\n\n" + "word " * 120
    found = chunks(document(text, [marked(text, equation, "equation")]), EMBEDDER)
    assert [chunk.kind for chunk in found] == ["prose", "equation", "prose"]
    assert found[1].text.strip() == equation
    sentence = "The mass $m_H$ is 125 GeV. " * 10
    assert len(chunks(document(sentence, [marked(sentence, "$m_H$", "equation")]), EMBEDDER)) == 1


def test_mathematics_is_spelled_only_in_what_is_embedded() -> None:
    (only,) = chunks(document(r"We measure $H\to\gamma\gamma$ decays."), EMBEDDER)
    assert only.text == r"We measure $H\to\gamma\gamma$ decays."
    assert only.embedded == r"We measure $H\to\gamma\gamma$ (H to gamma gamma) decays."


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    sentences = [f"Sentence {number} about the trigger of Fig. 3 at 13.6 TeV." for number in range(60)]
    found = chunks(document(" ".join(sentences)), EMBEDDER)
    assert len(found) > 1
    assert [chunk.text.strip().count("Sentence") for chunk in found] == [chunk.text.count(".") // 3 for chunk in found]
    assert all(chunk.text.startswith("Sentence") for chunk in found)


def test_a_word_that_never_ends_is_cut_inside_at_last() -> None:
    found = chunks(document("x" * 50_000), EMBEDDER)
    assert "".join(chunk.text for chunk in found) == "x" * 50_000
    assert max(len(chunk.text) for chunk in found) <= 16 * 256


def test_a_slide_is_one_chunk_with_its_own_link() -> None:
    slides = ["# Trigger\n\nfirst\n\n## Menu\n\n" + "word " * 220, "# Rates\n\nsecond\n\n"]
    text = "".join(slides)
    marks = [
        Mark(0, len(slides[0]), "slide", label="slide 1", fragment="#slide=1"),
        Mark(len(slides[0]), len(text), "slide", label="slide 2", fragment="#slide=2"),
        marked(text, "# Trigger", "heading", 1),
        marked(text, "## Menu", "heading", 2),
        marked(text, "# Rates", "heading", 1),
    ]
    found = chunks(document(text, marks, kind="slides"), EMBEDDER)
    assert [chunk.text for chunk in found] == slides
    assert [chunk.kind for chunk in found] == ["slide", "slide"]
    assert [chunk.link for chunk in found] == ["doc:1#slide=1", "doc:1#slide=2"]
    assert [chunk.heading for chunk in found] == ["Trigger", "Rates"]


def test_a_heading_ends_with_its_slide_and_one_before_the_slides_does_not() -> None:
    slides = ["# Trigger\n\nfirst\n\n", "no title here\n\n"]
    text = "# Day two\n\n" + "".join(slides)
    starts = [text.index(slide) for slide in slides]
    marks = [
        Mark(starts[0], starts[1], "slide", label="slide 1", fragment="#slide=1"),
        Mark(starts[1], len(text), "slide", label="slide 2", fragment="#slide=2"),
        marked(text, "# Day two", "heading", 1),
        marked(text, "# Trigger", "heading", 2),
    ]
    found = chunks(document(text, marks, kind="slides"), EMBEDDER)
    assert [(chunk.heading, chunk.text) for chunk in found if chunk.text in slides] == [
        ("Day two > Trigger", slides[0]),
        ("Day two", slides[1]),
    ]


def test_quotes_and_signatures_are_chunks_without_vectors() -> None:
    text = "It is 28 GeV.\n\n> What is the threshold?\n> Thanks\n\nSee you.\n-- \nAda\n"
    marks = [marked(text, "> What is the threshold?\n> Thanks\n", "quote"), marked(text, "-- \nAda\n", "signature")]
    found = chunks(document(text, marks, kind="mail"), EMBEDDER)
    assert [(chunk.quoted, bool(chunk.embedded)) for chunk in found] == [
        (False, True),
        (True, False),
        (False, True),
        (True, False),
    ]
    assert {chunk.kind for chunk in found} == {"message"}


def test_a_long_quote_is_several_chunks() -> None:
    text = "New.\n" + "> old line\n" * 2_000
    found = chunks(document(text, [Mark(5, len(text), "quote")], kind="mail"), EMBEDDER)
    assert max(len(chunk.text) for chunk in found) <= 8_000
    assert [chunk.quoted for chunk in found] == [False] + [True] * (len(found) - 1)


def test_messages_of_a_thread_are_cut_apart() -> None:
    text = "First message.\nSecond message.\n"
    marks = [Mark(0, 15, "message", fragment="#m1"), Mark(15, 31, "message", fragment="#m2")]
    found = chunks(document(text, marks, kind="page"), EMBEDDER)
    assert [(chunk.kind, chunk.link) for chunk in found] == [("message", "doc:1#m1"), ("message", "doc:1#m2")]


def test_a_chunk_links_to_the_page_on_which_it_begins() -> None:
    pages = ["word " * 150 + "\n\n", "term " * 150 + "\n\n", "last " * 150]
    text = "".join(pages)
    starts = [0, len(pages[0]), len(pages[0]) + len(pages[1]), len(text)]
    marks = [Mark(starts[page], starts[page + 1], "page", fragment=f"#page={page + 1}") for page in range(3)]
    found = chunks(document(text, marks, kind="paper"), EMBEDDER)
    assert [chunk.link for chunk in found] == ["doc:1#page=1", "doc:1#page=2", "doc:1#page=3"]


def test_a_chunk_links_to_the_anchor_before_it() -> None:
    first, second = "word " * 150, "term " * 150
    text = f"# Menu\n\n{first}\n\n{second}"
    marks = [marked(text, "# Menu", "heading", 1, "#Menu"), marked(text, second, "anchor", fragment="#Terms")]
    found = chunks(document(text, marks), EMBEDDER)
    assert [chunk.link for chunk in found] == ["doc:1#Menu", "doc:1#Terms"]


def test_a_caption_is_a_block_of_its_own_kind() -> None:
    caption = "Figure 3: " + "efficiency " * 150
    text = "word " * 150 + "\n\n" + caption
    found = chunks(document(text, [marked(text, caption, "caption")]), EMBEDDER)
    assert [chunk.kind for chunk in found] == ["prose", "caption"]


def test_a_long_title_is_shortened_in_what_is_embedded() -> None:
    text = "# Deep heading\n\nword"
    made = document(text, [marked(text, "# Deep heading", "heading", 1)], title="long " * 300)
    (only,) = chunks(made, EMBEDDER)
    first, second, *rest = only.embedded.split("\n")
    assert (len(first) < 140, second, rest) == (True, "Deep heading", ["# Deep heading", "", "word"])
    assert only.title == made.title


def test_ids_are_stable_and_depend_on_text_place_and_fingerprint() -> None:
    text = "# A\n\none\n\n# B\n\ntwo\n"
    marks = [marked(text, "# A", "heading", 1), marked(text, "# B", "heading", 1)]
    made = document(text, marks)
    ids = [chunk.id for chunk in chunks(made, EMBEDDER, fingerprint="v1")]
    assert ids == [chunk.id for chunk in chunks(made, EMBEDDER, fingerprint="v1")]
    others = [
        chunks(made, EMBEDDER, fingerprint="v2"),
        chunks(document(text, marks, uri="doc:2"), EMBEDDER, fingerprint="v1"),
        chunks(document(text + " ", marks), EMBEDDER, fingerprint="v1"),
    ]
    assert len({*ids, *(chunk.id for other in others for chunk in other)}) == 8


def test_a_limit_without_room_for_text_is_refused() -> None:
    with pytest.raises(ValueError, match="chunks of 8 tokens: at least 16"):
        chunks(document("text"), EMBEDDER, max_tokens=8)


def test_variables_of_a_shell_are_no_mathematics() -> None:
    code = "```\nexport X=$A^$B\n```\n"
    (only,) = chunks(document(code), EMBEDDER)
    assert only.embedded == code.strip()


def test_a_heading_at_the_end_with_nothing_below_stays_with_what_is_above() -> None:
    text = "# A\n\nElectrons.\n\n# Comments\n\n"
    (only,) = chunks(
        document(text, [marked(text, "# A", "heading", 1), marked(text, "# Comments", "heading", 1)]), EMBEDDER
    )
    assert (only.heading, only.embedded) == ("A", "A\nElectrons.\n\n# Comments")

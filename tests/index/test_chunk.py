"""Chunks are slices that cover a document, cut where its structure allows, each within the model's limit."""

from collections.abc import Sequence

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

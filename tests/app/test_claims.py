"""What a model wrote, taken apart: no marker is made up, no sentence escapes judgement, however the pieces come."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.assistant import Writing
from app.claims import claim, known_markers_only
from app.verify import OverlapVerifier
from index.embed import WordLengthEmbedder
from retriever.passage import Passage

Passages = Callable[..., Passage]
VERIFIER = OverlapVerifier(WordLengthEmbedder())
# What answers are made of, and what has fooled us: halves of markers, code and mathematics that close late or never.
FRAGMENTS = [
    *("The field is 3.2 T", " It was 26", " See Fig. 3", "NOT FOUND", "# Head", "| a | b |", "- ", "1. "),
    *("[1]", " [2]", "[77]", " [1, 5]", "[", "3 ]", ".", "?", " ", "\n", "\n\n"),
    *("`x[0]`", "`", "$a_1$", "$", "$$", "```", "~~~"),
]


def _written(pieces: Sequence[str], passages: Sequence[Passage]) -> Writing:
    writing = Writing(passages, VERIFIER)
    for piece in pieces:
        list(writing.add(piece))
    list(writing.finish())
    return writing


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=14).map("".join), st.lists(st.integers(0, 80), max_size=8))
def test_the_same_answer_is_judged_the_same_in_whatever_pieces_it_comes(
    passage: Passages, text: str, cuts: list[int]
) -> None:
    passages = [passage("The field is 3.2 T."), passage("It was 26 GeV.")]
    ends = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    pieces = [text[start:end] for start, end in pairwise(ends)]
    whole, streamed = _written([text], passages), _written(pieces, passages)
    assert streamed.claims == whole.claims
    assert streamed.unknown == whole.unknown


def test_a_marker_that_comes_in_two_pieces_is_judged_with_its_sentence(passage: Passages) -> None:
    writing = Writing([passage("It was 26 GeV.")], VERIFIER)
    assert list(writing.add("It was 26 GeV. [1")) == []
    (judged,) = writing.add("] It is 28 GeV.")
    assert (judged.sentence, [each.marker for each in judged.citations]) == ("It was 26 GeV.", ["1"])


def test_what_looks_like_a_marker_in_code_is_code(passage: Passages) -> None:
    made, invented = claim("The seed is `seeds[0]` [1].", [passage("The seed is `seeds[0]`.")], VERIFIER)
    assert (made.sentence, invented) == ("The seed is `seeds[0]`.", 0)
    assert [each.verdict for each in made.citations] == ["supported"]
    assert known_markers_only("The seed is `seeds[0]` [1][2].", 1) == "The seed is `seeds[0]` [1]."


def test_a_marker_alone_between_two_full_stops_is_no_sentence(passage: Passages) -> None:
    writing = _written(["It was 26 GeV.\n\n[1].\n\nIt is 28 GeV."], [passage("It was 26 GeV.")])
    assert [each.sentence for each in writing.claims] == ["It was 26 GeV.", "It is 28 GeV."]


def test_a_marker_without_a_sentence_is_not_supported(passage: Passages) -> None:
    made, _ = claim("[1].", [passage("It was 26 GeV.")], VERIFIER)
    assert [each.verdict for each in made.citations] == ["not supported"]


def test_half_a_number_of_the_passage_is_not_word_for_word(passage: Passages) -> None:
    said = {"20 GeV.": "The threshold is 120 GeV.", "The energy was 13": "The energy was 13.6 TeV."}
    for sentence, text in said.items():
        made, _ = claim(f"{sentence} [1]", [passage(text)], VERIFIER)
        assert [each.verdict for each in made.citations] == ["numbers differ"]

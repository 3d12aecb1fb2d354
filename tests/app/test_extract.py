"""Which sentences make an answer without a model, and whether there is one."""

from collections.abc import Callable

from app.extract import SHOWN, Evidence, chosen, read, table_header
from index.embed import WordLengthEmbedder
from retriever.passage import Passage

Making = Callable[..., Passage]
TABLE = "Table 2: Cross sections.\n\n| Process | pb |\n| --- | --- |\n| Fusion | 4.08 |\n| Strahlung | 2.39 |\n"


def shown(question: str, *passages: Passage) -> list[str]:
    return [each.text for each in read(question, passages, WordLengthEmbedder()).shown]


def evidence(passage: Passage, text: str, score: float) -> Evidence:
    start = passage.chunk.text.index(text)
    return Evidence(passage, start, start + len(text), "sentence", score)


def test_the_sentence_with_the_questions_words_comes_first_and_verbatim(passage: Making) -> None:
    text = "The weather is fine today. The solenoid gives a field of 3.2 tesla. Nothing else is known."
    assert shown("What field does the solenoid give?", passage(text))[0] == "The solenoid gives a field of 3.2 tesla."


def test_a_row_is_read_with_the_caption_and_the_header_of_its_table(passage: Making) -> None:
    assert shown("cross section of fusion in pb", passage(TABLE))[0] == "| Fusion | 4.08 |"
    assert table_header(TABLE, TABLE.index("| Fusion")) == "| Process | pb |\n| --- | --- |"


def test_what_follows_a_question_is_shown_with_it(passage: Making) -> None:
    text = "Question: can it go to -25 degrees? Answer: the dew point stands in the way."
    assert shown("Can it go to -25 degrees?", passage(text)) == [text]


def test_an_equation_in_a_sentence_is_shown_with_both_of_its_parts(passage: Making) -> None:
    text = "The sample has a luminosity of\n\n$$\nL = 5.2\n$$\n\nin inverse picobarns. It was taken in 2015."
    assert shown("What luminosity has the sample?", passage(text))[0] == text.removesuffix(" It was taken in 2015.")


def test_a_sentence_after_a_colon_is_shown_with_what_announces_it(passage: Making) -> None:
    text = "My favourite film of all:\n\nThe Third Man. I saw it twice."
    assert shown("Which is the favourite film?", passage(text))[0] == "My favourite film of all:\n\nThe Third Man."


def test_a_list_is_shown_with_the_line_that_announces_it(passage: Making) -> None:
    text = "The triggers are:\n\n- single electron\n- two photons\n"
    assert shown("Which triggers are there?", passage(text))[0] == text.strip()


def test_quoted_mail_and_salutations_are_no_answers(passage: Making) -> None:
    assert shown("trigger threshold", passage("The trigger threshold is 28 GeV.", quoted=True)) == []
    assert "Dear trigger experts," not in shown(
        "trigger threshold", passage("Dear trigger experts,\n\nIt is 28 GeV now.")
    )


def test_the_same_sentence_is_shown_once_and_another_value_beside_it(passage: Making) -> None:
    old, again, new = (
        passage(f"The scale uncertainty is {value} % in the barrel.", uri=f"mem:{place}")
        for place, value in enumerate(("1.8", "1.8", "1.1"))
    )
    ranked = [evidence(each, each.chunk.text, 0.9) for each in (old, again, new)]
    assert [each.passage.chunk.uri for each in chosen(ranked)] == ["mem:0", "mem:2"]


def test_of_equal_sentences_those_of_other_documents_come_first(passage: Making) -> None:
    one = passage("It rains in the north. Snow falls on the south.", uri="mem:one")
    two = passage("Hail hits the east.", uri="mem:two")
    ranked = [
        evidence(one, "It rains in the north.", 0.9),
        evidence(one, "Snow falls on the south.", 0.8),
        evidence(two, "Hail hits the east.", 0.79),
    ]
    assert [each.text for each in chosen(ranked)] == [
        "It rains in the north.",
        "Hail hits the east.",
        "Snow falls on the south.",
    ]


def test_what_is_much_worse_than_the_best_is_not_shown(passage: Making) -> None:
    one = passage("It rains in the north. Snow falls on the south.")
    ranked = [evidence(one, "It rains in the north.", 0.9), evidence(one, "Snow falls on the south.", 0.5)]
    assert len(chosen(ranked)) == 1


def test_no_more_is_shown_than_a_person_reads(passage: Making) -> None:
    texts = [f"Entry{letter} lists{letter} things{letter}." for letter in "abcdefghij"]
    ranked = [evidence(passage(text, uri=text), text, 0.9) for text in texts]
    assert len(chosen(ranked)) == SHOWN


def test_a_text_above_the_models_limit_is_read_as_far_as_it_goes(passage: Making) -> None:
    assert shown("word", passage("word " * 400))


def test_a_question_whose_words_stand_together_is_likelier_answered(passage: Making) -> None:
    def answered(question: str) -> float:
        texts = ["The solenoid gives a field of 3.2 T.", "The magnet stands in the hall."]
        return read(question, [passage(text, uri=text) for text in texts], WordLengthEmbedder()).answered

    assert answered("field of the solenoid") > answered("colour of the solenoid") > answered("colour of the CMS helmet")


def test_nothing_found_is_not_answered() -> None:
    reading = read("What?", [], WordLengthEmbedder())
    assert reading.shown == ()
    assert reading.answered == 0.0

"""What the faces call things."""

from app.labels import below, made, worst


def test_the_worst_verdict_is_the_one_to_know() -> None:
    assert worst(["supported", "not supported", "partly"]) == "not supported"
    assert worst(["supported", "not checked"]) == "not checked"
    assert worst(["not supported", "numbers differ"]) == "not supported"


def test_only_a_first_heading_that_repeats_the_title_is_left_out() -> None:
    assert below("Trigger", "Trigger") == ""
    assert below("Trigger", "Trigger menu > Rates") == "Trigger menu > Rates"
    assert below("Trigger (talk.pptx)", "Menu > Trigger") == "Menu > Trigger"
    assert below("", "") == ""


def test_a_refusal_is_nobodys_writing() -> None:
    assert made("extractive", refused=True, sentences=0, bare=0, seconds=0.5) == "Searched in 0.5\u00a0s"
    by_model = made("qwen", refused=True, sentences=0, bare=0, seconds=0.5)
    assert by_model == "qwen found no answer in the passages ·\u00a00.5\u00a0s"


def test_sentences_without_a_source_are_counted() -> None:
    said = made("qwen", refused=False, sentences=9, bare=3, seconds=2.04)
    assert said == "Written by qwen ·\u00a03 of 9 sentences without a source ·\u00a02.0\u00a0s"

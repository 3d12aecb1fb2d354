import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.formats.email.quoting import quoting

PIECES = [
    "> quoted",
    ">> deeper",
    "",
    "text",
    "On 1 Jan 2025 Ada wrote:",
    "-----Original Message-----",
    "From: Ada\nSent: today\nSubject: x",
    "-- ",
    "--",
    "Cheers,",
    "Thanks, Bob",
    "_" * 47,
    "helix mailing list",
    "-------------- next part --------------",
    "An HTML attachment was scrubbed...",
    "-----BEGIN PGP SIGNED MESSAGE-----",
    "-----BEGIN PGP SIGNATURE-----",
    "-----END PGP SIGNATURE-----",
    "This e-mail is confidential.",
    ">>> prompt",
]


def marked(text: str, *, forwards: bool = False) -> list[tuple[str, str]]:
    return [(mark.kind, text[mark.start : mark.end]) for mark in quoting(text, forwards=forwards)]


@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_marks_lie_in_the_text_and_do_not_overlap(pieces: list[str]) -> None:
    text = "\n".join(pieces)
    end = 0
    for mark in quoting(text):
        assert end <= mark.start < mark.end <= len(text)
        assert text[mark.start : mark.end].strip() == text[mark.start : mark.end].strip("\n ")
        end = mark.end


@pytest.mark.parametrize(
    "attribution",
    [
        "Ada wrote:",
        "On Mon, 1 Jun 2026 at 10:00, Ada Lovelace <ada@helix.example> wrote:",
        "On Mon, 1 Jun 2026 at 10:00, Ada Lovelace\n<ada@helix.example> wrote:",
        "Am 01.06.2026 um 10:00 schrieb Ada Lovelace:",
        "Le 1 juin 2026 à 10:00, Ada a écrit :",
        "Il giorno 1 giu 2026, Ada ha scritto:",
        "Quoting Ada <ada@helix.example>:",
        "On Mon, 1 Jun 2026 10:00, Ada wrote",
        "--On 1 June 2026 10:00 +0200 Ada Lovelace <ada@helix.example>\nwrote:",
    ],
)
def test_the_line_that_says_whose_words_they_are_belongs_to_the_quote(attribution: str) -> None:
    text = f"{attribution}\n> Is it 26?\n\nNo."
    assert marked(text) == [("quote", f"{attribution}\n> Is it 26?")]
    assert quoting(text)[0].label == attribution.replace("\n", " ")


def test_answers_between_quotes_are_no_quotes() -> None:
    assert marked("> one?\nyes\n> two?\n\nno") == [("quote", "> one?"), ("quote", "> two?")]


def test_the_level_of_a_quote_is_its_deepest() -> None:
    assert [mark.level for mark in quoting("> > > a\n> b\n\nc\n>> d")] == [3, 2]


def test_a_python_prompt_is_no_quote() -> None:
    assert marked("Try\n\n>>> import ROOT\n>>> ROOT.TCanvas()\n") == []


def test_a_line_that_an_archive_escaped_is_no_quote() -> None:
    assert marked("Hello,\n>From here on it is 28 GeV.") == []


def test_a_line_that_starts_with_from_within_a_quote_is_part_of_it() -> None:
    assert marked("> Why?\n>From the wiki.\n> Yes.\n\nOh.") == [("quote", "> Why?\n>From the wiki.\n> Yes.")]


def test_a_footnote_below_a_closing_formula_is_text() -> None:
    assert marked("See [1].\n\nCheers\nBob\n\n[1] https://helix.example/menu") == [("signature", "Cheers\nBob")]


def test_initials_before_the_sign_quote_too() -> None:
    assert marked("AL> one\nAL> two\nAL> three\n\nyes") == [("quote", "AL> one\nAL> two\nAL> three")]


def test_a_message_appended_below_a_reply_is_quoted_to_the_end() -> None:
    appended = "-----Original Message-----\nFrom: Ada\nTo: Bob\n\nIs it 26?\n\nAda"
    assert marked(f"No.\n\n{appended}") == [("quote", appended)]


def test_what_a_forward_carries_is_no_quote() -> None:
    assert marked("FYI\n\n-----Original Message-----\nFrom: Ada\n\nIt is 28.", forwards=True) == []


def test_a_message_that_starts_with_header_lines_is_no_quote() -> None:
    assert marked("From: Ada\nSent: Monday\nSubject: x\n\nIt is 28.") == []


def test_a_signature_ends_where_the_quote_below_it_starts() -> None:
    text = "Yes.\n-- \nBob\nNordmark\n\nAda wrote:\n> Is it?"
    assert marked(text) == [("signature", "-- \nBob\nNordmark"), ("quote", "Ada wrote:\n> Is it?")]


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nBob",
        "--\nBob\nNordmark",
        "Best regards,\nBob",
        "Thanks, Bob",
        "Mit freundlichen Grüßen\n\nBob",
        "Sent from my phone",
        "This e-mail and any attachment are confidential.\nDelete it.",
        "*****\nBob\nTel. 12345\nbob@helix.example\n*****",
        f"{'_' * 47}\nhelix-software mailing list\nhelix-software@lists.helix.example",
    ],
)
def test_signatures_of_many_kinds_are_marked(signature: str) -> None:
    assert marked(f"It is 28 GeV.\n\n{signature}") == [("signature", signature)]


@pytest.mark.parametrize(
    "text",
    [
        "Thanks for the plot. It shows the threshold\nat 28 GeV, as it should.",
        "Cheers,\n" + "\n".join(f"a line of text with number {number}" for number in range(9)),
        "Menu\n----\n26 GeV until 2023\n28 GeV since",
        "a\n--\n" + "b\n" * 20,
    ],
)
def test_what_only_looks_like_a_signature_is_text(text: str) -> None:
    assert marked(text) == []


@pytest.mark.parametrize("piece", ["> a\nb\n", "On 1 Jan 2025 Ada wrote:\n", "Cheers,\n", "From: a\n", "_" * 30 + "\n"])
def test_long_messages_take_time_in_proportion(piece: str) -> None:
    started = time.process_time()
    quoting(piece * 20_000)
    assert time.process_time() - started < 10

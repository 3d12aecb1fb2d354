import time
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.document import NOBODY
from ingest.formats import twiki_markup
from ingest.formats.twiki_markup.access import clauses
from ingest.formats.twiki_markup.include import Found, section, whole
from ingest.formats.twiki_markup.status import status

FORMAT = "twiki_markup"
PIECES = [
    "---+ Heading *b*\n",
    "---++!! H =c=\n",
    "---+++ [[A][b c]] <b>x</b> %$H$%\n",
    "<h2>",
    "</h2>",
    "   * item\n",
    "      1. deeper\n",
    "   $ term: words\n",
    "| *a* | b |\n",
    "| ^ || \\\n",
    "%TOC%",
    "%RED%",
    "%NOSUCH%",
    "%SEARCH{",
    '"x"',
    "}%",
    "%TWISTY%",
    "%ENDTWISTY%",
    "<verbatim>",
    "</verbatim>",
    "<pre>",
    "</pre>",
    "<!--",
    "-->",
    "<table>",
    "<tr>",
    "<td>",
    "</td>",
    "</table>",
    "<ul>",
    "<li>",
    "</ul>",
    "*bold",
    "bold*",
    "_i_",
    "__",
    "=code=",
    "==",
    "[[Web.Topic#A][t]]",
    "[[",
    "][",
    "]",
    "]]",
    "[#A][b]]",
    "WikiWord ",
    "!",
    "<nop>",
    "#Anchor\n",
    "%$x$%",
    "<latex>",
    "</latex>",
    "$a_b$",
    "%BR%",
    "\\\n",
    "\n",
    "\n\n",
    "   * Set NAME = %NAME%\n",
    "%NAME%",
    "   * Set ALLOWTOPICVIEW = AGroup\n",
    '%META:TOPICINFO{author="a" date="1" version="1.2"}%\n',
    '%META:FIELD{name="f" value="v|w"}%\n',
    "\ue000" + "0\ue001",
    "\ue002" + "7\ue003",
    "&lt;",
    '<img src="%ATTACHURL%/a.png">',
    '<a href="x">',
    "</a>",
    "https://docs.helix.example/a(b",
    "text ",
]


def sound(golden: ModuleType, text: bytes) -> None:
    parsed = twiki_markup.parse(text, "Helix/SomeTopic.txt")
    golden.assert_sound(parsed)
    for mark in parsed.marks:
        marked = parsed.text[mark.start : mark.end]
        assert mark.label in marked
        if mark.kind == "heading":
            assert marked == f"{'#' * mark.level} {mark.label}"
            assert mark.fragment
    assert not any("\ue000" <= character <= "\ue017" for character in parsed.text + parsed.title)


def words(text: str, name: str = "Helix/SomeTopic.txt") -> str:
    return twiki_markup.parse(text.encode(), name).text


def test_golden(golden_case: tuple[Path, Path], golden: ModuleType) -> None:
    golden.check(FORMAT, *golden_case)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read(golden: ModuleType, raw: bytes) -> None:
    sound(golden, raw)


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_mixture_of_markup_gives_marks_inside_the_text(golden: ModuleType, pieces: list[str]) -> None:
    sound(golden, "".join(pieces).encode())


@settings(deadline=None)
@given(st.text(alphabet="|*=_[]%{}!#<>-+ \n\\$aZ1", max_size=200))
def test_any_run_of_signs_gives_marks_inside_the_text(golden: ModuleType, text: str) -> None:
    sound(golden, text.encode())


@settings(deadline=None)
@given(st.lists(st.sampled_from(["HPix", "at", "-22", "C,", "layer", "1"]), min_size=1, max_size=30))
def test_plain_words_stay_as_they_are(pieces: list[str]) -> None:
    assert words("x " + "\n".join(pieces)) == "x " + " ".join(pieces)


@pytest.mark.parametrize(
    "piece",
    ["*a ", "=a ", "_a ", "[[a", "%A{", "<a ", "<verbatim>", "<!--", "%$", "$a ", "| a ", "((", "<td>", "=*_", "\\\n"],
)
def test_nothing_that_is_never_closed_takes_long(piece: str) -> None:
    started = time.perf_counter()
    twiki_markup.parse((piece * 4000).encode())
    assert time.perf_counter() - started < 10


def test_settings_that_name_each_other_do_not_grow_for_ever() -> None:
    doubling = "".join(f"   * Set A{i} = %A{i + 1}%%A{i + 1}%\n" for i in range(40))
    assert len(words(f"{doubling}   * Set A40 = x\n\nNow %A0%.")) < 100_000


def test_a_topic_is_recognised_by_one_sure_sign_or_two_weaker_ones() -> None:
    assert twiki_markup.recognises(b'%META:TOPICINFO{author="a"}%\n', "Topic.txt")
    assert twiki_markup.recognises(b"some words\n---++ Heading\n", "Topic")
    assert twiki_markup.recognises(b"   * [[OneTopic][one]]\n", "Topic.txt")
    assert not twiki_markup.recognises(b"   * one hint only\n", "notes.txt")
    assert not twiki_markup.recognises(b"   * [[OneTopic][one]]\n", "notes.md")
    assert not twiki_markup.recognises(b"%PDF-1.7\n---+ x", "x.pdf")
    assert not twiki_markup.recognises(b"--- a/menu.py\n+++ b/menu.py\n", "menu.txt")


def test_a_restriction_is_kept_wherever_it_stands() -> None:
    for text in (
        "<!--\n   * Set ALLOWTOPICVIEW = Main.BoardGroup\n-->",
        "<verbatim>\n   * Set ALLOWTOPICVIEW = BoardGroup\n</verbatim>",
        "\t* Set ALLOWTOPICVIEW = <nop>BoardGroup",
        '%META:PREFERENCE{name="ALLOWTOPICVIEW" type="Set" value="Main.BoardGroup"}%',
        "   * Set WHO = Main.BoardGroup\n   * Set ALLOWTOPICVIEW = %WHO%",
    ):
        assert twiki_markup.parse(text.encode()).readers == (frozenset({"group:BoardGroup"}),), text


def test_a_list_of_readers_that_names_nobody_known_is_readable_by_nobody() -> None:
    assert clauses({"ALLOWTOPICVIEW": "%UNKNOWN%"})[0] == NOBODY
    assert clauses({"DENYTOPICVIEW": "%UNKNOWN%"})[0] == NOBODY
    assert clauses({"ALLOWTOPICVIEW": "Main.BoardGroup", "DENYTOPICVIEW": "Main.AdaLovelace"})[0] == NOBODY


def test_empty_lists_of_readers_restrict_nobody() -> None:
    assert clauses({"ALLOWTOPICVIEW": "", "DENYTOPICVIEW": " "}) == ((), ())


def topics(**texts: str) -> dict[str, str]:
    return {name.replace("_", "."): text for name, text in texts.items()}


def included(text: str, others: dict[str, str], web: str = "Helix") -> tuple[str, tuple[str, ...]]:
    def read(web: str, topic: str) -> Found | str:
        held = others.get(f"{web}.{topic}")
        return "it is not there" if held is None else Found(web, topic, held)

    return whole(text, web, "Page", read)


def test_an_include_takes_what_is_meant_for_it() -> None:
    others = topics(Helix_Setup="before %STARTINCLUDE%\nsource setup.sh\n%STOPINCLUDE% after")
    assert included('a %INCLUDE{"Setup"}% z', others) == ("a source setup.sh z", ())


def test_an_include_takes_a_section_with_what_it_is_given() -> None:
    others = topics(
        Soft_Setup='%STARTSECTION{"go"}%%TOPIC% %release% [[OtherTopic][x]] [[OtherTopic]]%ENDSECTION{"go"}% no'
    )
    text, warnings = included('%INCLUDE{"Soft.Setup" section="go" release="24.2.3"}%', others)
    assert text == "Setup 24.2.3 [[Soft.OtherTopic][x]] [[Soft.OtherTopic][OtherTopic]]"
    assert warnings == ()


def test_settings_of_an_included_topic_hold_in_it_and_leave_the_including_one_alone() -> None:
    others = topics(
        Helix_Setup="   * Set ALLOWTOPICVIEW = XGroup\n   * Set REL = 1\n   * Set MINE = theirs\n%REL% %MINE%"
    )
    text, _ = included('   * Set MINE = ours\n%INCLUDE{"Setup"}%', others)
    assert text == "   * Set MINE = ours\n1 %MINE%"


def test_headings_of_an_included_topic_go_as_deep_as_asked() -> None:
    assert (
        included('%INCLUDE{"Setup" headingoffset="1"}%', topics(Helix_Setup="---+ A\n---++ B"))[0]
        == "---++ A\n---+++ B"
    )


def test_topics_that_include_each_other_are_cut_with_a_warning() -> None:
    others = topics(Helix_Page="never", Helix_Other='2 %INCLUDE{"Page"}%%INCLUDE{"Other"}%')
    assert included('1 %INCLUDE{"Other"}%', others) == (
        "1 2 ",
        (
            "%INCLUDE% of 'Page' was left out: it includes this topic in turn",
            "%INCLUDE% of 'Other' was left out: it includes this topic in turn",
        ),
    )


def test_includes_that_double_at_every_step_end() -> None:
    others = {f"Helix.T{i}": f'%INCLUDE{{"T{i + 1}"}}%%INCLUDE{{"T{i + 1}"}}%' + "x" * 1000 for i in range(40)}
    text, warnings = included('%INCLUDE{"T0"}%', others)
    assert len(text) < 3_000_000
    assert any("too much" in warning for warning in warnings)


def test_what_is_missing_is_told() -> None:
    _, warnings = included(
        '%INCLUDE{"Nowhere"}% %INCLUDE{"Setup" section="y"}% %INCLUDE{"http://docs.helix.example/x"}%',
        topics(Helix_Setup="x"),
    )
    assert warnings == (
        "%INCLUDE% of 'Nowhere' was left out: it is not there",
        "%INCLUDE% of 'Setup' was left out: it has no section 'y'",
        "%INCLUDE% of 'http://docs.helix.example/x' was left out: it names no topic",
    )


def test_an_include_that_is_shown_or_commented_out_is_none() -> None:
    text = '<verbatim>%INCLUDE{"Setup"}%</verbatim><!-- %INCLUDE{"Setup"}% -->'
    assert included(text, topics(Helix_Setup="x")) == (text, ())


def test_a_section_without_an_end_goes_to_the_end() -> None:
    assert section('a %STARTSECTION{name="x"}%b', "x") == "b"
    assert section("a", "x") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("---+ Luminosity\n%RED%*This page is out of date*, see LumiRun2%ENDCOLOR%", "superseded"),
        ("%META:TOPICINFO{}%\n<b>OBSOLETE</b>", "superseded"),
        ("This topic has been superseded by [[JetScale2025][the new one]].", "superseded"),
        ("DRAFT\n---+ Strategy", "draft"),
        ("---+ Strategy\nThis document is work in progress.", "draft"),
        ("---+ Menu\nRemoves obsolete chains. The menu page may show chains that are deprecated.", "unknown"),
        ("\n".join(["A line of text."] * 30) + "\nThis page is obsolete.", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_topic_says_near_its_top_that_it_is_out_of_date_or_a_draft(text: str, expected: str) -> None:
    assert status(text) == expected


def test_a_link_without_a_target_leaves_its_words() -> None:
    assert words("Use [[][the probe]] or [[]].") == "Use the probe or ."


def test_links_in_a_web_inside_a_web_climb_out_of_both() -> None:
    assert (
        words("[[HelixTrigger.TriggerMenu][menu]]", "Helix/Muon/Page.txt") == "[menu](../../HelixTrigger/TriggerMenu)"
    )

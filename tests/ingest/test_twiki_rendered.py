"""Topics as a wiki shows them, rendered by hand as TWiki does, beside the markup that they were made from."""

from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.format import Parsed, load, recognise
from ingest.formats import twiki_markup

FOLDER = Path(__file__).parent / "rendered_topics"
TOPICS = sorted(path.stem for path in FOLDER.glob("*.txt"))
CHROMES = sorted((FOLDER / "chrome").glob("*.html"))
PIECES = [
    *("<ul>", "<li>", "</ul>", "<ol type='i'>", "<dl>", "<dt>", "<dd>", "<p />", "words ", "*x* ", "| a ", "%TOPIC%"),
    *("<table class='twikiTable'>", "<table>", "<tr>", "<td rowspan=3>", "<td colspan=2>", "<th>", "</table>", "<pre>"),
    *("<a href='/bin/view/Helix/A'>", "</a>", "<a name='b'>", "<span class='twikiNewLink'>", "<h2>", "</h2>", "<code>"),
    *("<div class='twikiForm'>", "</div>", "<span class='twistyTrigger'>", "\ue002", "---+ x\n", "<img src='/pub/a'>"),
]


def page(topic: str, chrome: Path) -> bytes:
    content = (FOLDER / f"{topic}.html").read_text(encoding="utf-8")
    return chrome.read_text(encoding="utf-8").replace("TOPIC", topic).replace("CONTENT", content).encode()


def raw(topic: str) -> Parsed:
    return twiki_markup.parse((FOLDER / f"{topic}.txt").read_bytes(), f"Helix/{topic}.txt")


def rendered(topic: str, chrome: Path) -> Parsed:
    return load(str(recognise(page(topic, chrome), f"{topic}.html"))).parse(page(topic, chrome), f"{topic}.html")


@pytest.mark.parametrize("chrome", CHROMES, ids=[each.stem for each in CHROMES])
@pytest.mark.parametrize("topic", TOPICS)
def test_a_rendered_topic_has_the_text_the_title_and_the_headings_of_the_raw_one(topic: str, chrome: Path) -> None:
    shown, written = rendered(topic, chrome), raw(topic)
    assert shown.text == written.text
    assert shown.title == written.title
    assert [each for each in shown.marks if each.kind == "heading"] == [
        each for each in written.marks if each.kind == "heading"
    ]


def test_there_are_five_topics_and_three_chromes() -> None:
    assert (len(TOPICS), len(CHROMES)) == (5, 3)


def test_the_footer_says_who_wrote_a_page_and_when() -> None:
    shown, written = rendered("CoolingPlant", FOLDER / "chrome/pattern.html"), raw("CoolingPlant")
    assert (shown.authors, shown.modified, shown.version) == (written.authors, written.modified, written.version)


def test_a_page_of_another_kind_is_left_to_html() -> None:
    assert recognise(b"<!DOCTYPE html><title>Quotas | HELIX computing</title><p>x", "page.html") == "html"


# The first page of a run loads lxml, which takes longer than others.
@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_mixture_of_tags_gives_marks_inside_the_text(golden: ModuleType, pieces: list[str]) -> None:
    head = "<!DOCTYPE html><title>SomeTopic &lt; Helix &lt; TWiki</title>"
    parsed = twiki_markup.parse((head + "".join(pieces)).encode(), "page.html")
    golden.assert_sound(parsed)
    assert not any("\ue000" <= character <= "\ue017" for character in parsed.text + parsed.title)


@pytest.mark.parametrize("tag", ["div", "ul><li", "blockquote", "table class='twikiTable'><tr><td", "sup", "span"])
def test_a_page_that_is_nested_too_deep_is_still_read(golden: ModuleType, tag: str) -> None:
    head = b"<!DOCTYPE html><title>SomeTopic &lt; Helix &lt; TWiki</title>"
    golden.assert_sound(twiki_markup.parse(head + f"<{tag}>".encode() * 3000 + b"deep inside"))


def test_a_restriction_that_a_page_shows_holds() -> None:
    for chrome in CHROMES:
        assert rendered("ShiftHandbook", chrome).readers == (frozenset({"group:ShiftGroup"}),)

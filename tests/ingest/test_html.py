from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.formats import html
from ingest.hypertext import markdown

FORMAT = "html"
TAGS = "p div table tr ul ol li pre h1 blockquote sup sub script math span dl dt dd b td a center figure".split()
PIECES = [
    *(f"<{tag}>" for tag in TAGS),
    *(f"</{tag}>" for tag in TAGS),
    *("<div class=nav>", "<td colspan=2>", "<td rowspan=3>", "<h2 id='a b'>", "<a name=x>", "<a href=http://b>"),
    *("<br>", "<math><msub><mi>p", "words ", "$$", "\\[", "\\]", "&amp;", "\ue002", "<img alt='a picture'>"),
    *("<!--", "-->", "|", "`"),
]


def test_golden(golden_case: tuple[Path, Path], golden: ModuleType) -> None:
    golden.check(FORMAT, *golden_case)


@given(st.binary(max_size=400))
def test_any_bytes_are_read(golden: ModuleType, raw: bytes) -> None:
    golden.assert_sound(html.parse(raw))


@given(st.lists(st.sampled_from(PIECES), max_size=60))
def test_any_mixture_of_tags_gives_marks_inside_the_text(golden: ModuleType, pieces: list[str]) -> None:
    golden.assert_sound(html.parse("".join(pieces).encode()))


@pytest.mark.parametrize("tag", ["div", "ul><li", "blockquote", "table><tr><td", "sup", "span", "math><mrow"])
def test_a_page_that_is_nested_too_deep_is_still_read(golden: ModuleType, tag: str) -> None:
    parsed = html.parse(f"<{tag}>".encode() * 3000 + b"deep inside")
    golden.assert_sound(parsed)


def test_the_encoding_that_the_page_names_is_used() -> None:
    raw = '<meta charset="iso-8859-2"><p>Łódź</p>'.encode("iso-8859-2")
    assert html.parse(raw).text == "Łódź"


def test_an_encoding_that_does_not_fit_is_guessed_with_a_warning() -> None:
    parsed = html.parse('<meta charset="utf-8"><p>Größe</p>'.encode("latin-1"))
    assert (parsed.text, parsed.warnings) == ("Größe", ("not UTF-8; read as latin-1",))


def test_entities_of_a_document_type_are_not_expanded() -> None:
    raw = b'<!DOCTYPE html [<!ENTITY secret SYSTEM "file:///etc/hostname"><!ENTITY a "aaaa">]><p>x &secret; &a; y</p>'
    assert "aaaa" not in html.parse(raw).text


def test_the_part_of_the_title_that_names_the_site_is_dropped() -> None:
    assert html.parse(b"<title>Quotas | HELIX computing</title><p>x").title == "Quotas"
    assert html.parse(b"<title>HELIX computing: Quotas</title><h1>Quotas</h1>").title == "Quotas"


def test_a_page_without_words_is_a_warning() -> None:
    assert html.parse(b"<html><body><nav>Home</nav></body></html>").warnings == ("no text",)


def test_a_page_is_recognised_by_its_start_or_by_name_and_tags() -> None:
    assert html.recognises(b"\n<!-- made by hand -->\n<!DOCTYPE HTML>", "page")
    assert html.recognises(b"<p>fragment", "fragment.html")
    assert not html.recognises(b"<p>fragment", "notes.txt")
    assert not html.recognises(b"words", "page.html")


def test_a_raised_number_is_an_exponent() -> None:
    assert markdown("10<sup>34</sup> cm<sup>−2</sup>s<sup>-1</sup>") == "10^34 cm^-2s^-1"


def test_a_message_page_of_a_mailman_archive_is_read_without_the_links_to_other_messages() -> None:
    parsed = html.parse(
        b"<HTML><TITLE>[helix-users] Beam spot</TITLE><BODY><H1>[helix-users] Beam spot</H1><B>Ada Example</B>"
        b"<I>Mon Jan 12 2026</I><P><UL><LI>Next message: <A HREF='2.html'>Quotas</A></UL><HR>\n<!--beginarticle-->\n"
        b"<PRE>It moved by 3 um.</PRE>\n<!--endarticle-->\n<HR>"
        b"<P><UL><LI>Next message: <A HREF='2.html'>Quotas</A></UL>"
    )
    assert parsed.text == ("# [helix-users] Beam spot\n\nAda ExampleMon Jan 12 2026\n\n```\nIt moved by 3 um.\n```")

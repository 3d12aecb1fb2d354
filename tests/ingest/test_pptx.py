import io
import zipfile
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Emu, Pt

from ingest import zipguard
from ingest.errors import TooLarge, Unreadable
from ingest.format import Parsed
from ingest.formats import pptx

EQUATION = (
    '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    ' xmlns:a14="http://schemas.microsoft.com/office/drawing/2010/main"'
    ' xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math">'
    '<mc:Choice Requires="a14"><p:sp><p:nvSpPr><p:cNvPr id="9" name="x"/><p:cNvSpPr txBox="1"/><p:nvPr/></p:nvSpPr>'
    '<p:spPr><a:xfrm><a:off x="0" y="5000000"/><a:ext cx="1" cy="1"/></a:xfrm></p:spPr><p:txBody><a:bodyPr/><a:p>'
    "<a:r><a:t>Mass is </a:t></a:r><a14:m><m:oMath><m:sSub><m:e><m:r><m:t>𝑚</m:t></m:r></m:e><m:sub><m:r><m:t>𝐻</m:t>"
    "</m:r></m:sub></m:sSub><m:r><m:t>=</m:t></m:r><m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t>"
    "</m:r></m:den></m:f></m:oMath></a14:m></a:p></p:txBody></p:sp></mc:Choice><mc:Fallback/></mc:AlternateContent>"
)


def saved(build: Callable[[Any], None]) -> bytes:
    """A presentation that a function filled."""
    deck = Presentation()
    build(deck)
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


def add(deck: Any, title: str, *bullets: tuple[int, str]) -> Any:
    """Append a slide with a title and bullets, each with its level."""
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = title
    frame = slide.placeholders[1].text_frame
    for number, (level, words) in enumerate(bullets):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        paragraph.text, paragraph.level = words, level
    return slide


def box(slide: Any, words: str, x: int = 0, y: int = 6_000_000) -> Any:
    shape = slide.shapes.add_textbox(Emu(x), Emu(y), Emu(10), Emu(10))
    shape.text_frame.text = words
    return shape


def one(build: Callable[[Any], None]) -> Parsed:
    """What is read of a presentation with one slide, called T."""
    return pptx.parse(saved(lambda deck: build(add(deck, "T"))))


def test_slides_are_marked_with_number_and_title() -> None:
    def build(deck: Any) -> None:
        add(deck, "HTag v3", (0, "rejection 170"))
        add(deck, "Plans", (0, "more"))

    parsed = pptx.parse(saved(build))
    assert parsed.text == "## HTag v3\n\n- rejection 170\n\n## Plans\n\n- more"
    marks = [(mark.kind, mark.label, mark.fragment, parsed.text[mark.start : mark.end]) for mark in parsed.marks]
    assert marks[0] == ("slide", "slide 1: HTag v3", "#slide=1", "## HTag v3\n\n- rejection 170")
    assert marks[1] == ("heading", "HTag v3", "#slide=1", "## HTag v3")
    assert marks[2] == ("slide", "slide 2: Plans", "#slide=2", "## Plans\n\n- more")


def test_bullets_keep_their_levels() -> None:
    parsed = pptx.parse(saved(lambda deck: add(deck, "T", (0, "a"), (1, "b"), (0, "c"))))
    assert parsed.text == "## T\n\n- a\n  - b\n- c"


def test_a_table_is_a_table() -> None:
    def build(slide: Any) -> None:
        table = slide.shapes.add_table(2, 2, Emu(0), Emu(5_000_000), Emu(9), Emu(9)).table
        for row, words in enumerate((("Year", "fb-1"), ("2024", "47.2"))):
            for column, word in enumerate(words):
                table.cell(row, column).text = word

    parsed = one(build)
    table = next(mark for mark in parsed.marks if mark.kind == "table")
    assert parsed.text[table.start : table.end] == "| Year | fb-1 |\n| --- | --- |\n| 2024 | 47.2 |"


def test_notes_stand_under_their_slide() -> None:
    def build(slide: Any) -> None:
        slide.notes_slide.notes_text_frame.text = "Say that it is preliminary."

    assert one(build).text == "## T\n\nNotes: Say that it is preliminary."


def test_an_equation_is_latex() -> None:
    from lxml.etree import fromstring

    assert (
        one(lambda slide: slide.shapes._spTree.append(fromstring(EQUATION))).text
        == "## T\n\nMass is $m_{H}=\\frac{1}{2}$"
    )


def test_boxes_are_read_from_the_top_and_side_by_side_from_the_left() -> None:
    def build(slide: Any) -> None:
        box(slide, "right", x=5_000_000, y=2_000_000)
        box(slide, "bottom", y=6_000_000)
        box(slide, "left", x=100, y=2_100_000)

    assert one(build).text == "## T\n\nleft\n\nright\n\nbottom"


def test_shapes_in_groups_are_read() -> None:
    def build(slide: Any) -> None:
        inner = slide.shapes.add_group_shape().shapes.add_group_shape()
        inner.shapes.add_textbox(Emu(0), Emu(0), Emu(9), Emu(9)).text_frame.text = "deep words"

    assert one(build).text == "## T\n\ndeep words"


def test_a_chart_says_its_title_and_series() -> None:
    def build(slide: Any) -> None:
        data = CategoryChartData()  # type: ignore[no-untyped-call]
        data.categories = ["2024", "2025"]
        data.add_series("recorded", (47.2, 51.3))  # type: ignore[no-untyped-call]
        frame = slide.shapes.add_chart(XL_CHART_TYPE.LINE, Emu(0), Emu(5_000_000), Emu(9), Emu(9), data)
        frame.chart.has_title = True
        frame.chart.chart_title.text_frame.text = "Luminosity"

    assert one(build).text == "## T\n\nChart: Luminosity; series: recorded"


def test_typewriter_paragraphs_are_code() -> None:
    def build(slide: Any) -> None:
        shape = box(slide, "hsetup 24.2.3")
        shape.text_frame.add_paragraph().text = "  run"
        for paragraph in shape.text_frame.paragraphs:
            paragraph.runs[0].font.name = "Courier New"

    parsed = one(build)
    assert parsed.text == "## T\n\n```\nhsetup 24.2.3\n  run\n```"
    assert [mark.kind for mark in parsed.marks] == ["slide", "heading", "code"]


def test_raised_and_lowered_letters_are_written_with_their_signs() -> None:
    def build(slide: Any) -> None:
        shape = box(slide, "47.2 fb")
        for words, baseline in (("-1", "30000"), (" at p", "0"), ("T", "-25000")):
            run = shape.text_frame.paragraphs[0].add_run()
            run.text = words
            run._r.get_or_add_rPr().set("baseline", baseline)

    assert one(build).text == "## T\n\n47.2 fb^-1 at p_T"


def test_what_stands_on_most_slides_is_dropped() -> None:
    def build(deck: Any) -> None:
        for number in range(4):
            slide = add(deck, f"Title {number}", (0, f"point {number}"))
            box(slide, "HELIX Week June 2025")
            box(slide, f"{number + 1} / 4", x=9_000_000)

    assert pptx.parse(saved(build)).text.startswith("## Title 0\n\n- point 0\n\n## Title 1")


def test_the_speaker_is_taken_from_the_title_slide_rather_than_from_the_template() -> None:
    def build(deck: Any) -> None:
        slide = deck.slides.add_slide(deck.slide_layouts[0])
        slide.shapes.title.text = "HTag v3"
        slide.placeholders[1].text = "Rohan Example (Varuna)\nHELIX Week"
        deck.core_properties.author = "Template Maker"
        deck.core_properties.title = "PowerPoint Presentation"

    parsed = pptx.parse(saved(build))
    assert (parsed.title, parsed.authors) == ("HTag v3", ("Rohan Example",))


def test_a_file_without_properties_gets_no_made_up_date() -> None:
    raw = saved(lambda deck: add(deck, "T", (0, "a")))
    part = b'<Override PartName="/docProps/core.xml" ContentType="%s"/>'
    entry = part % b"application/vnd.openxmlformats-package.core-properties+xml"

    def change(name: str, data: bytes) -> bytes | None:
        return None if name == "docProps/core.xml" else data.replace(entry, b"")

    assert pptx.parse(raw).modified is not None
    assert pptx.parse(rezipped(raw, change)).modified is None


def rezipped(raw: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    """An archive with its members changed; those for which change returns None are left out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = change(name, old.read(name))
            if data is not None:
                new.writestr(name, data)
    return out.getvalue()


def test_slides_without_words_ask_for_ocr() -> None:
    with pytest.raises(Unreadable, match="no text on any of 1 slides; it needs OCR"):
        pptx.parse(saved(lambda deck: deck.slides.add_slide(deck.slide_layouts[6])))


def test_a_locked_presentation_says_so() -> None:
    locked = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500)
    assert pptx.recognises(locked, "talk.pptx")
    with pytest.raises(Unreadable, match="asks for a password"):
        pptx.parse(locked)


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_presentation_is_unreadable(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        pptx.parse(raw)


def test_an_archive_of_something_else_is_unreadable() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("notes.txt", "words")
    with pytest.raises(Unreadable, match="no presentation that can be opened"):
        pptx.parse(out.getvalue())


def test_an_archive_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipguard, "MAX_BYTES", 1000)
    with pytest.raises(TooLarge, match="the limit is 1,000"):
        pptx.parse(saved(lambda deck: add(deck, "T")))


def test_a_member_that_grows_without_measure_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipguard, "MIN_SUSPECT_BYTES", 1000)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ppt/presentation.xml", bytes(1_000_000))
    with pytest.raises(TooLarge, match="unpacks to more than 300 times its size"):
        pptx.parse(out.getvalue())


def test_links_of_the_slides_are_kept() -> None:
    def build(slide: Any) -> None:
        box(slide, "see").text_frame.paragraphs[0].runs[0].hyperlink.address = "https://docs.helix.example/x"

    assert one(build).links == ("https://docs.helix.example/x",)


def deck() -> bytes:
    def build(deck: Any) -> None:
        slide = add(deck, "T", (0, "a"), (1, "b"))
        slide.shapes.add_table(2, 2, Emu(0), Emu(0), Emu(9), Emu(9)).table.cell(0, 0).text = "x"
        box(slide, "words").text_frame.paragraphs[0].runs[0].font.size = Pt(12)
        slide.notes_slide.notes_text_frame.text = "notes"

    return saved(build)


DECK = deck()
XML = zipfile.ZipFile(io.BytesIO(DECK)).read("ppt/slides/slide1.xml")
JUNK = [b"", b"<", b">", b"0", b"x", b'"', b"<a:p/>", b"<a:br/>", b"-9"]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, len(XML)), st.sampled_from(JUNK), st.integers(0, 30))
def test_damaged_slides_are_read_or_refused(golden: ModuleType, position: int, junk: bytes, cut: int) -> None:
    damaged = XML[:position] + junk + XML[position + cut :]
    raw = rezipped(DECK, lambda name, data: damaged if name == "ppt/slides/slide1.xml" else data)
    try:
        golden.assert_sound(pptx.parse(raw))
    except Unreadable:
        return


@settings(max_examples=30, deadline=None)
@given(st.integers(0, len(DECK)), st.binary(max_size=8))
def test_damaged_archives_are_read_or_refused(golden: ModuleType, position: int, junk: bytes) -> None:
    try:
        golden.assert_sound(pptx.parse(DECK[:position] + junk + DECK[position + len(junk) :]))
    except Unreadable:
        return

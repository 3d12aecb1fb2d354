"""One talk saved as PDF and as PPTX: both forms are read as the same slides."""

import importlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pptx import Presentation
from pptx.util import Emu, Pt

from ingest.format import Parsed
from ingest.formats import pdf, pptx

pymupdf: Any = importlib.import_module("pymupdf")


@dataclass(frozen=True)
class Slide:
    title: str
    bullets: Sequence[tuple[int, str]] = ()
    table: Sequence[Sequence[str]] = ()
    credit: str = ""
    notes: str = ""


TALK = (
    Slide(
        "Calibration of the beam spot", [(0, "three scans in each fill"), (1, "with both detectors"), (0, "no drift")]
    ),
    Slide("Results", table=[("Year", "Recorded", "Good"), ("2023", "34.9", "32.8"), ("2024", "47.2", "44.6")]),
    Slide("Set-up", [(0, "cameras at both ends")], credit="Photograph by A. Example"),
    Slide("Next steps", [(0, "publish in March")], notes="Say that the draft is out."),
    Slide("Next steps", [(0, "publish in March"), (0, "repeat the scans in May")]),
)
# What the template puts on every slide: the collaboration, the meeting and its date, the number.
NAME, MEETING = "HELIX Collaboration", "HELIX Week, 12 June 2026"


def as_pptx(talk: Sequence[Slide]) -> bytes:
    deck = Presentation()
    deck.slide_width, deck.slide_height = Pt(720), Pt(405)
    for number, each in enumerate(talk, start=1):
        slide = deck.slides.add_slide(deck.slide_layouts[1 if each.bullets else 5])
        slide.shapes.title.text = each.title
        for place, (level, words) in enumerate(each.bullets):
            frame = slide.placeholders[1].text_frame
            paragraph = frame.paragraphs[0] if place == 0 else frame.add_paragraph()
            paragraph.text, paragraph.level = words, level
        if each.table:
            size = (len(each.table), len(each.table[0]))
            table = slide.shapes.add_table(*size, Pt(80), Pt(140), Pt(400), Pt(100)).table
            for row, cells in enumerate(each.table):
                for column, words in enumerate(cells):
                    table.cell(row, column).text = words
        for words, x in ((NAME, 10), (MEETING, 200), (each.credit, 420), (f"{number} / {len(talk)}", 680)):
            if words:
                slide.shapes.add_textbox(Pt(x), Pt(385), Pt(150), Pt(15)).text_frame.text = words
        logo = slide.shapes.add_picture(picture(), Pt(600), Pt(10), Emu(9), Emu(9))
        logo._element.nvPicPr.cNvPr.set("descr", "The helix of the collaboration")
        if each.notes:
            slide.notes_slide.notes_text_frame.text = each.notes
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


def as_pdf(talk: Sequence[Slide]) -> bytes:
    document = pymupdf.open()
    for number, each in enumerate(talk, start=1):
        page = document.new_page(width=720, height=405)
        page.insert_text((60, 50), each.title, fontsize=28, fontname="hebo")
        for place, (level, words) in enumerate(each.bullets):
            page.insert_text((60 + 30 * level, 120 + 30 * place), f"- {words}", fontsize=18)
        for row, cells in enumerate(each.table):
            for column, words in enumerate(cells):
                page.insert_text((80 + 130 * column, 140 + 25 * row), words, fontsize=16)
        for words, x in ((NAME, 10), (MEETING, 200), (each.credit, 420), (f"{number} / {len(talk)}", 680)):
            page.insert_text((x, 398), words, fontsize=9)
    data: bytes = document.tobytes()
    return data


def picture() -> io.BytesIO:
    pixels = pymupdf.Pixmap(pymupdf.csRGB, pymupdf.IRect(0, 0, 8, 8))
    pixels.clear_with(90)
    return io.BytesIO(pixels.tobytes("png"))


def slides(parsed: Parsed) -> dict[str, str]:
    """What stands on each slide, by its label, without the speaker's notes."""
    found = [mark for mark in parsed.marks if mark.kind == "slide"]
    return {mark.label: parsed.text[mark.start : mark.end].partition("\n\nNotes: ")[0] for mark in found}


def test_the_two_forms_of_a_talk_are_read_as_the_same_slides_without_what_the_template_adds() -> None:
    talk = [each for each in TALK if not each.notes]
    expected = {
        "slide 1: Calibration of the beam spot": (
            "## Calibration of the beam spot\n\n- three scans in each fill\n  - with both detectors\n- no drift"
        ),
        "slide 2: Results": (
            "## Results\n\n| Year | Recorded | Good |\n| --- | --- | --- |\n"
            "| 2023 | 34.9 | 32.8 |\n| 2024 | 47.2 | 44.6 |"
        ),
        "slide 3: Set-up": "## Set-up\n\n- cameras at both ends\n\nPhotograph by A. Example",
        "slide 4: Next steps": "## Next steps\n\n- publish in March\n- repeat the scans in May",
    }
    assert slides(pptx.parse(as_pptx(talk))) == expected
    assert slides(pdf.parse(as_pdf(talk))) == expected


def test_the_steps_of_an_animation_are_left_out_of_both_forms() -> None:
    talk = (Slide("Plan", [(0, "calibrate")]), Slide("Plan", [(0, "calibrate"), (0, "publish")]))
    for parsed in (pptx.parse(as_pptx(talk)), pdf.parse(as_pdf(talk))):
        assert list(slides(parsed)) == ["slide 2: Plan"]
        assert parsed.warnings == ("1 slide left out that is a step of the slide after it",)


def test_a_step_on_which_the_speaker_has_notes_is_kept() -> None:
    parsed = pptx.parse(as_pptx(TALK))
    assert [label for label in slides(parsed) if "Next" in label] == ["slide 4: Next steps", "slide 5: Next steps"]
    assert "- publish in March\n\nNotes: Say that the draft is out.\n\n## Next steps" in parsed.text
    assert parsed.warnings == ()

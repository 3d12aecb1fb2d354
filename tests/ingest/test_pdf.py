import importlib
from collections.abc import Iterable
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.errors import Unreadable
from ingest.formats import pdf
from ingest.formats.pdf import ocr, quality

pymupdf: Any = importlib.import_module("pymupdf")

LEFT = (
    "The measurement of the luminosity rests on two detectors that count",
    "charged particles. Their response drifts with the dose, and the drift is",
    "followed by special runs. In each of them the beams are moved against",
    "each other in steps. The rate at each step gives the effective cross sec-",
    "tion of a detector. A two-",
    "body fit of the two-body rates describes the tails of the beams well.",
    "It was repeated in every year, with steps of the same length, and no",
    "bias was found that goes beyond the statistical precision of the fit.",
)
RIGHT = (
    "The uncertainty of the total is 1.3 percent. Its largest part comes from",
    "the non-factorisation of the beams. The second largest part is the drift",
    "between two scans. Both were halved against the preliminary value of",
    "1.9 percent, which had been given for the summer conferences of 2024,",
    "because of the better description of the tails. Effects of satellites and",
    "ghost charges are below 0.1 percent in all fills that were looked at,",
    "and the calibration of the currents adds 0.2 percent to the result.",
    "All of this is described at length in the note about the calibration.",
)


def make(pages: Iterable[list[tuple[float, float, float, str, str]]], *, wide: bool = False, **saved: object) -> bytes:
    """A PDF whose pages are lists of (x, y, size, font, words)."""
    document = pymupdf.open()
    for lines in pages:
        page = document.new_page(width=720 if wide else 595, height=405 if wide else 842)
        for x, y, size, font, words in lines:
            page.insert_text((x, y), words, fontsize=size, fontname=font)
    data: bytes = document.tobytes(**saved)
    document.close()
    return data


def column(x: float, y: float, lines: Iterable[str], size: float = 9) -> list[tuple[float, float, float, str, str]]:
    return [(x, y + number * 1.2 * size, size, "helv", words) for number, words in enumerate(lines)]


def paper() -> bytes:
    first = [
        (60.0, 30.0, 8.0, "helv", "HELIX internal note 2025-07"),
        (120.0, 90.0, 18.0, "hebo", "The luminosity of Run 2"),
        (60.0, 140.0, 11.0, "hebo", "1 Introduction"),
        *column(60, 160, LEFT, 7),
        *column(310, 160, RIGHT, 7),
        (290.0, 820.0, 8.0, "helv", "1"),
    ]
    others = [
        [
            (60.0, 30.0, 8.0, "helv", "HELIX internal note 2025-07"),
            *column(60, 90, [f"Page {number} speaks of fill {number}00 and of nothing else that matters."]),
            (290.0, 820.0, 8.0, "helv", str(number)),
        ]
        for number in (2, 3)
    ]
    return make([first, *others])


def deck() -> bytes:
    pages = [
        [
            (200.0, 150.0, 32.0, "hebo", "HTag v3"),
            (220.0, 220.0, 18.0, "helv", "Rohan Example"),
            (10.0, 398.0, 8.0, "helv", "HELIX Week 1"),
        ]
    ]
    pages += [
        [
            (60.0, 50.0, 28.0, "hebo", f"Results {number}"),
            (60.0, 120.0, 18.0, "helv", f"- light rejection {number}70"),
            (90.0, 150.0, 16.0, "helv", "- at 77 percent efficiency"),
            (10.0, 398.0, 8.0, "helv", f"HELIX Week {number}"),
        ]
        for number in (2, 3)
    ]
    return make(pages, wide=True)


def test_columns_are_read_one_after_the_other() -> None:
    text = pdf.parse(paper()).text
    assert text.index("fit of the two-body rates") < text.index("The uncertainty of the total is 1.3 percent.")
    assert "followed by special runs. In each of them" in text


def test_a_word_cut_at_the_end_of_a_line_is_mended_and_a_hyphen_of_its_own_stays() -> None:
    text = pdf.parse(paper()).text
    assert "effective cross section of a detector" in text
    assert "A two-body fit" in text


def test_running_heads_and_page_numbers_are_dropped() -> None:
    text = pdf.parse(paper()).text
    assert "internal note" not in text
    assert text.endswith("of nothing else that matters.")


def test_pages_and_headings_are_marked() -> None:
    parsed = pdf.parse(paper())
    marks = [(mark.kind, mark.level, mark.label, mark.fragment) for mark in parsed.marks]
    assert ("heading", 2, "1 Introduction", "#page=1") in marks
    assert [mark for mark in marks if mark[0] == "page"] == [
        ("page", 0, f"page {number}", f"#page={number}") for number in (1, 2, 3)
    ]


def test_the_title_is_what_stands_largest_on_the_first_page() -> None:
    assert pdf.parse(paper()).title == "The luminosity of Run 2"


def test_each_line_has_its_box() -> None:
    parsed = pdf.parse(paper())
    box = next(box for box in parsed.layout if parsed.text[box.start : box.end].startswith("The uncertainty"))
    assert parsed.text[box.start : box.end] == RIGHT[0]
    assert (box.page, round(box.x0), round(box.y1)) == (1, 310, 162)


def test_slides_are_marked_with_their_titles_and_footers_are_dropped() -> None:
    parsed = pdf.parse(deck())
    slides = [(mark.label, mark.fragment) for mark in parsed.marks if mark.kind == "slide"]
    assert slides == [
        ("slide 1: HTag v3", "#page=1"),
        ("slide 2: Results 2", "#page=2"),
        ("slide 3: Results 3", "#page=3"),
    ]
    assert "HELIX Week" not in parsed.text
    assert "## Results 2\n\n- light rejection 270\n  - at 77 percent efficiency" in parsed.text


def test_a_slide_that_the_next_one_only_adds_to_is_left_out_with_a_warning() -> None:
    first = [(60.0, 50.0, 28.0, "hebo", "Plan"), (60.0, 120.0, 18.0, "helv", "- calibrate every fill")]
    second = [*first, (60.0, 160.0, 18.0, "helv", "- publish in March")]
    parsed = pdf.parse(make([first, second], wide=True))
    assert parsed.text == "## Plan\n\n- calibrate every fill\n- publish in March"
    assert parsed.warnings == ("1 slide left out that is a step of the slide after it",)


def test_cells_that_stand_under_each_other_are_a_table() -> None:
    rows = [("Year", "Recorded", "Good"), ("2022", "21.7", "20.1"), ("2023", "34.9", "32.8"), ("2024", "47.2", "44.6")]
    lines = [
        (80.0 + 120 * place, 100.0 + 16 * number, 10.0, "helv", cell)
        for number, row in enumerate(rows)
        for place, cell in enumerate(row)
    ]
    parsed = pdf.parse(make([[*lines, (80.0, 200.0, 10.0, "helv", "All values are in inverse femtobarn and final.")]]))
    table = next(mark for mark in parsed.marks if mark.kind == "table")
    assert parsed.text[table.start : table.end] == (
        "| Year | Recorded | Good |\n| --- | --- | --- |\n| 2022 | 21.7 | 20.1 |\n| 2023 | 34.9 | 32.8 |\n"
        "| 2024 | 47.2 | 44.6 |"
    )


def test_typewriter_lines_are_code_with_their_indentation() -> None:
    lines = [
        (80.0, 80.0, 10.0, "helv", "Run this in a fresh shell on any of the login nodes:"),
        (80.0, 100.0, 10.0, "cour", "for run in runs:"),
        (104.0, 112.0, 10.0, "cour", "print(run)"),
    ]
    parsed = pdf.parse(make([lines]))
    code = next(mark for mark in parsed.marks if mark.kind == "code")
    assert parsed.text[code.start : code.end] == "```\nfor run in runs:\n    print(run)\n```"


def test_captions_are_marked() -> None:
    parsed = pdf.parse(make([[(80.0, 80.0, 10.0, "helv", "Figure 3: The rate at each step of the scan.")]]))
    assert [(mark.kind, mark.start) for mark in parsed.marks if mark.kind == "caption"] == [("caption", 0)]


def test_a_raised_exponent_of_a_unit_is_written_with_a_caret() -> None:
    lines = [
        (80.0, 80.0, 12.0, "helv", "recorded 146.4 fb"),
        (171.5, 75.0, 7.0, "helv", "-1"),
        (180.0, 80.0, 12.0, "helv", "in all"),
    ]
    assert "146.4 fb^-1 in all" in pdf.parse(make([lines])).text


def test_ligatures_become_letters_and_superscript_digits_stay() -> None:
    from ingest.formats.pdf.lines import plain

    assert plain("e\ufb03cient, 10\u00b2, \u00b5m, \U0001d45d\u00a0\u2248\u00a02") == "efficient, 10², µm, p ≈ 2"


def test_pages_without_text_ask_for_ocr() -> None:
    with pytest.raises(Unreadable, match=r"no text on any of 2 pages; it needs OCR"):
        pdf.parse(make([[], []]))


def test_one_page_without_text_is_a_warning() -> None:
    parsed = pdf.parse(make([[(80.0, 80.0, 10.0, "helv", "Some text that stands here.")], []]))
    assert parsed.warnings == ("no text on page 2",)


def test_a_password_is_asked_for() -> None:
    raw = make(
        [[(80.0, 80.0, 10.0, "helv", "secret")]], encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="x", owner_pw="y"
    )
    with pytest.raises(Unreadable, match="the PDF asks for a password"):
        pdf.parse(raw)


@pytest.mark.parametrize(
    "raw", [b"", b"%PDF-1.4", b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer<</Root 1 0 R>>\n%%EOF", b"hello"]
)
def test_what_is_no_pdf_is_unreadable(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        pdf.parse(raw)


def test_metadata_tells_title_authors_and_date() -> None:
    document = pymupdf.open(stream=make([[(80.0, 80.0, 10.0, "helv", "Body text of the note.")]]))
    document.set_metadata(
        {"title": "Run 2 luminosity", "author": "A. Example, B. Sample", "modDate": "D:20250616120000+02'00'"}
    )
    parsed = pdf.parse(document.tobytes())
    assert (parsed.title, parsed.authors) == ("Run 2 luminosity", ("A. Example", "B. Sample"))
    assert parsed.modified is not None
    assert parsed.modified.isoformat() == "2025-06-16T12:00:00+02:00"


def test_a_title_that_names_a_file_is_no_title() -> None:
    document = pymupdf.open(stream=paper())
    document.set_metadata({"title": "Microsoft Word - draft3.docx", "author": "user"})
    parsed = pdf.parse(document.tobytes())
    assert (parsed.title, parsed.authors) == ("The luminosity of Run 2", ())


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 3000), st.binary(max_size=20), st.booleans())
def test_damaged_files_are_read_or_refused(golden: ModuleType, position: int, junk: bytes, wide: bool) -> None:
    raw = deck() if wide else paper()
    position %= len(raw)
    try:
        golden.assert_sound(pdf.parse(raw[:position] + junk + raw[position + len(junk) :]))
    except Unreadable:
        return


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(
            st.tuples(
                st.floats(-50, 700),
                st.floats(-50, 900),
                st.floats(1, 60),
                st.sampled_from(["helv", "hebo", "cour"]),
                st.sampled_from(
                    [
                        "1",
                        "- a",
                        "1. b",
                        "Figure 1: x",
                        "word-",
                        "Two words.",
                        "• c",
                        "| d",
                        "#",
                        "12 34",
                        "`",
                        "\u00ad",
                    ]
                ),
            ),
            max_size=25,
        ),
        min_size=1,
        max_size=4,
    ),
    st.booleans(),
)
def test_words_anywhere_give_marks_and_boxes_inside_the_text(
    golden: ModuleType, pages: list[list[tuple[float, float, float, str, str]]], wide: bool
) -> None:
    try:
        golden.assert_sound(pdf.parse(make(pages, wide=wide)))
    except Unreadable:
        return


def test_pages_that_are_turned_are_read_as_they_are_shown() -> None:
    document = pymupdf.open()
    page = document.new_page(width=405, height=720)
    page.insert_text((60, 600), "Turned slide title", fontsize=28, fontname="hebo", rotate=90)
    page.insert_text((160, 600), "- one point of it", fontsize=16, rotate=90)
    page.set_rotation(90)
    parsed = pdf.parse(document.tobytes())
    assert parsed.text == "## Turned slide title\n\n- one point of it"
    assert [mark.label for mark in parsed.marks if mark.kind == "slide"] == ["slide 1: Turned slide title"]


def test_text_that_stands_on_its_side_is_left_out() -> None:
    document = pymupdf.open()
    page = document.new_page()
    page.insert_text((80, 100), "Words of the page, in a line as it should be.", fontsize=11)
    page.insert_text((20, 400), "arXiv:2501.01234v1 [hep-ex]", fontsize=20, rotate=90)
    assert pdf.parse(document.tobytes()).text == "Words of the page, in a line as it should be."


def test_the_numbers_of_lines_in_the_margin_of_a_draft_are_left_out() -> None:
    lines = column(80, 100, [*LEFT, *RIGHT], 10)
    numbers = [(50.0, y, 6.0, "helv", str(count)) for count, (_, y, *_) in enumerate(lines, start=120)]
    text = pdf.parse(make([[*lines, *numbers]])).text
    assert "120" not in text
    assert "two-body rates describes the tails" in text


def test_a_sentence_goes_on_over_the_page_and_its_footnote() -> None:
    first = [
        *column(80, 100, LEFT, 10),
        (80.0, 196.0, 10.0, "helv", "The last sentence of this page runs over to the"),
        (80.0, 780.0, 7.0, "helv", "1 A footnote that stands between, set in small letters"),
    ]
    second = [(80.0, 100.0, 10.0, "helv", "next page, where it ends. Then comes another one.")]
    parsed = pdf.parse(make([first, second]))
    assert "runs over to the next page, where it ends." in parsed.text
    pages = [parsed.text[mark.start : mark.end] for mark in parsed.marks if mark.kind == "page"]
    assert pages[0].endswith("runs over to the")
    assert pages[1].startswith("next page")


def test_numbers_of_headings_tell_their_levels() -> None:
    lines = [
        (80.0, 80.0, 20.0, "hebo", "A note on calibration"),
        (80.0, 120.0, 14.0, "hebo", "1 Method"),
        (80.0, 150.0, 12.0, "hebo", "1.1 Beams"),
        *column(80, 180, LEFT, 10),
        (80.0, 320.0, 14.0, "hebo", "Acknowledgements"),
        *column(80, 350, RIGHT, 10),
    ]
    parsed = pdf.parse(make([lines]))
    assert [(mark.level, mark.label) for mark in parsed.marks if mark.kind == "heading"] == [
        (1, "A note on calibration"),
        (2, "1 Method"),
        (3, "1.1 Beams"),
        (2, "Acknowledgements"),
    ]


def test_authors_stand_under_the_title() -> None:
    lines = [
        (80.0, 80.0, 20.0, "hebo", "A note on calibration"),
        (80.0, 110.0, 11.0, "helv", "Ada Example, Ben Sample and Cy van Dyke"),
        (80.0, 125.0, 10.0, "helv", "University of Nordmark"),
        *column(80, 180, LEFT, 10),
    ]
    assert pdf.parse(make([lines])).authors == ("Ada Example", "Ben Sample", "Cy van Dyke")


def test_the_numbers_at_the_axes_of_a_plot_are_left_out() -> None:
    ticks = [(100.0, 150.0 + 40 * number, 10.0, "helv", f"{number}.5") for number in range(5)]
    title = (60.0, 50.0, 28.0, "hebo", "Rates")
    text = pdf.parse(make([[title, *ticks, (200.0, 350.0, 10.0, "helv", "Rate [kHz]")]], wide=True)).text
    assert text == "## Rates\n\nRate [kHz]"


def picture(words: Iterable[str]) -> Any:
    """A picture of a page with these words on it."""
    page = pymupdf.open(stream=make([column(60, 80, words, 14)]))[0]
    return page.get_pixmap(dpi=100, colorspace=pymupdf.csGRAY)


def with_pictures(raw: bytes, numbers: Iterable[int], words: Iterable[str] = LEFT) -> bytes:
    """A PDF with the picture of some words over these of its pages."""
    document = pymupdf.open(stream=raw)
    shown = picture(words)
    for number in numbers:
        document[number].insert_image(document[number].rect, pixmap=shown, overlay=False)
    data: bytes = document.tobytes()
    return data


def without_language_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TESSDATA_PREFIX", raising=False)


def test_a_page_that_is_a_picture_asks_for_ocr_and_the_others_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    without_language_data(monkeypatch)
    pages = [column(80, 100, LEFT, 10), [], column(80, 100, RIGHT, 10), []]
    parsed = pdf.parse(with_pictures(make(pages), [1]))
    assert "bias was found" in parsed.text
    assert "summer conferences" in parsed.text
    assert parsed.warnings == ("no text on page 4", "page 2 needs OCR: it is a picture with hardly any text")


def test_a_stamp_on_each_page_does_not_make_pictures_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    without_language_data(monkeypatch)
    stamp = [(60.0, 30.0, 8.0, "helv", "HELIX internal note 2025-07, received in the archive")]
    raw = with_pictures(make([stamp] * 4), range(4))
    with pytest.raises(
        Unreadable, match=r"pages 1, 2, 3, 4 need OCR: .*install tesseract-ocr-eng and set TESSDATA_PREF"
    ):
        pdf.parse(raw)


def test_a_document_most_of_whose_pages_are_pictures_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    without_language_data(monkeypatch)
    half = make([column(80, 100, LEFT, 10), []])
    assert "bias was found" in pdf.parse(with_pictures(half, [1])).text
    most = make([column(80, 100, LEFT, 10), [], []])
    with pytest.raises(Unreadable, match=r"pages 2, 3 need OCR: .*; too little of it can be read"):
        pdf.parse(with_pictures(most, [1, 2]))


def test_a_slide_with_a_picture_behind_its_words_is_read() -> None:
    words = [(60.0, 50.0, 28.0, "hebo", "Backup")]
    assert pdf.parse(with_pictures(make([words], wide=True), [0])).text == "Backup"


def shifted(lines: Iterable[str]) -> list[str]:
    """Lines as a font without a map gives them: the number of each glyph, which is that of its letter less 29."""
    return ["".join(chr(ord(each) - 29) if each.isalpha() else each for each in line) for line in lines]


def test_letters_without_sense_are_left_out_and_ask_for_ocr(monkeypatch: pytest.MonkeyPatch) -> None:
    without_language_data(monkeypatch)
    parsed = pdf.parse(make([column(80, 100, LEFT, 10), column(80, 100, shifted(RIGHT), 10)]))
    assert parsed.text.endswith("statistical precision of the fit.")
    assert parsed.warnings == ("page 2 needs OCR: its letters mean nothing: a font does not say what its shapes are",)
    with pytest.raises(Unreadable, match=r"needs? OCR"):
        pdf.parse(make([column(80, 100, shifted(RIGHT), 10)]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" ".join(LEFT), False),
        (" ".join(shifted(LEFT)), True),
        ("\ue041\ue042\ue043 \ue044\ue045 a b", True),
        ("Größe naïve café 10 µm → 5 °C", False),
        ("GrÃ¶Ã\x9fe cafÃ© dÃ©jÃ\xa0", True),
        ("MSSM NMSSM pMSSM HLLHC WLCG " * 20 + "of the", False),
        ("измерение светимости детектора " * 30, False),
        ("", False),
    ],
)
def test_garbled_text_is_told_from_text(text: str, expected: bool) -> None:
    assert quality.garbled(text) is expected


def test_a_page_is_read_off_its_picture_where_language_data_are_there() -> None:
    if "eng" not in ocr.languages():
        pytest.skip("TESSDATA_PREFIX names no language data")
    lines = ("The uncertainty of the total is 1.3 percent.", "Its largest part comes from the beams.")
    parsed = pdf.parse(with_pictures(make([[]]), [0], lines))
    assert parsed.text == " ".join(lines)
    assert parsed.warnings == ("page 1 was read off its picture (OCR)",)

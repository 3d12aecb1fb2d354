"""What makes papers hard to read: running heads, floats within sentences, narrow tables, marks of footnotes."""

import importlib
from collections.abc import Iterable
from typing import Any

from ingest.formats import pdf

pymupdf: Any = importlib.import_module("pymupdf")

Line = tuple[float, float, float, str, str]


def make(*pages: Iterable[Line]) -> bytes:
    """A PDF whose pages are lists of (x, y, size, font, words)."""
    document = pymupdf.open()
    for lines in pages:
        page = document.new_page(width=595, height=842)
        for x, y, size, font, words in lines:
            page.insert_text((x, y), words, fontsize=size, fontname=font)
    data: bytes = document.tobytes()
    return data


def prose(y: float, *lines: str, x: float = 80.0, size: float = 10.0) -> list[Line]:
    return [(x, y + 1.2 * size * number, size, "helv", words) for number, words in enumerate(lines)]


def cells(y: float, rows: Iterable[Iterable[str]], columns: Iterable[float]) -> list[Line]:
    places = list(columns)
    return [
        (x, y + 14 * number, 10.0, "helv", words)
        for number, row in enumerate(rows)
        for x, words in zip(places, row, strict=True)
    ]


SENTENCE = (
    "The rate at each step of a scan gives the effective cross section of a detector, and",
    "the scans of all years were made with steps of the same length and the same order.",
)


def test_a_running_head_that_stands_a_little_further_in_is_dropped_with_the_number_beside_it() -> None:
    pages = [
        [
            (80.0, 118.0, 10.0, "helv", "HELIX note 2026-11"),
            (500.0, 118.0, 10.0, "helv", str(number)),
            *prose(150, *words),
        ]
        for number, words in ((1, SENTENCE), (2, SENTENCE[::-1]), (3, SENTENCE))
    ]
    text = pdf.parse(make(*pages)).text
    assert "note" not in text
    assert not any(number in text for number in "123")


def test_a_date_in_large_letters_is_no_heading() -> None:
    lines = [
        (80.0, 80.0, 18.0, "hebo", "The beam spot in Run 4"),
        (80.0, 110.0, 13.0, "helv", "12 June 2026"),
        *prose(150, *SENTENCE),
    ]
    headings = [mark.label for mark in pdf.parse(make(lines)).marks if mark.kind == "heading"]
    assert headings == ["The beam spot in Run 4"]


def test_a_sentence_goes_on_after_the_table_that_stands_within_it() -> None:
    lines = [
        *prose(80, *SENTENCE, "The whole method is described at length in the note, where the un-"),
        *prose(130, "Table 1: What was recorded in two of the years.", size=9),
        *cells(150, [("Year", "Recorded"), ("2023", "34.9"), ("2024", "47.2")], (80, 160)),
        *prose(210, "certainties are given, and it is the same for all detectors and years."),
    ]
    text = pdf.parse(make(lines)).text
    assert text.startswith("Table 1: What was recorded in two of the years.\n\n| Year | Recorded |")
    assert text.endswith(
        "in the note, where the uncertainties are given, and it is the same for all detectors and years."
    )


def test_a_number_that_ends_a_reference_stays_with_it() -> None:
    lines = prose(80, "[1] A. Example, A paper on filters and what they do, J. Phys. 12 (2020)", "345.")
    assert pdf.parse(make(lines)).text == lines[0][4] + " 345."


def test_a_word_with_a_capital_within_is_mended_where_the_document_has_it_whole() -> None:
    lines = prose(
        80,
        "All of PostScript is drawn here, and the way from Post-",
        "Script to paper is short, as of a Post-",
        "Office door.",
    )
    assert pdf.parse(make(lines)).text == (
        "All of PostScript is drawn here, and the way from PostScript to paper is short, as of a Post-Office door."
    )


def test_the_mark_of_a_footnote_is_dropped() -> None:
    for words, mark in (("It was first described in 2019.", "3"), ("The beam spot in Run 4: a note", "*")):
        end = 80 + pymupdf.get_text_length(words, fontname="helv", fontsize=12)
        lines = [(80.0, 80.0, 12.0, "helv", words), (end, 75.0, 7.0, "helv", mark)]
        assert pdf.parse(make(lines)).text == words


def test_columns_as_near_as_latex_sets_them_are_cells_and_the_heading_below_is_none() -> None:
    rows = [
        ("Cut", "What it does", "Kept"),
        ("Trigger", "one muon or electron", "45%"),
        ("Vertex", "five tracks", "97%"),
    ]
    widest = [max(pymupdf.get_text_length(row[column], fontsize=10) for row in rows) for column in range(2)]
    first, second = 80 + widest[0] + 11, 80 + widest[0] + 11 + widest[1] + 11
    lines = [
        *cells(80, rows, (80, first, second)),
        (80.0, 130.0, 14.0, "hebo", "Acknowledgements"),
        *prose(150, *SENTENCE),
    ]
    parsed = pdf.parse(make(lines))
    table = next(mark for mark in parsed.marks if mark.kind == "table")
    assert parsed.text[table.start : table.end] == (
        "| Cut | What it does | Kept |\n| --- | --- | --- |\n| Trigger | one muon or electron | 45% |\n"
        "| Vertex | five tracks | 97% |"
    )
    assert "Acknowledgements" in [mark.label for mark in parsed.marks if mark.kind == "heading"]


def test_the_numbers_of_references_are_no_column() -> None:
    items = (
        "A. Example, A paper on filters, J. Phys.",
        "B. Sample, Another one, J. Phys.",
        "C. Third, The last, J. Phys.",
    )
    lines = [
        line
        for number, words in enumerate(items)
        for line in cells(80 + 14 * number, [(f"[{number}]", words)], (80, 101))
    ]
    assert not [mark for mark in pdf.parse(make(lines)).marks if mark.kind == "table"]


def test_a_reference_is_one_paragraph_though_a_line_of_it_ends_with_a_colon() -> None:
    lines = [
        *prose(80, "[2] B. Sample, The theory of scans. Moscow:"),
        *prose(92, "Energia, 1964.", x=95),
        *prose(104, "[3] C."),
    ]
    assert pdf.parse(make(lines)).text == "[2] B. Sample, The theory of scans. Moscow: Energia, 1964.\n\n[3] C."


def test_a_paragraph_beside_its_term_is_no_table() -> None:
    words = (
        ("rate", "The standard of the rate is what the counters of the last scan"),
        ("drift", "of the year have shown, and it is followed by special runs of the"),
        ("tails", "machine in which the beams are moved against each other in steps"),
    )
    assert not [mark for mark in pdf.parse(make(cells(80, words, (80, 140)))).marks if mark.kind == "table"]

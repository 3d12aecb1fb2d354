"""Runs in full where the extra ``office`` is installed; what needs no library is tested everywhere."""

import importlib
import importlib.util
import io
import socket
import zipfile
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.errors import MissingLibrary, Unreadable
from ingest.formats import office

INSTALLED = importlib.util.find_spec("unstructured") is not None
needs_office = pytest.mark.skipif(not INSTALLED, reason="the extra office is not installed")
# Libraries that unstructured takes with it warn of what they will drop.
pytestmark = pytest.mark.filterwarnings("ignore")


def docx() -> bytes:
    """A document with headings, a list, a table and an equation."""
    library: Any = importlib.import_module("docx")
    document = library.Document()
    document.core_properties.title = "Shift guide"
    document.core_properties.author = "Ada Example"
    document.add_heading("Start", 1)
    document.add_paragraph("Look at the high voltage of layer 1 before the beams are injected.")
    document.add_paragraph("Call the expert", style="List Bullet")
    document.add_paragraph("Write it down", style="List Bullet")
    document.add_heading("Values", 2)
    table = document.add_table(2, 2)
    for row, cells in enumerate((("Part", "HV"), ("HPix", "350 V"))):
        for column, words in enumerate(cells):
            table.cell(row, column).text = words
    parser: Any = importlib.import_module("docx.oxml.parser")
    math = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    document.add_paragraph("It is ")._p.append(parser.parse_xml(f"<m:oMath {math}><m:r><m:t>x</m:t></m:r></m:oMath>"))
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


@needs_office
def test_a_word_document_is_read_with_headings_lists_and_tables(golden: ModuleType) -> None:
    parsed = office.parse(docx(), "guide.docx")
    golden.assert_sound(parsed)
    assert parsed.text == (
        "# Start\n\nLook at the high voltage of layer 1 before the beams are injected.\n\n"
        "- Call the expert\n- Write it down\n\n## Values\n\n| Part | HV |\n| --- | --- |\n| HPix | 350 V |\n\nIt is"
    )
    assert [(mark.kind, mark.level) for mark in parsed.marks] == [("heading", 1), ("heading", 2), ("table", 0)]
    assert (parsed.title, parsed.authors) == ("Shift guide", ("Ada Example",))
    assert parsed.modified is not None
    assert parsed.warnings == ("1 equation left out",)


@needs_office
def test_reading_speaks_to_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("somebody asked the network")

    monkeypatch.setattr(socket, "getaddrinfo", refused)
    monkeypatch.setattr(socket.socket, "connect", refused)
    assert office.parse(docx(), "guide.docx").text


@needs_office
def test_sheets_are_headings_and_tables(golden: ModuleType) -> None:
    library: Any = pytest.importorskip("openpyxl")
    book = library.Workbook()
    book.active.title = "Limits"
    for row in (("Layer", "HV"), (1, 350)):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    parsed = office.parse(out.getvalue(), "limits.xlsx")
    golden.assert_sound(parsed)
    assert parsed.text == "## Limits\n\n| Layer | HV |\n| --- | --- |\n| 1 | 350 |"


@needs_office
@pytest.mark.parametrize("kind", ["odt", "rtf"])
def test_other_text_documents_are_read_through_pandoc(golden: ModuleType, kind: str, tmp_path: Any) -> None:
    library: Any = pytest.importorskip("pypandoc")
    (tmp_path / "guide.docx").write_bytes(docx())
    made = tmp_path / f"guide.{kind}"
    library.convert_file(str(tmp_path / "guide.docx"), kind, outputfile=str(made), extra_args=["--standalone"])
    parsed = office.parse(made.read_bytes(), made.name)
    golden.assert_sound(parsed)
    assert "# Start\n\nLook at the high voltage" in parsed.text
    assert "| HPix | 350 V |" in parsed.text


@needs_office
@settings(max_examples=15, deadline=None)
@given(st.integers(0, 40_000), st.binary(min_size=1, max_size=8))
def test_damaged_documents_are_read_or_refused(golden: ModuleType, position: int, junk: bytes) -> None:
    raw = docx()
    position %= len(raw)
    try:
        golden.assert_sound(office.parse(raw[:position] + junk + raw[position + len(junk) :], "guide.docx"))
    except Unreadable:
        return


@pytest.mark.skipif(INSTALLED, reason="the extra office is installed")
def test_without_the_library_the_error_says_how_to_install_it() -> None:
    with pytest.raises(MissingLibrary, match=r"pip install 'collabqa\[office\]'"):
        office.parse(archive("word/document.xml"), "guide.docx")


def archive(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in names:
            made.writestr(name, "<x/>")
    return out.getvalue()


@pytest.mark.parametrize(
    ("head", "name", "known"),
    [
        (archive("word/document.xml"), "guide", True),
        (archive("xl/workbook.xml"), "limits", True),
        (archive("[Content_Types].xml"), "guide.docx", True),
        (b"{\\rtf1\\ansi", "guide", True),
        (archive("ppt/presentation.xml"), "talk.pptx", False),
        (archive("notes.txt"), "notes.zip", False),
        (b"words", "guide.docx", False),
    ],
)
def test_office_files_are_recognised_by_their_members_or_names(head: bytes, name: str, known: bool) -> None:
    assert office.recognises(head, name) is known


@pytest.mark.parametrize("raw", [b"", b"words", b"PK\x03\x04 broken"])
def test_what_is_no_office_file_is_unreadable(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        office.parse(raw, "guide.docx")

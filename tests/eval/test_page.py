"""The report as a page, as JSON and as a table."""

import json
from html.parser import HTMLParser
from io import StringIO

from rich.console import Console

from eval.page import page
from eval.report import Column, Line, Report, Row, as_json, print_report
from eval.score import Score

EVIL = '<script>alert("1")</script>&'
REPORT = Report(
    "Questions",
    [("half", "dev")],
    [Column("atoms", "Share of the facts.", "higher"), Column("leak", "Must be 0.", "lower")],
    [
        Line("all", {"atoms": Score(0.5, 0.25, 0.75, 4), "leak": Score(0.0, 0.0, 0.2, 4)}),
        Line(EVIL, {"atoms": Score(None, reason=EVIL)}, note=EVIL),
    ],
    [
        Row("1", "answerable", "Right?", {"atoms": 1.0}, "right", failed=False),
        Row(EVIL, EVIL, EVIL, {"atoms": None}, EVIL, failed=True, details=[(EVIL, EVIL)]),
    ],
)


class Tags(HTMLParser):
    """Collects the tags of a page, and checks that each is closed."""

    VOID = frozenset({"meta"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_what_documents_and_questions_say_is_never_markup() -> None:
    tags = Tags()
    tags.feed(page(REPORT))
    assert not tags.open
    assert "script" not in tags.seen
    assert "&lt;script&gt;alert" in page(REPORT)


def test_the_page_needs_nothing_else() -> None:
    made = page(REPORT)
    assert "http" not in made
    assert "url(" not in made
    assert "prefers-color-scheme: dark" in made
    assert 'name="viewport"' in made


def test_failures_stand_first() -> None:
    made = page(REPORT)
    assert made.index('class="failed"') < made.index('class="passed"')
    assert "2 questions, 1 failed" in made


def test_the_json_has_no_nan_and_every_missing_value_a_reason() -> None:
    read = json.loads(json.dumps(as_json(REPORT), allow_nan=False))
    assert read["lines"][0]["scores"]["atoms"] == {"value": 0.5, "low": 0.25, "high": 0.75, "n": 4}
    assert read["lines"][1]["scores"]["atoms"] == {"value": None, "reason": EVIL}
    assert [each["failed"] for each in read["questions"]] == [True, False]


def test_the_table_shows_figures_intervals_and_failed_questions() -> None:
    out = StringIO()
    print_report(REPORT, Console(file=out, width=120))
    assert "0.500" in out.getvalue()
    assert "0.250–0.750" in out.getvalue()
    assert "1 of 2 questions failed" in out.getvalue()

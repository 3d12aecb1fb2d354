"""What an evaluation found: figures with intervals, and a row for each question; as JSON and as a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.shape import Json
from eval.score import Better, Score

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True, slots=True)
class Column:
    """A metric as a report shows it."""

    name: str
    text: str
    better: Better


@dataclass(frozen=True, slots=True)
class Line:
    """What was measured of one kind of question, or of one system: scores by metric name. note says what is special."""

    name: str
    scores: Mapping[str, Score]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One question: what it scored by metric name, a verdict in words, and what a person needs to judge it."""

    id: str
    kind: str
    question: str
    values: Mapping[str, float | None]
    verdict: str
    failed: bool
    details: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The figures, the questions, and the facts under which they were measured."""

    title: str
    facts: Sequence[tuple[str, str]]
    columns: Sequence[Column]
    lines: Sequence[Line]
    rows: Sequence[Row] = ()

    @property
    def failures_first(self) -> list[Row]:
        """The rows, those that failed before the others."""
        return sorted(self.rows, key=lambda row: not row.failed)


def as_json(report: Report) -> dict[str, Json]:
    """The report as JSON; a score without a value has a reason."""
    return {
        "title": report.title,
        "facts": dict(report.facts),
        "metrics": {each.name: {"text": each.text, "better": each.better} for each in report.columns},
        "lines": [
            {
                "name": line.name,
                "note": line.note,
                "scores": {name: _score(score) for name, score in line.scores.items()},
            }
            for line in report.lines
        ],
        "questions": [
            {
                "id": row.id,
                "kind": row.kind,
                "question": row.question,
                "verdict": row.verdict,
                "failed": row.failed,
                "values": dict(row.values),
                "details": dict(row.details),
            }
            for row in report.failures_first
        ],
    }


def _score(score: Score) -> dict[str, Json]:
    if score.value is None:
        return {"value": None, "reason": score.reason}
    return {"value": score.value, "low": score.low, "high": score.high, "n": score.n}


def print_report(report: Report, out: "Console") -> None:
    """The figures as a table, and under it the questions that failed."""
    from rich.table import Table
    from rich.text import Text

    out.print(Text(report.title, "bold"))
    out.print(Text("; ".join(f"{name} {value}" for name, value in report.facts), "dim"))
    table = Table("", box=None, header_style="bold", pad_edge=False)
    for line in report.lines:
        table.add_column(Text(line.name), justify="right")
    for column in report.columns:
        better = "↑" if column.better == "higher" else "↓"
        table.add_row(Text(f"{column.name} {better}"), *(_cell(line.scores.get(column.name)) for line in report.lines))
    out.print(table)
    for line in report.lines:
        if line.note:
            out.print(Text(f"{line.name}: {line.note}", "dim"))
    failed = [row for row in report.rows if row.failed]
    if failed:
        out.print(Text(f"\n{len(failed)} of {len(report.rows)} questions failed:", "bold"))
    for row in failed:
        out.print(Text.assemble((f"{row.verdict:<23} ", "red"), row.question, (f" ({row.id})", "dim")))


def _cell(score: Score | None) -> str:
    if score is None or score.value is None:
        return "–"
    if score.low is None or score.high is None:
        return f"{score.value:.3f}"
    return f"{score.value:.3f}\n{score.low:.3f}–{score.high:.3f}"

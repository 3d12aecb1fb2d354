"""A report as one HTML page that needs nothing else: light and dark, wide and narrow, failures first."""

from collections.abc import Iterator
from html import escape

from eval.report import Line, Report, Row
from eval.score import Score

_STYLE = """
:root { color-scheme: light dark; --ink: #1c1e21; --soft: #5f6670; --paper: #ffffff; --line: #d9dde2; --card: #f5f6f8;
  --good: #1a7f4b; --bad: #b3261e; --bar: #3d6fd1; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7e9ec; --soft: #9aa3ad; --paper: #15171a; --line: #343940;
  --card: #1e2125; --good: #5fcf94; --bad: #ff8a80; --bar: #7fa6f5; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 68rem; color: var(--ink); background: var(--paper);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 0 0 .3rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .6rem; }
.facts, .note, dt, small { color: var(--soft); } .facts { margin: 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%; overflow-wrap: normal; }
th, td { padding: .45rem .7rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap;
  vertical-align: top; }
th:first-child { text-align: left; position: sticky; left: 0; background: var(--paper); }
td small { display: block; }
.bar { display: block; position: relative; height: .3rem; margin-top: .2rem; background: var(--line); min-width: 4rem; }
.bar i { position: absolute; top: 0; bottom: 0; background: var(--bar); }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .4rem 0; background: var(--card); }
summary { padding: .55rem .8rem; cursor: pointer; display: flex; flex-wrap: wrap; gap: .2rem .8rem; }
summary b { flex: 0 0 11rem; } summary span { flex: 1 1 16rem; }
.failed b { color: var(--bad); } .passed b { color: var(--good); }
dl { margin: 0; padding: .2rem .8rem .8rem; } dt { font-size: .85rem; margin-top: .5rem; }
dd { margin: 0; white-space: pre-wrap; }
"""


def page(report: Report) -> str:
    """The page; every text of a document or a question is escaped."""
    return "".join(_parts(report))


def _parts(report: Report) -> Iterator[str]:
    title = escape(report.title)
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    facts = " · ".join(f"{escape(name)} {escape(value)}" for name, value in report.facts)
    yield f'<p class="facts">{facts}</p>\n'
    yield from _table(report)
    yield "<h2>What the figures mean</h2>\n<dl>\n"
    for column in report.columns:
        yield f"<dt>{escape(column.name)}, {column.better} is better</dt><dd>{escape(column.text)}</dd>\n"
    yield "</dl>\n<p class='note'>Below each figure stands its 95 % interval.</p>\n"
    failed = sum(row.failed for row in report.rows)
    if report.rows:
        yield f"<h2>{len(report.rows)} questions, {failed} failed</h2>\n"
    for row in report.failures_first:
        yield from _question(row)
    yield "</body>\n</html>\n"


def _table(report: Report) -> Iterator[str]:
    yield '<div class="scroll"><table>\n<thead><tr><th></th>'
    for column in report.columns:
        yield f'<th scope="col">{escape(column.name)} {"↑" if column.better == "higher" else "↓"}</th>'
    yield "</tr></thead>\n<tbody>\n"
    for line in report.lines:
        yield f'<tr><th scope="row">{escape(line.name)}</th>'
        for column in report.columns:
            yield _cell(line.scores.get(column.name))
        yield "</tr>\n"
    yield "</tbody></table></div>\n"
    yield from (_note(line) for line in report.lines if line.note)


def _note(line: Line) -> str:
    return f'<p class="note">{escape(line.name)}: {escape(line.note)}</p>\n'


def _cell(score: Score | None) -> str:
    if score is None or score.value is None:
        reason = escape(score.reason if score else "not measured", quote=True)
        return f'<td title="{reason}">–</td>'
    if score.low is None or score.high is None:
        return f"<td>{score.value:.3f}</td>"
    drawn = ""
    if score.high <= 1:
        left, width = 100 * score.low, max(1.0, 100 * (score.high - score.low))
        drawn = f'<span class="bar"><i style="left:{left:.1f}%;width:{width:.1f}%"></i></span>'
    interval = f"{score.low:.3f}–{score.high:.3f}"
    return f'<td title="n = {score.n}">{score.value:.3f}{drawn}<small>{interval}</small></td>'


def _question(row: Row) -> Iterator[str]:
    yield f'<details class="{"failed" if row.failed else "passed"}"><summary><b>{escape(row.verdict)}</b>'
    yield f"<span>{escape(row.question)}</span><small>{escape(row.kind)} · {escape(row.id)}</small></summary>\n<dl>"
    for name, text in row.details:
        yield f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>\n"
    values = " · ".join(f"{name} {value:.2f}" for name, value in row.values.items() if value is not None)
    yield f"<dt>scores</dt><dd>{escape(values)}</dd>\n</dl></details>\n"

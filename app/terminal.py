"""What the command line shows a person."""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markdown import Markdown
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from app.answer import EXTRACTIVE, Verdict
from app.labels import DOUBTFUL, SIGNS, made, tally, worst

_COLOURS: Mapping[Verdict, str] = {
    "supported": "green",
    "partly": "yellow",
    "not checked": "dim",
    "numbers differ": "red",
    "not supported": "red",
}


def console() -> Console:
    """Standard output. Where it is no terminal nothing is wrapped, and tables get the width that they need."""
    shown = sys.stdout.isatty()
    return Console(highlight=False, soft_wrap=not shown, width=None if shown else 200)


def followed(events: Iterator[Mapping[str, Any]], *, shown: bool) -> Mapping[str, Any]:
    """Follow an ingest to its report, with a bar per source on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    err = Console(stderr=True)
    with Progress(*columns, console=err, disable=not (shown and err.is_terminal), transient=True) as bars:
        tasks: dict[str, Any] = {}
        for event in events:
            if event["event"] == "report":
                report: Mapping[str, Any] = event["report"]
                return report
            name = event["source"]
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=event["total"])
            bars.update(tasks[name], completed=event["done"])
    raise AssertionError("an ingest ends with its report")


def print_report(report: Mapping[str, Any], *, public: bool) -> None:
    """The summary of an ingest."""
    out = console()
    out.print(
        f"Found {report['found']}: {report['indexed']} indexed, {report['unchanged']} unchanged, "
        f"{len(report['skipped'])} skipped, {len(report['quarantined'])} in quarantine; "
        f"{report['removed']} removed; {report['seconds']:.1f} s."
    )
    if public and report["found"]:
        out.print("They are public on this index: everyone who can ask may read them (--readers GROUP narrows it).")
    reasons: dict[str, int] = {}
    for each in report["skipped"]:
        reasons[each["reason"]] = reasons.get(each["reason"], 0) + 1
    for reason, count in sorted(reasons.items(), key=lambda each: (-each[1], each[0])):
        out.print(f"  skipped {count}: {reason}", markup=False)
    for each in report["quarantined"]:
        out.print(f"  quarantine: {each['uri']}: {each['reason']}", style="red", markup=False)
    for each in report["failed"]:
        out.print(f"  not read: {each['source']}: {each['reason']}", style="red", markup=False)
    for note in report["notes"]:
        out.print(f"  note: {note}", style="yellow", markup=False)


def print_passages(found: Mapping[str, Any]) -> None:
    """A ranking, best first."""
    out = console()
    for each in found["passages"]:
        why = ", ".join(f"{leg} {rank}" for leg, rank in each["ranks"].items())
        out.print(
            Text.assemble(
                (f"{each['rank']:>3}. {_place(each)}", "bold"), _doubt(each), (f"  {each['score']:.3f} ({why})", "dim")
            )
        )
        out.print(Text(f"     {each['link']}", "cyan"))
        out.print(Text(f"     {_shortened(each['text'], 300)}"))
    for note in found["notes"]:
        out.print(Text(note, "yellow"))
    if not found["passages"]:
        out.print("Nothing found.")


def print_answer(answer: Mapping[str, Any]) -> None:
    """An answer, and under it every place that it cites with the worst verdict on the sentences that rest on it."""
    out = console()
    out.print(Markdown(answer["text"]) if sys.stdout.isatty() else Text(answer["text"]))
    out.print()
    uses: dict[str, list[Mapping[str, Any]]] = {}
    for claim in answer["claims"]:
        for each in claim["citations"]:
            uses.setdefault(each["marker"], []).append(each)
    for citations in uses.values():
        _print_cited(out, citations, quoted=answer["model"] != EXTRACTIVE)
    for note in answer["notes"]:
        out.print(Text(note, "yellow"))
    bare = sum(not claim["citations"] for claim in answer["claims"])
    how = made(
        answer["model"],
        refused=answer["refused"],
        sentences=len(answer["claims"]),
        bare=bare,
        seconds=answer["seconds"],
    )
    out.print(Text(how, "dim"))


def _print_cited(out: Console, citations: Sequence[Mapping[str, Any]], *, quoted: bool) -> None:
    """A place, with what was said of the sentences that cite it; quoted shows the words that the worst rests on."""
    verdicts = [each["verdict"] for each in citations]
    verdict = worst(verdicts)
    shown = citations[verdicts.index(verdict)]
    out.print(
        Text.assemble(
            (f"[{shown['marker']}] ", "bold"),
            (f"{SIGNS[verdict]} {tally(verdicts)}", _COLOURS[verdict]),
            f"  {_place(shown)}",
            _doubt(shown),
        )
    )
    out.print(Text(f"    {shown['link']}", "cyan"))
    if quoted:
        out.print(Text(f"    “{_shortened(shown['quote'], 160)}”", "dim"))


def _place(each: Mapping[str, Any]) -> str:
    return " > ".join(part for part in (each["title"], each["heading"]) if part)


def _doubt(each: Mapping[str, Any]) -> tuple[str, str]:
    """Why a document must not be relied on without a look, or nothing."""
    doubt = DOUBTFUL.get(each["status"])
    return (f" ({doubt})", "red") if doubt else ("", "")


def print_document(found: Mapping[str, Any]) -> None:
    """A document with the borders of its chunks."""
    out = console()
    out.print(Text(found["title"], "bold"))
    for key in ("uri", "kind", "source", "modified", "version", "status", "parent", "thread"):
        if found[key]:
            out.print(Text(f"{key}: {found[key]}"))
    out.print(Text(f"authors: {', '.join(found['authors']) or 'unknown'}"))
    out.print(Text(f"readers: {' and '.join(' or '.join(clause) or 'nobody' for clause in found['readers'])}"))
    for warning in found["warnings"]:
        out.print(Text(f"warning: {warning}", "yellow"))
    for number, chunk in enumerate(found["chunks"], 1):
        quoted = ", quoted" if chunk["quoted"] else ""
        out.print(
            Text(
                f"── chunk {number}: {chunk['kind']}{quoted}, {chunk['start']}–{chunk['end']}  {chunk['link']}", "cyan"
            )
        )
        out.print(Text(chunk["text"].rstrip()))


def print_status(found: Mapping[str, Any]) -> None:
    """What the index holds: a table of the sources, and under it what went wrong, by source."""
    out = console()
    out.print(Text(f"{found['documents']} documents, {found['chunks']} passages in {found['data']}"))
    out.print(Text(f"embedded with {found['model']}", "dim"))
    table = Table("source", "documents", "passages", "oldest", "newest", "last complete", "last try", box=None)
    table.header_style = "bold"
    for each in found["sources"]:
        counts = (str(each["documents"]), str(each["chunks"]))
        days = ((each[key] or "")[:10] for key in ("oldest", "newest"))
        complete, last = ((each[key] or "never")[:16].replace("T", " ") for key in ("last_complete", "last_try"))
        table.add_row(Text(each["source"]), *counts, *days, complete, "" if last == complete else last)
    out.print(table)
    for each in found["sources"]:
        if each["reason"]:
            out.print(Text(f"{each['source']}: {each['reason'].removeprefix(each['source'] + ': ')}", "yellow"))
    if found["skipped"]:
        out.print(Text(f"{found['skipped']} without text"))
    for each in found["quarantined"]:
        out.print(Text(f"quarantine: {each['source']}: {each['uri']}: {each['reason']}", "red"))


def _shortened(text: str, length: int) -> str:
    plain = re.sub(r"\s+", " ", text).strip()
    return plain if len(plain) <= length else plain[:length].rsplit(" ", 1)[0] + " …"

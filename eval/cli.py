"""The group of commands ``collabqa eval``."""

import json
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Literal, Self

import typer

from app.shape import Json
from eval.report import Report

if TYPE_CHECKING:
    from rich.progress import TaskID

    from app.config import Settings
    from index.report import Progress as Ingested

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Measure how good the answers are.")

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
HtmlOption = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write the report as one HTML page.")]
DataOption = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="Where the index is kept for the next time.")
]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Settings whose models are measured, not the built-in.")
]


@app.command()
def retrieval(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="corpus.jsonl, queries.jsonl and qrels.tsv.")],
    peers: Annotated[bool, typer.Option(help="Also run what we compare with.")] = True,
    data: DataOption = None,
    config: ConfigOption = None,
    html: HtmlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Rank the documents of a judged collection (in the form of BEIR) and score the rankings."""
    from eval.tasks import beir, peer
    from eval.tasks import retrieval as task

    cases = beir.cases(folder)
    settings = _settings(config)
    key = f"{folder.resolve().name}-{beir.fingerprint(folder)[:12]}"
    with _Bars(shown=not as_json) as bars:
        with task.corpus_site(folder, data or _cache(key, settings), settings, progress=bars.ingested) as site:
            systems = dict(task.rankings(site, cases, progress=bars.counter("questions", len(cases))))
            notes = {"dense": site.index.embedder.name}
        scripts = peer.PEERS if peers else {}
        step = bars.counter("what we compare with", len(scripts))
        for name, script in scripts.items():
            ran = peer.rankings(script, folder, cases, depth=task.DOCUMENTS)
            systems[name], notes[name] = ran.rankings, ran.note
            step()
    facts = [("questions", str(len(cases)))]
    _show(task.report(f"Retrieval: {folder.resolve().name}", cases, systems, facts, notes=notes), html, as_json)


@app.command()
def run(
    half: Annotated[
        str, typer.Option(help="dev or test: the half of the questions. Change things by dev only.")
    ] = "dev",
    data: DataOption = None,
    config: ConfigOption = None,
    html: HtmlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask the sample collaboration's questions and judge the answers."""
    if half not in ("dev", "test"):
        raise typer.BadParameter(f"{half!r} is neither dev nor test", param_hint="--half")
    _show(_sample("dev" if half == "dev" else "test", data, config, shown=not as_json), html, as_json)


@app.command()
def gate(
    floors: Annotated[Path | None, typer.Option(metavar="FILE", help="Floors other than the project's.")] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask the test half without a model and hold the figures against the floors; exit status 1 below any."""
    from eval import gate as gates
    from eval.tasks import sample

    wanted = gates.load(floors)
    measured = _sample("test", data, None, shown=not as_json)
    checks = gates.checked(wanted, measured.lines, questions=sample.question_hash("test"))
    if as_json:
        _print_json({"passed": all(each.passed for each in checks), "checks": gates.as_json(checks)})
    else:
        from app.terminal import console

        gates.print_checks(checks, console())
    raise typer.Exit(0 if all(each.passed for each in checks) else 1)


@app.command()
def real(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder that holds the sets of documents.")],
    only: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME", help="Only this set (repeat it for several).")
    ] = None,
    questions: Annotated[Path | None, typer.Option(metavar="FILE", help="Questions other than the project's.")] = None,
    markdown: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the page; what is written by hand in it stays.")
    ] = None,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read real documents the whole way, ask questions on them, and count everything."""
    from eval.tasks import real as task

    asked = [each for each in task.load(questions) if not only or each.set in only]
    settings = _settings(config)
    with _Bars(shown=not as_json) as bars:
        measured = task.measure(
            folder,
            data or _cache("real", settings),
            settings,
            asked,
            asked=bars.counter("questions", len(asked)),
        )
    page = task.markdown(measured)
    if markdown is not None:
        old = markdown.read_text(encoding="utf-8") if markdown.exists() else ""
        markdown.write_text(task.written(page, old), encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(task.as_json(measured), ensure_ascii=False, indent=2))
    elif markdown is None:
        typer.echo(page)


@app.command()
def parse(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="NAME.jsonl, and NAME/ with topics and their Markdown.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Judge how TWiki topics are read by the Markdown that was made of them; exit status 1 below what is wanted."""
    from eval.tasks import parse as task

    pairs, dropped = task.load(folder)
    with _Bars(shown=not as_json) as bars:
        step = bars.counter("topics", len(pairs))
        made = task.judged_all(pairs, dropped, judged=step)
    if as_json:
        _print_json(task.as_json(made))
    else:
        typer.echo("\n".join(task.lines(made)))
    raise typer.Exit(0 if made.holds else 1)


@app.command()
def latex(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="LaTeX documents: a folder, an archive or a file.")],
    aux: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="An .aux file that TeX made of a main file of this name.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Count what is read of LaTeX documents, and hold their numbers against those that TeX gave."""
    from eval.tasks import latex as task

    found = list(task.readings(folder, aux or ()))
    if as_json:
        _print_json(task.as_json(found))
    else:
        typer.echo(task.written(found))


@app.command()
def reading(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder that holds the sets of documents.")],
    aux: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="An .aux file that TeX made of a main file of this name.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Every judge of how documents are read: TWiki topics, LaTeX, threads of mail; exit status 1 below any bound."""
    from eval.tasks import latex, parse, threads

    wiki = parse.judged_all(*parse.load(folder / "osg_twiki" / "pairs"))
    papers = [each for tree in sorted((folder / "latex").iterdir()) for each in latex.readings(tree, aux or ())]
    archives = {page.parents[1] for page in folder.glob("mail/*/*/thread.html")}
    mail = {archive.name: threads.judge(archive) for archive in sorted(archives)}
    if as_json:
        judged: dict[str, Json] = {name: threads.as_json(each) for name, each in mail.items()}
        _print_json({"twiki": parse.as_json(wiki), "latex": latex.as_json(papers), "threads": judged})
    else:
        typer.echo("\n".join(["TWiki topics", *parse.lines(wiki), "", "LaTeX", latex.written(papers)]))
        for name, each in mail.items():
            typer.echo("\n".join(["", f"Threads of {name}", *threads.lines(each)]))
    holds = wiki.holds and all(each.holds for each in papers) and all(each.holds for each in mail.values())
    raise typer.Exit(0 if holds else 1)


def _sample(half: Literal["dev", "test"], data: Path | None, config: Path | None, *, shown: bool) -> Report:
    """The report of a half; that of the test half has no rows, so that nobody changes things by its questions."""
    from dataclasses import replace

    from eval.tasks import sample

    cases = sample.questions(half)
    settings = _settings(config)
    with (
        _Bars(shown=shown) as bars,
        sample.sample_site(data or _cache("sample", settings), settings, progress=bars.ingested) as site,
    ):
        outcomes = sample.answers(site, cases, progress=bars.counter("questions", len(cases)))
        held = site.index.status()
    facts = [
        ("half", half),
        ("questions", str(len(cases))),
        ("documents", str(held.documents)),
        ("embedded with", held.model),
        ("answers", settings.model.name or "the documents' own sentences"),
    ]
    made = sample.report("The sample's questions", outcomes, facts)
    return made if half == "dev" else replace(made, rows=())


class _Bars:
    """Progress on standard error: a bar for what is read, and one for what is asked."""

    def __init__(self, *, shown: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=Console(stderr=True), disable=not shown, transient=True)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def ingested(self, happened: "Ingested") -> None:
        """Show how far the reading of a source is."""
        if happened.source not in self._tasks:
            self._tasks[happened.source] = self._progress.add_task(happened.source, total=happened.total)
        self._progress.update(self._tasks[happened.source], completed=happened.done)

    def counter(self, name: str, total: int) -> Callable[[], None]:
        """A bar that each call moves by one."""
        task = self._progress.add_task(name, total=total)
        return lambda: self._progress.advance(task)


def _settings(config: Path | None) -> "Settings":
    from app.config import load

    return load(config)


def _cache(name: str, settings: "Settings") -> Path:
    """Where an index for measuring is kept: one for each corpus and embedding model."""
    from hashlib import sha256

    from app.config import cache_folder

    model = sha256(f"{settings.embedding.url} {settings.embedding.model}".encode()).hexdigest()[:8]
    return cache_folder() / "eval" / f"{name}-{model}"


def _show(report: Report, html: Path | None, as_json: bool) -> None:
    from app.terminal import console
    from eval.page import page
    from eval.report import as_json as json_of
    from eval.report import print_report

    if html is not None:
        html.write_text(page(report), encoding="utf-8")
    if as_json:
        _print_json(json_of(report))
    else:
        print_report(report, console())


def _print_json(value: dict[str, Json]) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))

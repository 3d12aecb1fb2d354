"""The command line: ``collabqa``.

Exit status: 0 clean, 3 finished with something in quarantine, 1 failed, 2 usage.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from ingest.errors import CollabqaError

CLEAN, FAILED, QUARANTINED = 0, 1, 3

cli = typer.Typer(rich_markup_mode=None, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

DataOption = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="The data folder; else that of the settings, else yours.")
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="The settings; else $COLLABQA_CONFIG, else ./collabqa.toml."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AllowOption = Annotated[bool, typer.Option("--allow-removal", help="Remove even a large share of a source.")]
AsOption = Annotated[
    list[str] | None,
    typer.Option("--as", metavar="GROUP", help="Ask as somebody in this group (repeat it for several), not as owner."),
]


@cli.command()
def ingest(
    paths: Annotated[list[Path] | None, typer.Argument(metavar="[PATH ...]", help="Files and folders to read.")] = None,
    kind: Annotated[str, typer.Option(metavar="KIND", help="The kind of source; else recognised by content.")] = "",
    readers: Annotated[
        list[str] | None, typer.Option(metavar="GROUP", help="Who may read them (repeat it for several); else public.")
    ] = None,
    allow_removal: AllowOption = False,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read documents into the index: those at PATH, or without one the sources of the settings."""
    from app import operator, terminal

    order = operator.Ingest(operator.absolute(paths or []), kind, tuple(readers or ()), allow_removal=allow_removal)
    with _operator(data, config) as owner:
        report = terminal.followed(owner.ingest(order), shown=not as_json)
    if as_json:
        _print_json(report)
    else:
        terminal.print_report(report, public=bool(paths) and not readers)
    raise typer.Exit(QUARANTINED if report["quarantined"] else CLEAN)


@cli.command()
def sync(
    sources: Annotated[list[str] | None, typer.Argument(metavar="[SOURCE ...]", help="Their names.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Go on until told to stop.")] = False,
    every: Annotated[float, typer.Option(metavar="MINUTES", min=0.01, help="How long --watch waits.")] = 15.0,
    allow_removal: AllowOption = False,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read the sources of the settings, all or those named; one that is broken does not stop the others.

    Exit status 1 where a source could not be listed at all, 3 where one was incomplete or something is in quarantine.
    With --watch --json each round is one line.
    """
    from app import operator, syncing, terminal

    settings, folder = _settings(data, config)
    order = operator.Ingest(named=tuple(sources or ()), allow_removal=allow_removal, carry_on=True)

    def once() -> Mapping[str, Any]:
        report = syncing.synced(
            lambda: operator.operator(settings, folder),
            order,
            folder,
            lambda events: terminal.followed(events, shown=not as_json),
        )
        if as_json:
            _print_json(report, lines=not watch)
        else:
            terminal.print_report(report, public=False)
        return report

    if watch:
        syncing.watch(once, minutes=every)
        return
    report = once()
    wanting = report["quarantined"] or report["incomplete"]
    raise typer.Exit(FAILED if report["failed"] else QUARANTINED if wanting else CLEAN)


@cli.command()
def search(
    question: str,
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many passages.")] = 10,
    as_groups: AsOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the passages that fit a question, and why each stands where it stands."""
    with _operator(data, config) as owner:
        found = owner.search(question, k, _groups(as_groups))
    if as_json:
        _print_json(found)
    else:
        from app import terminal

        terminal.print_passages(found)


@cli.command()
def ask(
    question: str,
    as_groups: AsOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer a question, with a checked citation behind every sentence."""
    with _operator(data, config) as owner:
        *_, last = owner.ask(question, _groups(as_groups))
    if as_json:
        _print_json(last["answer"])
    else:
        from app import terminal

        terminal.print_answer(last["answer"])


@cli.command()
def show(
    uri: str,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a document as the index sees it, with its chunks."""
    with _operator(data, config) as owner:
        found = owner.show(uri)
    if as_json:
        _print_json(found)
    else:
        from app import terminal

        terminal.print_document(found)


@cli.command()
def status(data: DataOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show what the index holds, how fresh its sources are, and what could not be read."""
    with _operator(data, config) as owner:
        found = owner.status()
    if as_json:
        _print_json(found)
    else:
        from app import terminal

        terminal.print_status(found)


@cli.command()
def doctor(data: DataOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Check the settings, and that all they name can be reached and used; exit status 1 where something is wrong."""
    from app.doctor import checks

    made = []
    for each in checks(config, data):
        made.append(each)
        if not as_json:
            typer.echo(f"{'ok   ' if each.ok else 'WRONG'}  {each.name}: {each.text}")
    well = all(each.ok for each in made)
    if as_json:
        lines = [{"check": each.name, "ok": each.ok, "text": each.text} for each in made]
        _print_json({"ok": well, "checks": lines})
    raise typer.Exit(CLEAN if well else FAILED)


@cli.command()
def verify(
    dump: Annotated[bool, typer.Option("--dump", help="Print the hash of the whole index.")] = False,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare the manifest with the store; exit status 1 where they differ."""
    with _operator(data, config) as owner:
        found = owner.verify()
    if as_json:
        _print_json(found)
    elif dump:
        typer.echo(found["dump"])
    else:
        typer.echo("\n".join(found["problems"]) or "The manifest and the store agree.")
    raise typer.Exit(FAILED if found["problems"] else CLEAN)


@cli.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8501,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Serve the chat, the widget and the API, all on one port."""
    from app.server import run

    settings, folder = _settings(data, config)
    run(settings, folder, host=host, port=port)


@cli.command()
def demo(
    serve: Annotated[bool, typer.Option("--serve", help="Open the chat afterwards.")] = False,
    data: DataOption = None,
    host: Annotated[str, typer.Option(help="The address for --serve.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port for --serve.")] = 8501,
) -> None:
    """Read the sample collaboration that comes with collabqa, and answer questions from it."""
    from app import demo as sample

    sample.run(data, serve=serve, host=host, port=port)


def _groups(named: list[str] | None) -> tuple[str, ...] | None:
    return None if named is None else tuple(named)


def _settings(data: Path | None, config: Path | None) -> tuple[Any, Path]:
    from app.config import data_folder, found, load

    settings = load(found(config))
    return settings, data_folder(data, settings)


@contextmanager
def _operator(data: Path | None, config: Path | None) -> Iterator[Any]:
    from app.operator import operator

    with closing(operator(*_settings(data, config))) as owner:
        yield owner


def _print_json(value: Mapping[str, Any], *, lines: bool = True) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2 if lines else None))


def main() -> None:
    """Run the command line; what goes wrong is one sentence on standard error, and the exit status."""
    from app.commands import command

    try:
        command(cli)()
    except CollabqaError as problem:
        typer.echo(f"{type(problem).__name__}: {problem}", err=True)
        sys.exit(FAILED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(FAILED)

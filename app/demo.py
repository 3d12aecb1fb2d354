"""The demonstration: the bundled sample collaboration, read and asked."""

from importlib.resources import as_file, files
from pathlib import Path

from app import terminal
from app.config import cache_folder, load
from app.operator import Ingest, operator

#: One question for every kind of source, one that only some may have answered, and one that nothing answers.
QUESTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("What is the lowest unprescaled single-electron threshold in the 2024 trigger menu?", ("helix-members",)),
    ("What is the measured Higgs boson mass in the diphoton channel?", ("helix-members",)),
    ("What light-jet rejection does HTag v3 reach at the 77 % working point?", ("helix-members",)),
    ("In which release was the double counting of muons fixed?", ("helix-members",)),
    ("What was decided in the E/gamma meeting about the photon energy calibration?", ("helix-members",)),
    ("What electron threshold is planned for the 2026 trigger strategy?", ("helix-members", "helix-trigger-board")),
    ("How many muon chambers does the HELIX satellite carry?", ("helix-members",)),
)


def run(data: Path | None, *, serve: bool, host: str, port: int) -> None:
    """Ingest the sample into a data folder of its own, ask QUESTIONS, and say how to open the chat or open it."""
    folder = (data or cache_folder() / "demo").expanduser().resolve()
    out = terminal.console()
    with as_file(files("app").joinpath("sample", "helix")) as sample:
        settings = load(sample / "helix.toml")
        owner = operator(settings, folder)
        try:
            terminal.print_report(terminal.followed(owner.ingest(Ingest()), shown=True), public=False)
            for question, groups in QUESTIONS:
                out.rule(style="dim")
                out.print(f"[bold]{question}[/bold]  [dim](asked as {', '.join(groups)})[/dim]")
                *_, last = owner.ask(question, groups)
                terminal.print_answer(last["answer"])
        finally:
            owner.close()
        out.rule(style="dim")
        if serve:
            from app.server import run as serve_chat

            serve_chat(settings, folder, host=host, port=port)
            return
        out.print(f"Open the chat with:  collabqa serve --config {sample / 'helix.toml'} --data {folder}")

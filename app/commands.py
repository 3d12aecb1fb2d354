"""Groups of commands that other packages add: found through the entry point collabqa.commands, loaded when called."""

from importlib.metadata import EntryPoint, entry_points
from typing import Any

import typer


def command(cli: typer.Typer) -> Any:
    """The whole command line, as click runs it."""
    whole: Any = typer.main.get_command(cli)
    for point in entry_points(group="collabqa.commands"):
        whole.add_command(_lazy(point, type(whole)))
    return whole


def _lazy(point: EntryPoint, group: Any) -> Any:
    """A group that imports nothing until one of its commands is asked for."""

    class Lazy(group):  # type: ignore[misc]
        def _loaded(self) -> Any:
            return typer.main.get_command(point.load())

        def list_commands(self, context: Any) -> list[str]:
            return list(self._loaded().list_commands(context))

        def get_command(self, context: Any, name: str) -> Any:
            return self._loaded().get_command(context, name)

    return Lazy(name=point.name, help="Measure how good the answers are.", no_args_is_help=True)

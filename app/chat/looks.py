"""How the chat looks: Streamlit's options, the style sheet and the script behind the citations."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

#: Streamlit's options. Nothing is watched, measured or shown of the program's inside.
OPTIONS: Mapping[str, str | bool | int] = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.toolbarMode": "minimal",
    "runner.magicEnabled": False,
    "server.fileWatcherType": "none",
    "server.headless": True,
    "theme.baseRadius": "8px",
    "theme.buttonRadius": "8px",
    "theme.light.primaryColor": "#1f5c99",
    "theme.light.backgroundColor": "#ffffff",
    "theme.light.secondaryBackgroundColor": "#f4f6f8",
    "theme.light.textColor": "#1b2530",
    "theme.light.borderColor": "#dde3e9",
    "theme.light.linkColor": "#1f5c99",
    "theme.light.grayTextColor": "#5b6773",
    "theme.light.codeTextColor": "#1b2530",
    "theme.light.codeBackgroundColor": "#f0f2f5",
    "theme.light.yellowBackgroundColor": "#ffeeb0",
    "theme.dark.primaryColor": "#7fb4e6",
    "theme.dark.backgroundColor": "#14181d",
    "theme.dark.secondaryBackgroundColor": "#1d232a",
    "theme.dark.textColor": "#e4e9ee",
    "theme.dark.borderColor": "#323b45",
    "theme.dark.linkColor": "#8fbfec",
    "theme.dark.grayTextColor": "#9aa7b4",
    "theme.dark.codeTextColor": "#e4e9ee",
    "theme.dark.codeBackgroundColor": "#232a32",
    "theme.dark.yellowBackgroundColor": "#57480f",
}


@cache
def read(name: str) -> str:
    """A file that lies beside this module."""
    return files("app").joinpath("chat", name).read_text(encoding="utf-8")

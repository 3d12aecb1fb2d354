"""What the configuration of a documentation says: mkdocs.yml, or conf.py, which is read and never run."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.charset import decoded

_YAML = ("mkdocs.yml", "mkdocs.yaml")
_FOLDERS = (".", "source", "docs", "docs/source", "doc", "doc/source")
_ROOTS = ("index.rst", "index.md", "contents.rst", "README.md", "README.rst")
_SPHINX = re.compile(r"^(?:extensions|html_theme|master_doc|root_doc|project)\s*[:=]", re.MULTILINE)
_MADE = frozenset({"site", "overrides", "hooks", "includes"})


@dataclass(frozen=True, slots=True)
class Documentation:
    """A documentation: where its pages lie, its first page, and how they are published.

    nav is the table of contents of MkDocs, None where pages say it themselves; left_out are patterns of paths;
    folders says that a page is published as a folder (a/b/) and not as a file (a/b.html).
    """

    folder: Path
    first: str = ""
    nav: object = None
    version: str = ""
    left_out: tuple[str, ...] = ()
    folders: bool = False


def is_documentation(path: Path) -> bool:
    """Whether a folder has the configuration of a documentation, and no folders that are none of it."""
    if (path / "conf.py").is_file():
        return bool(_SPHINX.search(_text(path / "conf.py"))) and bool(_first(path))
    config = _config(path)
    if config is None or not (path / config.get("docs_dir", "docs")).is_dir():
        return False
    theme = config.get("theme")
    custom = theme.get("custom_dir", "") if isinstance(theme, dict) else ""
    known = {*_MADE, Path(config.get("docs_dir", "docs")).parts[0], str(custom).strip("/").partition("/")[0]}
    return {each.name for each in path.iterdir() if each.is_dir() and not each.name.startswith(".")} <= known


def described(path: Path, lost: list[str]) -> Documentation:
    """The documentation in a folder; what is wrong with its configuration is added to lost."""
    config = _config(path)
    if config is None and any((path / name).is_file() for name in _YAML):
        lost.append("mkdocs.yml is no YAML that can be read")
        config = {"docs_dir": "docs"}
    if config is not None:
        return _of_mkdocs(path, config, lost)
    folder = next((path / each for each in _FOLDERS if (path / each / "conf.py").is_file()), None)
    if folder is None:
        folder = next((path / each for each in _FOLDERS if _first(path / each)), path)
        return Documentation(folder, _first(folder))
    said = _literals(_text(folder / "conf.py"), lost)
    root = said.get("root_doc") or said.get("master_doc") or ""
    first = next((f"{root}{suffix}" for suffix in (".rst", ".md") if (folder / f"{root}{suffix}").is_file()), "")
    patterns = said.get("exclude_patterns")
    left_out = tuple(each for each in patterns if isinstance(each, str)) if isinstance(patterns, list | tuple) else ()
    version = _word(said.get("release")) or _word(said.get("version"))
    return Documentation(folder, first or _first(folder), None, version, left_out)


def _of_mkdocs(path: Path, config: dict[str, Any], lost: list[str]) -> Documentation:
    folder = (path / config["docs_dir"]).resolve()
    if not folder.is_relative_to(path.resolve()) or not folder.is_dir():
        lost.append("mkdocs.yml: its docs_dir is no folder in the folder of the source")
        folder = path.resolve()
    inside = path / folder.relative_to(path.resolve())
    extra = config.get("extra")
    version = _word(extra.get("version")) if isinstance(extra, dict) else ""
    folders = config.get("use_directory_urls") is not False
    return Documentation(inside, _first(inside), config.get("nav") or [], version, (), folders)


def _first(folder: Path) -> str:
    """The file of the first page."""
    return next((name for name in _ROOTS if (folder / name).is_file()), "")


def _text(path: Path) -> str:
    try:
        return decoded(path.read_bytes())[0]
    except OSError:
        return ""


def _config(path: Path) -> dict[str, Any] | None:
    """What mkdocs.yml says; None where there is none that can be read."""
    import yaml

    found = next((path / name for name in _YAML if (path / name).is_file()), None)
    if found is None:
        return None
    try:
        said = yaml.load(_text(found), Loader=_loader())  # noqa: S506 - a safe loader that leaves other tags alone
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    docs = said.get("docs_dir", "docs")
    return {**said, "docs_dir": docs if isinstance(docs, str) and docs.strip("./") else "docs"}


def _loader() -> Any:
    """A safe loader for which a value with a tag of Python, as MkDocs has them, is nothing."""
    import yaml

    class Loader(yaml.SafeLoader):
        """Reads what safe YAML is."""

    Loader.add_multi_constructor("", _nothing)
    return Loader


def _nothing(loader: object, suffix: str, node: object) -> None:
    """What a tag that is no YAML of everybody's stands for."""


def _literals(code: str, lost: list[str]) -> dict[str, object]:
    """The names that a conf.py gives a plain value at its top level."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        lost.append("conf.py is no Python that can be read")
        return {}
    said: dict[str, object] = {}
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            name = statement.targets[0]
            try:
                value = ast.literal_eval(statement.value)
            except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
                continue
            if isinstance(name, ast.Name):
                said[name.id] = value
    return said


def _word(value: object) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""

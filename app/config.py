"""The settings: one TOML file, read here and nowhere else."""

import dataclasses
import difflib
import os
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from ingest.errors import CollabqaError
from ingest.remote import cache_folder as cache_folder
from ingest.source import Source, from_settings, principals
from ingest.sync import MAX_REMOVED_SHARE


class BadSettings(CollabqaError):
    """The settings name a wrong table, key or value."""


@dataclass(frozen=True, slots=True)
class Collaboration:
    """[collaboration]: whose documents these are. questions are examples that an empty chat offers."""

    name: str = "our collaboration"
    questions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """[index]: where the index lies. path is a data folder; with url the points lie on a Qdrant server instead.

    The server's key comes from the environment variable COLLABQA_QDRANT_KEY.
    """

    path: Path | None = None
    url: str = ""
    collection: str = "collabqa"


@dataclass(frozen=True, slots=True)
class Embedding:
    """[embedding]: the model that turns text into vectors. url is an OpenAI-like /v1 endpoint that serves it."""

    model: str = "sentence-transformers/all-MiniLM-L6-v2"
    device: str = "auto"
    url: str = ""


@dataclass(frozen=True, slots=True)
class Model:
    """[model]: the language model that writes; left out, answers are made of the documents' own sentences.

    kind is "openai-like" (vLLM and most others). The key comes from the environment variable COLLABQA_MODEL_KEY.
    context_tokens is how many tokens the model takes, those of its answer included, which are at most answer_tokens.
    """

    kind: str = ""
    url: str = ""
    name: str = ""
    timeout_seconds: float = 60.0
    context_tokens: int = 8192
    answer_tokens: int = 768


@dataclass(frozen=True, slots=True)
class Access:
    """[access]: who asks, in the browser, in the widget and over the API.

    everyone names the groups that anybody who reaches the server is in. groups_header and user_header name the request
    headers in which a sign-on proxy at one of the addresses in proxies says who asks. widget_origins are the pages
    (scheme://host[:port]) in which the widget may run.
    """

    everyone: frozenset[str] = frozenset()
    user_header: str = ""
    groups_header: str = ""
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    widget_origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IngestSettings:
    """[ingest]: how sources are read. Of a source at most max_removed_share is removed in one run without a word."""

    max_removed_share: float = MAX_REMOVED_SHARE


@dataclass(frozen=True, slots=True)
class Settings:
    """All of it. base is the folder that relative paths are taken from."""

    collaboration: Collaboration = field(default_factory=Collaboration)
    index: IndexSettings = field(default_factory=IndexSettings)
    embedding: Embedding = field(default_factory=Embedding)
    model: Model = field(default_factory=Model)
    access: Access = field(default_factory=Access)
    ingest: IngestSettings = field(default_factory=IngestSettings)
    sources: tuple[Source, ...] = ()


MODEL_KINDS = ("openai-like",)
_TABLES: Mapping[str, type] = {
    "collaboration": Collaboration,
    "index": IndexSettings,
    "embedding": Embedding,
    "model": Model,
    "access": Access,
    "ingest": IngestSettings,
}


def load(path: Path | None) -> Settings:
    """The settings in a file; the defaults when path is None. Raises BadSettings, BadSourceSettings."""
    if path is None:
        return Settings()
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadSettings(f"{path} does not exist") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise BadSettings(f"{path}: {problem}") from None
    try:
        return _settings(tables, path.resolve().parent)
    except CollabqaError as problem:
        raise type(problem)(f"{path}: {problem}") from None


def data_folder(given: Path | None, settings: Settings) -> Path:
    """Where the index lies: the one given, else the one in the settings, else the user's data folder."""
    if given is not None:
        return given.expanduser().resolve()
    if settings.index.path is not None:
        return settings.index.path
    home = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(home).expanduser() / "collabqa"


def qdrant_key() -> str | None:
    """The Qdrant server's key, from the environment."""
    return os.environ.get("COLLABQA_QDRANT_KEY") or None


def found(given: Path | None) -> Path | None:
    """The settings' file: the one given, else $COLLABQA_CONFIG, else collabqa.toml in the working folder, else None."""
    if given is not None:
        return given
    if named := os.environ.get("COLLABQA_CONFIG"):
        return Path(named)
    here = Path("collabqa.toml")
    return here if here.is_file() else None


def _settings(tables: Mapping[str, object], base: Path) -> Settings:
    for name in tables:
        if name != "source" and name not in _TABLES:
            raise BadSettings(f"unknown table [{name}]{_near(name, [*_TABLES, 'source'])}")
    made = {name: _table(name, _TABLES[name], tables.get(name, {}), base) for name in _TABLES}
    listed = tables.get("source", [])
    if not isinstance(listed, list):
        raise BadSettings("sources are written [[source]], with two brackets")
    _check(cast(Model, made["model"]))
    share = cast(IngestSettings, made["ingest"]).max_removed_share
    if not 0 <= share <= 1:
        raise BadSettings(f"[ingest] max_removed_share = {share:g}: expected a share from 0 to 1 (0.1 is a tenth)")
    sources = tuple(from_settings(table, base=base) for table in listed)
    names = [source.name for source in sources]
    if twice := {name for name in names if names.count(name) > 1}:
        raise BadSettings(f"two sources are named {sorted(twice)[0]!r}")
    return Settings(**made, sources=sources)  # type: ignore[arg-type]


def _check(model: Model) -> None:
    """Raise BadSettings for a model that could not answer."""
    if model == Model():
        return
    if model.kind not in MODEL_KINDS:
        raise BadSettings(f"[model] kind: expected one of {', '.join(MODEL_KINDS)}")
    for key in ("url", "name"):
        if not getattr(model, key):
            raise BadSettings(f"[model] {key} is missing")
    if not 0 < model.answer_tokens < model.context_tokens:
        raise BadSettings(
            f"[model] answer_tokens = {model.answer_tokens}: expected more than 0 and less than "
            f"context_tokens = {model.context_tokens}, which hold the question and its passages too"
        )


def _table(name: str, made: type, given: object, base: Path) -> object:
    """A table as its dataclass."""
    if not isinstance(given, dict):
        raise BadSettings(f"[{name}] is no table")
    hints = typing.get_type_hints(made)
    known = [each.name for each in dataclasses.fields(made)]
    for key in given:
        if key not in known:
            raise BadSettings(f"[{name}]: unknown key {key!r}{_near(key, known)}")
    values = {key: _value(f"[{name}] {key} = {value!r}", hints[key], value, base) for key, value in given.items()}
    if "everyone" in values:
        values["everyone"] = principals(cast(frozenset[str], values["everyone"]))
    return made(**values)


def _value(where: str, hint: object, value: object, base: Path) -> object:
    origin = typing.get_origin(hint)
    if origin in (tuple, frozenset):
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise BadSettings(f"{where}: expected a list of strings")
        return origin(value)
    if hint == Path | None:
        if not isinstance(value, str):
            raise BadSettings(f"{where}: expected a path")
        return (base / Path(value).expanduser()).resolve()
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is not hint:
        raise BadSettings(f"{where}: expected a {cast(type, hint).__name__}")
    return value


def _near(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return f" (did you mean {near[0]!r}?)" if near else f" (there are: {', '.join(known)})"

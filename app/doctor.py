"""collabqa doctor: whether all that the settings name is there and can be used, and what to do where it is not."""

import dataclasses
import os
import pwd
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from app.config import Model, Settings, data_folder, found, load
from app.model import KEY_VARIABLE
from ingest.errors import CollabqaError, MissingPath, Unreadable
from ingest.formats.office import SUFFIXES as OFFICE
from ingest.source import End, Item, Source

if TYPE_CHECKING:
    import httpx

# So much of a listing is looked at until a document can be fetched, and so many may refuse.
_LOOKED_AT = 50
_REFUSED = 3
_PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: what, whether it is well, and one sentence about it."""

    name: str
    ok: bool
    text: str


class _Ill(Exception):
    """What is wrong, and what to do."""


def checks(config: Path | None, data: Path | None) -> Iterator[Check]:
    """Look at one thing after the other; bad settings are the last, since all else follows from them."""
    path = found(config)
    try:
        settings = load(path)
    except CollabqaError as problem:
        yield Check("settings", False, str(problem))
        return
    count = len(settings.sources)
    yield Check("settings", True, f"{path or 'none, so the defaults hold'}; {count} source{'' if count == 1 else 's'}")
    folder = data_folder(data, settings)
    for source in settings.sources:
        for key, variable in _variables(source):
            yield _checked(f"environment {variable}", partial(_variable, variable, key, source))
    yield _checked("libraries", partial(_libraries, settings))
    yield _checked("data folder", partial(_folder, folder))
    yield _checked("embedding model", partial(_embedding, settings))
    yield _checked("index", partial(_index, settings, folder))
    yield _checked("language model", partial(_model, settings.model))
    for source in settings.sources:
        yield _checked(f"source {source.name}", partial(_source, source))


def _checked(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look())
    except (_Ill, CollabqaError) as problem:
        return Check(name, False, str(problem))
    except Exception as problem:  # noqa: BLE001 - one check of many: it is named, and the others are made
        return Check(name, False, f"{type(problem).__name__}: {problem}")


def _variables(source: Source) -> Iterator[tuple[str, str]]:
    """The keys of a source that name environment variables, and those."""
    for field in dataclasses.fields(source):  # type: ignore[arg-type]
        value = getattr(source, field.name)
        if field.name.endswith("_env") and isinstance(value, str) and value:
            yield field.name, value


def _variable(variable: str, key: str, source: Source) -> str:
    if not os.environ.get(variable, "").strip():
        raise _Ill(f"it is not set; {key} of the source {source.name!r} names it: export it where collabqa is started")
    return f"set, for the source {source.name!r}"


def _libraries(settings: Settings) -> str:
    """Those of formats; those of a source or an embedder show when it is looked at."""
    patterns = [pattern for source in settings.sources for pattern in getattr(source, "include", ())]
    wanting = find_spec("unstructured") is None
    asked = next((pattern for pattern in patterns if pattern.lower().endswith(OFFICE)), "")
    if wanting and asked:
        raise _Ill(f"{asked!r} is to be included and needs unstructured: pip install 'collabqa[office]'")
    return "all there" + ("; Word and Excel files would need: pip install 'collabqa[office]'" if wanting else "")


def _folder(folder: Path) -> str:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    me = _name(os.geteuid())
    if not there.is_dir():
        raise _Ill(f"{there} is no folder: name another with [index] path or --data")
    if not os.access(there, os.R_OK | os.W_OK | os.X_OK):
        owner = _name(there.stat().st_uid)
        raise _Ill(f"{me} cannot write in {there}, which is {owner}'s: run collabqa as {owner}, or name another")
    if there != folder:
        return f"{folder} will be made"
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        raise _Ill(f"others than {me} can look into {folder}, and it holds all documents: chmod 700 {folder}")
    return f"{folder} is writable, and private"


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"


def _embedding(settings: Settings) -> str:
    from app.assemble import embedding

    made = embedding(settings)
    made.embed_question("beam spot")
    return made.name


def _index(settings: Settings, folder: Path) -> str:
    from app.assemble import site
    from app.operator import There, heard
    from index.errors import StoreBusy

    if heard(folder):
        held = There(folder).status()
        return f"the running server has it: {held['documents']} documents"
    if not settings.index.url and not (folder / "manifest.sqlite").exists():
        return "there is none yet; collabqa sync makes it"
    try:
        with closing(site(settings, folder)) as opened:
            return f"it opens: {opened.index.status().documents} documents"
    except StoreBusy:
        return "another process has it at the moment; it was not looked into"


def _model(asked: Model) -> str:
    """Ask the endpoint which models it serves."""
    import httpx

    if not asked.kind:
        return "none, so answers are made of the documents' own sentences"
    key = os.environ.get(KEY_VARIABLE)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        answer = httpx.get(f"{asked.url.rstrip('/')}/models", headers=headers, timeout=_PATIENCE_SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        raise _Ill(f"{asked.url} cannot be reached ({problem}): is it running, and is [model] url right?") from None
    if answer.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise _Ill(f"{asked.url} refuses (status {answer.status_code}): is {KEY_VARIABLE} set, and right?")
    if answer.status_code == HTTPStatus.NOT_FOUND:
        return f"{asked.url} answers, but does not list its models"
    if answer.is_error:
        raise _Ill(f"{asked.url} answers with status {answer.status_code}: see its log")
    served = _served(answer)
    if served and asked.name not in served:
        raise _Ill(f"{asked.url} serves {', '.join(served)}, not {asked.name}: set [model] name")
    return f"{asked.url} serves {asked.name}"


def _served(answer: "httpx.Response") -> list[str]:
    """The names in an answer to /models; none where it is not of that form."""
    try:
        listed = answer.json()["data"]
        return [str(each["id"]) for each in listed]
    except (ValueError, KeyError, TypeError):
        return []


def _source(source: Source) -> str:
    """List until a document can be fetched, and let go."""
    listing = source.listing()
    try:
        return _read(source, islice(listing, _LOOKED_AT))
    except MissingPath as problem:
        raise _Ill(f"{problem}: correct it in the settings, or mount what should be there") from None
    finally:
        getattr(listing, "close", lambda: None)()


def _read(source: Source, listing: Iterator[Item | End]) -> str:
    """Fetch the first document that is no trouble; raises _Ill where there is none."""
    left_out: list[str] = []
    refused: list[str] = []
    for each in listing:
        if isinstance(each, End):
            if not each.complete:
                raise _Ill(f"not everything can be listed: {each.reason}")
        elif each.skipped:
            left_out.append(each.skipped)
        else:
            try:
                source.fetch(each)
            except Unreadable as problem:
                refused.append(f"{each.uri}: {problem}")
            else:
                return "can be listed and read"
        if len(refused) == _REFUSED:
            break
    if refused:
        raise _Ill(f"it can be listed, but its first documents cannot be fetched: {refused[0]}")
    if not left_out:
        raise _Ill("it lists nothing: are its path or address, and the rights of whoever reads it, as they should be?")
    return f"can be listed; its first {len(left_out)} are left out ({left_out[0]})"

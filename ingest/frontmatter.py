"""The block of fields that a site generator reads at the head of a page."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

_BLOCK = re.compile(r"\ufeff?---[ \t]*\n(?:(.*?)\n)??(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
# Fields that hold what readers see, in the order they are shown; the names are those of The Carpentries' lessons.
_SHOWN = ("description", "summary", "questions", "objectives", "keypoints")
_DATES = ("last_modified_at", "last_modified", "lastmod", "updated", "modified", "date")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What a page says of itself. shown holds the fields that readers see, each a name and its sentences."""

    title: str = ""
    authors: tuple[str, ...] = ()
    modified: datetime | None = None
    language: str = ""
    draft: bool = False
    shown: tuple[tuple[str, tuple[str, ...]], ...] = ()


def split(source: str) -> tuple[FrontMatter, str, tuple[str, ...]]:
    """The fields at the head of a text, the rest of it, and warnings; no fields at all is no fault."""
    block = _BLOCK.match(source)
    if not block:
        return FrontMatter(), source, ()
    import yaml

    try:
        fields = yaml.safe_load(block[1] or "")
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as error:
        return FrontMatter(), source[block.end() :], (f"front matter is no YAML ({type(error).__name__}); left out",)
    if fields is None:
        return FrontMatter(), source[block.end() :], ()
    if not isinstance(fields, dict):
        return FrontMatter(), source, ()
    return _fields(fields), source[block.end() :], ()


def _fields(fields: dict[object, object]) -> FrontMatter:
    people = fields.get("authors") or fields.get("author") or ()
    dates = (moment(fields.get(key)) for key in _DATES)
    shown = ((name, tuple(filter(None, map(_string, _listed(fields.get(name)))))) for name in _SHOWN)
    return FrontMatter(
        title=_string(fields.get("title")),
        authors=tuple(dict.fromkeys(filter(None, map(_person, _listed(people))))),
        modified=next(filter(None, dates), None),
        language=_string(fields.get("lang") or fields.get("language")),
        draft=fields.get("draft") is True,
        shown=tuple((name, sentences) for name, sentences in shown if sentences),
    )


def moment(value: object) -> datetime | None:
    """A date or time as YAML or ISO 8601 gives it; without a zone it is taken as UTC.

    >>> moment("2025-06-16")
    datetime.datetime(2025, 6, 16, 0, 0, tzinfo=datetime.timezone.utc)
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return None


def _listed(value: object) -> list[object]:
    if isinstance(value, list | tuple):
        return list(value)
    return [] if value is None else [value]


def _string(value: object) -> str:
    """A field as one line; what is no plain value is nothing."""
    return " ".join(str(value).split()) if isinstance(value, str | int | float) and value is not True else ""


def _person(value: object) -> str:
    """A person's name, from a string or a table with a name."""
    if isinstance(value, dict):
        return _string(value.get("name"))
    return _string(value)

"""An entry of a logbook: a head of attributes, a line of equals signs, and the text."""

import contextlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_NUMBER = re.compile(r"^\$@MID@\$: *(\d+)[ \t]*$", re.MULTILINE)
_LINE_OF_EQUALS = re.compile(r"^={20,}[ \t]*$", re.MULTILINE)
_ATTACHED = re.compile(r"(\d{6}_\d{6})_(.+)")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of an entry: what it is called, when it was added (YYMMDD_HHMMSS), and its whole name on disk."""

    name: str
    stamp: str
    stored: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry; fields are its attributes in their order, raw is all of it as it was given."""

    number: int
    fields: tuple[tuple[str, str], ...]
    text: str
    raw: str

    def value(self, name: str) -> str:
        """An attribute by its name in lower case, "" where there is none."""
        return next((value for key, value in self.fields if key.lower() == name), "")

    @property
    def title(self) -> str:
        """Its subject, or its number."""
        return self.value("subject") or f"Entry {self.number}"

    @property
    def author(self) -> str:
        """Who wrote it."""
        return self.value("author")

    @property
    def date(self) -> datetime | None:
        """When it was written."""
        with contextlib.suppress(ValueError, TypeError):
            found = parsedate_to_datetime(self.value("date"))
            return found if found.tzinfo else found.replace(tzinfo=UTC)
        return None

    @property
    def encoding(self) -> str:
        """plain, html or elcode."""
        said = self.value("encoding").lower()
        return said if said in ("html", "elcode") else "plain"

    @property
    def answers(self) -> int:
        """The number of the entry that it replies to, 0 for none."""
        said = self.value("in reply to")
        return int(said) if said.isdecimal() else 0

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """The files that belong to it."""
        names = [name.strip() for name in self.value("attachment").split(",")]
        found = [(name, _ATTACHED.fullmatch(name)) for name in names if name]
        return tuple(
            Attachment(match[2], match[1], name) if match else Attachment(name, "", name) for name, match in found
        )


def entries(text: str) -> list[Entry]:
    """The entries in a file or an answer, in their order; what stands before the first is no entry."""
    starts = [*_NUMBER.finditer(text)]
    ends = [*(match.start() for match in starts), len(text)][1:]
    return [_entry(int(match[1]), text[match.start() : end]) for match, end in zip(starts, ends, strict=True)]


def _entry(number: int, raw: str) -> Entry:
    head, _, rest = raw.partition("\n")
    split = _LINE_OF_EQUALS.search(rest)
    head, body = (rest[: split.start()], rest[split.end() :]) if split else (rest, "")
    pairs = [line.partition(":") for line in head.split("\n") if ":" in line]
    fields = tuple((name.strip(), " ".join(value.split())) for name, _, value in pairs if name.strip())
    return Entry(number, fields, body.strip("\n"), raw.rstrip("\n"))

"""An mbox file split into its messages, by ranges of bytes.

Messages start at lines ``From sender date``. Bodies hold such lines too where their writer did not escape them, so a
line counts only with a date (or as bare as the first of its file) and with a header field below it, and never within
the length that a message's own Content-Length gives when that leads to another such line or to the end.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import IO

# A longer line is read in pieces, in bytes.
_LINE = 65536

_DAYS = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_MONTHS = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DATED = re.compile(
    rb"From (?:\S.{0,300}?\s)?" + _DAYS + rb",?\s+(?:" + _MONTHS + rb"\s+\d{1,2}|\d{1,2}\s+" + _MONTHS + rb")\b"
    rb".{0,40}?\d{1,2}:\d\d\b"
)
_BARE = re.compile(rb"From (?:-|\S+@\S+)\s*$")
# The first line of a patch that git made; the date is always this one, and bodies hold such patches.
_OF_GIT = re.compile(rb"From [0-9a-f]{40} Mon Sep 17 00:00:00 2001\s*$")
_FIELD = re.compile(rb"[!-9;-~]{1,76}[ \t]*:|>?From \S")
_LENGTH = re.compile(rb"Content-Length[ \t]*:[ \t]*(\d{1,12})\s*$", re.IGNORECASE)
_ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)


def starts_mbox(head: bytes) -> bool:
    """Whether the first bytes of a file, without blank lines before, are those of an mbox.

    >>> starts_mbox(b"From ada@helix.example Mon Jun  1 10:00:00 2026\\nSubject: Run 3\\n")
    True
    >>> starts_mbox(b"From Monday on\\nSubject: Run 3\\n")
    False
    """
    first, _, rest = head.partition(b"\n")
    return bool(_DATED.match(first) or (_BARE.match(first) and _FIELD.match(rest)))


def holds_postmark(head: bytes) -> bool:
    """Whether a message of an mbox starts somewhere within these bytes."""
    lines = head.splitlines()
    return any(_DATED.match(line) and _FIELD.match(lines[below]) for below, line in enumerate(lines[:-1], 1))


@dataclass(frozen=True, slots=True)
class Span:
    """Where a message stands in its container, in bytes: from begin (its line ``From``) or start (itself) up to end.

    escaped says that lines of the body may carry an extra ">" before ``From``.
    """

    begin: int
    start: int
    end: int
    escaped: bool = False


@dataclass(frozen=True, slots=True)
class _Postmark:
    """A line ``From``: where it begins, where the message under it starts, its body, and how long that says it is."""

    begin: int
    start: int
    body: int | None = None
    length: int | None = None


def cut(stream: IO[bytes], span: Span, *, mbox: bool) -> bytes:
    """The bytes of a message in an open container, as read returns them."""
    stream.seek(span.start)
    raw = stream.read(span.end - span.start)
    if mbox:
        raw = re.sub(rb"(\r?\n)\r?\n\Z", rb"\1", raw)
    return _ESCAPED.sub(_unescaped, raw) if span.escaped else raw


def _unescaped(line: re.Match[bytes]) -> bytes:
    """A line that starts with ``>From`` without its ">"; below a quoted line, where it is one more, as it is."""
    before = line.string[line.string.rfind(b"\n", 0, max(0, line.start() - 1)) + 1 : line.start()]
    return line[0] if before.startswith(b">") else line[1]


def split(stream: IO[bytes]) -> Iterator[Span]:
    """The messages of an mbox file; what stands before the first line ``From`` is a message of its own."""
    marks = _postmarks(stream)
    size = stream.seek(0, os.SEEK_END)
    begins = {mark.begin: number for number, mark in enumerate(marks)}
    if not marks:
        yield Span(0, 0, size)
    elif marks[0].begin > 0:
        if _blank(stream, marks[0].begin):
            marks[0] = replace(marks[0], begin=0)
        else:
            yield Span(0, 0, marks[0].begin)
    number = 0
    while number < len(marks):
        mark = marks[number]
        following = _by_length(stream, mark, begins, size) or number + 1
        end = marks[following].begin if following < len(marks) else size
        # A writer that left lines ``From`` in a body as they are escaped none of them.
        yield Span(mark.begin, mark.start, end, escaped=following == number + 1)
        number = following


def _blank(stream: IO[bytes], length: int) -> bool:
    """Whether nothing but line ends, or a byte order mark, stands in the first bytes."""
    stream.seek(0)
    return length <= _LINE and not stream.read(length).removeprefix(b"\xef\xbb\xbf").strip()


def _by_length(stream: IO[bytes], mark: _Postmark, begins: dict[int, int], size: int) -> int | None:
    """The number of the postmark that a message's Content-Length leads to; None where it leads to none."""
    if mark.body is None or mark.length is None:
        return None
    end = mark.body + mark.length
    stream.seek(end)
    gap = stream.read(4)
    for skipped in range(len(gap) + 1):
        if gap[:skipped].strip(b"\r\n"):
            break
        if end + skipped in begins:
            return begins[end + skipped]
        if end + skipped == size:
            return len(begins)
    return None


def _postmarks(stream: IO[bytes]) -> list[_Postmark]:
    """Every line ``From`` that starts a message, in order."""
    marks: list[_Postmark] = []
    candidate: int | None = None
    offset, style, fresh = 0, _Style(), True
    for line in _lines(stream):
        # Below the first line of a file anything may stand, below others a header field.
        if candidate is not None and (_FIELD.match(line) or candidate == style.first):
            marks.append(_Postmark(candidate, offset))
        style = style if style.first is not None else _style(line, offset)
        candidate = offset if fresh and style.marks(line, offset) else None
        if candidate is None and marks and marks[-1].body is None:
            marks[-1] = _noted(marks[-1], line, offset)
        offset, fresh = offset + len(line), line.endswith(b"\n")
    if candidate is not None and candidate == style.first:
        marks.append(_Postmark(candidate, offset))
    return marks


@dataclass(frozen=True, slots=True)
class _Style:
    """How the lines ``From`` of a file look, by the first line that is not blank: without a date, or made by git."""

    first: int | None = None
    bare: bool = False
    git: bool = False
    mark: bool = False

    def marks(self, line: bytes, offset: int) -> bool:
        """Whether a line may start a message."""
        if offset == self.first:
            return self.mark
        if not line.startswith(b"From ") or (_OF_GIT.match(line) and not self.git):
            return False
        return bool(_DATED.match(line)) or (self.bare and bool(_BARE.match(line)))


def _style(line: bytes, offset: int) -> _Style:
    """What the first line that is not blank says of its file."""
    text = line.removeprefix(b"\xef\xbb\xbf")
    if not text.strip():
        return _Style()
    bare = bool(_BARE.match(text))
    return _Style(offset, bare, bool(_OF_GIT.match(text)), bare or bool(_DATED.match(text)))


def _noted(mark: _Postmark, line: bytes, offset: int) -> _Postmark:
    """What a line of a message's header adds to its postmark."""
    if not line.strip():
        return replace(mark, body=offset + len(line))
    length = _LENGTH.match(line)
    return replace(mark, length=int(length[1])) if length else mark


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """The lines of a stream, very long ones in pieces."""
    stream.seek(0)
    while line := stream.readline(_LINE):
        yield line

"""Puts Markdown together as a LaTeX document is read: words, formulas and blocks, and what stands where.

What is known only at the end of the document, such as the number that a \\ref leads to, is written as a placeholder
between two code points that never stand in a text.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ingest.document import Mark, MarkKind
from ingest.writer import ordered

_SPACES = re.compile(r"\s+")
# Lists in lists beyond this depth are not indented further.
MAX_INDENTS = 12
PLACEHOLDER = re.compile("\ufdd0(\\d+)\ufdd1")
_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")
_ENDS_IN_WORD = re.compile(r"\\[a-zA-Z]+$")
_RAISED = re.compile(r"[\^_](?:\{[^{}]*\}|.)$")
_LOOKS_LIKE_BLOCK = re.compile(r"(#{1,6}|>|[-+*])(?=\s|$)|(\d{1,4})(?=[.)]\s)|(```|~~~)")


def placeholder(index: int) -> str:
    """What stands for the words that are known at the end."""
    return f"\ufdd0{index}\ufdd1"


@dataclass(slots=True)
class OpenMark:
    """A mark whose label and fragment may still be told; start and end are -1 until something was written in it."""

    kind: MarkKind
    level: int = 0
    label: str = ""
    fragment: str = ""
    start: int = -1
    end: int = -1


@dataclass(slots=True)
class _Prefix:
    """What stands before the first line of an indented stretch, and before those below it."""

    first: str
    rest: str
    used: bool = False


class Flow:
    """A text that grows word by word. An inline one holds no blocks: what would start one becomes a space."""

    def __init__(self, *, inline: bool = False) -> None:
        self.inline = inline
        self.marks: list[OpenMark] = []
        self._parts: list[str] = []
        self._length = 0
        self._gap = 0
        self._space = False
        self._after_math = False
        self._loose = False
        self._prefixes: list[_Prefix] = []
        self._waiting: list[OpenMark] = []

    @property
    def length(self) -> int:
        """How many characters were written."""
        return self._length

    @property
    def at_start(self) -> bool:
        """Whether nothing was written since the last block ended."""
        return not self._length or self._gap > 0

    @property
    def last(self) -> str:
        """The last character of this block; a space where one is due, nothing at its start."""
        if self.at_start:
            return ""
        return " " if self._space else self._parts[-1][-1:]

    def text(self, words: str) -> None:
        """Write words; white space is joined to single spaces, and left out where a block starts."""
        core = _SPACES.sub(" ", words).strip(" ")
        if not core:
            self._space = self._space or bool(words and not self.at_start)
            return
        if words[0].isspace():
            self.space()
        if core[0] in ".," and core[1:2] in ("", " "):
            self._space = False  # left by a macro that ends with a space
        if self.at_start and not self.inline:
            core = _LOOKS_LIKE_BLOCK.sub(_escaped, core, count=1) if _LOOKS_LIKE_BLOCK.match(core) else core
        self._write(core)
        self._space = words[-1].isspace()

    def space(self) -> None:
        """A space before the next word, unless a block starts with it."""
        self._space = not self.at_start

    def math(self, formula: str) -> None:
        """Write a formula between $ signs; one right behind another is joined to it, since $$ means something else."""
        if self._after_math and not self._space and not self.at_start and self._parts:
            before = self._parts[-1][:-1]
            glue = " " if _ENDS_IN_WORD.search(before) and formula[:1].isalpha() else ""
            glue = "{}" if formula[:1] in ("^", "_") and _RAISED.search(before) else glue
            self._parts[-1] = f"{before}{glue}{formula}$"
            self._length += len(glue) + len(formula)
        else:
            self._write(f"${formula}$")
        self._after_math = True

    def block(self) -> None:
        """End the block: what comes next starts after a blank line."""
        if self.inline:
            self.space()
        elif self._length:
            self._gap = max(self._gap, 2)
            self._space = False

    def close_up(self) -> None:
        """No space before the next word after all."""
        self._space = False

    def line(self) -> None:
        """End the line: what comes next starts on the next one."""
        if self.inline:
            self.space()
        elif self._length:
            self._gap = max(self._gap, 1)
            self._space = False

    def lines(self, lines: Sequence[str], mark: OpenMark | None = None) -> None:
        """Write a block of lines as they stand."""
        if self.inline:
            for line in lines:
                self.text(f" {line} ")
            return
        self.block()
        if mark:
            self.open(mark)
        for line in lines:
            if line or not self.at_start:
                self._write(line)
            self._gap = 1
        if mark:
            self.close(mark)
        self._loose = True
        self.block()

    def heading(self, words: str, mark: OpenMark) -> None:
        """Write a heading on a line of its own."""
        if self.inline:
            self.text(f" {words} ")
            return
        self.lines([f"{'#' * min(max(mark.level, 1), 6)} {words}"], mark)

    def open(self, mark: OpenMark) -> None:
        """Let a mark begin with the next thing written."""
        if not self.inline:
            self.marks.append(mark)
            self._waiting.append(mark)

    def close(self, mark: OpenMark) -> None:
        """Let a mark end here."""
        if mark.start >= 0:
            mark.end = self._length

    def indent(self, first: str, rest: str) -> None:
        """Put this before every line until outdent: first before the next one, rest before those below it."""
        if not self.inline:
            deep = len(self._prefixes) >= MAX_INDENTS
            self._prefixes.append(_Prefix("" if deep else first, "" if deep else rest))

    def outdent(self) -> None:
        """Take the innermost indentation back."""
        if self._prefixes and not self.inline:
            self._prefixes.pop()

    def item(self, *, first: bool) -> None:
        """Start the next item of a list: on the next line, or after a blank line when the last one held blocks."""
        if not self.inline and self._length and not first:
            self._gap = 2 if self._loose else 1
        self._space = False
        self._loose = False

    def _write(self, words: str) -> None:
        if self._gap and self._length:
            blank = "".join(prefix.rest for prefix in self._prefixes if prefix.used).rstrip()
            self._put("\n" + (f"{blank}\n" if self._gap > 1 else "") + self._prefix())
        elif not self._length:
            self._put(self._prefix())
        elif self._space:
            self._put(" ")
        self._gap = 0
        self._space = False
        self._after_math = False
        for mark in self._waiting:
            mark.start = self._length
        self._waiting.clear()
        self._put(words)

    def _prefix(self) -> str:
        shown = "".join(prefix.rest if prefix.used else prefix.first for prefix in self._prefixes)
        for prefix in self._prefixes:
            prefix.used = True
        return shown

    def _put(self, words: str) -> None:
        if words:
            self._parts.append(words)
            self._length += len(words)

    def finished(self) -> str:
        """All that was written."""
        return "".join(self._parts)


def _escaped(match: re.Match[str]) -> str:
    """The start of a paragraph that Markdown would take for a heading, a list or a fence."""
    return f"{match[2]}\\" if match[2] else f"\\{match[0]}"


def resolved(text: str, marks: Sequence[OpenMark], meaning: Callable[[int], str]) -> tuple[str, tuple[Mark, ...]]:
    """The text with its placeholders replaced, and the marks moved with it; marks of nothing are left out."""
    parts: list[str] = []
    ends, shifts = [0], [0]
    place = length = 0
    for match in PLACEHOLDER.finditer(text):
        words = meaning(int(match[1]))
        parts += [text[place : match.start()], words]
        length += match.start() - place + len(words)
        place = match.end()
        ends.append(place)
        shifts.append(length - place)
    parts.append(text[place:])
    joined = "".join(parts)

    def moved(offset: int) -> int:
        return min(max(offset + shifts[bisect_right(ends, offset) - 1], 0), len(joined))

    found = [
        Mark(moved(mark.start), moved(mark.end), mark.kind, mark.level, words_of(mark.label, meaning), mark.fragment)
        for mark in marks
        if 0 <= mark.start < mark.end
    ]
    return joined, ordered(mark for mark in found if mark.start < mark.end)


def words_of(text: str, meaning: Callable[[int], str]) -> str:
    """Text with its placeholders replaced."""
    return PLACEHOLDER.sub(lambda match: meaning(int(match[1])), text)


def typographic(words: str) -> str:
    """Quotes and dashes of LaTeX as characters.

    >>> typographic("``the LHC's `first' run''--2010---")
    "“the LHC's ‘first’ run”–2010—"
    """
    if "-" in words:
        words = words.replace("---", "—").replace("--", "–")
    if "`" in words or "'" in words:
        words = words.replace("``", "“").replace("''", "”").replace("`", "‘")
        if "'" in words:
            words = _APOSTROPHE.sub("\0", words).replace("'", "’").replace("\0", "'")
    return words

"""What stands where in a Markdown text: headings, code, tables, equations."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ingest.document import Mark
from ingest.writer import ordered

_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_ATX_TIGHT = re.compile(r"(#{2,6})([^\s#].*?)#*[ \t]*$")
_SETEXT = re.compile(r" {0,3}(=+|-{2,})[ \t]*$")
_FENCE = re.compile(r"((?:[ \t]*>)*[ \t]*(?:[-*+][ \t]+|\d+[.)][ \t]+)?)(`{3,}|~{3,})([^`]*)$")
_DELIMITER_ROW = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_LIST_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d+[.)])[ \t]")
_ID = re.compile(r"[ \t]*\{:?[ \t]*#([^\s}]+)[^}]*\}[ \t]*$")
_ATTRIBUTES = re.compile(r"[ \t]*\{:[^}]*\}[ \t]*$")
_LINK = re.compile(r"!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])")
_TAG = re.compile(r"<[^>]+>")
_EMPHASIS = re.compile(r"(\*\*|__|\*|`+|~~)(.+?)\1")
# Of a longer line, these many letters are enough to name it.
_MAX_LETTERS = 500
_NOT_SLUG = re.compile(r"[^\w\- ]")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a text, without its line feed, and where it starts."""

    start: int
    text: str

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + len(self.text)


def lines(text: str) -> list[Line]:
    """The lines of a text with their offsets."""
    found, start = [], 0
    for each in text.split("\n"):
        found.append(Line(start, each))
        start += len(each) + 1
    return found


def plain(words: str) -> str:
    """A line of Markdown as words alone: no emphasis, no link targets, no tags, no attributes.

    >>> plain("The **Level 1** [trigger](l1.md) `menu` {: .callout}")
    'The Level 1 trigger menu'
    """
    words = _ATTRIBUTES.sub("", _ID.sub("", words[:_MAX_LETTERS]))
    words = _TAG.sub("", _LINK.sub(r"\1", words))
    return " ".join(_EMPHASIS.sub(r"\2", _EMPHASIS.sub(r"\2", words)).split())


def github_slug(words: str) -> str:
    """The anchor that GitHub and most site generators make of a heading.

    >>> github_slug("What's new in 24.2.3?")
    'whats-new-in-2423'
    """
    return _NOT_SLUG.sub("", words.strip().lower()).replace(" ", "-")


def outline(text: str, slug: Callable[[str], str] = github_slug) -> tuple[Mark, ...]:
    """The headings (with their fragments), code blocks, tables and displayed equations of a Markdown text.

    A slug that was used before gets -1, -2 and so on.
    """
    return ordered(_found(lines(text), slug))


def _found(all_lines: list[Line], slug: Callable[[str], str]) -> Iterator[Mark]:
    used: dict[str, int] = {}
    position = 0
    while position < len(all_lines):
        for reader in (_code, _indented_code, _equation, _table):
            mark, after = reader(all_lines, position)
            if mark:
                yield mark
                position = after
                break
        else:
            heading, position = _heading(all_lines, position)
            if heading:
                yield _with_fragment(heading, slug, used)


def _with_fragment(heading: Mark, slug: Callable[[str], str], used: dict[str, int]) -> Mark:
    """The heading with its label cleaned and its own or a made fragment."""
    own = _ID.search(heading.label[-_MAX_LETTERS:])
    label = plain(heading.label)
    if own:
        name = own[1]
        used[name] = used.get(name, 0) + 1
    else:
        name = slug(label)
        count = used.get(name, 0)
        used[name] = count + 1
        if count:
            name = f"{name}-{count}"
    return Mark(heading.start, heading.end, "heading", heading.level, label, f"#{name}" if name else "")


def _heading(all_lines: list[Line], position: int) -> tuple[Mark | None, int]:
    """The heading that starts at this line, and the line after it."""
    line = all_lines[position]
    atx = _ATX.match(line.text) or _ATX_TIGHT.match(line.text)
    if atx and atx[2]:
        return Mark(line.start, line.end, "heading", len(atx[1]), atx[2]), position + 1
    if position + 1 < len(all_lines) and line.text.strip() and not _starts_block(line.text):
        under = _SETEXT.match(all_lines[position + 1].text)
        before = position == 0 or not all_lines[position - 1].text.strip()
        if under and before:
            level = 1 if under[1].startswith("=") else 2
            return Mark(line.start, all_lines[position + 1].end, "heading", level, line.text.strip()), position + 2
    return None, position + 1


def _starts_block(text: str) -> bool:
    """Whether a line is no paragraph, so that dashes under it are no underline of a heading."""
    return bool(_LIST_ITEM.match(text)) or text.lstrip().startswith((">", "|", "<")) or text.startswith("    ")


def _code(all_lines: list[Line], position: int) -> tuple[Mark | None, int]:
    """The fenced block that starts at this line; one that is never closed ends with the text."""
    opening = _FENCE.match(all_lines[position].text)
    if not opening or (opening[2][0] == "`" and "`" in opening[3]):
        return None, position
    quoted = ">" in opening[1]
    close = re.compile(r"[ \t>]*" + re.escape(opening[2][0]) + "{" + str(len(opening[2])) + r",}[ \t]*$")
    after = position + 1
    while after < len(all_lines):
        text = all_lines[after].text
        if quoted and not text.lstrip().startswith(">"):
            break
        after += 1
        if close.match(text):
            break
    start = all_lines[position].start
    return Mark(start, all_lines[after - 1].end, "code"), after


def _indented_code(all_lines: list[Line], position: int) -> tuple[Mark | None, int]:
    """The block indented by four that starts at this line, unless it continues a list item."""
    text = all_lines[position].text
    if not text.startswith(("    ", "\t")) or not text.strip():
        return None, position
    if position and all_lines[position - 1].text.strip():
        return None, position
    before = position - 1
    while before >= 0 and (not all_lines[before].text.strip() or all_lines[before].text.startswith((" ", "\t"))):
        before -= 1
    if before >= 0 and _LIST_ITEM.match(all_lines[before].text):
        return None, position
    after = last = position
    while after < len(all_lines) and (
        not all_lines[after].text.strip() or all_lines[after].text.startswith(("    ", "\t"))
    ):
        if all_lines[after].text.strip():
            last = after
        after += 1
    return Mark(all_lines[position].start, all_lines[last].end, "code"), last + 1


def _equation(all_lines: list[Line], position: int) -> tuple[Mark | None, int]:
    """The equation between $$ signs that starts at this line and ends with a line's end."""
    line = all_lines[position]
    if not line.text.lstrip().startswith("$$"):
        return None, position
    start = line.start + len(line.text) - len(line.text.lstrip())
    first = line.text.strip()
    if len(first) > 4 and first.endswith("$$"):
        return Mark(start, line.start + len(line.text.rstrip()), "equation"), position + 1
    for after in range(position + 1, len(all_lines)):
        text = all_lines[after].text
        if not text.strip() and not all_lines[after - 1].text.strip():
            break
        if "$$" in text:
            return Mark(start, all_lines[after].start + text.index("$$") + 2, "equation"), after + 1
    return None, position


def _table(all_lines: list[Line], position: int) -> tuple[Mark | None, int]:
    """The pipe table whose header is this line."""
    if position + 1 >= len(all_lines) or "|" not in all_lines[position].text:
        return None, position
    delimiter = all_lines[position + 1].text
    if "|" not in delimiter or "-" not in delimiter or not _DELIMITER_ROW.match(delimiter):
        return None, position
    after = position + 2
    while after < len(all_lines) and "|" in all_lines[after].text:
        after += 1
    return Mark(all_lines[position].start, all_lines[after - 1].end, "table"), after

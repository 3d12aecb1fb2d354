"""Markdown that somebody wrote, set into a document that has headings of its own."""

import re
from dataclasses import replace

from ingest.outline import outline
from ingest.writer import Writer

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_GAPS = re.compile(r"\n{3,}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_MOST = 6


def inset(writer: Writer, markdown: str, *, deeper: int = 0) -> None:
    """Write some Markdown with the marks in it, its headings so many levels deeper and without fragments.

    Comments of HTML, with which templates talk to whoever fills them in, are left out unless they stand in code.

    >>> writer = Writer()
    >>> inset(writer, "# Steps\\n<!-- say how -->\\nLoad the menu.", deeper=2)
    >>> writer.text
    '### Steps\\n\\nLoad the menu.'
    """
    text = _CONTROL.sub("", markdown.replace("\r\n", "\n").replace("\r", "\n"))
    text = _deeper(_without_comments(text), deeper).rstrip().lstrip("\n")
    start = writer.next
    writer.block(text)
    marks = outline(text)
    writer.add(replace(each, start=each.start + start, end=each.end + start, fragment="") for each in marks)


def _without_comments(text: str) -> str:
    if "<!--" not in text:
        return text
    code = [(mark.start, mark.end) for mark in outline(text) if mark.kind == "code"]
    kept = _COMMENT.sub(
        lambda found: found[0] if any(start <= found.start() < end for start, end in code) else "", text
    )
    return _GAPS.sub("\n\n", kept) if not code else kept


def _deeper(text: str, deeper: int) -> str:
    """The text with the headings that begin with signs moved down."""
    headings = [mark for mark in outline(text) if mark.kind == "heading"]
    for mark in reversed(headings):
        at = mark.start + len(text[mark.start :]) - len(text[mark.start :].lstrip(" "))
        if text.startswith("#", at):
            text = f"{text[:at]}{'#' * min(deeper, _MOST - mark.level)}{text[at:]}"
    return text

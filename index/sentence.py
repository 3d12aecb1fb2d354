"""Markdown text taken apart into sentences, list items, table rows, code blocks and equations."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

UnitKind = Literal["sentence", "item", "row", "code", "equation", "heading"]


@dataclass(frozen=True, slots=True)
class Unit:
    """A stretch of a text that can be quoted on its own: text[start:end], without white space at its ends."""

    start: int
    end: int
    kind: UnitKind


_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,3}[.)])\s+")
_HEADING = re.compile(r"#{1,6}\s")
_ROW_RULE = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*$")
_FENCE = re.compile(r"\s*(```|~~~)")
_END = re.compile(r"[.!?]+[)\]\"'”’*_]*(?=\s+[\"'“‘(\[*_$`]*[A-Z0-9À-ÖØ-ÞΑ-Ω$`\\])")
# What ends in a full stop without ending a sentence, lower case. One-letter initials are taken care of apart.
_ABBREVIATIONS = frozenset(
    """al approx app appx ca cf ch chap co col conf coll corp def dept dr ed eds e.g eg eq eqn eqs eqns est esp etc exp
    ext fig figs i.e ie inc incl jr lab lett lim ltd max min mr mrs ms no nos nr nucl par ph.d phys pp prof ref refs
    resp rev sec sect sects secs sen sr st stat sup suppl syst tab tabs univ v viz vol vols vs wrt w.r.t""".split()
)
_CLOSED = re.compile(r"\$\$.+?\$\$|\$[^$\n]{1,400}?\$|`[^`\n]+`|\]\([^)\s]*\)", re.DOTALL)


def units(text: str) -> list[Unit]:
    """Every unit of a Markdown text, in order; rules of tables and blank lines are left out.

    >>> text = "See Smith et al. in Fig. 3. It is 13.6 TeV."
    >>> [text[unit.start : unit.end] for unit in units(text)]
    ['See Smith et al. in Fig. 3.', 'It is 13.6 TeV.']
    """
    return [unit for start, end, kind in _blocks(text) for unit in _within(text, start, end, kind)]


def sentences(text: str) -> list[str]:
    """The units of a text as strings, headings left out."""
    return [text[unit.start : unit.end] for unit in units(text) if unit.kind != "heading"]


def _blocks(text: str) -> Iterator[tuple[int, int, UnitKind]]:
    """Stretches of whole lines: paragraphs (kind sentence), items, rows, code, equations, headings."""
    open_start: int | None = None
    open_kind: UnitKind = "sentence"
    closing = ""
    position = 0
    for line in text.splitlines(keepends=True):
        start, position = position, position + len(line)
        if closing:
            if line.strip().startswith(closing) or (closing == "$$" and line.rstrip().endswith("$$")):
                assert open_start is not None
                yield open_start, position, open_kind
                open_start, closing = None, ""
            continue
        kind, opens = _line_kind(line)
        if open_start is not None and (kind != "sentence" or opens or not line.strip()):
            yield open_start, start, open_kind
            open_start = None
        if opens:
            open_start, open_kind, closing = start, kind, opens
        elif not line.strip():
            continue
        elif kind in ("heading", "row", "equation"):
            yield start, position, kind
        elif kind == "item" or open_start is None:
            open_start, open_kind = start, kind
    if open_start is not None:
        yield open_start, len(text), open_kind


def _line_kind(line: str) -> tuple[UnitKind, str]:
    """What a line begins, and what will close it if that is not its own end."""
    stripped = line.strip()
    if fence := _FENCE.match(line):
        return "code", fence[1]
    if stripped.startswith("$$"):
        return "equation", "" if len(stripped) > 4 and stripped.endswith("$$") else "$$"
    if _HEADING.match(line):
        return "heading", ""
    if stripped.startswith("|"):
        return "row", ""
    return ("item" if _ITEM.match(line) else "sentence"), ""


def _within(text: str, start: int, end: int, kind: UnitKind) -> Iterator[Unit]:
    """A block as units: paragraphs and items fall into sentences, all else stays whole."""
    if kind == "row" and _ROW_RULE.match(text[start:end]):
        return
    if kind not in ("sentence", "item"):
        yield from _trimmed(text, start, end, kind)
        return
    begin = start
    for cut in _cuts(text[start:end]):
        yield from _trimmed(text, begin, start + cut, kind)
        begin, kind = start + cut, "sentence"
    yield from _trimmed(text, begin, end, kind)


def _cuts(block: str) -> Iterator[int]:
    """Where sentences end inside a block, never inside mathematics, code or a link."""
    closed = [match.span() for match in _CLOSED.finditer(block)]
    for match in _END.finditer(block):
        inside = any(start < match.start() < end - 1 for start, end in closed)
        if not inside and not _abbreviated(block[: match.start() + 1], block[match.end() :]):
            yield match.end()


def _abbreviated(before: str, after: str) -> bool:
    """Whether the full stop at the end of before belongs to an abbreviation or an initial."""
    if not before.endswith("."):
        return False
    word = re.split(r"[\s(\[{~]", before[:-1])[-1].lower().strip("*_\"'")
    if len(word) == 1 and word.isalpha():
        return True
    if word in ("al", "etc", "v", "no", "min", "max"):
        # These may end a sentence: a number, a reference or a lower-case letter must follow to go on.
        following = after.lstrip()[:1]
        return following.isdigit() if word in ("v", "no") else word == "al" and following in "([$"
    if re.fullmatch(r"\d{1,3}", word) and not before[: -len(word) - 1].strip(" *_-"):
        return True  # the number of a list item
    return word in _ABBREVIATIONS


def _trimmed(text: str, start: int, end: int, kind: UnitKind) -> Iterator[Unit]:
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    right = len(piece.rstrip())
    if left < right:
        yield Unit(start + left, start + right, kind)

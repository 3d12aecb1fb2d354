"""Whole numbers as LaTeX calculates them: \\numexpr, \\the, and what calc allows in \\setcounter."""

import re

from ingest.formats.latex.macros import Expandable, Expander
from ingest.formats.latex.tokens import Tokens, source

_PIECE = re.compile(r"\s*(\d{1,9}|[-+*/()])")
_CODE = re.compile(r"\s*(?:(\d{1,3})|\"([0-9A-F]{1,2}))\s?")
_ESCAPED = {
    "\\": "\\backslash",
    **{sign: f"\\{sign}" for sign in "{}$&#_%"},
    "^": "\\textasciicircum",
    "~": "\\textasciitilde",
}
_LIMIT = 1_000_000
_MAX_PIECES = 200


def calculated(text: str) -> int:
    """The value of an expression of whole numbers; as much of it as can be read, 0 where it begins with none.

    >>> calculated("2 + 3*(4-1)"), calculated("7/2"), calculated("-3 pt"), calculated("many")
    (11, 4, -3, 0)
    """
    pieces: list[str] = []
    place = 0
    while (match := _PIECE.match(text, place)) and len(pieces) < _MAX_PIECES:
        pieces.append(match[1])
        place = match.end()
    return _sum(pieces)


def _sum(pieces: list[str]) -> int:
    """The sum that pieces begin with; they are used up as far as it goes."""
    total = 0
    sign = 1
    while pieces and pieces[0] != ")":
        if pieces[0] in "+-":
            sign *= -1 if pieces.pop(0) == "-" else 1
            continue
        if pieces[0] in "*/":
            break
        total += sign * _product(pieces)
        sign = 1
    return max(-_LIMIT, min(total, _LIMIT))


def _product(pieces: list[str]) -> int:
    value = _factor(pieces)
    while pieces and pieces[0] in "*/":
        sign = pieces.pop(0)
        other = _factor(pieces)
        if sign == "*":
            value *= other
        else:  # TeX rounds, halves away from zero
            half = abs(other) // 2
            value = (abs(value) + half) // abs(other) * (1 if value * other >= 0 else -1) if other else 0
    return max(-_LIMIT, min(value, _LIMIT))


def _factor(pieces: list[str]) -> int:
    if not pieces:
        return 0
    piece = pieces.pop(0)
    if piece == "(":
        value = _sum(pieces)
        if pieces and pieces[0] == ")":
            pieces.pop(0)
        return value
    return int(piece) if piece.isdigit() else 0


def expression(expander: Expander) -> None:
    """\\numexpr ... \\relax, and \\inteval: the value is read instead."""
    text = ""
    while (token := expander.next()) is not None and len(text) < 1_000:
        if token[0] in "\\{}$&#^_~":
            expander.push([] if token in ("\\relax",) else [token])
            break
        text += token
        end = _read_to(text)
        if end < len(text):
            expander.push([text[end:]])
            text = text[:end]
            break
    expander.push([str(calculated(text))])


def _read_to(text: str) -> int:
    place = 0
    while match := _PIECE.match(text, place):
        place = match.end()
    return place


def evaluated(expander: Expander) -> None:
    """\\inteval{expression}."""
    expander.push([str(calculated(source(expander.expanded(expander.argument()))))])


def the(expander: Expander) -> None:
    """\\the before a number that is known; before a length or another register nothing is shown."""
    token = expander.raw()
    if token is None:
        return
    shown: Tokens = []
    if token in ("\\value", "\\numexpr"):
        shown = [token]
    elif token.startswith("\\c@"):
        shown = [str(expander.counters.get(token.removeprefix("\\c@"), 0))]
    elif token[0] != "\\":
        shown = [token]
    expander.push(shown)


def character(expander: Expander) -> None:
    """\\char`\\\\, \\char92 and \\symbol{92}: the character of that number, or the one that stands behind the sign."""
    if expander.starts_with("`"):
        token = expander.raw() or " "
        sign, rest = (token[1:], "") if token[0] == "\\" and len(token) == 2 else (token[0], token[1:])
        expander.push([rest] if rest else [])
        expander.starts_with(" ")
    else:
        text = expander.raw() or ""
        number = _CODE.match(text)
        expander.push([text[number.end() :] if number else text])
        code = int(number[1] or "0") or int(number[2] or "0", 16) if number else 0
        sign = chr(code) if 32 <= code < 127 else ""
    expander.push([_ESCAPED.get(sign, sign)])


def symbol(expander: Expander) -> None:
    """\\symbol{92}."""
    expander.push([expander.key()])
    character(expander)


EXPANDABLE: dict[str, Expandable] = {
    "\\numexpr": expression,
    "\\inteval": evaluated,
    "\\the": the,
    "\\char": character,
    "\\symbol": symbol,
}

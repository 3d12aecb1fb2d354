"""The signatures of commands that xparse defines."""

import re

from ingest.formats.latex.macros import MANDATORY, NO_VALUE, Parameter
from ingest.formats.latex.tokens import Tokens, source, tokenised

_XPARSE = re.compile(r"\s*[+!]?(?:([mvb])|([oOdDrRtgGsueE]))")


def signature(tokens: Tokens) -> tuple[Parameter, ...]:
    """The parameters of an xparse signature."""
    text = source(tokens)
    found: list[Parameter] = []
    place = 0
    while match := _XPARSE.match(text, place):
        place = match.end()
        letter = match[1] or match[2]
        marks: tuple[str, ...] = ("[", "]")
        if letter in "dDrR":
            marks, place = (text[place : place + 1] or "[", text[place + 1 : place + 2] or "]"), place + 2
        elif letter == "t":
            marks, place = (text[place : place + 1] or "*",), place + 1
        default: tuple[str, ...] = (NO_VALUE,)
        if letter in "ODRGeEu":
            given, place = _braces(text, place)
            default = tuple(tokenised(given))
        found.append(_parameter(letter, default, marks))
    return tuple(found[:9])


def _parameter(letter: str, default: tuple[str, ...], marks: tuple[str, ...]) -> Parameter:
    if letter in "mvb":
        return MANDATORY
    if letter == "s":
        return Parameter("star", marks=("*",))
    if letter == "t":
        return Parameter("star", marks=marks)
    if letter in "gG":
        return Parameter("braced", default)
    return Parameter("optional", default, marks)


def _braces(text: str, place: int) -> tuple[str, int]:
    """The text between the braces at this place, and the place behind them."""
    match = re.compile(r"\s*\{((?:[^{}]|\{[^{}]*\})*)\}").match(text, place)
    return (match[1], match.end()) if match else ("", place)

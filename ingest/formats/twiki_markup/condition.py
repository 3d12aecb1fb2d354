"""The conditions of %IF{}%, as far as they can be judged without a running wiki."""

import fnmatch
import re
from collections.abc import Mapping

_TERM = re.compile(
    r"""\s*(?P<not>not\s+|!\s*)?(?:
        defined\s+(?P<defined>'[^']*'|\w+)
      | (?P<left>'[^']*'|\$\s*\w+|[lu]c\([^()]*\)|[^\s=!~]+)?\s*(?P<how>!=|=|~)\s*
        (?P<right>'[^']*'|\$\s*\w+|[lu]c\([^()]*\)|[^\s=!~]+)?
    )\s*""",
    re.X | re.I,
)
_AND, _OR = re.compile(r"\s+and\s+", re.I), re.compile(r"\s+or\s+", re.I)


def holds(condition: str, scope: Mapping[str, str]) -> bool | None:
    """Whether a condition holds where the variables are as in scope; None where this cannot be told.

    >>> holds("$ TOPIC != 'WebHome' AND defined 'lines'", {"TOPIC": "CryoStart", "lines": "http"})
    True
    """
    verdicts = [[_term(term, scope) for term in _AND.split(side)] for side in _OR.split(condition)]
    if any(None in side for side in verdicts):
        return None
    return any(all(side) for side in verdicts)


def _term(term: str, scope: Mapping[str, str]) -> bool | None:
    read = _TERM.fullmatch(term)
    if not read:
        return None
    if read["defined"]:
        held = bool(scope.get(read["defined"].strip("'")))
    else:
        left, right = _operand(read["left"] or "", scope), _operand(read["right"] or "", scope)
        held = fnmatch.fnmatchcase(left, right) if read["how"] == "~" else (left == right) == (read["how"] == "=")
    return held != bool(read["not"])


def _operand(written: str, scope: Mapping[str, str]) -> str:
    if written.startswith("$"):
        return scope.get(written[1:].strip(), "")
    if function := re.fullmatch(r"([lu])c\((.*)\)", written, re.I):
        inner = _operand(function[2].strip(), scope)
        return inner.lower() if function[1] in "lL" else inner.upper()
    return written.strip("'")

"""Whether a text says something, however it is written: spaces, markup, units and capitals do not matter."""

import re
from collections.abc import Sequence

from app.quantity import plain

_ESCAPED = re.compile(r"\\(?=[^A-Za-z0-9\s])")
_PLUS_MINUS = re.compile(r"\s*(?:±|\+/?-|\\pm(?![A-Za-z]))\s*")
#: A line of four fields or more with nothing but commas between them: "268,231" in it are two numbers.
_FIELDS = re.compile(r"^(?=.*[A-Za-z])[^,\n]+(?:,[^,\s][^,\n]*){3,}$", re.MULTILINE)


def said(atoms: Sequence[Sequence[str]], text: str) -> int:
    r"""How many of the atoms a text says, each in one of its wordings.

    >>> said([["28 GeV"], ["v7.2", "v7.3"], ["2"]], r"It is $28\,\mathrm{GeV}$ since V7.3.")
    2
    """
    there = folded(text)
    return sum(any(_says(there, folded(wording)) for wording in wordings) for wordings in atoms)


def folded(text: str) -> str:
    r"""A text as it is compared.

    >>> folded(r"**HLT\_met120**  needs 97.8 % of $4.2\pm0.1\,\mu s$")
    'hlt_met120 needs 97.8% of 4.2 ± 0.1 us'
    """
    text = _FIELDS.sub(lambda line: line[0].replace(",", " | "), text)
    text = _PLUS_MINUS.sub(" ± ", plain(text))
    text = re.sub(r"\s+", " ", _ESCAPED.sub("", text)).strip().casefold()
    return text.replace(" %", "%")


def _says(text: str, wording: str) -> bool:
    """Whether the wording stands there, not as a part of a longer number, nor at the end of a longer word."""
    if not wording:
        return False
    before = r"(?<!\w)(?<!\d[.,])" if wording[0].isalnum() else ""
    after = r"(?!\d)(?![.,]\d)" if wording[-1].isdigit() else ""
    return re.search(f"{before}{re.escape(wording)}{after}", text) is not None

"""The mathematics of Office files (OMML) as LaTeX."""

from typing import TYPE_CHECKING

from ingest.charset import plain_letters
from ingest.mathml import symbols

if TYPE_CHECKING:
    from lxml.etree import _Element

_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_VAL = f"{_M}val"
_MAX_DEPTH = 60
_ACCENTS = dict(
    zip("\u0302\u0303\u0304\u0305\u20d7\u0307\u0308", "hat tilde bar bar vec dot ddot".split(), strict=True)
)
_FUNCTIONS = frozenset("sin cos tan exp log ln min max lim sup inf det arg sinh cosh tanh".split())


def latex(element: "_Element") -> str:
    """The LaTeX of an equation.

    >>> from lxml.etree import fromstring
    >>> m = "http://schemas.openxmlformats.org/officeDocument/2006/math"
    >>> latex(fromstring(f'<m:oMath xmlns:m="{m}"><m:sSub><m:e><m:r><m:t>p</m:t></m:r></m:e>'
    ...                  '<m:sub><m:r><m:t>T</m:t></m:r></m:sub></m:sSub></m:oMath>'))
    'p_{T}'
    """
    return " ".join(_tex(element, 0).split())


def _tex(element: "_Element", depth: int) -> str:
    if not isinstance(element.tag, str) or depth > _MAX_DEPTH:
        return ""
    tag = element.tag.removeprefix(_M)
    if tag == "r":
        return _run(element)
    if tag in ("sSup", "sSub", "sSubSup", "sPre", "limLow", "limUpp"):
        return _scripts(tag, element, depth)
    if tag == "f":
        return f"\\frac{{{_part(element, 'num', depth)}}}{{{_part(element, 'den', depth)}}}"
    if tag == "rad":
        degree = _part(element, "deg", depth)
        return f"\\sqrt{f'[{degree}]' if degree else ''}{{{_part(element, 'e', depth)}}}"
    if tag == "nary":
        return _nary(element, depth)
    if tag == "d":
        return _delimited(element, depth)
    if tag == "func":
        return f"{_part(element, 'fName', depth)} {_part(element, 'e', depth)}"
    if tag in ("acc", "bar"):
        accent = "bar" if tag == "bar" else _ACCENTS.get(_property(element, "chr", "\u0302"), "hat")
        return f"\\{accent}{{{_part(element, 'e', depth)}}}"
    if tag in ("m", "eqArr"):
        return _rows(tag, element, depth)
    if tag.endswith("Pr"):
        return ""
    return "".join(_tex(child, depth + 1) for child in element)


def _run(element: "_Element") -> str:
    """Letters of one run; the names of functions upright."""
    text = plain_letters("".join(each.text or "" for each in element.iter(f"{_M}t")))
    if text.strip() in _FUNCTIONS:
        return f"\\{text.strip()} "
    return symbols(text)


def _part(element: "_Element", name: str, depth: int) -> str:
    """What the children of this name hold."""
    return "".join(_tex(child, depth + 1) for child in element.iterchildren(f"{_M}{name}")).strip()


def _property(element: "_Element", name: str, default: str) -> str:
    found = element.find(f"{_M}{element.tag.removeprefix(_M) if isinstance(element.tag, str) else ''}Pr/{_M}{name}")
    return default if found is None else (found.get(_VAL) or "")


def _scripts(tag: str, element: "_Element", depth: int) -> str:
    base = _part(element, "e", depth)
    below = _part(element, "lim" if tag == "limLow" else "sub", depth)
    above = _part(element, "lim" if tag == "limUpp" else "sup", depth)
    scripts = (f"_{{{below}}}" if below else "") + (f"^{{{above}}}" if above else "")
    return f"{{}}{scripts}{base}" if tag == "sPre" else f"{base}{scripts}"


def _nary(element: "_Element", depth: int) -> str:
    sign = symbols(_property(element, "chr", "∫")).strip()
    below, above = _part(element, "sub", depth), _part(element, "sup", depth)
    scripts = (f"_{{{below}}}" if below else "") + (f"^{{{above}}}" if above else "")
    return f"{sign}{scripts} {_part(element, 'e', depth)}"


def _delimited(element: "_Element", depth: int) -> str:
    inner = ", ".join(_tex(child, depth + 1).strip() for child in element.iterchildren(f"{_M}e"))
    return f"{symbols(_property(element, 'begChr', '('))}{inner}{symbols(_property(element, 'endChr', ')'))}"


def _rows(tag: str, element: "_Element", depth: int) -> str:
    if tag == "m":
        rows = [
            " & ".join(_tex(cell, depth + 1).strip() for cell in row.iterchildren(f"{_M}e"))
            for row in element.iterchildren(f"{_M}mr")
        ]
    else:
        rows = [_tex(row, depth + 1).strip() for row in element.iterchildren(f"{_M}e")]
    inner = " \\\\ ".join(rows)
    return f"\\begin{{matrix}} {inner} \\end{{matrix}}"

"""Numbers with units, however they are written: 13 TeV is 13000 GeV, and fb^-1 is not pb^-1."""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

_PREFIXES = {"a": -18, "f": -15, "p": -12, "n": -9, "u": -6, "m": -3, "c": -2, "": 0, "k": 3, "M": 6, "G": 9, "T": 12}
#: Units that take a prefix, and the dimension they measure.
_SCALED = {"eV": "energy", "b": "cross section", "Hz": "rate", "s": "time", "m": "length", "B": "size", "V": "voltage"}
#: Units that stand alone: the dimension, and how many of its base unit they are.
_ALONE = {
    "%": ("share", 1), "percent": ("share", 1), "h": ("time", 3600), "hour": ("time", 3600), "hours": ("time", 3600),
    "min": ("time", 60), "minute": ("time", 60), "minutes": ("time", 60), "day": ("time", 86400),
    "days": ("time", 86400), "T": ("field", 1), "K": ("temperature", 1), "C": ("celsius", 1),
}  # fmt: skip
_QUANTITY = re.compile(
    r"(?<![\w.^])(?P<sign>-)?(?P<digits>\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.(?P<decimals>\d+))?"
    r"(?:\s*x\s*10\^(?P<power>-?\d+))?"
    r"(?:[\s-]?(?P<unit>[afpn]b\^-1|[kMGTm]?eV|[afpnum]b|[kMG]?Hz|percent|%|minutes?|min|hours?|days?|[munp]?s"
    r"|[kMGT]B|[cmunk]?m|[km]?V|[TKhC])(?![\w^]))?"
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in the base unit of its dimension; dimension is "" for a bare number.

    half is half of the last digit given, in the same unit.
    """

    value: Decimal
    half: Decimal
    dimension: str

    def met_by(self, other: "Quantity") -> bool:
        """Whether the other, which may be more precise, says the same; a bare number is met by any unit.

        >>> (less,), (more,) = quantities("125.2 GeV"), quantities("125.18 GeV")
        >>> less.met_by(more), more.met_by(less)
        (True, False)
        """
        if self.dimension and other.dimension and self.dimension != other.dimension:
            return False
        return abs(self.value - other.value) <= (self.half if other.half < self.half else 0)


def quantities(text: str) -> list[Quantity]:
    """Every number of a plain text with its unit.

    >>> [(f"{each.value:f}", each.dimension) for each in quantities("139 fb^-1 at 13.6 TeV")]
    [('139000000000000000', 'luminosity'), ('13600000000000', 'energy')]
    """
    return [_quantity(match) for match in _QUANTITY.finditer(text)]


def _quantity(match: re.Match[str]) -> Quantity:
    decimals = match["decimals"] or ""
    value = Decimal(f"{match['sign'] or ''}{match['digits'].replace(',', '')}.{decimals or 0}")
    half = Decimal(5).scaleb(-len(decimals) - 1) if decimals else Decimal(0)
    dimension, factor = _unit(match["unit"] or "")
    scale = factor.scaleb(int(match["power"] or 0))
    return Quantity(value * scale, half * scale, dimension)


def _unit(written: str) -> tuple[str, Decimal]:
    """The dimension of a unit and how many of its base unit it is."""
    if written in _ALONE:
        dimension, factor = _ALONE[written]
        return dimension, Decimal(factor)
    if written.endswith("b^-1"):
        return "luminosity", Decimal(1).scaleb(-_PREFIXES[written[:-4]])
    for unit, dimension in _SCALED.items():
        if written.endswith(unit) and written[: -len(unit)] in _PREFIXES:
            return dimension, Decimal(1).scaleb(_PREFIXES[written[: -len(unit)]])
    return "", Decimal(1)


def plain(text: str) -> str:
    """Text with Unicode, LaTeX and Markdown spelled plainly, so that the same number always looks the same.

    >>> plain("$13.6\\\\,\\\\mathrm{TeV}$ and 139 fb⁻¹, 50 µm")
    '13.6 TeV and 139 fb^-1, 50 um'
    """
    text = text.replace("⁻¹", "^-1").replace("−", "-").replace("–", "-").replace("×", "x")
    text = unicodedata.normalize("NFKC", text).replace("μ", "u").replace("°", " ")
    text = re.sub(r"\\(?:mathrm|textrm|text|rm|mathit|operatorname|unit|ensuremath)\s*\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"\\(?:times|cdot)(?![A-Za-z])", "x", text)
    text = re.sub(r"\\mu(?![A-Za-z])\s*", "u", text).replace("\\%", "%")
    text = re.sub(r"\\[,;:!> ]|~", " ", text)
    text = re.sub(r"\^\s*\{\s*(-?\w+)\s*\}", r"^\1", text)
    text = re.sub(r"\b([afpn]b)-1\b", r"\1^-1", text)
    return re.sub(r"[ \t]+", " ", re.sub(r"[$*`]", "", text))

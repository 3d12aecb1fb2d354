"""Numbers and units as siunitx writes them: \\SI{13.6}{\\TeV} is "13.6 TeV"."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from ingest.formats.latex.macros import Expandable, Expander
from ingest.formats.latex.tokens import Tokens, source

_MAX_DEPTH = 8
UP = "^"

_PREFIXES = dict(
    pair.split(":")
    for pair in (
        "quecto:q ronto:r yocto:y zepto:z atto:a femto:f pico:p nano:n micro:µ milli:m centi:c deci:d deca:da deka:da "
        "hecto:h kilo:k mega:M giga:G tera:T peta:P exa:E zetta:Z yotta:Y kibi:Ki mebi:Mi gibi:Gi tebi:Ti pebi:Pi"
    ).split()
)
_UNITS = dict(
    pair.split(":")
    for pair in (
        "metre:m meter:m second:s gram:g kilogram:kg ampere:A kelvin:K mole:mol candela:cd hertz:Hz newton:N pascal:Pa "
        "joule:J watt:W coulomb:C volt:V farad:F ohm:Ω siemens:S weber:Wb tesla:T henry:H celsius:°C degreeCelsius:°C "
        "lumen:lm lux:lx becquerel:Bq gray:Gy sievert:Sv katal:kat minute:min hour:h day:d degree:° arcminute:′ "
        "arcsecond:″ litre:L liter:L tonne:t barn:b electronvolt:eV bit:bit byte:B percent:% clight:c bar:bar "
        "angstrom:Å atomicmassunit:u dalton:Da neper:Np bel:B decibel:dB hectare:ha radian:rad steradian:sr "
        "planckbar:ħ elementarycharge:e electronmass:m_e gauss:G year:yr mmHg:mmHg knot:kn astronomicalunit:au "
        "m:m mm:mm cm:cm dm:dm km:km um:µm nm:nm pm:pm fm:fm micron:µm s:s as:as fs:fs ps:ps ns:ns us:µs ms:ms "
        "g:g kg:kg mg:mg ug:µg ng:ng K:K mK:mK uK:µK A:A mA:mA uA:µA nA:nA pA:pA kA:kA V:V mV:mV uV:µV kV:kV MV:MV "
        "W:W mW:mW uW:µW kW:kW MW:MW GW:GW Hz:Hz mHz:mHz kHz:kHz MHz:MHz GHz:GHz THz:THz eV:eV meV:meV keV:keV "
        "MeV:MeV GeV:GeV TeV:TeV PeV:PeV EeV:EeV J:J mJ:mJ uJ:µJ kJ:kJ MJ:MJ Pa:Pa kPa:kPa MPa:MPa mbar:mbar N:N mN:mN "
        "kN:kN C:C T:T mT:mT L:L mL:mL ul:µl ml:ml l:l mol:mol mmol:mmol kohm:kΩ Mohm:MΩ F:F pF:pF nF:nF uF:µF fF:fF "
        "dB:dB kWh:kWh b:b mb:mb ub:µb nb:nb pb:pb fb:fb ab:ab Gy:Gy kGy:kGy MGy:MGy Bq:Bq rad:rad mrad:mrad urad:µrad"
    ).split()
)
_PASSED_OVER = frozenset(
    (
        "{ } $ ~ \\, \\; \\: \\! \\cdot \\text \\mathrm \\rm \\ensuremath \\xspace \\textnormal \\mbox \\relax "
        "\\mathit \\highlight \\unskip \\unitname \\textrm \\up \\mathsf \\sf"
    ).split()
) | {"\\ "}
_LITERAL = re.compile(r"(?P<per>\s*/\s*)|(?P<gap>[\s.·]+)|(?P<word>[^\s/.·]+)")
_NUMBER = re.compile(
    r"([-+<>~≈≤≥±∓]*)(\d*[.,]?\d*)((?:\(\d+(?:\.\d+)?\))?)((?:±\d*[.,]?\d+(?:\(\d+\))?)*)(?:[eEdD]([-+]?\d+))?"
)
_NO_SPACE_BEFORE = ("%", "°", "′", "″")


@dataclass(slots=True)
class _Unit:
    symbol: str
    power: str = "1"


def number(tokens: Tokens, *, math: bool) -> str:
    """A number as siunitx reads it, for text or for mathematics.

    >>> number(["1.2e11"], math=False), number(["0.05+-0.01"], math=True), number(["e-4"], math=False)
    ('1.2 × 10^11', '0.05 \\\\pm 0.01', '10^-4')
    """
    text = source(tokens)
    for written, meant in (("\\pm", "±"), ("+-", "±"), ("\\mp", "∓"), ("\\times", "x"), ("\\cdot", "x"), ("{,}", "")):
        text = text.replace(written, meant)
    text = re.sub(r"\\[,;:! ]|[\s~{}$]", "", text)
    shown = " × ".join(_single_number(factor) for factor in re.split(r"[x×]", text))
    return _as_math(shown) if math else shown


def _single_number(text: str) -> str:
    match = _NUMBER.fullmatch(text)
    if not match:
        return text
    sign, digits, brackets, uncertainty, exponent = match.groups()
    digits = f"0{digits}" if digits.startswith((".", ",")) and len(digits) > 1 else digits
    shown = f"{sign}{digits}{brackets}{uncertainty.replace('±', ' ± ')}"
    if not exponent:
        return shown
    exponent = exponent.removeprefix("+")
    if not digits:
        return f"{sign}10^{exponent}"
    return f"({shown}) × 10^{exponent}" if uncertainty else f"{shown} × 10^{exponent}"


_IN_MATH = (
    ("±", " \\pm "),
    ("×", " \\times "),
    ("∓", " \\mp "),
    ("≈", "\\approx "),
    ("≤", "\\leq "),
    ("≥", "\\geq "),
)


def _as_math(text: str) -> str:
    for sign, command in (
        ("±", "\\pm"),
        ("×", "\\times"),
        ("∓", "\\mp"),
        ("≈", "\\approx"),
        ("≤", "\\leq"),
        ("≥", "\\geq"),
    ):
        text = text.replace(sign, command)
    return re.sub(r"\\([a-z]+)(?=[\d.])", r"\\\1 ", text).replace("<", "< ").replace(">", "> ").replace("~", "\\sim ")


def unit(expander: Expander, tokens: Tokens, *, math: bool) -> str:
    """A unit given by macros or by letters, for text or for mathematics: "GeV/c^2", "cm^-2 s^-1"."""
    found = _Reader(expander).read(tokens)
    above = [each for each in found if not each.power.startswith("-")]
    below = [each for each in found if each.power.startswith("-")]
    if len(below) == 1 and above:
        gap = "\\," if math else " "
        flipped = _Unit(below[0].symbol, below[0].power[1:])
        return f"{gap.join(_shown(each, math=math) for each in above)}/{_shown(flipped, math=math)}"
    return ("\\," if math else " ").join(_shown(each, math=math) for each in found)


def _shown(item: _Unit, *, math: bool) -> str:
    if item.power == "1":
        return _upright(item.symbol) if math else item.symbol
    return f"{_upright(item.symbol)}^{{{item.power}}}" if math else f"{item.symbol}^{item.power}"


def _upright(symbol: str) -> str:
    if symbol in ("c", "e", "m_e"):
        return symbol
    if symbol == "%":
        return "\\%"
    if symbol == "°":
        return "^{\\circ}"
    if symbol.startswith("°"):
        return f"^{{\\circ}}\\mathrm{{{symbol[1:]}}}"
    if symbol[0] == "µ":
        return f"\\mu\\mathrm{{{symbol[1:]}}}"
    return f"\\mathrm{{{symbol}}}"


class _Reader:
    """Reads the tokens of a unit one by one."""

    def __init__(self, expander: Expander) -> None:
        self._expander = expander
        self._found: list[_Unit] = []
        self._prefix = ""
        self._below = False
        self._power = "1"
        self._joined = False
        self._depth = 0

    def read(self, tokens: Tokens) -> list[_Unit]:
        """The units that the tokens name, those below a fraction line with negative powers."""
        with self._expander.isolated(tokens):
            while (token := self._expander.raw()) is not None:
                if token[0] == "\\":
                    self._command(token)
                elif token == UP:
                    self._raise(source(self._expander.argument()).strip("{} "))
                elif token not in _PASSED_OVER and token[0] not in "#&_":
                    self._letters(token)
        return self._found

    def _command(self, name: str) -> None:
        expander = self._expander
        word = name[1:]
        match name:
            case "\\per":
                self._below = True
            case "\\square" | "\\cubic":
                self._power = "2" if name == "\\square" else "3"
            case "\\raiseto":
                self._power = source(expander.argument())
            case "\\squared" | "\\cubed":
                self._raise("2" if name == "\\squared" else "3")
            case "\\tothe":
                self._raise(source(expander.argument()))
            case "\\of":
                self._add(f"{self._found.pop().symbol if self._found else ''}_{source(expander.argument())}")
            case "\\kern" | "\\hskip" | "\\mkern":
                expander.skip_assignment()
            case "\\%":
                self._add("%")
            case _ if word in _PREFIXES:
                self._prefix = _PREFIXES[word]
            case _ if word in _UNITS:
                self._add(_UNITS[word])
            case _ if name not in _PASSED_OVER:
                self._other(name)
        self._joined = self._joined and name in ("\\kern", "\\!", "\\mkern")

    def _other(self, name: str) -> None:
        """A unit that the document defines, a macro, or a name that nobody explains."""
        expander = self._expander
        self._depth += 1
        if name in expander.units and self._depth < _MAX_DEPTH:
            expander.push(list(expander.units[name]), expansion=True)
        elif name in expander.macros and self._depth < _MAX_DEPTH:
            expander.expand_once(name)
        elif name[1:].isalpha():
            self._add(name[1:])

    def _letters(self, text: str) -> None:
        for match in _LITERAL.finditer(text):
            if match["per"]:
                self._below = True
            elif match["word"] and self._joined and match.start() == 0 and self._found:
                self._found[-1].symbol += match["word"]
            elif match["word"]:
                self._add(match["word"])
            self._joined = bool(match["word"])

    def _add(self, symbol: str) -> None:
        power = f"-{self._power}" if self._below else self._power
        self._found.append(_Unit(f"{self._prefix}{symbol}", power))
        self._prefix, self._below, self._power = "", False, "1"

    def _raise(self, power: str) -> None:
        if self._found and power:
            below = self._found[-1].power.startswith("-")
            self._found[-1].power = f"-{power}" if below and not power.startswith("-") else power


def _with_unit(value: str, symbol: str, *, math: bool) -> str:
    if not symbol:
        return value
    if not value:
        return symbol
    tight = symbol.startswith((*_NO_SPACE_BEFORE, "\\%", "^")) and not symbol.startswith(("°C", "^{\\circ}\\mathrm"))
    # A value with an uncertainty stands in brackets before its unit.
    if ("±" in value or "\\pm" in value) and not value.startswith("("):
        value = f"({value})"
    gap = "\\," if math else " "
    return f"{value}{symbol}" if tight else f"{value}{gap}{symbol}"


def _quantity(expander: Expander, math: bool) -> str:
    expander.optional()
    value = expander.argument()
    expander.optional()
    symbol = unit(expander, expander.argument(), math=math)
    return _with_unit(number(expander.expanded(value), math=math), symbol, math=math)


def _number(expander: Expander, math: bool) -> str:
    expander.optional()
    return number(expander.expanded(expander.argument()), math=math)


def _unit(expander: Expander, math: bool) -> str:
    """\\unit{GeV} of siunitx, and \\unit[13]{TeV} of the package units."""
    given = expander.optional()
    symbol = unit(expander, expander.argument(), math=math)
    if given and "=" not in source(given):
        return _with_unit(number(expander.expanded(given), math=math), symbol, math=math)
    return symbol


def _angle(expander: Expander, math: bool) -> str:
    expander.optional()
    parts = source(expander.expanded(expander.argument())).split(";")
    signs = ("^{\\circ}", "'", "''") if math else ("°", "′", "″")
    return "".join(f"{part.strip()}{sign}" for part, sign in zip(parts, signs, strict=False) if part.strip())


def _range(expander: Expander, math: bool, *, with_unit: bool) -> str:
    expander.optional()
    low = number(expander.expanded(expander.argument()), math=math)
    high = number(expander.expanded(expander.argument()), math=math)
    symbol = unit(expander, expander.argument(), math=math) if with_unit else ""
    joint = "\\text{ to }" if math else " to "
    return _with_unit(f"{low}{joint}{high}", symbol, math=math)


def _list(expander: Expander, math: bool, *, with_unit: bool) -> str:
    expander.optional()
    parts = source(expander.expanded(expander.argument())).split(";")
    shown = [number([part], math=math) for part in parts if part.strip()]
    symbol = unit(expander, expander.argument(), math=math) if with_unit else ""
    conjunction = "\\text{ and }" if math else " and "
    joined = f"{', '.join(shown[:-1])}{conjunction}{shown[-1]}" if len(shown) > 1 else "".join(shown)
    return _with_unit(joined, symbol, math=math)


#: Commands that stand for a number or a unit: from what follows them to text, or mathematics.
def _quantity_or_brackets(expander: Expander, math: bool) -> str:
    """\\qty of siunitx; that of physics, which stands before a bracket, only makes it grow."""
    following = expander.peek() or ""
    brackets = ("(", "|", "[") if "physics" in expander.packages else ("(", "|")
    return "" if following.startswith(brackets) else _quantity(expander, math)


QUANTITIES: dict[str, Callable[[Expander, bool], str]] = {
    "\\SI": _quantity,
    "\\qty": _quantity_or_brackets,
    "\\num": _number,
    "\\tablenum": _number,
    "\\si": _unit,
    "\\unit": _unit,
    "\\ang": _angle,
    "\\SIrange": lambda expander, math: _range(expander, math, with_unit=True),
    "\\qtyrange": lambda expander, math: _range(expander, math, with_unit=True),
    "\\numrange": lambda expander, math: _range(expander, math, with_unit=False),
    "\\SIlist": lambda expander, math: _list(expander, math, with_unit=True),
    "\\qtylist": lambda expander, math: _list(expander, math, with_unit=True),
    "\\numlist": lambda expander, math: _list(expander, math, with_unit=False),
}


def declare_unit(expander: Expander) -> None:
    """\\DeclareSIUnit\\name{symbols}."""
    expander.optional()
    name = next((token for token in expander.argument() if token[0] == "\\"), None)
    expander.optional()
    symbols = expander.argument()
    if name:
        expander.units[name] = symbols


EXPANDABLE: dict[str, Expandable] = {
    "\\DeclareSIUnit": declare_unit,
    "\\newunit": declare_unit,
}

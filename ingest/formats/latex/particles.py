"""Particles as the packages hepnames and heppennames name them: \\PDstarplus, \\APmuon, \\PgLc."""

import re

from ingest.formats.latex.macros import Expander, Macro
from ingest.formats.latex.tokens import tokenised

# Nice names first, then the letters of the Particle Entity Notation, where g stands before a Greek letter and q before
# a quark; the collaboration CMS writes these two as capitals.
_GREEK: dict[str, str] = {
    name[0]: name for name in "alpha beta gamma mu tau nu rho omega chi Lambda Sigma Xi Omega Upsilon Delta".split()
} | {"p": "pi", "f": "phi", "h": "eta", "y": "psi"}
_BASES = {
    "electron": "e",
    "positron": "e",
    "muon": "\\mu",
    "tauon": "\\tau",
    "neutrino": "\\nu",
    "nu": "\\nu",
    "mu": "\\mu",
    "tau": "\\tau",
    "photon": "\\gamma",
    "gamma": "\\gamma",
    "gluon": "g",
    "Higgs": "H",
    "higgs": "H",
    "Graviton": "G",
    "proton": "p",
    "neutron": "n",
    "quark": "q",
    "lepton": "\\ell",
    "down": "d",
    "up": "u",
    "charm": "c",
    "strange": "s",
    "top": "t",
    "bottom": "b",
    "beauty": "b",
    "JpsiOneS": "J/\\psi",
    "Jpsi": "J/\\psi",
    "JPsi": "J/\\psi",
    "psi": "\\psi",
    "pi": "\\pi",
    "eta": "\\eta",
    "rho": "\\rho",
    "omega": "\\omega",
    "phi": "\\phi",
    "chi": "\\chi",
    "Upsilon": "\\Upsilon",
    "Lambda": "\\Lambda",
    "Sigma": "\\Sigma",
    "Xi": "\\Xi",
    "Omega": "\\Omega",
    "Delta": "\\Delta",
    "gp": "\\pi",
    "gm": "\\mu",
    "gt": "\\tau",
    "gn": "\\nu",
    "gg": "\\gamma",
    "gr": "\\rho",
    "go": "\\omega",
    "gf": "\\phi",
    "gh": "\\eta",
    "gy": "\\psi",
    "gc": "\\chi",
    "gL": "\\Lambda",
    "gS": "\\Sigma",
    "gX": "\\Xi",
    "gO": "\\Omega",
    "gU": "\\Upsilon",
    "gD": "\\Delta",
    **{f"G{letter}": f"\\{name}" for letter, name in _GREEK.items()},
    "JGy": "J/\\psi",
    **{f"Q{letter}": letter for letter in "udcstb"},
    "qu": "u",
    "qd": "d",
    "qc": "c",
    "qs": "s",
    "qt": "t",
    "qb": "b",
    **{letter: letter for letter in "BDKWZHNAepnfg"},
}
_ABOVE = {
    "plus": "+",
    "minus": "-",
    "pm": "\\pm",
    "mp": "\\mp",
    "zero": "0",
    "star": "*",
    "st": "*",
    "prime": "\\prime",
    "pr": "\\prime",
    "p": "+",
    "m": "-",
    "z": "0",
}
_BELOW = {
    "short": "\\mathrm{S}",
    "long": "\\mathrm{L}",
    "strange": "s",
    "charm": "c",
    "bottom": "b",
    "mu": "\\mu",
    "tau": "\\tau",
    "S": "\\mathrm{S}",
    "L": "\\mathrm{L}",
    **{letter: letter for letter in "scbduet"},
}
# Letters behind the name of a neutrino.
_FLAVOURS = {"m": "mu", "t": "tau"}
_STATES = {"OneS": "1S", "TwoS": "2S", "ThreeS": "3S", "FourS": "4S", "FiveS": "5S"}
# Without a sign these names mean the negative particle.
_NEGATIVE = frozenset(("electron", "muon", "tauon"))


def _any_of(words: dict[str, str]) -> str:
    return "|".join(sorted(words, key=lambda word: (-len(word), word)))


_NAME = re.compile(rf"\\(A)?P([aA])?({_any_of(_BASES)})((?:{_any_of({**_ABOVE, **_BELOW, **_STATES})})*)")
_PART = re.compile(_any_of({**_ABOVE, **_BELOW, **_STATES}))


def particle(name: str) -> str | None:
    """The formula of a particle macro, or None for a name that is none.

    >>> particle("\\\\PDstarplus"), particle("\\\\APmuon"), particle("\\\\PLambdac"), particle("\\\\Psi")
    ('D^{*+}', '\\\\mu^{+}', '\\\\Lambda_{c}', None)
    """
    match = _NAME.fullmatch(name)
    if not match:
        return None
    base, suffixes = match[3], _PART.findall(match[4])
    if symbol_is_neutrino(base):
        suffixes = [_FLAVOURS.get(part, part) for part in suffixes]
    above = "".join(_ABOVE[part] for part in suffixes if part in _ABOVE)
    below = "".join(_BELOW[part] for part in suffixes if part in _BELOW and part not in _ABOVE)
    state = "".join(f"({_STATES[part]})" for part in suffixes if part in _STATES)
    anti = bool(match[1] or match[2])
    symbol = _BASES[base]
    if base in _NEGATIVE and not above:
        above, anti = "+" if anti else "-", False
    elif base == "positron":
        above = "+"
    if base == "K" and below.startswith("\\mathrm") and not above:
        above = "0"
    symbol = f"\\bar{{{symbol}}}" if anti else symbol
    return f"{symbol}{state}{f'_{{{below}}}' if below else ''}{f'^{{{above}}}' if above else ''}"


def symbol_is_neutrino(base: str) -> bool:
    """Whether a letter behind this name is a flavour and no charge."""
    return _BASES[base] == "\\nu"


def expand_particle(expander: Expander, name: str) -> bool:
    """Push the formula of a particle macro; whether the name is one."""
    formula = particle(name)
    if formula is None:
        return False
    expander.macros[name] = Macro((), tuple(tokenised(f"\\ensuremath{{{formula}}}\\xspace")))
    expander.expand_once(name)
    return True

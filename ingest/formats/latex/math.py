"""Mathematics: macros expanded, what only moves things about left out, so that KaTeX and people can read it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from ingest.formats.latex.macros import Expander
from ingest.formats.latex.symbols import IGNORED, TRANSPARENT
from ingest.formats.latex.tokens import CLOSE, OPEN, PAR, Tokens, Verbatim
from ingest.formats.latex.units import QUANTITIES, unit

# Commands whose argument is set as text.
_WORDS = frozenset(
    f"\\{name}"
    for name in (
        "text mbox textrm textnormal hbox textit textbf texttt textsf textsc textup textsl emph makebox fbox textmd"
    ).split()
)
# Changes of size and font that KaTeX would take, and that say nothing.
_KEPT = frozenset(("\\pmb", "\\smash", "\\underline", "\\boxed", "\\phantom", "\\hphantom", "\\vphantom"))
_DROPPED_IN_MATH = frozenset(("\\phantom", "\\hphantom", "\\vphantom"))
_REFERENCES = frozenset(
    f"\\{name}"
    for name in "ref eqref cref Cref autoref cite citep citet pageref vref ac acs acl acp gls acrshort acf".split()
)
_TAKES_ARGUMENT = frozenset(
    f"\\{name}"
    for name in (
        "frac dfrac tfrac cfrac sqrt bar hat tilde vec dot ddot overline underline widehat widetilde mathrm mathbf "
        "mathit mathcal mathsf mathbb boldsymbol binom overset underset stackrel operatorname overbrace underbrace not "
        "check breve acute grave mathring overrightarrow mathfrak mathscr"
    ).split()
)
_SPACES = re.compile(r"\s+")
_DOUBLE_BRACES = re.compile(r"\{\{([^{}]*)\}\}")
_LONE_ATOM = re.compile(r"(?<![}\]\w^_\\\s])\{([A-Za-z0-9])\}")
_EMPTY_GROUP = re.compile(r"([\^_]\{[^{}]*\})\{\}(?![\^_])")
_ALL_IN_BRACES = re.compile(r"^\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}$")
_EMPHASIS = re.compile(r"\*{1,3}|`")
_LAST_LINE_BREAK = re.compile(r"(?:\s|\\\\|&)+$")
_ENDS_IN_WORD = re.compile(r"\\[a-zA-Z]+$")
_ONLY_RAISED = re.compile(r"\^(?:\\(?:text|mathrm)\{([\w, ]{1,12})\}|\{([-+]?[\w.,]{1,12})\}|(\w))")
_ONLY_SPACE = re.compile(r"(?:\\[,;:! ]|~|\s|\\q?quad)*")
_ONLY_LOWERED = re.compile(r"_(?:\{(?:\\(?:mathrm|text|rm)\s*)?\{?(\w{1,8})\}?\}|(\w))")
_ONLY_WORDS = re.compile(
    r"(?:\\, ?)?\\(?:mathtt|mathrm|text|mathit|mathbf|mathsf)\s*\{([A-Za-z][\w .,/+-]*)\}"
    r"|([A-Za-z][A-Za-z0-9]{3,}(?:\(\))?)"
)
MATH_SHIFT = "$"


@dataclass(slots=True)
class Row:
    """One line of a display: its formula, the labels that stand in it, and the number it gives itself with \\tag."""

    parts: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    tag: str = ""
    numbered: bool = True

    @property
    def formula(self) -> str:
        """The line as LaTeX, tidied."""
        return tidied("".join(self.parts))


class Formula:
    """Reads tokens in mathematics. words makes text of what stands in \\text; refer of a \\ref or \\cite."""

    def __init__(self, expander: Expander, words: Callable[[Tokens], str], refer: Callable[[str], str]) -> None:
        self._expander = expander
        self._words = words
        self._refer = refer
        self.rows = [Row()]
        self._braces = 0
        self._environments = 0

    def read(self, tokens: Tokens) -> None:
        """Read all of these tokens."""
        mode = self._expander.flags.get("\\ifmmode", False)
        self._expander.flags["\\ifmmode"] = True
        with self._expander.isolated(tokens):
            while (token := self._expander.next()) is not None:
                self._token(token)
        self._expander.flags["\\ifmmode"] = mode

    @property
    def formula(self) -> str:
        """All lines as one formula."""
        return " \\\\ ".join(row.formula for row in self.rows if row.formula)

    def _token(self, token: str) -> None:
        if token[0] == "\\":
            self._command(token)
        elif token in (OPEN, CLOSE):
            self._braces += 1 if token == OPEN else -1
            if self._braces >= 0:
                self._add(token)
            self._braces = max(self._braces, 0)
        elif token[0] == "#":
            self._add("\\#")
        elif token != MATH_SHIFT:
            self._add(_SPACES.sub(" ", token))

    def _add(self, words: str) -> None:
        parts = self.rows[-1].parts
        if parts and words[:1].isalnum() and _ENDS_IN_WORD.search(parts[-1]):
            parts.append(" ")
        if words:
            parts.append(words)

    def _command(self, name: str) -> None:
        expander = self._expander
        if isinstance(name, Verbatim):
            self._text(name.body)
        elif name in _WORDS:
            argument = expander.argument()
            if argument[:1] == ["\\,"]:
                self._add("\\,")
            self._text(self._words(argument))
        elif name in QUANTITIES:
            words = QUANTITIES[name](expander, True)
            self._add(f"\\,{words}" if name in ("\\unit", "\\si") and self._after_number() else words)
        elif name in _BY_NAME:
            _BY_NAME[name](self)
        elif name in _REFERENCES:
            self._text(self._refer(name))
        elif name in IGNORED and name not in _KEPT:
            skip_arguments(expander, IGNORED[name])
        elif name in TRANSPARENT and name not in _KEPT:
            skip_arguments(expander, TRANSPARENT[name][:-1])
            expander.push([OPEN, *expander.argument(), CLOSE])
        elif name in expander.registers:
            expander.skip_assignment()
        elif name != PAR:
            self._add(str(name))

    def _text(self, words: str) -> None:
        """Words within mathematics; formulas in them become part of the formula around."""
        for place, piece in enumerate(re.split(r"(?<!\\)\$", _EMPHASIS.sub("", words))):
            if place % 2:
                self._add(piece)
            elif piece:
                self._add(f"\\text{{{_SPACES.sub(' ', piece)}}}")

    # Commands that are more than their name.

    def _ensured(self) -> None:
        """\\ensuremath: its argument, in braces only where they are needed to hold it together."""
        argument = self._expander.argument()
        following = self._expander.peek()
        while following == "\\xspace":
            self._expander.raw()
            following = self._expander.peek()
        before = "".join(self.rows[-1].parts[-1:])
        doubled = following in ("^", "_") and following in argument
        held = doubled or before in ("^", "_") or before in _TAKES_ARGUMENT
        self._expander.push([OPEN, *argument, CLOSE] if held and len(argument) > 1 else argument)

    def _old_font(self, name: str) -> None:
        """\\rm and its kin, which hold until their group ends: as a command around what they hold for."""
        held = self._expander.until(frozenset((CLOSE,)), limit=500)
        if held is not None:
            self._expander.push([name, OPEN, *held, CLOSE, CLOSE])
            return
        rest: Tokens = []
        while (token := self._expander.raw()) is not None:
            rest.append(token)
        self._expander.push([name, OPEN, *rest, CLOSE])

    def _unit(self) -> None:
        words = unit(self._expander, self._expander.argument(), math=True)
        self._add(f"\\,{words}" if self._after_number() else words)

    def _after_number(self) -> bool:
        """Whether what stands here last may be a number, from which a unit keeps its distance."""
        before = "".join(self.rows[-1].parts[-2:]).rstrip()
        return before[-1:].isdigit() or before[-1:] in (")", "}")

    def _line(self) -> None:
        self._expander.star()
        if (self._expander.peek() or "").startswith("["):
            self._expander.optional()
        if self._environments or self._braces:
            self._add(" \\\\ ")
        else:
            self.rows.append(Row())

    def _begin(self) -> None:
        name = self._expander.key()
        known = self._expander.environments.get(name)
        if known:
            self._expander.push([*known.begin.body] if not known.begin.parameters else [])
            return
        if name in ("document", "figure", "table", "center"):
            return
        self._environments += 1
        self._add(f"\\begin{{{_inner(name)}}}")

    def _end(self) -> None:
        name = self._expander.key()
        known = self._expander.environments.get(name)
        if known:
            self._expander.push(list(known.end))
            return
        if not self._environments:
            return
        self._environments -= 1
        self._add(f"\\end{{{_inner(name)}}}")

    def _label(self) -> None:
        self.rows[-1].labels.append(self._expander.key())

    def _tag(self) -> None:
        star = self._expander.star()
        words = self._words(self._expander.argument()).strip()
        self.rows[-1].tag = words if star else words.strip("() ")

    def _unnumbered(self) -> None:
        self.rows[-1].numbered = False

    def _intertext(self) -> None:
        """\\intertext{words} between lines: a line of its own without a number."""
        words = self._words(self._expander.argument())
        if self._environments or self._braces:
            self._text(words)
            return
        self.rows[-1].numbered = False
        self._text(words)
        self.rows.append(Row())

    def _skip(self) -> None:
        self._expander.argument()

    def _nothing(self) -> None:
        """A command that says nothing in mathematics."""

    def _hspace(self) -> None:
        self._expander.star()
        self._expander.argument()
        self._add("\\ ")


_BY_NAME: dict[str, Callable[[Formula], None]] = {
    "\\ensuremath": Formula._ensured,
    "\\unitname": Formula._unit,
    "\\\\": Formula._line,
    "\\tabularnewline": Formula._line,
    "\\begin": Formula._begin,
    "\\end": Formula._end,
    "\\label": Formula._label,
    "\\intertext": Formula._intertext,
    "\\shortintertext": Formula._intertext,
    "\\tag": Formula._tag,
    "\\nonumber": Formula._unnumbered,
    "\\notag": Formula._unnumbered,
    "\\xspace": Formula._nothing,
    "\\/": Formula._nothing,
    "\\!": Formula._nothing,
    "\\-": Formula._nothing,
    "\\@": Formula._nothing,
    "\\hspace": Formula._hspace,
    **dict.fromkeys(_DROPPED_IN_MATH, Formula._skip),
    "\\rm": lambda formula: formula._old_font("\\mathrm"),
    "\\bf": lambda formula: formula._old_font("\\mathbf"),
    "\\cal": lambda formula: formula._old_font("\\mathcal"),
    "\\frak": lambda formula: formula._old_font("\\mathfrak"),
    "\\textgreater": lambda formula: formula._add(">"),
    "\\textless": lambda formula: formula._add("<"),
    "\\textunderscore": lambda formula: formula._add("\\_"),
    "\\textpm": lambda formula: formula._add("\\pm"),
    "\\textdegree": lambda formula: formula._add("^{\\circ}"),
    "\\degree": lambda formula: formula._add("^{\\circ}"),
    "\\percent": lambda formula: formula._add("\\%"),
}


def _inner(environment: str) -> str:
    """The environment to use within a formula for one that makes a display of its own."""
    if environment.rstrip("*") in ("equation", "displaymath", "math", "eqnarray", "align", "gather"):
        return "aligned" if environment.startswith(("align", "eqn")) else "gathered"
    return environment


def tidied(formula: str) -> str:
    """A formula without superfluous spaces and braces.

    >>> tidied("{{B}^{0}}  \\\\to   {K}^{+}")
    '{B^{0}} \\\\to {K}^{+}'
    """
    formula = _SPACES.sub(" ", formula).strip()
    for _ in range(3):
        formula, found = _DOUBLE_BRACES.subn(r"{\1}", formula)
        if not found:
            break
    formula = _EMPTY_GROUP.sub(r"\1", formula.replace("\\mathop{}", ""))
    return _LONE_ATOM.sub(r"\1", _ALL_IN_BRACES.sub(r"\1", formula))


def as_words(formula: str, *, behind_word: bool) -> str | None:
    """What a formula says that is only there to raise, lower or slant a word, or to leave a space; None for any other.

    >>> as_words("\\\\,\\\\mathrm{TeV}", behind_word=True), as_words("^{th}", behind_word=True)
    (' TeV', '^th')
    """
    if _ONLY_SPACE.fullmatch(formula):
        return " "
    words = _ONLY_WORDS.fullmatch(formula)
    if words:
        return (" " if formula.startswith("\\,") else "") + (words[1] or words[2])
    raised = _ONLY_RAISED.fullmatch(formula) if behind_word else None
    if raised:
        return f"^{raised[1] or raised[2] or raised[3]}"
    lowered = _ONLY_LOWERED.fullmatch(formula) if behind_word else None
    return f"_{lowered[1] or lowered[2]}" if lowered else None


def skip_arguments(expander: Expander, arguments: str) -> None:
    """Pass over the arguments of a command: m in braces, o in brackets, = an assignment; a star before any of them."""
    if arguments:
        expander.star()
    for kind in arguments:
        if kind == "m":
            expander.argument()
        elif kind == "o":
            expander.optional()
        else:
            expander.skip_assignment()


def display(rows: list[Row], numbers: list[str], environment: str) -> list[str]:
    """The lines between $$ signs of a display: its formula with the numbers of its rows."""
    kept = [(row.formula, number) for row, number in zip(rows, numbers, strict=True) if row.formula]
    kept = [(_LAST_LINE_BREAK.sub("", formula) if environment else formula, number) for formula, number in kept]
    if environment.startswith("eqnarray"):
        kept = [(_one_sign(formula), number) for formula, number in kept]
    tags = [number for _, number in kept if number]
    if len(kept) == 1:
        formula, number = kept[0]
        if "&" in formula and "\\begin" not in formula:
            formula = f"\\begin{{aligned}} {formula} \\end{{aligned}}"
        return [f"{formula} {_tagged(number)}" if number else formula]
    inner = "align" if any("&" in formula for formula, _ in kept) else "gather"
    if len(tags) > 1:
        lines = [f"{formula} {_tagged(number)}" if number else f"{formula} \\notag" for formula, number in kept]
        return [f"\\begin{{{inner}}}", *_broken(lines), f"\\end{{{inner}}}"]
    end = f"\\end{{{inner}ed}}" + (f" {_tagged(tags[0])}" if tags else "")
    return [f"\\begin{{{inner}ed}}", *_broken([formula for formula, _ in kept]), end]


def _tagged(number: str) -> str:
    """A number beside its formula; one that brings its own brackets (\\tag*) gets no others."""
    return f"\\tag*{{{number}}}" if number.startswith("(") else f"\\tag{{{number}}}"


def _broken(lines: list[str]) -> list[str]:
    return [*(f"{line} \\\\" for line in lines[:-1]), lines[-1]] if lines else []


def _one_sign(formula: str) -> str:
    """A row of eqnarray, which has an alignment sign on either side of its relation, with one sign only."""
    parts = formula.split("&")
    return f"{parts[0].strip()} &{tidied(' '.join(parts[1:]))}" if len(parts) > 2 else formula

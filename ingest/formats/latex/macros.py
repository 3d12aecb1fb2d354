"""Expands the macros of a LaTeX document as TeX would, within limits of recursion and work."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from ingest.formats.latex.input import Input
from ingest.formats.latex.tokens import CLOSE, OPEN, RAW_ENVIRONMENTS, Frozen, Tokens, source, tokenised
from ingest.formats.latex.tree import Tree

# What one token of a file may cause, and a whole document. A thesis of 580 kB with an experiment's style file was
# seen to need 36 expansions, 518 tokens and a depth of 5 at most, and 9,238 expansions in all.
MAX_EXPANSIONS_A_TOKEN = 20_000
MAX_PUSHED_A_TOKEN = 200_000
MAX_DEPTH = 200
MAX_EXPANSIONS = 1_000_000
MAX_NESTING = 60
NO_VALUE = "\\no value"

ParameterKind = Literal["mandatory", "optional", "star", "until", "literal", "braced"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a macro.

    default is what an optional one stands for when it is left out. marks are the opening and closing sign of an
    optional one, the sign of a star, or the text that ends a delimited or makes up a literal one.
    """

    kind: ParameterKind
    default: tuple[str, ...] = (NO_VALUE,)
    marks: tuple[str, ...] = ("[", "]")


@dataclass(frozen=True, slots=True)
class Macro:
    """What a control sequence stands for; #1, #2 ... in the body are its parameters."""

    parameters: tuple[Parameter, ...]
    body: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Environment:
    """What \\begin and \\end of an environment stand for."""

    begin: Macro
    end: tuple[str, ...]


MANDATORY = Parameter("mandatory")
Expandable = Callable[["Expander"], None]


class Expander(Input):
    """Tokens with all macros of the document expanded.

    macros are those that are known before the document defines any. Names in protected keep their meaning whatever
    the document says. expandable holds what is carried out while reading: definitions, conditionals, \\input. guess
    is asked about every other name; it pushes what the name stands for and says so, or says no.
    """

    def __init__(
        self,
        tree: Tree,
        *,
        macros: Mapping[str, Macro],
        expandable: Mapping[str, Expandable],
        protected: frozenset[str] = frozenset(),
        guess: Callable[["Expander", str], bool] = lambda _expander, _name: False,
    ) -> None:
        super().__init__()
        self.tree = tree
        self.macros = dict(macros)
        self._given = macros
        self.environments: dict[str, Environment] = {}
        self.raw_environments = set(RAW_ENVIRONMENTS)
        self.raw_kinds: dict[str, str] = {}
        self.expandable = expandable
        self.protected = protected
        self.guess = guess
        self.flags: dict[str, bool] = {}
        self.counters: dict[str, int] = {}
        self.within: dict[str, list[str]] = {}
        self.registers: set[str] = set()
        self.units: dict[str, Tokens] = {}
        self.options: dict[str, tuple[str, ...]] = {}
        self.classes: list[str] = []
        self.packages: set[str] = set()
        self.book = False
        self.folders: list[str] = []
        self.files_read: list[str] = []
        self.files_missing: dict[str, None] = {}
        self.characters_read = 0
        self._scopes: list[list[tuple[str, Macro | None]]] = []
        self._expansions = 0
        self._pushed = 0
        self._total = 0
        self._nesting = 0

    def miss(self, name: str, consequence: str = "the text goes on without it") -> None:
        """Note that a file which the text asks for is not there."""
        self.files_missing[name] = None
        self.warn(f"{name!r} is not there; {consequence}")

    # Definitions.

    def define(self, name: str, macro: Macro | None, *, everywhere: bool = False) -> None:
        """Give a control sequence a meaning until the group ends, or everywhere; None takes it away."""
        if name in self.protected or name[0] != "\\":
            return
        if everywhere:
            for scope in self._scopes:
                scope[:] = [entry for entry in scope if entry[0] != name]
        elif self._scopes:
            self._scopes[-1].append((name, self.macros.get(name)))
        self._set(name, macro)

    def _set(self, name: str, macro: Macro | None) -> None:
        if macro is None:
            self.macros.pop(name, None)
        else:
            self.macros[name] = macro

    def begin_group(self) -> None:
        """Open a scope for definitions."""
        self._scopes.append([])

    def end_group(self) -> None:
        """Forget what was defined since the scope was opened."""
        if self._scopes:
            for name, macro in reversed(self._scopes.pop()):
                self._set(name, macro)

    def defined(self, name: str) -> bool:
        """Whether a control sequence means something here."""
        return name in self.macros or name in self.expandable or name in self.protected

    def known_from_document(self, name: str) -> bool:
        """Whether the document itself gave a name its meaning."""
        macro = self.macros.get(name)
        return macro is not None and macro is not self._given.get(name)

    def options_here(self) -> tuple[str, ...]:
        """The options that the package or class being read was given."""
        here = self.file()
        return self.options.get(here.name, ()) if here else ()

    # Expansion.

    def next(self) -> str | None:
        """The next token that is no macro, or None at the end of everything."""
        while True:
            token = self.raw()
            if token is None or token[0] != "\\":
                return token
            macro = self.macros.get(token) if type(token) is str else None
            if macro is not None:
                self._expand(token, macro)
                continue
            if token in self.expandable:
                self._carry_out(token)
                continue
            if token in self.protected or type(token) is not str or not self.guess(self, token):
                return token

    def expand_once(self, token: str) -> None:
        """Push what a token stands for, or the token itself when it stands for nothing else."""
        macro = self.macros.get(token) if type(token) is str else None
        if macro is not None:
            self._expand(token, macro)
        elif token in self.expandable:
            self._carry_out(token)
        else:
            self.push([token])

    def _carry_out(self, token: str) -> None:
        """Do what a command says that works while reading; nothing where such commands wait for each other too deep."""
        if self._nesting >= MAX_NESTING:
            return
        self._nesting += 1
        try:
            self.expandable[token](self)
        finally:
            self._nesting -= 1

    def _expand(self, name: str, macro: Macro) -> None:
        depth = self.depth + 1
        result = filled(macro.body, self.arguments(macro.parameters)) if macro.parameters else list(macro.body)
        self.push_expansion(name, result, depth)

    def push_expansion(self, name: str, result: Tokens, depth: int) -> None:
        """Have read next what a name stands for, unless it has come out of itself too often."""
        self._expansions += 1
        self._pushed += len(result)
        if depth > MAX_DEPTH or self._expansions > MAX_EXPANSIONS_A_TOKEN or self._pushed > MAX_PUSHED_A_TOKEN:
            self._stop_expanding(name)
            return
        self.push(result, expansion=True, depth=depth)

    def _stop_expanding(self, name: str) -> None:
        """Give up a macro that calls itself without end, and go on behind it."""
        self.warn(f"{name} calls itself without end; it was left out")
        self.drop_expansions()
        self.macros[name] = Macro((), ())
        self.environments.pop(name.removeprefix("\\begin{").removesuffix("}"), None)
        self._read_from_file()

    def _read_from_file(self) -> None:
        self._total += self._expansions
        self._expansions = 0
        self._pushed = 0
        if self._total > MAX_EXPANSIONS and self.macros:
            self.warn(f"more than {MAX_EXPANSIONS:,} macros expanded; the rest is read without")
            self.macros = {}

    def arguments(self, parameters: tuple[Parameter, ...]) -> list[Tokens]:
        """The arguments that follow a macro, one for each parameter that takes any."""
        found: list[Tokens] = []
        for parameter in parameters:
            argument = self._argument_for(parameter)
            if argument is not None:
                found.append(argument)
        return found

    def _argument_for(self, parameter: Parameter) -> Tokens | None:
        match parameter.kind:
            case "mandatory":
                return self.argument()
            case "optional":
                given = self.optional(*parameter.marks)
                return list(parameter.default) if given is None else given
            case "braced":
                braced = self.braced()
                return list(parameter.default) if braced is None else braced
            case "star":
                return ["\\BooleanTrue" if self.starts_with(parameter.marks[0]) else "\\BooleanFalse"]
            case "until":
                return self._delimited(parameter.marks)
            case "literal":
                self._literal(parameter.marks)
                return None

    def _delimited(self, marks: tuple[str, ...]) -> Tokens:
        """The tokens before a delimiter of \\def; all that one argument is where the delimiter never comes."""
        sign = marks[0]
        taken = self.until(frozenset((sign,))) if sign[0] in "\\$&^_~" else self.before(sign)
        if taken is None:
            return self.argument()
        self._literal(marks[1:])
        if len(taken) > 1 and taken[0] == OPEN and taken[-1] == CLOSE and taken.count(OPEN) == 1:
            return taken[1:-1]
        return taken

    def _literal(self, marks: tuple[str, ...]) -> None:
        for mark in marks:
            self.starts_with(mark)

    # Arguments as text.

    def expanded(self, tokens: Tokens) -> Tokens:
        """Tokens with every macro in them expanded."""
        result: Tokens = []
        with self.isolated(tokens):
            while (token := self.next()) is not None:
                result.append(token)
        return result

    def key(self) -> str:
        """The next argument, expanded, as the name of a label, a file or an environment."""
        tokens = self.argument()
        if len(tokens) == 1 and tokens[0][0] != "\\":
            return " ".join(tokens[0].split())
        return " ".join(source(self.expanded(tokens)).replace(OPEN, "").replace(CLOSE, "").split())


def filled(body: tuple[str, ...], arguments: list[Tokens]) -> Tokens:
    """A macro's body with the arguments in their places."""
    result: Tokens = []
    for token in body:
        if token[0] != "#":
            result.append(token)
        elif len(token) == 2 and token[1].isdigit():
            place = int(token[1]) - 1
            if place < len(arguments):
                result.extend(arguments[place])
            if len(result) > MAX_PUSHED_A_TOKEN:
                break
        else:
            result.append(token[1:] or token)
    return result


def simple(parameters: int, body: str, default: str | None = None) -> Macro:
    """The macro of a \\newcommand: so many parameters, the first one optional where it has a default.

    >>> simple(1, r"\\mathrm{#1}").body
    ('\\\\mathrm', '{', '#1', '}')
    """
    kinds = [MANDATORY] * parameters
    if default is not None and kinds:
        kinds[0] = Parameter("optional", tuple(tokenised(default)))
    return Macro(tuple(kinds), tuple(tokenised(body)))


def alias(name: str, expander: Expander) -> Macro:
    """What \\let gives: the macro of that name, or the name in its own meaning."""
    return expander.macros.get(name) or Macro((), (Frozen(name) if name[0] == "\\" else name,))

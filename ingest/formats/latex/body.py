"""Reads the expanded tokens of a LaTeX document and writes them down as Markdown."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ingest.errors import TooLarge
from ingest.formats.latex.flow import PLACEHOLDER, Flow, OpenMark, placeholder, typographic
from ingest.formats.latex.macros import Environment, Expander, filled
from ingest.formats.latex.math import Formula, as_words
from ingest.formats.latex.numbers import Target
from ingest.formats.latex.tokens import CLOSE, OPEN, PAR, Tokens, Verbatim, source

MAX_TEXT = 64_000_000
# Deeper arguments of arguments are read where they stand.
MAX_DEPTH = 24
MATH_SHIFT = "$"
# Shorthands of the German babel.
_UMLAUTS = {**dict(zip("aouAOUse", "äöüÄÖÜßë", strict=True)), "`": "„", "'": "“", "-": "", "=": "-", "~": "-"}
_UMLAUT = re.compile(r"\"([aouAOUse`'=~-])")
_BLOCK_COMMANDS = frozenset(
    (
        PAR,
        "\\begin",
        "\\item",
        "\\section",
        "\\subsection",
        "\\chapter",
        "\\subsubsection",
        "\\[",
        "\\input",
        "\\caption",
    )
)

Command = Callable[["Body"], None]


@dataclass(frozen=True, slots=True)
class EnvironmentCommands:
    """What is done where an environment begins and where it ends."""

    begin: Command
    end: Command | None = None


@dataclass(slots=True)
class _Open:
    """An environment that was begun and not ended yet."""

    name: str
    end: Command | None
    closing: tuple[str, ...]
    target: Target | None


@dataclass(slots=True)
class Front:
    """What stands on the title page; large is what is set in the largest letters, the title where none is stated."""

    title: str = ""
    large: list[str] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    date: str = ""
    identifiers: list[str] = field(default_factory=list)
    language: str = ""


@dataclass(slots=True)
class Float:
    """A figure or table that is being read: its captions, and what the number of its last caption belongs to."""

    kind: str
    target: Target | None = None
    subcaptions: list[str] = field(default_factory=list)
    marks: list[OpenMark] = field(default_factory=list)
    inside: str = ""


class Body:
    """The state of reading one document.

    commands and environments say what is done with each name, verbatim what with raw text.
    """

    def __init__(
        self,
        expander: Expander,
        commands: Mapping[str, Command],
        environments: Mapping[str, EnvironmentCommands],
        verbatim: Callable[["Body", Verbatim], None],
    ) -> None:
        self.expander = expander
        self.flow = Flow()
        self.front = Front()
        self.labels: dict[str, Target] = {}
        self.target: Target | None = None
        self.links: dict[str, None] = {}
        self.unknown: Counter[str] = Counter()
        self.floats: list[Float] = []
        self.lists: list[str] = []
        self.notes: list[str] = []
        self.cited: dict[str, int] = {}
        self.citation_numbers: dict[str, str] = {}
        self.citation_names: dict[str, str] = {}
        self.citation_years: dict[str, str] = {}
        self.bibliography_files: list[str] = []
        self.bibliography_written = False
        self.acronyms: dict[str, tuple[str, str]] = {}
        self.acronyms_used: set[str] = set()
        self.in_acronym_list = 0
        self.acronym_remarks = False
        self.footnotes = 0
        self.items: list[int] = []
        self.slide: OpenMark | None = None
        self.heading_level = 0
        self.dangling: dict[str, None] = {}
        self.theorems: dict[str, tuple[str, str]] = {}
        self.fragments: Counter[str] = Counter()
        self.span = (1, 1)
        self.started = False
        self.abstract: Tokens = []
        self.appendix = False
        self.numbered_chapters = True
        self.monospaced = False
        self.german = False
        self._commands = commands
        self._environments = dict(environments)
        self._verbatim = verbatim
        self._later: list[Callable[[], str]] = []
        self._open: list[_Open] = []
        self._groups: list[Target | None] = []
        self._depth = 0

    # Running.

    def run(self) -> None:
        """Read everything that the expander has."""
        step = self._step
        following = self.expander.next
        while (token := following()) is not None:
            step(token)

    def _step(self, token: str) -> None:
        first = token[0]
        if first == "\\":
            self.command(token)
        elif first in "{}$&^_~#":
            self._special(token)
        else:
            self.text(token)

    def command(self, name: str) -> None:
        """Do what a control sequence says."""
        handler = self._commands.get(name)
        if handler:
            handler(self)
        elif isinstance(name, Verbatim):
            self._verbatim(self, name)
        elif name in self.expander.registers:
            self.expander.skip_assignment()
        else:
            self._unknown(name)

    def _unknown(self, name: str) -> None:
        """A command that nobody explains: its arguments are text; without any, in a line, its name stands for it."""
        self.unknown[name] += 1
        following = self.expander.peek() or ""
        if following.startswith("["):
            options = self.expander.optional()
            if options is not None and self.expander.peek() != OPEN and "=" not in source(options):
                self.expander.push(["[", *options, "]"])
        elif following != OPEN and not self.flow.at_start and name[1:].isalpha():
            self.flow.text(name[1:])
            if following[:1].isalnum():
                self.flow.space()

    def _special(self, token: str) -> None:
        if token == OPEN:
            self._groups.append(self.target)
            self.expander.begin_group()
        elif token == CLOSE:
            if self._groups:
                self.target = self._groups.pop()
                self.expander.end_group()
        elif token == MATH_SHIFT:
            self._math_shift()
        elif token in ("~", "&"):
            self.flow.space()
        elif token[0] == "#":
            self.flow.text("#")
        else:
            self.flow.text(token)

    def text(self, words: str) -> None:
        """Write words as they stand in the source, with its quotes and dashes made typographic."""
        if self.german and '"' in words:
            words = _UMLAUT.sub(lambda match: _UMLAUTS[match[1]], words)
        self.flow.text(words if self.monospaced else typographic(words))
        if self.flow.length > MAX_TEXT:
            raise TooLarge(f"more than {MAX_TEXT:,} characters of text")

    # Parts of a document that are read on their own.

    def inline(self, tokens: Tokens) -> str:
        """Tokens as words within one line."""
        if self._depth >= MAX_DEPTH:
            self.expander.push(tokens)
            return ""
        flow, groups, opened, target = self.flow, self._groups, self._open, self.target
        self.flow, self._groups, self._open = Flow(inline=True), [], []
        self._depth += 1
        self.expander.begin_group()
        with self.expander.isolated(tokens):
            self.run()
        for _ in self._groups:
            self.expander.end_group()
        self.expander.end_group()
        self._depth -= 1
        written = self.flow.finished()
        self.flow, self._groups, self._open, self.target = flow, groups, opened, target
        return written

    def read(self, tokens: Tokens) -> None:
        """Read tokens here and now."""
        if self._depth >= MAX_DEPTH:
            self.expander.push(tokens)
            return
        self._depth += 1
        with self.expander.isolated(tokens):
            self.run()
        self._depth -= 1

    def inline_argument(self) -> str:
        """The next argument as words within one line."""
        return self.inline(self.expander.argument())

    def transparent(self, tokens: Tokens) -> None:
        """Read tokens as if they stood here, in a group of their own."""
        self.expander.push([OPEN, *tokens, CLOSE])

    def wrapped(self, sign: str) -> None:
        """Write the next argument between signs of emphasis, unless whole blocks stand in it."""
        if "beamer" in self.expander.classes and (self.expander.peek() or "").startswith("<"):
            self.expander.optional("<", ">")
        tokens = self.expander.argument()
        if any(token in _BLOCK_COMMANDS for token in tokens):
            self.transparent(tokens)
            return
        words = self.inline(tokens)
        core = words.strip()
        if not core or sign in core or core.startswith("*") or core.endswith("*"):
            self.flow.text(words)
            return
        before, after = words[: len(words) - len(words.lstrip())], words[len(words.rstrip()) :]
        self.flow.text(f"{before}{sign}{core}{sign}{after}")

    # Mathematics.

    def _math_shift(self) -> None:
        expander = self.expander
        if expander.peek() == MATH_SHIFT:
            expander.raw()
            tokens = expander.until(frozenset((MATH_SHIFT,)), limit=20_000)
            if tokens is not None:
                expander.starts_with(MATH_SHIFT)
                self.display_without_number(tokens)
            return
        tokens = expander.until(frozenset((MATH_SHIFT,)), stops=frozenset((PAR,)))
        if tokens is None:
            expander.warn("a $ has no partner; it was taken for a dollar sign")
            self.flow.text("\\$")
        else:
            self.math(tokens)

    def math(self, tokens: Tokens) -> None:
        """Write a formula in the line; one that is only there to raise, lower or slant a word becomes text."""
        formula = self.formula(tokens)
        words = as_words(formula, behind_word=self.flow.last.isalnum())
        if words is None:
            self.flow.math(formula)
        else:
            self.flow.text(words)

    def formula(self, tokens: Tokens) -> str:
        """Tokens as a formula within a line."""
        reader = self.reader()
        reader.read(tokens)
        for row in reader.rows:
            for label in row.labels:
                self.name(label)
        return reader.formula

    def reader(self) -> Formula:
        """What reads mathematics here."""
        return Formula(self.expander, self.inline, self._refer)

    def _refer(self, name: str) -> str:
        return self.inline([name, OPEN, *self.expander.argument(), CLOSE])

    def display_without_number(self, tokens: Tokens) -> None:
        """Write a displayed formula that has no number."""
        handler = self._environments.get("displaymath")
        assert handler is not None
        self.expander.push([*tokens, "\\end", OPEN, "displaymath", CLOSE])
        handler.begin(self)

    # Environments.

    def begin(self) -> None:
        """\\begin{name}."""
        name = self.expander.key()
        known = self._environments.get(name)
        own = self.expander.environments.get(name)
        if name in self.theorems:
            known = self._environments["theorem environment"]
            self.expander.push([OPEN, name, CLOSE])
        if own and name not in self._environments and name not in self.theorems:
            self._enter(name, None, own.end)
            arguments = self._begin_own(name, own)
            if self._open:
                self._open[-1].closing = tuple(filled(own.end, arguments))
        elif known:
            self._enter(name, known.end, ())
            known.begin(self)
        else:
            self._enter(name, None, ())
            self.unknown[f"\\begin{{{name}}}"] += 1
            self.expander.optional()
            self.flow.block()

    def add_environment(self, name: str, commands: EnvironmentCommands) -> None:
        """Know an environment that the document has declared."""
        self._environments.setdefault(name, commands)

    def _begin_own(self, name: str, own: Environment) -> list[Tokens]:
        """Read on with what the beginning of an environment of the document stands for; its arguments."""
        depth = self.expander.depth + 1
        arguments = self.expander.arguments(own.begin.parameters)
        self.expander.push_expansion(f"\\begin{{{name}}}", filled(own.begin.body, arguments), depth)
        return arguments

    def _enter(self, name: str, end: Command | None, closing: tuple[str, ...]) -> None:
        self._open.append(_Open(name, end, closing, self.target))
        self.expander.begin_group()
        if len(self._open) > 2_000:
            self.leave(self._open[0].name)

    def end(self) -> None:
        """\\end{name}."""
        name = self.expander.key()
        if self._open and self._open[-1].closing and self._open[-1].name == name:
            closing = self._open[-1].closing
            self._open[-1].closing = ()
            self.expander.push([*closing, "\\end", OPEN, name, CLOSE], expansion=True)
            return
        self.leave(name)

    def leave(self, name: str) -> None:
        """Close an environment, and those within it that were left open; one that was never opened is nothing."""
        if all(each.name != name for each in self._open):
            return
        while self._open:
            innermost = self._open.pop()
            if innermost.end:
                innermost.end(self)
            self.expander.end_group()
            self.target = innermost.target
            if innermost.name == name:
                return

    def leave_all(self) -> None:
        """Close every environment that is open."""
        while self._open:
            self.leave(self._open[-1].name)

    def leave_lists(self) -> None:
        """Close the lists that were left open: a heading stands in none."""
        while self.lists and self._open:
            self.leave(self._open[-1].name)
            if not self._open:
                break

    def collected(self, name: str, *, limit: int = 50_000) -> Tokens | None:
        """The expanded tokens before \\end{name}, which is taken too; None, and they are read again, without one."""
        taken: Tokens = []
        depth = 1
        expander = self.expander
        while (token := expander.next()) is not None:
            if token in ("\\begin", "\\end"):
                inner = expander.key()
                own = expander.environments.get(inner)
                if token in ("\\end",) and inner == name:
                    depth -= 1
                    if depth == 0:
                        return taken
                elif inner == name:
                    depth += 1
                elif own and inner not in self._environments:
                    self._read_on(token, inner, own)
                    continue
                taken += [token, OPEN, inner or " ", CLOSE]
                continue
            taken.append(token)
            if token in _SECTIONS or len(taken) > min(limit, expander.patience):
                break
        expander.warn(f"\\begin{{{name}}} has no \\end")
        expander.give_back(taken)
        return None

    def _read_on(self, token: str, name: str, own: Environment) -> None:
        """Read on with what an environment of the document stands for."""
        expander = self.expander
        if token in ("\\begin",):
            self._begin_own(name, own)
            return
        begun = next((each for each in reversed(self._open) if each.name == name and each.closing), None)
        if begun:
            begun.closing = ()
        expander.push(
            [*filled(own.end, []), "\\end", OPEN, name, CLOSE] if begun else filled(own.end, []), expansion=True
        )

    # Labels and what is known only at the end.

    def name(self, label: str) -> None:
        """\\label: the place that was numbered last has this name."""
        if not label or self.target is None:
            return
        self.labels[label] = self.target  # of two of one name the last counts, as for LaTeX
        for tell in self.target.labelled:
            tell(label)
        self.target.labelled.clear()

    def later(self, words: Callable[[], str]) -> str:
        """A placeholder for words that are known at the end of the document."""
        self._later.append(words)
        return placeholder(len(self._later) - 1)

    def meaning(self, index: int, depth: int = 0) -> str:
        """The words of a placeholder."""
        if index >= len(self._later):
            return ""
        words = self._later[index]()
        if depth < 4:
            words = PLACEHOLDER.sub(lambda match: self.meaning(int(match[1]), depth + 1), words)
        return PLACEHOLDER.sub("", words)

    def number(self, counter: str) -> str:
        """A counter as a reference shows it: with what its class puts before it."""
        before = [f"\\p@{counter}"] if f"\\p@{counter}" in self.expander.macros else []
        return self.inline([*before, f"\\the{counter}"]).strip()

    def end_block(self) -> None:
        """End the paragraph, and write the footnotes that were called in it."""
        self.flow.block()
        if self.notes and not self.flow.inline:
            notes, self.notes = self.notes, []
            for note in notes:
                self.flow.text(note)
                self.flow.block()


_SECTIONS = frozenset(("\\section", "\\chapter", "\\subsection", "\\part", "\\bibliography"))

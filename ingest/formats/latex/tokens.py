"""LaTeX source as tokens: control sequences, special characters and stretches of plain text.

Tokens are strings that say by their first character what they are: a backslash starts a control sequence, a number
sign a parameter, and { } $ & ^ _ ~ stand alone; anything else is a stretch of text. They are made one at a time,
because a definition may change how the rest of a file is to be read, and expanding macros needs them in TeX's own
order; a tree of nodes, as pylatexenc makes it, comes too late for that.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

Tokens = list[str]

PAR = "\\par"
OPEN = "{"
CLOSE = "}"
#: Control sequences that stand for raw text which TeX's rules do not touch.
VERBATIM = "\\verbatim text"
SPECIAL = frozenset("{}$&^_~")


class Frozen(str):
    """A control sequence in the meaning it has without any definition of the document: it is never expanded."""

    __slots__ = ()


class Verbatim(str):
    """Raw text: the body of a listing, of \\verb, of \\url. It behaves as one control sequence."""

    kind: str
    body: str

    def __new__(cls, kind: str, body: str) -> "Verbatim":
        """kind is the name of the environment or command, without its backslash."""
        made = super().__new__(cls, VERBATIM)
        made.kind = kind
        made.body = body
        return made


_ORDINARY = r"(?:[^\\{}$&\#^_~%\n]+|\n(?![ \t]*\n))+"
_REST = r"""
    |(?P<par>\n[ \t]*\n\s*)
    |(?P<comment>%[^\n]*(?:\n[ \t]*)?)
    |(?P<symbol>\\(?:.|\n)?)
    |(?P<parameter>\#+[1-9]?)
    |(?P<special>[{}$&^_~])
"""
_TOKEN = re.compile(rf"(?P<run>{_ORDINARY})|(?P<word>\\[a-zA-Z]+){_REST}", re.VERBOSE)
_TOKEN_WITH_AT = re.compile(rf"(?P<run>{_ORDINARY})|(?P<word>\\[a-zA-Z@]+){_REST}", re.VERBOSE)
_SPACES = re.compile(r"[ \t]*(?:\n(?![ \t]*\n)[ \t]*)?")
_BLANK_LINES = re.compile(r"[ \t]*\n\s*")
_ENVIRONMENT = re.compile(r"\s*\{([^{}\\\n]*)\}")
_OPTIONS = re.compile(r"\s*\[[^\]\n]*\]")
_LETTER = re.compile(r"[a-zA-Z@]")

#: Environments whose body is no LaTeX, or a drawing of which nothing can be said in words.
RAW_ENVIRONMENTS = frozenset(
    "verbatim verbatim* Verbatim BVerbatim LVerbatim lstlisting minted alltt comment tikzpicture tikzcd pgfpicture "
    "pspicture filecontents filecontents* feynmandiagram asy luacode pycode sagesilent SaveVerbatim VerbatimOut".split()
)
# How the raw argument of a command is bounded: by any character given twice, or by braces.
_BY_CHARACTER = {"\\verb": "verb", "\\lstinline": "lstinline", "\\Verb": "verb", "\\mintinline": "mintinline"}
_BY_BRACES = {"\\url": "url", "\\nolinkurl": "url", "\\href": "href", "\\path": "path", "\\burl": "url"}


class Scanner:
    """The tokens of one file, made as they are asked for.

    letters_at says whether @ belongs to names. raw holds the names of the environments that are taken as they stand; it
    is shared by all files of a document and grows with its definitions.
    """

    __slots__ = ("_position", "_text", "_window", "letters_at", "name", "raw")

    def __init__(self, text: str, name: str = "", *, letters_at: bool = False, raw: set[str] | None = None) -> None:
        self._text = text
        self._position = 0
        self._window = 20_000
        self.name = name
        self.letters_at = letters_at
        self.raw = raw if raw is not None else set(RAW_ENVIRONMENTS)

    def next(self) -> str | None:
        """The next token, or None at the end of the file."""
        while True:
            match = (_TOKEN_WITH_AT if self.letters_at else _TOKEN).match(self._text, self._position)
            if not match:
                return None
            self._position = match.end()
            kind = match.lastgroup
            if kind == "run" or kind == "special" or kind == "parameter":
                return match[0]
            if kind == "word":
                return self._word(match[0])
            if kind == "symbol":
                return match[0] if match[0] not in ("\\\n", "\\") else "\\ "
            if kind == "par":
                return PAR
            blank = _BLANK_LINES.match(self._text, self._position)
            if blank:  # A comment eats its line's end, so that one more line feed is a blank line.
                self._position = blank.end()
                return PAR

    def skip_to_end(self) -> None:
        """Read no further (\\endinput)."""
        self._position = len(self._text)

    def skip_past(self, end: str) -> None:
        """Read on behind these words, or no further where they do not come."""
        found = self._text.find(end, self._position)
        self._position = found + len(end) if found >= 0 else len(self._text)

    def _word(self, word: str) -> str:
        if word == "\\begin":
            return self._raw_environment() or word
        if word in _BY_CHARACTER:
            return self._raw_between(word) or word
        if word in _BY_BRACES:
            return self._raw_in_braces(word) or word
        spaces = _SPACES.match(self._text, self._position)
        if spaces:
            self._position = spaces.end()
        return word

    def _raw_environment(self) -> Verbatim | None:
        name = _ENVIRONMENT.match(self._text, self._position)
        if not name or name[1] not in self.raw:
            return None
        closing = f"\\end{{{name[1]}}}"
        end = self._text.find(closing, name.end())
        if end < 0:
            return None
        self._position = end + len(closing)
        return Verbatim(name[1], self._text[name.end() : end])

    def _raw_between(self, word: str) -> Verbatim | None:
        """The raw text of \\verb|text| or \\lstinline{text}."""
        start = self._position
        if self._text.startswith("*", start):
            start += 1
        options = _OPTIONS.match(self._text, start) if word != "\\verb" else None
        start = options.end() if options else start
        if word == "\\mintinline":
            language = _ENVIRONMENT.match(self._text, start)
            start = language.end() if language else start
        bound = self._text[start : start + 1]
        if not bound or bound.isspace() or (bound.isalpha() and bound.isascii()):
            return None
        if bound == "{":
            return self._braced(start, _BY_CHARACTER[word])
        end = self._text.find(bound, start + 1)
        if end < 0 or "\n" in self._text[start:end]:
            return None
        self._position = end + 1
        return Verbatim(_BY_CHARACTER[word], self._text[start + 1 : end])

    def _raw_in_braces(self, word: str) -> Verbatim | None:
        spaces = _SPACES.match(self._text, self._position)
        start = spaces.end() if spaces else self._position
        options = _OPTIONS.match(self._text, start)
        return self._braced(options.end() if options else start, _BY_BRACES[word])

    def _braced(self, start: int, kind: str) -> Verbatim | None:
        """The raw text between balanced braces that open at start."""
        if not self._text.startswith("{", start):
            return None
        depth = 0
        for brace in _BRACES.finditer(self._text, start, start + self._window):
            depth += {"{": 1, "}": -1}.get(brace[0], 0)
            if brace[0].startswith("\n"):
                return None
            if depth == 0:
                body = self._text[start + 1 : brace.start()]
                if kind in ("url", "href", "path") and _COMMAND_IN_URL.search(body):
                    return None
                self._position = brace.end()
                return Verbatim(kind, body)
        self._window = max(self._window // 2, 200)
        return None


# A macro or a parameter in an address: it must be expanded, so it is no raw text.
_BRACES = re.compile(r"\\.|[{}]|\n[ \t]*\n")
_COMMAND_IN_URL = re.compile(r"\\[a-zA-Z]|#[1-9]")


def tokenised(text: str, *, letters_at: bool = False) -> Tokens:
    """All tokens of a piece of LaTeX.

    >>> tokenised(r"a \\pt of 3\\,GeV % note")
    ['a ', '\\\\pt', 'of 3', '\\\\,', 'GeV ']
    """
    scanner = Scanner(text, letters_at=letters_at)
    return list(_all(scanner))


def _all(scanner: Scanner) -> Iterator[str]:
    while (token := scanner.next()) is not None:
        yield token


def source(tokens: Iterable[str]) -> str:
    """Tokens as LaTeX again.

    >>> source(["\\\\alpha", "x", "\\\\par", "y"])
    '\\\\alpha x\\n\\ny'
    """
    parts: list[str] = []
    after_word = False
    for token in tokens:
        if isinstance(token, Verbatim):
            parts.append(token.body)
        elif token == PAR:
            parts.append("\n\n")
        else:
            parts.append(f" {token}" if after_word and _LETTER.match(token) else token)
        after_word = is_word(token)
    return "".join(parts)


def is_word(token: str) -> bool:
    """Whether a token is a control sequence made of letters."""
    return token[0] == "\\" and len(token) > 1 and (token[1].isalpha() or token[1] == "@") and token != PAR


def is_space(token: str) -> bool:
    """Whether a token is nothing but white space."""
    return token.isspace()


@dataclass(slots=True)
class Pushed:
    """Tokens that are read again; expansion says that they came out of a macro, and depth out of how many in a row."""

    tokens: Tokens
    expansion: bool
    depth: int = 0
    position: int = 0

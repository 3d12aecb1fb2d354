"""Where the next LaTeX token comes from: the files that are open, and what was pushed back before them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from ingest.formats.latex.tokens import CLOSE, OPEN, PAR, Pushed, Scanner, Tokens, is_space, source

# How many tokens may be looked through in vain for the ends of what was opened, in all; then so many each time.
PATIENCE = 400_000
LAST_PATIENCE = 100
# No group of a preamble reaches into the document.
DOCUMENT = "document"
_REGISTER_ENDS = ("width", "height", "skip", "indent", "sep")
_DIMENSION = re.compile(
    r"\s*=?\s*[-+]?\s*(?:[\d.]+\s*(?:true\s*)?(?:pt|in|cm|mm|em|ex|bp|sp|pc|dd|cc|mu|fil+)?)?"
    r"(?:\s*(?:plus|minus)\s*[-+]?\s*[\d.]+\s*(?:pt|in|cm|mm|em|ex|bp|sp|pc|dd|cc|mu|fil+)?)*\s?"
)


class Input:
    """A stack of token sources, the top one read first.

    Nothing that is read is lost: an argument that is never closed is pushed back, and its opening brace alone is
    dropped, with a warning.
    """

    def __init__(self) -> None:
        self._stack: list[Pushed | Scanner] = []
        self.warnings: dict[str, None] = {}
        self._files_closed = 0
        self.patience = PATIENCE
        self.depth = 0

    def warn(self, sentence: str) -> None:
        """Note something that had to be guessed or dropped; each sentence once."""
        self.warnings[sentence] = None

    def raw(self) -> str | None:
        """The next token as it stands, or None at the end of everything."""
        stack = self._stack
        while stack:
            top = stack[-1]
            if type(top) is Pushed:
                if top.position < len(top.tokens):
                    top.position += 1
                    self.depth = top.depth
                    return top.tokens[top.position - 1]
                stack.pop()
                continue
            assert isinstance(top, Scanner)
            token = top.next()
            if token is not None:
                self.depth = 0
                self._read_from_file()
                return token
            stack.pop()
            self._files_closed += 1
            self._closed(top)
        return None

    def _read_from_file(self) -> None:
        """Called for every token that a file gave itself."""

    def _closed(self, scanner: Scanner) -> None:
        """Called when a file was read to its end."""

    def push(self, tokens: Tokens, *, expansion: bool = False, depth: int | None = None) -> None:
        """Have these tokens read next; depth says out of how many macros in a row they came, None as the last one."""
        stack = self._stack
        while stack and type(stack[-1]) is Pushed and stack[-1].position >= len(stack[-1].tokens):
            stack.pop()
        if "" in tokens:
            tokens = [token for token in tokens if token]
        if tokens:
            stack.append(Pushed(tokens, expansion, self.depth if depth is None else depth))

    def open(self, scanner: Scanner) -> None:
        """Have a file read next."""
        self._stack.append(scanner)

    def file(self) -> Scanner | None:
        """The innermost file that is being read."""
        return next((each for each in reversed(self._stack) if isinstance(each, Scanner)), None)

    def open_files(self) -> list[Scanner]:
        """All files that are being read, the outermost first."""
        return [each for each in self._stack if isinstance(each, Scanner)]

    def stop(self) -> None:
        """Read nothing any more (\\end{document})."""
        self._stack.clear()

    def end_file(self) -> None:
        """Read no more of the innermost file (\\endinput)."""
        innermost = self.file()
        if innermost:
            innermost.skip_to_end()

    def drop_expansions(self) -> None:
        """Forget what macros have pushed, down to the innermost file; what stood in the document itself stays."""
        kept: list[Pushed | Scanner] = []
        while self._stack and not isinstance(self._stack[-1], Scanner):
            top = self._stack.pop()
            if isinstance(top, Pushed) and not top.expansion:
                kept.append(top)
        self._stack.extend(reversed(kept))

    @contextmanager
    def isolated(self, tokens: Tokens) -> Iterator[None]:
        """Read these tokens and nothing else until the block is left."""
        before = self._stack
        self._stack = []
        self.push(tokens)
        try:
            yield
        finally:
            self._stack = before

    # What commands read after their names.

    def peek(self) -> str | None:
        """The next token, without taking it."""
        token = self.raw()
        if token is not None:
            self.push([token])
        return token

    def skip_spaces(self) -> None:
        """Pass over white space, but not over the end of a paragraph."""
        token = self.raw()
        while token is not None and is_space(token):
            token = self.raw()
        if token is not None:
            self.push([token.lstrip() if token[0].isspace() else token])

    def starts_with(self, mark: str, *, spaces: bool = False) -> bool:
        """Take a mark such as * if it stands next."""
        if spaces:
            self.skip_spaces()
        token = self.raw()
        if token is None:
            return False
        if token.startswith(mark) and (token == mark or token[0] not in "\\#"):
            self.push([token[len(mark) :]] if len(token) > len(mark) else [])
            return True
        self.push([token])
        return False

    def star(self) -> bool:
        """Take the star of a starred command."""
        return self.starts_with("*")

    def argument(self) -> Tokens:
        """The next argument: a group without its braces, or one token or character; empty where there is none."""
        self.skip_spaces()
        token = self.raw()
        if token is None:
            return []
        if token == OPEN:
            return self.group()
        if token in (CLOSE, PAR, "&", "\\end"):
            self.push([token])
            return []
        if token[0] in "\\#$^_~" or len(token) == 1:
            return [token]
        self.push([token[1:]])
        return [token[0]]

    def group(self) -> Tokens:
        """What stands before the brace that closes the one just read."""
        taken: Tokens = []
        depth = 1
        closed_before = self._files_closed
        while (token := self.raw()) is not None:
            if token == OPEN:
                depth += 1
            elif token == CLOSE:
                depth -= 1
                if depth == 0:
                    return taken
            taken.append(token)
            if self._files_closed > closed_before or len(taken) > self.patience:
                break
            if token == DOCUMENT and taken[-3:-1] == ["\\begin", OPEN]:
                break
        self.warn("a brace is never closed; it was passed over")
        self.give_back(taken)
        return []

    def give_back(self, taken: Tokens) -> None:
        """Have tokens read again in which an end was looked for in vain; patience grows less with each."""
        self.patience = max(self.patience - len(taken), LAST_PATIENCE)
        self.push(taken)

    def braced(self) -> Tokens | None:
        """The next argument if it stands in braces, else None, and nothing is taken."""
        before = self.peek()
        self.skip_spaces()
        if self.peek() == OPEN:
            return self.argument()
        if before is not None and before[0].isspace():
            self.push([" "])
        return None

    def optional(self, opening: str = "[", closing: str = "]") -> Tokens | None:
        """The tokens between brackets if an opening one stands next, else None, and nothing is taken."""
        before = self.peek()
        self.skip_spaces()
        taken = None
        if self.starts_with(opening):
            taken = self.before(closing)
            if taken is None:
                self.push([opening])
        if taken is None and before is not None and before[0].isspace():
            self.push([" "])
        return taken

    def before(self, closing: str) -> Tokens | None:
        """The tokens before a sign outside braces, which is taken too; without one None, and none taken."""
        taken: Tokens = []
        depth = 0
        closed_before = self._files_closed
        while (token := self.raw()) is not None:
            if depth == 0 and closing in token and token[0] != "\\":
                before, _, after = token.partition(closing)
                self.push([after] if after else [])
                return [*taken, before] if before else taken
            depth += (token == OPEN) - (token == CLOSE)
            taken.append(token)
            if depth < 0 or len(taken) > min(5_000, self.patience) or self._files_closed > closed_before:
                break
        self.give_back(taken)
        return None

    def until(self, ends: frozenset[str], *, stops: frozenset[str] = frozenset(), limit: int = 5_000) -> Tokens | None:
        """The tokens before the first of these outside braces, which is taken too.

        None, and nothing is taken, when there is none within the limit or before one of the stops.
        """
        taken: Tokens = []
        depth = 0
        closed_before = self._files_closed
        limit = min(limit, self.patience)
        while (token := self.raw()) is not None:
            if depth == 0 and token in ends:
                return taken
            depth += (token == OPEN) - (token == CLOSE)
            taken.append(token)
            if depth < 0 or token in stops or len(taken) > limit or self._files_closed > closed_before:
                break
        self.give_back(taken)
        return None

    def words(self) -> str:
        """The next argument as source text, without white space at its ends."""
        return source(self.argument()).strip()

    def skip_assignment(self) -> None:
        """Pass over what is assigned to a register: ``=3``, ``0.5\\textwidth``, ``0pt plus 1fil``."""
        token = self.raw()
        if token is None:
            return
        if token[0] in "\\{}$&#^_~":
            self.push([token])
            return
        match = _DIMENSION.match(token)
        rest = token[match.end() :] if match else token
        self.push([rest] if rest else [])
        if not rest:
            following = self.peek()
            if following and following.startswith("\\") and following.endswith(_REGISTER_ENDS):
                self.raw()

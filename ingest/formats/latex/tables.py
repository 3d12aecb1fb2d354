"""Tables of LaTeX as rows of cells: tabular and its kin, with cells that span, rules, and columns of numbers."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from ingest.formats.latex.tokens import CLOSE, OPEN, Tokens, source, tokenised

_RULES = {
    "\\hline": "",
    "\\toprule": "o",
    "\\midrule": "o",
    "\\bottomrule": "o",
    "\\cmidrule": "opm",
    "\\cline": "m",
    "\\hdashline": "o",
    "\\addlinespace": "o",
    "\\specialrule": "mmm",
    "\\noalign": "m",
    "\\rowcolor": "om",
    "\\morecmidrules": "",
    "\\dhline": "",
    "\\Xhline": "m",
    "\\colrule": "",
    "\\botrule": "",
    "\\tophline": "",
    "\\middlehline": "",
    "\\bottomhline": "",
    "\\br": "",
    "\\mr": "",
    "\\hhline": "m",
    "\\centering": "",
    "\\arraybackslash": "",
    "\\endline": "",
}
NEXT_CELL, BEGIN, END = "&", "\\begin", "\\end"
_ENDS_OF_ROWS = frozenset(("\\\\", "\\tabularnewline", "\\cr"))
_HEADS = frozenset(("\\endhead", "\\endfirsthead", "\\endfoot", "\\endlastfoot"))
_HEADER_RULES = frozenset(("\\midrule", "\\hline", "\\colrule", "\\mr", "\\middlehline", "\\cmidrule", "\\cline"))
_MAX_HEADER_ROWS = 3
_COLUMN = re.compile(r"\*\{(\d+)\}\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}")
# A gap of this much and more stands between columns, a smaller one within numbers.
_MAX_GAP = {"em": 0.5, "ex": 1.0, "pt": 5.0, "mm": 2.0, "cm": 0.2}
_GAP = re.compile(r"\\(?:hskip|hspace|kern)\*?\s*\{?\s*[-+]?\s*(\d*\.?\d+)\s*(em|ex|pt|mm|cm)\s*\}?")
_TIGHT = frozenset(".,:/–-")
_ABSOLUTE = re.compile(r"(?<!\\)\$((?:[^$\\]|\\.)*)\$")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: whether bare numbers stand in it (S of siunitx), and whether all of it is mathematics.

    joint is what stands between it and the column before where both make up one (``r@{$\\pm$}l``), else None.
    """

    numbers: bool = False
    mathematics: bool = False
    joint: str | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """The words of a cell, and over how many columns and rows it reaches."""

    words: str
    columns: int = 1
    rows: int = 1


@dataclass(slots=True)
class Row:
    """A row of cells as tokens, and whether a rule stands below it."""

    cells: list[Tokens]
    ruled: bool = False
    head: str = ""


def columns(spec: str) -> list[Column]:
    r"""The columns of a specification such as ``l@{}S[table-format=2.1]>{$}c<{$}p{3cm}``.

    >>> [column.joint for column in columns(r"r@{$\pm$}l@{}l@{\hspace{1cm}}l")]
    [None, '$\\pm$', '', None]
    """
    for _ in range(4):
        spec, found = _COLUMN.subn(lambda match: match[2] * min(int(match[1]), 50), spec)
        if not found:
            break
    result: list[Column] = []
    mathematics = False
    joint: str | None = None
    place = 0
    while place < len(spec) and len(result) < 200:
        letter = spec[place]
        place += 1
        if letter in "@!><":
            inside, place = _group(spec, place)
            mathematics = mathematics or (letter == ">" and ("$" in inside or "ensuremath" in inside))
            joint = _joint(inside) if letter in "@!" and result else joint
        elif letter.isalpha():
            result.append(Column(letter == "S", mathematics or letter == "D", joint))
            mathematics, joint = False, None
            _, place = _group(spec, place) if letter in "pmbwWDX" or spec[place : place + 1] == "{" else ("", place)
            while letter in "wWD" and spec[place : place + 1] == "{":
                _, place = _group(spec, place)
        elif letter == "[":
            place = spec.find("]", place) + 1 or len(spec)
    return result


def _joint(inside: str) -> str | None:
    """What joins two columns to one, told from what stands between them; None for what only keeps them apart."""
    gap = _GAP.fullmatch(inside.strip())
    if gap:
        return " " if float(gap[1]) < _MAX_GAP[gap[2]] else None
    if "\\" in inside and not re.search(r"\$|\\(?:pm|,|times|text|ensuremath)", inside):
        return None
    return inside.strip() or inside[:1]


def _group(spec: str, place: int) -> tuple[str, int]:
    """What stands in the braces at this place, and the place behind them."""
    while place < len(spec) and spec[place].isspace():
        place += 1
    if spec[place : place + 1] == "[":
        place = spec.find("]", place) + 1 or len(spec)
    if spec[place : place + 1] != "{":
        return "", place
    depth = 0
    for end in range(place, len(spec)):
        depth += (spec[end] == "{") - (spec[end] == "}")
        if depth == 0:
            return spec[place + 1 : end], end + 1
    return spec[place + 1 :], len(spec)


def rows(tokens: Tokens) -> list[Row]:
    """The body of a table cut into rows and cells, rules taken out."""
    found = [Row([[]])]
    depth = 0
    position = 0
    while position < len(tokens):
        token = tokens[position]
        position += 1
        if depth == 0 and token in _ENDS_OF_ROWS:
            position = _behind_arguments(tokens, position, "*o")
            found.append(Row([[]]))
        elif depth == 0 and token == NEXT_CELL:
            found[-1].cells.append([])
        elif depth == 0 and token in _HEADS:
            for row in found:
                row.head = row.head or token
            found.append(Row([[]], head=""))
        elif depth == 0 and token in _RULES:
            position = _behind_arguments(tokens, position, _RULES[token])
            if token in _HEADER_RULES and len(found) > 1:
                found[-2].ruled = True
        else:
            depth += (token == OPEN) - (token == CLOSE) + (token == BEGIN) - (token == END)
            depth = max(depth, 0)
            found[-1].cells[-1].append(token)
    return found


def _behind_arguments(tokens: Tokens, position: int, kinds: str) -> int:
    """The position behind the arguments of a rule: o in brackets, m in braces, p in round ones, a star."""
    for kind in kinds:
        following = tokens[position] if position < len(tokens) else ""
        if kind == "*":
            if following.startswith("*"):
                tokens[position] = following[1:]
                position += not following[1:]
        elif kind == "m":
            position = _behind_group(tokens, position)
        else:
            opening, closing = ("[", "]") if kind == "o" else ("(", ")")
            if following.lstrip().startswith(opening):
                position = _behind_sign(tokens, position, closing)
    return position


def _behind_group(tokens: Tokens, position: int) -> int:
    while position < len(tokens) and tokens[position].isspace():
        position += 1
    if position >= len(tokens) or tokens[position] != OPEN:
        return position
    depth = 0
    for end in range(position, len(tokens)):
        depth += (tokens[end] == OPEN) - (tokens[end] == CLOSE)
        if depth == 0:
            return end + 1
    return position


def _behind_sign(tokens: Tokens, position: int, closing: str) -> int:
    """The position behind a closing bracket; what stands behind it in its token stays."""
    for end in range(position, min(position + 20, len(tokens))):
        if closing in tokens[end]:
            rest = tokens[end].partition(closing)[2]
            if not rest:
                return end + 1
            tokens[end] = rest
            return end
    return position


def grid(body: Tokens, spec: str, render: Callable[[Tokens], Cell]) -> list[list[str]]:
    """A table as rows of words, its header first; empty rows are left out.

    A cell that reaches over columns of the header is repeated in each, one that reaches over rows in each row.
    """
    shapes = columns(spec)
    found = rows(body)
    # The header for further pages is left out where there is one for the first page, feet are always.
    first = any(row.head == "\\endfirsthead" for row in found)
    wanted = ("", "\\endfirsthead" if first else "\\endhead")
    all_rows = [row for row in found if row.head in wanted] or found
    filled: list[tuple[list[str], bool]] = []
    below: dict[int, tuple[str, int]] = {}
    for row in all_rows:
        words = _row(row, shapes, render, below)
        if any(words):
            filled.append((words, row.ruled))
        elif filled and row.ruled:
            filled[-1] = (filled[-1][0], True)
    return _with_one_header(filled)


def _row(
    row: Row, shapes: list[Column], render: Callable[[Tokens], Cell], below: dict[int, tuple[str, int]]
) -> list[str]:
    """The words of a row; below remembers cells that reach down into it, and is brought up to date."""
    words: list[str] = []
    for tokens in row.cells:
        place = len(words)
        shape = shapes[place] if place < len(shapes) else Column()
        cell = render(_as_column(tokens, shape))
        shown = for_cell(cell.words)
        if not shown and place in below:
            shown, left = below.pop(place)
            if left > 1:
                below[place] = (shown, left - 1)
        elif cell.rows > 1:
            below[place] = (shown, min(cell.rows, 100) - 1)
        else:
            below.pop(place, None)
        words += [shown] + ["\0" + shown] * (min(cell.columns, 50) - 1)
    return _merged(words, shapes, render)


def _merged(words: list[str], shapes: list[Column], render: Callable[[Tokens], Cell]) -> list[str]:
    """The words of a row with the columns that make up one joined."""
    result: list[str] = []
    for place, word in enumerate(words):
        joint = shapes[place].joint if place < len(shapes) else None
        if joint is None or not result:
            result.append(word)
        elif not word.startswith("\0"):
            left = _own(result[-1])
            result[-1] = side_by_side(left, render(tokenised(joint)).words if joint else "", word)
    return result


def side_by_side(left: str, between: str, right: str) -> str:
    r"""Two parts of a number as one.

    >>> side_by_side("12", r"$\pm$", "3"), side_by_side("$5.1$", "", "$^{+2}$"), side_by_side("12", ".", "5")
    ('12 ± 3', '$5.1^{+2}$', '12.5')
    """
    between = "±" if between.strip() == "$\\pm$" else between.strip()
    if not left or not right:
        return left + right
    if not between and left.endswith("$") and right.startswith("$"):
        return f"{left[:-1]}{'{}' if right[1] in '^_' and left[-2] in '}^_+-' else ''}{right[1:]}"
    return f"{left}{between}{right}" if between in _TIGHT or not between else f"{left} {between} {right}"


def _as_column(tokens: Tokens, shape: Column) -> Tokens:
    """The tokens of a cell with what its column puts around every cell."""
    text = source(tokens).strip()
    if shape.numbers and re.fullmatch(r"[-+<>]?[\d.,]+(?:\s*(?:\\pm|\+-)\s*[\d.]+)?(?:\(\d+\))?(?:e[-+]?\d+)?", text):
        return tokenised(f"\\num{{{text}}}")
    if shape.mathematics and text and not text.startswith(("\\multicolumn", "$", "{", "\\text", "\\multirow")):
        return ["$", *tokens, "$"]
    return tokens


def for_cell(words: str) -> str:
    """Words that can stand in a cell of a Markdown table: bars within formulas are named."""
    if "|" not in words:
        return words.strip()
    return _ABSOLUTE.sub(_without_bars, words).strip()


def _without_bars(match: re.Match[str]) -> str:
    formula = match[1].replace("\\|", "\\Vert ").replace("|", "\\vert ")
    return f"${re.sub(r'vert +', 'vert ', formula)}$"


def _with_one_header(table: list[tuple[list[str], bool]]) -> list[list[str]]:
    """The rows with those above the first rule joined to one header; repeats are kept in the header only."""
    ruled = next((place for place, (_, below) in enumerate(table) if below), 0)
    while ruled + 1 < min(len(table), _MAX_HEADER_ROWS) and _continues_header(table, ruled):
        ruled += 1
    count = ruled + 1 if ruled < _MAX_HEADER_ROWS and ruled + 1 < len(table) else 1
    width = max((len(words) for words, _ in table), default=0)
    used = [column for column in range(width) if _used(table, count, column)]
    header = [_joined([_at(words, column).lstrip("\0") for words, _ in table[:count]]) for column in used]
    rest = [[_at(words, column) for column in used] for words, _ in table[count:]]
    return [header, *([_own(word) for word in words] for words in rest)] if table else []


def _used(table: list[tuple[list[str], bool]], count: int, column: int) -> bool:
    """Whether a column holds anything but what reaches into it from its left."""
    return any(_own(_at(words, column)) for words, _ in table[count:]) or any(
        _own(_at(words, column)) for words, _ in table[:count]
    )


def _own(word: str) -> str:
    """The words of a cell, nothing for one that another reaches over."""
    return "" if word.startswith("\0") else word


def _continues_header(table: list[tuple[list[str], bool]], place: int) -> bool:
    """Whether the row below a partial rule belongs to the header: a row above has cells that reach over columns."""
    spans = any(word.startswith("\0") for word in table[place][0])
    return spans and any(ruled for _, ruled in table[place + 1 : place + 2])


def _at(words: list[str], column: int) -> str:
    return words[column] if column < len(words) else ""


def _joined(words: list[str]) -> str:
    """The words of header rows one above the other, each once."""
    return " ".join(dict.fromkeys(word for word in words if word))

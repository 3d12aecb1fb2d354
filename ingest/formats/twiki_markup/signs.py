"""Characters of the private use area that stand, while a topic is read, for what was taken out of its text."""

import re
from dataclasses import dataclass, field

#: Around the number of a finished inline piece (a code span, a link), and of a block that stands on a shelf.
PIECE_OPEN, PIECE_CLOSE, BLOCK_OPEN, BLOCK_CLOSE = "\ue000", "\ue001", "\ue002", "\ue003"
#: A line break that is meant, and a bar that separates no cells.
BREAK, BAR = "\ue004", "\ue005"
#: Around the name of a macro that nothing defines.
UNKNOWN_OPEN, UNKNOWN_CLOSE = "\ue006", "\ue007"
#: Where emphasis begins and ends.
BOLD, BOLD_END, ITALIC, ITALIC_END, STRUCK, STRUCK_END = "\ue010", "\ue011", "\ue012", "\ue013", "\ue014", "\ue015"
#: What stood before it is not to be read as markup.
NOP = "\ue016"
#: A percent sign that begins or ends no macro.
PERCENT = "\ue017"

#: The token of a block.
TOKEN = re.compile(f"{BLOCK_OPEN}(\\d+){BLOCK_CLOSE}")
_ALL = re.compile("[\ue000-\ue017]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\u2028\u2029\u0085]")
_UNKNOWN = re.compile(f"{UNKNOWN_OPEN}([^{UNKNOWN_CLOSE}]*){UNKNOWN_CLOSE}")
_BRACKETED_UNKNOWN = re.compile(f" ?\\({UNKNOWN_OPEN}[^{UNKNOWN_CLOSE}]*{UNKNOWN_CLOSE}\\)")


@dataclass(frozen=True, slots=True)
class Code:
    """A block of code, its lines as they are."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Maths:
    """A displayed formula in LaTeX, without its dollars."""

    text: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table, still in TWiki's markup; spans is "left" or "up" where it belongs to that neighbour."""

    text: str
    header: bool = False
    spans: str = ""


Rows = list[list[Cell]]
Block = Code | Maths | Rows


@dataclass(slots=True)
class Shelf:
    """Blocks taken out of the text; each leaves a token behind."""

    blocks: list[Block] = field(default_factory=list)

    def put(self, block: Block) -> str:
        """The token that stands for the block from now on."""
        self.blocks.append(block)
        return f"{BLOCK_OPEN}{len(self.blocks) - 1}{BLOCK_CLOSE}"


def without_signs(text: str) -> str:
    """Text in which none of these characters and no control character but tab and newline stands."""
    return _CONTROL.sub(" ", _ALL.sub("\ufffd", text))


def named(text: str) -> str:
    """Undefined macros as TWiki shows them, by their names between percent signs."""
    return _UNKNOWN.sub(r"%\1%", text)


def unnamed(text: str) -> str:
    """Text without undefined macros, and without brackets that held nothing else."""
    return _UNKNOWN.sub("", _BRACKETED_UNKNOWN.sub("", text)) if UNKNOWN_OPEN in text else text

"""Plain text: notes, logs, source code, configuration. The last resort, for whatever is text and nothing else."""

import re
from collections.abc import Iterator

from ingest.charset import decoded, looks_like_text
from ingest.document import Mark
from ingest.errors import TooLarge
from ingest.format import Parsed
from ingest.outline import Line, lines
from ingest.writer import ordered

_CODE_SUFFIXES = (
    *(".py", ".pyi", ".pyx", ".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx", ".icc", ".cu", ".cuh", ".java"),
    *(".f", ".f77", ".f90", ".f95", ".for", ".go", ".rs", ".js", ".ts", ".jsx", ".tsx", ".rb", ".pl", ".pm", ".lua"),
    *(
        ".sh",
        ".bash",
        ".zsh",
        ".csh",
        ".tcsh",
        ".r",
        ".jl",
        ".m",
        ".scala",
        ".kt",
        ".sql",
        ".vhd",
        ".vhdl",
        ".v",
        ".sv",
    ),
    *(".cmake", ".mk", ".toml", ".yaml", ".yml", ".json", ".ini", ".cfg", ".conf", ".xml", ".spec", ".sub", ".jdl"),
)
SUFFIXES = (".txt", ".text", ".log", ".csv", ".tsv", ".asc", ".nfo", *_CODE_SUFFIXES)
#: A log of more than this is no document, in bytes.
MAX_BYTES = 20_000_000

# What is text by its bytes and yet nothing to read: style sheets, drawings, tables of names for machines.
_NOT_PROSE = (
    ".css",
    ".scss",
    ".svg",
    ".min.js",
    ".map",
    ".lock",
    ".po",
    ".pem",
    ".crt",
    ".key",
    ".sty",
    ".cls",
    ".bst",
)
_UNDERLINE = re.compile(r"([=\-~*#^])\1{2,}[ \t]*$")


def recognises(head: bytes, name: str) -> bool:
    """Whether these are characters; style sheets, drawings, keys and the like are no text to read."""
    return looks_like_text(head) and not name.lower().endswith(_NOT_PROSE)


def parse(raw: bytes, name: str = "") -> Parsed:
    """Read text as it is; source code gets a mark for each block, with line numbers to lead there."""
    if len(raw) > MAX_BYTES:
        raise TooLarge(f"{len(raw):,} bytes of plain text; the limit is {MAX_BYTES:,}")
    text, warnings = decoded(raw)
    text = text.expandtabs(8) if name.lower().endswith(".tsv") else text
    text = "\n".join(line.rstrip() for line in text.split("\n")).rstrip()
    found = _code_blocks(lines(text)) if name.lower().endswith(_CODE_SUFFIXES) else _headings(lines(text))
    return Parsed(text=text, marks=ordered(found), warnings=warnings if text else (*warnings, "no text"))


def _headings(all_lines: list[Line]) -> Iterator[Mark]:
    """Lines that are underlined by as many signs as they have letters, or nearly."""
    levels: dict[str, int] = {}
    for before, line, under in zip([Line(0, ""), *all_lines], all_lines, all_lines[1:], strict=False):
        rule = _UNDERLINE.match(under.text)
        words = line.text.strip()
        alone = not before.text.strip() or _UNDERLINE.match(before.text)
        if rule and words and alone and not _UNDERLINE.match(words) and abs(len(under.text) - len(line.text)) <= 3:
            level = levels.setdefault(rule[1], len(levels) + 1)
            yield Mark(line.start, under.end, "heading", level, words)


def _code_blocks(all_lines: list[Line]) -> Iterator[Mark]:
    """Stretches of lines that begin at the margin after a blank line: functions, classes, sections."""
    first = 0
    for number in range(1, len(all_lines) + 1):
        at_end = number == len(all_lines)
        starts = (
            not at_end
            and not all_lines[number - 1].text
            and all_lines[number].text[:1] not in ("", " ", "\t", "}", ")")
        )
        if starts or at_end:
            last = number - 1
            while last > first and not all_lines[last].text:
                last -= 1
            if all_lines[last].text:
                label = f"lines {first + 1}-{last + 1}" if last > first else f"line {first + 1}"
                yield Mark(all_lines[first].start, all_lines[last].end, "code", 0, label, f"#L{first + 1}")
            first = number

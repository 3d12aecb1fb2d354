"""LaTeX: one file, a tree of files in a tar, or an e-print archive, read to Markdown without running anything."""

import re
import zlib

from ingest.errors import Unreadable
from ingest.format import Parsed
from ingest.formats.latex import (
    arithmetic,
    bibliography,
    blocks,
    conditions,
    definitions,
    displays,
    files,
    floats,
    front,
    headings,
    numbers,
    references,
    units,
    words,
)
from ingest.formats.latex.body import Body
from ingest.formats.latex.flow import resolved
from ingest.formats.latex.macros import Expander
from ingest.formats.latex.particles import expand_particle
from ingest.formats.latex.prelude import prelude
from ingest.formats.latex.tokens import Scanner
from ingest.formats.latex.tree import Tree, is_tar, read

SUFFIXES = (".tex", ".ltx", ".latex", ".tar.gz", ".tgz", ".gz", ".tar")

_LATEX = re.compile(rb"\\(?:documentclass|documentstyle|begin\s*\{document\}|(?:sub)*section\*?\s*\{|chapter\*?\s*\{)")
_CLASS = re.compile(rb"^\s*\\document(?:class|style)\s*[\[{]", re.MULTILINE)
_TEX_SUFFIXES = (".tex", ".ltx", ".latex")
MAX_WARNINGS = 40
MAX_UNKNOWN_SHOWN = 12

_EXPANDABLE = {
    **definitions.EXPANDABLE,
    **conditions.EXPANDABLE,
    **files.EXPANDABLE,
    **numbers.EXPANDABLE,
    **arithmetic.EXPANDABLE,
    **units.EXPANDABLE,
}
_STRUCTURE = {
    **floats.COMMANDS,
    **blocks.COMMANDS,
    **front.COMMANDS,
    **headings.COMMANDS,
    **bibliography.COMMANDS,
    **references.COMMANDS,
    "\\begin": Body.begin,
    "\\end": Body.end,
}
_ENVIRONMENTS = {
    **blocks.ENVIRONMENTS,
    **floats.ENVIRONMENTS,
    **displays.ENVIRONMENTS,
    **front.ENVIRONMENTS,
    **headings.ENVIRONMENTS,
    **bibliography.ENVIRONMENTS,
}
# What a document may not redefine, or nothing would be found where it stands.
_PROTECTED = (
    frozenset(_STRUCTURE)
    | frozenset(_EXPANDABLE)
    | frozenset(
        f"\\{name}"
        for name in (
            "label ref eqref cref Cref autoref pageref nameref footnote footnotemark footnotetext includegraphics href "
            "url ensuremath xspace par emph textbf textit texttt SI si num unit qty maketitle tableofcontents noindent "
            "text mathrm acro ac acp acl acs acf hyperref"
        ).split()
    )
)


def recognises(head: bytes, name: str) -> bool:
    """LaTeX by its commands, or an archive that begins with some."""
    lower = name.lower()
    if head[:2] == b"\x1f\x8b":
        head, lower = _unpacked(head), re.sub(r"\.gz$|\.tgz$", "", lower)
    if is_tar(head):
        first = head[:100].split(b"\0")[0].decode("latin-1").lower()
        return first.endswith(_TEX_SUFFIXES) or bool(_LATEX.search(head))
    if b"\0" in head:
        return False
    if lower.endswith(_TEX_SUFFIXES):
        return True
    return bool(_CLASS.search(head))


def _unpacked(head: bytes) -> bytes:
    """The first bytes of a gzipped file; nothing when it is none."""
    try:
        return zlib.decompressobj(wbits=31).decompress(head, 65_536)
    except zlib.error:
        return b""


def parse(raw: bytes, name: str = "") -> Parsed:
    """Read a LaTeX document; name is the main file's path in an archive. Raises Unreadable and TooLarge."""
    tree = read(raw, name)
    body = read_through(tree)
    text, marks = resolved(body.flow.finished(), body.flow.marks, body.meaning)
    if not text.strip():
        raise Unreadable(f"no text in {tree.main!r}")
    matter = body.front
    title = _resolved(body, matter.title or ": ".join(matter.large[:2])) or _first_heading(text)
    return Parsed(
        text=text,
        marks=marks,
        title=title,
        authors=tuple(author for author in (_resolved(body, each) for each in matter.authors) if author),
        modified=front.parsed_date(_resolved(body, matter.date)) or tree.modified,
        language=front.language(body),
        identifiers=tuple(dict.fromkeys(matter.identifiers)),
        links=tuple(body.links),
        warnings=_warnings(body, tree),
    )


def read_through(tree: Tree) -> Body:
    """The document of a tree, read to its end: what parse makes a text of, with all that was learnt on the way."""
    commands = {**words.commands(), **_STRUCTURE}
    expander = Expander(
        tree,
        macros=prelude(),
        expandable=_EXPANDABLE,
        protected=_PROTECTED,
        guess=lambda at, name: name not in commands and _guess(at, name),
    )
    body = Body(expander, commands, _ENVIRONMENTS, blocks.verbatim)
    numbers.define_counters(expander)
    expander.open(Scanner(tree.members[tree.main], tree.main, raw=expander.raw_environments))
    body.run()
    body.leave_all()
    body.end_block()
    return body


def _guess(expander: Expander, name: str) -> bool:
    """Whether an unknown name is a conditional of a missing package or a particle; it is then expanded."""
    return conditions.unknown_conditional(expander, name) or expand_particle(expander, name)


def _resolved(body: Body, words: str) -> str:
    """Words of the title page, whose references are known by now."""
    return " ".join(resolved(words, (), body.meaning)[0].split())


def _first_heading(text: str) -> str:
    """The heading that the text begins with, where no title is stated."""
    line = next(line for line in text.split("\n") if line.strip())
    if not line.startswith("#"):
        return ""
    return front.plain(re.sub(r"^#+ (?:[\dA-Z]+(?:\.\d+)* )?", "", line))


def _warnings(body: Body, tree: Tree) -> tuple[str, ...]:
    """What had to be guessed or dropped, one sentence each."""
    found = [*tree.warnings, *body.expander.warnings]
    if body.unknown:
        names = [f"{name} ({count})" for name, count in body.unknown.most_common(MAX_UNKNOWN_SHOWN)]
        more = f" and {len(body.unknown) - len(names)} more" if len(body.unknown) > len(names) else ""
        found.append(f"commands without a definition: {', '.join(names)}{more}")
    if body.dangling:
        keys = list(body.dangling)
        shown = ", ".join(keys[:MAX_UNKNOWN_SHOWN])
        found.append(
            f"{len(keys)} references lead to no label: {shown}{' ...' if len(keys) > MAX_UNKNOWN_SHOWN else ''}"
        )
    return tuple(found[:MAX_WARNINGS])

"""Which files of a tree a LaTeX document reads, told from its text alone."""

import posixpath
import re
from collections.abc import Iterator, Mapping

from ingest.formats.latex.tree import Tree, class_of, forbidden

_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
_BRACED = r"\s*(?:\[[^\]]*\]\s*)*\{([^{}]*)\}"
_INPUT = re.compile(
    r"\\(?:input|include|subfile|@input|InputIfFileExists|loadglsentries|lstinputlisting|verbatiminput|VerbatimInput"
    rf"|addbibresource|bibliography|subfileinclude|includestandalone){_BRACED}|\\input\s+([^\s{{}}\\]+)"
)
_INPUT_MINTED = re.compile(rf"\\inputminted(?:\[[^\]]*\])?\{{[^{{}}]*\}}{_BRACED}")
_IMPORT = re.compile(r"\\(?:sub)?(?:import|inputfrom|includefrom|subimport)\*?\{([^{}]*)\}\{([^{}]*)\}")
_PACKAGE = re.compile(rf"\\(?:usepackage|RequirePackage|documentclass|LoadClass|RequirePackageWithOptions){_BRACED}")
_MADE_UP = re.compile(r"[\\#]")
_SUFFIXES = ("", ".tex", ".bib", ".sty", ".cls", ".tikz")
_DRAFT = re.compile(
    r"\\SetWatermarkText\{\s*draft|\\usepackage(?:\[[^\]]*\])?\{draftwatermark\}|^[^%\n]*\\draft(?:true|copy)\b"
    r"|\\usepackage\[[^\]]*\bdraft\b[^\]]*\]\{|[-–]\s*DRAFT\s*[-–]|\\(?:title|date)\{[^{}]*\bDRAFT\b",
    re.IGNORECASE | re.MULTILINE,
)


def reached(files: Mapping[str, str], main: str) -> list[str]:
    """The files that a main file reads, itself and the bibliography made for it among them, in alphabetical order.

    Where a name is put together by macros, every LaTeX file beside and below the main file counts as read.
    """
    tree = Tree(files, main)
    home = posixpath.dirname(main)
    found = {main}
    waiting = [main]
    while waiting:
        here = waiting.pop()
        for name, folders in _asked(files[here], posixpath.dirname(here), home):
            path = "" if forbidden(name) else tree.find(name, folders, _SUFFIXES)
            if _MADE_UP.search(name):
                more = [each for each in files if each.startswith(f"{home}/" if home else "") and _is_latex(each)]
            else:
                more = [path] if path else []
            waiting += [each for each in more if each not in found]
            found.update(more)
    made = posixpath.splitext(main)[0] + ".bbl"
    return sorted(found | ({made} if made in files else set()))


def _is_latex(name: str) -> bool:
    return name.lower().endswith((".tex", ".ltx", ".latex"))


def _asked(text: str, here: str, home: str) -> Iterator[tuple[str, list[str]]]:
    """The names that a file asks for, each with the folders it may be in."""
    text = _COMMENT.sub("", text)
    folders = list(dict.fromkeys([home, here]))
    for match in _INPUT.finditer(text):
        for name in (match[1] or match[2] or "").split(","):
            yield from [(name.strip().strip('"'), folders)] if name.strip() else []
    for pattern in (_INPUT_MINTED, _PACKAGE):
        for match in pattern.finditer(text):
            yield from ((name.strip(), folders) for name in match[1].split(",") if name.strip())
    for match in _IMPORT.finditer(text):
        yield posixpath.join(match[1], match[2]), folders


def draft(text: str) -> bool:
    """Whether a main file says of itself that it is a draft.

    >>> draft(r"\\\\documentclass[a4paper,draft]{article}"), draft(r"\\\\documentclass{article}")
    (True, False)
    """
    return "draft" in class_of(text)[1] or bool(_DRAFT.search(_COMMENT.sub("", text)))

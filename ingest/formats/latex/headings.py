"""Headings and appendices with their numbers."""

import re

from ingest.formats.latex.body import Body, Command, EnvironmentCommands
from ingest.formats.latex.floats import fragment, telling
from ingest.formats.latex.flow import OpenMark
from ingest.formats.latex.front import plain, slug
from ingest.formats.latex.numbers import (
    DEPTHS,
    Target,
    depth_of_numbers,
    push_definitions,
    restart,
    step,
    without_sections,
)

_NOTE = re.compile(r"\[\^\d+\]")
_APPENDIX_IN_CLASSES = {
    "revtex": r"""\@addtoreset{equation}{section}\gdef\theequation{\thesection\arabic{equation}}
\gdef\thesubsection{\arabic{subsection}}\gdef\thesubsubsection{\alph{subsubsection}}""",
    "elsarticle": r"""\@addtoreset{equation}{section}\gdef\theequation{\Alph{section}.\arabic{equation}}
\gdef\thefigure{\Alph{section}.\arabic{figure}}\gdef\thetable{\Alph{section}.\arabic{table}}
\gdef\thesection{Appendix~\Alph{section}}""",
    "IEEEtran": r"\gdef\thesubsection{\Alph{subsection}}",
}


def heading(body: Body, kind: str, *, unnumbered: bool = False) -> None:
    """\\section[short]{title} and the other ranks; unnumbered are those of KOMA-Script (\\addchap, \\addsec)."""
    star = body.expander.star() or unnumbered
    body.expander.optional()
    body.expander.optional()
    tokens = body.expander.argument()
    body.leave_lists()
    body.end_block()
    depth = DEPTHS[kind]
    top = 0 if body.expander.book else 1
    level = 1 if depth <= top else depth - top + 1
    numbered = (
        not star
        and depth <= depth_of_numbers(body.expander)
        and (depth > 0 or body.numbered_chapters or kind == "part")
    )
    number = ""
    if star and (kind != "chapter" or unnumbered) and any(name.startswith("scr") for name in body.expander.classes):
        restart(body.expander, kind)
    if numbered:
        step(body.expander, kind)
        number = body.number(kind).strip(". ")
    mark = OpenMark("heading", level)
    appended = body.appendix and depth == top
    # To LaTeX a heading without a number is no place of its own: a \ref there prints the number of what is around it.
    around = None if number else body.target
    own = "appendix" if appended else kind
    place = (around.kind, around.number) if around and around.number else (own, number)
    body.target = Target(*place, labelled=[telling(mark)])
    words = " ".join(_NOTE.sub("", body.inline(tokens)).split())
    body.target.title = plain(words)
    shown_number = f"Part {number}:" if kind == "part" and number else number
    mark.label = f"{shown_number} {plain(words)}".strip()
    if not mark.fragment:
        mark.fragment = fragment(body, f"{_family(kind)}-{number or slug(plain(words))}")
    if mark.label:
        body.flow.heading(f"{shown_number} {words}".strip(), mark)
        body.heading_level = level


def _family(kind: str) -> str:
    return kind if kind in ("part", "chapter") else "section"


def appendix(body: Body) -> None:
    """\\appendix: letters from here on."""
    top = "chapter" if body.expander.book else "section"
    body.appendix = True
    body.numbered_chapters = True
    body.expander.counters[top] = 0
    push_definitions(body.expander, f"\\gdef\\the{top}{{\\Alph{{{top}}}}}")
    for start, definitions in _APPENDIX_IN_CLASSES.items():
        if any(name.startswith(start) for name in body.expander.classes) and not without_sections(body.expander):
            push_definitions(body.expander, definitions)


def appendices(body: Body) -> None:
    """\\appendices of IEEEtran: more than one, each with a letter."""
    before = body.expander.macros.get("\\thesubsection")
    appendix(body)
    body.expander.define("\\thesubsection", before, everywhere=True)


def begin_appendices(body: Body) -> None:
    """The environments of the package appendix: letters up to its end."""
    top = "chapter" if body.expander.book else "section"
    body.expander.counters["section before appendices"] = body.expander.counters.get(top, 0)
    body.appendix = True
    body.expander.counters[top] = 0
    push_definitions(body.expander, f"\\def\\the{top}{{\\Alph{{{top}}}}}")


def end_appendices(body: Body) -> None:
    """The sections go on as before."""
    top = "chapter" if body.expander.book else "section"
    body.appendix = False
    body.expander.counters[top] = body.expander.counters.get("section before appendices", 0)


def begin_subappendices(body: Body) -> None:
    """Appendices of one chapter."""
    inner, outer = ("section", "chapter") if body.expander.book else ("subsection", "section")
    body.expander.counters[inner] = 0
    push_definitions(body.expander, f"\\def\\the{inner}{{\\the{outer}.\\Alph{{{inner}}}}}")


def matter(body: Body, *, numbered: bool) -> None:
    """\\frontmatter, \\mainmatter, \\backmatter: whether chapters are numbered."""
    body.expander.star()
    body.numbered_chapters = numbered


def _heading(kind: str) -> Command:
    return lambda body: heading(body, kind)


COMMANDS: dict[str, Command] = {
    **{f"\\{kind}": _heading(kind) for kind in DEPTHS},
    "\\addchap": lambda body: heading(body, "chapter", unnumbered=True),
    "\\addsec": lambda body: heading(body, "section", unnumbered=True),
    "\\appendix": appendix,
    "\\appendices": appendices,
    "\\frontmatter": lambda body: matter(body, numbered=False),
    "\\mainmatter": lambda body: matter(body, numbered=True),
    "\\backmatter": lambda body: matter(body, numbered=False),
}
ENVIRONMENTS: dict[str, EnvironmentCommands] = {
    "appendices": EnvironmentCommands(begin_appendices, end_appendices),
    "subappendices": EnvironmentCommands(begin_subappendices),
}

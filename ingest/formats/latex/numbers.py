"""The numbers that LaTeX gives to sections, figures and equations, and what refers to them."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from ingest.formats.latex.arithmetic import calculated
from ingest.formats.latex.macros import Expandable, Expander, Macro
from ingest.formats.latex.tokens import tokenised

_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"))
_SMALL_ROMAN = ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
_SIGNS = ("*", "†", "‡", "§", "¶", "‖")

#: Commands for headings and how deep they lie.
DEPTHS = {
    "part": -1,
    "chapter": 0,
    "section": 1,
    "subsection": 2,
    "subsubsection": 3,
    "paragraph": 4,
    "subparagraph": 5,
}
BOOKS = frozenset(("book", "report", "memoir", "scrbook", "scrreprt", "amsbook", "extbook", "extreport", "thesis"))
_ARTICLES = re.compile(
    r"article|revtex|IEEE|jhep|jinst|elsart|amsart|scrartcl|beamer|letter|svjour|aastex|llncs|PoS|note", re.IGNORECASE
)

_WITHIN = {
    "subsection": "section",
    "subsubsection": "subsection",
    "paragraph": "subsubsection",
    "subparagraph": "paragraph",
    "section": "chapter",
    "enumii": "enumi",
    "enumiii": "enumii",
    "enumiv": "enumiii",
    "subfigure": "figure",
    "subtable": "table",
}
_SHOWN = r"""
\def\thepart{\Roman{part}}
\def\thesection{\arabic{section}}
\def\thesubsection{\thesection.\arabic{subsection}}
\def\thesubsubsection{\thesubsection.\arabic{subsubsection}}
\def\theparagraph{\thesubsubsection.\arabic{paragraph}}
\def\thesubparagraph{\theparagraph.\arabic{subparagraph}}
\def\thefigure{\arabic{figure}}
\def\thetable{\arabic{table}}
\def\theequation{\arabic{equation}}
\def\thefootnote{\arabic{footnote}}
\def\thempfootnote{\alph{mpfootnote}}
\def\thepage{}
\def\theenumi{\arabic{enumi}}
\def\theenumii{\alph{enumii}}
\def\theenumiii{\roman{enumiii}}
\def\theenumiv{\Alph{enumiv}}
\def\p@enumii{\theenumi}
\def\p@enumiii{\theenumi(\theenumii)}
\def\p@enumiv{\p@enumiii\theenumiii}
\def\thesubfigure{\alph{subfigure}}
\def\thesubtable{\alph{subtable}}
\def\thelstlisting{\arabic{lstlisting}}
\def\thealgorithm{\arabic{algorithm}}
\def\theframe{\arabic{frame}}
"""
_SHOWN_IN_BOOKS = r"""
\def\thechapter{\arabic{chapter}}
\def\thesection{\thechapter.\arabic{section}}
\def\in@chapter{\ifnum\value{chapter}>0 \thechapter.\fi}
\def\thefigure{\in@chapter\arabic{figure}}
\def\thetable{\in@chapter\arabic{table}}
\def\theequation{\in@chapter\arabic{equation}}
\def\thelstlisting{\in@chapter\arabic{lstlisting}}
"""
_SHOWN_IN_REVTEX = r"""
\def\thesection{\Roman{section}}
\def\thesubsection{\Alph{subsection}}
\def\thesubsubsection{\arabic{subsubsection}}
\def\p@subsection{\thesection~}
\def\p@subsubsection{\thesection~\thesubsection~}
\def\thetable{\Roman{table}}
"""
_SHOWN_IN_IEEE = r"""
\def\thesection{\Roman{section}}
\def\thesubsection{\thesection-\Alph{subsection}}
\def\thesubsubsection{\thesubsection\arabic{subsubsection}}
\def\theparagraph{\thesubsubsection\alph{paragraph}}
\def\thetable{\Roman{table}}
"""
_SHOWN_IN_CLASSES = {
    "revtex": _SHOWN_IN_REVTEX,
    "IEEEtran": _SHOWN_IN_IEEE,
    "amsbook": r"\def\thechapter{\arabic{chapter}}",
}
# How deep headings are numbered where no secnumdepth is set.
_DEPTHS_OF_CLASSES = {"memoir": 1, "llncs": 2, "IEEEtran": 4, "amsbook": 3}


@dataclass(slots=True)
class Target:
    """What a \\label names: a numbered place. fragments are told where it leads when its first label comes."""

    kind: str
    number: str
    title: str = ""
    labelled: list[Callable[[str], None]] = field(default_factory=list)


def define_counters(expander: Expander) -> None:
    """Set up the counters of the document's class: how each is shown, and which starts again within which."""
    expander.book = book = is_book(expander)
    expander.within.clear()
    for counter, outer in _WITHIN.items():
        count_within(expander, counter, outer)
    shown = _SHOWN + (_SHOWN_IN_BOOKS if book and "amsbook" not in expander.classes else "")
    for start, in_class in _SHOWN_IN_CLASSES.items():
        shown += in_class if any(name.startswith(start) for name in expander.classes) else ""
    if book:
        for counter in ("figure", "table", "equation", "footnote", "lstlisting"):
            if counter != "equation" or "amsbook" not in expander.classes:
                count_within(expander, counter, "chapter")
    push_definitions(expander, shown)


def push_definitions(expander: Expander, text: str) -> None:
    """Carry out definitions that are written as LaTeX."""
    expander.expanded(tokenised(text, letters_at=True))


def is_book(expander: Expander) -> bool:
    """Whether the document's class has chapters; an unknown class is judged by what the text uses."""
    names = [name.rsplit("/", 1)[-1] for name in expander.classes]
    if any(name in BOOKS for name in names):
        return True
    if not names or any(_ARTICLES.search(name) for name in names):
        return False
    return any(re.search(r"\\chapter\b", text) for name, text in expander.tree.members.items() if name.endswith(".tex"))


def count_within(expander: Expander, inner: str, outer: str) -> None:
    """Have one counter start again whenever another counts."""
    found = expander.within.setdefault(outer, [])
    if inner != outer and inner not in found:
        found.append(inner)


def step(expander: Expander, counter: str) -> None:
    """Count one further, and start again whatever is counted within."""
    expander.counters[counter] = expander.counters.get(counter, 0) + 1
    waiting, seen = [counter], {counter}
    while waiting:
        for inner in expander.within.get(waiting.pop(), ()):
            if inner not in seen:
                expander.counters[inner] = 0
                seen.add(inner)
                waiting.append(inner)


def restart(expander: Expander, counter: str) -> None:
    """Start again whatever is counted within, without counting."""
    before = expander.counters.get(counter, 0)
    step(expander, counter)
    expander.counters[counter] = before


def depth_of_numbers(expander: Expander) -> int:
    """How deep headings are numbered: secnumdepth, which the classes set differently."""
    given = expander.counters.get("secnumdepth")
    if given is not None:
        return given
    if without_sections(expander):
        return 0
    own = next((_DEPTHS_OF_CLASSES[name] for name in expander.classes if name in _DEPTHS_OF_CLASSES), None)
    return own if own is not None else 2 if expander.book else 3


def without_sections(expander: Expander) -> bool:
    """Whether the journal numbers no sections (Physical Review Letters)."""
    return "prl" in expander.options.get("", ()) and any(name.startswith("revtex") for name in expander.classes)


def letters(value: int) -> str:
    """A number as a letter, as \\alph has it; beyond z letters are doubled.

    >>> letters(3), letters(28)
    ('c', 'bb')
    """
    return chr(ord("a") + (value - 1) % 26) * min((value - 1) // 26 + 1, 9) if value > 0 else ""


def roman(value: int) -> str:
    """A number in small Roman numerals.

    >>> roman(14)
    'xiv'
    """
    shown = ""
    for size, sign in (*_ROMAN, *_SMALL_ROMAN):
        while value >= size and len(shown) < 40:
            shown += sign
            value -= size
    return shown


def _sign(value: int) -> str:
    return _SIGNS[(value - 1) % len(_SIGNS)] if value > 0 else ""


def _shown(style: Callable[[int], str]) -> Expandable:
    def carried_out(expander: Expander) -> None:
        expander.star()
        shown = style(expander.counters.get(expander.key(), 0))
        expander.push([shown] if shown else [])

    return carried_out


def integer(expander: Expander) -> int:
    """The next argument as a whole number, which may be calculated; 0 where it is none."""
    return calculated(expander.key())


def set_counter(expander: Expander, *, add: bool = False) -> None:
    """\\setcounter{name}{value} and \\addtocounter."""
    name = expander.key()
    value = integer(expander)
    expander.counters[name] = expander.counters.get(name, 0) + value if add else value


def new_counter(expander: Expander) -> None:
    """\\newcounter{name}[within]."""
    name = expander.key()
    outer = "".join(expander.optional() or []).strip()
    expander.counters.setdefault(name, 0)
    if outer:
        count_within(expander, name, outer)
    prefix = (f"\\the{outer}", ".") if outer else ()
    expander.define(f"\\the{name}", Macro((), (*prefix, "\\arabic", "{", name, "}")), everywhere=True)


def number_within(expander: Expander, *, show: bool = True) -> None:
    """\\numberwithin{equation}{section}, \\counterwithin and \\@addtoreset."""
    star = expander.star()
    expander.optional()
    inner, outer = expander.key(), expander.key()
    count_within(expander, inner, outer)
    if show and not star:
        body = (f"\\the{outer}", ".", "\\arabic", "{", inner, "}")
        expander.define(f"\\the{inner}", Macro((), body), everywhere=True)


def number_alone(expander: Expander) -> None:
    """\\counterwithout{figure}{chapter} and \\@removefromreset: counted through, and shown alone."""
    star = expander.star()
    expander.optional()
    inner, outer = expander.key(), expander.key()
    if inner in expander.within.get(outer, ()):
        expander.within[outer].remove(inner)
    if not star:
        expander.define(f"\\the{inner}", Macro((), ("\\arabic", "{", inner, "}")), everywhere=True)


def step_counter(expander: Expander) -> None:
    """\\stepcounter{name}."""
    step(expander, expander.key())


def depth_by_name(expander: Expander) -> None:
    """\\setsecnumdepth{subsection} of memoir."""
    expander.counters["secnumdepth"] = DEPTHS.get(expander.key(), 2)


def _whole(value: int) -> str:
    return str(value)


EXPANDABLE: dict[str, Expandable] = {
    "\\arabic": _shown(_whole),
    "\\value": _shown(_whole),
    "\\alph": _shown(letters),
    "\\Alph": _shown(lambda value: letters(value).upper()),
    "\\roman": _shown(roman),
    "\\Roman": _shown(lambda value: roman(value).upper()),
    "\\fnsymbol": _shown(_sign),
    "\\setcounter": set_counter,
    "\\addtocounter": lambda expander: set_counter(expander, add=True),
    "\\newcounter": new_counter,
    "\\stepcounter": step_counter,
    "\\numberwithin": number_within,
    "\\counterwithin": number_within,
    "\\counterwithout": number_alone,
    "\\@addtoreset": lambda expander: number_within(expander, show=False),
    "\\setsecnumdepth": depth_by_name,
    "\\maxsecnumdepth": depth_by_name,
}

_NAMES = {
    "part": "Part",
    "chapter": "Chapter",
    "section": "Section",
    "subsection": "Section",
    "subsubsection": "Section",
    "paragraph": "Paragraph",
    "subparagraph": "Paragraph",
    "appendix": "Appendix",
    "figure": "Figure",
    "table": "Table",
    "equation": "Eq.",
    "footnote": "Footnote",
    "item": "Item",
    "listing": "Listing",
    "algorithm": "Algorithm",
    "slide": "Slide",
}
_PLURALS = {"Appendix": "Appendices", "Eq.": "Eqs."}


def names_of(targets: list[Target]) -> str:
    """What \\cref writes for these targets, all of one kind or not.

    >>> names_of([Target("equation", "4.3")])
    'Eq. (4.3)'
    >>> names_of([Target("figure", "3"), Target("figure", "4"), Target("section", "2.1")])
    'Figures 3 and 4 and Section 2.1'
    """
    groups: list[tuple[str, list[str]]] = []
    for target in targets:
        name = _NAMES.get(target.kind, target.kind.capitalize())
        number = f"({target.number})" if target.kind == "equation" else target.number or target.title
        number = number.removeprefix(name).lstrip()  # elsarticle numbers "Appendix A"
        if groups and groups[-1][0] == name:
            groups[-1][1].append(number)
        else:
            groups.append((name, [number]))
    return listed(
        [f"{_plural(name) if len(numbers) > 1 else name} {listed(numbers)}".strip() for name, numbers in groups]
    )


def _plural(name: str) -> str:
    return _PLURALS.get(name, f"{name}s" if name else "")


def listed(words: list[str]) -> str:
    """Words as an enumeration: "a", "a and b", "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""

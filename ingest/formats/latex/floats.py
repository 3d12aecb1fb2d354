"""Figures and tables with their captions."""

import re
from collections.abc import Callable

from ingest.formats.latex.body import Body, Command, EnvironmentCommands, Float
from ingest.formats.latex.flow import OpenMark
from ingest.formats.latex.math import skip_arguments
from ingest.formats.latex.numbers import Target, new_counter, step
from ingest.formats.latex.tables import Cell, grid
from ingest.formats.latex.tokens import CLOSE, OPEN, Tokens, source
from ingest.writer import pipe_table

CAPTION, LABEL = "\\caption", "\\label"
_LONG = frozenset(("longtable", "supertabular", "xltabular", "longtabu", "mpsupertabular"))
_FIGURES = "figure figure* sidewaysfigure sidewaysfigure* SCfigure SCfigure* marginfigure floatingfigure"
_TABLES = "table table* sidewaystable sidewaystable* margintable SCtable deluxetable* wstable"
# The arguments of each kind of table before its columns.
_TABULARS = {
    "tabular": "o",
    "tabular*": "mo",
    "tabularx": "mo",
    "tabulary": "mo",
    "longtable": "o",
    "longtable*": "o",
    "xltabular": "om",
    "supertabular": "o",
    "mpsupertabular": "o",
    "longtabu": "o",
    "tabu": "o",
    "array": "o",
    "ruledtabularx": "",
    "scotch": "",
    "NiceTabular": "o",
    "tabularray": "",
    "tblr": "o",
}


def fragment(body: Body, name: str) -> str:
    """A fragment of this name that no other place of the document has."""
    body.fragments[name] += 1
    count = body.fragments[name]
    return f"#{name}" if count == 1 else f"#{name}-{count}"


def telling(mark: OpenMark) -> Callable[[str], None]:
    """What tells a mark its fragment when a \\label comes."""

    def tell(label: str) -> None:
        mark.fragment = f"#{'-'.join(label.split())}"

    return tell


# Floats.


def begin_float(body: Body, kind: str) -> None:
    """figure, table and their kin."""
    body.expander.optional()
    body.end_block()
    body.floats.append(Float(kind))


def new_float(body: Body) -> None:
    """\\newfloat{plot}{placement}{suffix}[within] and \\DeclareFloatingEnvironment[options]{plot}."""
    body.expander.optional()
    name = body.expander.key()
    following = body.expander.braced()
    if following is not None:
        body.expander.argument()
    within = source(body.expander.optional() or []).strip()
    if name:
        body.expander.push([OPEN, name, CLOSE, "[", within or " ", "]"])
        new_counter(body.expander)
        for each in (name, f"{name}*"):
            body.add_environment(each, _floating(name))


def begin_wrapped_float(body: Body, kind: str) -> None:
    """\\begin{wrapfigure}[lines]{side}[overhang]{width}."""
    skip_arguments(body.expander, "omom")
    body.end_block()
    body.floats.append(Float(kind))


def end_float(body: Body) -> None:
    """The end of a figure or table: sub-captions that no caption took are written."""
    body.end_block()
    if not body.floats:
        return
    done = body.floats.pop()
    if done.subcaptions:
        _write_caption(body, " ".join(done.subcaptions), OpenMark("caption"))
    _name_marks(done)


def _name_marks(done: Float) -> None:
    """Give the tables of a float its number and fragment."""
    caption = next((mark for mark in done.marks if mark.kind == "caption" and mark.label), None)
    if caption:
        for mark in done.marks:
            mark.label = mark.label or caption.label
            mark.fragment = mark.fragment or caption.fragment


def begin_subfloat(body: Body) -> None:
    """\\begin{subfigure}[position]{width}: its caption belongs to the figure around it."""
    skip_arguments(body.expander, "oom")
    if body.floats:
        body.floats[-1].inside = f"sub{body.floats[-1].kind}"


def end_subfloat(body: Body) -> None:
    """The end of a part of a figure."""
    body.end_block()
    if body.floats:
        body.floats[-1].inside = ""


def caption(body: Body) -> None:
    """\\caption[short]{words}."""
    star = body.expander.star()
    body.expander.optional()
    _caption(body, body.floats[-1].kind if body.floats else "figure", star)


def caption_of(body: Body) -> None:
    """\\captionof{figure}{words}."""
    star = body.expander.star()
    kind = body.expander.key()
    body.expander.optional()
    _caption(body, kind, star)


def _caption(body: Body, kind: str, star: bool) -> None:
    tokens = body.expander.argument()
    if body.floats and body.floats[-1].inside:
        _subcaption(body, tokens)
        return
    if star:
        _write_caption(body, body.inline(tokens).strip(), OpenMark("caption"))
        return
    step(body.expander, kind)
    number = body.number(kind)
    name = {"lstlisting": "Listing"}.get(kind, kind.capitalize())
    mark = OpenMark("caption", label=f"{name} {number}", fragment=fragment(body, f"{kind}-{number}"))
    body.target = Target({"lstlisting": "listing"}.get(kind, kind), number, labelled=[telling(mark)])
    words = body.inline(tokens).strip()
    if body.floats:
        words = " ".join([words, *body.floats[-1].subcaptions])
        body.floats[-1].subcaptions = []
        body.floats[-1].target = body.target
    _write_caption(body, f"{name} {number}: {words}", mark)


def _write_caption(body: Body, words: str, mark: OpenMark) -> None:
    if not words.strip():
        return
    body.end_block()
    if body.floats:
        body.floats[-1].marks.append(mark)
    body.flow.open(mark)
    body.flow.text(words)
    body.flow.close(mark)
    body.end_block()


def _subcaption(body: Body, tokens: Tokens) -> None:
    """A part of a figure: (a), (b) ... of the figure's number, which comes with its own caption later."""
    around = body.floats[-1]
    counter = f"sub{around.kind}"
    step(body.expander, counter)
    letter = body.number(counter)
    if around.target:
        number = around.target.number
    else:
        body.expander.counters[around.kind] = body.expander.counters.get(around.kind, 0) + 1
        number = body.number(around.kind)
        body.expander.counters[around.kind] -= 1
    body.target = Target(around.kind, f"{number}{letter}", title=letter)
    words = body.inline(tokens).strip()
    around.subcaptions.append(f"({letter}) {words}{'' if words.endswith('.') or not words else '.'}".strip())


def caption_box(body: Body) -> None:
    """\\subcaptionbox[short]{caption}[width]{content}."""
    body.expander.star()
    body.expander.optional()
    words = body.expander.argument()
    skip_arguments(body.expander, "oo")
    content = body.expander.argument()
    if body.floats:
        _part(body, words)
    body.transparent(content)


def _part(body: Body, words: Tokens) -> None:
    """The caption of a part of a figure that is no environment."""
    body.floats[-1].inside = f"sub{body.floats[-1].kind}"
    _subcaption(body, words)
    body.floats[-1].inside = ""


def continued(body: Body) -> None:
    """\\ContinuedFloat: the number of the float before once more."""
    if body.floats:
        counters, kind = body.expander.counters, body.floats[-1].kind
        counters[kind] = counters.get(kind, 0) - 1


def phantom_caption(body: Body) -> None:
    """\\phantomcaption and \\phantomsubcaption: a number without words."""
    if body.floats:
        inside = body.floats[-1].inside
        kind = inside or body.floats[-1].kind
        step(body.expander, kind)
        around = body.floats[-1].target
        number = f"{around.number if around else ''}{body.number(kind)}" if inside else body.number(kind)
        body.target = Target(body.floats[-1].kind, number)
        if not inside:
            body.floats[-1].target = body.target


def subfloat(body: Body) -> None:
    """\\subfloat[caption]{content} and \\subfigure[caption]{content}."""
    given = body.expander.optional()
    second = body.expander.optional() if given is not None else None
    content = body.expander.argument()
    if given is not None and body.floats:
        _part(body, second if second is not None else given)
    body.transparent(content)


# Tables.


def begin_table(body: Body, name: str, arguments: str) -> None:
    """tabular and its kin: read to its end and written as a Markdown table."""
    skip_arguments(body.expander, arguments)
    spec = source(body.expander.argument())
    tokens = body.collected(name)
    if tokens is None:
        return
    long = name.rstrip("*") in _LONG
    if long:
        body.floats.append(Float("table"))
        tokens = _without_caption(body, tokens)
    _write_table(body, grid(tokens, spec, lambda cell: _cell(body, cell)))
    if long:
        end_float(body)
    body.leave(name)


def _cell(body: Body, tokens: Tokens) -> Cell:
    before, body.span = body.span, (1, 1)
    words = body.inline(tokens)
    cell = Cell(" ".join(words.split()), *body.span)
    body.span = before
    return cell


def _write_table(body: Body, table: list[list[str]]) -> None:
    """A table of one column or one row was only there to place things; it is written as text."""
    width = max((sum(1 for word in row if word) for row in table), default=0)
    if body.flow.inline:
        body.flow.text(" " + " ".join(word for row in table for word in row if word) + " ")
    elif width < 2 or len(table) < 2:
        body.flow.block()
        for row in table:
            body.flow.text(" ".join(word for word in row if word))
            body.flow.line()
        body.flow.block()
    else:
        mark = OpenMark("table")
        if body.floats:
            body.floats[-1].marks.append(mark)
        body.flow.lines(pipe_table(table).split("\n"), mark)


def _without_caption(body: Body, tokens: Tokens) -> Tokens:
    """The body of a long table without its caption and label, which are written before it."""
    rest: Tokens = []
    found: Tokens = []
    position = 0
    while position < len(tokens):
        # A second caption stands on the pages that the table continues on.
        wanted = tokens[position] == LABEL or (tokens[position] == CAPTION and CAPTION not in found)
        end = _behind_argument(tokens, position) if wanted else position + 1
        (found if wanted else rest).extend(tokens[position:end])
        position = end
    if found:
        body.read(found)
    return rest


def _behind_argument(tokens: Tokens, position: int) -> int:
    """The position behind the first group that opens after this one."""
    depth = 0
    for end in range(position, len(tokens)):
        depth += (tokens[end] == OPEN) - (tokens[end] == CLOSE)
        if tokens[end] == CLOSE and depth <= 0:
            return end + 1
    return len(tokens)


def span_columns(body: Body) -> None:
    """\\multicolumn{count}{shape}{words}."""
    count = re.search(r"\d+", body.expander.key())
    skip_arguments(body.expander, "m")
    body.span = (int(count[0]) if count else 1, body.span[1])
    body.transparent(body.expander.argument())


def span_rows(body: Body) -> None:
    """\\multirow[position]{count}[struts]{width}[shift]{words}."""
    body.expander.optional()
    count = re.search(r"\d+", body.expander.key())
    skip_arguments(body.expander, "omo")
    body.span = (body.span[0], int(count[0]) if count else 1)
    body.transparent(body.expander.argument())


def stacked(body: Body) -> None:
    """\\makecell{one\\\\two} and \\shortstack: lines of one cell."""
    body.expander.star()
    body.expander.optional()
    body.flow.text(f" {body.inline_argument()} ")


def _floating(kind: str) -> EnvironmentCommands:
    return EnvironmentCommands(lambda body: begin_float(body, kind), end_float)


def _wrapped(kind: str) -> EnvironmentCommands:
    return EnvironmentCommands(lambda body: begin_wrapped_float(body, kind), end_float)


def _table(name: str, arguments: str) -> EnvironmentCommands:
    return EnvironmentCommands(lambda body: begin_table(body, name, arguments))


_SUBFLOAT = EnvironmentCommands(begin_subfloat, end_subfloat)
ENVIRONMENTS: dict[str, EnvironmentCommands] = {
    **{name: _floating("figure") for name in _FIGURES.split()},
    **{name: _floating("table") for name in _TABLES.split()},
    "algorithm": _floating("algorithm"),
    "algorithm*": _floating("algorithm"),
    "listing": _floating("lstlisting"),
    "wrapfigure": _wrapped("figure"),
    "wraptable": _wrapped("table"),
    **dict.fromkeys(("subfigure", "subtable"), _SUBFLOAT),
    **{name: _table(name, arguments) for name, arguments in _TABULARS.items()},
}
COMMANDS: dict[str, Command] = {
    "\\caption": caption,
    "\\captionof": caption_of,
    "\\newfloat": new_float,
    "\\DeclareFloatingEnvironment": new_float,
    "\\topcaption": caption,
    "\\bottomcaption": caption,
    "\\tabcaption": caption,
    "\\figcaption": caption,
    "\\subfloat": subfloat,
    "\\subfigure": subfloat,
    "\\subcaptionbox": caption_box,
    "\\ContinuedFloat": continued,
    "\\phantomcaption": phantom_caption,
    "\\phantomsubcaption": phantom_caption,
    "\\multicolumn": span_columns,
    "\\multirow": span_rows,
    "\\makecell": stacked,
    "\\shortstack": stacked,
    "\\thead": stacked,
}

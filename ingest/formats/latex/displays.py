"""Displayed formulas with their numbers."""

from ingest.formats.latex.body import Body, EnvironmentCommands
from ingest.formats.latex.floats import fragment, telling
from ingest.formats.latex.flow import OpenMark
from ingest.formats.latex.math import Row, display
from ingest.formats.latex.numbers import Target, push_definitions, step

# Environments that number their display once, whatever lines it has.
_ONE_NUMBER = frozenset(("equation", "multline", "displaymath", "math", "dmath"))
_DISPLAYS = (
    "equation equation* align align* alignat alignat* xalignat xalignat* flalign flalign* gather gather* multline "
    "multline* eqnarray eqnarray* displaymath math dmath dmath* IEEEeqnarray IEEEeqnarray*"
)


def begin_display(body: Body, name: str) -> None:
    """equation, align and their kin."""
    if name.startswith(("alignat", "xalignat", "alignedat")):
        body.expander.argument()
    tokens = body.collected(name)
    if tokens is None:
        return
    reader = body.reader()
    reader.read(tokens)
    rows = reader.rows
    plain = name.rstrip("*")
    if plain in _ONE_NUMBER:
        rows = [_one_row(rows)]
    numbers = [_row_number(body, row, not name.endswith("*") and plain not in ("displaymath", "math")) for row in rows]
    _write_display(body, rows, numbers, plain)
    body.leave(name)


def _one_row(rows: list[Row]) -> Row:
    filled = [row for row in rows if row.formula]
    formula = " \\\\ ".join(row.formula for row in filled)
    if len(filled) > 1:
        kind = "aligned" if "&" in formula else "gathered"
        formula = f"\\begin{{{kind}}} {formula} \\end{{{kind}}}"
    labels = [label for row in rows for label in row.labels]
    tag = next((row.tag for row in rows if row.tag), "")
    return Row([formula], labels, tag, all(row.numbered for row in rows))


def _row_number(body: Body, row: Row, numbered: bool) -> str:
    """The number of a line of a display, after its labels were told of it; empty for a line without one."""
    number = ""
    if row.formula and (row.tag or (numbered and row.numbered)):
        number = row.tag
        if not number:
            step(body.expander, "equation")
            number = body.number("equation")
        body.target = Target("equation", number)
    for label in row.labels:
        body.name(label)
    return number


def _write_display(body: Body, rows: list[Row], numbers: list[str], name: str) -> None:
    if not any(row.formula for row in rows):
        return
    lines = display(rows, numbers, name)
    if body.flow.inline:
        body.flow.space()
        body.flow.math(" ".join(lines))
        body.flow.space()
        return
    shown = [number for number in numbers if number]
    label = f"Eq. ({shown[0]})" if len(shown) == 1 else f"Eqs. ({shown[0]})–({shown[-1]})" if shown else ""
    named = next((each for row in rows for each in row.labels), "")
    mark = OpenMark("equation", label=label)
    if named:
        telling(mark)(named)
    elif shown:
        mark.fragment = fragment(body, f"equation-{shown[0]}")
    body.flow.lines(["$$", *lines, "$$"], mark)


def begin_subequations(body: Body) -> None:
    """subequations: one number for all, with a letter for each."""
    counters = body.expander.counters
    step(body.expander, "equation")
    number = body.number("equation")
    body.target = Target("equation", number)
    counters["parentequation"], counters["equation"] = counters["equation"], 0
    shown = f"\\def\\theparentequation{{{number}}}\\def\\theequation{{\\theparentequation\\alph{{equation}}}}"
    push_definitions(body.expander, shown)


def end_subequations(body: Body) -> None:
    """The end of subequations."""
    body.expander.counters["equation"] = body.expander.counters.get("parentequation", 0)


def _display(name: str) -> EnvironmentCommands:
    return EnvironmentCommands(lambda body: begin_display(body, name))


ENVIRONMENTS: dict[str, EnvironmentCommands] = {
    **{name: _display(name) for name in _DISPLAYS.split()},
    "subequations": EnvironmentCommands(begin_subequations, end_subequations),
}

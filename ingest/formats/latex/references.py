"""Labels, and the references that print the number or the name of the place they lead to."""

from collections.abc import Callable

from ingest.formats.latex.body import Body, Command
from ingest.formats.latex.numbers import Target, listed, names_of, step


def label(body: Body) -> None:
    """\\label{name}."""
    body.name(body.expander.key())


def _found(body: Body, key: str) -> Target | None:
    target = body.labels.get(key)
    if target is None:
        body.dangling[key] = None
    return target


def reference(body: Body, show: Callable[[Target], str]) -> None:
    """\\ref and its kin: what the number is shown as is told once all labels are known."""
    body.expander.star()
    key = body.expander.key()

    def words() -> str:
        target = _found(body, key)
        return show(target) if target else f"[{key}]"

    body.flow.text(body.later(words))


def clever_reference(body: Body, *, named: bool = True) -> None:
    """\\cref{one,two}: the kind and the number of each, or with \\labelcref the numbers alone."""
    body.expander.star()
    keys = [key.strip() for key in body.expander.key().split(",") if key.strip()]

    def words() -> str:
        found = [(key, _found(body, key)) for key in keys]
        there = [target for _, target in found if target]
        known = names_of(there) if named else listed([_number(target) for target in there])
        lost = [f"[{key}]" for key, target in found if not target]
        return listed([*([known] if known else []), *lost])

    body.flow.text(body.later(words))


def page_reference(body: Body, before: str) -> None:
    """\\pageref{label}: a document has no pages here, so the place itself is named."""
    body.expander.star()
    keys = [key.strip() for key in body.expander.key().split(",") if key.strip()]

    def words() -> str:
        targets = [target for target in (_found(body, key) for key in keys) if target]
        return f"{before} {names_of(targets)}" if targets else f"[{', '.join(keys)}]"

    body.flow.text(body.later(words))


def reference_range(body: Body) -> None:
    """\\crefrange{one}{two}."""
    body.expander.star()
    first, last = body.expander.key(), body.expander.key()

    def words() -> str:
        one, other = _found(body, first), _found(body, last)
        if not one or not other:
            return f"[{first}] to [{last}]"
        return f"{names_of([one, one]).split(' ')[0]} {_number(one)} to {_number(other)}"

    body.flow.text(body.later(words))


def kind_of_place(body: Body, *, lower: bool) -> None:
    """\\namecref{label}: what kind of place it is, without its number."""
    key = body.expander.key()

    def words() -> str:
        target = _found(body, key)
        name = names_of([Target(target.kind, "")]) if target else f"[{key}]"
        return name.lower() if lower and target else name

    body.flow.text(body.later(words))


def count(body: Body) -> None:
    """\\refstepcounter{name}: a place of its own, which the next \\label names."""
    counter = body.expander.key()
    step(body.expander, counter)
    body.target = Target(counter, body.number(counter))


def _number(target: Target) -> str:
    number = target.number or target.title
    return f"({number})" if target.kind == "equation" else number


COMMANDS: dict[str, Command] = {
    "\\refstepcounter": count,
    "\\label": label,
    "\\ref": lambda body: reference(body, lambda target: target.number or target.title),
    "\\eqref": lambda body: reference(body, lambda target: f"({target.number})"),
    "\\subref": lambda body: reference(body, lambda target: target.title or target.number),
    "\\nameref": lambda body: reference(body, lambda target: target.title or names_of([target])),
    **dict.fromkeys(
        (
            "\\cref",
            "\\Cref",
            "\\autoref",
            "\\vref",
            "\\Vref",
            "\\fref",
            "\\Autoref",
            "\\fullref",
        ),
        clever_reference,
    ),
    "\\labelcref": lambda body: clever_reference(body, named=False),
    "\\pageref": lambda body: page_reference(body, "of"),
    "\\cpageref": lambda body: page_reference(body, "page of"),
    "\\Cpageref": lambda body: page_reference(body, "Page of"),
    "\\crefrange": reference_range,
    "\\Crefrange": reference_range,
    "\\namecref": lambda body: kind_of_place(body, lower=False),
    "\\nameCref": lambda body: kind_of_place(body, lower=False),
    "\\lcnamecref": lambda body: kind_of_place(body, lower=True),
}

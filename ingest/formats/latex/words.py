"""Commands that stand in a line of text: characters, fonts, links, references, footnotes, acronyms."""

import re
from collections.abc import Callable

from ingest.formats.latex.body import MATH_SHIFT, Body, Command
from ingest.formats.latex.math import skip_arguments
from ingest.formats.latex.numbers import Target
from ingest.formats.latex.symbols import ACCENTS, IGNORED, TRANSPARENT, accented, symbols
from ingest.formats.latex.tokens import CLOSE, OPEN, PAR, Tokens, source
from ingest.formats.latex.units import QUANTITIES, unit

_KEY_VALUE = re.compile(r"\s*([\w-]+)\s*=\s*")
_NO_SPACE_AFTER_XSPACE = frozenset(".,;:!?)]}/'~-’”")
_NO_SPACE_TOKENS = frozenset((CLOSE, OPEN, PAR, "&", "^", "_", "\\ ", "\\/", "\\,", "\\\\", "\\xspace", "\\-"))
_FORMULA = re.compile(r"(?<!\\)\$")
_ORDINALS = frozenset(("st", "nd", "rd", "th"))
MAX_UNRESOLVED_SHOWN = 5


def _ignored(arguments: str) -> Command:
    return lambda body: skip_arguments(body.expander, arguments)


def _transparent(arguments: str) -> Command:
    def read(body: Body) -> None:
        skip_arguments(body.expander, arguments[:-1])
        body.transparent(body.expander.argument())

    return read


def _symbol(shown: str) -> Command:
    return lambda body: body.flow.text(shown)


def _accent(name: str) -> Command:
    def write(body: Body) -> None:
        argument = body.expander.argument()
        letter = body.inline(argument).strip() if argument else ""
        body.flow.text(accented(name, letter[:1]) + letter[1:] if letter else "")

    return write


def _quantity(read: Callable[..., str]) -> Command:
    return lambda body: body.flow.text(read(body.expander, False))


def unit_name(body: Body) -> None:
    """A unit that a macro of its own stands for: it keeps a space to a number before it and a word after it."""
    words = unit(body.expander, body.expander.argument(), math=False)
    last = body.flow.last
    body.flow.text(f" {words}" if last.isalnum() or last in ("$", ")") else words)
    xspace(body)


def xspace(body: Body) -> None:
    """\\xspace: a space, unless a sign follows that wants none, or a formula that only raises or lowers something."""
    following = body.expander.raw()
    if following is None:
        return
    second = body.expander.peek() if following == MATH_SHIFT else None
    body.expander.push([following])
    if following in _NO_SPACE_TOKENS or following[0] in _NO_SPACE_AFTER_XSPACE or second in ("^", "_"):
        return
    body.flow.space()


def ensure_math(body: Body) -> None:
    """\\ensuremath in text: a formula."""
    body.math(body.expander.argument())


def round_brackets(body: Body) -> None:
    """\\( formula \\)."""
    tokens = body.expander.until(frozenset(("\\)",)), stops=frozenset((PAR,)))
    if tokens is not None:
        body.math(tokens)


def square_brackets(body: Body) -> None:
    """\\[ formula \\]."""
    tokens = body.expander.until(frozenset(("\\]",)), limit=20_000)
    if tokens is not None:
        body.display_without_number(tokens)


def typewriter(body: Body) -> None:
    """\\texttt: a code span, unless a formula or a reference stands in it."""
    before, body.monospaced = body.monospaced, True
    words = body.inline_argument()
    body.monospaced = before
    if before or _FORMULA.search(words) or "\ufdd0" in words:
        body.flow.text(words)
    else:
        code_span(body, words.replace("\\$", "$"))


def code_span(body: Body, code: str) -> None:
    """Write code between backticks, or as text where backticks stand in it."""
    core = code.strip()
    if not core or "`" in core:
        body.flow.text(code.replace("$", "\\$"))
        return
    before, after = code[: len(code) - len(code.lstrip())], code[len(code.rstrip()) :]
    body.flow.text(f"{before}`{core}`{after}")


def raised(body: Body) -> None:
    """\\textsuperscript."""
    words = body.inline_argument()
    body.flow.text(words if words in _ORDINALS or not body.flow.last.isalnum() else f"^{words}")


def lowered(body: Body) -> None:
    """\\textsubscript."""
    words = body.inline_argument()
    body.flow.text(f"_{words}" if body.flow.last.isalnum() else words)


def quoted(body: Body) -> None:
    """\\enquote{words}."""
    body.expander.star()
    body.flow.text(f"“{body.inline_argument()}”")


def line_break(body: Body) -> None:
    """\\\\ in text."""
    body.expander.star()
    if (body.expander.peek() or "").startswith("["):
        body.expander.optional()
    body.flow.line()


def horizontal_space(body: Body) -> None:
    """\\hspace{length}."""
    skip_arguments(body.expander, "m")
    body.flow.space()


def separator(body: Body) -> None:
    """\\sep between keywords."""
    body.flow.close_up()
    body.flow.text(", ")


# Links.


def address(body: Body) -> None:
    """\\url{address}."""
    link(body, body.expander.words(), shown=True)


def link(body: Body, target: str, *, shown: bool) -> None:
    """Note an address, and write it where it is shown."""
    target = re.sub(r"\\([%#&_~{}])", r"\1", target).strip()
    target = "".join(target.split())
    if re.match(r"(?:https?|ftp|mailto):|www\.", target, re.IGNORECASE) and len(target) < 2_000:
        body.links[target] = None
    if shown:
        body.flow.text(target.replace("$", "\\$"))


def hyper_reference(body: Body) -> None:
    """\\href{address}{words}."""
    body.expander.optional()
    target = source(body.expander.expanded(body.expander.argument()))
    link(body, target, shown=False)
    body.transparent(body.expander.argument())


def hyperref(body: Body) -> None:
    """\\hyperref[label]{words}."""
    if body.expander.optional() is None:
        skip_arguments(body.expander, "mmm")
    body.transparent(body.expander.argument())


def graphics(body: Body) -> None:
    """\\includegraphics[options]{file}: only its name is kept."""
    body.expander.star()
    if (body.expander.peek() or "").startswith("<"):
        body.expander.optional("<", ">")
    body.expander.optional()
    body.expander.optional()
    name = body.expander.key()
    if "=" in name:
        found = re.search(r"(?:file|figure)\s*=\s*([^,\s]+)", name)
        name = found[1] if found else ""
    if name and "\\" not in name:
        body.links[name] = None


# Drawings.


def drawing(body: Body) -> None:
    """\\tikz[options]{...} and \\feynmandiagram[options]{...}; are left out."""
    body.expander.optional()
    body.expander.optional()
    if body.expander.braced() is not None:
        body.expander.starts_with(";", spaces=True)


# Footnotes.


def footnote(body: Body) -> None:
    """\\footnote{words}: a number here, the words below the paragraph."""
    body.expander.optional()
    body.footnotes += 1
    number = body.footnotes
    around, body.target = body.target, Target("footnote", str(number))
    words = body.inline_argument().strip()
    body.target = around
    body.flow.text(f"[^{number}]")
    if words:
        body.notes.append(f"[^{number}]: {words}")


def footnote_mark(body: Body) -> None:
    """\\footnotemark, whose words come with \\footnotetext."""
    body.expander.optional()
    body.footnotes += 1
    body.flow.text(f"[^{body.footnotes}]")


def footnote_text(body: Body) -> None:
    """\\footnotetext{words}."""
    body.expander.optional()
    words = body.inline_argument().strip()
    if words:
        body.notes.append(f"[^{body.footnotes}]: {words}")


# Acronyms: of acronym, glossaries and acro.


def define_acronym(body: Body) -> None:
    """\\acro{key}[short]{long} and \\acrodef."""
    key = body.expander.key()
    short = body.expander.optional()
    tokens = body.expander.argument()
    shown = body.inline(short).strip() if short else key
    body.acronyms[key] = (shown, _long_form(body, tokens, extra=False))
    if body.in_acronym_list:
        body.flow.item(first=body.in_acronym_list == 1)
        body.in_acronym_list += 1
        body.flow.text(f"**{shown}:** {_long_form(body, tokens, extra=True)}")


def _long_form(body: Body, tokens: Tokens, *, extra: bool) -> str:
    """The words of an acronym; extra says whether a remark that only the list shows is among them."""
    body.acronym_remarks = extra
    return " ".join(body.inline(tokens).split())


def acronym_remark(body: Body) -> None:
    """\\acroextra{words}: shown in the list of acronyms alone."""
    words = body.expander.argument()
    if body.acronym_remarks:
        body.transparent(words)


def new_acronym(body: Body) -> None:
    """\\newacronym{key}{short}{long}."""
    body.expander.optional()
    key = body.expander.key()
    body.acronyms[key] = (body.inline_argument().strip(), body.inline_argument().strip())


def declare_acronym(body: Body) -> None:
    """\\DeclareAcronym{key}{short=..., long=...} and \\newglossaryentry."""
    key = body.expander.key()
    values = _values(body.expander.argument())
    short = body.inline(values.get("short") or values.get("name") or [key]).strip()
    long = body.inline(values.get("long") or values.get("name") or [key]).strip()
    body.acronyms[key] = (short, long)


def _values(tokens: Tokens) -> dict[str, Tokens]:
    """The tokens of ``key = {value}, key = value``."""
    found: dict[str, Tokens] = {}
    name, depth = "", 0
    for token in tokens:
        if depth == 0 and token[0] not in "\\{}$&#^_~":
            for piece in re.split(r",", token):
                match = _KEY_VALUE.match(piece)
                if match:
                    name = match[1]
                    found[name] = [piece[match.end() :]] if piece[match.end() :].strip() else []
                elif name and piece.strip():
                    found[name].append(piece)
            continue
        depth += (token == OPEN) - (token == CLOSE)
        if name:
            found[name].append(token)
    return found


def acronym(body: Body, form: str) -> None:
    """\\ac and its kin; form is short, long, full, or first: in full where it is used first. A capital S adds an s."""
    body.expander.star()
    body.expander.optional()
    key = body.expander.key()
    plural = "s" if form.endswith("S") else ""
    form = form.removesuffix("S")
    if form == "first":
        form = "short" if key in body.acronyms_used else "full"
        body.acronyms_used.add(key)

    def words() -> str:
        short, long = body.acronyms.get(key, (key, key))
        if form == "short" or short == long:
            return short + plural
        return long + plural if form == "long" else f"{long}{plural} ({short}{plural})"

    body.flow.text(body.later(words))


def commands() -> dict[str, Command]:
    """All commands of this module by their names."""
    found: dict[str, Command] = {name: _symbol(shown) for name, shown in symbols().items()}
    found |= {name: _ignored(arguments) for name, arguments in IGNORED.items()}
    found |= {name: _transparent(arguments) for name, arguments in TRANSPARENT.items()}
    found |= {name: _accent(name) for name in ACCENTS}
    found |= {name: _quantity(read) for name, read in QUANTITIES.items()}
    found |= {f"\\{name}": _transparent("C") for name in _MATHEMATICAL_FONTS.split()}
    for sign, names in (("*", "emph textit"), ("**", "textbf strong")):
        found |= {f"\\{name}": _wrapped(sign) for name in names.split()}
    found |= {f"\\{name}": _acronym(form) for form, names in _ACRONYMS.items() for name in names.split()}
    return found | _COMMANDS


def _wrapped(sign: str) -> Command:
    return lambda body: body.wrapped(sign)


def _acronym(form: str) -> Command:
    return lambda body: acronym(body, form)


def _each(names: str, command: Command) -> dict[str, Command]:
    return {f"\\{name}": command for name in names.split()}


# Fonts of mathematics, which authors also write in text.
_MATHEMATICAL_FONTS = "mathrm mathbf mathit mathcal mathsf mathtt boldsymbol"
_ACRONYMS = {
    "first": "ac Ac gls Gls GLS iac Iac glsdisp",
    "firstS": "acp Acp glspl Glspl GLSpl",
    "short": "acs acrshort glsentryshort acsu Acs glsentryname glssymbol",
    "shortS": "acsp acrshortpl glsentryshortpl",
    "long": "acl Acl acrlong glsentrylong aclu Acrlong acrlong glsentrytext glsdesc",
    "longS": "aclp acrlongpl glsentrylongpl Aclp",
    "full": "acf Acf acrfull acfi glsentryfull",
    "fullS": "acfp acrfullpl Acfp",
}
_COMMANDS: dict[str, Command] = {
    PAR: lambda body: body.end_block(),
    "\\\\": line_break,
    "\\newline": line_break,
    "\\hspace": horizontal_space,
    "\\sep": separator,
    "\\xspace": xspace,
    "\\unitname": unit_name,
    "\\ensuremath": ensure_math,
    "\\(": round_brackets,
    "\\)": lambda _body: None,
    "\\[": square_brackets,
    "\\]": lambda _body: None,
    "\\$": _symbol("\\$"),
    "\\texttt": typewriter,
    "\\lstinline": typewriter,
    "\\verb": typewriter,
    "\\path": typewriter,
    "\\textsuperscript": raised,
    "\\tnote": raised,
    "\\textsubscript": lowered,
    "\\enquote": quoted,
    "\\textquote": quoted,
    "\\today": lambda _body: None,
    "\\url": address,
    "\\nolinkurl": address,
    "\\href": hyper_reference,
    "\\hyperref": hyperref,
    **dict.fromkeys(
        ("\\includegraphics", "\\includesvg", "\\includepdf", "\\epsfig", "\\psfig", "\\epsfbox", "\\epsffile"),
        graphics,
    ),
    "\\footnote": footnote,
    "\\tablefootnote": footnote,
    "\\endnote": footnote,
    "\\footnotemark": footnote_mark,
    "\\footnotetext": footnote_text,
    "\\acro": define_acronym,
    "\\acrodef": define_acronym,
    "\\acroextra": acronym_remark,
    "\\feynmandiagram": drawing,
    "\\tikz": drawing,
    "\\newacronym": new_acronym,
    "\\DeclareAcronym": declare_acronym,
    "\\newglossaryentry": declare_acronym,
}

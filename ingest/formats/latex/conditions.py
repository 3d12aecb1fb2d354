"""The conditionals of TeX, etoolbox and ifthen: which branch of a document is read."""

import re

from ingest.formats.latex.macros import Expandable, Expander, Macro
from ingest.formats.latex.tokens import CLOSE, OPEN, PAR, Frozen, Tokens, source

# Commands that begin with \if and take their branches as arguments.
NO_CONDITIONALS = frozenset(
    f"\\{name}"
    for name in (
        "iff ifthenelse iftoggle ifbool ifboolexpr ifdef ifundef ifcsdef ifcsundef ifdefmacro ifdefempty ifdefstring "
        "ifdefvoid ifblank ifstrempty ifstrequal ifnumequal ifnumcomp ifnumless ifnumgreater ifinlist ifinlistcs "
        "ifcsvoid ifempty ifmtarg ifnotempty ifpackageloaded ifrefundefined ifcsstring ifnextchar"
    ).split()
)
# Whether the document is set by one program or another, and the like.
_TRUE = frozenset(("\\iftrue", "\\ifpdf", "\\ifhmode"))
_MAX_TESTS = 20
FI, OR, END_CSNAME = "\\fi", "\\or", "\\endcsname"
_RELATION = re.compile(r"\s*([<>=])\s*")
_WHOLE_NUMBER = re.compile(r"\s*([-+]?\d+)")


def is_conditional(expander: Expander, token: str) -> bool:
    """Whether a token begins a conditional that ends with \\fi."""
    if not token.startswith("\\if") or token in NO_CONDITIONALS or type(token) is not str:
        return token.startswith("\\if") and isinstance(token, Frozen)
    macro = expander.macros.get(token)
    return macro is None or (
        len(macro.body) == 1 and isinstance(macro.body[0], Frozen) and macro.body[0].startswith("\\if")
    )


def conditional(expander: Expander, name: str) -> None:
    """Read on with the branch that a conditional selects."""
    if name == "\\ifcase":
        _case(expander)
        return
    if not _condition(expander, name):
        _skip(expander, name)


def _condition(expander: Expander, name: str) -> bool:
    if name in _TRUE:
        return True
    if name in ("\\ifx", "\\if", "\\ifcat"):
        return _same(expander, name)
    if name in ("\\ifnum", "\\ifdim", "\\ifodd"):
        return _compared(expander, name)
    if name in ("\\ifdefined", "\\ifcsname"):
        return _defined(expander, name)
    return expander.flags.get(name, False)


def _same(expander: Expander, name: str) -> bool:
    if name == "\\ifx":
        one, other = _one(expander, expander.raw()), _one(expander, expander.raw())
        return _meaning(expander, one) == _meaning(expander, other)
    one, other = _one(expander, expander.next()), _one(expander, expander.next())
    return one == other


def _one(expander: Expander, token: str | None) -> str | None:
    """A single token: of a stretch of text only its first character is taken."""
    if token is None or token[0] in "\\{}$&#^_~" or len(token) == 1:
        return token
    expander.push([token[1:]])
    return token[0]


def _meaning(expander: Expander, token: str | None) -> object:
    if token is None:
        return None
    macro = expander.macros.get(token)
    if macro is not None:
        return macro
    if token in ("\\undefined", "\\@undefined") or (token[0] == "\\" and not expander.defined(token)):
        return "undefined"
    return Macro((), ()) if token in ("\\@empty", "\\empty") else str(token)


def _compared(expander: Expander, name: str) -> bool:
    """Whether the comparison of two numbers holds; one that cannot be read does not."""
    text = _relation_text(expander)
    first = _WHOLE_NUMBER.match(text)
    if name == "\\ifodd":
        return bool(first and int(first[1]) % 2)
    relation = _RELATION.search(text)
    second = _WHOLE_NUMBER.match(text, relation.end()) if relation else None
    if not first or not relation or not second:
        return False
    one, other = int(first[1]), int(second[1])
    return {"<": one < other, ">": one > other, "=": one == other}[relation[1]]


_COMPARISON = re.compile(r"\s*[-+]?\d*\s*(?:[<>=]\s*[-+]?[\d.]*(?:pt|cm|mm|em|ex|in)?\s?)?")


def _relation_text(expander: Expander) -> str:
    """The text of a comparison: as far as numbers and a relation go."""
    text = ""
    for _ in range(12):
        token = expander.next()
        if token is None:
            break
        if token[0] in "\\{}$&#^_~":
            if token not in ("\\relax", OPEN, CLOSE):
                expander.push([token])
            if token != OPEN:
                break
            continue
        match = _COMPARISON.match(text + token)
        end = match.end() if match else 0
        if end < len(text + token):
            expander.push([(text + token)[end:]])
            return (text + token)[:end]
        text += token
    return text


def _defined(expander: Expander, name: str) -> bool:
    if name == "\\ifdefined":
        return expander.defined(expander.raw() or "")
    taken: Tokens = []
    while (token := expander.next()) is not None and token != END_CSNAME and len(taken) < 100:
        taken.append(token)
    return expander.defined("\\" + source(taken).strip())


def _case(expander: Expander) -> None:
    """\\ifcase number first \\or second \\else other \\fi."""
    wanted = _WHOLE_NUMBER.match(_relation_text(expander))
    for _ in range(int(wanted[1]) if wanted and int(wanted[1]) >= 0 else 1_000):
        if _skip(expander, "\\ifcase", stop_at_or=True) != "\\or":
            return


def _skip(expander: Expander, name: str, *, stop_at_or: bool = False) -> str:
    """Pass over a branch that is not read: up to its \\else, \\or or \\fi, which is returned."""
    taken: Tokens = []
    depth = 0
    files = len(expander.open_files())
    while (token := expander.raw()) is not None:
        taken.append(token)
        if depth == 0 and (token in ("\\else", "\\fi") or (stop_at_or and token == OR)):
            return token
        if token == FI:
            depth -= 1
        elif token in ("\\newif", "\\let"):
            taken.append(expander.raw() or PAR)
        elif token.startswith("\\if") and is_conditional(expander, token):
            depth += 1
        if len(taken) > expander.patience or len(expander.open_files()) < files:
            break
    if name != "\\iffalse" or depth == 0:
        expander.warn(f"{name} has no \\fi; both its branches were read")
    expander.give_back(taken)
    return "\\fi"


def skip_else(expander: Expander) -> None:
    """\\else after a branch that was read: the other one is passed over."""
    taken: Tokens = []
    depth = 0
    files = len(expander.open_files())
    while (token := expander.raw()) is not None:
        taken.append(token)
        if token == FI:
            if depth == 0:
                return
            depth -= 1
        elif token.startswith("\\if") and is_conditional(expander, token):
            depth += 1
        if len(taken) > expander.patience or len(expander.open_files()) < files:
            break
    expander.give_back(taken)


def newif(expander: Expander) -> None:
    """\\newif\\ifdraft, with \\drafttrue and \\draftfalse."""
    name = expander.raw()
    if name is None or not name.startswith("\\if"):
        return
    expander.flags.setdefault(name, False)
    for value in ("true", "false"):
        body = ("\\set flag", OPEN, name[1:], CLOSE, OPEN, value, CLOSE)
        expander.define(f"\\{name[3:]}{value}", Macro((), body), everywhere=True)


def set_flag(expander: Expander) -> None:
    """What \\drafttrue stands for."""
    name = "\\" + source(expander.argument())
    expander.flags[name] = source(expander.argument()) == "true"


def set_toggle(expander: Expander, *, value: bool) -> None:
    """\\toggletrue{draft} and \\togglefalse{draft}."""
    expander.flags[f"\\if{expander.key()}"] = value


def set_boolean(expander: Expander) -> None:
    """\\setboolean{draft}{true}, \\setbool and \\settoggle."""
    name = expander.key()
    expander.flags[f"\\if{name}"] = expander.key().lower() == "true"


def if_toggle(expander: Expander, *, negated: bool = False) -> None:
    """\\iftoggle{draft}{yes}{no}, \\ifbool and \\nottoggle."""
    _choose(expander, expander.flags.get(f"\\if{expander.key()}", False) is not negated)


def if_defined(expander: Expander, *, by_name: bool = False, negated: bool = False) -> None:
    """\\ifdef\\name{yes}{no} and \\ifcsdef{name}{yes}{no}."""
    name = f"\\{expander.key()}" if by_name else source(expander.argument()).strip()
    _choose(expander, expander.defined(name) is not negated)


def if_empty(expander: Expander) -> None:
    """\\ifblank{text}{yes}{no}, \\ifstrempty and \\ifdefempty."""
    _choose(expander, not source(expander.expanded(expander.argument())).strip())


def if_equal(expander: Expander) -> None:
    """\\ifstrequal{one}{other}{yes}{no}."""
    one, other = source(expander.argument()), source(expander.argument())
    _choose(expander, one == other)


def if_then_else(expander: Expander) -> None:
    """\\ifthenelse{test}{yes}{no}; of tests \\equal, \\boolean, numbers, \\not, \\and and \\or are understood."""
    _choose(expander, _test(expander, expander.argument()))


def _test(expander: Expander, tokens: Tokens, depth: int = 0) -> bool:
    with expander.isolated(tokens):
        value, joined = _single_test(expander, depth), None
        while (token := expander.next()) is not None:
            if token in ("\\or", "\\OR"):
                joined = _single_test(expander, depth)
                value = value or joined
            elif token in ("\\and", "\\AND"):
                joined = _single_test(expander, depth)
                value = value and joined
    return value


def _single_test(expander: Expander, depth: int) -> bool:
    expander.skip_spaces()
    token = expander.next()
    if token is None or depth > _MAX_TESTS:
        return False
    match token:
        case "\\not" | "\\NOT":
            return not _single_test(expander, depth + 1)
        case "\\(":
            return _test(expander, expander.until(frozenset(("\\)",))) or [], depth + 1)
        case "\\equal":
            return source(expander.expanded(expander.argument())) == source(expander.expanded(expander.argument()))
        case "\\boolean" | "\\isboolean":
            return expander.flags.get(f"\\if{expander.key()}", False)
        case "\\isundefined":
            return not expander.defined(source(expander.argument()).strip())
        case "\\isodd":
            return _number(expander.key()) % 2 == 1
    if token[0] == "\\":
        return False
    expander.push([token])
    return _compared(expander, "\\ifnum")


def _number(text: str) -> int:
    found = _WHOLE_NUMBER.match(text)
    return int(found[1]) if found else 0


def unknown_conditional(expander: Expander, name: str) -> bool:
    """Carry out a conditional that only a missing package knows, taking it for false; whether it was one."""
    if len(name) < 4 or not is_conditional(expander, name):
        return False
    conditional(expander, name)
    return True


def _choose(expander: Expander, condition: bool) -> None:
    yes, no = expander.argument(), expander.argument()
    expander.push(yes if condition else no)


def _conditional(name: str) -> Expandable:
    return lambda expander: conditional(expander, name)


_PRIMITIVE = (
    "iftrue iffalse if ifx ifnum ifdim ifodd ifcase ifcat ifdefined ifcsname ifmmode ifhmode ifvmode ifinner ifpdf "
    "ifxetex ifluatex ifPDFTeX ifXeTeX ifLuaTeX ifvoid ifhbox ifvbox ifeof if@twocolumn if@twoside if@draft "
    "if@titlepage"
)
EXPANDABLE: dict[str, Expandable] = {
    **{f"\\{name}": _conditional(f"\\{name}") for name in _PRIMITIVE.split()},
    "\\else": skip_else,
    "\\or": skip_else,
    "\\fi": lambda _expander: None,
    "\\newif": newif,
    "\\set flag": set_flag,
    **dict.fromkeys(
        ("\\newtoggle", "\\newboolean", "\\newbool", "\\providebool", "\\provideboolean", "\\providetoggle"),
        lambda expander: set_toggle(expander, value=False),
    ),
    **dict.fromkeys(("\\toggletrue", "\\booltrue"), lambda expander: set_toggle(expander, value=True)),
    **dict.fromkeys(("\\togglefalse", "\\boolfalse"), lambda expander: set_toggle(expander, value=False)),
    **dict.fromkeys(("\\setboolean", "\\setbool", "\\settoggle"), set_boolean),
    **dict.fromkeys(("\\iftoggle", "\\ifbool"), if_toggle),
    **dict.fromkeys(("\\nottoggle", "\\notbool"), lambda expander: if_toggle(expander, negated=True)),
    "\\ifdef": if_defined,
    "\\ifundef": lambda expander: if_defined(expander, negated=True),
    "\\ifcsdef": lambda expander: if_defined(expander, by_name=True),
    "\\ifcsundef": lambda expander: if_defined(expander, by_name=True, negated=True),
    **dict.fromkeys(("\\ifblank", "\\ifstrempty", "\\ifdefempty"), if_empty),
    "\\ifstrequal": if_equal,
    "\\ifthenelse": if_then_else,
}

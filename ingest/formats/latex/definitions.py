"""What LaTeX carries out while it reads: definitions of macros and environments, and the tricks of their writers."""

import re

from ingest.formats.latex.macros import MANDATORY, NO_VALUE, Environment, Expandable, Expander, Macro, Parameter, alias
from ingest.formats.latex.tokens import CLOSE, OPEN, Frozen, Tokens, source, tokenised
from ingest.formats.latex.xparse import signature

_ITEM = re.compile(r"\s*,\s*")
MAX_LOOP = 200
END_CSNAME = "\\endcsname"


def _name(expander: Expander) -> str | None:
    """The control sequence that is about to be defined, with or without braces around it; None where there is none."""
    tokens = expander.argument()
    return next((token for token in tokens if token[0] == "\\" and token not in ("\\protect", "\\relax")), None)


def _number(tokens: Tokens | None) -> int:
    digits = re.search(r"\d+", source(tokens or []))
    return min(int(digits[0]), 9) if digits else 0


def _new_signature(expander: Expander) -> tuple[Parameter, ...]:
    """The parameters of a \\newcommand: [2][default]."""
    count = _number(expander.optional())
    default = expander.optional() if count else None
    parameters = [MANDATORY] * count
    if default is not None:
        parameters[0] = Parameter("optional", tuple(default))
    return tuple(parameters)


def newcommand(expander: Expander) -> None:
    """\\newcommand, \\renewcommand and their kin."""
    _define(expander, replace=True)


def providecommand(expander: Expander) -> None:
    """\\providecommand: what is defined already stays, unless only we have guessed it."""
    _define(expander, replace=False)


def _define(expander: Expander, *, replace: bool) -> None:
    expander.star()
    name = _name(expander)
    parameters = _new_signature(expander)
    body = expander.argument()
    if name and (replace or not expander.known_from_document(name)):
        expander.define(name, Macro(parameters, tuple(body)))


def plain_def(expander: Expander, *, everywhere: bool = False, expand: bool = False) -> None:
    """\\def\\name#1.#2{body}."""
    name = expander.raw()
    pattern: Tokens = []
    while (token := expander.raw()) is not None and token != OPEN and len(pattern) < 40:
        pattern.append(token)
    if token != OPEN or name is None:
        expander.push(pattern)
        return
    body = expander.group()
    if expand:
        body = expander.expanded(body)
    expander.define(name, Macro(_pattern(pattern), tuple(body)), everywhere=everywhere)


def _pattern(tokens: Tokens) -> tuple[Parameter, ...]:
    """The parameters that the text between \\def\\name and its body describes."""
    found: list[Parameter] = []
    marks: Tokens = []
    parameter = False

    def close() -> None:
        if parameter:
            found.append(Parameter("until", marks=tuple(marks)) if marks else MANDATORY)
        elif marks:
            found.append(Parameter("literal", marks=tuple(marks)))

    for token in tokens:
        if token[0] == "#" and len(token) == 2:
            close()
            parameter, marks = True, []
        elif not (token.isspace() and not parameter):
            marks.append(token)
    close()
    return tuple(found)


def let(expander: Expander) -> None:
    """\\let\\new=\\old."""
    name = expander.raw()
    expander.starts_with("=", spaces=True)
    expander.skip_spaces()
    target = expander.raw()
    if name is None or target is None:
        return
    if target[0] not in "\\{}$&#^_~" and len(target) > 1:
        expander.push([target[1:]])
        target = target[0]
    if name != target and target not in (OPEN, CLOSE):
        expander.define(name, alias(target, expander))


def newenvironment(expander: Expander) -> None:
    """\\newenvironment{name}[2][default]{begin}{end}."""
    expander.star()
    name = expander.key()
    parameters = _new_signature(expander)
    _environment(expander, name, parameters)


def _environment(expander: Expander, name: str, parameters: tuple[Parameter, ...]) -> None:
    begin, end = expander.argument(), expander.argument()
    inner = _raw_inside(expander, begin)
    if inner:
        expander.raw_environments.add(name)
        expander.raw_kinds[name] = inner
    elif name:
        expander.environments[name] = Environment(Macro(parameters, tuple(begin)), tuple(end))


def _raw_inside(expander: Expander, begin: Tokens) -> str:
    """The environment of raw text that these tokens open, or nothing."""
    text = source(begin)
    if "\\VerbatimEnvironment" in text or "\\verbatim" in text:
        return "verbatim"
    opened = re.findall(r"\\begin\s*\{([^{}]*)\}", text)
    return next((each for each in opened if each in expander.raw_environments and each != "tikzpicture"), "")


def lstnewenvironment(expander: Expander) -> None:
    """\\lstnewenvironment{name}[2][default]{begin}{end}: a listing whatever it says."""
    name = expander.key()
    _new_signature(expander)
    options = source(expander.argument())
    expander.argument()
    expander.raw_environments.add(name)
    expander.raw_kinds[name] = f"lstlisting {options}"


def newminted(expander: Expander) -> None:
    """\\newminted[name]{language}{options}."""
    given = expander.optional()
    language = expander.key()
    expander.argument()
    name = source(given).strip() if given else f"{language}code"
    expander.raw_environments |= {name, f"{name}*"}
    expander.raw_kinds[name] = f"minted language={language}"


def define_verbatim(expander: Expander) -> None:
    """\\DefineVerbatimEnvironment{name}{Verbatim}{options} and its kin."""
    name = expander.key()
    expander.argument()
    expander.argument()
    expander.raw_environments.add(name)
    expander.raw_kinds[name] = "Verbatim"


def comment_environment(expander: Expander, *, shown: bool) -> None:
    """\\excludecomment{name} and \\includecomment: an environment whose text is left out, or read."""
    name = expander.key()
    if shown:
        expander.raw_environments.discard(name)
        expander.environments[name] = Environment(Macro((), ()), ())
    elif name:
        expander.raw_environments.add(name)


def document_command(expander: Expander, *, replace: bool = True) -> None:
    """\\NewDocumentCommand\\name{m O{default} s}{body} of xparse."""
    name = _name(expander)
    parameters = signature(expander.argument())
    body = expander.argument()
    if name and (replace or not expander.known_from_document(name)):
        expander.define(name, Macro(parameters, tuple(body)))


def document_environment(expander: Expander) -> None:
    """\\NewDocumentEnvironment{name}{m o}{begin}{end}."""
    name = expander.key()
    _environment(expander, name, signature(expander.argument()))


def math_operator(expander: Expander) -> None:
    """\\DeclareMathOperator{\\name}{words}."""
    expander.star()
    name = _name(expander)
    words = expander.argument()
    if name:
        expander.define(name, Macro((), ("\\operatorname", OPEN, *words, CLOSE)))


def paired_delimiter(expander: Expander) -> None:
    """\\DeclarePairedDelimiter{\\abs}{\\lvert}{\\rvert}."""
    name = _name(expander)
    left, right = expander.argument(), expander.argument()
    if name:
        parameters = (Parameter("star", marks=("*",)), Parameter("optional"), MANDATORY)
        expander.define(name, Macro(parameters, (*left, "#3", *right)))


def url_command(expander: Expander) -> None:
    """\\DeclareUrlCommand\\name{style}: a command that shows its argument as it stands."""
    name = _name(expander)
    expander.argument()
    if name:
        expander.define(name, Macro((MANDATORY,), ("\\texttt", OPEN, "#1", CLOSE)))


def register(expander: Expander) -> None:
    """\\newlength, \\newcount, \\newsavebox and their kin: a name that is assigned to, and never shown."""
    name = _name(expander)
    if name:
        expander.registers.add(name)


def csname(expander: Expander) -> None:
    """\\csname text\\endcsname is the control sequence of that name."""
    taken: Tokens = []
    while (token := expander.next()) is not None and token != END_CSNAME and len(taken) < 100:
        taken.append(token)
    name = source(taken).strip()
    if name:
        expander.push([f"\\{name}"])


def expandafter(expander: Expander) -> None:
    """\\expandafter\\a\\b expands \\b once before \\a is read."""
    first, second = expander.raw(), expander.raw()
    if second is not None:
        expander.expand_once(second)
    if first is not None:
        expander.push([first])


def noexpand(expander: Expander) -> None:
    """\\noexpand: the next token in its own meaning."""
    token = expander.raw()
    if token is not None:
        expander.push([Frozen(token) if token[0] == "\\" and type(token) is str else token])


def if_undefined(expander: Expander) -> None:
    """\\@ifundefined{name}{yes}{no}."""
    _choose(expander, not expander.defined(f"\\{expander.key()}"))


def if_next(expander: Expander) -> None:
    """\\@ifnextchar X{yes}{no}."""
    sign = expander.argument()
    yes, no = expander.argument(), expander.argument()
    expander.skip_spaces()
    following = expander.peek() or ""
    expander.push(yes if sign and following.startswith(sign[0]) else no)


def if_star(expander: Expander) -> None:
    """\\@ifstar{yes}{no}."""
    yes, no = expander.argument(), expander.argument()
    expander.push(yes if expander.star() else no)


def if_value(expander: Expander, *, wanted: bool, branches: str) -> None:
    """\\IfNoValueTF{argument}{yes}{no} and its halves."""
    missing = NO_VALUE in expander.argument()
    _choose(expander, missing is not wanted, branches)


def if_boolean(expander: Expander, *, branches: str) -> None:
    """\\IfBooleanTF{argument}{yes}{no} and its halves."""
    _choose(expander, "\\BooleanTrue" in expander.argument(), branches)


def _choose(expander: Expander, condition: bool, branches: str = "TF") -> None:
    """Read on with the branch that the condition selects."""
    yes = expander.argument() if "T" in branches else []
    no = expander.argument() if "F" in branches else []
    expander.push(yes if condition else no)


def set_letters(expander: Expander, *, at: bool) -> None:
    """\\makeatletter and \\makeatother."""
    here = expander.file()
    if here:
        here.letters_at = at


def catcode(expander: Expander) -> None:
    """\\catcode`\\@=11 makes @ a letter; every other change is passed over."""
    if expander.starts_with("`"):
        sign = expander.raw()
        value = expander.peek() or ""
        if sign in ("\\@", "@"):
            set_letters(expander, at="11" in value)
    expander.skip_assignment()


def expl_syntax(expander: Expander) -> None:
    """Code in the language of LaTeX3 is passed over."""
    here = expander.file()
    if here:
        here.skip_past("\\ExplSyntaxOff")


def global_prefix(expander: Expander) -> None:
    """\\global before a definition; before anything else it means nothing here."""
    following = expander.peek()
    if following in ("\\def", "\\edef", "\\long"):
        expander.raw()
        if following == "\\long":
            expander.raw()
        plain_def(expander, everywhere=True, expand=following == "\\edef")


def foreach(expander: Expander) -> None:
    """\\foreach \\x in {a,b} {body}: the body for each."""
    head: Tokens = []
    while (token := expander.peek()) is not None and token != OPEN and len(head) < 20:
        head.append(token)
        expander.raw()
    items, body = expander.argument(), expander.argument()
    variable = next((each for each in head if each[0] == "\\" and len(each) > 1), None)
    if not variable:
        return
    pushed: Tokens = []
    for item in _ITEM.split(source(items))[:MAX_LOOP]:
        pushed += ["\\def", variable, OPEN, *tokenised(item), CLOSE, *body]
    expander.push(pushed)


def skip_loop(expander: Expander) -> None:
    """\\loop ... \\repeat is passed over."""
    if expander.until(frozenset(("\\repeat",))) is not None:
        expander.warn("a \\loop was left out")


def string(expander: Expander) -> None:
    """\\string\\name is the name as text."""
    token = expander.raw()
    if token is not None:
        expander.push(["\\textbackslash", OPEN, CLOSE, token[1:]] if token[0] == "\\" and len(token) > 1 else [token])


EXPANDABLE: dict[str, Expandable] = {
    **dict.fromkeys(
        ("\\newcommand", "\\renewcommand", "\\DeclareRobustCommand", "\\DeclareTextFontCommand", "\\newrobustcmd"),
        newcommand,
    ),
    "\\providecommand": providecommand,
    "\\def": plain_def,
    "\\gdef": lambda expander: plain_def(expander, everywhere=True),
    "\\edef": lambda expander: plain_def(expander, expand=True),
    "\\xdef": lambda expander: plain_def(expander, everywhere=True, expand=True),
    "\\let": let,
    "\\newenvironment": newenvironment,
    "\\renewenvironment": newenvironment,
    "\\lstnewenvironment": lstnewenvironment,
    "\\newminted": newminted,
    **dict.fromkeys(("\\DefineVerbatimEnvironment", "\\newtcblisting", "\\CustomVerbatimEnvironment"), define_verbatim),
    **dict.fromkeys(
        (
            "\\NewDocumentCommand",
            "\\RenewDocumentCommand",
            "\\DeclareDocumentCommand",
            "\\NewExpandableDocumentCommand",
        ),
        document_command,
    ),
    "\\excludecomment": lambda expander: comment_environment(expander, shown=False),
    "\\includecomment": lambda expander: comment_environment(expander, shown=True),
    "\\ProvideDocumentCommand": lambda expander: document_command(expander, replace=False),
    "\\NewDocumentEnvironment": document_environment,
    "\\RenewDocumentEnvironment": document_environment,
    "\\DeclareMathOperator": math_operator,
    "\\DeclarePairedDelimiter": paired_delimiter,
    **dict.fromkeys(
        (
            "\\newlength",
            "\\newcount",
            "\\newdimen",
            "\\newskip",
            "\\newtoks",
            "\\newbox",
            "\\newsavebox",
            "\\newmuskip",
        ),
        register,
    ),
    "\\DeclareUrlCommand": url_command,
    "\\newwrite": register,
    "\\newread": register,
    "\\csname": csname,
    "\\expandafter": expandafter,
    "\\noexpand": noexpand,
    "\\string": string,
    "\\@ifundefined": if_undefined,
    "\\@ifnextchar": if_next,
    "\\@ifstar": if_star,
    "\\IfNoValueTF": lambda expander: if_value(expander, wanted=False, branches="TF"),
    "\\IfNoValueT": lambda expander: if_value(expander, wanted=False, branches="T"),
    "\\IfNoValueF": lambda expander: if_value(expander, wanted=False, branches="F"),
    "\\IfValueTF": lambda expander: if_value(expander, wanted=True, branches="TF"),
    "\\IfValueT": lambda expander: if_value(expander, wanted=True, branches="T"),
    "\\IfValueF": lambda expander: if_value(expander, wanted=True, branches="F"),
    "\\IfBooleanTF": lambda expander: if_boolean(expander, branches="TF"),
    "\\IfBooleanT": lambda expander: if_boolean(expander, branches="T"),
    "\\IfBooleanF": lambda expander: if_boolean(expander, branches="F"),
    "\\makeatletter": lambda expander: set_letters(expander, at=True),
    "\\makeatother": lambda expander: set_letters(expander, at=False),
    "\\catcode": catcode,
    "\\ExplSyntaxOn": expl_syntax,
    "\\global": global_prefix,
    "\\long": lambda _expander: None,
    "\\outer": lambda _expander: None,
    "\\protect": lambda _expander: None,
    "\\protected": lambda _expander: None,
    "\\foreach": foreach,
    "\\loop": skip_loop,
}

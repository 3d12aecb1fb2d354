"""Environments that make blocks: lists, quotes, theorems, listings, slides."""

import re
import textwrap
from collections.abc import Callable

from ingest.formats.latex.body import Body, Command, EnvironmentCommands, Float
from ingest.formats.latex.files import folders, refused
from ingest.formats.latex.floats import end_float, fragment, telling
from ingest.formats.latex.flow import OpenMark
from ingest.formats.latex.math import skip_arguments
from ingest.formats.latex.numbers import Target, new_counter, push_definitions, step
from ingest.formats.latex.tokens import CLOSE, OPEN, Verbatim, source, tokenised
from ingest.formats.latex.words import code_span, link
from ingest.writer import fenced

_LISTINGS = frozenset("verbatim verbatim* Verbatim BVerbatim LVerbatim lstlisting minted alltt pycode luacode".split())
_GROUP = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}"
_OPTION = re.compile(rf"([\w-]+)\s*=\s*({_GROUP}|[^,\]]*)")
_OPTIONS = re.compile(rf"[ \t]*\[((?:[^\[\]{{}}]|{_GROUP}|\[[^\]]*\])*)\]")
_RANK = ("enumi", "enumii", "enumiii", "enumiv")
# Options of a list: label=..., ref=..., and the sign of a short label, as in (i) or a).
_VALUE = r"\s*=\s*((?:\{(?:[^{}]|\{[^{}]*\})*\}|\\[A-Za-z]+|[^,{}])*)"
_LABEL, _REF = re.compile(rf"(?:^|,)\s*label\*?{_VALUE}"), re.compile(rf"(?:^|,)\s*ref{_VALUE}")
_SHORT_LABEL = re.compile(r"(?<![A-Za-z\\])([1aAiI])(?![A-Za-z])")
_STYLES = {"1": "arabic", "a": "alph", "A": "Alph", "i": "roman", "I": "Roman"}
_STAR = re.compile(r"\\(arabic|alph|Alph|roman|Roman)\s*\*")
_LANGUAGES = {"c++": "cpp", "sh": "bash", "[latex]tex": "latex"}


# Lists.


def begin_list(body: Body) -> None:
    """itemize, description and lists of other packages."""
    _begin_list(body, "")


def begin_numbered_list(body: Body) -> None:
    """enumerate."""
    options = source(body.expander.optional() or [])
    depth = sum(1 for each in body.lists if each)
    counter = _RANK[min(depth, 3)]
    if "resume" not in options:
        body.expander.counters[counter] = 0
    start = re.search(r"start\s*=\s*(\d+)", options)
    if start:
        body.expander.counters[counter] = int(start[1]) - 1
    _begin_list(body, counter)
    _label_items(body, counter, options)


def _label_items(body: Body, counter: str, options: str) -> None:
    """How the items of a list are shown and referred to: label=(\\roman*), ref=\\roman*, or (i) alone."""
    given, shown = _LABEL.search(options), _REF.search(options)
    label = given[1].strip() if given else ""
    sign = _SHORT_LABEL.search(options.split(",")[0]) if not given and "=" not in options.split(",")[0] else None
    if sign:
        short = options.split(",")[0]
        label = f"{short[: sign.start()]}\\{_STYLES[sign[1]]}*{short[sign.end() :]}"
    if label:
        push_definitions(body.expander, f"\\def\\label{counter}{{{_of_counter(label, counter)}}}")
    if sign and "enumerate" in body.expander.packages:
        push_definitions(body.expander, f"\\def\\the{counter}{{\\{_STYLES[sign[1]]}{{{counter}}}}}")
    elif label or shown:
        reference = _of_counter(shown[1].strip() if shown else label, counter)
        push_definitions(body.expander, f"\\def\\p@{counter}{{}}\\def\\the{counter}{{{reference}}}")


def _of_counter(label: str, counter: str) -> str:
    """A label of enumitem with its stars replaced by the counter, and without what would be unbalanced."""
    label = _STAR.sub(lambda found: f"\\{found[1]}{{{counter}}}", label.replace("#", ""))
    return label if label.count("{") == label.count("}") else ""


def _begin_list(body: Body, counter: str) -> None:
    if not counter:
        body.expander.optional()
    if body.flow.inline:
        body.flow.space()
    elif body.lists:
        body.flow.line()
    else:
        body.end_block()
    body.lists.append(counter)
    body.items.append(0)


def begin_plain_list(body: Body) -> None:
    """\\begin{list}{label}{lengths}."""
    skip_arguments(body.expander, "mm")
    _begin_list(body, "")


def item(body: Body) -> None:
    """\\item[label]."""
    if (body.expander.peek() or "").startswith("<"):
        body.expander.optional("<", ">")
    given = body.expander.optional()
    if not body.lists:
        body.flow.line()
        body.flow.text("- " if not body.flow.inline else "")
    else:
        next_item(body, given=given is not None)
    if given is not None:
        words = body.inline(given).strip()
        if words:
            body.flow.text(f"**{words}** " if "*" not in words and "`" not in words else f"{words} ")


def next_item(body: Body, *, given: bool = False) -> None:
    """Start the next item of the innermost list; given says whether it has a label of its own."""
    counter = body.lists[-1]
    sign, label = "- ", ""
    if counter:
        step(body.expander, counter)
        body.target = Target("item", body.number(counter))
        if f"\\label{counter}" in body.expander.macros:
            label = body.inline([f"\\label{counter}"]).strip()
        else:
            sign = f"{body.expander.counters[counter]}. "
    if body.items[-1]:
        body.flow.outdent()
    body.flow.item(first=not body.items[-1] and len(body.lists) == 1)
    body.flow.indent(sign, " " * len(sign))
    if body.flow.inline and body.items[-1]:
        body.flow.text("; ")
    body.items[-1] += 1
    if label and not given:
        body.flow.text(f"{label} ")


def end_list(body: Body) -> None:
    """The end of any list."""
    if body.lists:
        body.lists.pop()
        if body.items.pop():
            body.flow.outdent()
    body.end_block()


# Code.


def verbatim(body: Body, token: Verbatim) -> None:
    """Raw text: code in the line, an address, a listing, or a drawing that is left out."""
    kind, _, options = body.expander.raw_kinds.get(token.kind, token.kind).partition(" ")
    if kind in ("url", "href"):
        link(body, token.body, shown=kind == "url")
        if kind == "href":
            body.transparent(body.expander.argument())
    elif kind in ("verb", "lstinline", "mintinline", "path"):
        code_span(body, token.body)
    elif kind in _LISTINGS:
        _listing(body, kind, token.body, options)


def _listing(body: Body, kind: str, text: str, preset: str) -> None:
    given = _OPTIONS.match(text) if kind != "verbatim" else None
    text = text[given.end() :] if given else text
    options = {name: value.strip("{} ") for name, value in _OPTION.findall(f"{preset},{given[1] if given else ''}")}
    language = options.get("language", "")
    if kind == "minted" and not language:
        named = re.match(r"\s*\{([^{}]*)\}", text)
        language, text = (named[1], text[named.end() :]) if named else ("", text)
    write_code(body, text, language, options)


def write_code(body: Body, text: str, language: str, options: dict[str, str]) -> None:
    """Write a listing, with its caption before it."""
    lines = [line.rstrip() for line in text.expandtabs(4).split("\n")]
    code = textwrap.dedent("\n".join(lines)).strip("\n")
    if not code.strip():
        return
    words = options.get("caption") or options.get("title") or ""
    body.floats.append(Float("lstlisting"))
    around = body.target
    if words:
        label = options.get("label", "")
        body.read(tokenised(f"\\caption{{{words}}}" + (f"\\label{{{label}}}" if label else "")))
    language = _LANGUAGES.get(language.lower(), language.lower())
    language = language if re.fullmatch(r"[\w+#-]{0,20}", language) else ""
    mark = OpenMark("code")
    body.floats[-1].marks.append(mark)
    body.flow.lines(fenced(code, language).split("\n"), mark)
    end_float(body)
    body.target = around


def listing_file(body: Body, arguments: str) -> None:
    """\\lstinputlisting[options]{file} and its kin: a file of the tree, shown as code."""
    expander = body.expander
    expander.star()
    given = _OPTION.findall(source(expander.optional() or [])) if "o" in arguments else []
    options = {key: value.strip("{} ") for key, value in given}
    language = expander.key() if arguments.count("m") > 1 else options.get("language", "")
    name = expander.key()
    if refused(expander, name):
        return
    found = expander.tree.find(name, folders(expander), ("",))
    if found is None:
        expander.miss(name)
        return
    lines = expander.tree.members[found].split("\n")
    first, last = (int(options[key]) if options.get(key, "").isdigit() else None for key in ("firstline", "lastline"))
    write_code(body, "\n".join(lines[first - 1 if first else 0 : last]), language, options)


# Quotes, theorems, boxes, slides.


def begin_quote(body: Body) -> None:
    """quote, quotation and verse."""
    body.expander.optional()
    body.end_block()
    body.flow.indent("> ", "> ")


def end_quote(body: Body) -> None:
    """The end of a quotation."""
    body.end_block()
    body.flow.outdent()


def new_theorem(body: Body) -> None:
    """\\newtheorem{name}[shared]{Title}[within]."""
    star = body.expander.star()
    name = body.expander.key()
    shared = source(body.expander.optional() or []).strip()
    title = body.inline_argument().strip()
    within = source(body.expander.optional() or []).strip()
    counter = "" if star else shared or name
    body.theorems[name] = (title, counter)
    if not star and not shared:
        body.expander.push([OPEN, name, CLOSE, "[", within or " ", "]"])
        new_counter(body.expander)


def begin_theorem(body: Body) -> None:
    """An environment that \\newtheorem has made; its name comes first."""
    title, counter = body.theorems.get(body.expander.key(), ("Theorem", ""))
    note = body.expander.optional()
    body.end_block()
    number = ""
    if counter:
        step(body.expander, counter)
        number = body.number(counter)
        body.target = Target(title, number)
    words = f"**{title} {number}".rstrip() + "**"
    inside = body.inline(note).strip() if note else ""
    body.flow.text(f"{words} ({inside}). " if inside else f"{words}. ")


def begin_proof(body: Body) -> None:
    """proof."""
    note = body.expander.optional()
    body.end_block()
    body.flow.text(f"*{body.inline(note).strip() if note else 'Proof'}.* ")


def begin_box(body: Body) -> None:
    """A block of beamer: \\begin{block}{title}."""
    _overlay(body)
    title = body.inline(body.expander.braced() or []).strip()
    body.end_block()
    if title:
        body.flow.text(f"**{title}**")
        body.flow.block()


def begin_frame(body: Body) -> None:
    """\\begin{frame}<overlay>[options]{title}{subtitle}: a slide."""
    _overlay(body)
    options = body.expander.optional()
    if options is not None and source(options).lstrip().startswith("<"):
        options = body.expander.optional()
    title = body.expander.braced()
    subtitle = body.expander.braced() if title is not None else None
    step(body.expander, "frame")
    body.end_block()
    number = body.expander.counters["frame"]
    mark = OpenMark("slide", label=f"slide {number}", fragment=f"#slide={number}")
    body.target = Target("slide", str(number), labelled=[telling(mark)])
    body.slide = mark
    body.flow.open(mark)
    named = re.search(r"label\s*=\s*([^,]+)", source(options or []))
    if named:
        body.name(named[1].strip())
    if title:
        frame_title(body, body.inline(title))
    if subtitle:
        frame_subtitle(body, body.inline(subtitle))


def frame_title(body: Body, words: str) -> None:
    """The title of a slide, as a heading below those of its section."""
    words = " ".join(words.split())
    if words:
        level = min(body.heading_level + 1, 6)
        mark = OpenMark("heading", level, words, body.slide.fragment if body.slide else fragment(body, "slide"))
        body.end_block()
        body.flow.heading(words, mark)
        if body.slide and ":" not in body.slide.label:
            body.slide.label = f"{body.slide.label}: {words}"


def frame_subtitle(body: Body, words: str) -> None:
    """The line below the title of a slide."""
    if words.strip():
        body.end_block()
        body.flow.text(f"**{' '.join(words.split())}**")
        body.flow.block()


def frame_command(body: Body) -> None:
    """\\frame{content} of older slides; around anything else than a slide it draws a box, and means nothing."""
    _overlay(body)
    body.expander.optional()
    tokens = body.expander.braced()
    if tokens is None or "beamer" not in body.expander.classes:
        body.transparent(tokens or [])
        return
    body.expander.push(["\\begin", OPEN, "frame", CLOSE, *tokens, "\\end", OPEN, "frame", CLOSE])


def end_frame(body: Body) -> None:
    """The end of a slide."""
    body.end_block()
    if body.slide:
        body.flow.close(body.slide)
    body.slide = None


def _overlay(body: Body) -> None:
    if (body.expander.peek() or "").startswith("<"):
        body.expander.optional("<", ">")


def overlay(body: Body) -> None:
    """\\only<1>{words}, \\uncover and their kin: the words, on whatever step of the slide."""
    _overlay(body)
    words = body.expander.braced()
    if words is not None:
        body.transparent(words)


def frame_title_command(body: Body, write: Callable[[Body, str], None]) -> None:
    """\\frametitle{words} and \\framesubtitle."""
    _overlay(body)
    body.expander.optional()
    write(body, body.inline_argument())


def drop(body: Body, name: str) -> None:
    """A drawing that was opened by a macro."""
    body.collected(name)
    body.leave(name)


def plain_block(body: Body, arguments: str) -> None:
    """An environment that only places its text."""
    skip_arguments(body.expander, arguments)
    body.end_block()


def end_block(body: Body) -> None:
    """The end of an environment that only places its text."""
    body.end_block()


def begin_acronyms(body: Body) -> None:
    """acronym: the list of acronyms."""
    body.expander.optional()
    body.end_block()
    body.flow.indent("- ", "- ")
    body.in_acronym_list = 1


def end_acronyms(body: Body) -> None:
    """The end of the list of acronyms."""
    body.in_acronym_list = 0
    body.flow.outdent()
    body.end_block()


def _plain(arguments: str) -> EnvironmentCommands:
    return EnvironmentCommands(lambda body: plain_block(body, arguments), end_block)


def _dropped(name: str) -> EnvironmentCommands:
    return EnvironmentCommands(lambda body: drop(body, name))


_PLAIN = {
    "": (
        "center flushleft flushright raggedright small footnotesize scriptsize tiny large Large normalsize sloppypar "
        "samepage landscape titlepage titlingpage titlingpage* singlespace doublespace "
        "onehalfspace OnehalfSpace DoubleSpace SingleSpace ruledtabular threeparttable measuredfigure framed shaded "
        "vplace overlayarea boxedminipage empheq widetext turnpage linenumbers internallinenumbers "
        "CJK CJK* acks frontmatter justify em it bf sf centering otherlanguage*"
    ),
    "o": "columns tcolorbox mdframed fmpage quoting adjustwidth*",
    "m": "spacing otherlanguage multicols multicols* adjustbox column onlyenv beamercolorbox lrbox rotate turn",
    "mm": "adjustwidth addmargin changemargin",
    "ooom": "minipage",
}
_DROPPED = "tikzpicture feynman fmffile fmfgraph fmfgraph* axis pgfpicture picture pspicture CCSXML fmfchar tikzcd"
_LISTS = "itemize itemize* description labeling compactitem asparaitem tablenotes enumdescript descriptionlist"
_LIST = EnvironmentCommands(begin_list, end_list)
_NUMBERED = EnvironmentCommands(begin_numbered_list, end_list)
_QUOTE = EnvironmentCommands(begin_quote, end_quote)
ENVIRONMENTS: dict[str, EnvironmentCommands] = {
    **{name: _plain(arguments) for arguments, names in _PLAIN.items() for name in names.split()},
    **{name: _dropped(name) for name in _DROPPED.split()},
    **dict.fromkeys(_LISTS.split(), _LIST),
    **dict.fromkeys(("enumerate", "enumerate*", "compactenum", "asparaenum", "inparaenum"), _NUMBERED),
    **dict.fromkeys(("list", "trivlist"), EnvironmentCommands(begin_plain_list, end_list)),
    **dict.fromkeys(("quote", "quotation", "verse", "displayquote", "epigraphs"), _QUOTE),
    "theorem environment": EnvironmentCommands(begin_theorem, end_block),
    "proof": EnvironmentCommands(begin_proof, end_block),
    **dict.fromkeys(("block", "alertblock", "exampleblock"), EnvironmentCommands(begin_box, end_block)),
    "frame": EnvironmentCommands(begin_frame, end_frame),
    "acronym": EnvironmentCommands(begin_acronyms, end_acronyms),
}
COMMANDS: dict[str, Command] = {
    "\\item": item,
    "\\lstinputlisting": lambda body: listing_file(body, "om"),
    "\\inputminted": lambda body: listing_file(body, "omm"),
    "\\verbatiminput": lambda body: listing_file(body, "m"),
    "\\VerbatimInput": lambda body: listing_file(body, "om"),
    "\\newtheorem": new_theorem,
    "\\frame": frame_command,
    "\\frametitle": lambda body: frame_title_command(body, frame_title),
    "\\framesubtitle": lambda body: frame_title_command(body, frame_subtitle),
    **dict.fromkeys(
        ("\\only", "\\uncover", "\\onslide", "\\visible", "\\invisible", "\\alt", "\\action", "\\note"), overlay
    ),
}

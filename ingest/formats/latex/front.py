"""The title page and the preamble of a LaTeX document."""

import re
from datetime import UTC, datetime

from ingest.formats.latex.body import Body, Command, EnvironmentCommands
from ingest.formats.latex.floats import fragment
from ingest.formats.latex.flow import Flow, OpenMark
from ingest.formats.latex.math import skip_arguments
from ingest.formats.latex.tokens import CLOSE, Tokens, source

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO = re.compile(r"\b(\d{4})[-/](\d{1,2})[-/](\d{1,2})\b")
_DOTTED = re.compile(r"\b(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})\b")
_DAY_MONTH_YEAR = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)?\.?\s+(?:of\s+)?([A-Za-z]{3,9})\.?,?\s+(\d{4})\b")
_MONTH_DAY_YEAR = re.compile(r"\b([A-Za-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})\b")
_MONTH_YEAR = re.compile(r"\b([A-Za-z]{3,9})\.?,?\s+(\d{4})\b")
_YEAR = re.compile(r"(\d{4})")
_REPORT_NUMBER = re.compile(r"\b[A-Z][A-Za-z]+(?:-[A-Z0-9][A-Za-z0-9]*)+\b|\barXiv:\d{4}\.\d{4,5}\b")
_LANGUAGES = {
    "english": "en",
    "british": "en",
    "american": "en",
    "UKenglish": "en",
    "USenglish": "en",
    "german": "de",
    "ngerman": "de",
    "french": "fr",
    "francais": "fr",
    "italian": "it",
    "spanish": "es",
    "russian": "ru",
    "polish": "pl",
    "dutch": "nl",
    "portuguese": "pt",
}
# What stands at a name and is no part of it: affiliations, thanks, marks.
_MARKS_AT_NAMES = frozenset(
    f"\\{name}"
    for name in (
        "thanks inst textsuperscript footnote footnotemark altaffilmark affiliationmark corref fnref orcidlink orcid "
        "ref email IEEEmembership IEEEauthorrefmark authormark ensuremath label altaffiltext footnotetext affil "
        "affiliation address"
    ).split()
)
_ENDS_OF_NAMES = frozenset(("\\and", "\\And", "\\AND", "\\quad", "\\qquad"))
_MAX_NAME = 120
_LARGE_POINTS = 24
_EMPHASIS = re.compile(r"[*`]+")
_NOTE = re.compile(r"\[\^\d+\]")
_NOT_SLUG = re.compile(r"[^\w\- ]")


def parsed_date(text: str) -> datetime | None:
    """The day that a \\date names, at midnight UTC; the first of a month or year where it names no day.

    >>> parsed_date("10 April 2014").isoformat(), parsed_date("July 2021").day, parsed_date("in preparation")
    ('2014-04-10T00:00:00+00:00', 1, None)
    """
    text = re.sub(r"[\\~*{}]|\s+", " ", text)
    for pattern, order in (
        (_ISO, "ymd"),
        (_DOTTED, "dmy"),
        (_DAY_MONTH_YEAR, "dmy"),
        (_MONTH_DAY_YEAR, "mdy"),
        (_MONTH_YEAR, "my"),
    ):
        for found in pattern.finditer(text):
            parts = dict(zip(order, found.groups(), strict=True))
            date = _date(parts["y"], parts["m"], parts.get("d", "1"))
            if date:
                return date
    year = _YEAR.fullmatch(text.strip())
    return _date(year[1], "1", "1") if year else None


def _date(year: str, month: str, day: str) -> datetime | None:
    by_name = (place for place, name in enumerate(_MONTHS, 1) if month.lower().startswith(name))
    number = int(month) if month.isdigit() else next(by_name, 0)
    try:
        return datetime(int(year), number, int(day), tzinfo=UTC) if 1900 <= int(year) <= 2100 else None
    except ValueError:
        return None


# The title page.


def title(body: Body) -> None:
    """\\title[short]{title}."""
    body.expander.optional()
    words = " ".join(body.inline_argument().split())
    body.front.title = plain(words) or body.front.title


def subtitle(body: Body) -> None:
    """\\subtitle{words}: shown below the title, part of it here."""
    words = plain(" ".join(body.inline_argument().split()))
    if words and body.front.title:
        body.front.title = f"{body.front.title}: {words}"


def plain(words: str) -> str:
    """Words without emphasis and calls of footnotes."""
    return " ".join(_NOTE.sub("", _EMPHASIS.sub("", words)).split())


def author(body: Body) -> None:
    """\\author[marks]{names}: names without what is attached to them."""
    body.expander.star()
    body.expander.optional()
    for name in names(body, body.expander.argument()):
        if name not in body.front.authors:
            body.front.authors.append(name)


def collaboration(body: Body) -> None:
    """\\collaboration{name}: among the authors."""
    name = plain(body.inline_argument())
    if name:
        body.front.authors.append(name if "ollab" in name else f"{name} Collaboration")


def names(body: Body, tokens: Tokens) -> list[str]:
    """The names in the argument of \\author."""
    found: list[str] = []
    for part in _without_marks(body, tokens):
        words = plain(body.inline(part))
        words = re.sub(r"^(?:for|on behalf of) the ", "the ", words)
        for name in re.split(r"\s*[,;]\s*(?:(?:and|und|et)\s+)?|\s+(?:and|und|et|&)\s+", words):
            name = name.strip(" .*†‡§0123456789") if not re.search(r"[A-Z]\.$", name.strip()) else name.strip()
            if len(name) > 1 and len(name) <= _MAX_NAME and re.search(r"[^\W\d_]", name):
                found.append(name)
    return found


def _without_marks(body: Body, tokens: Tokens) -> list[Tokens]:
    """The tokens of each name: formulas, thanks and what follows a line break are left out."""
    parts: list[Tokens] = [[]]
    in_formula = below = False
    expander = body.expander
    with expander.isolated(tokens):
        while (token := expander.next()) is not None:
            if token in ("$",):
                in_formula = not in_formula
            elif token in _ENDS_OF_NAMES:
                parts.append([])
                below = False
            elif token in _MARKS_AT_NAMES:
                skip_arguments(expander, "om")
            elif token in ("\\\\", "\\newline", "\\par"):
                below = True
            elif not in_formula and not below:
                parts[-1].append(token)
    return parts


def skip_affiliation(body: Body) -> None:
    """\\affiliation[mark]{institute}: not shown."""
    skip_arguments(body.expander, "om")


def date(body: Body) -> None:
    """\\date{words}."""
    body.front.date = body.inline_argument().strip()


def report_number(body: Body) -> None:
    """\\preprint{numbers} and its kin."""
    words = body.inline_argument()
    body.front.identifiers += [found for found in _REPORT_NUMBER.findall(words) if found not in body.front.identifiers]


def hyper_setup(body: Body) -> None:
    """\\hypersetup{pdftitle={...}}: a title where the document states no other."""
    tokens = body.expander.argument()
    found = re.search(r"pdftitle\s*=\s*\{([^{}]*)\}", source(tokens))
    if found and not body.front.title and "\\" not in found[1]:
        body.front.title = found[1].strip()


def large(body: Body) -> None:
    """\\Huge and its kin on the title page: what is set like that is likely the title."""
    if not body.started or body.front.title or body.heading_level or len(body.front.large) > 2:
        return
    tokens = body.expander.until(frozenset((CLOSE,)), limit=500)
    if tokens is None:
        return
    words = plain(body.inline(tokens))
    if words:
        body.front.large.append(words)
    body.expander.push([*tokens, CLOSE])


def font_size(body: Body) -> None:
    """\\fontsize{points}{skip}."""
    points = re.match(r"\d+", body.expander.key())
    body.expander.argument()
    if points and int(points[0]) >= _LARGE_POINTS:
        large(body)


def shown(body: Body, what: str) -> None:
    """\\thetitle, \\theauthor, \\thedate, \\@title."""
    front = body.front
    body.flow.text({"title": front.title, "author": ", ".join(front.authors), "date": front.date}[what])


def begin_abstract(body: Body) -> None:
    """The abstract, under a heading of its own."""
    body.expander.optional()
    unnumbered_heading(body, "Abstract")


def abstract_command(body: Body) -> None:
    """\\abstract{words} of classes that have it as a command."""
    tokens = body.expander.argument()
    if not body.started:
        body.abstract = tokens
        return
    begin_abstract(body)
    body.read(tokens)
    body.end_block()


def keywords(body: Body) -> None:
    """\\keywords{words}."""
    words = " ".join(body.inline_argument().split())
    if words and body.started:
        body.end_block()
        body.flow.text(f"**Keywords:** {words}")
        body.end_block()


def begin_keywords(body: Body) -> None:
    """keyword of elsarticle and its kin."""
    body.end_block()
    body.flow.text("**Keywords:** ")


def begin_acknowledgements(body: Body) -> None:
    """acknowledgments of revtex and its kin."""
    unnumbered_heading(body, "Acknowledgements")


def unnumbered_heading(body: Body, words: str, level: int = 1) -> None:
    """A heading that LaTeX writes by itself."""
    mark = OpenMark("heading", level, words, fragment(body, f"section-{slug(words)}"))
    body.end_block()
    body.flow.heading(words, mark)
    body.heading_level = level


def slug(words: str) -> str:
    """Words as part of a fragment.

    >>> slug("Event selection (Run 2)")
    'event-selection-run-2'
    """
    return "-".join(_NOT_SLUG.sub(" ", words.lower()).split())[:60].strip("-") or "untitled"


# The document.


def begin_document(body: Body) -> None:
    """\\begin{document}: what the preamble has written is forgotten."""
    if body.started:
        return
    body.started = True
    body.flow = Flow()
    body.notes.clear()
    body.unknown.clear()
    body.german = language(body) == "de"
    if body.abstract:
        tokens, body.abstract = body.abstract, []
        begin_abstract(body)
        body.read(tokens)
        body.end_block()


def end_document(body: Body) -> None:
    """\\end{document}: the end of everything, or of a file that is a document by itself and was included."""
    if len(body.expander.open_files()) > 1:
        body.expander.end_file()
        return
    body.leave_all()
    body.end_block()
    body.expander.stop()


def language(body: Body) -> str:
    """The main language: the last one that babel was given."""
    options = [*body.expander.options.get("babel", ()), *body.expander.options.get("polyglossia", ())]
    options = options or list(body.expander.options.get("", ()))
    known = [_LANGUAGES.get(option.removeprefix("main=")) for option in options]
    return next((each for each in reversed(known) if each), "")


def _shown(what: str) -> Command:
    return lambda body: shown(body, what)


COMMANDS: dict[str, Command] = {
    **dict.fromkeys(("\\title", "\\AtlasTitle", "\\icmltitle"), title),
    "\\subtitle": subtitle,
    "\\author": author,
    "\\authors": author,
    "\\collaboration": collaboration,
    "\\date": date,
    **dict.fromkeys(
        ("\\preprint", "\\reportnum", "\\AtlasRefCode", "\\PreprintIdNumber", "\\preprintnumber", "\\cmsNoteHeader"),
        report_number,
    ),
    "\\hypersetup": hyper_setup,
    "\\abstract": abstract_command,
    "\\AtlasAbstract": abstract_command,
    "\\keywords": keywords,
    **dict.fromkeys(("\\Huge", "\\huge", "\\LARGE"), large),
    "\\fontsize": font_size,
    "\\thetitle": _shown("title"),
    "\\theauthor": _shown("author"),
    "\\thedate": _shown("date"),
    "\\inserttitle": _shown("title"),
    **dict.fromkeys(("\\affiliation", "\\affil", "\\institute", "\\address", "\\altaffiliation"), skip_affiliation),
}
ENVIRONMENTS: dict[str, EnvironmentCommands] = {
    "document": EnvironmentCommands(begin_document, end_document),
    "abstract": EnvironmentCommands(begin_abstract, lambda body: body.end_block()),
    "onecolabstract": EnvironmentCommands(begin_abstract, lambda body: body.end_block()),
    **dict.fromkeys(
        ("acknowledgments", "acknowledgements", "acknowledgement", "acknowledgment", "ack"),
        EnvironmentCommands(begin_acknowledgements, lambda body: body.end_block()),
    ),
    **dict.fromkeys(
        ("keyword", "keywords", "IEEEkeywords"), EnvironmentCommands(begin_keywords, lambda body: body.end_block())
    ),
}

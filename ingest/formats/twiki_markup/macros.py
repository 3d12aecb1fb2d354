"""Macros (%NAME% and %NAME{...}%) as the words they stand for."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from ingest.formats.twiki_markup.condition import holds
from ingest.formats.twiki_markup.meta import Meta, parameters, resolved
from ingest.formats.twiki_markup.signs import BAR, BREAK, NOP, PERCENT, UNKNOWN_CLOSE, UNKNOWN_OPEN

#: A topic is not let grow beyond this by what its macros stand for, in characters.
LONGEST = 4_000_000
_PASSES = 12
_INNERMOST = re.compile(
    r"(?<!%[0-9A-Fa-f]{2})%(?P<name>[A-Za-z][A-Za-z0-9_:]*)"
    r"(?:\{(?P<arguments>(?:[^%]|%(?![A-Za-z][\w:]*[%{])){0,6000}?)\})?%"
)
_ESCAPED = re.compile(r"(?<!\w)!%(?=[A-Z]\w*[%{])")
_UNKNOWN_NAME = re.compile(r"(?![A-F][0-9A-F]$)(?:[A-Z][A-Z0-9_:]+|[A-Z]\w{3,})")
_PROMPT = re.compile(r"PROMPT|_PS1$")
_LINK = re.compile(r"LINK_(?:GLOSSARY_)?(\w+)")

_SILENT = frozenset(
    """TOC STARTINCLUDE STOPINCLUDE STARTSECTION ENDSECTION SECTION EDITTABLE COMMENT EDITCELL TBLEDIT ENDCOLOR COLOR
    NOTOC
    AQUA BLACK BLUE BROWN CYAN GRAY GREY GREEN LIME MAGENTA MAROON NAVY OLIVE ORANGE PINK PURPLE RED SILVER TEAL WHITE
    YELLOW DARKRED DARKGREEN DARKBLUE LIGHTBLUE ENDTWISTY ENDTWISTYTOGGLE TWISTYHIDE TWISTYTOGGLE
    ICONURL ICONURLPATH STOPEDIT STARTEDIT EDITTHIS CERTIFY TABPANE ENDTAB ENDTABPANE
    H I M N P Q S T U""".split()
)
_WORDS = {
    "BR": BREAK, "BB": f"{BREAK}• ", "BB2": f"{BREAK}• ", "BB3": f"{BREAK}• ", "BB4": f"{BREAK}• ", "BULLET": "•",
    "VBAR": BAR, "NOP": "<nop>", "AMP": "&", "LT": "<", "GT": ">", "QUOT": '"', "CARET": "^", "HASH": "#",
    "PERCENT": "%", "Y": "✓", "YES": "✓", "DONE": "✓", "CHECK": "✓", "NO": "✗", "X": "⚠",
    "NOTE": "*Note:*", "WARNING": "*Warning:*", "IMPORTANT": "*Important:*", "TIP": "*Tip:*", "CAUTION": "*Caution:*",
    "MAINWEB": "Main", "USERSWEB": "Main", "TWIKIWEB": "TWiki", "SYSTEMWEB": "TWiki", "WIKITOOLNAME": "TWiki",
    "HOMETOPIC": "WebHome", "WEBPREFSTOPIC": "WebPreferences", "NOTIFYTOPIC": "WebNotify",
    "SCRIPTSUFFIX": "",
}  # fmt: skip
_ICONS = {"choice-yes": "✓", "choice-no": "✗", "choice-cancel": "✗"}
_PICTURE_OPTION = re.compile(r"\d+px|x?\d+|thumb\w*|frame\w*|left|right|center|none|link=.*", re.I)
_GENERIC_LINK = re.compile(r"\W*(show|more|click|view|hide|open|expand|details|toggle)\b", re.I)


def variables(meta: Meta, settings: Mapping[str, str], web: str, topic: str) -> dict[str, str]:
    """What a topic's own name, its %META lines and its settings define."""
    up = "/".join([".."] * (web.count("/") + 1))
    pub = f"{up}/../pub"
    attached = f"{pub}/{web}/{topic}".replace("//", "/")
    own = {
        "TOPIC": topic, "BASETOPIC": topic, "INCLUDINGTOPIC": topic,
        "WEB": web, "BASEWEB": web, "INCLUDINGWEB": web,
        "ATTACHURL": attached, "ATTACHURLPATH": attached, "PUBURL": pub, "PUBURLPATH": pub,
        "SCRIPTURL": up, "SCRIPTURLPATH": up,
    }  # fmt: skip
    if meta.version and meta.modified:
        own["REVINFO"] = f"{meta.version} - {meta.modified:%d %b %Y - %H:%M} - {meta.author}"
    fields = {f"FORMFIELD:{name}": value for name, value in meta.fields}
    return own | fields | resolved(settings)


def expanded(text: str, scope: Mapping[str, str], warned: dict[str, None]) -> str:
    """The text with every macro replaced: by what scope or this module says it is, or by nothing and a warning.

    Names without arguments that nothing defines stay between two signs, since a command in code needs them. Inner
    macros come first, as in TWiki. warned collects one sentence for each macro that was left out.
    """

    def replaced(macro: re.Match[str]) -> str:
        return _value(macro, scope, warned)

    text = _ESCAPED.sub(f"{NOP}{PERCENT}", text)
    for _ in range(_PASSES):
        after = _INNERMOST.sub(replaced, text)
        if len(after) > max(LONGEST, len(text)):
            warned["its macros stand for too much text; some were left out"] = None
            break
        if after == text:
            break
        text = after
    return text.replace(PERCENT, "%")


def spaced(name: str) -> str:
    """A topic's name as words.

    >>> spaced("OSG12UpdateInstructions")
    'OSG12 Update Instructions'
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z0-9]{2})(?=[A-Z][a-z]{2})", " ", name)


def _value(macro: re.Match[str], scope: Mapping[str, str], warned: dict[str, None]) -> str:
    """What one macro stands for."""
    name, arguments = macro["name"], macro["arguments"]
    if name == "TOC":
        return ""
    if arguments is None and name in scope:
        return scope.get(name, "..")
    if name in _SILENT:
        return ""
    if name in {"SCRIPTURL", "SCRIPTURLPATH"}:
        return scope.get(name, "..")
    if arguments is not None or name in _BARE:
        given = parameters(arguments or "")
        if name in _JUDGED:
            return _judged(name, given, scope, warned)
        if name in _BY_ARGUMENTS:
            return _BY_ARGUMENTS[name](given)
    if arguments is None and name in _WORDS:
        return _WORDS[name]
    if not _UNKNOWN_NAME.fullmatch(name):
        return macro[0].replace("%", PERCENT)
    return _unknown(name, arguments, warned)


def _unknown(name: str, arguments: str | None, warned: dict[str, None]) -> str:
    """What stays of a macro that nothing defines."""
    if arguments is not None:
        warned[f"macro %{name}{{}}% was left out"] = None
        return ""
    warned[f"macro %{name}% is not defined here and was left out"] = None
    if _PROMPT.search(name):
        return "$"
    if link := _LINK.fullmatch(name):
        return link[1].replace("_", " ")
    return f"{UNKNOWN_OPEN}{name}{UNKNOWN_CLOSE}"


def _judged(name: str, given: Mapping[str, str], scope: Mapping[str, str], warned: dict[str, None]) -> str:
    """The macros that need more than their arguments, or warn."""
    first = given.get("", "")
    if name == "FORMFIELD":
        return scope.get(f"FORMFIELD:{first}", "")
    if name == "INCLUDE":
        warned[f"%INCLUDE% of {first!r} was left out"] = None
        return ""
    if name == "ICON":
        if first not in _ICONS:
            warned["macro %ICON{}% was left out"] = None
        return _ICONS.get(first, "")
    verdict = holds(first, scope)
    if verdict is None:
        warned["macro %IF{}% was left out: its condition cannot be judged"] = None
        return ""
    return given.get("then" if verdict else "else", "")


def says_more(words: str) -> bool:
    """Whether the words on what opens a folded part say more than that it can be opened."""
    return not _GENERIC_LINK.match(words)


def _twisty(given: Mapping[str, str]) -> str:
    """The words that open a folded part, where they say more than that it can be opened."""
    words = given.get("showlink") or given.get("link", "")
    return f"{words}{BREAK}" if words and says_more(words) else ""


def _date(given: Mapping[str, str]) -> str:
    """Seconds since 1970 as a date; the date of today is left out, for the topic does not hold it."""
    written = given.get("", "")
    if not (written.isascii() and written.isdecimal() and len(written) <= 10):
        return ""
    return datetime.fromtimestamp(int(written), UTC).strftime("%d %b %Y")


def _said(given: Mapping[str, str]) -> str:
    """The words of %MAKETEXT{}% with its arguments in place."""
    words = _first(given)
    for number, value in enumerate(given.get("args", "").split(","), 1):
        words = words.replace(f"[_{number}]", value.strip())
    return words


def _picture_words(given: Mapping[str, str]) -> str:
    """The caption of %IMAGE{}%, by name or as its last part between bars."""
    last = _first(given).split("|")[1:][-1:]
    return given.get("caption") or next((each for each in last if not _PICTURE_OPTION.fullmatch(each)), "")


def _first(given: Mapping[str, str]) -> str:
    return given.get("", "")


_JUDGED = frozenset({"FORMFIELD", "INCLUDE", "ICON", "IF"})
#: These need no arguments to mean what they mean.
_BARE = frozenset({"ICON", "TWISTY", "TABLE", "TAB"})
_BY_ARGUMENTS: dict[str, Callable[[Mapping[str, str]], str]] = {
    "TWISTY": _twisty,
    "DATE": _date,
    "GMTIME": _date,
    "SERVERTIME": _date,
    "TWISTYSHOW": _twisty,
    "TWISTYBUTTON": _twisty,
    "TABLE": lambda given: f"\n\n{given['caption']}\n\n" if given.get("caption") else "",
    "TAB": lambda given: f"\n\n*{_first(given)}*\n\n" if _first(given) else "",
    "IMAGE": _picture_words,
    "MAKETEXT": _said,
    "ENCODE": _first,
    "SPACEOUT": lambda given: spaced(_first(given)),
    "USERSIG": _first,
    "BUBBLESIG": _first,
    "URLPARAM": lambda given: given.get("default", ""),
    "LATEX": lambda given: f"<latex>{_first(given)}</latex>",
    "MATHMODE": lambda given: f"<latex>{_first(given)}</latex>",
}

"""Topics inside topics: what %INCLUDE{}% stands for, taken from the included topic before anything else is read."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ingest.formats.twiki_markup.meta import meta, parameters, resolved, settings, without_settings

#: Includes go this deep, and make a topic this long, in characters.
DEEPEST, LONGEST = 12, 2_000_000

#: The text of a topic by web and name, or a sentence that says why it is not to be had.
Read = Callable[[str, str], "Found | str"]

_CLOSED = r"<verbatim\b[^>]*>.*?(?:</verbatim\s*>|\Z)|<!--.*?(?:-->|\Z)"
_INCLUDE = re.compile(rf"(?P<closed>{_CLOSED})|%INCLUDE\{{(?P<arguments>(?:[^}}]|\}}(?!%)){{0,2000}})\}}%", re.S | re.I)
_VARIABLE = re.compile(
    rf"(?P<closed>{_CLOSED})|%(?P<name>[A-Za-z]\w*)(?P<arguments>\{{[^{{}}%]{{0,200}}\}})?%", re.S | re.I
)
_VERBATIM = re.compile(_CLOSED, re.S | re.I)
_SECTION = re.compile(r"%(START|END)SECTION(?:\{([^{}]*)\})?%")
_NAME = re.compile(r"(?:(?P<web>\w+(?:[./]\w+)*)[./])?(?P<topic>\w+)")
_LOCAL_LINK = re.compile(r"\[\[([A-Z]\w*)(#\w+)?\](?=(\[)?)")
_HEADING = re.compile(r"^---(?=\++)", re.M)
_WEBS = {"MAINWEB": "Main", "USERSWEB": "Main", "TWIKIWEB": "TWiki", "SYSTEMWEB": "TWiki"}
_OWN = frozenset({"", "section", "pattern", "rev", "raw", "warn", "headingoffset", "hidetoc", "hidetocatstart"})


@dataclass(frozen=True, slots=True)
class Found:
    """A topic that may be included: its web and name as they are, and its text with its %META lines."""

    web: str
    topic: str
    text: str


@dataclass(slots=True)
class _Inclusion:
    """One topic that is being made whole."""

    read: Read
    kept: frozenset[str]
    room: int = LONGEST
    warned: dict[str, None] = field(default_factory=dict)

    def whole(self, text: str, web: str, topic: str, chain: tuple[str, ...]) -> str:
        """The text with its includes, and theirs, in place."""

        def replaced(part: re.Match[str]) -> str:
            if part["closed"] is not None:
                return part[0]
            return self._included(
                parameters(_with(part["arguments"], {"WEB": web, "TOPIC": topic} | _WEBS)), web, chain
            )

        return _INCLUDE.sub(replaced, text)

    def _included(self, given: dict[str, str], web: str, chain: tuple[str, ...]) -> str:
        """What one include stands for; "" and a warning where it cannot be had."""
        wanted = given.get("", "").strip()
        name = _NAME.fullmatch(wanted)
        if name is None or "pattern" in given:
            return self._refused(wanted, "only whole topics and sections are included" if name else "it names no topic")
        found = self.read((name["web"] or web).replace(".", "/"), name["topic"])
        if isinstance(found, str):
            return self._refused(wanted, found)
        here = f"{found.web}.{found.topic}"
        if here in chain:
            return self._refused(wanted, "it includes this topic in turn")
        if len(chain) >= DEEPEST or self.room < len(found.text):
            return self._refused(wanted, "there is too much of it")
        self.room -= len(found.text)
        body = meta(found.text)[1]
        own = {name: value for name, value in settings(body).items() if name not in self.kept}
        part = section(without_settings(body), given.get("section", ""))
        if part is None:
            return self._refused(wanted, f"it has no section {given.get('section', '')!r}")
        part = substituted(part, own | _variables(found) | {name: given[name] for name in given if name not in _OWN})
        part = _shifted(self.whole(part, found.web, found.topic, (*chain, here)), given)
        return part if found.web == web else _LOCAL_LINK.sub(lambda link: _qualified(link, found.web), part)

    def _refused(self, wanted: str, reason: str) -> str:
        self.warned[f"%INCLUDE% of {wanted!r} was left out: {reason}"] = None
        return ""


def whole(text: str, web: str, topic: str, read: Read) -> tuple[str, tuple[str, ...]]:
    """The text of a topic with all its includes in place, and a warning for each that was left out.

    Of an included topic stands what %STARTINCLUDE%, %STOPINCLUDE% or a section bound; neither its %META lines nor its
    settings (so that its readers do not become those of the whole). What read hands over must be readable by all who
    may read the topic itself.
    """
    own = frozenset(settings(text))
    inclusion = _Inclusion(read, own)
    return inclusion.whole(text, web, topic, (f"{web}.{topic}",)), tuple(inclusion.warned)


def section(body: str, name: str) -> str | None:
    """The part of a topic that an include takes; None where there is no section of that name.

    >>> section('a %STARTSECTION{"x"}%b%ENDSECTION{"x"}% c', "x")
    'b'
    """
    masked = _VERBATIM.sub(lambda part: "\0" * len(part[0]), body)
    if name:
        return _named_section(body, masked, name)
    start = masked.find("%STARTINCLUDE%")
    start = start + len("%STARTINCLUDE%") if start >= 0 else 0
    stop = masked.find("%STOPINCLUDE%", start)
    return body[start : stop if stop >= 0 else None].strip("\n")


def substituted(text: str, scope: Mapping[str, str]) -> str:
    """The text with the variables of scope replaced wherever a macro would be read, and those in their values."""
    values = resolved(scope)
    after = _VARIABLE.sub(lambda part: _value(part, values), text)
    return after if len(after) <= max(LONGEST, len(text)) else text


def _named_section(body: str, masked: str, name: str) -> str | None:
    """What stands between a section's start and its end: the end of the same name, or the next without a name."""
    start = None
    for mark in _SECTION.finditer(masked):
        given = parameters(mark[2] or "")
        named = given.get("") or given.get("name", "")
        if start is None and mark[1] == "START" and named == name:
            start = mark.end()
        elif start is not None and mark[1] == "END" and named in {name, ""}:
            return body[start : mark.start()].strip("\n")
    return None if start is None else body[start:].strip("\n")


def _value(part: re.Match[str], scope: Mapping[str, str]) -> str:
    if part["closed"] is not None or part["name"] not in scope:
        return part[0]
    # Only the addresses of scripts take arguments: %SCRIPTURL{"view"}%.
    if part["arguments"] and not part["name"].startswith("SCRIPTURL"):
        return part[0]
    return scope[part["name"]]


def _with(arguments: str, scope: Mapping[str, str]) -> str:
    return re.sub(r"%(\w+)%", lambda name: scope.get(name[1], name[0]), arguments)


def _variables(found: Found) -> dict[str, str]:
    """What the name of an included topic defines inside it."""
    attached = f"{found.web}/{found.topic}"
    return {
        "TOPIC": found.topic,
        "WEB": found.web,
        "ATTACHURL": f"%PUBURL%/{attached}",
        "ATTACHURLPATH": f"%PUBURLPATH%/{attached}",
    }


def _shifted(part: str, given: Mapping[str, str]) -> str:
    """The part with its headings as much deeper as the include asks for."""
    offset = given.get("headingoffset", "").lstrip("+")
    deeper = min(int(offset), 5) if offset.isascii() and offset.isdecimal() else given.get("TOC_SHIFT", "").count("+")
    return _HEADING.sub("---" + "+" * deeper, part)


def _qualified(link: re.Match[str], web: str) -> str:
    """A link to a topic of the included topic's own web, as it must be written elsewhere."""
    target = f"[[{web}.{link[1]}{link[2] or ''}]"
    return target if link[3] else f"{target}[{link[1]}]"

"""What a topic says about itself: its %META lines, and the settings in its bullets."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

_LINE = re.compile(r"^%META:([\w:]+)\{(.*)\}%[ \t]*$\n?", re.M)
_PARAMETER = re.compile(r'(?:(\w[\w:]*)[ \t]*=[ \t]*)?"((?:[^"\\]|\\.)*)"', re.S)
_ENCODED = {"%22": '"', "%0a": "\n", "%0A": "\n", "%0d": "", "%0D": "", "%7b": "{", "%7B": "{", "%7d": "}", "%7D": "}"}
_FOOTER = re.compile(
    r"\br(?:\d+\.)*(?P<number>\d+)\b.{0,20}? - (?P<date>\d[\w/-]*(?: \w{3} \d{4})?(?: - \d\d:\d\d)?)(?::\d\d)?"
    r"(?:(?: - |, )(?:\w+\.)?(?P<author>[A-Z]\w+))?"
)
_SETTING = re.compile(r"^(?:\t| {3})+\*[ \t]+(?:Set|Local)[ \t]+(\w+)[ \t]*=[ \t]*(.*)$")
_SWITCHED_OFF = re.compile(r"^(?:\t| {3})+\*[ \t]+#+[ \t]*(?:Set|Local)[ \t]+(?:ALLOW|DENY)\w+[ \t]*=")
_CONTINUED = re.compile(r"^(?:\t| {3})\s*(?!\*)\S")
_ITEM = re.compile(r"^(?:\t| {3})+(?:\d+|[AaIi])\.? ")
_VARIABLE = re.compile(r"%(\w+)%")
_REVISION = re.compile(r"(?:\$Rev: *)?r?(?:\d+\.)*(\d+) *\$?")
_DEEPEST_SETTING, _LONGEST_SETTING = 50, 20_000
_DATES = ("%d %b %Y - %H:%M", "%d %b %Y", "%Y-%m-%d - %H:%M", "%Y-%m-%d", "%Y/%m/%d %H:%M", "%d-%b-%Y %H:%M")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file attached to a topic, as its %META line has it."""

    name: str
    version: str = ""
    date: str = ""
    size: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Meta:
    """The %META lines of a topic."""

    author: str = ""
    modified: datetime | None = None
    version: str = ""
    parent: str = ""
    title: str = ""
    form: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    attachments: tuple[Attachment, ...] = ()
    preferences: tuple[tuple[str, str], ...] = ()
    moved: tuple[str, ...] = ()


def parameters(arguments: str) -> dict[str, str]:
    """The arguments of a macro by name; the one without a name is called "".

    >>> parameters('"Web.Topic" section="top"')
    {'': 'Web.Topic', 'section': 'top'}
    """
    found: dict[str, str] = {}
    for name, value in _PARAMETER.findall(arguments):
        found.setdefault(name, value.replace('\\"', '"'))
    if not found and arguments.strip():
        found[""] = arguments.strip()
    return found


def meta(text: str) -> tuple[Meta, str]:
    """The %META lines, and the text without them."""
    lines = [(kind, _decoded(parameters(arguments))) for kind, arguments in _LINE.findall(text)]
    first = dict(reversed(lines))
    info = first.get("TOPICINFO", {})
    preferences = tuple((each.get("name", ""), each.get("value", "")) for each in _all(lines, "PREFERENCE"))
    fields = ((each.get("title") or each.get("name", ""), each.get("value", "")) for each in _all(lines, "FIELD"))
    read = Meta(
        author=info.get("author", ""),
        modified=_date(info.get("date", "")),
        version=_revision(info.get("version", "")),
        parent=first.get("TOPICPARENT", {}).get("name", ""),
        title=first.get("TOPICTITLE", {}).get("name", "") or dict(preferences).get("TOPICTITLE", ""),
        form=first.get("FORM", {}).get("name", ""),
        fields=tuple((title, value) for title, value in fields if title and value.strip()),
        attachments=tuple(
            Attachment(*(each.get(key, "") for key in ("name", "version", "date", "size", "comment")))
            for each in _all(lines, "FILEATTACHMENT")
            if each.get("name")
        ),
        moved=tuple(each["from"] for each in _all(lines, "TOPICMOVED") if each.get("from")),
        preferences=tuple((name, value) for name, value in preferences if name),
    )
    return read, _LINE.sub("", text)


def revision_info(footer: str) -> Meta | None:
    """What the footer of a shown topic says of its last revision; None for words that are no such footer.

    >>> revision_info("Topic revision: r12 - 10 Mar 2025 - 10:00:00 - IngridSolvang").version
    'r12'
    """
    found = _FOOTER.search(" ".join(footer.split()))
    if found is None:
        return None
    return Meta(author=found["author"] or "", modified=_date(found["date"]), version=f"r{found['number']}")


def settings(body: str, preferences: tuple[tuple[str, str], ...] = ()) -> dict[str, str]:
    """Every variable that a topic sets, in bullets (`   * Set NAME = value`) or in %META; the last one wins.

    Settings inside comments and verbatim text hold as well, as they do for TWiki.
    """
    found: dict[str, str] = {}
    last = ""
    for line in body.split("\n"):
        if setting := _SETTING.match(line):
            last = setting[1]
            found[last] = setting[2].strip()
        elif last and _CONTINUED.match(line):
            found[last] += " " + line.strip()
        else:
            last = ""
    return found | dict(preferences)


def resolved(held: Mapping[str, str]) -> dict[str, str]:
    """Settings with the settings that their values name in place.

    One that names itself, through others or not, stands for nothing there; one that grows beyond measure for nothing
    at all.

    >>> resolved({"RELEASE": "24.2.3", "SETUP": "hsetup %RELEASE%", "LOOP": "x%LOOP%"})
    {'RELEASE': '24.2.3', 'SETUP': 'hsetup 24.2.3', 'LOOP': 'x'}
    """
    done: dict[str, str] = {}

    def value(name: str, chain: tuple[str, ...]) -> str:
        if name in done:
            return done[name]
        if name in chain or len(chain) > _DEEPEST_SETTING:
            return ""
        inside = (*chain, name)
        text = _VARIABLE.sub(lambda other: value(other[1], inside) if other[1] in held else other[0], held[name])
        done[name] = text if len(text) <= _LONGEST_SETTING else ""
        return done[name]

    return {name: value(name, ()) for name in held}


def without_settings(body: str, dropped: frozenset[str] | None = None) -> str:
    """The text without the bullets that set these variables (None: any), and without the lines that go on from them."""
    kept: list[str] = []
    dropping = False
    for line in body.split("\n"):
        if _SWITCHED_OFF.match(line):
            dropping = True
        elif setting := _SETTING.match(line):
            dropping = dropped is None or setting[1] in dropped
        elif not _CONTINUED.match(line) or _ITEM.match(line):
            dropping = False
        if not dropping:
            kept.append(line)
    return "\n".join(kept)


def _all(lines: list[tuple[str, dict[str, str]]], kind: str) -> Iterator[dict[str, str]]:
    return (values for each, values in lines if each == kind)


def _decoded(values: dict[str, str]) -> dict[str, str]:
    """Values with the characters that TWiki encodes inside %META as they were."""
    decoded = {}
    for name, value in values.items():
        for code, character in _ENCODED.items():
            value = value.replace(code, character)
        decoded[name] = value.replace("%_N_%", "\n").replace("%_Q_%", '"').replace("%25", "%").strip()
    return decoded


def _revision(version: str) -> str:
    """A revision as TWiki shows it: "1.22", "22", "r22" and "$Rev: 1.22$" are all r22."""
    number = _REVISION.fullmatch(version)
    return f"r{number[1]}" if number else version


def _date(written: str) -> datetime | None:
    """A time in seconds since 1970 or in one of the older ways of writing, taken as UTC; None for all else."""
    if written.isascii() and written.isdecimal() and len(written) <= 10:
        return datetime.fromtimestamp(int(written), UTC)
    for form in _DATES:
        try:
            return datetime.strptime(written.removesuffix("Z").strip(), form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None

"""What holds for the topics of a wiki wherever they are read from: their readers, includes, variables and addresses."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from ingest.document import NOBODY, DocumentKind
from ingest.errors import Unreadable
from ingest.formats.twiki_markup.access import clauses, names_of
from ingest.formats.twiki_markup.include import Found, substituted, whole
from ingest.formats.twiki_markup.meta import meta, settings
from ingest.formats.twiki_markup.status import status
from ingest.remote import LoginPage, NotAllowed, Unreachable
from ingest.source import Raw

TOPIC_FORMAT = "twiki_markup"
TOPIC_NAME = re.compile(r"[\w.+-]+")
KINDS: dict[str, DocumentKind] = {
    "email": "mail", "html": "page", "markdown": "page", "notebook": "notebook", "pdf": "paper", "pptx": "slides",
}  # fmt: skip
# Pages that every web has and that say nothing: searches, feeds, settings, menus.
_MACHINERY = re.compile(
    r"Web(?:Atom|Rss|Rdf|Statistics|Changes|Index|Notify|Search\w*|TopicList|(?:Left|Side|Top|Bottom)(?:Bar|Menu)\w*|"
    r"LinkBox|TopicCreator|Topic\w*Template|CreateNewTopic\w*|CreateNewSubWeb|Preferences\w*|TagCloud|RightBar\w*)|"
    r"(?:TWiki|Site|Default|Local)Preferences"
)
_SYSTEM_WEBS = {
    "TWiki": "the wiki's own documentation",
    "System": "the wiki's own documentation",
    "Trash": "the web of deleted topics",
    "Sandbox": "the web for trying things out",
}
_PREFERENCES = (
    "TWiki/TWikiPreferences",
    "TWiki/DefaultPreferences",
    "System/DefaultPreferences",
    "Main/TWikiPreferences",
    "Main/SitePreferences",
)
_USERS_WEB = "Main"
# Groups inside groups are followed this deep.
_DEEPEST_GROUP = 10
_RIGHTS = ("ALLOWTOPICVIEW", "DENYTOPICVIEW")

#: The text of a topic by web and name, None where there is none; raises Unreadable where it cannot be had.
Read = Callable[[str, str], str | None]
Clauses = tuple[tuple[frozenset[str], ...], tuple[str, ...]]


def machinery(topic: str) -> str:
    """Why a topic is no document by its name alone; "" where it may be one."""
    return "a page of the wiki's machinery" if _MACHINERY.fullmatch(topic) else ""


def unread_web(web: str, webs: tuple[str, ...]) -> str:
    """Why a web is not read: it is not among those asked for, or without any it is the wiki's own; "" where it is."""
    first = web.split("/")[0]
    if webs:
        asked = any(web == each or web.startswith(f"{each}/") for each in webs)
        return "" if asked else f"of the web {web}, which is not among those to read"
    if first.startswith("_") or first in _SYSTEM_WEBS:
        return f"of {_SYSTEM_WEBS.get(first, 'a web of templates')}"
    return ""


@dataclass(slots=True)
class Topics:
    """The topics of a wiki while one listing or one fetch goes on.

    url is the address under which they are seen, "" where they are files; address gives that of a topic.
    """

    read: Read
    address: Callable[[str, str], str]
    url: str = ""
    _preferences: dict[str, dict[str, str] | None] = field(default_factory=dict)
    _groups: dict[str, frozenset[str] | None] = field(default_factory=dict)

    def topic(self, web: str, topic: str, text: str, data: bytes | None = None) -> Raw:
        """A topic: its includes in place, the wiki's variables replaced, and the clauses of its web.

        data are the bytes that text was read from, handed on where nothing is replaced.
        """
        held = settings_of(text)
        readers, warnings = self.of_web(web, held)
        on_topic = self.of_topic(web, held)[0]
        all_readers = frozenset((*readers, *on_topic))
        full, missing = whole(text, web, topic, lambda other, name: self._found(other, name, all_readers))
        full = substituted(full, self._variables(web, topic, held))
        full += _as_settings(held, on_topic)
        return Raw(
            data=data if data is not None and full == text else full.encode(),
            format=TOPIC_FORMAT,
            kind="topic",
            name=f"{web}/{topic}.txt",
            status=status(full),
            parent=self._parent(web, meta(text)[0].parent),
            warnings=(*warnings, *missing),
            readers=readers,
        )

    def attached(self, raw: Raw, web: str, topic: str, text: str) -> Raw:
        """What is attached to a topic: whoever may read the topic may read it."""
        held = settings_of(text)
        readers, warnings = self.of_web(web, held)
        on_topic, more = self.of_topic(web, held)
        return replace(
            raw,
            readers=tuple(dict.fromkeys((*readers, *on_topic))),
            warnings=(*warnings, *more),
            parent=self.address(web, topic),
        )

    def of_web(self, web: str, held: Mapping[str, str]) -> Clauses:
        """What the web demands of the readers of a topic; one whose own settings say who may read is free of that."""
        preferences = self._settings(web)
        if preferences is None:
            return NOBODY, ("the settings of its web cannot be read: nobody may read it",)
        if held.get("ALLOWTOPICVIEW", "").strip():
            return (), ()
        return clauses(preferences, "WEB", self._members)

    def of_topic(self, web: str, held: Mapping[str, str]) -> Clauses:
        """What the topic itself demands; whom it denies is taken out of those whom it or its web allows."""
        if not held.get("ALLOWTOPICVIEW", "").strip() and held.get("DENYTOPICVIEW", "").strip():
            allowed = (self._settings(web) or {}).get("ALLOWWEBVIEW", "")
            held = {**(self._settings(web) or {}), **held, "ALLOWTOPICVIEW": allowed}
        return clauses(held, "TOPIC", self._members)

    def _found(self, web: str, topic: str, own: frozenset[frozenset[str]]) -> Found | str:
        """A topic to include, unless it is not there or its readers are fewer than those of the whole."""
        if not TOPIC_NAME.fullmatch(topic) or not all(map(TOPIC_NAME.fullmatch, web.split("/"))) or ".." in web:
            return "it is no name of a topic"
        try:
            text = self.read(web, topic)
        except Unreadable as problem:
            _raise_what_may_pass(problem)
            return "it cannot be read"
        if text is None:
            return "it is not there"
        held = settings_of(text)
        if not own >= {*self.of_web(web, held)[0], *self.of_topic(web, held)[0]}:
            return "not all who may read this topic may read it"
        return Found(web, topic, text)

    def _members(self, group: str) -> frozenset[str] | None:
        """Who is in a group, groups inside it and their members included; None where no topic says so."""
        if group not in self._groups:
            self._groups[group] = self._gathered(group, ())
        return self._groups[group]

    def _gathered(self, group: str, chain: tuple[str, ...]) -> frozenset[str] | None:
        try:
            text = self.read(_USERS_WEB, group) if TOPIC_NAME.fullmatch(group) else None
        except Unreadable as problem:
            _raise_what_may_pass(problem)
            return None
        held = settings_of(text) if text is not None else {}
        if "GROUP" not in held or len(chain) >= _DEEPEST_GROUP:
            return None
        named = names_of(held["GROUP"], held)
        inside: set[str] = set(named)
        for name in named - {group, *chain}:
            if name.endswith("Group"):
                below = self._gathered(name, (*chain, group))
                if below is None:
                    return None
                inside |= below
        return frozenset(inside - {group, *chain})

    def _settings(self, web: str) -> dict[str, str] | None:
        """The settings that hold in a web: the site's, then those of each web on the way to it; None if unreadable."""
        if web not in self._preferences:
            self._preferences[web] = self._gathered_settings(web)
        return self._preferences[web]

    def _gathered_settings(self, web: str) -> dict[str, str] | None:
        parts = web.split("/")
        above = ["/".join(parts[: i + 1]) + "/WebPreferences" for i in range(len(parts))]
        found: dict[str, str] = {}
        for each in (*_PREFERENCES, *above):
            try:
                text = self.read(*each.rsplit("/", 1))
            except Unreadable as problem:
                _raise_what_may_pass(problem)
                return None
            if text is not None:
                held = settings_of(text)
                # An empty list of readers opens nothing that a list above it closed.
                found |= {k: v for k, v in held.items() if v or not k.startswith(("ALLOW", "DENY"))}
        return found

    def _variables(self, web: str, topic: str, held: Mapping[str, str]) -> dict[str, str]:
        """What the site and the web define, less what the topic defines itself."""
        preferences = self._settings(web) or {}
        given = {name: value for name, value in preferences.items() if not name.startswith(("ALLOW", "DENY"))}
        if self.url:
            pub = pub_url(self.url)
            attached = f"{pub}/{quote(f'{web}/{topic}')}"
            given |= {"PUBURL": pub, "PUBURLPATH": pub, "ATTACHURL": attached, "ATTACHURLPATH": attached}
            given |= dict.fromkeys(("SCRIPTURL", "SCRIPTURLPATH"), self.url.rstrip("/"))
        return {name: value for name, value in given.items() if name not in held}

    def _parent(self, web: str, parent: str) -> str:
        """The address of the topic that a topic names as its parent; "" without one."""
        above, _, topic = parent.replace(".", "/").rpartition("/")
        return self.address(above or web, topic) if topic else ""


def settings_of(text: str) -> dict[str, str]:
    """The settings of a whole topic, its %META lines included."""
    about, body = meta(text)
    return settings(body, about.preferences)


def version_of(raw: Raw) -> str:
    """A hash of the bytes and of all that the wiki says of them."""
    said = (raw.format, raw.name, raw.status, raw.parent, raw.warnings, [sorted(clause) for clause in raw.readers])
    return hashlib.sha256(raw.data + b"\0" + repr(said).encode()).hexdigest()


def pub_url(url: str) -> str:
    """Where attachments are seen when topics are seen under url.

    >>> pub_url("https://twiki.example.org/bin/view")
    'https://twiki.example.org/pub'
    """
    return re.sub(r"/(?:bin/)?view(?:auth)?(?:\.cgi|\.pl)?$", "", url.rstrip("/")) + "/pub"


def _as_settings(held: Mapping[str, str], on_topic: tuple[frozenset[str], ...]) -> str:
    """The resolved readers as settings for the format to read, where the topic's own words would be read otherwise.

    The format sees one topic and knows no groups and no web, so it would take a denial for "nobody".
    """
    if len(on_topic) != 1 or not on_topic[0] or clauses(held)[0] == on_topic:
        return ""
    allowed = ", ".join(sorted(each.partition(":")[2] for each in on_topic[0]))
    values = dict(zip(_RIGHTS, (allowed, ""), strict=True))
    lines = (f'%META:PREFERENCE{{name="{name}" type="Set" value="{value}"}}%' for name, value in values.items())
    return "\n" + "\n".join(lines) + "\n"


def _raise_what_may_pass(problem: Unreadable) -> None:
    """Raise what says nothing of the topic itself: a server that does not answer, a login page."""
    if isinstance(problem, LoginPage) or (isinstance(problem, Unreachable) and not isinstance(problem, NotAllowed)):
        raise problem

"""A TWiki: its data folder with all webs, or a folder of topics, and the attachments beside them.

Every topic is a document, with its includes in place; so is every attachment that some format reads.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

from ingest.charset import decoded
from ingest.document import NOBODY, DocumentKind
from ingest.errors import MissingPath, Unreadable
from ingest.format import HEAD_BYTES, recognise
from ingest.formats import twiki_markup
from ingest.formats.twiki_markup.access import clauses
from ingest.formats.twiki_markup.include import Found, substituted, whole
from ingest.formats.twiki_markup.meta import meta, settings
from ingest.formats.twiki_markup.status import status
from ingest.source import End, Item, Raw

_KINDS: dict[str, DocumentKind] = {
    "email": "mail", "html": "page", "markdown": "page", "notebook": "notebook", "pdf": "paper", "pptx": "slides",
}  # fmt: skip
_TOPIC_FORMAT = "twiki_markup"
_TOPIC_SUFFIXES = ("", *twiki_markup.SUFFIXES)
_TOPIC_NAME = re.compile(r"[\w.+-]+")
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
_PREFERENCES = ("TWiki/TWikiPreferences", "TWiki/DefaultPreferences", "Main/TWikiPreferences", "Main/SitePreferences")
_WEB_MARKS = ("WebPreferences.txt", "WebHome.txt")
_NO_DOCUMENTS = (",v", ".lease", ".lock", ".bak", "~", ".orig", ".swp")
# A folder is a wiki's where more than this share of its files are topics, among the first so many.
_MOSTLY = 0.5
_LOOKED_AT = 100


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things lie: data is the folder of all webs, or with a prefix that of one web; pub holds attachments.

    Where it is plain, the folder was made by hand and a name alone makes no topic.
    """

    data: Path
    pub: Path | None = None
    prefix: str = ""
    plain: bool = False


def layout(path: Path) -> Layout:
    """How the folder of a wiki is laid out: data/ and pub/ in it, webs in it, or topics in it."""
    if (path / "data").is_dir() and _has_webs(path / "data"):
        return Layout(path / "data", _folder(path / "pub"))
    is_web = any((path / mark).is_file() for mark in _WEB_MARKS)
    if _has_webs(path) and not is_web:
        return Layout(path, _folder(path.parent / "pub") if path.name == "data" else None)
    pub = _folder(path.parent.parent / "pub" / path.name) if path.parent.name == "data" else None
    return Layout(path, pub, path.name if is_web or _holds_topics(path) else "", plain=not is_web)


def claims(path: Path) -> bool:
    """Whether a folder is a TWiki's data, or holds more topics than anything else."""
    if not path.is_dir():
        return False
    if ((path / "data").is_dir() and _has_webs(path / "data")) or _has_webs(path):
        return True
    seen = topics = 0
    for file in _files(path, []):
        seen += 1
        topics += _looks_like_topic(file)
        if seen == _LOOKED_AT:
            break
    return topics > seen * _MOSTLY


@dataclass(frozen=True, slots=True)
class Source:
    """A TWiki; every topic and every attachment is a document.

    path is the wiki's folder (with data/ and pub/ in it), its data folder, or a folder of topics. url is the address
    under which topics are seen (https://twiki.example.org/bin/view), before the web's name; without it addresses are
    those of files. Without webs all are read but those of the wiki's own documentation and its waste.
    """

    path: Path
    name: str
    readers: frozenset[str]
    url: str = ""
    webs: tuple[str, ...] = ()

    def listing(self) -> Iterator[Item | End]:
        """Every topic and attachment; those that are no documents with the reason."""
        if not self.path.exists():
            raise MissingPath(f"the wiki {self.name!r}: there is no {self.path}")
        wiki = _Wiki(self)
        problems: list[str] = []
        met: set[str] = set()
        for item in wiki.items(problems):
            if item.uri in met:
                item = Item(Path(item.locator).absolute().as_uri(), "", item.locator, "another file holds this topic")
            met.add(item.uri)
            yield item
        missing = [web for web in self.webs if not wiki.folder(web).is_dir()]
        problems += [f"there is no web {web}" for web in missing]
        if not met:
            problems.append("there is no topic")
        yield End(not problems, "; ".join(problems))

    def fetch(self, item: Item) -> Raw:
        """The topic with its includes in place, or the attachment; raises Unreadable where it is not as listed."""
        raw = _Wiki(self).raw(Path(item.locator))
        if _version(raw) != item.version:
            raise Unreadable(f"{item.uri} has changed since it was listed; the next run reads it anew")
        return raw


@dataclass(slots=True)
class _Wiki:
    """A wiki as it lies there while one listing or one fetch goes on; what was read stays in memory."""

    source: Source
    at: Layout = field(init=False)
    _texts: dict[Path, str] = field(default_factory=dict)
    _preferences: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.at = layout(self.source.path)

    def items(self, problems: list[str]) -> Iterator[Item]:
        """Every topic, and every attachment after them."""
        for path in _files(self.at.data, problems):
            yield self._item(path)
        if self.at.pub:
            for path in _files(self.at.pub, problems):
                yield self._item(path)

    def _item(self, path: Path) -> Item:
        """One file as an item."""
        uri = self._uri(path)
        if skipped := self._skipped(path):
            return Item(uri, "", str(path), skipped)
        try:
            return Item(uri, _version(self.raw(path)), str(path))
        except Unreadable as error:
            # Listed, so that fetching it says why; what cannot be read is not gone.
            return Item(uri, f"unreadable: {error}", str(path))

    def raw(self, path: Path) -> Raw:
        """A file's bytes and what the wiki knows of it."""
        if self._attached(path):
            return self._attachment(path)
        web, topic = self._place(path)
        return self._topic(path, web, topic) if self._is_topic(path) else self._other(path)

    def folder(self, web: str) -> Path:
        """Where the topics of a web lie."""
        if not self.at.prefix:
            return self.at.data / web
        first, _, below = web.partition("/")
        if first == self.at.prefix:
            return self.at.data / below
        # Beside a web of a data folder lie the others, and the preferences of the site.
        return self.at.data / web if self.at.plain else self.at.data.parent / web

    def _topic(self, path: Path, web: str, topic: str) -> Raw:
        """A topic: its includes in place, the wiki's variables replaced, and the clauses of its web."""
        text = self._text(path)
        held = settings_of(text)
        readers, warnings = self._clauses(web, held)
        all_readers = frozenset((*readers, *clauses(held)[0]))
        full, missing = whole(text, web, topic, lambda other, name: self._found(other, name, all_readers))
        full = substituted(full, self._variables(web, topic, held))
        return Raw(
            data=_bytes(path) if full == text else full.encode(),
            format=_TOPIC_FORMAT,
            kind="topic",
            name=f"{web}/{topic}.txt",
            status=status(full),
            parent=self._parent(web, meta(text)[0].parent),
            warnings=(*warnings, *missing),
            readers=readers,
        )

    def _attachment(self, path: Path) -> Raw:
        """A file attached to a topic: whoever may read the topic may read it."""
        web, topic = self._place(path)
        held = settings_of(self._text(self._topic_file(web, topic)))
        readers, warnings = self._clauses(web, held)
        on_topic, more = clauses(held)
        raw = self._other(path)
        return replace(
            raw,
            readers=tuple(dict.fromkeys((*readers, *on_topic))),
            warnings=(*warnings, *more),
            parent=self._topic_uri(web, topic),
        )

    def _other(self, path: Path) -> Raw:
        """A file that is no topic; what its web demands of readers holds for it."""
        data = _bytes(path)
        found = recognise(data[:HEAD_BYTES], path.name)
        if found is None:
            raise Unreadable(f"no format reads {path.name}")
        # A file that did not look like a topic may still hold a topic's settings.
        held = settings_of(self._text(path)) if path.suffix in _TOPIC_SUFFIXES else {}
        of_web, of_itself = self._clauses(self._place(path)[0], held), clauses(held)
        return Raw(
            data,
            found,
            _KINDS.get(found, "file"),
            name=path.name,
            readers=(*of_web[0], *of_itself[0]),
            warnings=(*of_web[1], *of_itself[1]),
        )

    def _found(self, web: str, topic: str, own: frozenset[frozenset[str]]) -> Found | str:
        """A topic to include, unless it is not there or its readers are fewer than those of the whole."""
        if not _TOPIC_NAME.fullmatch(topic) or not all(map(_TOPIC_NAME.fullmatch, web.split("/"))) or ".." in web:
            return "it is no name of a topic"
        path = self._topic_file(web, topic)
        if not path.is_file():
            return "it is not there"
        try:
            text = self._text(path)
        except Unreadable:
            return "it cannot be read"
        held = settings_of(text)
        if not own >= {*self._clauses(web, held)[0], *clauses(held)[0]}:
            return "not all who may read this topic may read it"
        return Found(web, topic, text)

    def _clauses(self, web: str, held: Mapping[str, str]) -> tuple[tuple[frozenset[str], ...], tuple[str, ...]]:
        """What the web demands of the readers of a topic; one whose own settings say who may read is free of that."""
        preferences = self._settings(web)
        if preferences is None:
            return NOBODY, ("the settings of its web cannot be read: nobody may read it",)
        if held.get("ALLOWTOPICVIEW", "").strip():
            return (), ()
        return clauses(preferences, "WEB")

    def _settings(self, web: str) -> dict[str, str] | None:
        """The settings that hold in a web: the site's, then those of each web on the way to it; None if unreadable."""
        if web not in self._preferences:
            parts = web.split("/")
            above = ["/".join(parts[: i + 1]) + "/WebPreferences" for i in range(len(parts))]
            found: dict[str, str] = {}
            for each in (*_PREFERENCES, *above):
                path = self._topic_file(*each.rsplit("/", 1))
                if path.is_file():
                    try:
                        held = settings_of(self._text(path))
                    except Unreadable:
                        return None
                    # An empty list of readers opens nothing that a list above it closed.
                    found |= {k: v for k, v in held.items() if v or not k.startswith(("ALLOW", "DENY"))}
            self._preferences[web] = found
        return self._preferences[web]

    def _variables(self, web: str, topic: str, held: Mapping[str, str]) -> dict[str, str]:
        """What the site and the web define, less what the topic defines itself."""
        preferences = self._settings(web) or {}
        given = {name: value for name, value in preferences.items() if not name.startswith(("ALLOW", "DENY"))}
        if self.source.url:
            pub = _pub_url(self.source.url)
            attached = f"{pub}/{quote(f'{web}/{topic}')}"
            given |= {"PUBURL": pub, "PUBURLPATH": pub, "ATTACHURL": attached, "ATTACHURLPATH": attached}
            given |= dict.fromkeys(("SCRIPTURL", "SCRIPTURLPATH"), self.source.url.rstrip("/"))
        return {name: value for name, value in given.items() if name not in held}

    def _parent(self, web: str, parent: str) -> str:
        """The address of the topic that a topic names as its parent; "" without one."""
        above, _, topic = parent.replace(".", "/").rpartition("/")
        return self._topic_uri(above or web, topic) if topic else ""

    def _skipped(self, path: Path) -> str:
        """Why a file is no document; "" where it is one."""
        web, topic = self._place(path)
        first = web.split("/")[0]
        if self.source.webs and not any(web == each or web.startswith(f"{each}/") for each in self.source.webs):
            return f"of the web {web}, which is not among those to read"
        if not self.source.webs and not self.at.plain and (first.startswith("_") or first in _SYSTEM_WEBS):
            return f"of {_SYSTEM_WEBS.get(first, 'a web of templates')}"
        if not web and not self.at.plain:
            return "in no web"
        if path.is_symlink():
            return "a symbolic link"
        if self._attached(path):
            if not self._topic_file(web, topic).is_file():
                return f"attached to {web}.{topic}, which is not there"
        elif _MACHINERY.fullmatch(topic):
            return "a page of the wiki's machinery"
        if (self._attached(path) or not self._is_topic(path)) and not self._read_by(path):
            return "no format reads it"
        return ""

    def _read_by(self, path: Path) -> str | None:
        try:
            return recognise(_head(path), path.name)
        except Unreadable:
            return "unreadable, which fetching it tells"

    def _is_topic(self, path: Path) -> bool:
        """Whether a file among the topics is one: in a data folder by its name, elsewhere by its content too."""
        if path.suffix == ".txt" and not self.at.plain:
            return True
        return path.suffix in _TOPIC_SUFFIXES and _looks_like_topic(path)

    def _attached(self, path: Path) -> bool:
        return self.at.pub is not None and path.is_relative_to(self.at.pub)

    def _place(self, path: Path) -> tuple[str, str]:
        """The web and the topic that a file is, or is attached to."""
        if self.at.pub is not None and path.is_relative_to(self.at.pub):
            web, topic = self._attached_to(path.relative_to(self.at.pub).parts[:-1])
        else:
            web = "/".join(path.parent.relative_to(self.at.data).parts)
            topic = path.stem if path.suffix in twiki_markup.SUFFIXES else path.name
        return "/".join(part for part in (self.at.prefix, web) if part), topic

    def _attached_to(self, folders: tuple[str, ...]) -> tuple[str, str]:
        """The web and topic of a folder of attachments, which may have folders of its own."""
        for i in range(len(folders), 0, -1):
            if self.at.data.joinpath(*folders[: i - 1], f"{folders[i - 1]}.txt").is_file():
                return "/".join(folders[: i - 1]), folders[i - 1]
        return "/".join(folders[:-1]), folders[-1] if folders else ""

    def _topic_file(self, web: str, topic: str) -> Path:
        """Where a topic lies, whether or not it is there."""
        path = self.folder(web) / f"{topic}.txt"
        if self.at.plain and not path.exists():
            others = (path.with_suffix(suffix) for suffix in _TOPIC_SUFFIXES)
            return next((each for each in others if each.is_file()), path)
        return path

    def _text(self, path: Path) -> str:
        if path not in self._texts:
            self._texts[path] = decoded(_bytes(path))[0]
        return self._texts[path]

    def _topic_uri(self, web: str, topic: str) -> str:
        if self.source.url:
            return f"{self.source.url.rstrip('/')}/{quote(f'{web}/{topic}'.strip('/'))}"
        return self._topic_file(web, topic).absolute().as_uri()

    def _uri(self, path: Path) -> str:
        """The address of a topic or a file."""
        if not self.source.url:
            return path.absolute().as_uri()
        web, topic = self._place(path)
        if self._attached(path) and self.at.pub:
            below = "/".join(path.relative_to(self.at.pub).parts)
            inside = f"{self.at.prefix}/{below}" if self.at.prefix else below
            return f"{_pub_url(self.source.url)}/{quote(inside)}"
        return self._topic_uri(web, topic)


def settings_of(text: str) -> dict[str, str]:
    """The settings of a whole topic, its %META lines included."""
    about, body = meta(text)
    return settings(body, about.preferences)


def _version(raw: Raw) -> str:
    """A hash of the bytes and of all that the wiki says of them."""
    said = (raw.format, raw.name, raw.status, raw.parent, raw.warnings, [sorted(clause) for clause in raw.readers])
    return hashlib.sha256(raw.data + b"\0" + repr(said).encode()).hexdigest()


def _files(folder: Path, problems: list[str]) -> Iterator[Path]:
    """The files below a folder in the order of their names, without hidden ones, revisions and locks."""

    def unreadable(error: OSError) -> None:
        problems.append(f"{error.filename} cannot be read: {error.strerror}")

    for parent, folders, files in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and not name.endswith(_NO_DOCUMENTS):
                yield Path(parent, name)


def _has_webs(folder: Path) -> bool:
    """Whether there are webs in a folder, known by the pages that every web has."""
    try:
        with os.scandir(folder) as inside:
            return any(Path(each, mark).is_file() for each in inside if each.is_dir() for mark in _WEB_MARKS)
    except OSError:
        return False


def _holds_topics(folder: Path) -> bool:
    """Whether a topic lies in the folder itself."""
    try:
        with os.scandir(folder) as inside:
            return any(_looks_like_topic(Path(each)) for each in inside if each.is_file())
    except OSError:
        return False


def _folder(path: Path) -> Path | None:
    return path if path.is_dir() else None


def _looks_like_topic(path: Path) -> bool:
    if path.suffix not in _TOPIC_SUFFIXES:
        return False
    try:
        head = _head(path)
    except Unreadable:
        return path.suffix == ".txt"
    return twiki_markup.recognises(head, path.name)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError as error:
        raise Unreadable(f"{path.name} cannot be read: {error.strerror}") from error


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{path.name} cannot be read: {error.strerror}") from error


def _pub_url(url: str) -> str:
    """Where attachments are seen when topics are seen under url.

    >>> _pub_url("https://twiki.example.org/bin/view")
    'https://twiki.example.org/pub'
    """
    return re.sub(r"/(?:bin/)?view(?:auth)?(?:\.cgi|\.pl)?$", "", url.rstrip("/")) + "/pub"

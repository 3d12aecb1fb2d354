"""A TWiki as it lies on disk: its data folder with all webs, or a folder of topics, and the attachments beside them."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from ingest.charset import decoded
from ingest.errors import MissingPath, Unreadable
from ingest.format import HEAD_BYTES, recognise
from ingest.formats import twiki_markup
from ingest.formats.twiki_markup.access import clauses
from ingest.source import End, Item, Raw
from ingest.sources.twiki.topics import KINDS, Topics, machinery, pub_url, settings_of, unread_web, version_of

_TOPIC_SUFFIXES = ("", *twiki_markup.SUFFIXES)
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


@dataclass(slots=True)
class Folder:
    """A wiki on disk while one listing or one fetch goes on; what was read stays in memory.

    name is what people call it, url the address under which its topics are seen, "" for that of files; webs are those
    to read, () for all but the wiki's own.
    """

    path: Path
    name: str
    url: str = ""
    webs: tuple[str, ...] = ()
    at: Layout = field(init=False)
    topics: Topics = field(init=False)
    _texts: dict[Path, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.at = layout(self.path)
        self.topics = Topics(self._read, self._topic_uri, self.url)

    def listing(self) -> Iterator[Item | End]:
        """Every topic and attachment; those that are no documents with the reason."""
        if not self.path.exists():
            raise MissingPath(f"the wiki {self.name!r}: there is no {self.path}")
        problems: list[str] = []
        met: set[str] = set()
        for item in self.items(problems):
            if item.uri in met:
                item = Item(Path(item.locator).absolute().as_uri(), "", item.locator, "another file holds this topic")
            met.add(item.uri)
            yield item
        problems += [f"there is no web {web}" for web in self.webs if not self.folder(web).is_dir()]
        if not met:
            problems.append("there is no topic")
        yield End(not problems, "; ".join(problems))

    def fetch(self, item: Item) -> Raw:
        """The topic with its includes in place, or the attachment; raises Unreadable where it is not as listed."""
        raw = self.raw(Path(item.locator))
        if version_of(raw) != item.version:
            raise Unreadable(f"{item.uri} has changed since it was listed; the next run reads it anew")
        return raw

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
            return Item(uri, version_of(self.raw(path)), str(path))
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
        return self.topics.topic(web, topic, self._text(path), _bytes(path))

    def _attachment(self, path: Path) -> Raw:
        web, topic = self._place(path)
        return self.topics.attached(self._other(path), web, topic, self._text(self._topic_file(web, topic)))

    def _other(self, path: Path) -> Raw:
        """A file that is no topic; what its web demands of readers holds for it."""
        data = _bytes(path)
        found = recognise(data[:HEAD_BYTES], path.name)
        if found is None:
            raise Unreadable(f"no format reads {path.name}")
        # A file that did not look like a topic may still hold a topic's settings.
        held = settings_of(self._text(path)) if path.suffix in _TOPIC_SUFFIXES else {}
        of_web, of_itself = self.topics.of_web(self._place(path)[0], held), clauses(held)
        return Raw(
            data,
            found,
            KINDS.get(found, "file"),
            name=path.name,
            readers=(*of_web[0], *of_itself[0]),
            warnings=(*of_web[1], *of_itself[1]),
        )

    def _read(self, web: str, topic: str) -> str | None:
        """The text of a topic; None where there is none."""
        path = self._topic_file(web, topic)
        return self._text(path) if path.is_file() else None

    def _skipped(self, path: Path) -> str:
        """Why a file is no document; "" where it is one."""
        web, topic = self._place(path)
        # In a folder that was made by hand, no name of a web says what it is.
        if (self.webs or not self.at.plain) and (unread := unread_web(web, self.webs)):
            return unread
        if not web and not self.at.plain:
            return "in no web"
        if path.is_symlink():
            return "a symbolic link"
        if self._attached(path):
            if not self._topic_file(web, topic).is_file():
                return f"attached to {web}.{topic}, which is not there"
        elif unread := machinery(topic):
            return unread
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
        if self.url:
            return f"{self.url.rstrip('/')}/{quote(f'{web}/{topic}'.strip('/'))}"
        return self._topic_file(web, topic).absolute().as_uri()

    def _uri(self, path: Path) -> str:
        """The address of a topic or a file."""
        if not self.url:
            return path.absolute().as_uri()
        web, topic = self._place(path)
        if self._attached(path) and self.at.pub:
            below = "/".join(path.relative_to(self.at.pub).parts)
            inside = f"{self.at.prefix}/{below}" if self.at.prefix else below
            return f"{pub_url(self.url)}/{quote(inside)}"
        return self._topic_uri(web, topic)


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

"""A TWiki or Foswiki as its server shows it: lists of topics as pages, topics as raw text."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit

from ingest import hypertext
from ingest.errors import Unreadable
from ingest.format import HEAD_BYTES, load, names, recognise
from ingest.formats.twiki_markup.meta import Attachment, meta
from ingest.remote import NoSuchPage, Page, Remote, Unreachable, pages, secret
from ingest.source import End, Item, Raw
from ingest.sources.twiki.topics import KINDS, TOPIC_NAME, Topics, machinery, pub_url, unread_web, version_of

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_LISTS = ("WebTopicList", "WebIndex")
_SITE_MAPS = ("TWiki/SiteMap", "System/SiteMap", "Main/SiteMap")
_HOME = "WebHome"
# A list of topics that goes on leads to its other pages by a parameter of such a name.
_PAGING = re.compile(r"page|start|offset", re.I)
_MOST_PAGES = 2000
_COUNTED = re.compile(r"Number of topics:\s*(\d+)", re.I)
_HTML = ("text/html", "application/xhtml+xml")


@dataclass(frozen=True, slots=True)
class _Listed:
    """The topics that the pages of a list name, and the webs inside the web."""

    topics: tuple[str, ...]
    below: tuple[str, ...]


@dataclass(slots=True)
class Site:
    """A wiki's server from one listing to the next; topics that were read stay in memory."""

    remote: Remote
    url: str
    webs: tuple[str, ...] = ()
    topics: Topics = field(init=False)
    _texts: dict[tuple[str, str], str | None] = field(default_factory=dict)
    _modified: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.topics = Topics(self._read, self._address, self.url)

    def listing(self) -> Iterator[Item | End]:
        """Every topic and attachment. It is complete where every list and every topic in one was had."""
        try:
            yield from self._everything()
        finally:
            self.remote.close()

    def _everything(self) -> Iterator[Item | End]:
        problems: list[str] = []
        try:
            waiting = list(self.webs) or self._all_webs()
        except Unreachable as problem:
            yield End(False, f"which webs there are cannot be told, name them in the settings: {problem}")
            return
        met: set[str] = set()
        while waiting:
            web = waiting.pop(0)
            if web in met:
                continue
            met.add(web)
            try:
                listed = self._listed(web)
            except Unreachable as problem:
                problems.append(f"the web {web}: {problem}")
                continue
            waiting += listed.below
            yield from self._web(web, listed.topics, problems)
        yield End(not problems, "; ".join(problems))

    def fetch(self, item: Item) -> Raw:
        """The topic with its includes in place, or the attachment."""
        try:
            return self._fetched(item)
        finally:
            self.remote.close()

    def _fetched(self, item: Item) -> Raw:
        web, topic, attachment = json.loads(item.locator)
        text = self._read(web, topic)
        if text is None:
            raise Unreadable(f"{item.uri} is no longer there")
        if attachment:
            return self._attachment(web, topic, attachment, text)
        raw = self._topic(web, topic, text)
        if version_of(raw) != item.version:
            raise Unreadable(f"{item.uri} has changed since it was listed; the next run reads it anew")
        return raw

    def _web(self, web: str, listed: tuple[str, ...], problems: list[str]) -> Iterator[Item]:
        """The topics of a web and what is attached to them."""
        for topic in listed:
            uri, locator = self._address(web, topic), json.dumps([web, topic, ""])
            if reason := machinery(topic):
                yield Item(uri, "", locator, reason)
                continue
            try:
                text = self._read(web, topic)
                if text is None:
                    raise NoSuchPage(f"{uri}: the list names it, and it is not there")
                raw = self._topic(web, topic, text)
            except Unreachable as problem:
                problems.append(str(problem))
                continue
            yield Item(uri, version_of(raw), locator)
            for attached in meta(text)[0].attachments:
                yield self._attached(web, topic, attached, text)

    def _attached(self, web: str, topic: str, attached: Attachment, text: str) -> Item:
        """A file attached to a topic; its revision, date and size are the server's own word for a change."""
        uri = self._attachment_address(web, topic, attached.name)
        locator = json.dumps([web, topic, attached.name])
        if not attached.name.lower().endswith(_suffixes()):
            return Item(uri, "", locator, "no format reads it")
        raw = self.topics.attached(Raw(b"", "", "file", name=attached.name), web, topic, text)
        said = f"{version_of(raw)} {attached.version} {attached.date} {attached.size}"
        return Item(uri, hashlib.sha256(said.encode()).hexdigest(), locator)

    def _attachment(self, web: str, topic: str, name: str, text: str) -> Raw:
        page = self.remote.page(self._attachment_address(web, topic, name))
        found = recognise(page.data[:HEAD_BYTES], name)
        if found is None:
            raise Unreadable(f"no format reads {name}")
        raw = Raw(page.data, found, KINDS.get(found, "file"), name=name, modified=page.modified)
        return self.topics.attached(raw, web, topic, text)

    def _read(self, web: str, topic: str) -> str | None:
        """The raw text of a topic with its %META lines; None where there is none."""
        key = (web, topic)
        if key not in self._texts:
            page = self._raw_page(f"{quote(web)}/{quote(topic)}")
            self._texts[key] = page.text if page else None
            if page and page.modified:
                self._modified[key] = page.modified
        return self._texts[key]

    def _topic(self, web: str, topic: str, text: str) -> Raw:
        """A topic; where its raw text has no %META lines, the server's word for when it changed holds."""
        raw = self.topics.topic(web, topic, text)
        return raw if meta(text)[0].modified else replace(raw, modified=self._modified.get((web, topic)))

    def _raw_page(self, path: str) -> Page | None:
        """raw=all is the text with its %META lines; servers that do not know it are asked for raw=text."""
        for how in ("all", "text"):
            try:
                page = self.remote.page(path, {"raw": how})
            except NoSuchPage:
                return None
            if page.media_type not in _HTML:
                # An old server answers 200 with nothing where there is no topic.
                return page if page.data.strip() else None
        raise Unreachable(f"{page.url}: expected raw text, the server answered a page")

    def _listed(self, web: str) -> _Listed:
        """The topics of a web; raises Unreachable where its list is none, or not whole."""
        for name in _LISTS:
            try:
                found = self._pages_of(web, name)
            except NoSuchPage:
                continue
            if _HOME not in found.topics:
                raise Unreachable(
                    f"its {name} names {len(found.topics)} topics and not {_HOME}, which every web has; may we read it?"
                )
            return found
        raise Unreachable(f"it has neither {' nor '.join(_LISTS)}")

    def _pages_of(self, web: str, name: str) -> _Listed:
        """All pages of a list, each once."""
        topics: dict[str, None] = {}
        below: dict[str, None] = {}
        said = 0
        waiting, met = [f"{quote(web)}/{name}?skin=plain"], set[str]()
        while waiting:
            path = waiting.pop(0)
            page = self._page_of_list(path, first=not met)
            met.add(_same(urljoin(self.remote.url, path)))
            if len(met) > _MOST_PAGES:
                raise Unreachable(f"{page.url}: its list has more than {_MOST_PAGES} pages")
            root, _ = hypertext.tree(page.data)
            for address in _links(root, page) if root is not None else ():
                there, topic = self._place(address)
                if there == web and topic == name:
                    if _goes_on(address) and _same(address) not in met | {_same(each) for each in waiting}:
                        waiting.append(address)
                elif there == web and topic:
                    topics[topic] = None
                elif there.startswith(f"{web}/") and topic == _HOME:
                    below[there] = None
            counted = _COUNTED.search(root.text_content() if root is not None else "")
            said = max(said, int(counted[1]) if counted else 0)
        if len(topics) < said:
            raise Unreachable(f"its {name} speaks of {said} topics and names {len(topics)}")
        return _Listed(tuple(sorted(topics)), tuple(sorted(below)))

    def _page_of_list(self, path: str, *, first: bool) -> Page:
        """A page of a list; only the first may be missing as if there were no such list."""
        try:
            page = self.remote.page(path.partition("?")[0], _query(path))
        except NoSuchPage as problem:
            if first:
                raise
            raise Unreachable(f"a page in the middle of its list is missing: {problem}") from None
        if page.media_type not in _HTML:
            raise Unreachable(f"{page.url}: expected a list of topics, the server answered {page.media_type}")
        return page

    def _all_webs(self) -> list[str]:
        """Every web that the wiki's map of webs leads to, but its own; raises Unreachable where there is no map."""
        for each in _SITE_MAPS:
            try:
                page = self.remote.page(each, {"skin": "plain"})
            except NoSuchPage:
                continue
            root, _ = hypertext.tree(page.data)
            places = [self._place(address) for address in _links(root, page)] if root is not None else []
            found = dict.fromkeys(web for web, topic in places if topic == _HOME and not unread_web(web, ()))
            if not found:
                raise Unreachable(f"{page.url}: it leads to no web")
            return list(found)
        raise Unreachable(f"{self.url} has none of {', '.join(_SITE_MAPS)}")

    def _place(self, address: str) -> tuple[str, str]:
        """The web and the topic that an address shows; "" for both where it shows none."""
        shown, here = urlsplit(address), urlsplit(self.remote.url)
        if shown.netloc != here.netloc or not shown.path.startswith(here.path):
            return "", ""
        web, _, topic = unquote(shown.path[len(here.path) :]).strip("/").rpartition("/")
        return (web, topic) if web and TOPIC_NAME.fullmatch(topic) and topic[0].isalpha() else ("", "")

    def _address(self, web: str, topic: str) -> str:
        return f"{self.url.rstrip('/')}/{quote(f'{web}/{topic}'.strip('/'))}"

    def _attachment_address(self, web: str, topic: str, name: str) -> str:
        return f"{pub_url(self.url)}/{quote(f'{web}/{topic}/{name}')}"


# The wiki of the last listing of each source, for what is fetched after it.
_LAST: dict[tuple[str | tuple[str, ...] | Path | None, ...], Site] = {}


def of_server(url: str, webs: tuple[str, ...], token_env: str, cookie_env: str, ca: Path | None, *, anew: bool) -> Site:
    """The wiki at an address: as it was listed last, or anew."""
    key = (url, webs, token_env, cookie_env, ca)
    if anew or key not in _LAST:
        headers = {}
        if token := secret(token_env):
            headers["Authorization"] = f"Bearer {token}"
        if cookie := secret(cookie_env):
            headers["Cookie"] = cookie
        _LAST[key] = Site(Remote(url, headers=headers, ca=ca, keep=pages()), url, webs)
    return _LAST[key]


def _links(root: "HtmlElement", page: Page) -> Iterator[str]:
    """Where the links of a page lead, without those of its chrome."""
    waiting = [root]
    while waiting:
        element = waiting.pop()
        # The head of a page is chrome by its kind, the page itself is not.
        if element is not root and hypertext.is_chrome(element):
            continue
        if element.tag == "a" and (target := (element.get("href") or "").strip()):
            yield urljoin(page.url, target)
        waiting += reversed(element)


def _goes_on(address: str) -> bool:
    return any(map(_PAGING.search, _query(address)))


def _query(address: str) -> dict[str, str]:
    """What an address asks for; TWiki parts its parameters with semicolons."""
    return dict(parse_qsl(urlsplit(address).query.replace(";", "&"), keep_blank_values=True))


def _same(address: str) -> str:
    """An address without what does not part one page of a list from another."""
    asked = sorted(each for each in _query(address).items() if _PAGING.search(each[0]))
    return f"{urlsplit(address).path}?{asked}"


@lru_cache(maxsize=1)
def _suffixes() -> tuple[str, ...]:
    """Every ending of a name that some format reads."""
    return tuple(suffix for name in names() for suffix in load(name).SUFFIXES)

"""Pages of one web server: those that are named, and those of its sitemap, within stated bounds."""

import gzip
import io
import mimetypes
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

from ingest.errors import BadSourceSettings, Unreadable
from ingest.format import HEAD_BYTES, recognise
from ingest.kind import kind_of
from ingest.remote import LoginPage, NoSuchPage, NotAllowed, Page, Remote, opened
from ingest.robots import Robots, robots_for
from ingest.source import End, Item, Raw
from ingest.xmltext import content, loaded

_MOST_SITEMAPS = 200
_SITEMAP_BYTES = 60_000_000
_CANONICAL = re.compile(rb"<link\b(?=[^>]*\brel\s*=\s*[\"']?canonical\b)[^>]*>", re.IGNORECASE)
_HREF = re.compile(rb"\bhref\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", re.IGNORECASE)
_LOOKED_AT = 50_000
_ESCAPE = re.compile("%([0-9a-fA-F]{2})")
_SAFE = "/:@!$&'()*+,;=~%"


def claims(path: Path) -> bool:  # noqa: ARG001
    """Never: pages lie on servers."""
    return False


@dataclass(frozen=True, slots=True)
class _Found:
    """A page: the address that it was asked for at, the name that it gives itself, and why nothing reads it."""

    address: str
    named: str
    version: str
    unread: str


@dataclass(frozen=True, slots=True)
class Source:
    """Pages of the server at url.

    pages are addresses or paths; sitemap is the address or path of a sitemap or an index of sitemaps, of which the
    pages that start with one of under are read (without under, those that start with url). most is how many pages
    there may be at most. Pages that robots.txt keeps programs from are left out.
    """

    name: str
    readers: frozenset[str]
    url: str
    pages: tuple[str, ...] = ()
    sitemap: str = ""
    under: tuple[str, ...] = ()
    most: int = 1000
    token_env: str = ""
    ca: Path | None = None

    def __post_init__(self) -> None:
        """Raises BadSourceSettings for keys that do not go together."""
        where = f"[[source]] kind = 'web', name = {self.name!r}"
        if not self.pages and not self.sitemap:
            raise BadSourceSettings(f"{where}: name pages or a sitemap")
        for each in (*self.pages, *self.under, self.sitemap):
            if _host(urljoin(self._base, each)) != _host(self.url):
                raise BadSourceSettings(f"{where}: {each!r} is not on the server of url; make it a source of its own")

    def listing(self) -> Iterator[Item | End]:
        """Every page that there is; those that may not be read, or that nothing reads, with the reason."""
        lost: list[str] = []
        try:
            robots = self._robots()
        except Unreadable as problem:
            yield End(False, str(problem))
            return
        named = [canonical(urljoin(self._base, each)) for each in self.pages]
        asked = list(dict.fromkeys([*named, *self._of_sitemap(lost)]))
        if len(asked) > self.most:
            lost.append(f"there are {len(asked)} pages, more than most = {self.most}")
        found: list[_Found] = []
        missing = 0
        for address in asked[: self.most]:
            if not robots.allow(_path(address)):
                yield Item(address, "", skipped="robots.txt keeps programs from it")
                continue
            try:
                page = self._server().page(address)
            except NoSuchPage as problem:
                missing += 1
                yield Item(address, "", skipped=str(problem))
            except Unreadable as problem:
                lost.append(str(problem))
            else:
                found.append(self._found(address, page))
        if missing and missing == len(asked):
            lost.append("the server has none of the pages")
        yield from _items(found)
        yield End(not lost, "; ".join(lost))

    def fetch(self, item: Item) -> Raw:
        """A page; raises Unreadable where it cannot be had."""
        page = self._server().page(item.locator)
        name = _file_name(page)
        format_name = recognise(page.data[:HEAD_BYTES], name)
        if format_name is None:
            raise Unreadable(f"{page.url}: no format reads {page.media_type or 'it'}")
        return Raw(page.data, format_name, kind_of(format_name, page.data), name=name, modified=page.modified)

    @property
    def _base(self) -> str:
        return self.url.rstrip("/") + "/"

    def _server(self) -> Remote:
        return opened(self.url, token_env=self.token_env, ca=self.ca)

    def _robots(self) -> Robots:
        """What the server lets programs read; raises Unreachable where it does not say."""
        try:
            found = robots_for("collabqa", self._server().page("/robots.txt").text)
        except LoginPage:
            raise
        except (NoSuchPage, NotAllowed):
            return Robots()  # as RFC 9309 has it
        self._server().keep_distance(found.delay)
        return found

    def _of_sitemap(self, lost: list[str]) -> list[str]:
        """The pages of the sitemap within the bounds, in their order; what could not be read is added to lost."""
        if not self.sitemap:
            return []
        waiting, seen = [urljoin(self._base, self.sitemap)], set[str]()
        found: dict[str, None] = {}
        while waiting and len(seen) < _MOST_SITEMAPS:
            address = waiting.pop(0)
            if address in seen:
                continue
            seen.add(address)
            try:
                pages, more = _entries(self._server().page(address))
            except Unreadable as problem:
                lost.append(f"{address}: {problem}" if address not in str(problem) else str(problem))
                continue
            waiting += more
            found.update(dict.fromkeys(each for each in map(canonical, pages) if self._in_bounds(each)))
        if waiting:
            lost.append(f"there are more than {_MOST_SITEMAPS} sitemaps")
        if not found and not lost:
            lost.append(f"{self.sitemap} names no page within the bounds")
        return list(found)

    def _in_bounds(self, address: str) -> bool:
        bounds = [urljoin(self._base, each) for each in self.under] or [self._base]
        return _host(address) == _host(self.url) and address.startswith(tuple(map(canonical, bounds)))

    def _found(self, address: str, page: Page) -> _Found:
        """A page, named by its own word, or by where the server sent us; by its address where that is elsewhere."""
        said = _CANONICAL.search(page.data[:_LOOKED_AT]) if page.media_type == "text/html" else None
        href = _HREF.search(said[0]) if said else None
        own = next(filter(None, href.groups()), b"").decode("utf-8", "replace") if href else ""
        named = canonical(urljoin(page.url, own.strip()) if own else page.url)
        named = named if _host(named) == _host(self.url) else address
        readable = recognise(page.data[:HEAD_BYTES], _file_name(page)) is not None
        return _Found(address, named, sha256(page.data).hexdigest(), "" if readable else page.media_type or "it")


def _items(found: list[_Found]) -> Iterator[Item]:
    """The pages, each under one address, whatever their order.

    A page goes by the name that it gives itself as long as no page of other words goes by that name.
    """
    own = {each.address: each.version for each in found}
    claimed: dict[str, set[str]] = {}
    for each in found:
        claimed.setdefault(each.named, set()).add(each.version)
    listed: set[str] = set()
    for each in found:
        alone = claimed[each.named] | {own.get(each.named, each.version)} == {each.version}
        uri = each.named if alone else each.address
        if uri in listed or (uri != each.address and uri in own):
            yield Item(each.address, "", skipped=f"the same page as {uri}")
            continue
        listed.add(uri)
        skipped = f"no format reads {each.unread}" if each.unread else ""
        yield Item(uri, each.version, each.address, skipped)


def canonical(url: str) -> str:
    """An address written as every writer would write it, without its fragment.

    >>> canonical("HTTPS://Docs.Example.org:443/a/./b/../c%7Ed?x=1#top")
    'https://docs.example.org/a/c~d?x=1'
    """
    where = urlsplit(url)
    default = {"http": 80, "https": 443}.get(where.scheme.lower())
    host = (where.hostname or "").lower() + (f":{where.port}" if where.port and where.port != default else "")
    resolved = urlsplit(urljoin("http://x", where.path)).path
    path = quote(_ESCAPE.sub(_as_everybody, resolved), safe=_SAFE)
    return urlunsplit((where.scheme.lower(), host, path or "/", where.query, ""))


def _as_everybody(escape: re.Match[str]) -> str:
    """An escaped character as itself where it needs no escape."""
    character = chr(int(escape[1], 16))
    return character if character.isascii() and (character.isalnum() or character in "-._~") else escape[0].upper()


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").lower()


def _path(address: str) -> str:
    where = urlsplit(address)
    return f"{where.path}?{where.query}" if where.query else where.path


def _file_name(page: Page) -> str:
    """A name that tells the format: the last part of the address, with the suffix that the type of the page has."""
    name = unquote(urlsplit(page.url).path.rpartition("/")[2]) or "index"
    suffix = mimetypes.guess_extension(page.media_type) or ""
    known = suffix and page.media_type not in ("text/plain", "application/octet-stream")
    return name if not known or mimetypes.guess_type(name)[0] == page.media_type else name + suffix


def _entries(page: Page) -> tuple[list[str], list[str]]:
    """The pages and the further sitemaps that a sitemap names; raises Unreadable."""
    data = _unpacked(page.data)
    if not data.lstrip().startswith(b"<"):
        lines = [line.strip() for line in data.decode("utf-8", "replace").splitlines()]
        return [line for line in lines if line.startswith(("http://", "https://"))], []
    root = loaded(data)
    kind = root.tag.rpartition("}")[2]
    if kind not in ("urlset", "sitemapindex"):
        raise Unreadable(f"{page.url}: no sitemap, but {kind}")
    named = [content(each) for each in root.findall("{*}*/{*}loc")]
    addresses = [urljoin(page.url, each) for each in named if each]
    return ([], addresses) if kind == "sitemapindex" else (addresses, [])


def _unpacked(data: bytes) -> bytes:
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        with gzip.open(io.BytesIO(data)) as file:
            made = file.read(_SITEMAP_BYTES + 1)
    except (OSError, EOFError, zlib.error) as problem:
        raise Unreadable(f"no archive that can be unpacked ({problem})") from None
    if len(made) > _SITEMAP_BYTES:
        raise Unreadable(f"unpacks to more than {_SITEMAP_BYTES:,} bytes")
    return made

"""Reading from a server: politely, patiently, and taking nothing for an answer that is none.

A source that reads from a server makes a Remote of its address and asks it for pages. Only that server is ever
contacted: a redirect to another is an error, so nothing in a document can send us anywhere.
"""

import atexit
import contextlib
import hashlib
import json
import os
import re
import sqlite3
import ssl
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from ingest.charset import as_declared, decoded
from ingest.errors import BadSource, Unreadable

if TYPE_CHECKING:
    import httpx

#: What a server is told of us.
AGENT = "collabqa (reads for a collaboration's own index)"
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_PASSWORD = re.compile(r"<input[^>]+type\s*=\s*[\"']?password", re.IGNORECASE)
_ROBOT = re.compile(
    r"<title>\s*(?:just a moment|attention required|making sure you(?:'|&#39;)re not a bot|robot check|are you a robot"
    r"|verify(?:ing)? (?:that )?you are human|security check)|cf-chl-|/\.within\.website/|g-recaptcha|h-captcha",
    re.IGNORECASE,
)
#: Pages are looked at this far for what shows that they are none, in characters.
_LOOKED_AT = 50_000
#: What was kept and not asked for again for so long is forgotten.
_KEPT_DAYS = 60


class Unreachable(Unreadable):
    """A server did not give what it was asked for."""


class NoSuchPage(Unreachable):
    """The server has nothing at this address (status 404 or 410)."""


class NotAllowed(Unreachable):
    """The server wants to know who asks (status 401 or 403), or does not want them."""


class LoginPage(NotAllowed):
    """The server answered with a page to sign on instead of what was asked for."""


class RobotCheck(Unreachable):
    """The server answered with a page that keeps programs out."""


class Elsewhere(Unreachable):
    """The server sent us to another server."""


@dataclass(frozen=True, slots=True)
class Manners:
    """How a server is treated.

    seconds_between requests; tries for one page; seconds that one answer may take from its first to its last byte;
    longest_wait in seconds that a server may ask us to wait before another try; max_bytes of one answer.
    """

    seconds_between: float = 0.2
    tries: int = 4
    seconds: float = 120.0
    first_wait: float = 1.0
    longest_wait: float = 120.0
    max_bytes: int = 200_000_000


@dataclass(frozen=True, slots=True)
class Page:
    """What a server answered: the address that it came from in the end, its bytes and its headers, names lower case."""

    url: str
    data: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def media_type(self) -> str:
        """text/html for "text/html; charset=utf-8"; empty where the server does not say."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The bytes as text, in the encoding that the server or the page names."""
        named = re.search(r"charset=[\"']?([\w.-]+)", self.headers.get("content-type", ""), re.IGNORECASE)
        return as_declared(self.data, named[1])[0] if named else decoded(self.data)[0]

    @property
    def modified(self) -> datetime | None:
        """When the server says that it last changed."""
        return _date(self.headers.get("last-modified", ""))

    def json(self) -> Any:
        """The bytes as JSON; raises Unreachable."""
        try:
            return json.loads(self.data)
        except ValueError:
            kind = self.media_type or "something"
            raise Unreachable(f"{self.url}: expected JSON, the server answered {kind}: {self.data[:60]!r}") from None


def cache_folder() -> Path:
    """Where what can be had or made again lies: answers of servers, the model's graph, which runtime is faster."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "collabqa"


def pages() -> Path:
    """The file in which answers of servers are kept."""
    return cache_folder() / "pages.sqlite"


def secret(variable: str) -> str:
    """The value of an environment variable that the settings name; "" for no name. Raises BadSource where it is not
    set."""
    if not variable:
        return ""
    value = os.environ.get(variable, "").strip()
    if not value:
        raise BadSource(f"the environment variable {variable} is not set; the settings name it for a token")
    return value


def opened(
    url: str,
    *,
    token_env: str = "",
    token_header: str = "",
    user: str = "",
    cookie_env: str = "",
    ca: Path | None = None,
    seconds_between: float = 0.2,
    keep: bool = True,
) -> "Remote":
    """The server at an address, the same for all who ask, so that requests keep their distance; raises BadSource.

    The token of the environment variable goes along as a bearer's, in a header of another name, or as the password of
    user; the cookie goes as it is. Without keep nothing that the server answers is kept on disk.
    """
    token, cookie = secret(token_env), secret(cookie_env)
    if user:
        sent = f"Basic {b64encode(f'{user}:{token}'.encode()).decode()}"
    else:
        sent = token if token_header or not token else f"Bearer {token}"
    headers = {token_header or "Authorization": sent, "Cookie": cookie}
    kept = tuple((name, value) for name, value in headers.items() if value)
    return _opened(url, kept, ca, pages() if keep else None, Manners(seconds_between=seconds_between))


class Remote:
    """One server. Use it in one thread or several; requests go out one after the other.

    headers are sent with every request and never shown. ca is a file of certificate authorities other than the
    system's. keep is a file of what servers answered before, asked again only with "if it has changed"; None keeps
    nothing on disk, as it must be where what is read may not be kept as it came. sleep is for tests.
    """

    def __init__(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        ca: Path | None = None,
        keep: Path | None = None,
        manners: Manners = Manners(),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        where = urlsplit(url)
        if where.scheme not in ("http", "https") or not where.hostname:
            raise BadSource(f"{url!r} is no address of a server: expected https://host/...")
        self.url = url.rstrip("/") + "/"
        self._origin = _origin(url)
        self._headers = {"User-Agent": AGENT, **(headers or {})}
        self._ca = ca
        self._kept = Kept(keep) if keep else None
        self._manners = manners
        self._sleep = sleep
        self._turn = Lock()
        self._due = 0.0
        self._client: httpx.Client | None = None

    def page(self, path: str = "", parameters: Mapping[str, str | int] | None = None) -> Page:
        """What lies at an address under the server's; raises Unreachable and its kinds.

        path is taken from url as a link in it would be; a whole address must be of the same server.
        """
        import httpx

        where = httpx.URL(urljoin(self.url, path))
        url = str(where.copy_merge_params(dict(parameters)) if parameters else where)
        if _origin(url) != self._origin:
            raise Elsewhere(f"{url} is not on {self._origin}")
        key = hashlib.sha256("\0".join([url, *sorted(self._headers.values())]).encode()).hexdigest()
        before = self._kept.get(key) if self._kept else None
        answer = self._patiently(url, before)
        if answer is None:
            assert before is not None
            return before
        _refuse_other_pages(answer)
        if self._kept and _can_be_asked_for_again(answer.headers):
            self._kept.put(key, answer)
        return answer

    def keep_distance(self, seconds: float) -> None:
        """Let so many seconds lie between requests from now on, if that is more than before."""
        self._manners = replace(self._manners, seconds_between=max(seconds, self._manners.seconds_between))

    def close(self) -> None:
        """Let go of the connection."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _patiently(self, url: str, before: Page | None) -> Page | None:
        """Ask until there is an answer; None where the one before still holds."""
        for attempt in range(1, self._manners.tries + 1):
            wait, problem = self._manners.first_wait * 2 ** (attempt - 1), ""
            try:
                status, answer = self._followed(url, before)
            except _Broken as broken:
                problem = str(broken)
            else:
                if status == HTTPStatus.NOT_MODIFIED and before is not None:
                    return None
                if status < HTTPStatus.MULTIPLE_CHOICES:
                    return answer
                if status not in _AGAIN:
                    raise _refused(status, answer)
                problem = f"status {status}"
                wait = max(wait, _asked_to_wait(answer.headers))
            if attempt == self._manners.tries or wait > self._manners.longest_wait:
                asks = f", and it asks to wait {wait:.0f} s" if wait > self._manners.longest_wait else ""
                raise Unreachable(f"{url}: {problem} ({attempt} {'try' if attempt == 1 else 'tries'}{asks})")
            self._sleep(wait)
        raise AssertionError("the last try has returned or raised")

    def _followed(self, url: str, before: Page | None) -> tuple[int, Page]:
        """Ask once, and go where the server sends us as long as that is on the server itself."""
        for _ in range(_MOST_REDIRECTS):
            status, answer = self._once(url, before)
            if status not in _REDIRECTS:
                return status, answer
            url = urljoin(url, answer.headers.get("location", ""))
            if _origin(url) != self._origin and not _upgraded(self._origin, url):
                raise Elsewhere(
                    f"{answer.url}: the server sends us to {_origin(url)}; if that is its sign-on, the token is "
                    "missing or no longer good; if it has moved, name the new address in the settings"
                )
        raise Unreachable(f"{url}: the server sends us round in circles")

    def _once(self, url: str, before: Page | None) -> tuple[int, Page]:
        """One request; raises _Broken for what may go better another time."""
        import httpx

        conditions = {}
        if before is not None:
            names = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
            conditions = {ours: before.headers[theirs] for theirs, ours in names.items() if theirs in before.headers}
        self._wait_for_turn()
        until = time.monotonic() + self._manners.seconds
        try:
            with self._connected().stream("GET", url, headers=conditions) as response:
                data = b"".join(self._pieces(url, response, until))
                return response.status_code, Page(url, data, {k.lower(): v for k, v in response.headers.items()})
        except httpx.HTTPError as problem:
            if "CERTIFICATE_VERIFY_FAILED" in str(problem):
                why = str(problem).rpartition("CERTIFICATE_VERIFY_FAILED] ")[2].partition(" (_ssl")[0]
                raise Unreachable(
                    f"{url}: {why}; name the file of its certificate authority with ca = '...' if it is your own"
                ) from None
            raise _Broken(f"{type(problem).__name__} {problem}".strip()) from None

    def _pieces(self, url: str, response: "httpx.Response", until: float) -> Iterator[bytes]:
        """The body as it comes, within the limits of size and time."""
        size = 0
        for piece in response.iter_bytes():
            size += len(piece)
            if size > self._manners.max_bytes:
                raise Unreachable(f"{url}: larger than {self._manners.max_bytes:,} bytes")
            if time.monotonic() > until:
                raise _Broken(f"not complete after {self._manners.seconds:g} s")
            yield piece

    def _wait_for_turn(self) -> None:
        with self._turn:
            now = time.monotonic()
            start = max(now, self._due)
            self._due = start + self._manners.seconds_between
        if start > now:
            self._sleep(start - now)

    def _connected(self) -> "httpx.Client":
        import httpx

        if self._client is None:
            try:
                context = ssl.create_default_context(cafile=str(self._ca) if self._ca else None)
            except (OSError, ssl.SSLError) as problem:
                raise BadSource(f"ca = '{self._ca}': {problem}") from None
            timeout = httpx.Timeout(min(30.0, self._manners.seconds))
            self._client = httpx.Client(headers=self._headers, timeout=timeout, verify=context)
        return self._client


class Kept:
    """What servers answered, in SQLite, readable by its owner alone. What it holds can be had again."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600, exist_ok=True)
        self._lock = Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, timeout=30, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS page "
            "(key TEXT PRIMARY KEY, day INTEGER, url TEXT, headers TEXT, data BLOB) WITHOUT ROWID"
        )
        self._db.execute("DELETE FROM page WHERE day < ?", (_today() - _KEPT_DAYS,))

    def get(self, key: str) -> Page | None:
        """The page of a key."""
        with self._lock:
            row = self._db.execute("SELECT url, data, headers FROM page WHERE key = ?", (key,)).fetchone()
            self._db.execute("UPDATE page SET day = ? WHERE key = ?", (_today(), key))
        return Page(row[0], row[1], json.loads(row[2])) if row else None

    def put(self, key: str, page: Page) -> None:
        """Keep a page."""
        row = (key, _today(), page.url, json.dumps(dict(page.headers)), page.data)
        with self._lock:
            self._db.execute("REPLACE INTO page VALUES (?, ?, ?, ?, ?)", row)


@cache
def _opened(
    url: str, headers: tuple[tuple[str, str], ...], ca: Path | None, keep: Path | None, manners: Manners
) -> Remote:
    made = Remote(url, headers=dict(headers), ca=ca, keep=keep, manners=manners)
    atexit.register(made.close)
    return made


class _Broken(Exception):
    """A request failed in a way that may pass."""


def _origin(url: str) -> str:
    where = urlsplit(url)
    port = where.port or {"http": 80, "https": 443}.get(where.scheme, 0)
    return f"{where.scheme}://{where.hostname}:{port}"


def _upgraded(origin: str, url: str) -> bool:
    """Whether a redirect leads to the same host by https."""
    return origin.startswith("http://") and _origin(url) == f"https://{urlsplit(origin).hostname}:443"


def _refused(status: int, answer: Page) -> Unreachable:
    """What a status that will not change by asking again means."""
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        return NoSuchPage(f"{answer.url}: the server has no such page (status {status})")
    if _ROBOT.search(_beginning(answer)):
        return RobotCheck(
            f"{answer.url}: the server keeps programs out (status {status}); ask its operators for a way in"
        )
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return NotAllowed(
            f"{answer.url}: the server refuses (status {status}); is the token right, and may it read this?"
        )
    return Unreachable(f"{answer.url}: status {status}")


def _refuse_other_pages(answer: Page) -> None:
    """Raise where a page with status 200 is not what was asked for."""
    if answer.media_type not in ("text/html", "application/xhtml+xml"):
        return
    beginning = _beginning(answer)
    if _PASSWORD.search(beginning):
        raise LoginPage(f"{answer.url}: the server answers with a page to sign on; is the token right, and still good?")
    if _ROBOT.search(beginning):
        raise RobotCheck(f"{answer.url}: the server keeps programs out; ask its operators for a way in")


def _beginning(answer: Page) -> str:
    return answer.data[:_LOOKED_AT].decode("utf-8", "replace")


def _asked_to_wait(headers: Mapping[str, str]) -> float:
    """The seconds of Retry-After; a date in it is read by the server's own clock."""
    asked = headers.get("retry-after", "").strip()
    if asked.isdecimal():
        return float(asked)
    until = _date(asked)
    now = _date(headers.get("date", "")) or datetime.now(UTC)
    return max(0.0, (until - now).total_seconds()) if until else 0.0


def _date(text: str) -> datetime | None:
    """A date of HTTP, with its time zone."""
    with contextlib.suppress(ValueError, TypeError):
        found = parsedate_to_datetime(text)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None


def _can_be_asked_for_again(headers: Mapping[str, str]) -> bool:
    """Whether the server can be asked if a page has changed, and lets us keep it."""
    return bool(headers.get("etag") or headers.get("last-modified")) and "no-store" not in headers.get(
        "cache-control", ""
    )


def _today() -> int:
    return int(time.time() // 86_400)

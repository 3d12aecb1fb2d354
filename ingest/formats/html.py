"""HTML pages: the content of the page, without menus, banners and footers."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from ingest import hypertext
from ingest.format import Parsed
from ingest.frontmatter import moment
from ingest.wikipage import shows_a_topic
from ingest.writer import Writer

if TYPE_CHECKING:
    from lxml.html import HtmlElement

SUFFIXES = (".html", ".htm", ".xhtml", ".shtml")

_START = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_ANY_TAG = re.compile(
    rb"<(?:p|div|h[1-6]|table|ul|ol|a|span|br|pre|meta|title|script|center|font|b|i)\b[^<>]*>", re.IGNORECASE
)
# Where generators put what a page says, the narrowest first: a name that stands in such a page, and the place.
_CONTENT = (
    ("patternTopic", "//*[contains(concat(' ', @class, ' '), ' patternTopic ')]"),
    ("patternMainContents", "//*[@id='patternMainContents']"),
    ("mw-parser-output", "//*[contains(concat(' ', @class, ' '), ' mw-parser-output ')]"),
    ("mw-content-text", "//*[@id='mw-content-text']"),
    ("md-content", "//*[contains(concat(' ', @class, ' '), ' md-content ')]"),
    ("markdown-body", "//*[contains(concat(' ', @class, ' '), ' markdown-body ')]"),
    ("main", "//div[@role='main']"),
    ("", "//main"),
    ("main", "//*[@role='main']"),
    (
        "document",
        "//div[contains(concat(' ', @class, ' '), ' document ')]//div[contains(concat(' ', @class, ' '), ' body ')]",
    ),
    ("main-content", "//*[@id='main-content']"),
    ("wiki-content", "//*[@id='wiki-content']"),
    ("", "//article"),
    ("content", "//*[@id='content']"),
    ("main", "//*[@id='main']"),
)
# A place that holds less than this share of what the page says is not its content.
_MIN_SHARE = 0.3
_SEPARATOR = re.compile(r"\s+(?:[|–—·•<»:-]|&lt;)\s+")
_DATES = ("article:modified_time", "og:updated_time", "last-modified", "dcterms.modified", "dc.date.modified")
_FIRST_DATES = (
    "article:published_time",
    "dcterms.date",
    "dc.date",
    "date",
    "citation_date",
    "citation_publication_date",
)
_AUTHORS = ("citation_author", "author", "dc.creator", "dcterms.creator", "article:author")


def recognises(head: bytes, name: str) -> bool:
    """A page starts with its doctype or root; a fragment is known by its name and some tag."""
    # What a wiki shows is read as its topics are.
    if b"\0" in head or shows_a_topic(head):
        return False
    return bool(_START.match(head)) or (name.lower().endswith(SUFFIXES) and bool(_ANY_TAG.search(head)))


def parse(raw: bytes, name: str = "") -> Parsed:  # noqa: ARG001
    """Read a page: its main content as Markdown, and what its head says of it."""
    root, warnings = hypertext.tree(_without_neighbours(raw))
    if root is None:
        return Parsed(text="", warnings=(*warnings, "no text"))
    said = list(_said(root))
    writer = Writer()
    links = hypertext.write(_content(root), writer)
    return Parsed(
        text=writer.text,
        marks=writer.marks,
        title=_title(root, writer),
        authors=tuple(
            dict.fromkeys(value for key in _AUTHORS for value in _all(said, key) if not value.startswith("http"))
        ),
        modified=_modified(said),
        language=(root.get("lang") or "").strip(),
        links=links,
        warnings=warnings if writer.text else (*warnings, "no text"),
    )


def _without_neighbours(raw: bytes) -> bytes:
    """A message page of a Mailman archive without the links to other messages, before and after the message.

    Mailman puts comments around the message; other pages are left as they are.
    """
    begin, end = raw.find(b"<!--beginarticle-->"), raw.rfind(b"<!--endarticle-->")
    if not 0 <= begin < end:
        return raw
    links = raw[:begin].lower().rfind(b"<p><ul>")
    return raw[: links if links >= 0 else begin] + raw[begin:end]


def _content(root: "HtmlElement") -> "HtmlElement":
    """The element that holds what the page says, or the whole page."""
    whole = len(" ".join(root.text_content().split()))
    said = " ".join(root.xpath("//@class | //@id | //@role", smart_strings=False))
    for name, path in _CONTENT:
        if name not in said:
            continue
        found = [each for each in root.xpath(path) if not hypertext.is_chrome(each)]
        if len(found) == 1 and len(" ".join(found[0].text_content().split())) >= _MIN_SHARE * whole:
            return found[0]
    body = root.find("body")
    return root if body is None else body


def _said(root: "HtmlElement") -> Iterator[tuple[str, str]]:
    """What the page's head says of it: names, in lower case, and values."""
    for meta in root.iter("meta"):
        key = (meta.get("name") or meta.get("property") or meta.get("http-equiv") or "").strip().lower()
        value = " ".join((meta.get("content") or "").split())
        if key and value:
            yield key, value


def _all(said: list[tuple[str, str]], key: str) -> Iterator[str]:
    return (value for name, value in said if name == key)


def _modified(said: list[tuple[str, str]]) -> datetime | None:
    found = (moment(value.replace("/", "-")) for key in (*_DATES, *_FIRST_DATES) for value in _all(said, key))
    return next(filter(None, found), None)


def _title(root: "HtmlElement", writer: Writer) -> str:
    """The page's title without the name of the site: the part that its first heading repeats, or the first part."""
    element = next(root.iter("title"), None)
    title = " ".join((element.text_content() if element is not None else "").split())
    headings = [mark.label for mark in writer.marks if mark.kind == "heading"]
    tops = [mark.label for mark in writer.marks if mark.kind == "heading" and mark.level == 1]
    if not title:
        return (tops or headings or [""])[0]
    if len(tops) == 1 and tops[0] and (tops[0].lower() in title.lower() or len(tops[0]) > len(title)):
        return tops[0]
    return _SEPARATOR.split(title)[0] or title

"""The HTML of a message as text: paragraphs, quotes with ">", lists, tables, links; nothing that is not shown.

Mailers write HTML of their own kind, with tables for layout and quotes as blocks, so this is not how a page is read.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from ingest.writer import pipe_table

if TYPE_CHECKING:
    from lxml.etree import _Element

_HIDDEN = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all|font-size\s*:\s*0|max-height\s*:\s*0", re.IGNORECASE)
_SKIPPED = {"script", "style", "head", "title", "meta", "link", "object", "iframe", "noscript", "svg", "template"}
_PARAGRAPHS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "blockquote", "pre", "hr", "form"}
_LINES = {"div", "li", "tr", "dt", "dd", "section", "article", "header", "footer", "center", "address", "br", "figure"}
_SPACE = re.compile(r"[ \t\r\n\f\xa0]+")
_TAGS = re.compile(r"<<|</?([A-Za-z0-9-]+)>")


def html_text(html: str) -> str:
    """The text of an HTML body.

    >>> html_text('<p>See <a href="https://helix.example/menu">the menu</a><blockquote>Which &gt;<br>one?</blockquote>')
    'See [the menu](https://helix.example/menu)\\n\\n> Which >\\n> one?'
    """
    from lxml.etree import HTMLParser, ParserError, XMLSyntaxError, fromstring

    parser = HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        # It is None where there is no element at all.
        root: _Element | None = fromstring(html.replace("\0", "").encode("utf-8", "replace"), parser)
        page = _Page()
        if root is not None:
            _children(root, page)
    except (ParserError, XMLSyntaxError, RecursionError):  # quotes in quotes without end
        return re.sub(r"<[^>]*>", " ", html).strip()
    return page.text


def enriched_text(enriched: str) -> str:
    """The text of text/enriched or text/richtext.

    >>> enriched_text("<bold>HLT</bold> is <nl>up<lt>3 kHz")
    'HLT is \\nup<3 kHz'
    """
    stands = {"nl": "\n", "np": "\n\n", "paragraph": "\n\n", "lt": "<"}
    return _TAGS.sub(lambda tag: "<" if tag[0] == "<<" else stands.get((tag[1] or "").lower(), ""), enriched)


def unwrapped(url: str) -> str:
    """The address that a mail gateway's protecting link leads to; any other address as it is.

    >>> unwrapped("https://eur03.safelinks.protection.outlook.com/?url=https%3A%2F%2Fhelix.example%2Fmenu&data=05")
    'https://helix.example/menu'
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    if parts.netloc.lower().endswith(".safelinks.protection.outlook.com"):
        return parse_qs(parts.query).get("url", [url])[0]
    return url


class _Page:
    """Lines of text that grow at their end; white space counts once."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line = ""

    @property
    def text(self) -> str:
        """What was written, without blank lines at its ends."""
        text = "\n".join([*self._lines, self._line.rstrip()]).strip("\n")
        return re.sub(r"\n{3,}", "\n\n", text)

    def words(self, words: str) -> None:
        """Go on in the same line."""
        words = _SPACE.sub(" ", words)
        if not self._line or self._line.endswith(" "):
            words = words.lstrip(" ")
        self._line += words

    def line(self) -> None:
        """Go on in a new line, unless this one is still empty."""
        if self._line.strip():
            self.end()

    def end(self) -> None:
        """End this line, empty or not."""
        self._lines.append(self._line.rstrip())
        self._line = ""

    def gap(self) -> None:
        """Go on after a blank line."""
        self.line()
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def put(self, block: str) -> None:
        """Add whole lines as they are."""
        self.line()
        self._lines.extend(each.rstrip() for each in block.split("\n"))


def _children(element: "_Element", page: _Page) -> None:
    page.words(element.text or "")
    for child in element:
        if isinstance(child.tag, str):
            _element(child, page)
        page.words(child.tail or "")


def _element(element: "_Element", page: _Page) -> None:
    tag = str(element.tag).lower()
    if tag in _SKIPPED or "hidden" in element.attrib or _HIDDEN.search(element.get("style") or ""):
        return
    if tag in _PARAGRAPHS:
        page.gap()
        _paragraph(element, tag, page)
        page.gap()
    elif tag == "br":
        page.end()
    elif tag in _LINES:
        page.line()
        _children(element, page)
        page.line()
    elif tag == "a":
        page.words(_link(element))
    elif tag == "img":
        page.words(_alternative(element))
    elif tag in ("sup", "sub"):
        inside = _inside(element)
        page.words(("^" if tag == "sup" else "_") + inside if inside.isalnum() or inside[:1] in "+-−" else inside)
    else:
        _children(element, page)


def _paragraph(element: "_Element", tag: str, page: _Page) -> None:
    if tag == "blockquote":
        page.put("\n".join(f"> {line}".rstrip() for line in _inside(element).split("\n")))
    elif tag in ("ul", "ol"):
        for number, item in enumerate(element.iterchildren(), 1):
            bullet = f"{number}. " if tag == "ol" else "- "
            inside = _inside(item).replace("\n", "\n" + " " * len(bullet))
            page.put(bullet + inside if inside else "")
    elif tag == "table":
        _table(element, page)
    elif tag == "pre":
        page.put("".join(str(each) for each in element.itertext()).strip("\n"))
    elif tag == "hr":
        page.put("---")
    elif tag[0] == "h":
        inside = _inside(element).replace("\n", " ")
        page.put(f"{'#' * int(tag[1])} {inside}" if inside else "")
    else:
        _children(element, page)


def _inside(element: "_Element") -> str:
    """The text of an element by itself."""
    page = _Page()
    _children(element, page)
    return page.text.strip()


def _link(element: "_Element") -> str:
    """A link as Markdown; as its words alone where they say its address already."""
    words = _inside(element)
    url = unwrapped((element.get("href") or "").strip())
    if not url.startswith(("http://", "https://", "ftp://")) or not words:
        return words
    if words.rstrip("/") in (url.rstrip("/"), re.sub(r"^\w+://", "", url).rstrip("/")) or "\n" in words:
        return words if "\n" in words else url
    return f"[{words}]({url})"


def _alternative(element: "_Element") -> str:
    """The words that stand for an image; nothing for those that only name a file."""
    words = " ".join((element.get("alt") or "").split())
    return words if " " in words and not re.search(r"\.(png|jpe?g|gif|bmp)$", words, re.IGNORECASE) else ""


def _rows(table: "_Element") -> Iterator[list["_Element"]]:
    for row in table.iter("tr"):
        if next(row.iterancestors("table"), None) is table:
            yield [cell for cell in row if cell.tag in ("td", "th")]


def _table(table: "_Element", page: _Page) -> None:
    """A table with rows and columns of words as one; any other, made for layout, as its cells one below the other."""
    rows = list(_rows(table))
    cells = [[_inside(cell) for cell in row] for row in rows]
    filled = [row for row in cells if any(row)]
    data = len(filled) > 1 and sum(len([cell for cell in row if cell]) > 1 for row in filled) * 2 > len(filled)
    nested = next(table.iterdescendants("table"), None) is not None
    if data and not nested and all(cell.count("\n") < 3 for row in cells for cell in row):
        page.put(pipe_table(cells))
        return
    for row in cells:
        for cell in filter(None, row):
            page.put(cell)
            page.gap()

"""HTML as Markdown: what a page says, without what only a browser needs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from textwrap import dedent
from typing import TYPE_CHECKING

from ingest.charset import decoded
from ingest.mathml import latex
from ingest.writer import Writer, pipe_table, spread

if TYPE_CHECKING:
    from lxml.etree import HTMLParser
    from lxml.html import HtmlElement

_HIDDEN = frozenset(
    "script style noscript template iframe svg canvas object embed button input select textarea nav head title meta "
    "link audio video map dialog".split()
)
_PARAGRAPH = frozenset(
    "p div section article main body html center address header footer aside fieldset form td th tr".split()
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_HIDING_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_CHROME_ROLE = frozenset({"navigation", "banner", "contentinfo", "search", "dialog", "alertdialog", "menu", "menubar"})
_CHROME = re.compile(
    r"(?:cookie|consent|gdpr|breadcrumb|sidebar|navbar|navigation|menubar|toolbar|skip-?link|skip-?nav|headerlink|"
    r"mw-editsection|printfooter|catlinks|siteSub|jump-to-nav|mw-jump|noprint|wy-nav|wy-breadcrumb|rst-versions|rst-footer|"
    r"md-sidebar|md-header|md-footer|md-tabs|sphinxsidebar|patternTop(?!ic$|icC)|patternRevInfo|patternLeftBar|"
    r"patternSideBar|patternBottomBar|patternToolBar|patternSearch|twikiToc|twikiAttachments|twikiCategories|anchorlink|"
    r"anchor-link|permalink|sr-only|visually-hidden|copybtn)|"
    r"(?:footer|share|sharing|social|advert|related|linenos?|toc|nav|menu)(?:[-_]|$)",
    re.IGNORECASE,
)
_CHROME_TAGS = frozenset("div nav aside ul ol section span p a table td header footer small details menu".split())
_LANGUAGE = re.compile(r"(?:language|lang|highlight|brush:?|sourceCode)[- ]?([A-Za-z+#]\w*)?")
_NO_LANGUAGE = frozenset({"default", "none", "text", "notranslate", "source", "code", "plaintext", "literal", "block"})
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_INLINE_MATH = re.compile(r"\\\((.{1,400}?)\\\)", re.DOTALL)
_SPACES = re.compile(r"[ \t\r\n\f\v\xa0]+")
_BREAKS = re.compile(r" *\ue002 *")
_SHORT_RAISED = re.compile(r"[-+−]?[\w*†±]{1,8}")
# Deeper than this, elements are read as their text alone: nobody writes such pages, but somebody may send one.
_MAX_DEPTH = 120
_BREAK = "\ue002"


@dataclass(slots=True)
class _Page:
    """What is being written, and what was met on the way."""

    writer: Writer
    deeper: int = 0
    links: list[str] = field(default_factory=list)
    anchor: str = ""


def tree(raw: bytes) -> tuple["HtmlElement | None", tuple[str, ...]]:
    """The root of a page, or None where there is nothing at all; and warnings about its encoding."""
    from lxml.etree import ParserError
    from lxml.html import document_fromstring

    text, warnings = _characters(raw)
    try:
        found = document_fromstring(_DECLARATION.sub("", text).encode("utf-8", "replace"), parser=_parser())
    except ParserError:
        return None, warnings
    return found, warnings


def write(element: "HtmlElement", writer: Writer, *, deeper: int = 0) -> tuple[str, ...]:
    """Write what stands in an element as Markdown blocks; returns the addresses that it links to.

    Headings stand so many levels deeper than the page has them.
    """
    page = _Page(writer, deeper)
    _flow(element, page, 0)
    return tuple(dict.fromkeys(page.links))


def markdown(html: str) -> str:
    """A piece of HTML as Markdown.

    >>> markdown("<p>At 13.6&nbsp;TeV we saw 2 fb<sup>-1</sup>.</p><ul><li>one<li>two</ul>")
    'At 13.6 TeV we saw 2 fb^-1.\\n\\n- one\\n- two'
    """
    root, _ = tree(html.encode("utf-8", "replace"))
    writer = Writer()
    if root is not None:
        write(root, writer)
    return writer.text


def words(element: "HtmlElement") -> str:
    """What stands in an element as one line of words."""
    return " ".join(_inline(element, _Page(Writer()), 0).replace(_BREAK, " ").split())


def is_chrome(element: "HtmlElement") -> bool:
    """Whether an element is part of the site and not of the page: menus, banners, footers, what is hidden."""
    tag = element.tag
    if not isinstance(tag, str) or tag in _HIDDEN:
        return True
    if not element.keys():
        return False
    if element.get("hidden") is not None or _HIDING_STYLE.search(element.get("style") or ""):
        return True
    if (element.get("role") or "").lower() in _CHROME_ROLE:
        return True
    if tag not in _CHROME_TAGS:
        return False
    names = f"{element.get('class') or ''} {element.get('id') or ''}".split()
    return any(_CHROME.match(name) for name in names)


@cache
def _parser() -> "HTMLParser":
    """A parser whose elements are all of one class: lxml.html's own asks Python for the class of every element."""
    from lxml.etree import ElementDefaultClassLookup, HTMLParser
    from lxml.html import HtmlElement

    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=False)
    parser.set_element_class_lookup(ElementDefaultClassLookup(element=HtmlElement))
    return parser


def _characters(raw: bytes) -> tuple[str, tuple[str, ...]]:
    """The characters of a page: as it says itself, else as they look."""
    from bs4.dammit import EncodingDetector

    said = EncodingDetector.find_declared_encoding(raw[:4096], is_html=True)
    if said and not raw.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        try:
            return raw.decode(said).replace("\0", ""), ()
        except (LookupError, UnicodeDecodeError):
            pass
    return decoded(raw)


def _flow(element: "HtmlElement", page: _Page, depth: int) -> None:
    """Write an element's content block by block; what stands between blocks becomes paragraphs."""
    pending = [element.text or ""]
    for child in element:
        if not isinstance(child.tag, str) or is_chrome(child):
            pending.append(child.tail or "")
        elif _is_block(child):
            _paragraph(pending, page)
            _block(child, page, depth + 1)
            pending = [child.tail or ""]
        else:
            pending.append(_inline_element(child, page, depth + 1))
            pending.append(child.tail or "")
    _paragraph(pending, page)


def _paragraph(pending: list[str], page: _Page) -> None:
    """Write what was gathered as a paragraph; displayed equations in it are blocks."""
    text = _tidy("".join(pending))
    if "$$" not in text and "\\[" not in text:
        page.writer.block(text)
        return
    for position, part in enumerate(re.split(r"(?:\$\$|\\\[)(.{1,2000}?)(?:\$\$|\\\])", text, flags=re.DOTALL)):
        if position % 2:
            page.writer.block(f"$$\n{part.strip()}\n$$", "equation")
        else:
            page.writer.block(part.strip())


def _tidy(text: str) -> str:
    """White space as a browser shows it; line breaks kept where the page has them."""
    if text.isprintable() and "  " not in text and "\\(" not in text:
        return text.strip()
    text = _INLINE_MATH.sub(lambda match: f"${match[1].strip()}$", _SPACES.sub(" ", text))
    return _BREAKS.sub("\n", text).strip()


def _is_block(element: "HtmlElement") -> bool:
    """Whether an element starts on a new line: by its kind, or because it holds something that does."""
    tag = element.tag
    if tag in _PARAGRAPH or tag in _BLOCKS or tag in _HEADINGS:
        return True
    if not len(element) or tag in ("math", "mjx-container", "code"):
        return False
    return next(element.iterdescendants("p", "div", *_BLOCKS, "h1", "h2", "h3", "h4", "h5", "h6"), None) is not None


def _block(element: "HtmlElement", page: _Page, depth: int) -> None:
    """Write a block element."""
    tag = element.tag
    heading = _HEADINGS.get(tag)
    own = element.get("id") or element.get("name") or ""
    if depth > _MAX_DEPTH:
        page.writer.block(_tidy(element.text_content()))
    elif heading:
        level = min(6, heading + page.deeper)
        page.writer.heading(words(element).rstrip("¶").strip(), level, _heading_fragment(element, page))
        page.anchor = ""
    elif tag in _BLOCKS:
        _BLOCKS[tag](element, page, depth)
    else:
        if own and tag in ("section", "div", "a", "span"):
            page.anchor = own
        _flow(element, page, depth)


def _heading_fragment(element: "HtmlElement", page: _Page) -> str:
    """Where a heading can be linked to: its own id, or that of an anchor in it or right before it."""
    own = element.get("id")
    if not own:
        inside = (child.get("id") or child.get("name") for child in element.iterdescendants("a", "span"))
        own = next(filter(None, inside), "") or page.anchor
    return f"#{own}" if own and not any(sign.isspace() for sign in own) else ""


def _inline(element: "HtmlElement", page: _Page, depth: int) -> str:
    """What stands in an element as text of one paragraph."""
    if depth > _MAX_DEPTH:
        return str(element.text_content())
    if not len(element):
        return element.text or ""
    parts = [element.text or ""]
    for child in element:
        if isinstance(child.tag, str) and not is_chrome(child):
            parts.append(_inline_element(child, page, depth + 1))
        parts.append(child.tail or "")
    return "".join(parts)


def _inline_element(element: "HtmlElement", page: _Page, depth: int) -> str:
    """One element within a paragraph, itself included."""
    tag = element.tag
    if tag == "br":
        return _BREAK
    if tag == "img":
        return _image(element)
    if tag in ("code", "tt", "kbd", "samp"):
        return _code_span(element.text_content())
    if tag == "math" or tag.endswith(":math"):
        return _mathematics(latex(element), display=element.get("display") == "block")
    if _is_typeset(element):
        return _typeset(element)
    if tag == "a":
        return _link(element, page, depth)
    inner = _inline(element, page, depth)
    if tag in ("sup", "sub"):
        return _raised(element, " ".join(inner.split()))
    if tag in ("td", "th", "li", "dd", "p", "div", "tr"):
        return f" {inner} "
    return inner


def _raised(element: "HtmlElement", inner: str) -> str:
    """What stands above or below the line: an index or exponent; a mark that leads to a footnote is nothing."""
    link = next(element.iter("a"), None)
    if not inner or (link is not None and (link.get("href") or "").startswith("#")):
        return ""
    sign = "^" if element.tag == "sup" else "_"
    plain = inner.replace("−", "-")
    if _SHORT_RAISED.fullmatch(plain):
        return f"{sign}{plain}"
    return f"{sign}{{{plain}}}" if len(plain) <= 20 else f" {inner} "


def _is_typeset(element: "HtmlElement") -> bool:
    """Whether an element is what KaTeX or MathJax made of LaTeX."""
    names = (element.get("class") or "").split()
    return element.tag == "mjx-container" or bool({"katex", "katex-display", "MathJax", "MathJax_Display"} & set(names))


def _typeset(element: "HtmlElement") -> str:
    """The LaTeX behind typeset mathematics, where it was kept."""
    names = (element.get("class") or "").split()
    display = element.get("display") == "true" or "katex-display" in names or "MathJax_Display" in names
    inner = next(element.iter("math", "{*}math"), None)
    return _mathematics(latex(inner), display=display) if inner is not None else ""


def _mathematics(tex: str, *, display: bool) -> str:
    if not tex:
        return ""
    return f"$${tex}$$" if display else f"${tex}$"


def _image(element: "HtmlElement") -> str:
    """An image's alternative text; the LaTeX of an image that a wiki made of a formula."""
    alternative = " ".join((element.get("alt") or "").split())
    names = element.get("class") or ""
    if alternative and any(sign in names for sign in ("math", "tex", "latex")):
        tex = alternative.strip("$").removeprefix("{\\displaystyle").strip()
        return f"${tex.removesuffix('}') if alternative.startswith('{') else tex}$"
    looks_like_file = re.fullmatch(r"\S+\.(?:png|jpe?g|gif|svg|webp)", alternative, re.IGNORECASE)
    return "" if looks_like_file or len(alternative) < 3 else alternative


def _code_span(code: str) -> str:
    code = " ".join(code.split())
    if not code:
        return ""
    fence = "``" if "`" in code else "`"
    return f"{fence}{' ' if fence == '``' else ''}{code}{' ' if fence == '``' else ''}{fence}"


def _link(element: "HtmlElement", page: _Page, depth: int) -> str:
    """The words of a link, with the address where it leads to another site or page by its whole address."""
    own = element.get("id") or element.get("name") or ""
    inner = _inline(element, page, depth)
    target = (element.get("href") or "").strip()
    shown = " ".join(inner.replace(_BREAK, " ").split())
    if own and not shown:
        page.anchor = own
    if not target.startswith(("http://", "https://")) or not target.isprintable() or " " in target:
        return inner
    page.links.append(target)
    if not shown:
        return ""
    if len(target) > 300 or "(" in target or "[" in shown:
        return inner
    return f"<{target}>" if shown == target else f"[{shown}]({target})"


def _code(element: "HtmlElement", page: _Page, depth: int) -> None:  # noqa: ARG001
    for line_break in list(element.iter("br")):
        line_break.tail = "\n" + (line_break.tail or "")
    page.writer.code(element.text_content().expandtabs(8), _language(element))


def _language(element: "HtmlElement") -> str:
    """The programming language that a code block's classes name, its own or those around or in it."""
    near = [element, *element.iterchildren("code"), *list(element.iterancestors())[:2]]
    for each in near:
        for name in (each.get("class") or "").split():
            match = _LANGUAGE.match(name)
            if match and match[1] and match[1] not in _NO_LANGUAGE:
                return match[1]
    return ""


def _list(element: "HtmlElement", page: _Page, depth: int) -> None:
    """Write a list; code and tables in an item become blocks between the items."""
    lines: list[str] = []
    for each in _items(element, page, depth, ""):
        if isinstance(each, str):
            lines.append(each)
            continue
        page.writer.block(dedent("\n".join(lines)).lstrip())
        lines = []
        _block(each, page, depth + 1)
    page.writer.block(dedent("\n".join(lines)).lstrip())


def _items(element: "HtmlElement", page: _Page, depth: int, indent: str) -> Iterator["str | HtmlElement"]:
    """The lines of a list, and the blocks that stand in its items."""
    number = 0
    for item in element:
        if not isinstance(item.tag, str) or is_chrome(item):
            continue
        if item.tag in ("ul", "ol"):
            yield from _items(item, page, depth + 1, f"{indent}  ")
            continue
        number += 1
        sign = f"{number}." if element.tag == "ol" else "-"
        text = _tidy(_item_text(item, page, depth)).replace("\n", " ")
        if text:
            yield f"{indent}{sign} {text}"
        if depth >= _MAX_DEPTH:
            continue
        for inner in item.iterdescendants("ul", "ol", "pre", "table"):
            if next(inner.iterancestors("li", "table"), None) is not item or is_chrome(inner):
                continue
            if inner.tag in ("pre", "table"):
                yield inner
            else:
                yield from _items(inner, page, depth + 1, indent + " " * (len(sign) + 1))


def _item_text(item: "HtmlElement", page: _Page, depth: int) -> str:
    """An item's own words, without the lists, code blocks and tables in it."""
    parts = [item.text or ""]
    for child in item:
        if isinstance(child.tag, str) and not is_chrome(child) and child.tag not in ("ul", "ol", "pre", "table"):
            holds_blocks = depth < _MAX_DEPTH and next(child.iter("ul", "ol", "pre", "table"), None) is not None
            read = _item_text if holds_blocks else _inline_element
            parts.append(f" {read(child, page, depth + 1)} " if holds_blocks else read(child, page, depth + 1))
        parts.append(child.tail or "")
    return "".join(parts)


def _definitions(element: "HtmlElement", page: _Page, depth: int) -> None:
    """Write a list of terms, each with what it means."""
    term = ""
    for child in element:
        if not isinstance(child.tag, str) or is_chrome(child):
            continue
        if child.tag == "dt":
            page.writer.block(f"**{term}**" if term else "")
            term = words(child)
        elif child.tag == "dd" and not any(_is_block(inner) for inner in child if isinstance(inner.tag, str)):
            meaning = _tidy(_inline(child, page, depth))
            page.writer.block(f"**{term}**: {meaning}" if term else meaning)
            term = ""
        else:
            page.writer.block(f"**{term}**" if term else "")
            term = ""
            _flow(child, page, depth)
    page.writer.block(f"**{term}**" if term else "")


def _quote(element: "HtmlElement", page: _Page, depth: int) -> None:
    inner = _Page(Writer(), page.deeper, page.links)
    _flow(element, inner, depth)
    if inner.writer.text:
        page.writer.block("\n".join(f"> {line}".rstrip() for line in inner.writer.text.split("\n")))


def _caption(element: "HtmlElement", page: _Page, depth: int) -> None:
    page.writer.block(_tidy(_inline(element, page, depth)), "caption")


def _table(element: "HtmlElement", page: _Page, depth: int) -> None:
    """Write a table; one that only lays the page out is read cell by cell."""
    rows = [row for row in element.iter("tr") if next(row.iterancestors("table"), None) is element]
    nested = next(element.iterdescendants("table"), None) is not None
    caption = next(element.iterchildren("caption"), None)
    if caption is not None:
        _caption(caption, page, depth)
    cells = [_cells(row) for row in rows]
    widest = max(map(len, cells), default=0)
    blocks = any(next(row.iter("pre", "h1", "h2", "h3", "blockquote"), None) is not None for row in rows)
    if nested or blocks or widest < 2 or len(rows) < 2:
        for cell in (cell for row in cells for cell in row):
            _flow(cell, page, depth + 1)
        return
    page.writer.block(pipe_table(spread(_spanning(row, page, depth) for row in cells)), "table")


def _cells(row: "HtmlElement") -> list["HtmlElement"]:
    return [cell for cell in row.iterchildren("td", "th") if not is_chrome(cell)]


def _spanning(row: list["HtmlElement"], page: _Page, depth: int) -> Iterator[tuple[str, int, int]]:
    """The texts of a row's cells, each with the columns and rows that it spans."""
    for cell in row:
        text = _tidy(_inline(cell, page, depth)).replace("\n", "; ")
        yield text, _span(cell, "colspan"), _span(cell, "rowspan")


def _span(cell: "HtmlElement", name: str) -> int:
    given = cell.get(name) or "1"
    return min(int(given), 50) if given.isdecimal() and int(given) > 0 else 1


_BLOCKS = {
    "pre": _code,
    "ul": _list,
    "ol": _list,
    "menu": _list,
    "dl": _definitions,
    "blockquote": _quote,
    "figcaption": _caption,
    "table": _table,
    "hr": lambda element, page, depth: None,  # noqa: ARG005
    "figure": _flow,
    "details": _flow,
    "summary": _flow,
}

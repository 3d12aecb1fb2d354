"""Topics as a wiki shows them: a page of HTML, with or without its chrome, back to the markup that it was made from.

What the page says is written as TWiki's markup (with the HTML that a topic may hold), so that it is read as the topic
itself is. Its text is guarded with signs: nothing in it is markup any more.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from ingest import hypertext
from ingest.formats.twiki_markup.macros import says_more
from ingest.formats.twiki_markup.meta import Meta, revision_info
from ingest.formats.twiki_markup.signs import BAR, NOP, without_signs
from ingest.formats.twiki_markup.tags import MARKUP
from ingest.mathml import latex

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_TITLE = re.compile(r"\s*(?P<topic>\w+)\s*<\s*(?P<web>[\w./]+)\s*<")
# Where skins put the topic, the narrowest first.
_CONTENT = ("patternTopic", "foswikiTopic", "twikiTopic", "natMainContents")
_CHROME = re.compile(
    r"(?:twiki|foswiki|pattern)(?:Toc|Attachments?|RevInfo|Info|TopicAction\w*|TopBar\w*|LeftBar\w*|SideBar\w*|"
    r"BottomBar\w*|ToolBar\w*|HomePath\w*|SearchBox|EditTable\w*|TableEdit\w*|Moved|ContentFooter|TopicFooter)$|editTable"
)
_FORM = re.compile(r"(?:twiki|foswiki|pattern)Form(?:Holder)?$")
_NEW_LINK = re.compile(r"(?:twiki|foswiki)NewLink$")
_TABLE = re.compile(r"(?:twiki|foswiki)Table$")
_REVISION = re.compile(r"pattern(?:Rev)?Info$|(?:twiki|foswiki)RevInfo$")
_VIEW = re.compile(r".*?/(?:view|viewauth|edit)(?:\.\w+)?/(?P<place>.+)")
_PUB = re.compile(r".*?/pub/(?P<place>.+)")
_SPACES = re.compile(r"[ \t\r\n\f\v\xa0]+")
# A setting in a bullet stays one: it may say who reads the topic.
_SETTING = re.compile(r"\s*(?:Set|Local)\s+\w+\s*=[^\n]*")
_LINE_ENDS = re.compile(r"[ \t\r\f\v\xa0]*\n\s*")
# What TWiki reads as markup at the beginning of a line.
_LINE_MARKUP = re.compile(r"^(?=---|#[A-Z])", re.M)
_KEPT = {
    "b": "b",
    "strong": "b",
    "i": "i",
    "em": "i",
    "sub": "sub",
    "sup": "sup",
    "del": "del",
    "s": "s",
    "strike": "s",
}
_CODE = frozenset({"code", "tt", "kbd", "samp"})
_MATHEMATICS = frozenset({"math", "mjx-container"})
_TYPESET = frozenset({"katex", "katex-display", "MathJax", "MathJax_Display"})
_BLOCKS = frozenset(
    """p div section article main center blockquote address fieldset figure figcaption details summary hr body form
    header""".split()
)
_HEADING = re.compile(r"h[1-6]")
# Deeper than this, elements are read as their text alone.
_MAX_DEPTH = 120


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows: the topic's web and name, what its footer says of it, and its markup."""

    web: str
    topic: str
    about: Meta
    markup: str
    warnings: tuple[str, ...] = ()


def shown(raw: bytes) -> Shown:
    """The topic that a page shows."""
    root, warnings = hypertext.tree(raw)
    if root is None:
        return Shown("", "", Meta(), "", warnings)
    _clean(root)
    title = next(root.iter("title"), None)
    named = _TITLE.match(title.text_content() if title is not None else "")
    web = named["web"].replace(".", "/") if named else ""
    writer = _Writer(web, f"{'/'.join(['..'] * (web.count('/') + 1))}")
    content = _content(root)
    markup = "".join(writer.flow(content, 0)) + "".join(
        writer.form(each) for each in _forms(root) if content not in each.iterancestors()
    )
    return Shown(web, named["topic"] if named else "", _about(root), markup, warnings)


def _clean(root: "HtmlElement") -> None:
    """Take out of a page all characters that are signs while a topic is read."""
    for element in root.iter():
        element.text = without_signs(element.text) if element.text else None
        element.tail = without_signs(element.tail) if element.tail else None
        for name in ("href", "src", "alt"):
            if value := element.get(name):
                element.set(name, without_signs(value))


def _content(root: "HtmlElement") -> "HtmlElement":
    """The element that holds the topic, or the whole page."""
    for name in _CONTENT:
        found = root.find_class(name)
        if len(found) == 1:
            return found[0]
    body = root.find("body")
    return root if body is None else body


def _forms(root: "HtmlElement") -> Iterator["HtmlElement"]:
    return (
        each for each in root.iter("div") if _has(each, _FORM) and not any(_has(o, _FORM) for o in each.iterancestors())
    )


def _about(root: "HtmlElement") -> Meta:
    """What the footer says of the topic's last revision."""
    footers = (revision_info(each.text_content()) for each in root.iter("div", "span") if _has(each, _REVISION))
    found = [each for each in footers if each]
    timed = [each for each in found if each.modified and each.modified.hour + each.modified.minute]
    return (timed or found or [Meta()])[0]


def _has(element: "HtmlElement", name: re.Pattern[str]) -> bool:
    """Whether one of an element's classes has such a name."""
    return any(name.match(each) for each in (element.get("class") or "").split())


@dataclass(slots=True)
class _Writer:
    """Writes elements as markup. up leads from a topic to the folder of all webs."""

    web: str
    up: str

    def flow(self, element: "HtmlElement", depth: int) -> Iterator[str]:
        """What stands in an element, block by block."""
        yield _text(element.text)
        for child in element:
            if isinstance(child.tag, str):
                yield self.element(child, depth + 1)
            yield _text(child.tail)

    def element(self, element: "HtmlElement", depth: int) -> str:
        """An element, itself included."""
        tag = element.tag
        if depth > _MAX_DEPTH:
            return _text(element.text_content())
        if tag in _MATHEMATICS or _TYPESET & set((element.get("class") or "").split()):
            return _formula(element)
        if self._is_chrome(element):
            return ""
        if _has(element, _FORM):
            return self.form(element)
        if "twistyTrigger" in (element.get("class") or ""):
            return self._trigger(element)
        if _has(element, _NEW_LINK):
            return self._new_link(element, depth)
        if tag in ("ul", "ol", "dl"):
            return "\n\n---\n" + "".join(self._list(element, depth, 1)) + "\n\n---\n"
        if tag == "table":
            return self._table(element, depth, "")
        return self._inline(element, depth)

    def form(self, element: "HtmlElement") -> str:
        """The topic's form as the table that it is at the end of a topic."""
        rows = [
            [" ".join("".join(self.flow(cell, 0)).split()) for cell in row.iterchildren("td")]
            for row in element.iter("tr")
        ]
        kept = [(row[0].rstrip(" :"), row[1]) for row in rows if len(row) == 2 and row[1]]
        head = next(element.iter("th", "h1", "h2", "h3", "h4"), None)
        link = next(head.iter("a"), None) if head is not None else None
        named = link if link is not None and link.text_content().strip() else head
        name = " ".join(named.text_content().split()) if named is not None else "Field"
        lines = [f"| *{NOP}{name}* | *Value* |", *(f"| {title} | {value} |" for title, value in kept)]
        return "\n\n" + "\n".join(lines) + "\n\n" if kept else ""

    def _is_chrome(self, element: "HtmlElement") -> bool:
        """Whether an element is the wiki's and not the topic's; what is only folded away is the topic's."""
        names = (element.get("class") or "").split()
        if "twistyContent" in names:
            return False
        return _has(element, _CHROME) or (hypertext.is_chrome(element) and not _has(element, _FORM))

    def _trigger(self, element: "HtmlElement") -> str:
        """What opens a folded part, where it says more than that it can be opened."""
        words = " ".join(element.text_content().split())
        closes = (element.get("id") or "").endswith("hide") or "twistyHide" in (element.get("class") or "")
        return f"\n\n{_text(words)}<br />" if words and not closes and says_more(words) else ""

    def _new_link(self, element: "HtmlElement", depth: int) -> str:
        """A link to a topic that is yet to be written, with its question mark."""
        link = next(element.iter("a"), None)
        if link is None:
            return "".join(self.flow(element, depth))
        target = self._reached((link.get("href") or "").partition("?")[0])
        words = " ".join(element.text_content().removesuffix(link.text_content()).split())
        if link.text_content().strip() not in ("", "?"):
            words = " ".join(link.text_content().split())
        return f'<a href="{html.escape(target)}">{_text(words)}</a>'

    def _inline(self, element: "HtmlElement", depth: int) -> str:
        """Everything that is neither a list nor a table."""
        tag = element.tag
        if tag == "pre":
            return f"<verbatim>{element.text_content()}</verbatim>"
        if tag in _CODE:
            return f"<code>{html.escape(element.text_content())}</code>"
        if tag == "br":
            return "<br />"
        if tag == "a":
            return self._link(element, depth)
        if tag == "img":
            source, words = self._reached(element.get("src") or ""), element.get("alt") or ""
            return f'<img src="{html.escape(source)}" alt="{html.escape(words)}">'
        inside = "".join(self.flow(element, depth))
        if _HEADING.fullmatch(tag):
            return f"\n\n<{tag}>{inside}</{tag}>\n\n"
        if tag in _KEPT:
            return f"<{_KEPT[tag]}>{inside}</{_KEPT[tag]}>"
        return f"\n\n{inside}\n\n" if tag in _BLOCKS else inside

    def _link(self, element: "HtmlElement", depth: int) -> str:
        """A link, or an anchor."""
        target = (element.get("href") or "").strip()
        inside = "".join(self.flow(element, depth))
        own = element.get("name") or element.get("id") or ""
        anchor = f'<a name="{own}"></a>' if re.fullmatch(r"[\w.-]+", own) and own != "PageTop" else ""
        if not target or "sortcol=" in target:
            return anchor + inside
        if element.text_content().strip() == target:
            return anchor + target
        return f'{anchor}<a href="{html.escape(self._reached(target))}">{inside}</a>'

    def _reached(self, target: str) -> str:
        """Where a link leads, as the topic's own markup reaches it: topics and attachments by their place."""
        where = urlsplit(target)
        if where.scheme not in ("", "http", "https"):
            return target
        fragment = f"#{where.fragment}" if where.fragment else ""
        if attached := _PUB.fullmatch(where.path):
            return f"{self.up}/../pub/{unquote(attached['place'])}"
        viewed = _VIEW.fullmatch(where.path)
        if viewed is None or where.query:
            return target
        web, _, topic = unquote(viewed["place"]).strip("/").rpartition("/")
        if not web:
            return target
        return topic + fragment if web == self.web else f"{self.up}/{web}/{topic}{fragment}"

    def _list(self, element: "HtmlElement", depth: int, level: int) -> Iterator[str]:
        """The items of a list, each on a line of its own."""
        marker = {"ol": f"{element.get('type') or '1'}.", "ul": "*"}.get(element.tag, "$")
        term = ""
        for item in element:
            if not isinstance(item.tag, str) or self._is_chrome(item):
                continue
            if item.tag in ("ul", "ol", "dl"):
                yield from self._list(item, depth + 1, level + 1)
                continue
            words, below = self._item(item, depth + 1, level)
            if setting := _SETTING.match(item.text_content()):
                words = " ".join(setting[0].split())
            if item.tag == "dt":
                term = words
                continue
            yield f"\n{'   ' * level}{marker} {f'{term}: ' if marker == '$' else ''}{words}"
            yield from below

    def _item(self, item: "HtmlElement", depth: int, level: int) -> tuple[str, list[str]]:
        """The words of an item on one line, and the lists and tables in it."""
        words, below = [_line(item.text)], list[str]()
        for child in item:
            if isinstance(child.tag, str) and not self._is_chrome(child):
                if child.tag in ("ul", "ol", "dl"):
                    below += self._list(child, depth + 1, level + 1)
                elif child.tag == "table":
                    below.append(self._table(child, depth + 1, "   " * level))
                elif child.tag == "pre":
                    words.append(self._inline(child, depth))
                else:
                    words.append(_SPACES.sub(" ", self.element(child, depth + 1)))
            words.append(_line(child.tail))
        return "".join(words).strip(), below

    def _table(self, element: "HtmlElement", depth: int, indent: str) -> str:
        """A table of the topic's own as rows between bars; one of HTML as it is."""
        if not _has(element, _TABLE):
            return f"\n\n{self._html(element, depth)}\n\n"
        caption = next(element.iterchildren("caption"), None)
        before = "".join(self.flow(caption, depth)).strip() if caption is not None else ""
        hanging: dict[int, int] = {}
        own = (row for row in element.iter("tr") if next(row.iterancestors("table"), None) is element)
        lines = [indent + "|" + "".join(self._cells(row, depth, hanging)) for row in own]
        if indent:
            return "\n" + "\n".join(lines) + "\n"
        return f"\n\n{before}\n\n" + "\n".join(lines) + "\n\n"

    def _cells(self, row: "HtmlElement", depth: int, hanging: dict[int, int]) -> Iterator[str]:
        """The cells of a row, each with the bars behind it."""
        column = 0
        for cell in row.iterchildren("td", "th"):
            while hanging.get(column, 0) > 0:
                hanging[column] -= 1
                column += 1
                yield " ^ |"
            text = _SPACES.sub(" ", self._html(cell, depth, inner=True)).strip()
            across, down = _number(cell, "colspan"), _number(cell, "rowspan")
            if down > 1:
                hanging[column] = down - 1
            column += across
            yield f" *{text}* {'|' * across}" if cell.tag == "th" and text else f" {text} {'|' * across}"
        while hanging.get(column, 0) > 0:
            hanging[column] -= 1
            column += 1
            yield " ^ |"

    def _html(self, element: "HtmlElement", depth: int, *, inner: bool = False) -> str:
        """An element as HTML with its text guarded: for lists and tables inside cells, and tables of HTML."""
        inside = [_text(element.text)]
        for child in element:
            if isinstance(child.tag, str):
                whole = child.tag in ("ul", "ol", "li", "tr", "td", "th", "tbody", "thead", "table", "caption")
                inside.append(self._html(child, depth + 1) if whole else self.element(child, depth + 1))
            inside.append(_text(child.tail))
        spans = "".join(f' {name}="{element.get(name)}"' for name in ("colspan", "rowspan") if element.get(name))
        return "".join(inside) if inner else f"<{element.tag}{spans}>{''.join(inside)}</{element.tag}>"


def _number(element: "HtmlElement", name: str) -> int:
    given = element.get(name) or "1"
    return min(int(given), 50) if given.isdecimal() and int(given) > 0 else 1


def _formula(element: "HtmlElement") -> str:
    """The LaTeX behind typeset mathematics, where it was kept."""
    inner = element if element.tag == "math" else next(element.iter("math", "{*}math"), None)
    tex = latex(inner) if inner is not None else ""
    if not tex:
        return ""
    display = inner is not None and inner.get("display") == "block"
    return f"\n\n<latex>{tex}</latex>\n\n" if display else f"%${tex}$%"


def _text(text: str | None) -> str:
    """Text of a page in its lines, so that nothing in it is markup."""
    bare = _LINE_ENDS.sub("\n", text or "").replace("|", BAR)
    return _LINE_MARKUP.sub(NOP, MARKUP.sub(rf"{NOP}\g<0>", html.escape(bare, quote=False)))


def _line(text: str | None) -> str:
    """The same on one line."""
    return _SPACES.sub(" ", _text(text))

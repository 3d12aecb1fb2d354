"""TWiki topics: raw TML, with its %META lines, as Markdown.

A topic is read in five steps: what it says of itself (meta, access), what no macro may touch (tags.guarded), macros
(macros), HTML (tags.flattened), and then lines (blocks) and what stands inside them (inline, tables). Includes are
not resolved here: a source does that with include.expanded before it hands the bytes over.
"""

import re
from collections.abc import Mapping

from ingest.charset import decoded
from ingest.format import Parsed
from ingest.formats.twiki_markup import rendered
from ingest.formats.twiki_markup.access import clauses
from ingest.formats.twiki_markup.blocks import Page, joined
from ingest.formats.twiki_markup.inline import Inline
from ingest.formats.twiki_markup.macros import expanded, spaced, variables
from ingest.formats.twiki_markup.meta import Meta, meta, settings, without_settings
from ingest.formats.twiki_markup.signs import NOP, Cell, Shelf, without_signs
from ingest.formats.twiki_markup.tags import flattened, guarded
from ingest.wikipage import shows_a_topic

SUFFIXES = (".txt", ".tml", ".twiki")

_SURE = re.compile(
    r"^%META:\w+\{|^---\++(?:!!)?[ \t]*\S|^(?: {3})+\* Set (?:ALLOW|DENY)\w+ *="
    r"|%(?:TOC|(?:START|STOP)INCLUDE|ENDTWISTY)%|%(?:TOC|INCLUDE|TWISTY|SEARCH)\{",
    re.M,
)
_HINTS = (
    re.compile(r"\[\[[^\[\]\n]+\]\[[^\[\]\n]+\]\]"),
    re.compile(r"^(?: {3})+\* \S", re.M),
    re.compile(r"%[A-Z]{3,}%|<nop>|<verbatim>"),
    re.compile(r"^\| *\*[^|\n]+\* *\|", re.M),
)
_GENERIC_TITLE = re.compile(
    r"[\d.\s]*(?:introduction|overview|about\b.*|contents|table of contents|purpose|summary|abstract|documentation"
    r"|comments?|heading|title)\W*",
    re.I,
)
_DROPPED_SETTING = re.compile(
    r"(?:ALLOW|DENY)\w+|FINALPREFERENCES|NOAUTOLINK|(?:USER)?STYLE\w*|SKIN|COVER|\w*LINKCSS|TWISTY\w*|TOC\w*|\w*_OPTS\w*|TOPICTITLE"
)


def recognises(head: bytes, name: str) -> bool:
    """Whether this looks like a topic: one sure sign, or two weaker ones where its name allows it."""
    if shows_a_topic(head):
        return True
    if b"\0" in head or head.startswith((b"%PDF", b"<?xml", b"{")):
        return False
    text = head.decode("utf-8", "replace").replace("\r\n", "\n")
    file = name.lower().rpartition("/")[2]
    possible = file.endswith(SUFFIXES) or "." not in file
    return bool(_SURE.search(text)) or (possible and sum(bool(hint.search(text)) for hint in _HINTS) > 1)


def parse(raw: bytes, name: str = "") -> Parsed:
    """Read a topic; name is "Web/Topic.txt" where the web is known.

    Links lead to where they do as seen from the topic's address (base/Web/Topic).
    """
    web, topic = _place(name)
    if shows_a_topic(raw):
        there = rendered.shown(raw)
        guesses, about, body = there.warnings, there.about, there.markup
        web, topic = there.web or web, there.topic or topic
    else:
        characters, guesses = decoded(raw)
        about, body = meta(without_signs(characters))
    set_here = settings(body, about.preferences)
    readers, denied = clauses(set_here)
    warned: dict[str, None] = dict.fromkeys((*guesses, *denied))
    shelf = Shelf()
    body = guarded(without_settings(body, _dropped(set_here, body)), shelf)
    scope = variables(about, set_here, web, topic)
    attached = variables(about, {}, web, topic)["ATTACHURL"]
    body = guarded(expanded(body, scope, warned), shelf)
    inline = Inline(shelf, up="/".join([".."] * (web.count("/") + 1)))
    page = Page(inline)
    page.write(flattened(body, shelf))
    _append_form(page, about)
    shown, marks = joined(page.blocks)
    return Parsed(
        text=shown,
        marks=marks,
        title=about.title or _first_title(page) or spaced(topic),
        authors=(about.author,) if about.author else (),
        modified=about.modified,
        version=about.version,
        parent=about.parent,
        identifiers=tuple(dict.fromkeys(about.moved)),
        links=tuple(dict.fromkeys((*inline.links, *(f"{attached}/{each.name}" for each in about.attachments)))),
        warnings=tuple(warned),
        readers=readers,
    )


def _place(name: str) -> tuple[str, str]:
    """The web and the topic that a file name stands for."""
    web, _, file = name.replace("\\", "/").strip("/").rpartition("/")
    topic, dot, suffix = file.rpartition(".")
    return web, topic if dot and f".{suffix.lower()}" in SUFFIXES else file


def _dropped(set_here: Mapping[str, str], body: str) -> frozenset[str]:
    """The settings whose bullets are no text: those that the wiki itself uses, and those that the topic uses."""
    return frozenset(name for name in set_here if _DROPPED_SETTING.fullmatch(name) or f"%{name}%" in body)


def _first_title(page: Page) -> str:
    """The first heading, where it is of the top level and says what this topic is about."""
    first = next((block for block in page.blocks if block.kind == "heading"), None)
    if first is None or first.level > 1 or _GENERIC_TITLE.fullmatch(first.label):
        return ""
    return first.label


def _append_form(page: Page, about: Meta) -> None:
    """The fields of the topic's form as a table at its end."""
    if about.fields:
        heading = [Cell(NOP + (about.form.rpartition(".")[2] or "Field"), header=True), Cell("Value", header=True)]
        page.table([heading, *([Cell(title), Cell(value)] for title, value in about.fields)])

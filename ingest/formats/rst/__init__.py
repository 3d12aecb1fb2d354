"""reStructuredText, as docutils and Sphinx have it; nothing is included, read or run."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from textwrap import dedent
from typing import Any

from ingest.charset import decoded
from ingest.format import Parsed
from ingest.formats.rst import directives as restructured
from ingest.frontmatter import moment
from ingest.writer import Writer, pipe_table, spread

SUFFIXES = (".rst", ".rest")

_HEAD = re.compile(rb"^\.\.[ \t]+(?:_[\w -]+:|[\w-]+::)|:(?:ref|doc|term):`", re.MULTILINE)
_UNDERLINE = re.compile(rb"^[^\s].*\r?\n([=\-~*#^\"'+])\1{3,}[ \t]*\r?$", re.MULTILINE)
_NOT_SHOWN = frozenset(
    "comment target substitution_definition system_message transition raw pending header footer decoration docinfo "
    "meta generated".split()
)
_NO_LANGUAGE = frozenset({"code", "literal-block", "none", "default", "text", ""})
_MARKED_UP_ROLE = re.compile(r":[\w:.+-]+:`([^`]*)`")


@dataclass(slots=True)
class _Page:
    writer: Writer = field(default_factory=Writer)
    links: list[str] = field(default_factory=list)
    title: str = ""


def recognises(head: bytes, name: str) -> bool:
    """By its name; a text file by directives or roles together with an underlined heading."""
    if b"\0" in head:
        return False
    lower = name.lower()
    is_text = lower.endswith(".txt") or "." not in lower
    return lower.endswith(SUFFIXES) or (is_text and bool(_HEAD.search(head)) and bool(_UNDERLINE.search(head)))


def parse(raw: bytes, name: str = "") -> Parsed:  # noqa: ARG001
    """Read reStructuredText as Markdown; raises Unreadable where docutils gives up."""
    text, warnings = decoded(raw)
    tree = restructured.doctree(text.expandtabs(8))
    page = _Page()
    if tree.get("title"):
        page.title = " ".join(str(tree["title"]).split())
    # Docutils makes the only top section the title of the document.
    _flow(tree, page, 2 if page.title else 1)
    headings = [mark.label for mark in page.writer.marks if mark.kind == "heading"]
    said = {each.tagname: each.astext() for info in tree.findall(_is("docinfo")) for each in info.children}
    return Parsed(
        text=page.writer.text,
        marks=page.writer.marks,
        title=page.title or (headings[0] if headings else ""),
        authors=tuple(filter(None, (each.strip() for each in said.get("author", "").split(",")))),
        modified=moment(said.get("date", "")),
        links=tuple(dict.fromkeys(page.links)),
        warnings=warnings if page.writer.text else (*warnings, "no text"),
    )


def _is(tag: str) -> Any:
    return lambda node: getattr(node, "tagname", "") == tag


def _flow(node: Any, page: _Page, level: int) -> None:
    """Write the blocks in a node one after the other."""
    for child in node.children:
        _block(child, page, level)


def _block(node: Any, page: _Page, level: int) -> None:
    """Write one block; level is that of the next heading."""
    tag = getattr(node, "tagname", "#text")
    if tag in _NOT_SHOWN or "system-messages" in (node.get("classes", ()) if hasattr(node, "get") else ()):
        return
    if tag == "section":
        _flow(node, page, level + 1)
    elif tag in ("title", "subtitle"):
        _heading(node, page, level)
    elif tag in _WRITERS:
        _WRITERS[tag](node, page, level)
    elif tag in _BOXES:
        page.writer.block(f"**{_BOXES[tag]}:**")
        _flow(node, page, level)
    elif tag in ("image", "reference"):
        page.writer.block(_inline(node, page))
    else:
        _flow(node, page, level)


def _heading(node: Any, page: _Page, level: int) -> None:
    """A section's title is a heading; that of a box is a bold line."""
    owner = node.parent
    words = _inline(node, page)
    if getattr(owner, "tagname", "") not in ("section", "document"):
        page.writer.block(f"**{words}**")
        return
    depth = level - 1 if owner.tagname == "section" else 1 if node.tagname == "title" else 2
    identifiers = owner.get("ids") or [""]
    page.writer.heading(words, depth, f"#{identifiers[0]}" if identifiers[0] else "")


def _paragraph(node: Any, page: _Page, level: int) -> None:  # noqa: ARG001
    page.writer.block(_inline(node, page))


def _literal(node: Any, page: _Page, level: int) -> None:  # noqa: ARG001
    names = [name for name in node.get("classes", ()) if name not in _NO_LANGUAGE]
    page.writer.code(node.astext(), names[0] if names and re.fullmatch(r"[\w+#-]+", names[0]) else "")


def _equation(node: Any, page: _Page, level: int) -> None:  # noqa: ARG001
    tex = node.astext().strip()
    if tex:
        page.writer.block(f"$$\n{tex}\n$$", "equation")


def _lines(node: Any, page: _Page, level: int) -> None:  # noqa: ARG001
    page.writer.block("\n".join(_line_texts(node, page, "")))


def _line_texts(node: Any, page: _Page, indent: str) -> Iterator[str]:
    for child in node.children:
        if child.tagname == "line_block":
            yield from _line_texts(child, page, f"{indent}  ")
        else:
            yield f"{indent}{_inline(child, page)}"


def _caption(node: Any, page: _Page, level: int) -> None:  # noqa: ARG001
    page.writer.block(_inline(node, page), "caption")


def _quote(node: Any, page: _Page, level: int) -> None:
    """An indented block is a quotation only where it names whom it quotes; most were indented without a thought."""
    _flow(node, page, level)


def _list(node: Any, page: _Page, level: int) -> None:
    """Write a list; code and tables in an item become blocks between the items."""
    lines: list[str] = []
    for each in _items(node, page, ""):
        if isinstance(each, str):
            lines.append(each)
        else:
            page.writer.block(dedent("\n".join(lines)).lstrip())
            lines = []
            _block(each, page, level)
    page.writer.block(dedent("\n".join(lines)).lstrip())


def _items(node: Any, page: _Page, indent: str) -> Iterator[Any]:
    """The lines of a list, and the blocks that stand in its items."""
    first = node.get("start", 1) if node.tagname == "enumerated_list" else 0
    for number, item in enumerate(_children(node, "list_item"), start=first):
        sign = f"{number}." if node.tagname == "enumerated_list" else "-"
        deeper = indent + " " * (len(sign) + 1)
        prefix = f"{indent}{sign} "
        for child in _without_quotes(item):
            if child.tagname in ("paragraph", "line_block"):
                text = _inline(child, page).replace("\n", " ")
                yield f"{prefix}{text}"
                prefix = deeper
            elif child.tagname in ("bullet_list", "enumerated_list"):
                if prefix != deeper:
                    yield prefix.rstrip()
                    prefix = deeper
                yield from _items(child, page, deeper)
            elif child.tagname not in _NOT_SHOWN:
                yield child


def _without_quotes(item: Any) -> Iterator[Any]:
    """What stands in a list item; an indented block in it is no quotation but an indentation too many."""
    for child in item.children:
        if child.tagname == "block_quote":
            yield from _without_quotes(child)
        else:
            yield child


def _definitions(node: Any, page: _Page, level: int) -> None:
    for item in _children(node, "definition_list_item"):
        terms = ", ".join(_inline(each, page) for each in (*_children(item, "term"), *_children(item, "classifier")))
        meanings = [child for each in _children(item, "definition") for child in each.children]
        if meanings and meanings[0].tagname == "paragraph":
            page.writer.block(f"**{terms}**: {_inline(meanings[0], page)}")
            meanings = meanings[1:]
        else:
            page.writer.block(f"**{terms}**")
        for each in meanings:
            _block(each, page, level)


def _fields(node: Any, page: _Page, level: int) -> None:
    """A list of fields or options, one line each; what else their bodies hold stands after it."""
    lines = []
    others = []
    for item in node.children:
        names = [_inline(each, page) for each in item.children if each.tagname in ("field_name", "option_group")]
        bodies = [each for each in item.children if each.tagname in ("field_body", "description")]
        inner = [child for body in bodies for child in body.children]
        said = " ".join(_inline(child, page) for child in inner if child.tagname == "paragraph")
        lines.append(f"- {' '.join(names)}: {said}".rstrip(": "))
        others += [child for child in inner if child.tagname != "paragraph"]
    page.writer.block("\n".join(lines))
    for child in others:
        _block(child, page, level)


def _note(node: Any, page: _Page, level: int) -> None:  # noqa: ARG001
    """A footnote or citation."""
    label = " ".join(_inline(each, page) for each in _children(node, "label"))
    words = " ".join(_inline(each, page) for each in node.children if each.tagname == "paragraph")
    page.writer.block(f"[{label}] {words}")


def _table(node: Any, page: _Page, level: int) -> None:
    for title in _children(node, "title"):
        _caption(title, page, level)
    rows = [row for group in node.findall(_is("row")) for row in [group] if _table_of(row) is node]
    blocks = [child for row in rows for entry in row.children for child in entry.children]
    if any(child.tagname in ("literal_block", "table", "math_block") for child in blocks):
        for child in blocks:
            _block(child, page, level)
        return
    page.writer.block(pipe_table(spread(_spanning(row, page) for row in rows)), "table")


def _table_of(row: Any) -> Any:
    node = row.parent
    while node is not None and node.tagname != "table":
        node = node.parent
    return node


def _spanning(row: Any, page: _Page) -> Iterator[tuple[str, int, int]]:
    """The texts of a row's cells, each with the columns and rows that it spans."""
    for entry in row.children:
        yield _cell(entry, page), 1 + int(entry.get("morecols", 0)), 1 + int(entry.get("morerows", 0))


def _cell(entry: Any, page: _Page) -> str:
    """The text of a cell in one line; its paragraphs and items parted by semicolons."""
    parts: list[str] = []
    for child in entry.children:
        if child.tagname in ("bullet_list", "enumerated_list"):
            parts.extend(each.strip(" -") for each in _items(child, page, "") if isinstance(each, str))
        elif child.tagname not in _NOT_SHOWN:
            parts.append(_inline(child, page).replace("\n", " "))
    return "; ".join(filter(None, parts))


def _children(node: Any, tag: str) -> list[Any]:
    return [child for child in node.children if getattr(child, "tagname", "") == tag]


def _inline(node: Any, page: _Page) -> str:
    """What stands in a node as text of one paragraph; the lines of a line block stay lines."""
    if getattr(node, "tagname", "") == "line_block":
        return "\n".join(_line_texts(node, page, ""))
    return " ".join("".join(_inline_node(child, page) for child in node.children or [node]).split())


def _inline_node(node: Any, page: _Page) -> str:
    tag = getattr(node, "tagname", "#text")
    if tag == "#text":
        return str(node.astext())
    if tag in _NOT_SHOWN or tag == "footnote_reference":
        return ""
    if tag == "literal":
        code = " ".join(node.astext().split())
        return f"`{code}`" if code and "`" not in code else code
    if tag == "math":
        return f"${node.astext().strip()}$"
    if tag == "image":
        alternative = " ".join((node.get("alt") or "").split())
        return "" if re.fullmatch(r"\S+\.\w{2,4}|\S*", alternative) else alternative
    if tag == "problematic":
        words = "" if re.fullmatch(r"\|[^|]*\|", node.astext()) else node.astext()
        return _MARKED_UP_ROLE.sub(lambda match: "" if "<" in match[1] else match[1], words)
    inner = "".join(_inline_node(child, page) for child in node.children)
    if tag == "reference":
        return _link(node, inner, page)
    if tag in ("subscript", "superscript") and re.fullmatch(r"\S{1,12}", inner):
        return f"{'_' if tag == 'subscript' else '^'}{inner}"
    if tag == "citation_reference":
        return f"[{inner}]"
    return f"{inner} " if tag in ("term", "classifier", "option", "paragraph") else inner


def _link(node: Any, inner: str, page: _Page) -> str:
    target = (node.get("refuri") or "").strip()
    shown = " ".join(inner.split())
    if not target.startswith(("http://", "https://")) or " " in target or not shown:
        return inner
    page.links.append(target)
    if shown in (target, target.removesuffix("/")):
        return target
    return inner if "(" in target or "[" in shown else f"[{shown}]({target})"


_BOXES = {
    name: name.capitalize()
    for name in ("note", "tip", "warning", "important", "caution", "danger", "error", "hint", "attention")
}
_WRITERS = {
    "paragraph": _paragraph,
    "literal_block": _literal,
    "doctest_block": _literal,
    "math_block": _equation,
    "line_block": _lines,
    "caption": _caption,
    "block_quote": _quote,
    "bullet_list": _list,
    "enumerated_list": _list,
    "definition_list": _definitions,
    "field_list": _fields,
    "option_list": _fields,
    "footnote": _note,
    "citation": _note,
    "table": _table,
    "rubric": lambda node, page, level: page.writer.block(f"**{_inline(node, page)}**"),  # noqa: ARG005
    "attribution": _paragraph,
}

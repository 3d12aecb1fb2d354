"""Markdown, with what site generators add to it: front matter, Liquid tags, attributes, admonitions, MyST fences."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ingest import frontmatter
from ingest.charset import decoded
from ingest.format import Parsed
from ingest.outline import outline, plain

SUFFIXES = (".md", ".markdown", ".mkd", ".mdown", ".mdx", ".myst", ".rmd", ".qmd")

_FIELDS_FIRST = re.compile(
    rb"(?:\xef\xbb\xbf)?---[ \t]*\r?\n[A-Za-z][\w-]*:[^\n]*\n(?:[^\n]*\n){0,60}?---[ \t]*(?:\r?\n|\Z)"
)

# What is dropped or changed in prose.
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_LIQUID_COMMENT = re.compile(r"\{%-?\s*comment\s*-?%\}.*?(?:\{%-?\s*endcomment\s*-?%\}|\Z)", re.DOTALL)
_LIQUID_TITLED = re.compile(r"\{%-?\s*\w+\s+\"([^\"\n]*)\"\s*-?%\}")
_LIQUID = re.compile(r"\{%(?:[^%\n]|%(?!\})){0,300}%\}|\{\{(?:[^}\n]|\}(?!\})){0,300}\}\}")
_ATTRIBUTES = re.compile(r"(?<![ \t])[ \t]*\{:(?![ \t]*#)[^}\n]{0,200}\}[ \t]*$", re.MULTILINE)
_HIDDEN = re.compile(r"<(script|style|iframe|svg)\b[^>]*>.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_IMAGE = re.compile(r"<img\b[^<>]*?\balt\s*=\s*(?:\"([^\"<>]*)\"|'([^'<>]*)')[^<>]*>", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:abbr|article|aside|a|big|blockquote|body|br|button|b|center|cite|code|dd|del|details|dfn|div|dl|dt|em|figcaption|"
    r"figure|font|footer|h[1-6]|header|hr|html|img|ins|i|kbd|label|li|main|mark|nav|ol|picture|pre|p|section|small|"
    r"source|span|strong|sub|summary|sup|s|table|tbody|td|tfoot|thead|th|tr|tt|ul|u|video)(?:\s[^<>]*|/)?>",
    re.IGNORECASE,
)
_EMBEDDED = re.compile(r"!\[([^\]]*)\]\((?:data|attachment):[^)]*\)")
_MYST_TARGET = re.compile(r"^\([\w.:-]+\)=[ \t]*$", re.MULTILINE)
_MYST_ROLE = re.compile(r"\{(\w[\w:.-]*)\}`([^`\n]*)`")
_DISPLAY_MATH = re.compile(
    r"^[ \t]*\\\\?\[[ \t]*\n((?:[^\n]+\n){1,60}?)[ \t]*\\\\?\][ \t]*$|^[ \t]*\\\\?\[([^\n]+?)\\\\?\][ \t]*$",
    re.MULTILINE,
)
_INLINE_MATH = re.compile(r"\\\\?\(([^\n]{1,400}?)\\\\?\)")
# What tells mathematics from brackets that were only escaped.
_MATHEMATICAL = re.compile(r"[\\^_={}]|^\s*\S{1,3}\s*$")
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`)((?:[^\n]|\n(?!\n))+?)(?<!`)\1(?!`)")
_STASHED = re.compile("\ue000(\\d+)\ue001")

_MAX_DEPTH = 10
_GAPS = re.compile(r"\n{3,}")

# Lines that open or close something.
_FENCE = re.compile(r"([ \t>]*)(`{3,}|~{3,})([^`\n]*)$")
_LIQUID_CODE = re.compile(r"[ \t]*\{%-?\s*highlight\s+(\w+)[^%]*%\}[ \t]*$")
_LIQUID_CODE_END = re.compile(r"[ \t]*\{%-?\s*endhighlight\s*-?%\}[ \t]*$")
_ADMONITION = re.compile(
    r"([ \t]*)(?:!!!|\?\?\?\+?)[ \t]*([A-Za-z][\w-]*)(?:[ \t]+[a-z][\w-]*)*[ \t]*(?:\"([^\"]*)\")?[ \t]*$"
)
_TAB = re.compile(r"([ \t]*)===[!+]?[ \t]+\"([^\"]*)\"[ \t]*$")
_COLONS = re.compile(r"[ \t]*:{3,}[ \t]*(?:\{?([A-Za-z][\w-]*)\}?)?[ \t]*(.*)$")
_DIRECTIVE = re.compile(r"\{([\w:-]+)\}[ \t]*(.*)$")
_OPTION = re.compile(r"[ \t]*:[\w-]+:")
_QUOTED_HEADING = re.compile(r"^((?:[ \t]*>)+[ \t]*)#{1,6}[ \t]+(.*?)[ \t#]*$", re.MULTILINE)
_CODE_DIRECTIVES = frozenset(("code", "code-block", "code-cell", "sourcecode", "parsed-literal", "mermaid"))
_DROPPED = frozenset(
    ["toctree", "image", "include", "contents", "index", "raw", "tableofcontents", "bibliography", "literalinclude"]
)
_LINK = re.compile(
    r"\]\(\s*<?(https?://[^\s)>]+)|<(https?://[^\s>]+)>|^[ \t]*\[[^\]\n]+\]:[ \t]*<?(https?://[^\s>]+)", re.MULTILINE
)
_SHOWN = {"questions": "Questions", "objectives": "Objectives", "keypoints": "Key points"}


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of prose, or a block of code that stays as it is."""

    code: bool
    lines: tuple[str, ...]


def recognises(head: bytes, name: str) -> bool:
    """Markdown has no signature: the name tells, or front matter at the start."""
    if b"\0" in head:
        return False
    return name.lower().endswith(SUFFIXES) or bool(_FIELDS_FIRST.match(head))


def parse(raw: bytes, name: str = "") -> Parsed:  # noqa: ARG001
    """Read Markdown; the text stays Markdown, without what only a site generator understands."""
    source, warnings = decoded(raw)
    fields, body, trouble = frontmatter.split(source)
    text = _GAPS.sub("\n\n", f"{_shown(fields)}{cleaned(body)}").strip("\n").rstrip()
    marks = outline(text)
    headings = [mark for mark in marks if mark.kind == "heading"]
    first = next((mark.label for mark in headings if mark.level == 1), headings[0].label if headings else "")
    links = (next(filter(None, match.groups())) for match in _LINK.finditer(text))
    return Parsed(
        text=text,
        marks=marks,
        title=plain(fields.title) or first,
        authors=fields.authors,
        modified=fields.modified,
        language=fields.language,
        links=tuple(dict.fromkeys(links)),
        warnings=(*warnings, *trouble, *(() if text else ("no text",))),
    )


def cleaned(body: str) -> str:
    """Markdown without comments, Liquid, HTML tags and attribute lists; titles of boxes become bold paragraphs.

    >>> cleaned("!!! note\\n    Mind the {{ page.root }} pile-up.\\n\\nEnd.<br>")
    '**Note:**\\n\\nMind the  pile-up.\\n\\nEnd.\\n'
    """
    lines = list(_unboxed(_LIQUID_COMMENT.sub("", body).split("\n")))
    parts = ("\n".join(part.lines) if part.code else _prose(part.lines) for part in _parts(lines))
    return _GAPS.sub("\n\n", "\n".join(line.rstrip(" \t") for line in "\n".join(parts).split("\n")))


def _shown(fields: frontmatter.FrontMatter) -> str:
    """The fields of the front matter that readers of the page see, as Markdown in front of the body."""
    blocks = []
    for name, sentences in fields.shown:
        if name in _SHOWN:
            blocks.append(f"**{_SHOWN[name]}**\n\n" + "\n".join(f"- {sentence}" for sentence in sentences))
        else:
            blocks.extend(sentences)
    return "".join(f"{block}\n\n" for block in blocks)


def _unboxed(lines: list[str]) -> Iterator[str]:
    """Boxes and tabs as a bold title and their content, which loses its indentation."""
    open_boxes: list[int] = []
    for line in lines:
        indent = len(line) - len(line.lstrip())
        while open_boxes and line.strip() and indent < open_boxes[-1] + 4:
            open_boxes.pop()
        line = line[4 * len(open_boxes) :] if line.strip() else line
        box = _ADMONITION.match(line) or _TAB.match(line)
        colons = _COLONS.match(line)
        if box:
            open_boxes.append(indent)
            title = box[box.lastindex or 0] if box.re is _TAB else box[3] or box[2].capitalize()
            yield from (f"{box[1]}**{title}:**", "")
        elif colons:
            title = colons[2].strip(" []{}") or (colons[1] or "").capitalize()
            yield from ("", f"**{title}:**", "") if colons[1] else ("",)
        else:
            yield line


def _parts(lines: list[str], depth: int = 0) -> Iterator[_Part]:
    """Prose and code by turns, in order; MyST directives are opened up, down to a bearable depth."""
    prose: list[str] = []
    position = 0
    while position < len(lines):
        line = lines[position]
        opening, liquid = _FENCE.match(line), _LIQUID_CODE.match(line)
        if not opening and not liquid:
            if line.startswith("<!--"):
                position = _after_comment(lines, position)
                continue
            prose.append(line)
            position += 1
            continue
        if prose:
            yield _Part(False, tuple(prose))
            prose = []
        after = _after_fence(lines, position, opening)
        inner = lines[position + 1 : after]
        if liquid:
            yield _Part(True, (f"```{liquid[1]}", *inner[:-1], "```"))
        elif opening:
            yield from _fenced(opening, lines[position:after], depth)
        position = after
    if prose:
        yield _Part(False, tuple(prose))


def _after_comment(lines: list[str], position: int) -> int:
    """The line after a comment that starts here; a comment that is never closed is this line alone."""
    for after in range(position, len(lines)):
        if "-->" in lines[after]:
            return after + 1
    return position + 1


def _after_fence(lines: list[str], position: int, opening: re.Match[str] | None) -> int:
    """The line after the end of a block of code."""
    quoted = bool(opening and ">" in opening[1])
    for after in range(position + 1, len(lines)):
        line = lines[after]
        if opening is None:
            if _LIQUID_CODE_END.match(line):
                return after + 1
            continue
        closing = _FENCE.match(line)
        if quoted and not line.lstrip().startswith(">"):
            return after
        if closing and not closing[3].strip() and closing[2].startswith(opening[2]):
            return after + 1
    return len(lines)


def _fenced(opening: re.Match[str], block: list[str], depth: int) -> Iterator[_Part]:
    """A fenced block: code, or a MyST directive, whose content is prose or mathematics."""
    directive = _DIRECTIVE.match(opening[3].strip()) if depth < _MAX_DEPTH else None
    if opening[3].strip() == "math" or (directive and directive[1] == "math"):
        inner = [line for line in block[1:-1] if not _OPTION.match(line)]
        yield _Part(True, ("$$", *inner, "$$"))
    elif not directive:
        yield _Part(True, tuple(_closed(opening, block)))
    elif directive[1] in _CODE_DIRECTIVES or directive[1] == "eval-rst":
        inner = [line for line in _closed(opening, block)[1:] if not _OPTION.match(line)]
        yield _Part(True, (f"{opening[1]}{opening[2]}{directive[2]}", *inner))
    elif directive[1] not in _DROPPED:
        inner = [line for line in block[1:-1] if not _OPTION.match(line)]
        title = directive[2] if directive[1] != "figure" else ""
        yield from _parts(["", f"**{title or directive[1].capitalize()}:**", *inner, ""], depth + 1)


def _closed(opening: re.Match[str], block: list[str]) -> list[str]:
    """The block with its closing fence; a block that ran to the end of the text gets one."""
    last = _FENCE.match(block[-1]) if len(block) > 1 else None
    if last and last[2].startswith(opening[2]) and not last[3].strip():
        return block
    return [*block, f"{opening[1]}{opening[2]}"]


def _prose(lines: tuple[str, ...]) -> str:
    """Prose without what is for site generators; code spans stay as they are."""
    spans: list[str] = []

    def stash(match: re.Match[str]) -> str:
        spans.append(match[0])
        return f"\ue000{len(spans) - 1}\ue001"

    text = _QUOTED_HEADING.sub(r"\1**\2**", "\n".join(lines))
    text = _CODE_SPAN.sub(stash, _MYST_ROLE.sub(_role, text))
    text = _COMMENT.sub("", _HIDDEN.sub("", text))
    text = _LIQUID.sub("", _LIQUID_TITLED.sub(r"**\1**", text))
    text = _EMBEDDED.sub(r"\1", _MYST_TARGET.sub("", _ATTRIBUTES.sub("", text)))
    text = _IMAGE.sub(lambda match: match[1] or match[2] or "", _BREAK.sub("\n", text))
    text = _TAG.sub("", text)
    text = _DISPLAY_MATH.sub(_display_math, text)
    text = _INLINE_MATH.sub(_inline_math, text)
    # A private character of the source itself may look like ours: only numbers that were given out are put back.
    return _STASHED.sub(lambda match: spans[int(match[1])] if int(match[1]) < len(spans) else match[0], text)


def _display_math(match: re.Match[str]) -> str:
    """An equation between $$ signs; brackets that were only escaped stay."""
    tex = (match[1] or match[2]).strip()
    return f"$$\n{tex}\n$$" if _MATHEMATICAL.search(tex) else match[0]


def _inline_math(match: re.Match[str]) -> str:
    """Mathematics between $ signs; parentheses that were only escaped stay."""
    tex = match[1].strip()
    return f"${tex}$" if tex and _MATHEMATICAL.search(tex) else match[0]


def _role(match: re.Match[str]) -> str:
    """A MyST role as what the reader sees of it."""
    name, content = match.groups()
    if name == "math":
        return f"${content}$"
    words, _, target = content.removesuffix(">").partition("<")
    return words.strip() or target

"""Jira's wiki markup as Markdown.

Blocks first ({code}, {noformat}, {quote}, {panel}, headings, lists, tables), then what stands inside a line. What is no
markup stays as it stands: p_T, 2-3, a*b.
"""

import re
from collections.abc import Callable, Iterator

from ingest.writer import fenced, pipe_table

_VERBATIM = re.compile(r"\{(code|noformat)(?::([^}\n]*))?\}(.*?)(?:\{\1\}|\Z)", re.DOTALL)
_STASHED = re.compile("\ue000(\\d+)\ue001")
_QUOTE = re.compile(r"\{quote\}(.*?)(?:\{quote\}|\Z)", re.DOTALL)
_PANEL = re.compile(r"\{(?:panel|info|note|tip|warning)(?::([^}\n]*))?\}")
_DROPPED = re.compile(r"\{(?:color|anchor|toc|section|column|center|align|size|expand)(?::[^}\n]*)?\}")
_HEADING = re.compile(r"[ \t]*h([1-6])\.[ \t]+(.*)$")
_BLOCK_QUOTE = re.compile(r"[ \t]*bq\.[ \t]+(.*)$")
_RULER = re.compile(r"[ \t]*-{4,}[ \t]*$")
_ITEM = re.compile(r"[ \t]*([*#]+|-)[ \t]+(\S.*)$")
_ROW = re.compile(r"[ \t]*(\|.*)$")
# Where a table's cells part: a bar that stands in no link and no image.
_CELL = re.compile(r"((?:\\.|\[[^\]\n]*\]|!\S[^!\n]*!|[^|\\]|\\)*)(\|\|?|$)")
_LANGUAGE = re.compile(r"[a-z][\w+#-]*", re.IGNORECASE)

_MONOSPACED = re.compile(r"\{\{(.{1,400}?)\}\}")
_LINK = re.compile(r"\[([^\[\]|\n]+)(?:\|([^\[\]|\n]+))?(?:\|[^\[\]\n]*)?\]")
_TARGET = re.compile(r"(?:https?|ftp|mailto|file):\S+$|[#^~]\S", re.IGNORECASE)
_IMAGE = re.compile(r"(?<![\w!])!([^\s!|][^!|\n]*\.\w{2,5})(?:\|[^!\n]*)?!(?!\w)")
_BRACED = re.compile(r"\{([*_+-]|\?\?)\}(\S(?:[^\n]{0,400}?\S)?)\{\1\}")
_ESCAPED = re.compile(r"\\([\\{}\[\]*_+^~|!?#-])")
_BREAK = re.compile(r"\\\\(?!\\)")
_GAPS = re.compile(r"\n{3,}")


def _phrase(sign: str) -> re.Pattern[str]:
    """Words between two signs that touch them and stand apart from other words."""
    return re.compile(rf"(?<![\w{sign}\\]){sign}(?=[^\s{sign}])([^\n]{{0,400}}?[^\s\\{sign}]){sign}(?![\w{sign}])")


_PHRASES: tuple[tuple[re.Pattern[str], str], ...] = (
    (_phrase(r"\*"), r"**\1**"),
    (_phrase("_"), r"*\1*"),
    (_phrase(r"\?\?"), r"*\1*"),
    (_phrase(r"\+"), r"\1"),
    (_phrase(r"\-"), r"~~\1~~"),
)
_RAISED = re.compile(r"\{?\^\}?([^\s^~{}]{1,20})\{?\^\}?")
_LOWERED = re.compile(r"\{?~\}?([^\s^~{}/]{1,20})\{?~\}?")
_SHORT = re.compile(r"[-+]?\w+")
_BRACES = {"*": r"**\2**", "_": r"*\2*", "??": r"*\2*", "+": r"\2", "-": r"~~\2~~"}


def markdown(markup: str, *, deeper: int = 0) -> str:
    """The markup as Markdown; headings stand so many levels deeper.

    >>> markdown("h2. Rates\\n* {{L1}} is *high* at p_T > 20\\n** see [the menu|https://menu.example/1]")
    '## Rates\\n\\n- `L1` is **high** at p_T > 20\\n  - see [the menu](https://menu.example/1)'
    """
    stash: list[str] = []

    def keep(block: str) -> str:
        stash.append(block)
        return f"\ue000{len(stash) - 1}\ue001"

    text = re.sub("[\ue000\ue001]", "", markup).replace("\r\n", "\n").replace("\r", "\n")
    text = _VERBATIM.sub(lambda found: _verbatim(found, keep), text)

    def back(made: str) -> str:
        while _STASHED.search(made):
            made = _STASHED.sub(lambda found: stash[int(found[1])], made)
        return made

    text = _QUOTE.sub(lambda found: f"\n\n{keep(_quoted(back(_blocks(found[1], deeper, keep))))}\n\n", text)
    text = back(_blocks(text, deeper, keep))
    return _GAPS.sub("\n\n", text).strip("\n")


def _verbatim(found: re.Match[str], keep: Callable[[str], str]) -> str:
    """A block of code with its title, out of reach of all other markup."""
    code, told = found[3].strip("\n"), (found[2] or "").split("|")
    if not code.strip():
        return ""
    language = next((each for each in told if _LANGUAGE.fullmatch(each)), "")
    title = next((each.partition("=")[2].strip() for each in told if each.startswith("title=")), "")
    named = f"{title}\n\n" if title else ""
    return f"\n\n{named}{keep(fenced(code, language.lower()))}\n\n"


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in _GAPS.sub("\n\n", text).strip("\n").split("\n"))


def _blocks(text: str, deeper: int, keep: Callable[[str], str]) -> str:
    """Line by line: headings, lists, tables, quotes, and the rest."""
    text = _PANEL.sub(lambda found: _titled(found[1] or ""), text)
    lines = _DROPPED.sub("", text).split("\n")
    done: list[str] = []
    before = ""
    while lines:
        line = lines.pop(0).rstrip()
        kind, made = _block(line, lines, deeper, keep)
        if made and (kind != before or kind in ("heading", "table")) and done and done[-1]:
            done.append("")
        if made or not line:
            done.append(made)
        before = kind if made else ""
    return "\n".join(done)


def _titled(told: str) -> str:
    """The title of a panel, as a line of its own."""
    title = next((each.partition("=")[2].strip() for each in told.split("|") if each.strip().startswith("title=")), "")
    return f"\n\n*{title}*\n\n" if title else "\n\n"


def _block(line: str, rest: list[str], deeper: int, keep: Callable[[str], str]) -> tuple[str, str]:
    """What a line begins, and its Markdown; the lines of a table and of an item are taken from the rest."""
    heading, item, quote = _HEADING.match(line), _ITEM.match(line), _BLOCK_QUOTE.match(line)
    if heading:
        return "heading", f"{'#' * min(6, int(heading[1]) + deeper)} {_inline(heading[2], keep).strip()}"
    if _RULER.match(line):
        return "", ""
    if quote:
        return "quote", f"> {_inline(quote[1], keep)}"
    if item:
        depth, sign = len(item[1]), "1." if item[1].endswith("#") else "-"
        indent = "".join("   " if each == "#" else "  " for each in item[1][: depth - 1])
        return "list", f"{indent}{sign} {_inline(item[2], keep)}"
    if _ROW.match(line):
        rows = [line, *_rows(line, rest)]
        return "table", pipe_table([_cells(row, keep) for row in _whole(rows)])
    return "prose", _inline(line, keep)


def _rows(line: str, rest: list[str]) -> Iterator[str]:
    """The lines that go on with a table after its first: its rows, and what an open cell goes on with."""
    while rest and rest[0].strip():
        if not _ROW.match(rest[0]) and (line.rstrip().endswith("|") or _begins_other(rest[0])):
            return
        line = rest.pop(0)
        yield line


def _begins_other(line: str) -> bool:
    return any(pattern.match(line) for pattern in (_HEADING, _ITEM, _BLOCK_QUOTE, _RULER, _STASHED))


def _whole(lines: list[str]) -> list[str]:
    """The rows of a table, each in one line."""
    rows: list[str] = []
    for line in lines:
        if _ROW.match(line) and (not rows or rows[-1].rstrip().endswith("|")):
            rows.append(line.strip())
        else:
            rows[-1] = f"{rows[-1]} {line.strip()}"
    return rows


def _cells(row: str, keep: Callable[[str], str]) -> list[str]:
    inner = re.sub(r"^\|{1,2}", "", row)
    return [_inline(found[1].strip(), keep) for found in _CELL.finditer(inner) if found[1].strip() or found[2]]


def _inline(text: str, keep: Callable[[str], str]) -> str:
    """What stands inside a line: code, links and images first, and out of reach of what follows."""
    text = _MONOSPACED.sub(lambda found: keep(f"`{found[1].replace('`', chr(39))}`"), text)
    text = _BREAK.sub(" ", text) if "\\\\" in text else text
    text = _IMAGE.sub(lambda found: keep(f"[{found[1].rsplit('/', 1)[-1]}]"), text)
    text = _LINK.sub(lambda found: _link(found, keep), text)
    text = re.sub(r"https?://[^\s|\]]+", lambda found: keep(found[0]), text)
    text = _ESCAPED.sub(lambda found: keep(found[1]), text)
    text = _BRACED.sub(lambda found: re.sub(_BRACED, _BRACES[found[1]], found[0]), text)
    text = _RAISED.sub(lambda found: _index("^", found[1]), text)
    text = _LOWERED.sub(lambda found: _index("_", found[1]), text)
    for pattern, markdown_of in _PHRASES:
        text = pattern.sub(markdown_of, text)
    return re.sub(r"(?<=\s)---(?=\s)", "—", re.sub(r"(?<=\s)--(?=\s)", "–", text))


def _index(sign: str, inner: str) -> str:
    """An exponent or index as LaTeX has it."""
    return f"{sign}{inner}" if _SHORT.fullmatch(inner) else f"{sign}{{{inner}}}"


def _link(found: re.Match[str], keep: Callable[[str], str]) -> str:
    """A link; brackets that lead nowhere stay as they stand."""
    words, target = found[1].strip(), (found[2] or "").strip()
    if not target:
        if not _TARGET.match(words):
            return found[0]
        words, target = "", words
    if target.startswith("~"):
        return keep(words or f"@{target[1:].removeprefix('accountid:')}")
    if target.startswith(("#", "^")):
        return keep(words or target[1:])
    if not _TARGET.match(target):
        return found[0] if " " in target else keep(words or target)
    address = target.removeprefix("mailto:") if not words else target
    return keep(f"[{words}]({target})") if words and words != target else keep(address)

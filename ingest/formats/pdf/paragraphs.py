"""From the rows of a paged document to its blocks: headings, paragraphs, list items, tables, code, captions."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ingest.formats.pdf.lines import Row
from ingest.formats.pdf.tables import table_rows
from ingest.names import names

BlockKind = Literal["heading", "paragraph", "item", "table", "code", "caption"]

_NUMBERED = re.compile(
    r"(?:(\d{1,2}(?:\.\d{1,2}){0,4})\.?|([IVX]{1,5})\.|([A-H](?:\.\d{1,2}){1,3}|[A-H](?=\.)|Appendix [A-H])\.?)\s+\S"
)
_NAMED = re.compile(
    r"(?:abstract|summary|contents|introduction|conclusions?|references|bibliography|acknowledge?ments?|"
    r"appendix(?: \w)?)\.?",
    re.IGNORECASE,
)
_CAPTION = re.compile(
    r"(?:Fig(?:ure|\.)|Tab(?:le|\.)|FIG\.|TABLE|FIGURE)\s?(?:[A-Z]?\.?\d+(?:\.\d+)*|[IVX]+)\s?(?:[:.|–-]|\s[A-Z])"
)
_DATE = re.compile(
    r"(?:\w+day, )?(?:\d{1,2}\.? [A-Z][a-z]{2,8}\.?|[A-Z][a-z]{2,8}\.? \d{1,2}),? \d{4}|\d{4}-\d\d-\d\d|"
    r"[A-Z][a-z]{2,8} \d{4}"
)
_BULLET = re.compile(r"(?:[•‣▪▫◦●○■□◆◇►▶➢➤✓✔❖⁃∙·→*]|[-–—−§Øüo](?=\s))\s*")
_ENUMERATED = re.compile(r"\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)]\s+\S")
_REFERENCE = re.compile(r"\[\w{1,12}\]\s+\S")
_LEADERS = re.compile(r"(?:\s?[.·…]){4,}\s*")
_SENTENCE_END = re.compile(r"[.!?:;]['\")\]”’]*(?:\^?\d+)?$")
_BARE_NUMBER = re.compile(r"(?:[-+−]?\d[\d.,]*(?:\s?%)?|10\^[-−]?\d+)(?:\s+(?:[-+−]?\d[\d.,]*|10\^[-−]?\d+))*")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Block:
    """Rows that belong together.

    level is that of a heading (0 until all of the document's headings are known), or how deep a list item lies, from 1.
    """

    kind: BlockKind
    rows: tuple[Row, ...]
    level: int = 0


@dataclass(frozen=True, slots=True)
class Setting:
    """How a document is set: the size of its running text, and whether its pages are slides."""

    body: float
    slides: bool


def setting(pages: Sequence[Sequence[Row]], *, slides: bool) -> Setting:
    """The sizes that a document uses, from all its rows."""
    weights: Counter[float] = Counter()
    for row in (row for page in pages for row in page if not row.mono):
        weights[_rounded(row.size)] += len(row.text)
    if not weights:
        return Setting(10.0, slides)
    return Setting(max(weights, key=lambda size: (weights[size], size)), slides)


def blocks(page: Sequence[Row], how: Setting) -> list[Block]:
    """The blocks of one page in reading order."""
    page = _without_contents(page)
    found: list[Block] = []
    pending: list[Row] = []
    position = 0
    while position < len(page):
        table = table_rows(page, position)
        if table:
            found.extend(_text_blocks(pending, how))
            found.append(Block("table", tuple(page[position : position + table])))
            pending = []
            position += table
        else:
            pending.append(page[position])
            position += 1
    found.extend(_text_blocks(pending, how))
    return _with_depths(_without_ticks(found))


def levelled(pages: Sequence[Sequence[Block]], title: Sequence[Row]) -> list[list[Block]]:
    """The pages with the levels of their headings: 1 for the title, others by their numbers or by how large they are.

    A heading without a number is on the level of the numbered ones that are as large as it.
    """
    pages = _without_labels(pages, title)
    found = [block for page in pages for block in page if block.kind == "heading" and block.rows[0] not in title]
    numbered: dict[float, Counter[int]] = {}
    for block in found:
        level = _numbered_level(block)
        if level:
            numbered.setdefault(_size(block), Counter())[level] += 1
    sizes = sorted({_size(block) for block in found}, reverse=True)

    def at(block: Block) -> int:
        if block.rows[0] in title:
            return 1
        size = _size(block)
        alike = numbered[size].most_common(1)[0][0] if size in numbered else 0
        # Sizes that differ by half a point are one level.
        larger = sum(each > size + 0.6 for each in sizes)
        return min(6, _numbered_level(block) or alike or 2 + larger)

    return [
        [Block("heading", block.rows, at(block)) if block.kind == "heading" else block for block in page]
        for page in pages
    ]


def _without_labels(pages: Sequence[Sequence[Block]], title: Sequence[Row]) -> list[list[Block]]:
    """The pages with labels of figures as paragraphs: large words that are not bold where headings are."""
    found = [block for page in pages for block in page if block.kind == "heading" and block.rows[0] not in title]
    bold = [block for block in found if block.rows[0].bold]
    if len(bold) < 3 or len(bold) < 0.6 * len(found):
        return [list(page) for page in pages]
    labels = {id(block) for block in found if not block.rows[0].bold and not _numbered_level(block)}
    return [[Block("paragraph", block.rows) if id(block) in labels else block for block in page] for page in pages]


def with_whole_paragraphs(page: Sequence[Block], how: Setting) -> list[Block]:
    """A page on which what parts a sentence (a footnote, a table, a caption) stands before its paragraph.

    A last paragraph that runs over to the next page comes last, after the footnotes.
    """
    found: list[Block] = []
    waiting: list[Block] = []
    for block in page:
        opened = found[-1] if found and found[-1].kind == "paragraph" and _is_open(found[-1]) else None
        if opened is None:
            found.append(block)
        elif block.kind in ("caption", "table") or _is_small(block, how):
            waiting.append(block)
        elif waiting and block.kind == "paragraph" and block.rows[0].text[:1].islower():
            found[-1:] = [*waiting, Block("paragraph", (*opened.rows, *block.rows))]
            waiting = []
        else:
            found.extend((*waiting, block))
            waiting = []
    if waiting and all(_is_small(block, how) for block in waiting):
        return [*found[:-1], *waiting, found[-1]]
    return [*found, *waiting]


def _is_open(block: Block) -> bool:
    """Whether a paragraph ends within a sentence."""
    return not _SENTENCE_END.search(block.rows[-1].text)


def _is_small(block: Block, how: Setting) -> bool:
    """Whether a block is a paragraph in the small letters of footnotes."""
    return block.kind == "paragraph" and block.rows[0].size < 0.92 * how.body


def vocabulary(pages: Iterable[Iterable[Row]]) -> Counter[str]:
    """How often each word stands in a document, words at the end of a line left out: they may be cut."""
    whole = "\n".join(row.text.rpartition(" ")[0] for page in pages for row in page)
    return Counter(_WORD.findall(whole.lower()))


def joint(before: str, after: str, words: Counter[str]) -> tuple[int, str]:
    """How two lines of a paragraph go together: how many characters the first loses, and what stands between.

    A hyphen at the end goes when the word without it is known, or the one with it is not.

    >>> joint("the detec-", "tor", Counter()), joint("a two-", "body decay", Counter({"two-body": 2}))
    ((1, ''), (0, ''))
    """
    if before.endswith("\u00ad"):
        return 1, ""
    if not before.endswith(("-", "‐")) or len(before) < 2 or not before[-2].isalpha() or not after[:1].isalpha():
        return 0, "" if before.endswith(("/", "–")) and not before.endswith(" –") else " "
    first = _WORD.findall(before[:-1])[-1:]
    second = _WORD.findall(after)[:1]
    if not first or not second:
        return 0, ""
    whole, hyphened = (f"{first[0]}{second[0]}".lower(), f"{first[0]}-{second[0]}".lower())
    if words[hyphened] > words[whole] or len(first[0]) == 1 or (after[0].isupper() and not words[whole]):
        return 0, ""
    return 1, ""


def code(rows: Sequence[Row]) -> list[str]:
    """The rows of a program as lines, indented as on the page."""
    left = min(row.x0 for row in rows)
    lines = []
    for row in rows:
        line = ""
        for cell in row.cells:
            width = (cell.x1 - cell.x0) / max(1, len(cell.text))
            column = round((cell.x0 - left) / width) if width else len(line)
            line = line + " " * max(column - len(line), 1 if line else 0) + cell.text
        lines.append(line.rstrip())
    return lines


def short_lines(block: Block, how: Setting) -> bool:
    """Whether a paragraph's lines were broken by its writer: names on a title slide, words in a box."""
    return how.slides and block.kind == "paragraph" and min(len(row.text) for row in block.rows[:-1] or block.rows) < 25


def without_bullet(text: str) -> str:
    """A list item's words without the sign in front."""
    return _BULLET.sub("", text, count=1) if _BULLET.match(text) else text


def without_leaders(text: str) -> str:
    """A line of a table of contents without its dots."""
    return _LEADERS.sub(" ", text)


def _rounded(size: float) -> float:
    return round(size * 2) / 2


def _without_contents(page: Sequence[Row]) -> list[Row]:
    """A page without the lines of a table of contents, which only repeat the headings."""
    dotted = sum(bool(_LEADERS.search(row.text)) for row in page)
    if dotted < 4:
        return list(page)
    return [
        row
        for row in page
        if not _LEADERS.search(row.text)
        and not (len(row.cells) > 1 and row.cells[-1].text.isalnum() and len(row.cells[-1].text) <= 7)
    ]


def _is_tick(row: Row) -> bool:
    """Whether a row holds bare numbers alone, as stand at the axes of a plot."""
    return all(_BARE_NUMBER.fullmatch(cell.text) for cell in row.cells)


def _without_ticks(found: Sequence[Block]) -> list[Block]:
    """The blocks of a page without the numbers at the axes of plots; fewer than three may be anything."""
    ticks = [block for block in found if block.kind == "paragraph" and all(map(_is_tick, block.rows))]
    if sum(len(block.rows) for block in ticks) < 3:
        return list(found)
    dropped = set(map(id, ticks))
    return [block for block in found if id(block) not in dropped]


def _with_depths(found: Sequence[Block]) -> list[Block]:
    """The blocks of a page with the depth of each list item, from how far it stands from the others."""
    edges: list[float] = []
    for edge in sorted(block.rows[0].x0 - block.rows[0].left for block in found if block.kind == "item"):
        if not edges or edge > edges[-1] + 6:
            edges.append(edge)

    def depth(block: Block) -> int:
        edge = block.rows[0].x0 - block.rows[0].left
        return min(4, sum(each <= edge for each in edges))

    return [Block("item", block.rows, depth(block)) if block.kind == "item" else block for block in found]


def _stacked(rows: Sequence[Row]) -> list[Row]:
    """The rows of a slide, boxes that stand side by side one after the other."""
    if all(len(row.cells) == 1 for row in rows):
        return list(rows)
    boxes: list[list[Row]] = []
    for row in rows:
        for cell in row.cells:
            part = replace(row, x0=cell.x0, x1=cell.x1, cells=(cell,))
            box = next((box for box in boxes if _stands_under(part, box[-1])), None)
            if box is None:
                boxes.append([part])
            else:
                box.append(part)
    return [part for box in boxes for part in box]


def _stands_under(row: Row, above: Row) -> bool:
    """Whether a row is the next line of the box that another is in."""
    shared = min(row.x1, above.x1) - max(row.x0, above.x0)
    narrower = min(row.x1 - row.x0, above.x1 - above.x0)
    near = -0.2 * row.size < row.y0 - above.y1 < 0.9 * row.size
    return near and shared >= 0.5 * narrower and abs(row.size - above.size) < 0.15 * row.size


def _text_blocks(rows: Sequence[Row], how: Setting) -> Iterator[Block]:
    """Rows without tables as blocks."""
    pending: list[Row] = []
    for row in _with_typewriter_words(_stacked(rows) if how.slides else rows):
        if pending and _parts(pending, row, how):
            yield _block(pending, how)
            pending = []
        pending.append(row)
    if pending:
        yield _block(pending, how)


def _parts(before: Sequence[Row], row: Row, how: Setting) -> bool:
    """Whether a row begins a new block."""
    last, first = before[-1], before[0]
    hangs = how.slides and bool(_BULLET.match(first.text)) and row.x0 > first.x0 + 0.4 * row.size
    if _is_tick(last) != _is_tick(row) and not _ends_in_number(last, row, how):
        return True
    resized = abs(last.size - row.size) > 0.1 * max(last.size, row.size)
    if last.mono != row.mono or (resized and not (hangs and row.text[:1].islower())):
        return True
    gap = row.y0 - last.y1
    if row.y0 < last.y0 - 1 or gap > (2.5 if row.mono else 1.2 if hangs else 0.75) * row.size:
        return not _continues(last, row, how)
    if row.mono:
        return False
    if _BULLET.match(row.text) or _CAPTION.match(row.text) or last.bold != row.bold:
        return True
    if _ENUMERATED.match(row.text) and (how.slides or _SENTENCE_END.search(last.text) or _ENUMERATED.match(first.text)):
        return True
    if _REFERENCE.match(row.text) and not how.slides:
        return True
    if _REFERENCE.match(first.text) and row.x0 > first.x0 + 0.5 * row.size:
        return False
    if _is_heading(before, how) and not _is_heading([*before, row], how):
        return True
    if _BULLET.match(first.text) or _ENUMERATED.match(first.text):
        return row.x0 < first.x0 - 0.3 * row.size
    if how.slides:
        return row.x0 < first.x0 - row.size
    indented = row.x0 > row.left + 0.7 * row.size and last.x0 < row.x0 - 0.7 * row.size
    full = last.x1 > last.right - 0.25 * (last.right - last.left)
    return (indented or not full) and bool(_SENTENCE_END.search(last.text))


def _ends_in_number(last: Row, row: Row, how: Setting) -> bool:
    """Whether a row of bare numbers is the last line of a sentence rather than the ticks of an axis."""
    close = row.y0 - last.y1 < 0.5 * row.size and abs(row.x0 - last.x0) < 4 * row.size and row.size == last.size
    return close and not how.slides and len(row.cells) == 1 and last.text.count(" ") >= 4


def _with_typewriter_words(rows: Sequence[Row]) -> Iterator[Row]:
    """Rows, where one that is all typewriter letters only because of where a sentence was broken counts as prose."""
    for before, row, after in zip([None, *rows], rows, [*rows[1:], None], strict=False):
        alone = row.mono and not (before and before.mono) and not (after and after.mono)
        inside = before is not None and row.y0 - before.y1 < 0.5 * row.size and row.y0 > before.y0
        if alone and inside and before is not None and not _SENTENCE_END.search(before.text):
            yield replace(row, mono=False)
        else:
            yield row


def _continues(last: Row, row: Row, how: Setting) -> bool:
    """Whether a row at the top of the next column goes on with the sentence."""
    moved = row.left > last.right - 1 or row.page != last.page
    return moved and not how.slides and not _SENTENCE_END.search(last.text) and row.text[:1].islower()


def _block(rows: Sequence[Row], how: Setting) -> Block:
    first = rows[0].text
    if all(row.mono for row in rows) and (len(rows) > 1 or len(first) > 3):
        return Block("code", tuple(rows))
    if _CAPTION.match(first):
        return Block("caption", tuple(rows))
    if _is_heading(rows, how):
        return Block("heading", tuple(rows))
    if _BULLET.match(first) or (_ENUMERATED.match(first) and len(first) > 3):
        return Block("item", tuple(rows), 1)
    return Block("paragraph", tuple(rows))


def _is_heading(rows: Sequence[Row], how: Setting) -> bool:
    """Whether rows are a heading: larger than the text, or bold or capital with a number or a known name."""
    if how.slides or len(rows) > 3 or any(row.mono or len(row.cells) > 2 for row in rows):
        return False
    text = " ".join([row.text for row in rows])
    if len(text) > 160 or not _is_set_as_heading(text, rows, how):
        return False
    if sum(each.isalpha() for each in text) < 3 or any(each.match(text) for each in (_BULLET, _CAPTION)):
        return False
    if _DATE.fullmatch(text):
        return False
    return rows[0].page > 1 or not names(", ".join(cell.text for row in rows for cell in row.cells))


def _is_set_as_heading(text: str, rows: Sequence[Row], how: Setting) -> bool:
    """Whether letters and their size are those of a heading, whatever they say."""
    if min(_rounded(row.size) for row in rows) >= how.body * 1.12:
        return text[:1].isalnum() and not text.endswith((",", ";"))
    bold = all(row.bold for row in rows)
    capital = text.isupper()
    if _NAMED.fullmatch(text) and rows[0].size >= 0.95 * how.body:
        return bold or capital or len(rows) == 1
    if rows[0].size < 0.95 * how.body or text.endswith((".", ",", ";", ":")):
        return False
    return (bold and len(text) <= 90) or (capital and bool(_NUMBERED.match(text)) and len(text) <= 90)


def _numbered_level(block: Block) -> int:
    """The level that a heading's number says, 0 for none; that of 1 is 2, below the title."""
    number = _NUMBERED.match(block.rows[0].text)
    return 2 + (number[1] or number[3] or "").count(".") if number else 0


def _size(block: Block) -> float:
    return _rounded(max(row.size for row in block.rows))

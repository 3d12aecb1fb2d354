"""The shapes of a slide in reading order, from the XML of a PPTX file."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ingest.charset import plain_letters
from ingest.formats.pptx import omml

_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_DGM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_MONO = re.compile(r"mono|courier|consol|menlo|inconsolata|typewriter|source code|fira code", re.IGNORECASE)
_FILE_NAME = re.compile(r"\S+\.(?:png|jpe?g|gif|svg|pdf|emf|wmf|tiff?|webp|psd|bmp|eps)", re.IGNORECASE)
_NO_DESCRIPTION = re.compile(
    r"(?:picture|image|grafik|bild|content placeholder|shape|diagram|screenshot|screen shot|logo)\s*[\d: .-]*|"
    r"(?:a |an )?(?:picture|image|close-?up|screenshot|screen shot) (?:of|containing)\b.*|macintosh hd:.*|[a-z]:\\.*|"
    r".*automatically generated.*",
    re.IGNORECASE | re.DOTALL,
)
# Placeholders that a template puts on every slide.
_BOILERPLATE = frozenset({"dt", "ftr", "sldNum", "hdr"})
# Shapes whose tops differ by less than this share of the slide's height stand side by side.
_SAME_BAND = 0.06
_MAX_DEPTH = 30


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of a shape. level counts from 0; bullet is "-", "3." or "" for none; mono means set as code."""

    text: str
    level: int = 0
    bullet: str = ""
    mono: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """What one shape says, where on the slide (in EMU from the top left), and whether it is the title."""

    kind: Literal["title", "text", "table", "picture", "chart", "diagram"]
    x: int
    y: int
    paragraphs: tuple[Paragraph, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()

    @property
    def text(self) -> str:
        """Its words in one line."""
        words = [each.text for each in self.paragraphs] or [cell for row in self.rows for cell in row]
        return " ".join(" ".join(words).split())


def shapes(slide: Any, height: int) -> list[Shape]:
    """The shapes of a slide that say something: the title first, then from the top, side by side from the left."""
    tree = slide._element.find(f"{_P}cSld/{_P}spTree")
    found = [] if tree is None else list(_shapes(tree, slide.part, height, 0))
    band = max(1, int(height * _SAME_BAND))
    tops = sorted({shape.y for shape in found})
    bands: dict[int, int] = {}
    for top in tops:
        bands[top] = next((bands[other] for other in bands if 0 <= top - bands[other] < band), top)
    return sorted(found, key=lambda shape: (shape.kind != "title", bands[shape.y], shape.x))


def paragraphs(body: Any, *, bulleted: bool = False) -> Iterator[Paragraph]:
    """The paragraphs of a text body that are not empty; bulleted says what those are that do not say it themselves."""
    numbers: dict[int, int] = {}
    for element in body.iterchildren(f"{_A}p"):
        properties = element.find(f"{_A}pPr")
        mono = _is_mono(element)
        text = _lines(_text(element), keep_indent=mono)
        if not text.strip():
            continue
        level = min(_number(properties, "lvl"), 8)
        bullet = _bullet(properties, bulleted)
        numbers = {at: count for at, count in numbers.items() if at < level or (at == level and bullet == "1.")}
        if bullet == "1.":
            numbering = properties.find(f"{_A}buAutoNum")
            numbers[level] = numbers.get(level, max(1, _number(numbering, "startAt")) - 1) + 1
            bullet = f"{numbers[level]}."
        yield Paragraph(text, level, bullet, mono)


def links(slide: Any) -> Iterator[str]:
    """The web addresses that a slide links to."""
    for relation in slide.part.rels.values():
        if relation.is_external and str(relation.target_ref).startswith(("http://", "https://")):
            yield str(relation.target_ref)


def _shapes(tree: Any, part: Any, height: int, depth: int) -> Iterator[Shape]:
    for element in tree:
        tag = element.tag if isinstance(element.tag, str) else ""
        if tag == f"{_P}sp":
            yield from _text_shape(element, height)
        elif tag == f"{_P}grpSp" and depth < _MAX_DEPTH:
            yield from _group(element, part, height, depth)
        elif tag == f"{_MC}AlternateContent" and depth < _MAX_DEPTH:
            yield from _alternative(element, part, height, depth)
        elif tag == f"{_P}graphicFrame":
            yield from _frame(element, part)
        elif tag == f"{_P}pic":
            description = _description(element)
            if description:
                yield Shape("picture", *_place(element, height), (Paragraph(description),))


def _text_shape(element: Any, height: int) -> Iterator[Shape]:
    """A box with text; templates' placeholders for dates, footers and numbers are none."""
    holder = element.find(f"{_P}nvSpPr/{_P}nvPr/{_P}ph")
    role = (holder.get("type") or "obj") if holder is not None else ""
    body = element.find(f"{_P}txBody")
    if role in _BOILERPLATE or body is None:
        return
    is_title = role in ("title", "ctrTitle")
    found = tuple(paragraphs(body, bulleted=role in ("body", "obj")))
    if found:
        yield Shape("title" if is_title else "text", *_place(element, height), found)


def _group(element: Any, part: Any, height: int, depth: int) -> Iterator[Shape]:
    """The shapes of a group, all at the place of the group, in the order of their own places."""
    offset = element.find(f"{_P}grpSpPr/{_A}xfrm/{_A}off")
    inner = sorted(_shapes(element, part, height, depth + 1), key=lambda shape: (shape.y, shape.x))
    x, y = _offset(offset) if offset is not None else (inner[0].x, inner[0].y) if inner else (0, 0)
    for shape in inner:
        yield Shape(shape.kind, x, y, shape.paragraphs, shape.rows)


def _alternative(element: Any, part: Any, height: int, depth: int) -> Iterator[Shape]:
    """The newer of two forms of a shape: equations stand only there."""
    for name in ("Choice", "Fallback"):
        for branch in element.iterchildren(f"{_MC}{name}"):
            found = list(_shapes(branch, part, height, depth + 1))
            if found:
                yield from found
                return


def _frame(element: Any, part: Any) -> Iterator[Shape]:
    """A table, chart or diagram."""
    offset = element.find(f"{_P}xfrm/{_A}off")
    x, y = _offset(offset) if offset is not None else (0, 0)
    table = element.find(f".//{_A}tbl")
    if table is not None:
        lines = table.iterchildren(f"{_A}tr")
        rows = tuple(tuple(_cell(cell) for cell in line.iterchildren(f"{_A}tc")) for line in lines)
        if any(any(row) for row in rows):
            yield Shape("table", x, y, rows=rows)
        return
    chart = element.find(f".//{_C}chart")
    diagram = element.find(f".//{_DGM}relIds")
    words = _description(element)
    if chart is not None:
        words = _chart(_related(part, chart.get(f"{_R}id"))) or words
    elif diagram is not None:
        found = _diagram(_related(part, diagram.get(f"{_R}dm")))
        if found:
            yield Shape("diagram", x, y, found)
            return
    if words:
        yield Shape("chart", x, y, (Paragraph(words),))


def _cell(cell: Any) -> str:
    if cell.get("hMerge") in ("1", "true") or cell.get("vMerge") in ("1", "true"):
        return ""
    body = cell.find(f"{_A}txBody")
    return "" if body is None else "; ".join(each.text.replace("\n", " ") for each in paragraphs(body))


def _chart(root: Any) -> str:
    """A chart's title, and the titles of its axes and series."""
    if root is None:
        return ""
    title = root.find(f"{_C}chart/{_C}title")
    axes = [_words(each) for each in root.iterfind(f"{_C}chart/{_C}plotArea/*/{_C}title")]
    series = [" ".join("".join(each.itertext()).split()) for each in root.iterfind(f".//{_C}ser/{_C}tx//{_C}v")]
    parts = [
        _words(title) if title is not None else "",
        f"axes: {', '.join(filter(None, axes))}" if any(axes) else "",
        f"series: {', '.join(dict.fromkeys(filter(None, series)))}" if any(series) else "",
    ]
    shown = "; ".join(filter(None, parts))
    return f"Chart: {shown}" if shown else ""


def _diagram(root: Any) -> tuple[Paragraph, ...]:
    """The words in the boxes of a diagram (SmartArt)."""
    if root is None:
        return ()
    words = (_words(point) for point in root.iterfind(f"{_DGM}ptLst/{_DGM}pt"))
    return tuple(Paragraph(each, bullet="-") for each in words if each)


def _words(element: Any) -> str:
    return " ".join("".join(each.text or "" for each in element.iter(f"{_A}t")).split())


def _related(part: Any, identifier: str | None) -> Any:
    """The root of a part that a frame points to, or None where it is missing or no XML."""
    from lxml.etree import XMLParser, XMLSyntaxError, fromstring

    if not identifier or identifier not in part.rels or part.rels[identifier].is_external:
        return None
    try:
        return fromstring(part.rels[identifier].target_part.blob, XMLParser(resolve_entities=False, no_network=True))
    except XMLSyntaxError:
        return None


def _description(element: Any) -> str:
    """An alternative text that somebody wrote: no file name and nothing that a program made."""
    for properties in element.iter(f"{_P}cNvPr"):
        words = " ".join((properties.get("descr") or "").split())
        if len(words) > 3 and not _FILE_NAME.fullmatch(words) and not _NO_DESCRIPTION.fullmatch(words):
            return words
        return ""
    return ""


def _place(element: Any, height: int) -> tuple[int, int]:
    """Left and top of a shape; a placeholder that takes its place from the layout stands below the title."""
    offset = element.find(f"{_P}spPr/{_A}xfrm/{_A}off")
    if offset is not None:
        return _offset(offset)
    return _number(element.find(f".//{_P}nvPr/{_P}ph"), "idx"), height // 5


def _offset(offset: Any) -> tuple[int, int]:
    return _number(offset, "x"), _number(offset, "y")


def _number(element: Any, name: str) -> int:
    """An attribute as a number; 0 where it is missing or none."""
    given = (element.get(name) or "") if element is not None else ""
    return int(given) if re.fullmatch(r"-?\d{1,15}", given) else 0


def _text(paragraph: Any) -> str:
    """The text of a paragraph with equations as LaTeX, raised and lowered characters as ^ and _."""
    parts: list[str] = []
    for element in paragraph:
        tag = element.tag if isinstance(element.tag, str) else ""
        if tag == f"{_A}r" or (tag == f"{_A}fld" and element.get("type") != "slidenum"):
            parts.append(_run(element, "".join(parts)))
        elif tag == f"{_A}br":
            parts.append("\n")
        elif tag == f"{_MC}AlternateContent":
            parts.append("".join(_text(branch) for branch in element.iterchildren(f"{_MC}Choice")))
        elif next(element.iter(f"{_M}oMath"), None) is not None:
            tex = " ".join(filter(None, map(omml.latex, element.iter(f"{_M}oMath"))))
            parts.append(f"${tex}$" if tex else "")
    return "".join(parts)


def _run(element: Any, before: str) -> str:
    text = plain_letters("".join(each.text or "" for each in element.iterchildren(f"{_A}t"))).replace("\v", "\n")
    properties = element.find(f"{_A}rPr")
    raised = (properties.get("baseline") or "0") if properties is not None else "0"
    bare = text.strip()
    if raised in ("0", "0%") or not bare or not before.strip() or len(bare) > 12 or before.endswith(" "):
        return text
    sign = "_" if raised.startswith("-") else "^"
    return f"{sign}{bare.replace('−', '-')}{' ' if text.endswith(' ') else ''}"


def _lines(text: str, *, keep_indent: bool) -> str:
    """Text with single spaces, its line breaks kept; code keeps its spaces."""
    lines = (line.rstrip() if keep_indent else " ".join(line.split()) for line in text.split("\n"))
    return "\n".join(filter(None, lines))


def _bullet(properties: Any, bulleted: bool) -> str:
    if properties is not None:
        if properties.find(f"{_A}buNone") is not None:
            return ""
        if properties.find(f"{_A}buAutoNum") is not None:
            return "1."
        if properties.find(f"{_A}buChar") is not None or properties.find(f"{_A}buBlip") is not None:
            return "-"
    return "-" if bulleted else ""


def _is_mono(paragraph: Any) -> bool:
    """Whether all letters of a paragraph are those of a typewriter."""
    runs = [run for run in paragraph.iterchildren(f"{_A}r") if "".join(run.itertext()).strip()]
    faces = [run.find(f"{_A}rPr/{_A}latin") for run in runs]
    return bool(runs) and all(face is not None and _MONO.search(face.get("typeface") or "") for face in faces)


def boilerplate(slides: Sequence[Sequence[Shape]]) -> list[list[Shape]]:
    """What only repeats on each slide: its number, and words that stand on more than half of three or more slides."""
    counts = Counter(
        key for number, found in enumerate(slides, 1) for key in {_unnumbered(each, number) for each in found}
    )
    often = max(3, len(slides) // 2 + 1)
    return [
        [
            each
            for each in found
            if each.kind in ("text", "picture")
            and (_is_number(each.text, number) or counts[_unnumbered(each, number)] >= often)
        ]
        for number, found in enumerate(slides, 1)
    ]


def _is_number(words: str, number: int) -> bool:
    """Whether words are the number of a slide, alone or with that of all: "4", "- 4 -", "slide 4 of 12"."""
    return bool(re.fullmatch(rf"\W*(?:(?:slide|page)\s+)?{number}\W*(?:(?:/|of)\s*\d+\W*)?", words, re.IGNORECASE))


def _unnumbered(shape: Shape, number: int) -> str:
    """The words of a shape without the number of its slide."""
    return re.sub(rf"\b{number}\b", "#", shape.text)

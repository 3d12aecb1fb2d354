"""What kind of document a file mostly is, where nothing but its bytes tells."""

import re
import zlib

from ingest.document import DocumentKind

_KINDS: dict[str, DocumentKind] = {
    "email": "mail",
    "html": "page",
    "indico_event": "meeting",
    "latex": "paper",
    "markdown": "page",
    "notebook": "notebook",
    "pptx": "slides",
    "rst": "page",
    "twiki_markup": "topic",
}
# The size of a page stands in the open or, since PDF 1.5, in a compressed stream; the first of them are looked into.
_MEDIA_BOX = re.compile(rb"/MediaBox\s*\[\s*([-\d.]+)\s+([-\d.]+)\s+([-\d.]+)\s+([-\d.]+)\s*\]")
_OBJECT_STREAM = re.compile(rb"/ObjStm\b[^>]*>>\s*stream\r?\n")
_STREAMS_LOOKED_INTO = 40
_STREAM_BYTES = 200_000


def kind_of(format_name: str, data: bytes) -> DocumentKind:
    """The kind of document that a file of this format mostly is."""
    if format_name == "pdf":
        return "slides" if _wide(data) else "paper"
    return _KINDS.get(format_name, "file")


def _wide(data: bytes) -> bool:
    """Whether most pages of a PDF are wider than high, as far as a look at its bytes tells."""
    boxes = _MEDIA_BOX.findall(data)
    for number, stream in enumerate(_OBJECT_STREAM.finditer(data)):
        if boxes or number == _STREAMS_LOOKED_INTO:
            break
        try:
            boxes = _MEDIA_BOX.findall(zlib.decompressobj().decompress(data[stream.end() :], _STREAM_BYTES))
        except zlib.error:
            continue
    sizes = [(float(x1) - float(x0), float(y1) - float(y0)) for x0, y0, x1, y1 in boxes if _numbers(x0, y0, x1, y1)]
    return 2 * sum(width > 1.05 * height for width, height in sizes) > len(sizes)


def _numbers(*given: bytes) -> bool:
    return all(re.fullmatch(rb"-?\d+\.?\d*|-?\.\d+", each) for each in given)

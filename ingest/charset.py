"""Bytes to characters where nobody says how they are encoded."""

import codecs

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Control characters that text files do hold: tab, line feed, vertical tab, form feed, carriage return, escape.
_TEXT_CONTROLS = frozenset(b"\t\n\v\f\r\x1b")


def charset(raw: bytes) -> str:
    """The encoding that these bytes are most likely in; latin-1 when nothing else fits.

    >>> charset("é".encode()), charset(b"\\xe9"), charset(b"\\x93quoted\\x94")
    ('utf-8', 'latin-1', 'cp1252')
    """
    for bom, name in _BOMS:
        if raw.startswith(bom) and _decodes(raw, name):
            return name
    if _decodes(raw, "utf-8"):
        return "utf-8"
    # Bytes 0x80-0x9F are control characters in latin-1 and quotes and dashes in cp1252.
    if any(0x80 <= byte <= 0x9F for byte in raw) and _decodes(raw, "cp1252"):
        return "cp1252"
    return "latin-1"


def decoded(raw: bytes) -> tuple[str, tuple[str, ...]]:
    """The characters, with line feeds as line ends and without null characters; and warnings about what was guessed."""
    name = charset(raw)
    text = raw.decode(name).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    guessed = name in ("cp1252", "latin-1")
    return text, (f"not UTF-8; read as {name}",) if guessed else ()


def looks_like_text(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a text, in UTF-8, UTF-16 or a one-byte encoding."""
    if not head:
        return False
    if any(head.startswith(bom) for bom, _ in _BOMS):
        return True
    if b"\0" in head:
        return False
    controls = sum((byte < 0x20 and byte not in _TEXT_CONTROLS) or byte == 0x7F for byte in head)
    if _utf8_so_far(head):
        return controls * 50 <= len(head)
    # In one-byte encodings most bytes are still plain letters; in compressed data a third at most.
    high = sum(byte >= 0x80 for byte in head)
    return controls == 0 and high * 4 <= len(head)


def _decodes(raw: bytes, name: str) -> bool:
    try:
        raw.decode(name)
    except UnicodeDecodeError:
        return False
    return True


def _utf8_so_far(head: bytes) -> bool:
    """Whether the bytes are UTF-8 that may be cut within its last character."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=False)
    except UnicodeDecodeError:
        return False
    return True

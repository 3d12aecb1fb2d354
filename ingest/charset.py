"""Bytes to characters where nobody says how they are encoded, or somebody says it wrongly."""

import codecs

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Mathematical letters, ligatures and full-width forms are plain letters drawn otherwise. Superscript digits, fractions
# and units are not: NFKC would make 10² into 102.
_DRAWN_OTHERWISE = ((0x1D400, 0x1D7FF), (0xFB00, 0xFB06), (0xFF01, 0xFF5E))
_SPACES = dict.fromkeys([0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000], " ")
# Control characters that text files do hold: tab, line feed, vertical tab, form feed, carriage return, escape.
_TEXT_CONTROLS = frozenset(b"\t\n\v\f\r\x1b")

# What mailers call encodings that Python knows by another name, or that are a part of a larger one.
_CALLED = {
    "ansi_x3.4-1968": "us-ascii",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gbk": "gb18030",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-9": "cp1254",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "shift_jis": "cp932",
    "unicode-1-1-utf-7": "utf-7",
    "utf8mb4": "utf-8",
    "windows-31j": "cp932",
    "windows-874": "cp874",
    "x-mac-roman": "mac-roman",
    "x-sjis": "cp932",
}
# Names that say nothing about the bytes.
_NO_NAMES = {"", "us-ascii", "ascii", "unknown-8bit", "x-unknown", "unknown", "8bit", "7bit", "default", "_iso-2022-jp"}
# Codecs of Python that are no encodings of mail.
_NO_ENCODINGS = {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}
_JAPANESE = (b"\x1b$B", b"\x1b$@", b"\x1b(J")


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


def as_declared(raw: bytes, declared: str = "") -> tuple[str, str]:
    """The characters of bytes whose encoding somebody declared, and what had to be guessed ("" if nothing).

    >>> as_declared("Göran".encode(), "iso-8859-1")
    ('Göran', 'is UTF-8, not iso-8859-1 as declared')
    >>> as_declared(b"G\\xf6ran", "x-unknown")
    ('Göran', 'does not say its encoding; read as latin-1')
    """
    named = declared.strip().strip("\"'").lower()
    if raw.isascii() and not (named == "utf-7" or b"\x1b" in raw or named.startswith("utf-16")):
        return raw.decode("ascii"), ""
    if named in _NO_NAMES:
        name = "iso2022_jp_ext" if any(escape in raw for escape in _JAPANESE) else charset(raw)
        return _guessed(raw, name, "does not say its encoding")
    try:
        codec = _codec(named)
        text = _whole_characters(raw.decode(codec))
    except (LookupError, ValueError, TypeError):
        return _mended(raw, named)
    if codec in ("cp1252", "cp1254", "iso8859-15") and charset(raw) == "utf-8":
        return raw.decode("utf-8"), f"is UTF-8, not {named} as declared"
    return text, ""


def _guessed(raw: bytes, name: str, why: str) -> tuple[str, str]:
    text = raw.decode(name, "replace")
    return text, "" if name == "utf-8" or name == "utf-8-sig" else f"{why}; read as {name}"


def _mended(raw: bytes, named: str) -> tuple[str, str]:
    """What can be read of bytes that are not in the encoding they are said to be in."""
    try:
        codec = _codec(named)
        text = _whole_characters(raw.decode(codec, "replace"))
    except (LookupError, ValueError, TypeError):
        return _guessed(raw, charset(raw), f"is in an unknown encoding {named!r}")
    whole = text.rstrip("\ufffd")
    broken = whole.count("\ufffd")
    if codec == "utf-8" and text.count("\ufffd") * 2 > sum(not character.isascii() for character in text):
        return _guessed(raw, charset(raw), "is not UTF-8 as declared")
    return whole, f"is not all {named} as declared (lost: {broken})" if broken else "ends within a character"


def _whole_characters(text: str) -> str:
    """A text without halves of characters, which UTF-7 can spell."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _codec(named: str) -> str:
    """Python's name of an encoding; raises LookupError where there is none."""
    codec = codecs.lookup(_CALLED.get(named, named)).name
    if codec in _NO_ENCODINGS:
        raise LookupError(named)
    return codec


def plain_letters(text: str) -> str:
    """Text with ligatures and drawn letters as plain letters, and all spaces as spaces.

    >>> plain_letters("e\\ufb03cient 𝑝𝑇 at 10\\u00a0cm²")
    'efficient pT at 10 cm²'
    """
    if text.isascii():
        return text
    import unicodedata

    text = "".join(
        unicodedata.normalize("NFKC", each) if any(a <= ord(each) <= z for a, z in _DRAWN_OTHERWISE) else each
        for each in text.translate(_SPACES)
    )
    return unicodedata.normalize("NFC", text)


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

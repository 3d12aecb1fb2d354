"""What was signed as a whole (S/MIME, RFC 8551), taken out of its envelope; no signature is verified.

The envelope is CMS (RFC 5652) in BER: values of a tag, a length and a content, where a length may be left open and a
string may come in pieces.
"""

from collections.abc import Iterator

_DATA = bytes.fromhex("2a864886f70d010701")
_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_OCTETS, _OCTETS_IN_PIECES = 0x04, 0x24
_OPEN = 0x80
_END = b"\0\0"
# Values within values are followed this deep; a signed message has seven levels.
_MOST_NESTED = 30

# A tag and a content.
_Value = tuple[int, bytes]


def signed(envelope: bytes) -> bytes | None:
    """What was signed, b"" where the envelope holds certificates alone; None of what is encrypted or broken."""
    try:
        kind, content = _typed(_value(envelope, 0)[0])
        if kind != _SIGNED_DATA:
            return None
        _, _, enclosed, *_ = _values(_value(content, 0)[0][1])
        kind, content = _typed(enclosed)
        if kind != _DATA:
            return None
        return b"".join(_octets(_value(content, 0)[0])) if content else b""
    except (IndexError, ValueError):
        return None


def _typed(value: _Value) -> tuple[bytes, bytes]:
    """The type that a content names, and the content; b"" where there is none."""
    (_, kind), *content = _values(value[1])
    return kind, content[0][1] if content else b""


def _octets(value: _Value, depth: int = 0) -> Iterator[bytes]:
    """The pieces of a string; raises ValueError where it is none."""
    tag, content = value
    if tag == _OCTETS:
        yield content
    elif tag == _OCTETS_IN_PIECES and depth < _MOST_NESTED:
        for piece in _values(content):
            yield from _octets(piece, depth + 1)
    else:
        raise ValueError(tag)


def _values(content: bytes) -> list[_Value]:
    """The values that follow each other in a content."""
    found, at = list[_Value](), 0
    while at < len(content):
        value, at = _value(content, at)
        found.append(value)
    return found


def _value(data: bytes, at: int, depth: int = 0) -> tuple[_Value, int]:
    """The value at a place, and where it ends; raises IndexError or ValueError where there is none."""
    tag, length, start = data[at], data[at + 1], at + 2
    if length == _OPEN:
        if depth == _MOST_NESTED:
            raise ValueError(depth)
        end = start
        while data[end : end + 2] != _END:
            _, end = _value(data, end, depth + 1)
        return (tag, data[start:end]), end + 2
    if length > _OPEN:
        digits = length - _OPEN
        length, start = int.from_bytes(data[start : start + digits]), start + digits
    if length > len(data) - start:
        raise ValueError(length)
    return (tag, data[start : start + length]), start + length

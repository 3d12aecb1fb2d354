"""Locators that hold what was listed itself, so that nothing is asked for twice."""

import json
import zlib
from base64 import b64decode, b64encode


def packed(data: bytes, *more: str) -> str:
    """Bytes, and whatever else leads to what is meant, as the locator of an item.

    >>> unpacked(packed(b"a record", "https://x.example/a.pdf"))
    (b'a record', ['https://x.example/a.pdf'])
    """
    return json.dumps([b64encode(zlib.compress(data)).decode(), *more])


def unpacked(locator: str) -> tuple[bytes, list[str]]:
    """What was packed."""
    data, *more = json.loads(locator)
    return zlib.decompress(b64decode(data)), more

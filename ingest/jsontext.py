"""JSON from bytes that anybody may have written."""

import json
import re

from ingest.errors import Unreadable

_SURROGATE = re.compile(rb"\\ud[89a-f]", re.IGNORECASE)


def loaded(raw: bytes) -> object:
    """The JSON in these bytes, halves of characters replaced by question marks, which nothing could write down again.

    Raises Unreadable.

    >>> loaded(b'["\\\\ud83d\\\\ude00", "\\\\ud83d"]')
    ['😀', '?']
    """
    try:
        found = json.loads(raw)
        if _SURROGATE.search(raw):
            found = json.loads(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"no JSON that can be read ({error})") from None
    return found

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


def at(found: object, *keys: str) -> object:
    """What lies under these keys, one inside the other; None where one is missing."""
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def words_at(found: object, *keys: str) -> str:
    """The text or whole number under these keys, as text; empty where there is none.

    >>> words_at({"status": {"name": "Closed"}}, "status", "name")
    'Closed'
    """
    value = at(found, *keys)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def number_at(found: object, *keys: str) -> int | None:
    """The whole number under these keys."""
    value = at(found, *keys)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def objects_at(found: object, *keys: str) -> list[dict[str, object]]:
    """The objects in the list under these keys; what is no object is left out."""
    value = at(found, *keys)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []

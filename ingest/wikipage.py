"""Which pages of HTML show a topic of a wiki: they are read as the topic is, and not as any page."""

import re

_PAGE = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
_SHOWN_TOPIC = re.compile(
    rb"<title>\s*[A-Z]\w+\s*(?:&lt;|<)\s*[\w./]+\s*(?:&lt;|<)[^<>]*</title>"
    rb"|class\s*=\s*[\"'][^\"'<>]*\b(?:patternTopic|twikiTopic|foswikiTopic)\b"
)
# A page is known by its beginning, in bytes.
_LOOKED_AT = 4096


def shows_a_topic(page: bytes) -> bool:
    """Whether a page shows a topic of a TWiki or Foswiki, by its title ("Topic < Web < TWiki") or its skin's names.

    >>> shows_a_topic(b"<html><head><title> TriggerMenu &lt; Helix &lt; TWiki</title>")
    True
    """
    start = page[:_LOOKED_AT]
    return bool(_PAGE.match(start) and _SHOWN_TOPIC.search(start))

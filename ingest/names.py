"""Names of people in a line of text."""

import re

_NAME = re.compile(
    r"(?:[A-ZÀ-Þ][\w.'’-]*\.?\s){1,3}(?:(?:de|van|von|der|den|del|di|da|la|le|ten|el)\s)*[A-ZÀ-Þ](?:[\w'’-]*[a-zß-ÿ][\w'’-]*|[A-ZÀ-Þ'’-]{2,})"
)
_MARKER = re.compile(r"\^\{?[\w,*†‡§¶]{1,6}\}?|[\d*†‡§¶]+(?=,|\s|$)")
_ASIDE = re.compile(r"\([^()]*\)|<[^<>]*>|\S+@\S+")
_BETWEEN = re.compile(r"[,;/&|•·]|\band\b|\s{2,}")
# Words that begin with a capital in lines that name no person.
_NO_NAME = re.compile(
    r"\b(?:Univ\w*|Institut\w*|Lab\w*|Department|Division|Group|Team|Collaboration|Centre|Center|School|Facult\w+|Office|"
    r"Meeting|Week\w*|Workshop|Conference|Status|Report|Update|Results?|Talk|Lecture|Tutorial|Introduction|Overview|Session|"
    r"Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January|February|March|April|May|June|July|August|September|"
    r"October|November|December|The|Research|Computing|Physics|Run|Open|Data|National|Science|CERN|Software|Facilitator|"
    r"Experiment|Detector|Trigger|On|Of|For|In|Behalf|Professor|Manager|Engineer|Coordinator|Draft|Version|Note|Review)\b"
)


def names(line: str) -> tuple[str, ...]:
    """The people in a line that holds nothing but names, their marks and what stands in brackets; else nobody.

    >>> names("Ada Example^1, B. Sample and Cy van Dyke (Nordmark)")
    ('Ada Example', 'B. Sample', 'Cy van Dyke')
    >>> names("University of Nordmark")
    ()
    """
    bare = _MARKER.sub(",", _ASIDE.sub(",", line))
    parts = [" ".join(part.split()) for part in _BETWEEN.split(bare) if part.strip()]
    if not parts or not all(_NAME.fullmatch(part) and not _NO_NAME.search(part) for part in parts):
        return ()
    return tuple(dict.fromkeys(parts))

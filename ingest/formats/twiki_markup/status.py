"""Whether a topic says of itself that it is out of date, or a draft."""

import re

from ingest.document import Status
from ingest.formats.twiki_markup.meta import meta

#: How many lines at a topic's beginning are looked at, of those that hold a word.
_LINES = 12
#: A line this short, in characters, is about the topic itself when it begins with the word.
_SHORT = 70

_MARKUP = re.compile(r"<!--.*?-->|<verbatim>.*?</verbatim>|<[^>]*>|%[A-Z]\w*(?:\{[^}]*\})?%|[*_=|]", re.S)
_SENTENCE = re.compile(r"(?<=[.!?]) |\n")
# What the sentence is about, up to the word; "the page may hold obsolete probes" is about something else.
_SUBJECT = re.compile(
    r"\b(?:this|these|the)\b.{0,30}\b(?:pages?|topics?|documents?|documentation|instructions|t?wiki|content|guide|notes?"
    r"|information)\b(?!.{0,40}\b(?:may|make|makes|some|any|which|when|if)\b).{0,40}$",
    re.I,
)
_BEGINNING = re.compile(r"\W*(?:(?:this|is|now|warning|note|status|it|page|topic|attention|important)\W+){0,5}", re.I)
_SUPERSEDED = re.compile(
    r"\b(?:superseded|obsoleted?|deprecated|out[ -]?of[ -]?date|out[ -]?dated|replaced by"
    r"|no longer (?:maintained|valid|supported|up[ -]to[ -]date|relevant|updated|current|in use)"
    r"|for an? (?:older|old|previous) (?:version|release)|has (?:been )?(?:moved|migrated|retired|archived))\b",
    re.I,
)
_DRAFT = re.compile(r"\b(?:draft|work in progress|under (?:construction|development))\b", re.I)


def status(text: str) -> Status:
    """What a topic's first lines say of it: superseded, draft, or nothing (unknown).

    >>> status("---+ Old menu\\n%RED%This page is obsolete, see RunMenu%ENDCOLOR%")
    'superseded'
    """
    lines = [" ".join(line.split()) for line in _MARKUP.sub(" ", meta(text)[1]).split("\n") if re.search(r"\w", line)]
    sentences = _SENTENCE.split("\n".join(lines[:_LINES]))
    if any(_said(sentence, _SUPERSEDED) for sentence in sentences):
        return "superseded"
    return "draft" if any(_said(sentence, _DRAFT) for sentence in sentences) else "unknown"


def _said(sentence: str, pattern: re.Pattern[str]) -> bool:
    """Whether the sentence says so of the topic: it names it, or is short and begins with the word."""
    word = pattern.search(sentence)
    if word is None:
        return False
    before = sentence[: word.start()]
    return bool(_SUBJECT.search(before)) or (len(sentence) <= _SHORT and bool(_BEGINNING.fullmatch(before)))

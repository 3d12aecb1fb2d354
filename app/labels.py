"""What all faces call things: verdicts, kinds of documents, dates, places, and how an answer was made."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from app.answer import EXTRACTIVE, Verdict
from ingest.document import DocumentKind, Status

#: A verdict as one character that reads without colour; from good to bad.
SIGNS: Mapping[Verdict, str] = {
    "supported": "✓",
    "partly": "~",
    "not checked": "?",
    "numbers differ": "≠",
    "not supported": "✗",
}
KINDS: Mapping[DocumentKind, str] = {
    "topic": "Wiki topic",
    "paper": "Paper",
    "slides": "Slides",
    "meeting": "Meeting",
    "talk": "Talk",
    "mail": "Mail",
    "page": "Web page",
    "notebook": "Notebook",
    "ticket": "Ticket",
    "chat": "Chat",
    "file": "File",
}
#: Standings of a document that a reader must know of before relying on it.
DOUBTFUL: Mapping[Status, str] = {"draft": "draft", "personal": "personal page", "superseded": "superseded"}


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict that a reader must know of first."""
    return max(verdicts, key=list(SIGNS).index)


def tally(verdicts: Sequence[Verdict]) -> str:
    """The worst of the verdicts on the sentences that cite one place, and on how many of them it fell.

    >>> tally(["supported"])
    'supported'
    >>> tally(["supported", "supported"])
    'supported in 2 sentences'
    >>> tally(["supported", "numbers differ", "supported"])
    'numbers differ in 1 of 3 sentences'
    """
    verdict = worst(verdicts)
    count = Counter(verdicts)[verdict]
    if len(verdicts) == 1:
        return verdict
    return f"{verdict} in {count if count == len(verdicts) else f'{count} of {len(verdicts)}'} sentences"


def day(moment: datetime) -> str:
    """A date as people read it everywhere.

    >>> day(datetime(2025, 3, 10))
    '10 Mar 2025'
    """
    return f"{moment.day} {moment:%b %Y}"


def below(title: str, path: str) -> str:
    """The path of headings above a passage without a first one that only says the title again.

    >>> below("Muons", "Muons > Releases > 24.2")
    'Releases > 24.2'
    >>> below("Summary (talk.pdf)", "Summary")
    ''
    """
    first, _, rest = path.partition(" > ")
    return rest if first == title or (first and title.startswith(f"{first} (")) else path


def made(model: str, *, refused: bool, sentences: int, bare: int, seconds: float) -> str:
    """How an answer was made, and how long it took; bare counts those of its sentences that have no source."""
    took = f"{seconds:.1f}\u00a0s"
    if refused:
        return (
            f"Searched in {took}" if model == EXTRACTIVE else f"{model} found no answer in the passages ·\u00a0{took}"
        )
    how = "The documents' own sentences" if model == EXTRACTIVE else f"Written by {model}"
    return " ·\u00a0".join([how, *([f"{bare} of {sentences} sentences without a source"] if bare else []), took])

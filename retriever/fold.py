"""The same thing said twice is one passage: the PDF and the PPTX of a talk, its versions, and copies of a page.

Decided at query time among the passages that the asker may read, so that a copy which is hidden from them changes
nothing that they see.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

from retriever.passage import Passage

#: Of the words in either of two passages, the share that must stand in both: for files of one work, and for any two.
SAME_WORK = 0.6
SAME_WORDS = 0.9
#: The share of a copy's words that the passage which stands for it must have.
SAID = 0.85
#: Shorter passages are alike by chance.
_FEWEST_WORDS = 5
_EVER = datetime.min.replace(tzinfo=UTC)
_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
#: Where Indico has the files of one contribution, or of an event.
_CONTRIBUTION = re.compile(r"(.*/event/[^/]+/(?:contributions/[^/]+/)?)attachments/[^/]+/[^/]+/")
_VERSION = re.compile(
    r"(?:[-_. ]+(?:v(?:er(?:sion)?)?[-_. ]?\d+(?:\.\d+)*|final\d*|new|old|copy|draft)|[-_ ]?\(\d+\))+$"
)


def work(uri: str) -> str:
    """What a file is one form or version of: its address without version and suffix; "" for what is no file.

    >>> work("https://host/event/7/contributions/3/attachments/8/9/menu_v3.pptx")
    'https://host/event/7/contributions/3/menu'
    >>> work("file:///talks/menu-v2.pdf") == work("file:///talks/menu.pptx"), work("https://wiki/Menu")
    (True, '')
    """
    where = urlsplit(uri)
    folder, _, name = unquote(where.path).rpartition("/")
    stem, dot, suffix = name.rpartition(".")
    if not dot or not suffix.isalnum():
        return ""
    folder += "/"
    if contribution := _CONTRIBUTION.match(folder):
        folder = contribution[1]
    return f"{where.scheme}://{where.netloc}{folder}{_VERSION.sub('', stem.lower())}"


def folded(passages: Sequence[Passage], k: int) -> list[Passage]:
    """The first k passages, best first, each with its copies behind it; further passages are looked at for none.

    Of a passage and its copies the newest leads, of equally new ones the one that says most, at the best place of them.
    One that says more than the leader (a slide with its speaker's notes) is no copy and stays in its place.
    """
    groups: list[list[_Read]] = []
    for passage in passages:
        read = _Read.of(passage)
        group = next((each for each in groups if any(read.copies(other) for other in each)), None)
        if group is not None:
            group.append(read)
        elif len(groups) == k:
            break
        else:
            groups.append([read])
    made = [passage for group in groups for passage in _led(group)]
    return sorted(made, key=lambda each: -each.score)[:k]


@dataclass(frozen=True, slots=True)
class _Read:
    """A passage, its words, its numbers in order, and what its document is a form of."""

    passage: Passage
    words: frozenset[str]
    numbers: tuple[str, ...]
    work: str

    @classmethod
    def of(cls, passage: Passage) -> "_Read":
        text = passage.chunk.text
        words = frozenset(word.lower() for word in _WORD.findall(text))
        return cls(passage, words, tuple(_NUMBER.findall(text)), work(passage.chunk.uri))

    def copies(self, other: "_Read") -> bool:
        """Whether two passages of different documents say the same; for files of one work numbers may differ."""
        if self.passage.chunk.uri == other.passage.chunk.uri or len(self.words) < _FEWEST_WORDS:
            return False
        same_work = bool(self.work) and self.work == other.work
        if not same_work and self.numbers != other.numbers:
            return False
        fewer, more = sorted((len(self.words), len(other.words)))
        wanted = SAME_WORK if same_work else SAME_WORDS
        return fewer >= wanted * more and len(self.words & other.words) >= wanted * len(self.words | other.words)


def _led(group: Sequence[_Read]) -> list[Passage]:
    """The leader of a group with the rank and score of the best, its copies behind it; then those that say more."""
    leader = max(group, key=lambda each: ((each.passage.chunk.modified or _EVER).date(), len(each.words)))
    others = [each for each in group if each is not leader]
    copies = [each for each in others if len(each.words & leader.words) >= SAID * len(each.words)]
    best = next(each.passage for each in group if each is leader or each in copies)
    led = replace(
        leader.passage,
        score=best.score,
        ranks=best.ranks,
        similarity=best.similarity,
        copies=tuple(each.passage.chunk for each in copies),
    )
    return [led, *(each.passage for each in others if each not in copies)]

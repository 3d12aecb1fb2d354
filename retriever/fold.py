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

    Of a passage and its copies the newest leads, at the best place of them.
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
    return [_led([read.passage for read in group]) for group in groups]


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


def _led(group: Sequence[Passage]) -> Passage:
    """The newest of a group with the rank and score of the best, the others as its copies in order of their rank."""
    newest = max(group, key=lambda each: each.chunk.modified or _EVER)
    best = group[0]
    copies = tuple(each.chunk for each in group if each is not newest)
    return replace(newest, score=best.score, ranks=best.ranks, similarity=best.similarity, copies=copies)

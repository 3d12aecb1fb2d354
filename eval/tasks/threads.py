"""How well the threads of mail are found, judged by the thread pages that Mailman made of the same archive.

A folder holds YYYY-Month/thread.html beside YYYY-Month.txt or .txt.gz. The n-th message of a month's text has the n-th
smallest number in its page; a month where the two differ in subjects is named, and left out where they differ in
number. A pair counts that is in one thread, both messages of one month, since no page shows more.
"""

import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from app.shape import Json
from ingest.formats.email.header import base_subject
from ingest.read import parsed
from ingest.source import Item
from ingest.sources.mail import Source

#: The F1 over pairs that is wanted.
WANTED = 0.95
_ENTRY = re.compile(r"<!--\d+ (\S+)- -->\s*<LI><A HREF=\"[^\"]*\">(.*?)</A>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """A message: its number on a thread page (0 elsewhere), the first message of its thread, its subject."""

    number: int
    thread: str
    subject: str


def entries(page: str) -> list[Entry]:
    """The messages of a thread page, in the order in which the archive got them."""
    found = []
    for key, subject in _ENTRY.findall(page):
        above = key.split("-")
        found.append(Entry(int(above[-1].partition(".")[2]), above[0], base_subject(html.unescape(subject).strip())))
    return sorted(found, key=lambda entry: entry.number)


def messages(folder: Path) -> Mapping[str, list[Entry]]:
    """The messages of each month's text archive, in its order, by the name of the month."""
    source = Source("archive", frozenset({"public"}), folder)
    found: dict[str, list[Entry]] = {}
    for item in source.listing():
        # What the archive holds twice its page shows twice.
        if isinstance(item, Item) and item.locator and not item.skipped and "/" not in item.uri.removeprefix("mid:"):
            raw = source.fetch(item)
            month = _month(item.locator)
            found.setdefault(month, []).append(Entry(0, raw.thread, base_subject(parsed(raw).title)))
    return found


def _month(locator: str) -> str:
    name = re.search(r"\d{4}-[A-Za-z]+", locator)
    return name[0] if name else ""


def pairs(months: Mapping[str, Sequence[Entry]], thread: Callable[[Entry], str]) -> Iterator[tuple[str, int, int]]:
    """The pairs of messages of a month that are in one thread."""
    for month, some in months.items():
        for one, other in combinations(range(len(some)), 2):
            if thread(some[one]) == thread(some[other]):
                yield month, one, other


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many pairs of messages a way of threading finds, how many the pages have, and how many are in both."""

    ours: int
    wanted: int
    both: int

    @property
    def precision(self) -> float:
        """The share of ours that the pages have; 1 where there are none."""
        return self.both / self.ours if self.ours else 1.0

    @property
    def recall(self) -> float:
        """The share of the pages' that we have; 1 where there are none."""
        return self.both / self.wanted if self.wanted else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of the two; 1 where neither has a pair."""
        return 2 * self.both / (self.ours + self.wanted) if self.ours + self.wanted else 1.0


@dataclass(frozen=True, slots=True)
class Judged:
    """An archive: its messages and months, our threads, threads by subject alone, and which months do not fit."""

    messages: int
    months: int
    threads: Agreement
    subjects: Agreement
    notes: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether it is as good as it is wanted."""
        return self.threads.f1 >= WANTED


def judge(folder: Path) -> Judged:
    """Hold the threads of an archive against its pages."""
    read = messages(folder)
    gold: dict[str, list[Entry]] = {}
    notes = []
    for page in sorted(folder.glob("*/thread.html")):
        month = page.parent.name
        found = entries(page.read_text(encoding="utf-8", errors="replace"))
        here = read.get(month, [])
        if len(found) != len(here) or [each.subject for each in found] != [each.subject for each in here]:
            same = sum(one.subject == other.subject for one, other in zip(found, here, strict=False))
            notes.append(f"{month}: {len(found)} on the page, {len(here)} in the text, {same} subjects alike")
        if len(found) == len(here):
            gold[month] = found
    ours = {month: read[month] for month in gold}
    wanted = set(pairs(gold, lambda each: each.thread))

    def agreement(thread: Callable[[Entry], str]) -> Agreement:
        got = set(pairs(ours, thread))
        return Agreement(len(got), len(wanted), len(got & wanted))

    threads, subjects = agreement(lambda each: each.thread), agreement(lambda each: each.subject)
    return Judged(sum(map(len, gold.values())), len(gold), threads, subjects, tuple(notes))


def as_json(made: Judged) -> dict[str, Json]:
    """What was found, as JSON."""
    return {
        "messages": made.messages,
        "months": made.months,
        "wanted": WANTED,
        "holds": made.holds,
        "notes": list(made.notes),
        **{
            name: {"pairs": one.ours, "precision": one.precision, "recall": one.recall, "f1": one.f1}
            for name, one in (("threads", made.threads), ("subjects", made.subjects))
        },
    }


def lines(made: Judged) -> Iterator[str]:
    """What was found, for people."""
    yield from made.notes
    counted = f"{made.messages} messages of {made.months} months, {made.threads.wanted} pairs in one thread"
    yield f"{counted} (F1 wanted {WANTED})"
    for name, one in (("threads", made.threads), ("subjects alone", made.subjects)):
        yield f"{name}: {one.ours} pairs, precision {one.precision:.3f}, recall {one.recall:.3f}, F1 {one.f1:.3f}"

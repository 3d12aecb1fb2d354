"""Hold the threads of a Mailman archive against the archive's own thread pages. A script, not a test.

    python tests/bench/threads.py DIR

DIR holds YYYY-Month/thread.html beside YYYY-Month.txt or .txt.gz. The n-th message of a month's text has the n-th
smallest number in its page; a month where the two differ in subjects is named, and left out where they differ in
number. A pair counts that is in one thread, both messages of one month, since no page shows more. Printed are the pairs
of the pages, ours, those of both, precision, recall, F1, and the same for threads by subject alone.
"""

import argparse
import html
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from ingest.formats.email.header import base_subject
from ingest.read import parsed
from ingest.source import Item
from ingest.sources.mail import Source

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


def row(name: str, ours: set[tuple[str, int, int]], wanted: set[tuple[str, int, int]]) -> str:
    """A line of the table."""
    both = len(ours & wanted)
    precision, recall = both / max(1, len(ours)), both / max(1, len(wanted))
    f1 = 2 * both / max(1, len(ours) + len(wanted))
    return f"| {name} | {len(wanted)} | {len(ours)} | {both} | {precision:.3f} | {recall:.3f} | {f1:.3f} |\n"


def main(arguments: Sequence[str]) -> int:
    """Print the table; the exit status is 1 below an F1 of 0.95."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args(arguments).folder
    read = messages(folder)
    gold: dict[str, list[Entry]] = {}
    for page in sorted(folder.glob("*/thread.html")):
        month = page.parent.name
        found = entries(page.read_text(encoding="utf-8", errors="replace"))
        here = read.get(month, [])
        if len(found) != len(here) or [each.subject for each in found] != [each.subject for each in here]:
            same = sum(one.subject == other.subject for one, other in zip(found, here, strict=False))
            sys.stdout.write(f"{month}: {len(found)} on the page, {len(here)} in the text, {same} subjects alike\n")
        if len(found) == len(here):
            gold[month] = found
    ours = {month: read[month] for month in gold}
    wanted = set(pairs(gold, lambda each: each.thread))
    sys.stdout.write(f"{sum(map(len, gold.values()))} messages of {len(gold)} months\n")
    sys.stdout.write("| | pairs | ours | both | precision | recall | F1 |\n|---|---|---|---|---|---|---|\n")
    got = set(pairs(ours, lambda each: each.thread))
    sys.stdout.write(row("threads", got, wanted))
    sys.stdout.write(row("subjects alone", set(pairs(ours, lambda each: each.subject)), wanted))
    return int(2 * len(got & wanted) < 0.95 * (len(got) + len(wanted)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

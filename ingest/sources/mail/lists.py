"""Archives of mailing lists on servers: Mailman 2 (pipermail) and Mailman 3 (HyperKitty), month by month."""

import re
from collections.abc import Iterator
from datetime import date
from urllib.parse import quote

from ingest.errors import Unreadable
from ingest.remote import Remote, Unreachable
from ingest.sources.mail.mirror import Mirror

# Archives are cut by months, or by quarters, years, weeks or days.
_TEXT = re.compile(
    r"href\s*=\s*[\"']?((?:\d{4}-[A-Z][a-z]+|\d{4}q\d|\d{4}|\d{8}|Week-of-Mon-\d{8})\.txt(?:\.gz)?)[\"'\s>]",
    re.IGNORECASE,
)
_PAGES = re.compile(r"href\s*=\s*[\"']?([\w-]+)/thread\.html", re.IGNORECASE)


def mailman(remote: Remote, name: str) -> Mirror:
    """The texts of a list's archive that its index names; each is asked for again only if it has changed."""
    mirror = Mirror(f"{remote.url}{quote(name)}/")
    try:
        index = remote.page(f"{quote(name)}/").text
    except Unreachable as problem:
        mirror.lost.append(str(problem))
        return mirror
    texts = list(dict.fromkeys(_TEXT.findall(index)))
    named = {text.partition(".")[0] for text in texts}
    mirror.lost += [
        f"{each} has pages and no text" for each in dict.fromkeys(_PAGES.findall(index)) if each not in named
    ]
    if not texts:
        mirror.lost.append(f"{mirror.address}: the index of the archive names no text of any month")
    for text in texts:
        try:
            mirror.put(text, remote.page(f"{quote(name)}/{text}").data)
        except Unreadable as problem:
            mirror.lost.append(str(problem))
    return mirror


def hyperkitty(remote: Remote, name: str) -> Mirror:
    """The exports of a list's archive: one for each month that its page names, one before and one after all of them."""
    place = f"list/{quote(name, safe='@')}"
    mirror = Mirror(f"{remote.url}{place}/export/")
    try:
        months = _months(remote.page(f"{place}/").text, name)
    except Unreachable as problem:
        mirror.lost.append(str(problem))
        return mirror
    if not months:
        mirror.lost.append(f"{remote.url}{place}/: the page of the list names no month")
    for number, (start, end) in enumerate(_spans(months)):
        asked = {name: day.isoformat() for name, day in (("start", start), ("end", end)) if day}
        try:
            export = remote.page(f"{place}/export/{quote(name, safe='@')}-{number:04}.mbox.gz", asked).data
            mirror.put(f"{number:04}.mbox.gz", export)
        except Unreadable as problem:
            mirror.lost.append(str(problem))
    return mirror


def _months(page: str, name: str) -> list[date]:
    """The first days of the months that the page of a list leads to, in order."""
    found = re.findall(rf"/list/{re.escape(name)}/(\d{{4}})/(\d{{1,2}})/", page.replace("%40", "@"))
    return sorted({date(int(year), int(month), 1) for year, month in found if 1 <= int(month) <= 12 and int(year)})


def _spans(months: list[date]) -> Iterator[tuple[date | None, date | None]]:
    """Days from and up to, not with, which to ask for: nothing is left out and nothing asked for twice."""
    for start, end in zip([None, *months], [*months, None], strict=True):
        if start or end:
            yield start, end

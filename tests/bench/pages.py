"""HTML pages with a known text, for timing and judging what is read of them.

Message pages of Mailman archives, and topics of the sample inside the chrome of two made-up sites. The gold text is
what stands there without the chrome: of a message its subject, sender, date and body, of a topic the whole of it.
"""

import html
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

_MESSAGE = re.compile(r"(<H1>.*?</I>).*?<!--beginarticle-->(.*)<!--endarticle-->", re.DOTALL | re.IGNORECASE)
# What Markdown adds to the words: targets of links, and the numbers of lists, which a browser makes.
_ADDED = re.compile(r"(?<=\])\([^()\s]*\)|^\s*\d+\.\s", re.MULTILINE)
_WORD = re.compile(r"\w+")

_SECTIONS = ("Home", "News", "Detector operations", "Physics groups", "Software", "Meetings", "Publications", "Help")
_NEAR = ("Luminosity", "Trigger menu", "Data quality", "Calibration", "Jet energy scale", "Grid submission", "Quotas")

# A wiki of the older kind: everything in one table, bars on three sides, no names that tell content from chrome.
_TABLES = """<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN">
<html><head><title>{title} &lt; Wiki &lt; HELIX</title><style>td.bar {{ background: #eef }}</style>
<script>function jump(form) {{ location = form.to.value }}</script></head><body bgcolor="#ffffff">
<div class="toolbar"><a href="/">HELIX</a> | <a href="/wiki">Wiki</a> | <a href="/login">Log in</a>
<form action="/search"><input name="q"><input type="submit" value="Go"></form></div>
<table width="100%"><tr><td class="sidebar" valign="top"><b>Webs</b><ul>{sections}</ul><b>See also</b><ul>{near}</ul>
</td>
<td valign="top"><div class="breadcrumb">{crumbs}</div>
{body}
<div class="footer">This site is run by the HELIX secretariat. Ideas, requests, problems? <a href="/feedback">Send
feedback</a>. Copyright by the contributing authors. Edit | Attach | Print version | History: r7 &lt; r6 &lt; r5 | More
topic actions</div></td></tr></table></body></html>"""

# A documentation site of today: landmarks, a banner about cookies, a table of contents, links to share and to go on.
_LANDMARKS = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} - HELIX docs</title>
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/site.css">
<script src="/site.js" defer></script></head><body>
<a class="skip-link" href="#top">Skip to content</a>
<div class="cookie-banner" role="dialog"><p>We use cookies to remember your settings.</p><button>Accept</button></div>
<header class="site-header" role="banner"><a href="/" class="logo">HELIX docs</a><nav><ul>{sections}</ul></nav>
<form role="search"><input type="search" placeholder="Search"></form></header>
<div class="layout"><aside class="sidebar-left"><nav aria-label="Chapters"><ul>{near}{sections}</ul></nav></aside>
<main id="top"><nav class="breadcrumbs">{crumbs}</nav><article>
{body}
</article><div class="social-links"><a href="/s/1">Share</a> <a href="/s/2">Tweet</a></div></main>
<aside class="toc"><p>On this page</p><ul>{contents}</ul></aside></div>
<footer class="site-footer"><p>Built by the HELIX software group. All rights reserved.</p><ul>{sections}</ul></footer>
</body></html>"""

CHROMES = {"tables": _TABLES, "landmarks": _LANDMARKS}


@dataclass(frozen=True, slots=True)
class Page:
    """The bytes of a page, and the text that stands on it without its chrome."""

    raw: bytes
    gold: str


def messages(archive: Path) -> list[Page]:
    """The message pages of a Mailman archive; those that are not as Mailman writes them are left out."""
    return list(_messages(archive))


def topics(wiki: Path, chrome: str) -> list[Page]:
    """The topics of a wiki, each rendered inside a chrome of CHROMES."""
    from markdown_it import MarkdownIt

    from ingest.formats.twiki_markup import parse

    render = MarkdownIt("commonmark").enable("table").render
    return [
        _rendered(path.stem, render(parse(path.read_bytes(), path.name).text), CHROMES[chrome])
        for path in sorted(wiki.rglob("*.txt"))
    ]


def f1(text: str, gold: str) -> float:
    """How far two texts have the same words, each counted as often as it stands there."""
    found, wanted = (Counter(_WORD.findall(_ADDED.sub("", each).lower())) for each in (text, gold))
    shared = (found & wanted).total()
    return 2 * shared / (found.total() + wanted.total()) if shared else float(not wanted and not found)


def mean_f1(texts: Sequence[str], pages: Sequence[Page]) -> float:
    """The mean over pages of what f1 says of the text that was read of each."""
    return mean(f1(text, page.gold) for text, page in zip(texts, pages, strict=True))


def _messages(archive: Path) -> Iterator[Page]:
    from lxml.html import fromstring

    for path in sorted(archive.rglob("*.html")):
        found = _MESSAGE.search(path.read_text(encoding="utf-8", errors="replace")) if path.stem.isdigit() else None
        if found:
            gold = str(fromstring(f"<div>{found[1]} {found[2]}</div>").xpath("string()"))
            yield Page(path.read_bytes(), gold)


def _rendered(title: str, body: str, chrome: str) -> Page:
    from lxml.html import fromstring

    gold = str(fromstring(f"<div>{body}</div>").xpath("string()"))
    headings = re.findall(r"<h\d>(.*?)</h\d>", body)
    page = chrome.format(
        title=html.escape(title),
        body=body,
        sections=_links(_SECTIONS),
        near=_links(_NEAR),
        crumbs=" &gt; ".join(f'<a href="/{each}">{each}</a>' for each in ("HELIX", "Wiki", title)),
        contents=_links(headings),
    )
    return Page(page.encode(), gold)


def _links(words: Sequence[str]) -> str:
    return "".join(f'<li><a href="/to/{number}">{each}</a></li>' for number, each in enumerate(words))

"""The web pages of a Mailman archive: one page a message, for archives of which nothing else is left."""

import html
import re

from ingest.charset import as_declared

_ARTICLE = re.compile(r"<!--beginarticle-->(.*?)(?:<!--endarticle-->|\Z)", re.DOTALL)
_SUBJECT = re.compile(r"<h1>(.*?)</h1>", re.IGNORECASE | re.DOTALL)
_AUTHOR = re.compile(r"</h1>\s*<b>(.*?)</b>", re.IGNORECASE | re.DOTALL)
_ADDRESS = re.compile(r"<a\s+href=\"mailto:[^\"]*\"[^>]*>(.*?)</a>", re.IGNORECASE | re.DOTALL)
# The link for an answer names this page's message as the one to be answered.
_OWN_ID = re.compile(r"In-Reply-To=([^\"&]+)", re.IGNORECASE)
_DATE = re.compile(r"<i>(\w{3} \w{3} +\d.*?)</i>", re.IGNORECASE)
_CHARSET = re.compile(rb"charset=[\"']?([\w.:-]+)", re.IGNORECASE)
_TAG = re.compile(r"<[^>]+>")


def is_page(head: bytes) -> bool:
    """Whether these bytes start a page that shows a message."""
    return b"<!--beginarticle-->" in head and b"<html" in head[:512].lower()


def page_message(page: bytes) -> bytes:
    """The message that a page shows, with the header fields that the page tells, in UTF-8."""
    declared = _CHARSET.search(page[:4096])
    text, _ = as_declared(page, declared[1].decode("ascii", "replace") if declared else "")
    article = _ARTICLE.search(text)
    own = _OWN_ID.search(text)
    fields = {
        "From": f"{_words(_ADDRESS, text)} ({_words(_AUTHOR, text)})",
        "Subject": _words(_SUBJECT, text),
        "Date": _words(_DATE, text),
        "Message-ID": _unquoted(own[1]) if own else "",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
    }
    head = "".join(f"{name}: {value}\n" for name, value in fields.items() if value)
    body = html.unescape(_TAG.sub("", article[1] if article else ""))
    return f"{head}\n{body}".encode("utf-8", "replace")


def _words(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return " ".join(html.unescape(_TAG.sub("", found[1])).split()) if found else ""


def _unquoted(quoted: str) -> str:
    from urllib.parse import unquote

    return "".join(unquote(html.unescape(quoted)).split())

"""The pane beside the answer: a passage in its document, with what is known of the document."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

import streamlit as st

from app.assemble import Site
from app.chat import safe
from app.chat.cited import COLOURS, MEANINGS
from app.chat.conversation import Conversation, Opened
from app.evidence import Place, page_image, place, section, thread
from app.labels import KINDS, SIGNS, day
from ingest.document import Document, Mark, Status

#: How far a document can be relied on, in a word and a colour; of most nothing is known.
STANDINGS: Mapping[Status, tuple[str, str]] = {
    "official": ("official", "green"),
    "approved": ("approved", "green"),
    "draft": ("draft", "orange"),
    "personal": ("personal page", "gray"),
    "superseded": ("superseded", "red"),
}
#: Authors that are named; a paper may have thousands.
_NAMED = 4
#: Characters of another message of a thread.
_BEGINNING = 60
#: The number of a slide or a page; its title stands on it.
_NUMBERED = re.compile(r"(?:slide|page) \d+")
_ITEM = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")


def draw(site: Site, conversation: Conversation) -> None:
    """The place that is open."""
    opened = conversation.opened
    assert opened is not None
    found = place(site.index, opened.uri, opened.start, opened.end, conversation.asker.principals)
    with st.container(key="evidence"):
        if found is None:
            _head("This document is not there any more, or you may no longer read it.", conversation)
            return
        _head(found.document.title or opened.uri, conversation)
        _about(site, found, opened, conversation)
        _doubt(opened)
        _body(site, found, opened, conversation)


def host(uri: str) -> str:
    """The host of a document's address, or nothing."""
    try:
        return urlsplit(uri).hostname or ""
    except ValueError:
        return ""


def _head(title: str, conversation: Conversation) -> None:
    with st.container(horizontal=True, key="evidence-head", vertical_alignment="top"):
        st.markdown(f"## {safe.inline(title)}", anchors=False, width="stretch")
        st.button("Close", icon=":material/close:", type="tertiary", key="close", on_click=conversation.close)


def _about(site: Site, found: Place, opened: Opened, conversation: Conversation) -> None:
    """What is known of the document; then the verdict and the place within it, and the link to the exact place."""
    standing = STANDINGS.get(found.document.status)
    badge = f":{standing[1]}-badge[{standing[0]}] " if standing else ""
    known = " · ".join(_known(site, found.document, conversation))
    with st.container(key="evidence-about"):
        st.markdown(f"{badge}:gray[{safe.inline(known)}]")
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key="evidence-place"
    ):
        if where := " · ".join(_where(found, opened)):
            st.markdown(where, width="content")
        link = next((each.link for each in found.around if each.start <= found.start < each.end), found.document.uri)
        if urlsplit(link).scheme in ("http", "https"):
            st.link_button("Open the document", link, icon=":material/open_in_new:", type="tertiary")


def _known(site: Site, document: Document, conversation: Conversation) -> Iterator[str]:
    """Kind, source, date, authors and what the document belongs to; who wrote a mail and when stands above its text."""
    yield KINDS[document.kind]
    yield document.source
    if document.kind == "mail":
        return
    if document.modified:
        yield day(document.modified)
    if document.authors:
        more = len(document.authors) - _NAMED
        yield ", ".join(document.authors[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    parent = site.index.document(document.parent, conversation.asker.principals) if document.parent else None
    if parent is not None and parent.kind != "mail":
        # The parent of a wiki topic is only where the wiki files it.
        yield f"{'filed under' if document.kind == parent.kind == 'topic' else 'part of'} {parent.title}"


def _where(found: Place, opened: Opened) -> Iterator[str]:
    """The verdict in a word, and the page, slide or heading."""
    if opened.verdict is not None:
        yield f":{COLOURS[opened.verdict]}[{SIGNS[opened.verdict]} **{opened.verdict}**]"
    if numbered := _NUMBERED.match(found.label):
        yield f"**{numbered[0].capitalize()}**"
        return
    if found.page is not None:
        yield f"**Page {found.page}**"
    if found.label and found.document.kind != "mail" and not _heads_its_section(found):
        yield f"**{safe.inline(found.label)}**"


def _heads_its_section(found: Place) -> bool:
    """Whether the label is the heading that is shown above the passage anyway."""
    start, _ = section(found.document, found.start, found.end)
    return found.page is None and found.label in found.document.text[start : found.start]


def _doubt(opened: Opened) -> None:
    """A sentence that is not fully supported, and what the check missed."""
    if opened.verdict is None or opened.verdict == "supported":
        return
    with st.container(key="verdict"):
        st.markdown(f"{MEANINGS[opened.verdict]} The answer says:")
        with st.container(key="said"):
            st.markdown(safe.markdown(_sentence(opened.sentence), by_model=True), anchors=False)


def _sentence(said: str) -> str:
    """A sentence of an answer that stands alone: no item of a list, and the cells of a row on one line."""
    if said.startswith("|"):
        return " · ".join(cell.strip() for cell in said.strip().strip("|").split("|") if cell.strip())
    return _ITEM.sub("", said)


def _body(site: Site, found: Place, opened: Opened, conversation: Conversation) -> None:
    document = found.document
    if document.kind == "mail":
        _mail(site, document, opened, conversation)
    elif found.page is not None and (image := _page(site, found, conversation)):
        st.image(image, width="stretch", alt=f"Page {found.page} of {document.title}, with the cited lines highlighted")
        with st.expander("The cited words as text", expanded=True), st.container(key="document-text"):
            _text(document, found.start, found.end, mark=None)
    else:
        start, end = section(document, found.start, found.end)
        with st.container(key="document-text", border=True):
            _text(document, start, end, mark=(found.start, found.end))


def _page(site: Site, found: Place, conversation: Conversation) -> bytes | None:
    """The page as an image, drawn once as long as it is open."""
    assert found.page is not None
    key = (found.document.uri, found.page, found.start, found.end)
    if key not in conversation.pages:
        drawn = page_image(site.index, *key, conversation.asker.principals)
        if drawn is None:
            return None
        conversation.pages = {key: drawn}
    return conversation.pages[key]


def _text(document: Document, start: int, end: int, *, mark: safe.Span | None) -> None:
    """A stretch of a document with the cited words highlighted."""
    inside = (mark[0] - start, mark[1] - start) if mark else None
    home = {host(document.uri)}
    for number, piece in enumerate(safe.pieces(document.text[start:end], home=home, mark=inside)):
        if piece.marked:
            with st.container(key=f"cited-block-{number}"):
                st.markdown(piece.markdown, anchors=False)
        else:
            st.markdown(piece.markdown, anchors=False)


def _mail(site: Site, message: Document, opened: Opened, conversation: Conversation) -> None:
    """The message with what it quotes folded, among the others of its thread."""
    for other in thread(site.index, message, conversation.asker.principals):
        if other.uri == message.uri:
            with st.container(key="document-text", border=True):
                st.markdown(f"**{_sender(message)}**")
                _message(message, (opened.start, opened.end))
        else:
            st.button(
                f"**{_sender(other)}** :gray[{safe.inline(_beginning(other))}]",
                key=f"mail-{other.uri}",
                type="tertiary",
                on_click=_turn_to,
                args=(conversation, other.uri),
            )


def _turn_to(conversation: Conversation, uri: str) -> None:
    """Look at another message of the thread."""
    assert conversation.opened is not None
    plain = replace(conversation.opened, sentence="", verdict=None, marker="", address="")
    conversation.opened = replace(plain, uri=uri, start=0, end=0)


def _sender(message: Document) -> str:
    names = ", ".join(message.authors) or "Unknown sender"
    return safe.inline(f"{names}, {day(message.modified)}" if message.modified else names)


def _beginning(message: Document) -> str:
    """The first of a mail's own words: the subject is the same in all of the thread."""
    own = " ".join(message.text[start:end] for start, end, folded in _parts(message) if folded is None).split()
    whole = " ".join(own)
    return whole if len(whole) <= _BEGINNING else whole[:_BEGINNING].rsplit(" ", 1)[0] + "\u00a0…"


def _message(message: Document, mark: safe.Span) -> None:
    """The text of a mail; earlier mails that it quotes and the signature are folded unless the mark lies in them."""
    for number, (start, end, folded) in enumerate(_parts(message)):
        if not message.text[start:end].strip():
            continue
        shown = safe.lines(message.text[start:end], mark=(mark[0] - start, mark[1] - start))
        if folded is None:
            st.markdown(shown)
        else:
            name = "Signature" if folded.kind == "signature" else "Quoted text"
            with st.expander(name, expanded=start <= mark[0] < end and mark[0] < mark[1], key=f"folded-{number}"):
                st.markdown(shown)


def _parts(message: Document) -> Iterator[tuple[int, int, Mark | None]]:
    """A mail's own words and, in between, the marks of what is quoted or signed."""
    at = 0
    for mark in sorted(message.marks, key=lambda mark: (mark.start, -mark.end)):
        if mark.kind in ("quote", "signature") and mark.start >= at:
            yield at, mark.start, None
            yield mark.start, mark.end, mark
            at = mark.end
    yield at, len(message.text), None

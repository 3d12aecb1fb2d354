"""The chat's page: drawn from top to bottom each time that something is clicked or asked."""

import time
from collections.abc import Iterator, Sequence

import streamlit as st

from app.answer import Answer, Claim
from app.assemble import Site
from app.assistant import Done, Event, Judged, Stage, Words
from app.chat import cited, looks, pane, safe, serving
from app.chat.conversation import Conversation, Exchange, Opened, current
from app.chat.unfinished import settled
from app.claims import known_markers_only
from app.identity import Asker, BadToken, asker, secret
from app.labels import DOUBTFUL, KINDS, below, day, made, tally, worst
from app.model import ModelUnavailable
from index.chunk import Chunk
from index.store import Scope
from ingest.document import DocumentKind
from ingest.errors import CollabqaError

#: The longest question that is taken, in characters.
LONGEST = 4000
#: While a model writes, the page is drawn anew at most this often.
_SECONDS_BETWEEN = 0.08
#: What is going on, in the order it happens.
_STAGES = {"searching": "Searching", "reading": "Reading", "writing": "Writing", "checking": "Checking"}
#: Passages that are offered where nothing answers the question.
_NEAREST = 3
#: Spaces in a line: where it must not be broken, and between what it says and what is said about that.
_NO_BREAK, _GAP = "\u00a0", "\u2002"
#: Characters of a title in a list of places.
_TITLE = 72
#: Markers of a text that is not finished are taken for known up to this number.
_ANY_MARKER = 999


def draw() -> None:
    """The whole page."""
    site = serving.site
    assert site is not None, "the chat is served by: collabqa serve"
    name = site.settings.collaboration.name
    st.set_page_config(f"{name}: questions and answers", page_icon=looks.read("icon.svg"), layout="wide")
    st.html(f"<style>{looks.read('style.css')}</style>")
    try:
        conversation = current(_asker(site))
    except BadToken:
        st.markdown("Your sign-on is not valid any more. Sign in again, and reload this page.")
        return
    _listen(conversation)
    asked = st.chat_input(f"Ask about {name}", max_chars=LONGEST, submit_mode="disable")
    if asked and asked.strip():
        _ask(conversation, asked.strip())
    _header(site, conversation)
    # What was drawn before stands until the run ends, unless an empty element takes its place: hence the two slots.
    welcome = st.empty()
    if not conversation.exchanges:
        with welcome.container(key="welcome"):
            _welcome(site, conversation)
    with st.container(key="body"):
        answers, beside = st.columns(2, gap="medium")
    opened = beside.empty()
    if conversation.opened is not None:
        with opened.container():
            pane.draw(site, conversation)
    with answers:
        for number, exchange in enumerate(conversation.exchanges):
            _exchange(site, conversation, number, exchange)


def _asker(site: Site) -> Asker:
    """Who sits at the browser: what the connection's headers say, read anew for every question and every click."""
    headers = st.context.headers
    first = {name.lower(): headers.get_all(name)[0] for name in headers}
    # Streamlit says None for this machine.
    client = st.context.ip_address or "127.0.0.1"
    return asker(first, client, site.settings.access, secret(site.folder))


def _listen(conversation: Conversation) -> None:
    """Open the citation whose chip was clicked, and tell the page what is open."""
    listener = st.components.v2.component("collabqa.clicks", js=looks.read("clicks.js"))
    opened = conversation.opened
    data = {
        "place": f"{opened.start}-{opened.end} {opened.uri}" if opened else "",
        "address": opened.address if opened else "",
    }
    listener(key="clicks", data=data, on_opened_change=lambda: _clicked(conversation))


def _clicked(conversation: Conversation) -> None:
    """Runs before the page is drawn anew, so that it is drawn with what was clicked."""
    conversation.open(st.session_state["clicks"]["opened"])


def _ask(conversation: Conversation, question: str) -> None:
    """Ask within what the filter says."""
    conversation.ask(question, sources=st.session_state.get("sources") or (), kinds=st.session_state.get("kinds") or ())


def _header(site: Site, conversation: Conversation) -> None:
    """The name, what to search in, and a way to begin anew."""
    name = safe.inline(site.settings.collaboration.name)
    with st.container(horizontal=True, key="head", vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"# {name}", anchors=False, width="content")
        with st.container(horizontal=True, key="tools", width="content", gap="small"):
            _filter(site, conversation.asker)
            st.button(
                "New conversation",
                icon=":material/edit_square:",
                type="tertiary",
                key="new",
                on_click=conversation.clear,
                disabled=not conversation.exchanges,
            )


def _filter(site: Site, who: Asker) -> None:
    """Sources and kinds to search in, among those that the asker may read; none chosen means all."""
    sources, kinds = _searchable(site, who)
    for key, there in (("sources", sources), ("kinds", kinds)):
        st.session_state[key] = [each for each in st.session_state.get(key) or () if each in there]
    count = len(st.session_state.get("sources") or ()) + len(st.session_state.get("kinds") or ())
    with st.popover(f"Search in ({count})" if count else "Search in", icon=":material/tune:", type="tertiary"):
        st.pills("Sources", sources, selection_mode="multi", key="sources")
        st.pills("Kinds", kinds, selection_mode="multi", key="kinds", format_func=lambda kind: KINDS[kind])
        st.caption("Nothing chosen means everywhere.")


def _searchable(site: Site, who: Asker) -> tuple[list[str], list[DocumentKind]]:
    """The sources and kinds that hold something the asker may read; counted once a conversation."""
    held = st.session_state.get("searchable")
    if held is None or held[0] != who:
        store = site.index.store
        sources = sorted(store.counts(scope=Scope(who.principals)).by_source)
        kinds = [kind for kind in KINDS if store.counts(scope=Scope(who.principals, document_kinds=(kind,))).chunks]
        held = (who, sources, kinds)
        st.session_state["searchable"] = held
    return held[1], held[2]


def _welcome(site: Site, conversation: Conversation) -> None:
    """The page before the first question."""
    collaboration = site.settings.collaboration
    sources, _ = _searchable(site, conversation.asker)
    st.markdown(f"## What would you like to know about {safe.inline(collaboration.name)}?", anchors=False)
    if not sources:
        st.markdown("There is nothing here yet that you may read.")
        return
    documents = site.index.store.counts(scope=Scope(conversation.asker.principals)).documents
    st.markdown(
        f"Answers come from {documents:,} documents that you may read ({safe.inline(', '.join(sources))}). "
        "Every sentence shows the place that supports it."
        + ("" if site.settings.model.kind else " No language model is set up: sentences are the documents' own.")
    )
    for number, question in enumerate(collaboration.questions):
        st.button(
            safe.inline(question), key=f"example-{number}", on_click=_ask, args=(conversation, question), wrap=True
        )


def _exchange(site: Site, conversation: Conversation, number: int, exchange: Exchange) -> None:
    """A question and what came of it, or is coming."""
    with st.container(key=f"question-{number}"):
        st.markdown(safe.markdown(exchange.question))
    slot = st.empty()
    if exchange.waiting:
        with slot.container():
            _answering(site, conversation, number, exchange)
    with slot.container(key=f"answer-{number}"):
        if exchange.answer is not None:
            _answer(conversation, number, exchange.answer, exchange)
        else:
            _unanswered(number, exchange)


def _answering(site: Site, conversation: Conversation, number: int, exchange: Exchange) -> None:
    """Answer, showing how it comes into being. Whoever clicks elsewhere meanwhile stops it."""
    exchange.stopped = True
    stage, text = st.empty(), st.empty()
    events = site.assistant.events(
        exchange.question, scope=exchange.scope(conversation.asker), turns=conversation.turns(exchange)
    )
    try:
        for shown in _followed(events, exchange):
            match shown:
                case Stage(name):
                    _stage(stage, name, number)
                case [*claims]:
                    home = _home(claims)
                    written = known_markers_only(settled(exchange.partial), _ANY_MARKER)
                    text.markdown(cited.cited(written, claims, "", exchange=None, home=home), anchors=False)
        exchange.stopped = False
    except ModelUnavailable as problem:
        exchange.stopped = False
        exchange.problem = f"The language model does not answer at the moment. {_sentence(problem)}"
    except CollabqaError as problem:
        exchange.stopped = False
        exchange.problem = f"This could not be answered. {_sentence(problem)}"


def _followed(events: Iterator[Event], exchange: Exchange) -> Iterator[Stage | list[Claim]]:
    """The stages, and whenever it is time to draw the text anew, the sentences judged so far."""
    claims: list[Claim] = []
    drawn = 0.0
    for event in events:
        match event:
            case Stage():
                yield event
            case Words(text):
                exchange.partial += text
            case Judged(claim):
                claims.append(claim)
            case Done(answer):
                exchange.answer = answer
        if exchange.partial and time.monotonic() - drawn > _SECONDS_BETWEEN:
            drawn = time.monotonic()
            yield claims


def _stage(slot: "st.delta_generator.DeltaGenerator", name: str, number: int) -> None:
    with slot.container(horizontal=True, key=f"stage-{number}-{name}", vertical_alignment="center"):
        at = list(_STAGES).index(name)
        words = [
            f"**:shimmer[{word}]**" if i == at else f":gray[{word}]"
            for i, word in enumerate(_STAGES.values())
            if i <= at
        ]
        st.markdown(" :gray[›] ".join(words), width="content")
        if name == "writing":
            st.button("Stop", icon=":material/stop_circle:", type="tertiary", key=f"stop-{number}")


def _answer(conversation: Conversation, number: int, answer: Answer, exchange: Exchange) -> None:
    """A finished answer, the places it cites, and how it was made."""
    if answer.refused:
        _refused(conversation, number, answer, exchange)
    else:
        home = _home(answer.claims)
        text = cited.cited(answer.text, answer.claims, answer.model, exchange=number, home=home)
        st.markdown(text, anchors=False)
        _sources(conversation, number, answer)
    _footer(number, answer)


def _home(claims: Sequence[Claim]) -> frozenset[str]:
    """The hosts of the documents that are cited: links to them are shown by their words alone."""
    return frozenset(pane.host(each.passage.chunk.uri) for claim in claims for each in claim.citations)


def _refused(conversation: Conversation, number: int, answer: Answer, exchange: Exchange) -> None:
    with st.container(key=f"refusal-{number}", border=True):
        st.markdown(safe.markdown(answer.text))
        if limits := [*exchange.sources, *(KINDS[kind] for kind in exchange.kinds)]:
            st.markdown(f"You asked to search only in: {safe.inline(', '.join(limits))}.")
    if answer.passages:
        with st.expander("The nearest passages, which do not answer it"):
            for rank, passage in enumerate(answer.passages[:_NEAREST]):
                chunk = passage.chunk
                st.button(
                    _place(chunk),
                    key=f"near-{number}-{rank}",
                    type="tertiary",
                    on_click=_look_at,
                    args=(conversation, Opened(chunk.uri, chunk.start, chunk.end)),
                )


def _look_at(conversation: Conversation, opened: Opened) -> None:
    conversation.opened = opened


def _sources(conversation: Conversation, number: int, answer: Answer) -> None:
    """The cited places, one line each, with the verdict that a reader must know of first."""
    rows: dict[str, list[cited.Reference]] = {}
    for i, claim in enumerate(answer.claims):
        for j, citation in enumerate(claim.citations):
            rows.setdefault(citation.marker, []).append((i, j))
    before: Chunk | None = None
    with st.container(key=f"sources-{number}", gap=None):
        for marker, references in rows.items():
            citations = [answer.claims[i].citations[j] for i, j in references]
            verdicts = [citation.verdict for citation in citations]
            verdict = worst(verdicts)
            chunk = citations[0].passage.chunk
            opened = conversation.opened
            here = opened is not None and opened.marker == marker and opened.address.startswith(f"#cite-{number}-")
            mixed = f"{_GAP}:gray[{tally(verdicts)}]" if set(verdicts) != {verdict} else ""
            st.button(
                f"{cited.badge(marker, verdict)} {_place(chunk, before=before)}{mixed}",
                key=f"source-{number}-{marker}{'-open' if here else ''}",
                type="tertiary",
                on_click=conversation.open,
                args=(cited.href(number, references[verdicts.index(verdict)]),),
            )
            before = chunk


def _place(chunk: Chunk, *, before: Chunk | None = None) -> str:
    """A place in a document as a label: title, heading, kind, date, and a warning where the document has one.

    Where the place before is in the same document, the title is not said again.
    """
    heading = below(chunk.title, chunk.heading).rpartition(" > ")[2]
    if heading and before is not None and before.uri == chunk.uri:
        return f"{safe.inline(heading)}{_GAP}:gray[the same document]"
    path = f" › {safe.inline(heading)}" if heading else ""
    about = KINDS[chunk.document_kind] + (f", {day(chunk.modified)}" if chunk.modified else "")
    standing, colour = pane.STANDINGS.get(chunk.status, ("", ""))
    warning = f" :{colour}-badge[{standing}]" if chunk.status in DOUBTFUL else ""
    return f"**{safe.inline(_shortened(chunk.title))}**{path}{_GAP}:gray[{about.replace(' ', _NO_BREAK)}]{warning}"


def _shortened(title: str) -> str:
    """A title that leaves room for the place; it is cut before a formula, never within one."""
    kept = title[:_TITLE].rsplit(" ", 1)[0] if len(title) > _TITLE else title
    return (
        kept
        if kept == title
        else kept[: kept.rfind("$") if kept.count("$") % 2 else None].rstrip(" ,;:") + f"{_NO_BREAK}…"
    )


def _footer(number: int, answer: Answer) -> None:
    """How the answer was made, how long it took, and what else to know."""
    bare = sum(not claim.citations for claim in answer.claims)
    how = made(answer.model, refused=answer.refused, sentences=len(answer.claims), bare=bare, seconds=answer.seconds)
    with st.container(key=f"foot-{number}"):
        st.caption(safe.inline(how))
        for note in answer.notes:
            st.caption(safe.inline(f"Note: {note}."))


def _unanswered(number: int, exchange: Exchange) -> None:
    """Why there is no answer, and a way to ask again."""
    if exchange.partial:
        st.markdown(safe.markdown(settled(exchange.partial), by_model=True), anchors=False)
    with st.container(key=f"problem-{number}", border=True):
        st.markdown(safe.inline(exchange.problem or "This answer was stopped before it was finished and checked."))
        st.button("Ask again", icon=":material/refresh:", key=f"again-{number}", on_click=exchange.again)


def _sentence(problem: Exception) -> str:
    said = str(problem).strip()
    return f"{said[:1].upper()}{said[1:]}{'' if said.endswith(('.', '?', '!')) else '.'}"

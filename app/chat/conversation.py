"""What a visitor asked in a browser tab, and what was answered; it lives in Streamlit's session and nowhere else."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import streamlit as st

from app.answer import Answer, Verdict
from app.chat.cited import Reference, referred
from app.history import Turn
from app.identity import Asker
from index.store import Scope
from ingest.document import DocumentKind

_KEY = "conversation"


@dataclass(slots=True)
class Exchange:
    """A question and what came of it: an answer, or why there is none.

    partial is what a model had written when it was stopped.
    """

    question: str
    sources: tuple[str, ...] = ()
    kinds: tuple[DocumentKind, ...] = ()
    answer: Answer | None = None
    problem: str = ""
    stopped: bool = False
    partial: str = ""

    @property
    def waiting(self) -> bool:
        """Whether it is still to be answered."""
        return self.answer is None and not self.problem and not self.stopped

    def scope(self, asker: Asker) -> Scope:
        """What may be searched for it."""
        return Scope(asker.principals, sources=self.sources, document_kinds=self.kinds)

    def again(self) -> None:
        """Let it be answered once more."""
        self.answer, self.problem, self.stopped, self.partial = None, "", False, ""


@dataclass(frozen=True, slots=True)
class Opened:
    """A place in a document to look at; sentence and verdict are those of the citation that led there."""

    uri: str
    start: int
    end: int
    sentence: str = ""
    verdict: Verdict | None = None
    marker: str = ""
    address: str = ""


@dataclass(slots=True)
class Conversation:
    """The exchanges of one asker. pages keeps the drawn pages of what is open, for this asker alone."""

    asker: Asker
    exchanges: list[Exchange] = field(default_factory=list)
    opened: Opened | None = None
    pages: dict[tuple[str, int, int, int], bytes] = field(default_factory=dict)

    def ask(self, question: str, *, sources: Sequence[str] = (), kinds: Sequence[DocumentKind] = ()) -> None:
        """Add a question that is to be answered; an earlier one that still waits is given up."""
        for exchange in self.exchanges:
            exchange.stopped = exchange.stopped or exchange.waiting
        self.exchanges.append(Exchange(question, tuple(sources), tuple(kinds)))
        self.opened = None

    def turns(self, before: Exchange) -> list[Turn]:
        """What was asked and answered before an exchange."""
        earlier = self.exchanges[: self.exchanges.index(before)]
        return [Turn(each.question, each.answer.text) for each in earlier if each.answer is not None]

    def open(self, address: str) -> None:
        """Open the citation that an address in the page stands for; one that stands for none is ignored."""
        found = referred(address)
        if found is None or found[0] >= len(self.exchanges):
            return
        answer = self.exchanges[found[0]].answer
        if answer is not None:
            self.opened = _citation(answer, found[1], address) or self.opened

    def close(self) -> None:
        """Open nothing."""
        self.opened = None
        self.pages.clear()

    def clear(self) -> None:
        """Begin anew."""
        self.exchanges.clear()
        self.close()


def current(asker: Asker) -> Conversation:
    """The conversation of this tab.

    It belongs to one asker: when somebody else takes the tab over, or the asker's groups change, it is gone.
    """
    held = st.session_state.get(_KEY)
    if not isinstance(held, Conversation) or held.asker != asker:
        held = Conversation(asker)
        st.session_state[_KEY] = held
    return held


def _citation(answer: Answer, reference: Reference, address: str) -> Opened | None:
    number, place = reference
    if number >= len(answer.claims) or place >= len(answer.claims[number].citations):
        return None
    claim = answer.claims[number]
    citation = claim.citations[place]
    return Opened(
        citation.passage.chunk.uri,
        citation.start,
        citation.end,
        claim.sentence,
        citation.verdict,
        citation.marker,
        address,
    )

"""From a question to a checked answer, as a stream of events or as one value."""

import re
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain

from app.answer import EXTRACTIVE, Answer, Citation, Claim
from app.claims import cited_sentences, finished_sentences, known_markers_only
from app.claims import claim as checked
from app.extract import PASSAGES, Evidence, read, table_header
from app.history import Turn, standalone
from app.labels import day
from app.model import LanguageModel, ModelBroke, PromptTooLong
from app.prompt import Prompt, answer_prompt
from app.verify import Verifier
from index.build import Index
from index.embed import Embedder
from index.store import Scope
from retriever.hybrid import Hybrid, Retrieved
from retriever.passage import Passage

#: How many passages a search brings: the first few are read, and all tell which words of the question are rare.
SEARCHED = 60
# An answer is refused where it is less likely than this that the passages have one. Swept on the sample's developing
# half (docs/figures.md).
MIN_ANSWERED = 0.28
# A model sees for itself whether the passages answer; it is not called when nothing is even near.
MIN_ANSWERED_FOR_MODEL = 0.1
_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])\s+")


@dataclass(frozen=True, slots=True)
class Stage:
    """What is being done now: "searching", "reading", "writing", "checking"."""

    name: str


@dataclass(frozen=True, slots=True)
class Words:
    """The next piece of the answer as the model writes it, unchecked."""

    text: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A sentence that was written and checked."""

    claim: Claim


@dataclass(frozen=True, slots=True)
class Done:
    """The whole answer; the last event."""

    answer: Answer


Event = Stage | Words | Judged | Done


class Writing:
    """An answer in the making: what the model has written so far, and the sentences judged so far."""

    def __init__(self, passages: Sequence[Passage], verifier: Verifier) -> None:
        self.text = ""
        # The sentences as they stand in the text, each with its claim and how many markers it made up.
        self._judged: list[tuple[str, Claim, int]] = []
        self._passages = passages
        self._verifier = verifier

    @property
    def claims(self) -> tuple[Claim, ...]:
        """The sentences judged so far."""
        return tuple(claim for _, claim, _ in self._judged)

    @property
    def unknown(self) -> int:
        """How many markers the model made up."""
        return sum(invented for *_, invented in self._judged)

    @property
    def found_nothing(self) -> bool:
        """Whether the model said that the passages do not answer."""
        return self.text.strip().strip("*.").upper().startswith("NOT FOUND")

    def add(self, piece: str) -> Iterator[Claim]:
        """Take the next piece; gives the sentences that it completed, judged."""
        self.text += piece
        if any(mark in piece for mark in ".!?]\n"):
            yield from self._judge(finished_sentences(self.text))

    def finish(self) -> Iterator[Claim]:
        """Judge what is left, and anew what came to mean something else by what came after it."""
        sentences = cited_sentences(self.text)
        same = 0
        for (judged, *_), sentence in zip(self._judged, sentences, strict=False):
            if judged != sentence:
                break
            same += 1
        del self._judged[same:]
        yield from self._judge(sentences)

    def _judge(self, sentences: Sequence[str]) -> Iterator[Claim]:
        if self.found_nothing:
            return
        for sentence in sentences[len(self._judged) :]:
            made, invented = checked(sentence, self._passages, self._verifier)
            self._judged.append((sentence, made, invented))
            yield made


class Assistant:
    """Answers questions from an index, with a model or without."""

    def __init__(
        self,
        index: Index,
        *,
        hybrid: Hybrid,
        embedder: Embedder,
        verifier: Verifier,
        model: LanguageModel | None = None,
        collaboration: str = "our collaboration",
        prompt_tokens: int = 7424,
    ) -> None:
        self._index = index
        self._hybrid = hybrid
        self._embedder = embedder
        self._verifier = verifier
        self._model = model
        self._collaboration = collaboration
        self._prompt_tokens = prompt_tokens

    def prepare(self) -> None:
        """Load what writing with the model needs; without a model there is nothing to load."""
        if self._model is not None:
            self._model.prepare()

    def answer(self, question: str, *, scope: Scope, turns: Sequence[Turn] = ()) -> Answer:
        """The answer as one value; raises ModelUnavailable, ModelBroke."""
        *_, last = self.events(question, scope=scope, turns=turns)
        assert isinstance(last, Done)
        return last.answer

    def events(self, question: str, *, scope: Scope, turns: Sequence[Turn] = ()) -> Iterator[Event]:
        """The answer as it comes into being; the last event is Done."""
        started = time.monotonic()
        asked = standalone(question, turns)
        yield Stage("searching")
        wide = self._hybrid.retrieve(asked, scope=scope, k=SEARCHED)
        yield Stage("reading")
        reading = read(asked, wide.passages, self._embedder)
        found = replace(wide, passages=wide.passages[:PASSAGES])
        if not reading.shown or reading.answered < (MIN_ANSWERED_FOR_MODEL if self._model else MIN_ANSWERED):
            made = self._refusal(question, found, scope)
        elif self._model is None:
            made = self._extracted(question, found, reading.shown)
            for claim in made.claims:
                yield Judged(claim)
        else:
            made = yield from self._written(question, asked, found, scope, self._model)
        yield Done(replace(made, seconds=time.monotonic() - started))

    def _refusal(self, question: str, found: Retrieved, scope: Scope, model: str = EXTRACTIVE) -> Answer:
        """Nothing was found: say so, and what was searched and how fresh that is, as far as the asker may know it."""
        counts = self._index.store.counts(scope=Scope(scope.principals))
        synced = {
            each.source: day(datetime.fromisoformat(each.completed or each.finished)).replace(" ", "\u00a0")
            for each in self._index.manifest.syncs()
        }
        lines = [
            f"- {source}: {count} passages, last read {synced.get(source, 'never')}"
            for source, count in sorted(counts.by_source.items())
        ]
        searched = (
            "\n".join([f"Searched {counts.documents} documents:", "", *lines]) if lines else "Nothing was searched."
        )
        text = f"I found nothing that answers this. {searched}"
        return Answer(question, text, (), found.passages, True, model, 0.0, notes=found.notes)

    def _extracted(self, question: str, found: Retrieved, kept: Sequence[Evidence]) -> Answer:
        """An answer of the documents' own sentences."""
        numbers: dict[str, str] = {}
        claims = []
        kept = [_unlisted(each) for each in kept]
        for each in kept:
            marker = numbers.setdefault(each.passage.chunk.id, str(len(numbers) + 1))
            start = each.passage.chunk.start + each.start
            quote = Citation(marker, each.passage, each.text, start, start + len(each.text), "supported")
            claims.append(Claim(each.text, (quote,)))
        text = "\n\n".join(_shown(each, claim) for each, claim in zip(kept, claims, strict=True))
        passages = (*{each.passage.chunk.id: each.passage for each in kept}.values(),)
        rest = tuple(passage for passage in found.passages if passage.chunk.id not in numbers)
        return Answer(question, text, tuple(claims), passages + rest, False, EXTRACTIVE, 0.0, notes=found.notes)

    def _written(
        self, question: str, asked: str, found: Retrieved, scope: Scope, model: LanguageModel
    ) -> Generator[Event, None, Answer]:
        """An answer that the model writes; each sentence is checked as soon as it is complete."""
        yield Stage("writing")
        prompt, pieces = self._begun(asked, found.passages, model)
        writing = Writing(prompt.passages, self._verifier)
        notes = list(found.notes)
        try:
            for piece in pieces:
                yield Words(piece)
                yield from map(Judged, writing.add(piece))
        except ModelBroke as problem:
            notes.append(str(problem))
        if writing.found_nothing:
            return self._refusal(question, found, scope, model.name)
        yield Stage("checking")
        yield from map(Judged, writing.finish())
        if writing.unknown:
            places = "a place" if writing.unknown == 1 else f"{writing.unknown} places"
            notes.append(f"the model cited {places} that it was not given: dropped")
        return Answer(
            question,
            known_markers_only(writing.text, len(prompt.passages)).strip(),
            writing.claims,
            prompt.passages,
            False,
            model.name,
            0.0,
            unknown_markers=writing.unknown,
            notes=tuple(notes),
            provenance={"prompt": prompt.hash},
        )

    def _begun(self, asked: str, passages: Sequence[Passage], model: LanguageModel) -> tuple[Prompt, Iterator[str]]:
        """A prompt that the model takes, and the pieces of its answer, of which the first is there.

        How many tokens a prompt has is an estimate: where it was too low, fewer passages are given.
        """
        room = self._prompt_tokens
        while True:
            prompt = answer_prompt(asked, passages, collaboration=self._collaboration, prompt_tokens=room)
            pieces = model.stream(prompt)
            try:
                return prompt, chain([next(pieces)], pieces)
            except PromptTooLong:
                if len(prompt.passages) == 1:
                    raise
            room = room * 3 // 4


def _unlisted(each: Evidence) -> Evidence:
    """Evidence without the sign of the list that it is from: among others, Markdown would number it anew."""
    sign = _ITEM.match(each.text) if each.kind == "item" else None
    return replace(each, start=each.start + sign.end()) if sign else each


def _shown(each: Evidence, claim: Claim) -> str:
    """A piece of evidence as the answer shows it, with its marker behind it."""
    markers = "".join(f"[{citation.marker}]" for citation in claim.citations)
    if each.kind == "row" and (header := table_header(each.passage.chunk.text, each.start)):
        return f"{header}\n{each.text}\n\n{markers}"
    alone = each.kind in ("code", "equation") or each.text.rstrip().endswith(("```", "$$", "|"))
    return f"{each.text}\n\n{markers}" if alone else f"{each.text} {markers}"

"""Embedding in another process: the same vectors, at low priority, whatever happens to that process."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Any

import numpy as np
import pytest

from index.aside import NICENESS, TRIES, Aside
from index.embed import Embedder, WordLengthEmbedder
from index.errors import EmbedderUnavailable, TextTooLong

TEXTS = ["the muon trigger", "the electron trigger", "a solenoid"]
TOO_LONG = "word " * 10_000


def _children() -> list[int]:
    return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]


def _embedding_process(before: list[int]) -> int:
    """The process that embeds: the child that is nicer than we are."""
    nice = min(19, os.getpriority(os.PRIO_PROCESS, 0) + NICENESS)
    (found,) = [pid for pid in _children() if pid not in before and os.getpriority(os.PRIO_PROCESS, pid) == nice]
    return found


def test_another_process_gives_the_same_vectors_as_this_one() -> None:
    near = WordLengthEmbedder()
    with Aside(near, WordLengthEmbedder) as aside:
        np.testing.assert_array_equal(aside.embed(TEXTS), near.embed(TEXTS))
        assert aside.embed([]).shape == (0, near.dim)
        np.testing.assert_array_equal(aside.embed_question(TEXTS[0]), near.embed_question(TEXTS[0]))
        assert (aside.name, aside.dim, aside.max_tokens) == (near.name, near.dim, near.max_tokens)
        assert aside.tokens(TEXTS) == near.tokens(TEXTS)


def test_the_process_is_nice_kept_between_calls_and_gone_at_the_end() -> None:
    before = _children()
    with Aside(WordLengthEmbedder(), WordLengthEmbedder) as aside:
        aside.embed(TEXTS)
        first = _embedding_process(before)
        aside.embed(TEXTS)
        assert _embedding_process(before) == first
    assert first not in _children()


def test_no_process_is_started_where_nothing_is_embedded() -> None:
    before = _children()
    with Aside(WordLengthEmbedder(), WordLengthEmbedder) as aside:
        aside.embed_question("what?")
        assert _children() == before


def test_a_process_that_died_is_replaced() -> None:
    before = _children()
    with Aside(WordLengthEmbedder(), WordLengthEmbedder) as aside:
        vectors = aside.embed(TEXTS)
        os.kill(_embedding_process(before), signal.SIGKILL)
        np.testing.assert_array_equal(aside.embed(TEXTS), vectors)


def test_what_is_asked_to_terminate_or_interrupted_goes_on_embedding() -> None:
    before = _children()
    with Aside(WordLengthEmbedder(), WordLengthEmbedder) as aside:
        aside.embed(TEXTS)
        pid = _embedding_process(before)
        os.kill(pid, signal.SIGINT)
        os.kill(pid, signal.SIGTERM)
        aside.embed(TEXTS)
        assert _embedding_process(before) == pid


def test_a_text_that_is_too_long_is_refused_with_the_embedders_own_sentence() -> None:
    with Aside(WordLengthEmbedder(), WordLengthEmbedder) as aside:
        with pytest.raises(TextTooLong, match="10002 tokens"):
            aside.embed([TOO_LONG])
        assert aside.embed(TEXTS).shape == (3, aside.dim)


@dataclass(frozen=True, slots=True)
class Odd:
    """Makes an embedder that does something odd when it embeds; made anew in the other process."""

    does: str

    def __call__(self) -> Embedder:
        if self.does == "refuse":
            raise EmbedderUnavailable("the model is not there")
        return _Odd(self.does)


class _Odd(WordLengthEmbedder):
    def __init__(self, does: str) -> None:
        super().__init__()
        self._does = does

    def embed(self, texts: Any) -> Any:
        if self._does == "die":
            os._exit(7)
        sleep(60)
        return super().embed(texts)


def test_texts_that_kill_every_process_are_given_up() -> None:
    with (
        Aside(WordLengthEmbedder(), Odd("die")) as aside,
        pytest.raises(EmbedderUnavailable, match=rf"died {TRIES} times \(exit status 7\)"),
    ):
        aside.embed(TEXTS)


def test_an_embedder_that_cannot_be_made_says_why() -> None:
    with (
        Aside(WordLengthEmbedder(), Odd("refuse")) as aside,
        pytest.raises(EmbedderUnavailable, match="the model is not there"),
    ):
        aside.embed(TEXTS)


def test_closing_ends_an_embedding_under_way() -> None:
    aside = Aside(WordLengthEmbedder(), Odd("hang"))
    raised: list[BaseException] = []

    def embed() -> None:
        try:
            aside.embed(TEXTS)
        except EmbedderUnavailable as problem:
            raised.append(problem)

    thread = Thread(target=embed)
    thread.start()
    while not aside.running:
        sleep(0.01)
    aside.close()
    thread.join(20)
    assert str(raised[0]) == "the embedding was stopped"

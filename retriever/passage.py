"""A passage is a chunk that was found, with the reasons of its rank."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from index.chunk import Chunk


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk, how well it fits the question, and why it stands where it stands.

    score lies between 0 and 1 and falls from passage to passage. ranks gives the place (from 1) that each leg gave the
    chunk: {"lexical": 1, "dense": 3}; a leg that did not find it is absent. similarity is the cosine of question and
    chunk, which means something on its own, unlike a rank; None where the dense leg did not find it. copies are chunks
    of other documents that say the same.
    """

    chunk: Chunk
    score: float
    ranks: Mapping[str, int]
    similarity: float | None = None
    copies: tuple[Chunk, ...] = ()


def documents(passages: Sequence[Passage]) -> list[str]:
    """The uris of the passages' documents and of their copies', each once, best first."""
    return list(dict.fromkeys(chunk.uri for each in passages for chunk in (each.chunk, *each.copies)))

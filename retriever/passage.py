"""A passage is a chunk that was found, with the reasons of its rank."""

from collections.abc import Mapping
from dataclasses import dataclass

from index.chunk import Chunk


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk, how well it fits the question, and why it stands where it stands.

    score lies between 0 and 1 and falls from passage to passage. ranks gives the place (from 1) that each leg gave the
    chunk: {"lexical": 1, "dense": 3}; a leg that did not find it is absent. similarity is the cosine of question and
    chunk, which means something on its own, unlike a rank; None where the dense leg did not find it.
    """

    chunk: Chunk
    score: float
    ranks: Mapping[str, int]
    similarity: float | None = None

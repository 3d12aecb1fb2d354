"""Text to vectors."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]


class Embedder(Protocol):
    """Turns texts into vectors; the same text gives the same vector within 1e-6 per component."""

    @property
    def name(self) -> str:
        """Model, revision and pooling: vectors of different names must never meet in one index."""
        ...

    @property
    def dim(self) -> int:
        """Components of a vector."""
        ...

    @property
    def max_tokens(self) -> int:
        """The longest text that is embedded whole, special tokens included."""
        ...

    def tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, special tokens included."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed each passage.

        Returns float32 of shape (len(texts), dim); rows have length 1. Raises TextTooLong above max_tokens: nothing is
        cut silently.
        """
        ...

    def embed_question(self, text: str) -> Vectors:
        """Embed a question: shape (dim,). A question longer than max_tokens is embedded by its first tokens."""
        ...

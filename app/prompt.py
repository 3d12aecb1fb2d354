"""What the model is given: rules first, so that a server can cache them, then the passages, then the question."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from retriever.passage import Passage

# A token of English with numbers and LaTeX is rarely under three characters.
CHARACTERS_PER_TOKEN = 3


@dataclass(frozen=True, slots=True)
class Prompt:
    """The two messages that a model gets. passages are those that fitted, in the order of their markers 1, 2, 3 ..."""

    system: str
    user: str
    passages: tuple[Passage, ...]

    @property
    def hash(self) -> str:
        """A hash of all of it, for the answer's provenance."""
        return hashlib.sha256(f"{self.system}\0{self.user}".encode()).hexdigest()[:16]


def answer_prompt(
    question: str, passages: Sequence[Passage], *, collaboration: str, prompt_tokens: int, fence: str = ""
) -> Prompt:
    """The prompt for an answer, from as many of the passages as prompt_tokens have room for; at least one.

    fence is the word that frames the passages; by default one that no document can know.
    """
    fence = fence or secrets.token_hex(4)
    system = template("answer").format(collaboration=collaboration)
    room = prompt_tokens * CHARACTERS_PER_TOKEN - len(system) - len(question)
    blocks: list[str] = []
    kept: list[Passage] = []
    for passage in passages:
        block = _block(len(kept) + 1, passage, fence)
        if kept and len(block) > room:
            break
        room -= len(block)
        blocks.append(block)
        kept.append(passage)
    return Prompt(system, "\n".join([*blocks, f"Question: {question}"]), tuple(kept))


def template(name: str) -> str:
    """The text of a file in app/prompts."""
    return files("app").joinpath("prompts", f"{name}.md").read_text(encoding="utf-8")


def _block(number: int, passage: Passage, fence: str) -> str:
    chunk = passage.chunk
    date = f", {chunk.modified:%Y-%m-%d}" if chunk.modified else ""
    standing = f", {chunk.status}" if chunk.status != "unknown" else ""
    head = f"[{number}] {chunk.document_kind}{date}{standing}: {chunk.title}"
    heading = f" > {chunk.heading}" if chunk.heading else ""
    return f"{head}{heading}\n<{fence}>\n{chunk.text.strip().replace(fence, '')}\n</{fence}>\n"

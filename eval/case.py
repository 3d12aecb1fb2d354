"""A case is a question with what is relevant to it, and who asks."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, Protocol, cast, get_args

from app.answer import Answer
from ingest.errors import CollabqaError
from ingest.source import principals
from retriever.passage import documents

Kind = Literal["answerable", "not answerable", "conflict", "restricted"]
#: What a case may have in a file; the first four it must have.
_KEYS = ("id", "question", "kind", "as", "gold", "atoms", "readers", "note")
_NEEDED = _KEYS[:4]


class BadCase(CollabqaError):
    """A line of a file of questions is not as it should be."""


@dataclass(frozen=True, slots=True)
class Gold:
    """A place that answers a question: a document, and the sentence in it that does."""

    uri: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Case:
    """A question with what is relevant, asked by somebody in these groups.

    An answer should say one wording of each of the atoms. readers is the group that may read the gold of a restricted
    question; the askers of that kind are not in it. every says that an answer needs all places of the gold and not
    just one of them. relevant gives documents their grades, for rankings.
    """

    id: str
    question: str
    kind: Kind = "answerable"
    gold: tuple[Gold, ...] = ()
    atoms: tuple[tuple[str, ...], ...] = ()
    groups: frozenset[str] = frozenset()
    readers: str = ""
    every: bool = False
    relevant: Mapping[str, int] = field(default_factory=dict)
    note: str = ""

    @property
    def principals(self) -> frozenset[str]:
        """The principals that the asker holds."""
        return principals(self.groups) | {"public"}

    @property
    def refusal_is_right(self) -> bool:
        """Whether saying that nothing was found is what the asker should get."""
        return self.kind in ("not answerable", "restricted")


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, with the texts of the documents that it cites as the index has them, by uri."""

    answer: Answer
    texts: Mapping[str, str]

    @property
    def documents(self) -> Sequence[str]:
        """The documents found, best first."""
        return documents(self.answer.passages)


class Ranked(Protocol):
    """Whatever found documents in an order."""

    @property
    def documents(self) -> Sequence[str]:
        """Their uris, best first, each once."""
        ...


@dataclass(frozen=True, slots=True)
class Ranking:
    """The documents that a search found, best first."""

    documents: Sequence[str]


def load(path: Path) -> list[Case]:
    """The cases in a file of JSON lines; raises BadCase that names the line."""
    with path.open(encoding="utf-8") as lines:
        return [_case(line, f"{path.name}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]


def asked_both_ways(cases: Iterable[Case]) -> list[Case]:
    """Every restricted case also as an answerable one, asked by somebody who may read its gold ("ID as GROUP")."""
    made = []
    for case in cases:
        made.append(case)
        if case.kind == "restricted":
            groups = case.groups | {case.readers}
            made.append(replace(case, id=f"{case.id} as {case.readers}", kind="answerable", groups=groups))
    return made


def _case(line: str, where: str) -> Case:
    try:
        read = json.loads(line)
    except ValueError as problem:
        raise BadCase(f"{where}: no JSON ({problem})") from None
    if not isinstance(read, dict) or (missing := [key for key in _NEEDED if not read.get(key)]):
        raise BadCase(f"{where}: missing {', '.join(missing) if isinstance(read, dict) else 'everything'}")
    if unknown := sorted(set(read) - set(_KEYS)):
        raise BadCase(f"{where}: unknown key {unknown[0]!r} (there are: {', '.join(_KEYS)})")
    if read["kind"] not in get_args(Kind):
        raise BadCase(f"{where}: kind {read['kind']!r} is none of {', '.join(get_args(Kind))}")
    if read["kind"] == "restricted" and not read.get("readers"):
        raise BadCase(f"{where}: a restricted question names its readers")
    gold = tuple(Gold(each["uri"], each["sentence"]) for each in read.get("gold", []))
    if bool(gold) != (read["kind"] != "not answerable"):
        raise BadCase(f"{where}: {read['kind']}, but the gold names {len(gold)} places")
    note = read.get("note", "")
    return Case(
        id=read["id"],
        question=read["question"],
        kind=cast(Kind, read["kind"]),
        gold=gold,
        atoms=tuple(tuple(wordings) for wordings in read.get("atoms", [])),
        groups=frozenset(read["as"]),
        readers=read.get("readers", ""),
        every=read["kind"] == "conflict" or "two places" in note or "both places" in note,
        relevant={each.uri: 1 for each in gold},
        note=note,
    )

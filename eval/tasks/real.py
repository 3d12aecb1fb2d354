"""Real documents the whole way: folders of data read as the command line reads them, and ten questions on each."""

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from app.config import Settings
from app.operator import Ingest, Operator, operator
from app.shape import Json
from eval.case import BadCase
from eval.wording import said

#: What stands for the folder of data wherever its place on a machine would be printed.
DATA = "$COLLABQA_DATA"
#: The line of a page above which everything is made by the command, and below which nothing is.
BY_HAND = "<!-- Below this line the page is written by hand. -->"


@dataclass(frozen=True, slots=True)
class Question:
    """A question on a set of documents.

    documents are ends or beginnings of the uris of the documents that answer it (a message's address begins with its
    id); one of the atoms is what a right answer says.
    """

    set: str
    question: str
    documents: tuple[str, ...]
    atoms: tuple[str, ...]

    def answered_by(self, uri: str) -> bool:
        """Whether this document answers it."""
        return uri.endswith(self.documents) or uri.startswith(self.documents)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a question.

    rank is the place of the first right document among the documents of the passages, from 1; 0 where it is not there.
    first is the end of the uri that was cited first, "" for a refusal.
    """

    question: Question
    first: str
    first_right: bool
    cited: bool
    rank: int
    said: bool
    refused: bool
    seconds: float

    @property
    def verdict(self) -> str:
        """What became of it, in words."""
        if self.refused:
            return "refused"
        if not self.cited:
            return "wrong document"
        if not self.said:
            return "right document, no fact"
        return "right" if self.first_right else "right, not first"


@dataclass(frozen=True, slots=True)
class Read:
    """What the ingest of a set did; skipped and quarantined hold (uri, reason), uris without the machine's path."""

    found: int
    indexed: int
    unchanged: int
    skipped: tuple[tuple[str, str], ...]
    quarantined: tuple[tuple[str, str], ...]
    seconds: float
    documents: int
    passages: int
    notes: tuple[str, ...] = ()

    @property
    def balanced(self) -> bool:
        """Whether every document found is accounted for."""
        return self.found == self.indexed + self.unchanged + len(self.skipped) + len(self.quarantined)


@dataclass(frozen=True, slots=True)
class Measured:
    """A set of documents, what reading it did, and what became of its questions."""

    name: str
    read: Read
    outcomes: tuple[Outcome, ...]


def load(path: Path | None = None) -> list[Question]:
    """The questions in a file of JSON lines, the project's own by default; raises BadCase that names the line."""
    path = path or Path(str(files("eval"))) / "real" / "questions.jsonl"
    with path.open(encoding="utf-8") as lines:
        return [_question(line, f"{path.name}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]


def measure(
    data: Path,
    cache: Path,
    settings: Settings,
    questions: Sequence[Question],
    *,
    reading: Callable[[Mapping[str, Any]], None] = lambda _: None,
    asked: Callable[[], None] = lambda: None,
) -> list[Measured]:
    """Read each set that the questions name into an index of its own under cache, and ask its questions as its owner.

    reading gets the events of each ingest. Raises BadCase for a set that is not in the folder of data.
    """
    sets = list(dict.fromkeys(each.set for each in questions))
    if missing := [name for name in sets if not (data / name).is_dir()]:
        raise BadCase(f"{data} has no folder {missing[0]}")
    made = []
    for name in sets:
        owner = operator(settings, cache / name.replace("/", "-"))
        try:
            read = _read(owner, data, name, reading)
            outcomes = []
            for each in (each for each in questions if each.set == name):
                outcomes.append(_outcome(owner, each, data))
                asked()
        finally:
            owner.close()
        made.append(Measured(name, read, tuple(outcomes)))
    return made


def as_json(measured: Sequence[Measured]) -> list[Json]:
    """What was measured, as JSON."""
    return [
        {
            "set": each.name,
            "found": each.read.found,
            "indexed": each.read.indexed,
            "unchanged": each.read.unchanged,
            "skipped": [{"uri": uri, "reason": reason} for uri, reason in each.read.skipped],
            "quarantined": [{"uri": uri, "reason": reason} for uri, reason in each.read.quarantined],
            "balanced": each.read.balanced,
            "documents": each.read.documents,
            "passages": each.read.passages,
            "seconds": each.read.seconds,
            "notes": list(each.read.notes),
            "questions": [
                {
                    "question": one.question.question,
                    "verdict": one.verdict,
                    "first": one.first,
                    "first_right": one.first_right,
                    "cited": one.cited,
                    "refused": one.refused,
                    "rank": one.rank,
                    "said": one.said,
                    "seconds": round(one.seconds, 3),
                }
                for one in each.outcomes
            ],
        }
        for each in measured
    ]


def markdown(measured: Sequence[Measured]) -> str:
    """What was measured, as a page without any path of the machine."""
    parts = [_HEAD, _balance(measured), _figures(measured), *(_set(each) for each in measured)]
    return "\n\n".join(parts) + "\n"


def written(page: str, old: str) -> str:
    """A page with what was written by hand in its old version.

    >>> written("new\\n", f"old\\n\\n{BY_HAND}\\nkept\\n").splitlines()[-1]
    'kept'
    """
    _, mark, by_hand = old.partition(BY_HAND)
    return f"{page}\n{mark}{by_hand}" if mark else page


def _question(line: str, where: str) -> Question:
    try:
        read = json.loads(line)
    except ValueError as problem:
        raise BadCase(f"{where}: no JSON ({problem})") from None
    keys = {"set", "question", "document", "atom"}
    if not isinstance(read, dict) or set(read) != keys or not all(read.values()):
        raise BadCase(f"{where}: expected {', '.join(sorted(keys))}, none of them empty")
    return Question(read["set"], read["question"], _several(read["document"]), _several(read["atom"]))


def _several(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _read(owner: Operator, data: Path, name: str, reading: Callable[[Mapping[str, Any]], None]) -> Read:
    """Ingest a set as ``collabqa ingest`` does."""
    report: Mapping[str, Any] = {}
    started = time.monotonic()
    for event in owner.ingest(Ingest((str((data / name).resolve()),))):
        if event["event"] == "report":
            report = event["report"]
        else:
            reading(event)
    status = owner.status()
    return Read(
        report["found"],
        report["indexed"],
        report["unchanged"],
        reasons(report["skipped"], data),
        reasons(report["quarantined"], data),
        time.monotonic() - started,
        status["documents"],
        status["chunks"],
        tuple(_without_path(note, data) for note in report["notes"]),
    )


def reasons(items: Sequence[Mapping[str, str]], data: Path) -> tuple[tuple[str, str], ...]:
    """Pairs of uri and reason as they may be printed: without the place of the folder of data, and without senders."""
    return tuple((_without_path(each["uri"], data), _without_path(each["reason"], data)) for each in items)


def _outcome(owner: Operator, asked: Question, data: Path) -> Outcome:
    *_, last = owner.ask(asked.question, None)
    answer = last["answer"]
    cited = [citation["uri"] for claim in answer["claims"] for citation in claim["citations"]]
    searched = list(
        dict.fromkeys(chunk["uri"] for each in answer["passages"] for chunk in (each, *each.get("copies", ())))
    )
    return Outcome(
        asked,
        _without_path(cited[0], data) if cited else "",
        bool(cited) and asked.answered_by(cited[0]),
        any(map(asked.answered_by, cited)),
        next((rank for rank, uri in enumerate(searched, 1) if asked.answered_by(uri)), 0),
        not answer["refused"] and said([asked.atoms], answer["text"]) == 1,
        answer["refused"],
        answer["seconds"],
    )


def _without_path(text: str, data: Path) -> str:
    """A text in which the folder of data has its short name, and nothing tells who wrote a message."""
    for place in dict.fromkeys((str(data.resolve()), str(data))):
        text = text.replace(f"file://{place}", DATA).replace(place, DATA)
    text = re.sub(r"mid:[^\s`]+", "mid:(a message)", text)
    return re.sub(r"[\w.+%-]+(?:@|%40)[\w.-]+", "(an address)", text)


_HEAD = f"""# Real documents, the whole way

Eight folders of documents that nobody here wrote, read as `collabqa ingest` reads them, and ten questions of our own on
each, asked without a language model. This page is made by

    collabqa eval real {DATA} --markdown docs/real-input.md

and kept as it comes, failures included; the remarks at its end are written by hand. `{DATA}` is the folder that holds
the sets; it is no part of this project. The questions (`eval/real/questions.jsonl`) were written from the documents,
before anything was searched."""


def _balance(measured: Sequence[Measured]) -> str:
    rows = [
        (
            each.name,
            each.read.found,
            each.read.indexed,
            each.read.unchanged,
            len(each.read.skipped),
            len(each.read.quarantined),
            "yes" if each.read.balanced else "**no**",
            each.read.passages,
            f"{each.read.seconds:.0f}",
        )
        for each in measured
    ]
    names = ("set", "found", "indexed", "unchanged", "skipped", "quarantined", "balanced", "passages", "seconds")
    return "## What was read\n\nfound = indexed + unchanged + skipped + quarantined, in documents.\n\n" + _table(
        names, rows
    )


def _figures(measured: Sequence[Measured]) -> str:
    rows: list[tuple[object, ...]] = [
        (
            each.name,
            len(each.outcomes),
            sum(one.first_right for one in each.outcomes),
            sum(one.cited for one in each.outcomes),
            sum(one.rank > 0 for one in each.outcomes),
            sum(one.said and one.cited for one in each.outcomes),
            sum(one.refused for one in each.outcomes),
        )
        for each in measured
    ]
    rows.append(("all", *(sum(int(str(row[at])) for row in rows) for at in range(1, 7))))
    names = ("set", "questions", "right document first", "cited", "among the passages", "and says it", "refused")
    return (
        "## What was answered\n\nThe right document cited first; cited at all; among the passages that the answer was "
        "made from; cited, and the answer says the fact asked for; refused.\n\n"
    ) + _table(names, rows)


def _set(made: Measured) -> str:
    rows = [
        (
            one.question.question,
            one.verdict,
            one.rank or "–",
            "yes" if one.said else "no",
            _shortened(one.first, made.name),
            f"{one.seconds:.1f}",
        )
        for one in made.outcomes
    ]
    parts = [
        f"### {made.name}",
        _table(("question", "verdict", "rank", "says it", "cited first", "seconds"), rows),
        *(_grouped(name, items) for name, items in _left_out(made.read) if items),
    ]
    if made.read.notes:
        parts.append("\n".join(f"- note: {note}" for note in made.read.notes))
    return "\n\n".join(parts)


def _left_out(read: Read) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    return [("Skipped", read.skipped), ("Quarantined", read.quarantined)]


def _grouped(name: str, items: Sequence[tuple[str, str]]) -> str:
    """The reasons, each with how many items it holds for and the first three of them."""
    lines = []
    for reason, count in sorted(Counter(reason for _, reason in items).items(), key=lambda each: (-each[1], each[0])):
        examples = list(dict.fromkeys(uri for uri, why in items if why == reason))
        more = ", …" if len(examples) > 3 else ""
        lines.append(f"- {count}: {reason} ({', '.join(f'`{uri}`' for uri in examples[:3])}{more})")
    return f"{name}:\n\n" + "\n".join(lines)


def _shortened(uri: str, name: str) -> str:
    """The end of a uri: within its set, or its last parts."""
    if not uri:
        return "–"
    end = uri.removeprefix(f"{DATA}/{name}/")
    return f"`{end if end != uri else '/'.join(uri.split('/')[-2:])}`"


def _table(names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in lines)

"""A folder in the form of BEIR (Thakur et al. 2021): corpus.jsonl, queries.jsonl, qrels.tsv; its corpus is a source."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from eval.case import Case
from ingest.errors import CollabqaError
from ingest.source import End, Item, Raw


class BadJudgements(CollabqaError):
    """A folder of judged questions lacks a file, or a line of it is not as it should be."""


@dataclass(frozen=True)
class Corpus:
    """The corpus of a folder as a source; every line of it is a document of plain text with a title."""

    folder: Path

    name = "corpus"
    readers = frozenset({"public"})

    def listing(self) -> Iterator[Item | End]:
        """Every document."""
        for key, (title, text) in self._documents.items():
            digest = hashlib.sha256(f"{title}\0{text}".encode()).hexdigest()
            yield Item(uri(key), digest, key)
        yield End(True)

    def fetch(self, item: Item) -> Raw:
        """The text of a document."""
        title, text = self._documents[item.locator]
        return Raw(text.encode(), "text", "page", name=f"{item.locator}.txt", title=title)

    @cached_property
    def _documents(self) -> Mapping[str, tuple[str, str]]:
        return {
            str(each["_id"]): (str(each.get("title", "")), str(each.get("text", "")))
            for each in _objects(self.folder / "corpus.jsonl")
        }


def uri(key: str) -> str:
    """The address that a document of a corpus gets."""
    return f"beir:{quote(key, safe='')}"


def fingerprint(folder: Path) -> str:
    """A hash of the corpus."""
    return hashlib.sha256(_file(folder / "corpus.jsonl").read_bytes()).hexdigest()


def cases(folder: Path) -> list[Case]:
    """The questions that have judgements, in the order of the file of questions; raises BadJudgements."""
    grades: dict[str, dict[str, int]] = {}
    path = _file(folder / "qrels.tsv")
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fields = line.split("\t")
        if number == 1 and fields[-1] == "score":
            continue
        if len(fields) != 3 or not fields[2].strip().lstrip("-").isdigit():
            raise BadJudgements(f"{path}, line {number}: expected question, document and grade between tabs")
        grades.setdefault(fields[0], {})[uri(fields[1])] = int(fields[2])
    return [
        Case(str(each["_id"]), str(each["text"]), relevant=grades[str(each["_id"])])
        for each in _objects(folder / "queries.jsonl")
        if any(grade > 0 for grade in grades.get(str(each["_id"]), {}).values())
    ]


def _objects(path: Path) -> Iterator[Mapping[str, object]]:
    with _file(path).open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                read = json.loads(line)
            except ValueError:
                raise BadJudgements(f"{path}, line {number}: no JSON") from None
            if not isinstance(read, dict) or "_id" not in read:
                raise BadJudgements(f"{path}, line {number}: no object with an _id")
            yield read


def _file(path: Path) -> Path:
    if not path.is_file():
        raise BadJudgements(
            f"{path} does not exist: expected corpus.jsonl, queries.jsonl and qrels.tsv in {path.parent}"
        )
    return path

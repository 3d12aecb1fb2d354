"""The sample collaboration's questions: 100 to develop with, 100 to test with, through the real pipeline."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import Literal

from app.assemble import Site, site
from app.config import Settings, load
from eval.case import Answered, Case, asked_both_ways
from eval.case import load as cases_in
from eval.metric import Metric, metric
from eval.metrics import (
    atoms,
    citation_validity,
    leak,
    missed_refusal,
    over_refusal,
    right_document,
    seconds,
    support,
)
from eval.report import Report, Row
from eval.run import Judged, columns, judged, line
from index.report import Progress
from index.store import Scope

Half = Literal["dev", "test"]
METRICS: Sequence[Metric[Answered]] = (
    metric(right_document),
    metric(atoms),
    metric(citation_validity),
    metric(support),
    metric(over_refusal),
    metric(missed_refusal),
    metric(leak),
    metric(seconds),
)
#: Asked before the clock starts, so that no question pays for what is loaded once.
_WARM_UP = "Which collaboration is this?"


def question_files(half: Half) -> list[Path]:
    """The files of a half's questions."""
    folder = Path(str(files("eval"))) / "sample"
    return sorted(folder.glob(f"{half}-*.jsonl"))


def question_hash(half: Half) -> str:
    """The SHA-256 over the files of a half, names included."""
    digest = hashlib.sha256()
    for path in question_files(half):
        digest.update(f"{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def questions(half: Half) -> list[Case]:
    """The questions of a half; restricted ones also as those ask who may read the answer."""
    return asked_both_ways([case for path in question_files(half) for case in cases_in(path)])


@contextmanager
def sample_site(
    folder: Path, settings: Settings | None = None, *, progress: Callable[[Progress], None] = lambda _: None
) -> Iterator[Site]:
    """The sample, read into a data folder and open; models are those of the settings, none by default."""
    with as_file(files("app").joinpath("sample", "helix")) as sample:
        own = load(sample / "helix.toml")
        if settings is not None:
            own = replace(own, embedding=settings.embedding, model=settings.model)
        opened = site(own, folder)
        try:
            opened.index.ingest(own.sources, progress=progress)
            yield opened
        finally:
            opened.close()


def answers(
    asked: Site, cases: Sequence[Case], *, progress: Callable[[], None] = lambda: None
) -> list[tuple[Case, Answered]]:
    """Every case with its answer."""
    asked.assistant.answer(_WARM_UP, scope=Scope(None))
    made = []
    for case in cases:
        answer = asked.assistant.answer(case.question, scope=Scope(case.principals))
        cited = {citation.passage.chunk.uri for claim in answer.claims for citation in claim.citations}
        documents = {uri: asked.index.document(uri, None) for uri in cited}
        made.append((case, Answered(answer, {uri: found.text for uri, found in documents.items() if found})))
        progress()
    return made


def report(title: str, outcomes: Sequence[tuple[Case, Answered]], facts: Sequence[tuple[str, str]]) -> Report:
    """The figures of all questions and of each kind, and a row for each question."""
    values = judged(outcomes, METRICS)
    kinds = list(dict.fromkeys(each.case.kind for each in values))
    lines = [line("all", values, METRICS)]
    lines += [line(kind, [each for each in values if each.case.kind == kind], METRICS) for kind in kinds]
    return Report(title, facts, columns(METRICS), lines, [_row(each) for each in values])


def _row(made: Judged[Answered]) -> Row:
    case, answer = made.case, made.outcome.answer
    verdict, failed = _verdict(made)
    cited = dict.fromkeys(citation.passage.chunk.link for claim in answer.claims for citation in claim.citations)
    details = [("answer", answer.text), ("cited", "\n".join(cited))]
    expected = "\n".join(f"{gold.sentence} ({gold.uri})" for gold in case.gold)
    details += [("expected", expected), ("note", case.note)]
    return Row(case.id, case.kind, case.question, made.values, verdict, failed, [each for each in details if each[1]])


def _verdict(made: Judged[Answered]) -> tuple[str, bool]:
    """What became of a question in words, and whether it failed."""
    refused = made.outcome.answer.refused
    if made.values[leak.NAME]:
        return "leak", True
    if made.case.refusal_is_right:
        return ("rightly refused", False) if refused else ("answered all the same", True)
    if refused:
        return "wrongly refused", True
    facts, place = made.values[atoms.NAME], made.values[right_document.NAME]
    if facts == 1.0 or (facts is None and place == 1.0):
        return "right", False
    if facts:
        return "in part", True
    return ("right document, no fact", True) if place else ("wrong document", True)

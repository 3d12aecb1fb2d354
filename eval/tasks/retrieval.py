"""Rankings of judged questions, from the real pipeline and from what we compare with."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from app.assemble import Site, site
from app.config import Settings
from eval.case import Case, Ranked, Ranking
from eval.metric import Metric, ranking_metric
from eval.report import Report, Row
from eval.run import columns, judged, line
from eval.tasks.beir import Corpus
from index.report import Progress
from index.store import Hit, Scope
from retriever.hybrid import DENSE_WEIGHT, DEPTH, Hybrid, fused
from retriever.passage import documents

METRICS: Sequence[Metric[Ranked]] = tuple(ranking_metric(name) for name in ("nDCG@10", "R@10", "R@100", "MRR@10"))
#: How many documents a ranking names; several chunks may be of one document, so a leg is asked for more.
DOCUMENTS = 100
_CHUNKS = 400
#: The system whose questions stand in the report one by one.
OURS = "hybrid"

Rankings = Mapping[str, Sequence[Ranking]]


@contextmanager
def corpus_site(
    folder: Path, data: Path, settings: Settings, *, progress: Callable[[Progress], None] = lambda _: None
) -> Iterator[Site]:
    """The corpus of a folder, read into a data folder and open."""
    opened = site(settings, data)
    try:
        opened.index.ingest([Corpus(folder)], progress=progress)
        yield opened
    finally:
        opened.close()


def rankings(asked: Site, cases: Sequence[Case], *, progress: Callable[[], None] = lambda: None) -> Rankings:
    """For each of our systems its ranking of documents for each case; a document stands where its best chunk stands.

    The hybrid sees as many hits of each leg as it does when people ask.
    """
    made: dict[str, list[Ranking]] = {"lexical": [], "dense": [], OURS: []}
    deep = Hybrid(asked.index.store, asked.index.embedder, depth=_CHUNKS)
    for case in cases:
        legs = deep.legs(case.question, scope=Scope(None))
        for name, hits in legs.items():
            made[name].append(Ranking(_folded([hit.chunk.uri for hit in hits])))
        near: dict[str, list[Hit]] = {name: hits[:DEPTH] for name, hits in legs.items()}
        made[OURS].append(Ranking(documents(fused(near, dense_weight=DENSE_WEIGHT))[:DOCUMENTS]))
        progress()
    return made


def report(
    title: str,
    cases: Sequence[Case],
    systems: Rankings,
    facts: Sequence[tuple[str, str]],
    *,
    notes: Mapping[str, str] | None = None,
) -> Report:
    """A line for each system, with its note, and a row for each question as our hybrid ranks it."""
    values = {
        name: judged(list(zip(cases, ranked, strict=True)), METRICS) if ranked else []
        for name, ranked in systems.items()
    }
    lines = [line(name, made, METRICS, note=(notes or {}).get(name, "")) for name, made in values.items()]
    rows = [
        _row(each.case, each.values, {name: made[at].outcome for name, made in values.items() if made})
        for at, each in enumerate(values[OURS])
    ]
    return Report(title, facts, columns(METRICS), lines, rows)


def _folded(uris: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(uris))[:DOCUMENTS]


def _row(case: Case, values: Mapping[str, float | None], by_system: Mapping[str, Ranked]) -> Row:
    places = {name: _first_place(case, ranking) for name, ranking in by_system.items()}
    ours = places[OURS]
    verdict = f"rank {ours}" if ours else f"not among {DOCUMENTS}"
    details = [(f"rank by {name}", str(place or f"not among {DOCUMENTS}")) for name, place in places.items()]
    return Row(case.id, "judged", case.question, values, verdict, not 0 < ours <= 10, details)


def _first_place(case: Case, ranking: Ranked) -> int:
    """The rank of the first relevant document, or 0."""
    relevant = {uri for uri, grade in case.relevant.items() if grade > 0}
    return next((rank for rank, uri in enumerate(ranking.documents, 1) if uri in relevant), 0)

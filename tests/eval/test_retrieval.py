"""Judged collections: read, ranked by the real pipeline, and compared with others."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from app.config import Embedding, Settings
from eval.case import Case, Ranking
from eval.tasks import beir, peer
from eval.tasks.retrieval import corpus_site, rankings, report
from index.report import Progress

CORPUS = {
    "menu": ("Trigger menu", "The lowest unprescaled single-electron threshold is 28 GeV."),
    "magnet": ("Solenoid", "The solenoid gives a field of 3.2 T."),
    "cooling": ("Cooling", "The plant cools the tracker to -22 degrees. " * 40),
}
QUERIES = {"q1": "single-electron threshold", "q2": "field of the solenoid", "q3": "not judged"}
QRELS = "query-id\tcorpus-id\tscore\nq1\tmenu\t1\nq2\tmagnet\t2\nq2\tmenu\t0\nq3\tmenu\t0\n"


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """Three documents, two judged questions."""
    folder = tmp_path / "three"
    folder.mkdir()
    documents = [{"_id": key, "title": title, "text": text} for key, (title, text) in CORPUS.items()]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, documents)))
    (folder / "queries.jsonl").write_text("\n".join(json.dumps({"_id": k, "text": t}) for k, t in QUERIES.items()))
    (folder / "qrels.tsv").write_text(QRELS)
    return folder


def test_questions_without_anything_relevant_are_left_out(collection: Path) -> None:
    assert [(case.id, case.relevant) for case in beir.cases(collection)] == [
        ("q1", {"beir:menu": 1}),
        ("q2", {"beir:magnet": 2, "beir:menu": 0}),
    ]


def test_a_folder_without_its_files_is_named(tmp_path: Path) -> None:
    with pytest.raises(beir.BadJudgements, match=r"qrels\.tsv does not exist: expected corpus\.jsonl"):
        beir.cases(tmp_path)


def test_a_wrong_line_of_judgements_is_named(collection: Path) -> None:
    (collection / "qrels.tsv").write_text(QRELS + "q1 menu 1\n")
    with pytest.raises(beir.BadJudgements, match=r"qrels\.tsv, line 6: expected question, document and grade"):
        beir.cases(collection)


def test_the_real_pipeline_ranks_each_document_once(collection: Path, tmp_path: Path) -> None:
    cases = beir.cases(collection)
    settings = Settings(embedding=Embedding(model="word-hash"))
    with corpus_site(collection, tmp_path / "data", settings) as site:
        assert site.index.status().chunks > len(CORPUS)
        made = rankings(site, cases)
    assert set(made) == {"lexical", "dense", "hybrid"}
    for name, ranked in made.items():
        assert [ranking.documents[0] for ranking in ranked] == ["beir:menu", "beir:magnet"], name
        assert all(len(set(ranking.documents)) == len(ranking.documents) for ranking in ranked)


def test_a_second_run_reads_nothing_again(collection: Path, tmp_path: Path) -> None:
    settings = Settings(embedding=Embedding(model="word-hash"))
    for expected in (3, 0):
        read: list[Progress] = []
        with corpus_site(collection, tmp_path / "data", settings, progress=read.append):
            assert len(read) == expected


def test_the_report_has_a_line_for_each_system_and_says_why_one_has_no_figures() -> None:
    cases = [Case("1", "?", relevant={"a": 1}), Case("2", "?", relevant={"b": 1})]
    systems: Mapping[str, list[Ranking]] = {
        "hybrid": [Ranking(["a"]), Ranking(["x"] + ["y"] * 8 + ["b"])],
        "other": [],
    }
    made = report("r", cases, systems, [], notes={"other": "it is not installed"})
    # The second relevant document at rank 10: 1 / log2(11) = 0.289065.
    ndcg = made.lines[0].scores["nDCG@10"].value
    assert ndcg == pytest.approx((1 + 0.289065) / 2, abs=1e-6)
    assert made.lines[1].scores["nDCG@10"].reason == "it is not installed"
    assert [(row.verdict, row.failed) for row in made.rows] == [("rank 1", False), ("rank 10", False)]


def test_the_plain_peer_ranks_the_same_collection(collection: Path) -> None:
    cases = beir.cases(collection)
    ran = peer.rankings(peer.PEERS["rank-bm25"], collection, cases, depth=10)
    assert "rank-bm25" in ran.note
    assert [ranking.documents[0] for ranking in ran.rankings] == ["beir:menu", "beir:magnet"]


def test_the_stemmed_peer_ranks_or_says_what_is_missing(collection: Path) -> None:
    cases = beir.cases(collection)
    ran = peer.rankings(peer.PEERS["bm25s, stemmed"], collection, cases, depth=10)
    if ran.rankings:
        assert [ranking.documents[0] for ranking in ran.rankings] == ["beir:menu", "beir:magnet"]
    else:
        assert ran.note == "bm25s is not installed: pip install 'collabqa[bench]'"


def test_a_peer_that_fails_leaves_its_reason(collection: Path) -> None:
    (collection / "corpus.jsonl").unlink()
    ran = peer.rankings(peer.PEERS["rank-bm25"], collection, [], depth=10)
    assert not ran.rankings
    assert "FileNotFoundError" in ran.note

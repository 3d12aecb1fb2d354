"""BM25 as rank-bm25 has it, over lower-case words: what a search without any thought gives.

python plain_bm25.py FOLDER DEPTH: rankings of the judged questions of a folder in BEIR's form, as JSON.
"""

import json
import re
import sys
from importlib.metadata import version
from pathlib import Path


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def main(folder: Path, depth: int) -> None:
    from rank_bm25 import BM25Okapi

    corpus = [json.loads(line) for line in (folder / "corpus.jsonl").open(encoding="utf-8")]
    queries = [json.loads(line) for line in (folder / "queries.jsonl").open(encoding="utf-8")]
    judged = {line.split("\t")[0] for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()}
    ids = [each["_id"] for each in corpus]
    ranker = BM25Okapi([words(f"{each.get('title', '')} {each.get('text', '')}") for each in corpus])
    rankings = {}
    for query in queries:
        if query["_id"] in judged:
            scores = ranker.get_scores(words(query["text"]))
            best = sorted(range(len(ids)), key=lambda place: (-scores[place], ids[place]))[:depth]
            rankings[query["_id"]] = [ids[place] for place in best if scores[place] > 0]
    settings = f"rank-bm25 {version('rank-bm25')}, k1 = {ranker.k1}, b = {ranker.b}, lower-case words"
    json.dump({"settings": settings, "rankings": rankings}, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

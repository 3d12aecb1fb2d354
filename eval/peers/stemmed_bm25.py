"""BM25 as bm25s has it, with Porter's stemmer and without English stop words: a careful lexical baseline.

python stemmed_bm25.py FOLDER DEPTH: rankings of the judged questions of a folder in BEIR's form, as JSON.
"""

import json
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

# The defaults of bm25s.
K1, B = 1.5, 0.75


def main(folder: Path, depth: int) -> None:
    if find_spec("bm25s") is None or find_spec("Stemmer") is None:
        json.dump({"missing": "bm25s is not installed: pip install 'collabqa[bench]'"}, sys.stdout)
        return
    import bm25s
    import Stemmer

    corpus = [json.loads(line) for line in (folder / "corpus.jsonl").open(encoding="utf-8")]
    queries = [json.loads(line) for line in (folder / "queries.jsonl").open(encoding="utf-8")]
    judged = {line.split("\t")[0] for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()}
    asked = [each for each in queries if each["_id"] in judged]
    stemmer = Stemmer.Stemmer("porter")

    def tokens(texts: list[str]) -> bm25s.tokenization.Tokenized:
        return bm25s.tokenize(texts, stopwords="en", stemmer=stemmer, show_progress=False)

    ranker = bm25s.BM25(k1=K1, b=B)
    ranker.index(tokens([f"{each.get('title', '')} {each.get('text', '')}" for each in corpus]), show_progress=False)
    k = min(depth, len(corpus))
    found, scores = ranker.retrieve(tokens([each["text"] for each in asked]), k=k, show_progress=False)
    rankings = {
        query["_id"]: [corpus[place]["_id"] for place, score in zip(places, own, strict=True) if score > 0]
        for query, places, own in zip(asked, found, scores, strict=True)
    }
    settings = f"bm25s {version('bm25s')}, k1 = {K1}, b = {B}, Porter stemmer, English stop words"
    json.dump({"settings": settings, "rankings": rankings}, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

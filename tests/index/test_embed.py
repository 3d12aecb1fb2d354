"""Vectors: of the model itself, from the cache, from a server, from word hashes."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from index.embed import (
    MINILM,
    MINILM_NAME,
    Embedder,
    HttpEmbedder,
    MiniLM,
    SentenceTransformersEmbedder,
    VectorCache,
    Vectors,
    WordLengthEmbedder,
    embedder,
)
from index.engine import OPENVINO_PRECISIONS, OnnxRuntime, OpenVino, fastest, run_all
from index.errors import EmbedderUnavailable, ModelDamaged, TextTooLong
from index.onnx_graph import graph_file, model_folder
from ingest.errors import MissingLibrary

TEXTS = [
    "The L1 trigger accepts events at 110 kHz.",
    "W",
    "Lowest unprescaled single-electron threshold: 28 GeV since menu v7.2.",
    "",
    "A photon energy scale uncertainty of 0.25 % at the Z. " * 12,
    "L1 trigger rate",
]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def minilm(cache: Path) -> MiniLM:
    return MiniLM(cache, threads=2)


def test_vectors_have_length_one_and_come_in_the_order_of_the_texts(minilm: MiniLM) -> None:
    vectors = minilm.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for text, vector in zip(TEXTS, vectors, strict=True):
        np.testing.assert_allclose(minilm.embed_question(text), vector, atol=1e-6)


def test_a_vector_does_not_depend_on_what_is_embedded_beside_it(minilm: MiniLM) -> None:
    alone = minilm.embed([TEXTS[0]])[0]
    np.testing.assert_allclose(minilm.embed([*TEXTS * 5, TEXTS[0]])[-1], alone, atol=1e-6)


def test_a_text_is_nearest_to_the_one_that_says_the_same(minilm: MiniLM) -> None:
    vectors = minilm.embed(TEXTS)
    nearest = np.argsort(-(vectors @ minilm.embed_question("How many events per second does level 1 let through?")))
    assert set(nearest[:2].tolist()) == {0, 5}


def test_no_texts_give_no_vectors(minilm: MiniLM) -> None:
    assert minilm.embed([]).shape == (0, 384)
    assert minilm.tokens([]) == []


def test_tokens_are_those_of_the_model_with_its_two_own(minilm: MiniLM) -> None:
    # [CLS] p _ t [SEP]; the tokenizer's file asks for padding to 128 and for cutting at 128, and gets neither.
    assert minilm.tokens(["p_T", "", "word " * 300]) == [5, 2, 302]


def test_a_text_too_long_is_refused_and_named(minilm: MiniLM) -> None:
    assert minilm.embed(["word " * 254]).shape == (1, 384)
    with pytest.raises(TextTooLong, match=r"257 tokens, at most 256 are embedded whole: 'light light"):
        minilm.embed(["short", "light " * 255])


def test_a_long_question_is_embedded_by_its_first_tokens(minilm: MiniLM) -> None:
    whole = minilm.embed(["trigger " * 254])[0]
    np.testing.assert_allclose(minilm.embed_question("trigger " * 254 + "calorimeter " * 50), whole, atol=1e-6)


def test_the_graph_is_written_once_and_again_when_it_is_damaged(cache: Path, minilm: MiniLM) -> None:
    path = graph_file(cache)
    written = path.stat().st_mtime_ns
    assert graph_file(cache).stat().st_mtime_ns == written
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    assert graph_file(cache).read_bytes() == whole
    assert sorted(each.suffix for each in cache.iterdir() if each.name != "engine.json") == [".onnx", ".sha256"]


def test_weights_that_are_not_the_published_ones_are_refused(tmp_path: Path) -> None:
    weights = bytearray((model_folder() / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (tmp_path / "model.safetensors").write_bytes(weights)
    with pytest.raises(ModelDamaged, match="expected 53aa51172d14"):
        graph_file(tmp_path / "cache", tmp_path)


@pytest.mark.skipif(find_spec("sentence_transformers") is None, reason="needs the extra [gpu]")
@pytest.mark.filterwarnings("ignore")
def test_the_graph_agrees_with_sentence_transformers(minilm: MiniLM) -> None:
    other = SentenceTransformersEmbedder(str(model_folder()), device="cpu", name=MINILM_NAME)
    assert other.name == minilm.name
    assert other.max_tokens == minilm.max_tokens
    assert other.dim == minilm.dim
    assert other.tokens(TEXTS) == minilm.tokens(TEXTS)
    cosines = (other.embed(TEXTS) * minilm.embed(TEXTS)).sum(axis=1)
    assert cosines.min() >= 0.99999
    question = "what is the trigger rate " * 80
    assert float(other.embed_question(question) @ minilm.embed_question(question)) >= 0.99999


@pytest.mark.skipif(find_spec("openvino") is None, reason="needs the extra [openvino]")
@pytest.mark.filterwarnings("ignore")
def test_openvino_agrees_with_onnx_runtime(cache: Path) -> None:

    path = graph_file(cache)
    batches = list(np.random.default_rng(1).integers(1_000, 30_000, (6, 2, 40), dtype=np.int64))
    expected = np.concatenate(run_all(OnnxRuntime(path), batches, 2))
    found = np.concatenate(run_all(OpenVino(path, 2), batches, 2))
    assert (expected * found).sum(axis=1).min() >= 0.999


def test_the_settings_choose_the_embedder(cache: Path) -> None:
    assert isinstance(embedder("word-hash", "auto", cache), WordLengthEmbedder)
    assert isinstance(embedder(MINILM, "cpu", cache), MiniLM)
    assert isinstance(embedder("all-MiniLM-L6-v2", "cpu", cache), MiniLM)
    served = embedder("https://host/v1#BAAI/bge-m3", "auto", cache)
    assert isinstance(served, HttpEmbedder)
    assert served.name == "served:BAAI/bge-m3"


@pytest.mark.skipif(find_spec("sentence_transformers") is not None, reason="the extra [gpu] is installed")
def test_another_model_names_what_to_install(cache: Path) -> None:
    with pytest.raises(MissingLibrary, match=r"pip install 'collabqa\[gpu\]'"):
        embedder("BAAI/bge-m3", "auto", cache)


def test_texts_that_share_words_are_near_each_other() -> None:
    words = WordLengthEmbedder()
    vectors = words.embed(["the trigger menu of 2024", "Menu 2024 of the trigger", "solenoid field map", ""])
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-6)
    assert vectors[0] @ vectors[2] < 0.5
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert words.tokens(["a b c", ""]) == [5, 2]
    with pytest.raises(TextTooLong, match="257 tokens"):
        words.embed(["word " * 255])


class CountingEmbedder(WordLengthEmbedder):
    """Remembers what it was asked to embed."""

    def __init__(self, name: str = "word-hash") -> None:
        self.name = name
        self.embedded: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.embedded.extend(texts)
        return super().embed(texts)


def test_a_text_is_embedded_once_by_each_model(tmp_path: Path) -> None:
    path = tmp_path / "deeper" / "vectors.sqlite"
    model, other = CountingEmbedder(), CountingEmbedder("another")
    cache = VectorCache(path)
    first = cache.embed(model, ["a b", "c d", "a b"])
    np.testing.assert_array_equal(first, WordLengthEmbedder().embed(["a b", "c d", "a b"]))
    cache.close()
    cache = VectorCache(path)
    np.testing.assert_array_equal(cache.embed(model, ["c d", "e f", "a b"])[::2], first[[1, 0]])
    cache.embed(other, ["a b"])
    cache.close()
    assert model.embedded == ["a b", "c d", "e f"]
    assert other.embedded == ["a b"]


def test_the_cache_takes_any_number_of_texts_and_none(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "vectors.sqlite")
    texts = [f"text {number}" for number in range(2_500)]
    assert cache.embed(WordLengthEmbedder(), []).shape == (0, 64)
    np.testing.assert_array_equal(cache.embed(WordLengthEmbedder(), texts), cache.embed(WordLengthEmbedder(), texts))
    cache.close()


def test_a_damaged_cache_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "vectors.sqlite"
    path.write_bytes(b"no database, but long enough to be taken for one" * 100)
    cache = VectorCache(path)
    assert cache.embed(WordLengthEmbedder(), ["a"]).shape == (1, 64)
    cache.close()


def test_threads_share_a_cache(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "vectors.sqlite")
    expected = WordLengthEmbedder().embed(["a b", "c d"])
    wrong: list[Vectors] = []

    def ask() -> None:
        for _ in range(20):
            found = cache.embed(WordLengthEmbedder(), ["a b", "c d"])
            if not np.array_equal(found, expected):
                wrong.append(found)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cache.close()
    assert wrong == []


@dataclass
class Served:
    """What a server was sent, and the statuses with which it fails first."""

    failures: list[int] = field(default_factory=list)
    inputs: list[list[str]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    short: bool = False

    @contextmanager
    def running(self) -> Iterator[str]:
        """The address of a server that embeds with WordLengthEmbedder and answers its vectors in reverse order."""
        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                served.inputs.append(body["input"])
                served.keys.add(self.headers.get("Authorization", ""))
                status = served.failures.pop(0) if served.failures else 200
                rows = WordLengthEmbedder().embed(body["input"]) * 3
                data = [{"index": place, "embedding": row.tolist()} for place, row in enumerate(rows)][::-1]
                answer = json.dumps({"data": data[:-1] if served.short else data}).encode()
                self.send_response(status if self.path == "/v1/embeddings" else 404)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def test_a_server_is_asked_in_batches_and_its_vectors_are_put_in_order() -> None:
    served = Served()
    texts = [f"word{number} trigger" for number in range(7)]
    with served.running() as url:
        model: Embedder = HttpEmbedder(url, "tiny", key="secret", batch=3)
        vectors = model.embed(texts)
        assert model.dim == 64
        np.testing.assert_allclose(model.embed_question("word1 trigger"), vectors[1], atol=1e-6)
    assert [len(sent) for sent in served.inputs] == [3, 3, 1, 1]
    assert served.keys == {"Bearer secret"}
    np.testing.assert_allclose(vectors, WordLengthEmbedder().embed(texts), atol=1e-6)


def test_prompts_are_put_in_front_and_counted() -> None:
    served = Served()
    with served.running() as url:
        model = HttpEmbedder(url, "tiny", question_prompt="query: ", passage_prompt="passage: ")
        model.embed(["a trigger"])
        model.embed_question("a trigger?")
    assert served.inputs == [["passage: a trigger"], ["query: a trigger?"]]
    assert model.tokens([""]) == [7]  # 9 bytes at 2 a token, and 2


def test_a_server_that_is_busy_is_asked_again() -> None:
    served = Served(failures=[503, 429])
    with served.running() as url:
        assert HttpEmbedder(url, "tiny", backoff_seconds=0).embed(["a"]).shape == (1, 64)
    assert len(served.inputs) == 3


def test_a_server_that_refuses_is_not_asked_again() -> None:
    served = Served(failures=[401, 401])
    with served.running() as url, pytest.raises(EmbedderUnavailable, match="status 401"):
        HttpEmbedder(url, "tiny", backoff_seconds=0).embed(["a"])
    assert len(served.inputs) == 1


def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(EmbedderUnavailable, match=r"127\.0\.0\.1:9/v1/embeddings gave no vectors: ConnectError"):
        HttpEmbedder("http://127.0.0.1:9/v1", "tiny", backoff_seconds=0, tries=2).embed(["a"])


def test_an_answer_with_too_few_vectors_is_refused() -> None:
    served = Served(short=True)
    with served.running() as url, pytest.raises(EmbedderUnavailable, match=r"1 vectors of .* expected 2"):
        HttpEmbedder(url, "tiny").embed(["a", "b"])


def test_a_served_model_counts_with_its_tokenizer_or_by_bytes() -> None:
    url = "http://127.0.0.1:9/v1"
    exact = HttpEmbedder(url, "tiny", tokenizer=model_folder() / "tokenizer.json", max_tokens=5)
    assert exact.tokens(["p_T", "light"]) == [5, 3]
    guessed = HttpEmbedder(url, "tiny", max_tokens=5)
    assert guessed.tokens(["muon", ""]) == [4, 2]
    with pytest.raises(TextTooLong):
        guessed.embed(["seven b"])


def test_a_long_question_to_a_server_is_cut() -> None:
    served = Served()
    with served.running() as url:
        exact = HttpEmbedder(url, "tiny", tokenizer=model_folder() / "tokenizer.json", max_tokens=5)
        exact.embed_question("light jet top photon electron")
        HttpEmbedder(url, "tiny", max_tokens=5).embed_question("é" * 9)
    assert served.inputs == [["light jet top"], ["é" * 3]]


@pytest.mark.skipif(find_spec("openvino") is None, reason="needs the extra [openvino]")
@pytest.mark.filterwarnings("ignore")
def test_the_engine_is_measured_once_and_remembered(cache: Path) -> None:
    graph = graph_file(cache)
    (cache / "engine.json").unlink(missing_ok=True)
    chosen = type(fastest(graph, cache, 2))
    remembered = json.loads((cache / "engine.json").read_text(encoding="utf-8"))
    assert (remembered["choice"] in OPENVINO_PRECISIONS) == (chosen is OpenVino)
    remembered["choice"] = "openvino f32"
    (cache / "engine.json").write_text(json.dumps(remembered), encoding="utf-8")
    assert type(fastest(graph, cache, 2)) is OpenVino
    (cache / "engine.json").write_text("{broken", encoding="utf-8")
    assert type(fastest(graph, cache, 2)) in (OpenVino, OnnxRuntime)

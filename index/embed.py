"""Text to vectors: MiniLM on a CPU, sentence-transformers on a GPU or for any other model, a server, or word hashes."""

import re
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b, sha256
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from index.engine import Ids, cpus, fastest, run_all
from index.errors import EmbedderUnavailable, TextTooLong
from index.onnx_graph import WEIGHTS_SHA256, WIDTH, graph_file, model_folder
from ingest.errors import MissingLibrary

Vectors = npt.NDArray[np.float32]

#: What the settings call the model that the base install brings.
MINILM = "sentence-transformers/all-MiniLM-L6-v2"
#: The same wherever and in whichever precision it runs: an index built on a GPU is served on a laptop.
MINILM_NAME = f"{MINILM}@{WEIGHTS_SHA256[:12]}/mean"
#: max_seq_length of the model's sentence_bert_config.json, special tokens included.
MINILM_MAX_TOKENS = 256
#: Tokens of one batch: see index.engine.OnnxRuntime.
BATCH_TOKENS = 1024


class Embedder(Protocol):
    """Turns texts into vectors; the same text gives the same vector within 1e-6 per component."""

    @property
    def name(self) -> str:
        """Model, revision and pooling: vectors of different names must never meet in one index."""
        ...

    @property
    def dim(self) -> int:
        """Components of a vector."""
        ...

    @property
    def max_tokens(self) -> int:
        """The longest text that is embedded whole, special tokens included."""
        ...

    def tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, special tokens included."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed each passage.

        Returns float32 of shape (len(texts), dim); rows have length 1. Raises TextTooLong above max_tokens: nothing is
        cut silently.
        """
        ...

    def embed_question(self, text: str) -> Vectors:
        """Embed a question: shape (dim,). A question longer than max_tokens is embedded by its first tokens."""
        ...


def embedder(model: str, device: str, cache: Path) -> Embedder:
    """The embedder that these settings name.

    model is ``sentence-transformers/all-MiniLM-L6-v2``, any other model or folder of sentence-transformers,
    ``https://host/v1#name`` for a server with an OpenAI-style /embeddings, or ``word-hash`` for tests. device is
    auto, cpu or cuda; auto takes a GPU where sentence-transformers and one are there. cache is the folder of the graph.
    """
    if model == WordLengthEmbedder.name:
        return WordLengthEmbedder()
    if model.startswith(("http://", "https://")):
        url, _, name = model.partition("#")
        return HttpEmbedder(url, name)
    if model not in (MINILM, MINILM.rpartition("/")[2]):
        return SentenceTransformersEmbedder(model, device=device)
    if device == "cpu" or (device == "auto" and not _gpu()):
        return MiniLM(cache)
    return SentenceTransformersEmbedder(str(model_folder()), device=device, name=MINILM_NAME)


def _gpu() -> bool:
    """Whether torch sees a GPU; torch is imported only where sentence-transformers is installed."""
    if find_spec("sentence_transformers") is None or find_spec("torch") is None:
        return False
    import torch

    return bool(torch.cuda.is_available())


def refuse_long(texts: Sequence[str], tokens: Sequence[int], max_tokens: int) -> None:
    """Raise TextTooLong for the first text above the limit."""
    for text, count in zip(texts, tokens, strict=True):
        if count > max_tokens:
            raise TextTooLong(f"{count} tokens, at most {max_tokens} are embedded whole: {text[:60]!r}")


def unit(rows: npt.NDArray[Any]) -> Vectors:
    """Rows as float32 of length 1; a row of zeros stays as it is."""
    rows = np.asarray(rows, dtype=np.float32)
    lengths: Vectors = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, np.float32(1e-12)), dtype=np.float32)


class MiniLM:
    """all-MiniLM-L6-v2 on a CPU through ONNX Runtime or OpenVINO, without torch.

    cache is the folder for the ONNX graph, which is written on first use; threads None takes every processor that the
    process may use.
    """

    name = MINILM_NAME
    dim = WIDTH
    max_tokens = MINILM_MAX_TOKENS

    def __init__(self, cache: Path, *, threads: int | None = None) -> None:
        from tokenizers import Tokenizer

        folder = model_folder()
        self._threads = threads or cpus()
        self._engine = fastest(graph_file(cache, folder), cache, self._threads)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, special tokens included."""
        return [len(encoding) for encoding in self._tokenizer.encode_batch_fast(list(texts))]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed each passage; raises TextTooLong."""
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch_fast(list(texts))]
        refuse_long(texts, [len(row) for row in ids], self.max_tokens)
        places = list(_batches([len(row) for row in ids], BATCH_TOKENS))
        batches = [np.array([ids[place] for place in batch], dtype=np.int64) for batch in places]
        vectors = np.empty((len(texts), self.dim), dtype=np.float32)
        for batch, rows in zip(places, run_all(self._engine, batches, self._threads), strict=True):
            vectors[batch] = rows
        return vectors

    def embed_question(self, text: str) -> Vectors:
        """Embed a question by its first tokens."""
        ids: list[int] = self._tokenizer.encode(text).ids
        # The last token closes the text ([SEP]) and stays when the text is cut.
        kept = ids if len(ids) <= self.max_tokens else [*ids[: self.max_tokens - 1], ids[-1]]
        batch: Ids = np.array([kept], dtype=np.int64)
        vector: Vectors = self._engine.run(batch)[0]
        return vector


def _batches(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Places of texts of equal length, longest first, as many as the budget of tokens allows, at least one.

    >>> list(_batches([3, 5, 3, 3], 6))
    [[1], [0, 2], [3]]
    """
    by_length = sorted(range(len(lengths)), key=lambda place: (-lengths[place], place))
    for length, group in groupby(by_length, key=lambda place: lengths[place]):
        places = list(group)
        size = max(1, budget // max(1, length))
        yield from (places[start : start + size] for start in range(0, len(places), size))


class VectorCache:
    """Vectors by model and text, in SQLite: a text that was embedded once is never embedded again.

    For one process and any number of its threads. What it holds can be computed again, so a file that is damaged is
    begun anew.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = Lock()
        try:
            self._connection = _opened(path)
        except sqlite3.DatabaseError:
            path.unlink()
            self._connection = _opened(path)

    def embed(self, embedder: Embedder, texts: Sequence[str]) -> Vectors:
        """What the embedder would return, in the order of texts; only new texts are embedded, each once."""
        keys = [sha256(f"{embedder.name}\0{text}".encode(errors="surrogatepass")).digest() for text in texts]
        known = self._get(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if missing:
            made = dict(zip(missing, embedder.embed(list(missing.values())), strict=True))
            self._put(made)
            known |= made
        return np.array([known[key] for key in keys], dtype=np.float32).reshape(len(texts), embedder.dim)

    def close(self) -> None:
        """Close the file; the cache cannot be used afterwards."""
        with self._lock:
            self._connection.close()

    def _get(self, keys: Sequence[bytes]) -> dict[bytes, Vectors]:
        found: dict[bytes, Vectors] = {}
        with self._lock:
            for start in range(0, len(keys), KEYS_AT_ONCE):
                some = keys[start : start + KEYS_AT_ONCE]
                marks = ",".join("?" * len(some))
                rows = self._connection.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", some)  # noqa: S608
                found |= {key: np.frombuffer(vector, dtype="<f4") for key, vector in rows}
        return found

    def _put(self, vectors: Mapping[bytes, Vectors]) -> None:
        rows = [(key, vector.astype("<f4").tobytes()) for key, vector in vectors.items()]
        with self._lock, self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)


#: SQLite takes at least 999 variables in a statement, whatever it was built with.
KEYS_AT_ONCE = 900


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    # A vector that is lost with the power is computed again.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID")
    return connection


class WordLengthEmbedder:
    """Needs no model: each word of a text moves one of 64 components by its hash. For tests and for trying.

    Texts that share words are near each other; a token is a word, and two are added as a real model would.
    """

    name = "word-hash"
    dim = 64
    max_tokens = 256

    def tokens(self, texts: Sequence[str]) -> list[int]:
        """The words of each text, plus two."""
        return [len(text.split()) + 2 for text in texts]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed each passage; raises TextTooLong."""
        refuse_long(texts, self.tokens(texts), self.max_tokens)
        return np.array([self._vector(text) for text in texts], dtype=np.float32).reshape(len(texts), self.dim)

    def embed_question(self, text: str) -> Vectors:
        """Embed a question by its first words."""
        return self._vector(" ".join(text.split()[: self.max_tokens - 2]))

    def _vector(self, text: str) -> Vectors:
        # The first component keeps a text without words from having no direction.
        vector = np.zeros(self.dim, dtype=np.float32)
        vector[0] = 0.1
        for word in re.findall(r"\w+", text.casefold()):
            digest = blake2b(word.encode(), digest_size=2).digest()
            vector[digest[0] % self.dim] += 1.0 if digest[1] % 2 else -1.0
        return unit(vector)


class SentenceTransformersEmbedder:
    """Any model that sentence-transformers loads, on a GPU in bfloat16 or on a CPU.

    model is a name or a folder. The model's own prompts for questions and documents are used. device is auto, cpu,
    cuda or cuda:1. name replaces the name that is made of the model and its revision.
    """

    def __init__(self, model: str, *, device: str = "auto", name: str = "", batch: int = 64) -> None:
        if find_spec("sentence_transformers") is None:
            raise MissingLibrary(
                f"the embedding model {model!r} needs sentence-transformers: pip install 'collabqa[gpu]'"
            )
        from sentence_transformers import SentenceTransformer

        self._model = SentenceTransformer(model, device=None if device == "auto" else device)
        if self._model.device.type == "cuda":
            self._model.bfloat16()
        self._batch = batch
        self._prompt = (self._model.prompts or {}).get("document", "") or ""
        self._name = name or f"{model}@{_revision(self._model, model)}"
        self._dim = len(self._model.encode_query("dimension"))

    @property
    def name(self) -> str:
        """The model and its revision, or the name that was given."""
        return self._name

    @property
    def dim(self) -> int:
        """Components of a vector."""
        return self._dim

    @property
    def max_tokens(self) -> int:
        """The model's max_seq_length; 512 where the model names none."""
        return int(self._model.max_seq_length or 512)

    def tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has with the document prompt in front, special tokens included."""
        if not texts:
            return []
        prompted = [self._prompt + text for text in texts]
        encoded = self._model.tokenizer(prompted, truncation=False, padding=False, verbose=False)
        return [len(ids) for ids in encoded["input_ids"]]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed each passage; raises TextTooLong."""
        refuse_long(texts, self.tokens(texts), self.max_tokens)
        if not texts:
            return np.empty((0, self.dim), dtype=np.float32)
        return unit(self._model.encode_document(list(texts), batch_size=self._batch, show_progress_bar=False))

    def embed_question(self, text: str) -> Vectors:
        """Embed a question; the library cuts it at the model's limit."""
        return unit(self._model.encode_query(text, show_progress_bar=False))


def _revision(loaded: Any, model: str) -> str:
    """The first characters of a folder's weights' hash or of the hub's commit; "unknown" where there is neither."""
    if Path(model).is_dir():
        digest = sha256()
        for weights in sorted([*Path(model).glob("*.safetensors"), *Path(model).glob("*.bin")]):
            digest.update(weights.read_bytes())
        return digest.hexdigest()[:12]
    config = getattr(getattr(loaded[0], "auto_model", None), "config", None)
    return str(getattr(config, "_commit_hash", None) or "unknown")[:12]


class HttpEmbedder:
    """A server that answers POST {url}/embeddings as OpenAI's does (vLLM, text-embeddings-inference, Ollama).

    key is sent as a bearer token. The model's tokenizer is not here: with a path to its tokenizer.json texts are
    counted exactly, without one a token is taken to be BYTES_PER_TOKEN bytes, more tokens than English, LaTeX or
    addresses have. Prompts are put in front of questions and passages as the model's card asks. Raises
    EmbedderUnavailable after `tries` failures.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        key: str = "",
        max_tokens: int = 512,
        tokenizer: Path | None = None,
        question_prompt: str = "",
        passage_prompt: str = "",
        batch: int = 64,
        tries: int = 5,
        timeout_seconds: float = 60.0,
        backoff_seconds: float = 0.5,
    ) -> None:
        self.name = f"served:{model}"
        self.max_tokens = max_tokens
        self._url = url.rstrip("/") + "/embeddings"
        self._model = model
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._tokenizer = _tokenizer(tokenizer) if tokenizer else None
        self._question_prompt = question_prompt
        self._passage_prompt = passage_prompt
        self._batch = batch
        self._tries = tries
        self._timeout_seconds = timeout_seconds
        self._backoff_seconds = backoff_seconds
        self._dim = 0

    @property
    def dim(self) -> int:
        """Components of a vector, read from the first answer."""
        return self._dim or self._rows(["dimension"]).shape[1]

    def tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has with its prompt: exact with a tokenizer, else an upper estimate."""
        prompted = [self._passage_prompt + text for text in texts]
        if self._tokenizer is not None:
            return [len(encoding) for encoding in self._tokenizer.encode_batch_fast(prompted)]
        return [-(-len(text.encode()) // BYTES_PER_TOKEN) + 2 for text in prompted]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed each passage; raises TextTooLong and EmbedderUnavailable."""
        refuse_long(texts, self.tokens(texts), self.max_tokens)
        prompted = [self._passage_prompt + text for text in texts]
        parts = [self._rows(prompted[start : start + self._batch]) for start in range(0, len(texts), self._batch)]
        return np.concatenate(parts) if parts else np.empty((0, self.dim), dtype=np.float32)

    def embed_question(self, text: str) -> Vectors:
        """Embed a question by its first tokens."""
        vector: Vectors = self._rows([self._cut(self._question_prompt + text)])[0]
        return vector

    def _cut(self, text: str) -> str:
        if self._tokenizer is None:
            return text.encode()[: BYTES_PER_TOKEN * (self.max_tokens - 2)].decode(errors="ignore")
        offsets = self._tokenizer.encode(text).offsets
        return text if len(offsets) <= self.max_tokens else text[: offsets[self.max_tokens - 2][1]]

    def _rows(self, texts: Sequence[str]) -> Vectors:
        import httpx

        body = {"model": self._model, "input": list(texts), "encoding_format": "float"}
        problem = ""
        for attempt in range(self._tries):
            if attempt:
                time.sleep(self._backoff_seconds * 2 ** (attempt - 1))
            try:
                answer = httpx.post(self._url, json=body, headers=self._headers, timeout=self._timeout_seconds)
            except httpx.TransportError as error:
                problem = f"{type(error).__name__} {error}"
                continue
            if answer.status_code == httpx.codes.OK:
                return self._read(answer.json(), len(texts))
            problem = f"status {answer.status_code}: {answer.text[:200]}"
            if answer.status_code not in RETRIED_STATUS:
                break
        raise EmbedderUnavailable(f"{self._url} gave no vectors: {problem}")

    def _read(self, answer: Mapping[str, Any], expected: int) -> Vectors:
        """The vectors of an answer in the order of what was sent."""
        entries = sorted(answer.get("data", ()), key=lambda entry: entry["index"])
        lengths = {len(entry["embedding"]) for entry in entries}
        if len(entries) != expected or len(lengths) != 1 or (self._dim and lengths != {self._dim}):
            raise EmbedderUnavailable(
                f"{self._url} answered {len(entries)} vectors of {sorted(lengths)} components, "
                f"expected {expected} of {self._dim or 'one length'}"
            )
        self._dim = lengths.pop()
        return unit(np.array([entry["embedding"] for entry in entries], dtype=np.float32))


#: English prose has about 4.5 bytes a token, LaTeX and addresses about 2.5.
BYTES_PER_TOKEN = 2
#: Too early, too many requests, and what a server says while it starts or is overloaded.
RETRIED_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})


def _tokenizer(path: Path) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer

"""What runs an ONNX graph on a CPU: ONNX Runtime, or OpenVINO where it is installed and was measured to be faster."""

import json
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from time import perf_counter
from types import ModuleType
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]
Rows = npt.NDArray[np.float32]

#: OpenVINO must win by this much, or the choice would turn with the noise of a shared machine.
MIN_GAIN = 1.1
#: OpenVINO may compute in bfloat16 where the processor can; below this cosine to 32-bit floats it is not used.
MIN_COSINE = 0.999


class Engine(Protocol):
    """Runs batches of token ids of equal length; safe to call from as many threads as it was made for."""

    def run(self, ids: Ids) -> Rows:
        """One row of the graph's output for each row of ids."""
        ...


def cpus() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class OnnxRuntime:
    """One session whose runs take one thread each.

    Two runs side by side on two cores gave 6,400 tokens a second, one run on both cores 5,100; batches above some
    1,000 tokens fall out of the processor's cache and cost a fifth.
    """

    def __init__(self, graph: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])

    def run(self, ids: Ids) -> Rows:
        """One row of the graph's output for each row of ids."""
        rows: Rows = self._session.run(None, {"ids": ids})[0]
        return rows


class OpenVino:
    """One compiled model with as many streams as threads, each of one processor.

    Requests are filled and read by one thread at a time: infer() from several threads was seen to stand still, each
    waiting for the other in the library's conversion of inputs.
    """

    def __init__(self, graph: Path, threads: int) -> None:
        self._library = _openvino()
        core = self._library.Core()
        settings = {"NUM_STREAMS": str(threads), "INFERENCE_NUM_THREADS": str(threads)}
        compiled = core.compile_model(core.read_model(graph), "CPU", settings)
        self._lock = Lock()
        self._requests: SimpleQueue[Any] = SimpleQueue()
        for _ in range(threads):
            self._requests.put(compiled.create_infer_request())

    @contextmanager
    def _request(self) -> Iterator[Any]:
        request = self._requests.get()
        try:
            yield request
        finally:
            self._requests.put(request)

    def run(self, ids: Ids) -> Rows:
        """One row of the graph's output for each row of ids."""
        with self._request() as request:
            with self._lock:
                request.set_input_tensor(self._library.Tensor(ids))
                request.start_async()
            request.wait()
            with self._lock:
                rows: Rows = request.get_output_tensor().data.copy()
        return rows


def _openvino() -> Any:
    """The library, kept from reporting its use: it does so at every import unless this part of it is missing."""
    sys.modules.setdefault("openvino_telemetry", cast(ModuleType, None))
    import openvino

    return openvino


def run_all(engine: Engine, batches: Sequence[Ids], threads: int) -> list[Rows]:
    """The rows of each batch, batches side by side on this many threads."""
    if threads == 1 or len(batches) < 2:
        return [engine.run(batch) for batch in batches]
    with ThreadPoolExecutor(min(threads, len(batches))) as pool:
        return list(pool.map(engine.run, batches))


def fastest(graph: Path, cache: Path, threads: int) -> Engine:
    """ONNX Runtime, or OpenVINO if it is installed and faster here.

    The choice is measured once (a few seconds) and remembered in the cache folder for this processor, these versions
    and this number of threads.
    """
    if find_spec("openvino") is None:
        return OnnxRuntime(graph)
    remembered = cache / "engine.json"
    here: list[str | int] = [graph.name, _processor(), version("onnxruntime"), version("openvino"), threads]
    choice = _remembered(remembered, here)
    if choice is None:
        choice = _measured(graph, threads)
        remembered.write_text(json.dumps({"here": here, "choice": choice}), encoding="utf-8")
    return OpenVino(graph, threads) if choice == "openvino" else OnnxRuntime(graph)


def _processor() -> str:
    """The processor's name and what it can do: bfloat16 units and vector widths decide which engine is faster."""
    described = Path("/proc/cpuinfo")
    if not described.exists():
        return platform.processor()
    lines = described.read_text(encoding="utf-8", errors="replace").splitlines()
    return " ".join(sorted({line for line in lines if line.startswith(("model name", "flags"))}))


def _remembered(path: Path, here: list[str | int]) -> str | None:
    """The engine that was chosen in these circumstances; None for others or when the file cannot be read."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    fits = isinstance(stored, dict) and stored.get("here") == here
    return str(stored.get("choice")) if fits else None


def _measured(graph: Path, threads: int) -> str:
    """openvino or onnxruntime: the faster of the two on batches like those of an ingest run."""
    # Ids are words of BERT's vocabulary, drawn once and for all; four rows of 200 tokens are a usual batch.
    drawn = np.random.default_rng(0).integers(1_000, 30_000, (2 * threads, 4, 200), dtype=np.int64)
    batches = list(drawn)
    plain, other = OnnxRuntime(graph), OpenVino(graph, threads)
    expected, found = np.concatenate(run_all(plain, batches, threads)), np.concatenate(run_all(other, batches, threads))
    cosine = float((expected * found).sum(axis=1).min())
    plain_seconds = min(_seconds(plain, batches, threads) for _ in range(2))
    other_seconds = min(_seconds(other, batches, threads) for _ in range(2))
    return "openvino" if cosine >= MIN_COSINE and plain_seconds > MIN_GAIN * other_seconds else "onnxruntime"


def _seconds(engine: Engine, batches: Sequence[Ids], threads: int) -> float:
    start = perf_counter()
    run_all(engine, batches, threads)
    return perf_counter() - start

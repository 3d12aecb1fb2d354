import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import Unreadable
from ingest.formats import notebook

FORMAT = "notebook"
KEYS = (
    "cells cell_type source outputs output_type data text/plain text metadata worksheets input level name authors title"
).split()
WORDS = ["markdown", "code", "heading", "stream", "error", "# a", "```", "$$", "\ud800", "- b", ""]
LEAVES: Any = st.none() | st.booleans() | st.integers() | st.sampled_from(WORDS)


def _nested(inner: Any) -> Any:
    return st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)


def test_golden(golden_case: tuple[Path, Path], golden: ModuleType) -> None:
    golden.check(FORMAT, *golden_case)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(golden: ModuleType, raw: bytes) -> None:
    try:
        golden.assert_sound(notebook.parse(raw))
    except Unreadable:
        return


@given(st.lists(st.dictionaries(st.sampled_from(KEYS), st.recursive(LEAVES, _nested), max_size=6), max_size=5))
def test_any_cells_are_read(golden: ModuleType, cells: list[dict[str, Any]]) -> None:
    golden.assert_sound(notebook.parse(json.dumps({"cells": cells, "metadata": cells[0] if cells else {}}).encode()))


def test_long_outputs_are_cut_with_a_word() -> None:
    output = {"output_type": "stream", "name": "stdout", "text": "".join(f"line {number}\n" for number in range(30))}
    cell = {"cell_type": "code", "source": "loop()", "outputs": [output]}
    text = notebook.parse(json.dumps({"cells": [cell]}).encode()).text
    assert text.endswith("line 19\n... (10 more lines)\n```")
    assert "line 20" not in text


def test_code_with_fences_in_it_is_fenced_by_longer_ones() -> None:
    cell = {"cell_type": "code", "source": 'print("```")', "outputs": []}
    parsed = notebook.parse(json.dumps({"cells": [cell]}).encode())
    assert parsed.text == '````\nprint("```")\n````'
    assert [(mark.start, mark.end) for mark in parsed.marks] == [(0, len(parsed.text))]


def test_json_without_cells_is_no_notebook() -> None:
    with pytest.raises(Unreadable, match="no notebook: it has no cells"):
        notebook.parse(b'{"nbformat": 4}')


def test_notebooks_are_recognised_by_cells_or_name() -> None:
    assert notebook.recognises(b'{\n "cells": [', "a")
    assert notebook.recognises(b'{"metadata": {"long": "', "a.ipynb")
    assert not notebook.recognises(b'{"count": 1, "results": [', "a.json")

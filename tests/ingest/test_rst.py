from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.errors import Unreadable
from ingest.formats import rst

FORMAT = "rst"
LINES = """\
Title
=====
-----


words ``code`` *em* |sub| `x`_ [1]_
- item
  - inner
1. one
   more
.. note:: n
.. code-block:: py
   :linenos:
   body
.. tab:: T
      deep
.. math::
:math:`x` :foo:`y`
+---+---+
| a | b |
=== ===
a   b
.. list-table::
   * - a
     - b
.. image:: x.png
   :alt: y z
.. |sub| replace:: z
.. [1] foot
.. _x: http://y
::
>>> 1
| line
term
:field: body
..
.. x:: y
.. role:: foo(raw)
.. include:: /etc/hostname
.. csv-table::
   a, b
.. contents::
.. class:: c""".split("\n")


def test_golden(golden_case: tuple[Path, Path], golden: ModuleType) -> None:
    golden.check(FORMAT, *golden_case)


@settings(max_examples=250, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(golden: ModuleType, raw: bytes) -> None:
    try:
        golden.assert_sound(rst.parse(raw))
    except Unreadable:
        return


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=25))
def test_any_mixture_of_lines_is_read_or_refused(golden: ModuleType, lines: list[str]) -> None:
    try:
        golden.assert_sound(rst.parse("\n".join(lines).encode()))
    except Unreadable:
        return


@pytest.mark.parametrize(
    "text",
    [
        ".. include:: {path}",
        ".. include:: {path}\n   :literal:",
        ".. literalinclude:: {path}",
        ".. csv-table::\n   :file: {path}",
        ".. raw:: html\n   :file: {path}",
        ".. code-block::\n   :include: {path}",
        ".. figure:: {path}\n   :figwidth: image",
        ".. |x| include:: {path}\n\n|x|",
    ],
)
def test_no_other_file_is_ever_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "secret.txt").write_text("the secret words")
    parsed = rst.parse(text.format(path=tmp_path / "secret.txt").encode() + b"\n\nEnd of it.\n")
    assert "secret words" not in parsed.text
    assert parsed.text.endswith("End of it.")


def test_faults_of_the_markup_leave_no_messages_in_the_text() -> None:
    parsed = rst.parse(b"Title\n===\n\n*unclosed `text`_ |missing|\n\n.. figure::\n\nEnd.\n")
    assert not any(word in parsed.text for word in ("Error", "WARNING", "System Message", "Unknown", "Title underline"))
    assert parsed.text.endswith("End.")


def test_what_is_nested_too_deep_is_refused() -> None:
    with pytest.raises(Unreadable, match="its blocks are nested too deep"):
        rst.parse("\n\n".join(" " * depth + "- x" for depth in range(0, 2000, 2)).encode())


def test_two_parts_without_a_title_are_headings_of_the_first_level() -> None:
    parsed = rst.parse(b"One\n===\n\na\n\nTwo\n===\n\nb\n")
    assert [(mark.level, mark.label, mark.fragment) for mark in parsed.marks] == [
        (1, "One", "#one"),
        (1, "Two", "#two"),
    ]


def test_a_text_file_is_recognised_by_its_directives_and_headings() -> None:
    assert rst.recognises(b"words", "a.rst")
    assert rst.recognises(b"Title\n=====\n\n.. note:: x\n", "README.txt")
    assert not rst.recognises(b"Title\n=====\n\nwords\n", "README.txt")
    assert not rst.recognises(b"Title\n=====\n\n.. note:: x\n", "page.md")

"""docs/sources.md names every kind of source, and every key of each."""

import dataclasses
import re
from importlib import import_module
from pathlib import Path

import pytest

from ingest.source import kinds

PAGE = Path(__file__).parents[2] / "docs" / "sources.md"
EVERY = "Every source"


def _keys() -> dict[str, set[str]]:
    """By heading: the keys in the first column of the tables under it."""
    _, *sections = re.split(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    texts = zip(sections[::2], sections[1::2], strict=True)
    return {heading: set(re.findall(r"^\| `(\w+)` \| \S", text, re.MULTILINE)) for heading, text in texts}


def test_every_kind_of_source_has_a_section_and_every_section_is_a_kind() -> None:
    assert sorted(set(_keys()) - {EVERY}) == kinds()


@pytest.mark.parametrize("kind", kinds())
def test_every_key_of_a_kind_is_documented_and_no_other(kind: str) -> None:
    fields = {field.name for field in dataclasses.fields(import_module(f"ingest.sources.{kind}").Source) if field.init}
    documented = _keys()
    assert documented[EVERY] == {"kind", "name", "readers"}
    assert documented[kind] == fields - {"name", "readers"}

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.document import NOBODY
from ingest.errors import Unreadable
from ingest.format import recognise
from ingest.formats import record

FORMAT = "record"
KEYS = "metadata titles title abstracts value authors full_name affiliations documents url hidden imprints date".split()
LEAVES: Any = st.none() | st.booleans() | st.integers() | st.sampled_from(["2026-01-01", "https://x", "<p>x", "a, b"])
JSON: Any = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)
)


def marc(fields: str) -> bytes:
    title = '<datafield tag="245"><subfield code="a">T</subfield></datafield>'
    return f'<record xmlns="http://www.loc.gov/MARC21/slim">{title}{fields}</record>'.encode()


def test_golden(golden_case: tuple[Path, Path], golden: ModuleType) -> None:
    golden.check(FORMAT, *golden_case)


def test_each_golden_input_is_recognised(golden: ModuleType) -> None:
    for path, _ in golden.golden_cases(FORMAT):
        assert recognise(path.read_bytes()[:4096], path.name) == FORMAT, path.name


@given(st.binary(max_size=200) | JSON.map(lambda found: json.dumps({"titles": found, "metadata": found}).encode()))
def test_anything_is_read_or_refused(golden: ModuleType, raw: bytes) -> None:
    try:
        golden.assert_sound(record.parse(raw))
    except Unreadable:
        return


def test_entities_are_not_followed_into_files(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret words")
    entity = f'<!DOCTYPE record [<!ENTITY x SYSTEM "{(tmp_path / "secret").as_uri()}">]>'
    abstract = '<datafield tag="520"><subfield code="a">&x; seen</subfield></datafield>'
    assert "secret words" not in record.parse(entity.encode() + marc(abstract)).text


@pytest.mark.parametrize(
    ("field", "readers"),
    [
        ("", ()),
        ('<datafield tag="506" ind1="0"><subfield code="a">Everybody</subfield></datafield>', ()),
        ('<datafield tag="506"><subfield code="f">Unlimited</subfield></datafield>', ()),
        ('<datafield tag="506"><subfield code="a">Confidential</subfield></datafield>', NOBODY),
        ('<datafield tag="506"><subfield code="d">helix</subfield></datafield>', (frozenset({"group:helix"}),)),
    ],
)
def test_restrictions_on_access_become_readers(field: str, readers: tuple[frozenset[str], ...]) -> None:
    assert record.parse(marc(field)).readers == readers


def test_of_thousands_of_authors_the_first_are_named() -> None:
    people = "".join(f'<datafield tag="700"><subfield code="a">L{n}, F</subfield></datafield>' for n in range(2900))
    made = record.parse(marc(people))
    assert "F L11; and 2,888 more" in made.text
    assert len(made.authors) == 200

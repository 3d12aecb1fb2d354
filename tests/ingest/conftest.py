"""The golden harness for the tests of formats.

A test module with ``FORMAT = "markdown"`` gets each of that format's golden inputs as ``golden_case``; the fixture
``golden`` is the module golden.py beside this file.
"""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("golden_harness", Path(__file__).with_name("golden.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["golden_harness"] = module
    spec.loader.exec_module(module)
    return module


_GOLDEN = _load()


@pytest.fixture(scope="session")
def golden() -> ModuleType:
    """The golden harness: golden_cases, check, assert_sound."""
    return _GOLDEN


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that asks for golden_case each case of its module's FORMAT."""
    if "golden_case" in metafunc.fixturenames:
        cases = _GOLDEN.golden_cases(metafunc.module.FORMAT)
        metafunc.parametrize("golden_case", cases, ids=[given.name for given, _ in cases])

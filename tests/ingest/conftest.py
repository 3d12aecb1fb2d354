"""The golden harness for the tests of formats.

A test module with ``FORMAT = "markdown"`` gets each of that format's golden inputs as ``golden_case``; the fixture
``golden`` is the module golden.py beside this file, ``web`` the module site.py, ``site`` a server of its kind.
"""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

# What lies there is read, never run: a conf.py of somebody's documentation.
collect_ignore_glob = ["golden/*", "golden_sources/*"]


def _load(name: str, file: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(file))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


_GOLDEN = _load("golden_harness", "golden.py")
_WEB = _load("web_harness", "site.py")


@pytest.fixture(scope="session")
def golden() -> ModuleType:
    """The golden harness: golden_cases, check, assert_sound."""
    return _GOLDEN


@pytest.fixture(scope="session")
def web() -> ModuleType:
    """What a small server is made of: running, Reply, Asked."""
    return _WEB


@pytest.fixture
def site() -> Iterator[Any]:
    """A small server that says what its ``says`` holds."""
    with _WEB.running() as made:
        yield made


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that asks for golden_case each case of its module's FORMAT."""
    if "golden_case" in metafunc.fixturenames:
        cases = _GOLDEN.golden_cases(metafunc.module.FORMAT)
        metafunc.parametrize("golden_case", cases, ids=[given.name for given, _ in cases])

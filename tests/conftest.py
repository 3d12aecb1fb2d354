"""No test reaches another machine, nor does any Python process that a test starts."""

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

_GUARD = Path(__file__).with_name("no_network") / "sitecustomize.py"


@pytest.fixture(scope="session", autouse=True)
def no_network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Refuse names and addresses beyond this machine; gives the file that attempts are written to.

    The run ends with an error if there was any attempt, even one whose refusal was swallowed.
    """
    spec = importlib.util.spec_from_file_location("no_network_guard", _GUARD)
    assert spec is not None
    assert spec.loader is not None
    guard = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(guard)
    attempts = tmp_path_factory.mktemp("network") / "attempts"
    attempts.touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(guard.LOG, str(attempts))
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(_GUARD.parent), os.environ.get("PYTHONPATH")])))
        guard.install()
        yield attempts
    assert attempts.read_text(encoding="utf-8") == "", "something reached for another machine"

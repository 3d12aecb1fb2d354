"""Broken files and bombs break nothing but themselves: the script in tests/bench, in small."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "bench" / "mutations.py"


@pytest.mark.timeout(900)
def test_broken_files_and_bombs_hurt_nothing_else() -> None:
    ran = subprocess.run([sys.executable, str(SCRIPT), "--count", "30"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "recognised" in ran.stdout

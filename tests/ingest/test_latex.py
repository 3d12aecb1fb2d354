from pathlib import Path
from types import ModuleType

FORMAT = "latex"


def test_golden(golden_case: tuple[Path, Path], golden: ModuleType) -> None:
    golden.check(FORMAT, *golden_case)

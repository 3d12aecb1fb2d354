"""Kill an ingest at random moments, go on, and compare with an undisturbed run. A script, not a test.

    python tests/bench/kills.py [PATH ...] [--config FILE] [--kills 20] [--seed 0]

Without a path the sources of the settings are ingested, by default those of the sample. Every run begins where the one
before was killed (SIGKILL to the whole process group); one that ends before its moment came is followed by a new index.
Whenever an index is complete its dump is held against the undisturbed run's. Exit status 1 if one differs.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

COLLABQA = str(Path(sys.executable).with_name("collabqa"))
SAMPLE = Path(__file__).parents[2] / "app" / "sample" / "helix" / "helix.toml"


def command(verb: str, given: argparse.Namespace, data: Path, *arguments: str) -> list[str]:
    """A call of the command line on a data folder."""
    return [COLLABQA, verb, *arguments, "--config", str(given.config), "--data", str(data)]


def dump(given: argparse.Namespace, data: Path) -> str:
    """The hash of all that an index holds; fails where manifest and store disagree."""
    return subprocess.run(command("verify", given, data, "--dump"), check=True, capture_output=True, text=True).stdout


def killed(call: Sequence[str], seconds: float) -> bool:
    """Run a call and kill it after so many seconds; False where it ended before."""
    with subprocess.Popen(
        call, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return True
    return False


def main() -> int:
    """Kill, compare and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", metavar="PATH")
    parser.add_argument("--config", type=Path, default=SAMPLE, metavar="FILE")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    with TemporaryDirectory() as folder:
        calm, disturbed = Path(folder, "calm"), Path(folder, "disturbed")
        started = time.monotonic()
        subprocess.run(command("ingest", given, calm, *given.paths), check=True, stdout=subprocess.DEVNULL)
        longest = time.monotonic() - started
        expected = dump(given, calm)
        kills = compared = 0
        while kills < given.kills:
            seconds = chance.uniform(0.2, longest)
            if killed(command("ingest", given, disturbed, *given.paths), seconds):
                kills += 1
                sys.stdout.write(f"kill {kills} after {seconds:.1f} s\n")
                sys.stdout.flush()
                if kills < given.kills:
                    continue
                subprocess.run(command("ingest", given, disturbed, *given.paths), check=True, stdout=subprocess.DEVNULL)
            compared += 1
            if dump(given, disturbed) != expected:
                sys.stdout.write(f"after kill {kills} the index differs from that of an undisturbed run\n")
                return 1
            rmtree(disturbed)
    sys.stdout.write(f"{kills} kills within {longest:.0f} s each, {compared} indexes compared: all equal\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

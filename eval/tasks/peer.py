"""What we compare with: stand-alone scripts in eval/peers, each run as a process of its own."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from eval.case import Case, Ranking
from eval.tasks.beir import uri

#: Names in reports, and the scripts behind them.
PEERS: Mapping[str, str] = {"rank-bm25": "plain_bm25.py", "bm25s, stemmed": "stemmed_bm25.py"}
_TIMEOUT_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class PeerRankings:
    """A peer's rankings in the order of the cases, and its settings; without rankings, the reason."""

    rankings: Sequence[Ranking]
    note: str


def rankings(script: str, folder: Path, cases: Sequence[Case], *, depth: int) -> PeerRankings:
    """What a peer's script finds in a folder in BEIR's form."""
    path = Path(str(files("eval"))) / "peers" / script
    try:
        ran = subprocess.run(  # noqa: S603 - our own script, our own interpreter
            [sys.executable, str(path), str(folder), str(depth)],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return PeerRankings((), f"not finished after {_TIMEOUT_SECONDS} s")
    if ran.returncode != 0:
        said = ran.stderr.strip().splitlines()
        return PeerRankings((), f"failed with status {ran.returncode}: {said[-1] if said else 'no message'}")
    answer = json.loads(ran.stdout)
    if "missing" in answer:
        return PeerRankings((), answer["missing"])
    found: Mapping[str, Sequence[str]] = answer["rankings"]
    return PeerRankings([Ranking([uri(key) for key in found.get(case.id, [])]) for case in cases], answer["settings"])

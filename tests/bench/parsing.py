"""Time the reading of documents beside a peer's, on the same input. A script, not a test.

    python tests/bench/parsing.py latex DIR [--rounds 3]

A format is one function below that yields a row: what both read, and the two that read it. The table shows seconds of
processor time on one core, the best of the rounds, and how many times as fast as the peer ours is. A peer that raises
is timed up to there, and the row says so; garbage is collected before each round.
"""

import argparse
import gc
import posixpath
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

_COMMENT = re.compile(r"(?<!\\)%.*")
_INPUT = re.compile(r"\\(?:input|include)\s*\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Row:
    """One input, how many bytes of it there are, and the two that read it."""

    name: str
    size: int
    ours: Callable[[], object]
    peer: Callable[[], object]


def latex(folder: Path) -> Iterator[Row]:
    """Each main file with all that it includes spliced in; pylatexenc's LatexNodes2Text."""
    from pylatexenc.latex2text import LatexNodes2Text

    from ingest.formats.latex import parse
    from ingest.formats.latex.tree import main_files

    paths = sorted(path for path in folder.rglob("*.tex") if path.is_file())
    texts = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8", errors="replace") for path in paths}
    for main in main_files(texts):
        text = spliced(texts, main, posixpath.dirname(main))
        raw = text.encode()
        yield Row(main, len(raw), partial(parse, raw, main), partial(LatexNodes2Text().latex_to_text, text))


def mail(folder: Path) -> Iterator[Row]:
    """Each mbox of a folder, its messages one by one; the mail-parser package, asked for what a document holds.

    Ours takes quotes and signatures apart besides, which that package does not.
    """
    import mailparser  # type: ignore[import-untyped]

    from ingest.formats.email import containers, parse

    def told(raw: bytes) -> object:
        read = mailparser.parse_from_bytes(raw)
        return read.subject, read.from_, read.date, read.message_id, read.in_reply_to, read.references, read.body

    for container in containers.containers(folder):
        if container.kind == "mbox":
            raws = [containers.read(container, span) for span in containers.spans(container)]
            yield Row(container.path.name, sum(map(len, raws)), partial(_each, parse, raws), partial(_each, told, raws))


def _each(read: Callable[[bytes], object], raws: Sequence[bytes]) -> None:
    for raw in raws:
        read(raw)


def spliced(texts: Mapping[str, str], name: str, root: str, depth: int = 0) -> str:
    """A file with the files that it includes in their places, and without comments that include any."""

    def included(match: re.Match[str]) -> str:
        asked = posixpath.normpath(posixpath.join(root, match[1].strip()))
        found = next((each for each in (asked, f"{asked}.tex") if each in texts), "")
        return spliced(texts, found, root, depth + 1) if found and depth < 20 else match[0]

    lines = (_COMMENT.sub("%", line) if _INPUT.search(line) else line for line in texts[name].split("\n"))
    return _INPUT.sub(included, "\n".join(lines))


FORMATS: Mapping[str, Callable[[Path], Iterator[Row]]] = {"latex": latex, "mail": mail}


def seconds(read: Callable[[], object], rounds: int) -> tuple[float, str]:
    """The best time of several rounds, and what was raised, if anything was."""
    best, raised = float("inf"), ""
    for _ in range(rounds):
        gc.collect()
        start = time.process_time()
        try:
            read()
        except Exception as error:  # noqa: BLE001 - whatever a peer raises on real input is a finding
            raised = type(error).__name__
        best = min(best, time.process_time() - start)
    return best, raised


def main(arguments: Sequence[str]) -> int:
    """Print a table of ours, the peer's and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("format", choices=sorted(FORMATS))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args(arguments)
    sys.stdout.write("| input | kB | ours, s | peer, s | times as fast |\n|---|---|---|---|---|\n")
    total = [0.0, 0.0]
    for row in FORMATS[given.format](given.folder):
        ours, failed = seconds(row.ours, given.rounds)
        peer, stopped = seconds(row.peer, given.rounds)
        total = [total[0] + ours, total[1] + peer]
        note = f" ({stopped})" if stopped else ""
        note += f" (ours: {failed})" if failed else ""
        figures = f"{row.size / 1000:.0f} | {ours:.3f} | {peer:.3f}{note} | {peer / ours:.1f}"
        sys.stdout.write(f"| {row.name} | {figures} |\n")
        sys.stdout.flush()
    if total[0]:
        sys.stdout.write(f"| all | | {total[0]:.3f} | {total[1]:.3f} | {total[1] / total[0]:.1f} |\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

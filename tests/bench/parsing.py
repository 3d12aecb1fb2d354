"""Time the reading of documents beside a peer's, on the same input. A script, not a test.

    python -m tests.bench.parsing latex DIR [--rounds 3]
    python -m tests.bench.parsing pdf DIR
    python -m tests.bench.parsing html DIR          # DIR holds Mailman archives; the sample is added
    python -m tests.bench.parsing mail DIR

A format is one function below that yields a row: what both read, and the two that read it. The table shows seconds of
processor time on one core, the best of the rounds, and how many times as fast as the peer ours is. A peer that raises
is timed up to there, and the row says so; garbage is collected before each round.
"""

import argparse
import gc
import logging
import posixpath
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
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
    import mailparser

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


def pdf(folder: Path) -> Iterator[Row]:
    """Each file, its pages with tables and those without apart; pypdf's extract_text over all pages."""
    from pypdf import PdfReader

    from ingest.formats.pdf import parse

    def peer(raw: bytes) -> list[str]:
        return [page.extract_text() for page in PdfReader(BytesIO(raw)).pages]

    # What pypdf has to say of a file's structure would part the rows of the table.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    for path in sorted(folder.rglob("*.pdf")):
        # Links to files that stand elsewhere, as some installations have them, count once.
        if path.is_symlink():
            continue
        for what, raw in tables_apart(path.read_bytes()).items():
            yield Row(f"{path.name}, {what}", len(raw), partial(parse, raw), partial(peer, raw))


def tables_apart(raw: bytes) -> dict[str, bytes]:
    """A PDF in two: its pages on which ours finds tables, and the others; one in which there are none as it is."""
    import pymupdf

    from ingest.errors import Unreadable
    from ingest.formats.pdf import parse

    try:
        parsed = parse(raw)
    except Unreadable:
        return {"which needs OCR": raw}
    starts = [mark.start for mark in parsed.marks if mark.kind == "table"]
    tables = {box.page - 1 for start in starts for box in parsed.layout if box.start == start}
    found = {}
    with pymupdf.open(stream=raw) as document:
        others = [number for number in range(document.page_count) if number not in tables]
    for what, pages in (("pages without tables", others), ("pages with tables", sorted(tables))):
        if pages:
            with pymupdf.open(stream=raw) as document:
                document.select(pages)
                found[f"{len(pages)} {what}"] = document.tobytes(garbage=3) if tables else raw
    return found


def html(folder: Path) -> Iterator[Row]:
    """The message pages of each archive, and the sample's topics in each chrome; trafilatura.extract."""
    from trafilatura import extract

    from ingest.formats.html import parse
    from tests.bench import pages

    groups = {archive.name: pages.messages(archive) for archive in sorted(folder.iterdir()) if archive.is_dir()}
    wiki = Path(__file__).parents[2] / "app" / "sample" / "helix" / "wiki" / "data"
    groups |= {f"sample in {chrome}": pages.topics(wiki, chrome) for chrome in pages.CHROMES}

    def ours(group: Sequence[pages.Page]) -> list[str]:
        return [parse(page.raw).text for page in group]

    def peer(group: Sequence[pages.Page]) -> list[str]:
        return [extract(page.raw) or "" for page in group]

    for name, group in groups.items():
        if group:
            quality = f"{pages.mean_f1(ours(group), group):.3f} against {pages.mean_f1(peer(group), group):.3f}"
            size = sum(len(page.raw) for page in group)
            what = f"{name}, {len(group)} pages, word F1 {quality}"
            yield Row(what, size, partial(ours, group), partial(peer, group))


FORMATS: Mapping[str, Callable[[Path], Iterator[Row]]] = {"html": html, "latex": latex, "mail": mail, "pdf": pdf}


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

"""Read files that were broken on purpose, and see that nothing else breaks. A script; tests/ingest runs it in small.

    python tests/bench/mutations.py [--count 1000] [--seed 0] [--keep DIR]

Good files of every format (the sample's, and the golden inputs of the tests) are cut, flipped, doubled, nested and
spliced, and bombs are laid beside them. `collabqa ingest` reads all of it in one run, the unbroken files too: once each
as a file, and once as the wikis, lists, papers and agendas that are recognised. It must end by itself with status 0 or
3; account for every document; index everything that it indexes of the unbroken files alone; neither read nor change
anything outside the folder; and no process may take more than a gigabyte. Exit status 1 where one does not hold.
"""

import argparse
import gzip
import io
import json
import random
import re
import resource
import sqlite3
import subprocess
import sys
import tarfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

PROJECT = Path(__file__).parents[2]
COLLABQA = str(Path(sys.executable).with_name("collabqa"))
#: A word that stands in a file outside the folder that is read, and must not stand in the index.
CANARY = "xylophonecanary"
MOST_KILOBYTES = 1 << 20
_SUFFIXES = (".txt", ".tex", ".pdf", ".pptx", ".mbox", ".eml", ".html", ".md", ".rst", ".ipynb", ".json")


def good_files() -> list[Path]:
    """Unbroken files of every format, the small ones first within each."""
    folders = (PROJECT / "app" / "sample" / "helix", PROJECT / "tests" / "ingest" / "golden")
    found = (path for folder in folders for path in sorted(folder.rglob("*")) if path.suffix in _SUFFIXES)
    return [path for path in found if not path.name.endswith(".expected.json") and path.stat().st_size < 2_000_000]


def cut(data: bytes, chance: random.Random) -> bytes:
    """The file up to a random place."""
    return data[: chance.randrange(len(data))]


def flipped(data: bytes, chance: random.Random) -> bytes:
    """The file with some of its bits turned round."""
    made = bytearray(data)
    for _ in range(max(1, len(made) // 200)):
        made[chance.randrange(len(made))] ^= 1 << chance.randrange(8)
    return bytes(made)


def holed(data: bytes, chance: random.Random) -> bytes:
    """The file without a stretch in its middle."""
    start, end = sorted(chance.randrange(len(data)) for _ in range(2))
    return data[:start] + data[end:]


def doubled(data: bytes, chance: random.Random) -> bytes:
    """The file with a stretch of it repeated many times, up to some megabytes."""
    start = chance.randrange(len(data))
    stretch = data[start : start + chance.randint(1, 2000)]
    return data[:start] + stretch * min(2000, 3_000_000 // len(stretch)) + data[start:]


def shuffled(data: bytes, chance: random.Random) -> bytes:
    """The file with its lines in another order."""
    lines = data.splitlines(keepends=True)
    chance.shuffle(lines)
    return b"".join(lines)


def littered(data: bytes, chance: random.Random) -> bytes:
    """The file with null characters, high bytes and signs of markup strewn in."""
    made = bytearray(data)
    for _ in range(max(4, len(made) // 400)):
        place = chance.randrange(len(made))
        made[place:place] = chance.choice([b"\0", b"\xff\xfe", b"{", b"}", b"<", b"$", b"\\", b"%", b"[[", b"|", b"`"])
    return bytes(made)


MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (cut, flipped, holed, doubled, shuffled, littered)


def bombs(outside: Path) -> Iterator[tuple[str, bytes]]:
    """Files that are made to hurt: names and contents."""
    yield "deep.html", b"<div>" * 100_000 + b"deep"
    yield "wide.html", b"<table>" + b"<tr><td>x" * 200_000
    yield "entities.html", _entities(b"<html><body>&f;</body></html>")
    yield "spans.html", b"<table><tr><td colspan=1000000000 rowspan=1000000000>x</td></tr></table>"
    yield "deep.md", b"> " * 50_000 + b"deep\n" + b"- " * 50_000 + b"\n" + b"[" * 100_000
    yield "stars.md", b"*a " * 100_000 + b"\n\n" + b"`" * 99_999
    yield "deep.rst", b"\n".join(b"  " * depth + b"* deep" for depth in range(3_000))
    yield "include.rst", f".. include:: {outside}\n\n.. raw:: html\n   :file: {outside}\n".encode()
    yield "deep.ipynb", b'{"cells": ' + b"[" * 200_000 + b"]" * 200_000 + b', "nbformat": 4}'
    yield "huge.txt", b"word " * 4_000_000
    yield "line.txt", b"x" * 20_000_000
    yield "recursion.tex", rb"\documentclass{article}\def\a{\a\a}\begin{document}\a\end{document}"
    yield "lol.tex", _lol()
    yield "outside.tex", (
        r"\documentclass{article}\begin{document}A \input{" + str(outside) + r"} \input{../outside.txt} \input{|cat "
        + str(outside) + r"} \verbatiminput{" + str(outside) + r"} end\end{document}"
    ).encode()  # fmt: skip
    yield "group.tex", b"\\documentclass{article}\\begin{document}" + b"{" * 100_000 + b"deep"
    yield "include.txt", (
        b'%META:TOPICINFO{author="A" date="1735732800" format="1.1" version="1.1"}%\n---+ Loop\n'
        b'%INCLUDE{"include"}%\n%INCLUDE{"../../outside"}%\n' + f'%INCLUDE{{"file://{outside}"}}%\n'.encode()
        + b"%TWISTY%" * 20_000
    )  # fmt: skip
    yield "parts.eml", _parts(10_000)
    yield "nested.eml", _nested(300)
    yield "headers.eml", b"From: a@b.example\n" + b"X-Long: y\n" * 300_000 + b"\nhello\n"
    yield "words.eml", b"Subject: " + b"=?utf-8?q?=" * 100_000 + b"\nFrom: a@b.example\nDate: x\n\nhello there\n"
    yield "bomb.pptx", _zip({"[Content_Types].xml": b"<Types/>", "ppt/presentation.xml": b" " * 300_000_000})
    yield (
        "laughs.pptx",
        _zip({"[Content_Types].xml": _entities(b"<Types>&f;</Types>"), "ppt/presentation.xml": b"<p/>"}),
    )
    yield "slip.pptx", _zip({"../../outside.txt": b"overwritten", "[Content_Types].xml": b"<Types/>"})
    yield "bomb.tar.gz", gzip.compress(_tar({"main.tex": b"\\documentclass{article}" + b" " * 300_000_000}))
    yield "slip.tar.gz", gzip.compress(_tar({"../outside.txt": b"overwritten", "main.tex": b"\\documentclass{a}"}))
    yield "bomb.tex.gz", gzip.compress(b"\\documentclass{article}" + b" " * 300_000_000)
    yield "pages.pdf", _pdf_of_itself()
    yield "empty.pdf", b""
    yield "deep.json", b'{"_type": "HTTPAPIResult", "results": ' + b"[" * 200_000


def _entities(body: bytes) -> bytes:
    """An XML document whose entities grow to many gigabytes."""
    names = "abcdef"
    grown = "".join(f'<!ENTITY {name} "{f"&{names[i - 1]};" * 100}">' for i, name in enumerate(names) if i)
    return f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">{grown}]>'.encode() + body


def _lol() -> bytes:
    names = [f"\\lol{chr(97 + i)}" for i in range(12)]
    defined = "".join(f"\\newcommand{{{more}}}{{{less * 10}}}" for less, more in pairwise(names))
    begin = r"\documentclass{article}\newcommand{\lola}{ha}"
    return f"{begin}{defined}\\begin{{document}}{names[-1]}\\end{{document}}".encode()


def _parts(count: int) -> bytes:
    head = b"From: a@b.example\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=q\n\n"
    return head + b"".join(b"--q\nContent-Type: text/plain\n\npart\n" for _ in range(count)) + b"--q--\n"


def _nested(depth: int) -> bytes:
    opened = (f"Content-Type: multipart/mixed; boundary=q{level}\n\n--q{level}\n" for level in range(depth))
    return ("From: a@b.example\nMIME-Version: 1.0\n" + "".join(opened) + "Content-Type: text/plain\n\ndeep\n").encode()


def _zip(members: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return made.getvalue()


def _tar(members: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        link = tarfile.TarInfo("link.tex")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return made.getvalue()


def _pdf_of_itself() -> bytes:
    """A PDF whose tree of pages has itself as its child."""
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[2 0 R 2 0 R]/Count 1000000000>>endobj\ntrailer<</Root 1 0 R>>\n"
    )


def laid(folder: Path, count: int, seed: int) -> None:
    """Put broken files and bombs beside good ones, each suffix in a folder of its own."""
    chance = random.Random(seed)
    good = good_files()
    for number in range(count):
        path = good[chance.randrange(len(good))]
        data = path.read_bytes()
        for mutation in chance.sample(MUTATIONS, chance.choice([1, 1, 2])):
            data = mutation(data, chance) if data else data
        _put(folder / "broken" / path.suffix[1:] / f"{number:05}-{_name(path)}", data)
    for name, data in bombs(folder.parent / "outside.txt"):
        _put(folder / "bombs" / name, data)


def _name(path: Path) -> str:
    return path.name.replace(".in.", ".")


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def beside(folder: Path) -> dict[str, bytes]:
    """The files beside the folder that is read."""
    return {path.name: path.read_bytes() for path in folder.parent.iterdir() if path.is_file()}


class Reading:
    """Reads a folder again and again, as files or as what is recognised, into an index of its own."""

    def __init__(self, folder: Path, data: Path, config: Path, *kind: str) -> None:
        self._folder, self._data, self._kind = folder, data, kind
        self._common = ["--data", str(data), "--config", str(config), "--json"]

    def report(self) -> dict[str, Any]:
        """Ingest, and give the report."""
        call = [COLLABQA, "ingest", str(self._folder), *self._kind, *self._common]
        ran = subprocess.run(call, capture_output=True, text=True, check=False)
        if ran.returncode not in (0, 3):
            raise SystemExit(f"the run ended with status {ran.returncode}: {ran.stderr[-500:]}")
        made: dict[str, Any] = json.loads(ran.stdout)
        return made

    def indexed(self) -> set[str]:
        """The addresses of the documents in the index."""
        with closing(sqlite3.connect(self._data / "manifest.sqlite")) as manifest:
            return {uri for (uri,) in manifest.execute("SELECT uri FROM document WHERE generation <> ''")}

    def finds_the_canary(self) -> bool:
        """Whether something outside the folder is in the index."""
        call = [COLLABQA, "search", CANARY, *self._common]
        found = json.loads(subprocess.run(call, capture_output=True, text=True, check=True).stdout)
        return any(CANARY in each["text"].lower() for each in found["passages"])


def wrong(given: argparse.Namespace, place: Path, *kind: str) -> list[str]:
    """Read good files, then broken ones beside them, and say what does not hold."""
    folder = place / "files"
    for number, path in enumerate(good_files()):
        _put(folder / "good" / path.suffix[1:] / f"{number:05}-{_name(path)}", path.read_bytes())
    (place / "outside.txt").write_text(f"{CANARY} is none of your business\n", encoding="utf-8")
    config = place / "collabqa.toml"
    config.write_text("[embedding]\nmodel = 'word-hash'\n", encoding="utf-8")
    before = beside(folder)
    reading = Reading(folder, place / "data", config, *kind)
    reading.report()
    good = reading.indexed()
    laid(folder, given.count, given.seed)
    started = time.monotonic()
    report = reading.report()
    seconds = time.monotonic() - started
    known = report["indexed"] + report["unchanged"] + len(report["skipped"]) + len(report["quarantined"])
    problems = [f"{report['found'] - known} documents are not accounted for"] if report["found"] != known else []
    problems += [f"{uri} is not in the index any more" for uri in sorted(good - reading.indexed())]
    problems += ["something beside the folder was changed"] if beside(folder) != before else []
    problems += ["a file outside the folder was read"] if reading.finds_the_canary() else []
    kilobytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    problems += [f"a process took {kilobytes // 1024} MB"] if kilobytes > MOST_KILOBYTES else []
    reasons = Counter(re.split(r"[:(\d']", each["reason"])[0].strip() for each in report["quarantined"])
    sys.stdout.write(
        f"{' '.join(kind) or 'as recognised'}: {len(good)} good documents, then {report['found']} in all: "
        f"{report['indexed'] + report['unchanged']} indexed, {len(report['skipped'])} skipped, "
        f"{len(report['quarantined'])} in quarantine, {seconds:.0f} s, at most {kilobytes // 1024} MB\n"
    )
    sys.stdout.writelines(f"{count:6} x {reason}\n" for reason, count in reasons.most_common(20))
    return problems


def main() -> int:
    """Lay out, read, and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="an empty folder to leave the files in")
    given = parser.parse_args()
    problems = []
    for name, kind in {"recognised": (), "files": ("--kind", "files")}.items():
        place = given.keep.resolve() / name if given.keep else Path(mkdtemp(prefix="collabqa-mutations-"))
        place.mkdir(parents=True, exist_ok=True)
        try:
            problems += wrong(given, place, *kind)
        finally:
            if not given.keep:
                rmtree(place)
    sys.stdout.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

import gzip
import io
import os
import tarfile
from pathlib import Path

import pytest

from ingest.errors import MissingPath, Unreadable
from ingest.formats import latex as latex_format
from ingest.source import End, Item
from ingest.sources import latex

READERS = frozenset({"public"})
PDF = b"%PDF-1.4\nnothing"
PAPER = r"\documentclass{article}\begin{document}\input{sections/one}\end{document}"


def written(root: Path, **files: str) -> Path:
    """A folder with these files; __ in a name stands for a slash, and .tex is added."""
    for name, text in files.items():
        path = root / f"{name.replace('__', '/')}.tex"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def archive(path: Path, **files: str) -> Path:
    """An e-print archive of these .tex files."""
    with tarfile.open(path, mode="w:gz") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"{name}.tex")
            entry.size = len(text)
            entry.mtime = 1_600_000_000
            tar.addfile(entry, io.BytesIO(text.encode()))
    return path


def items(source: latex.Source) -> list[Item]:
    """What a source lists, its end left out; the listing must be complete."""
    *listed, end = source.listing()
    assert end == End(True)
    return [each for each in listed if isinstance(each, Item)]


def source(path: Path, url: str = "") -> latex.Source:
    return latex.Source(path, "papers", READERS, url)


def test_each_main_file_is_a_paper_and_what_it_reads_belongs_to_it(tmp_path: Path) -> None:
    root = written(tmp_path, a__main=PAPER, a__sections__one="Alpha.", b__main=PAPER, b__sections__one="Beta.")
    found = items(source(root, "https://docs.example.org/notes"))
    assert [item.uri for item in found] == [
        "https://docs.example.org/notes/a/main.tex",
        "https://docs.example.org/notes/b/main.tex",
    ]
    raws = [source(root).fetch(item) for item in found]
    assert [latex_format.parse(raw.data, raw.name).text for raw in raws] == ["Alpha.", "Beta."]
    assert {raw.format for raw in raws} == {"latex"}
    assert {raw.kind for raw in raws} == {"paper"}


def test_a_file_that_no_main_file_reads_is_skipped_with_a_reason(tmp_path: Path) -> None:
    root = written(
        tmp_path, main=PAPER, sections__one="One.", sections__old="Old.", figure=r"\documentclass{standalone}"
    )
    skipped = {item.uri.rsplit("/", 1)[-1]: item.skipped for item in items(source(root)) if item.skipped}
    assert skipped == {"old.tex": latex.NOT_REACHED, "figure.tex": latex.NOT_REACHED}


def test_the_version_changes_with_what_is_read_and_with_nothing_else(tmp_path: Path) -> None:
    root = written(tmp_path, main=PAPER, sections__one="One.", sections__other="Other.")
    (before,) = [item.version for item in items(source(root)) if not item.skipped]
    written(root, sections__other="Changed.")
    os.utime(root / "main.tex", (1, 1))
    assert [item.version for item in items(source(root)) if not item.skipped] == [before]
    written(root, sections__one="Changed.")
    assert [item.version for item in items(source(root)) if not item.skipped] != [before]


def test_names_that_macros_put_together_bring_every_file_below(tmp_path: Path) -> None:
    main = r"\documentclass{article}\newcommand{\part}[1]{\input{parts/#1}}\begin{document}\part{x}\end{document}"
    root = written(tmp_path, paper__main=main, paper__parts__x="Found.", elsewhere="Not.")
    (item, other) = items(source(root))
    raw = source(root).fetch(item if not item.skipped else other)
    assert b"parts/x.tex" in raw.data
    assert b"elsewhere" not in raw.data


def test_packages_bibliographies_and_listings_travel_along(tmp_path: Path) -> None:
    main = r"\documentclass{own}\usepackage{style/helix,amsmath}\bibliography{refs}\lstinputlisting{run.py}"
    main += r"\begin{document}"
    root = written(tmp_path, main=main)
    (root / "style").mkdir()
    for name in ("own.cls", "style/helix.sty", "refs.bib", "main.bbl", "run.py", "unused.py"):
        (root / name).write_text("%", encoding="utf-8")
    raw = source(root).fetch(items(source(root))[0])
    with tarfile.open(fileobj=io.BytesIO(raw.data)) as tar:
        names = tar.getnames()
    assert names == ["main.bbl", "main.tex", "own.cls", "refs.bib", "run.py", "style/helix.sty"]


def test_files_outside_the_folder_are_never_packed(tmp_path: Path) -> None:
    written(tmp_path, secret="Secret.")
    root = written(
        tmp_path / "in", main=r"\documentclass{article}\begin{document}a\input{../secret}\input{/etc/hostname}"
    )
    (root / "link.tex").symlink_to(tmp_path / "secret.tex")
    (item,) = items(source(root))
    assert b"Secret" not in source(root).fetch(item).data


def test_an_archive_is_one_paper_with_the_time_of_its_files(tmp_path: Path) -> None:
    archive(tmp_path / "2009.00001.tar.gz", ms=r"\documentclass{article}\begin{document}x \input{s}", s="y")
    (item,) = items(source(tmp_path))
    raw = source(tmp_path).fetch(item)
    parsed = latex_format.parse(raw.data, raw.name)
    assert item.uri.endswith("/2009.00001.tar.gz")
    assert parsed.text == "x y"
    assert parsed.modified is not None
    assert parsed.modified.year == 2020


def test_two_papers_in_one_archive_have_addresses_of_their_own(tmp_path: Path) -> None:
    main = r"\documentclass{article}\begin{document}"
    archive(tmp_path / "two.tgz", main=f"{main} paper", supplement=f"{main} more")
    assert [item.uri.rsplit("two.tgz", 1)[1] for item in items(source(tmp_path))] == ["/main.tex", "/supplement.tex"]


def test_a_gzipped_file_is_a_paper_and_other_archives_are_none(tmp_path: Path) -> None:
    (tmp_path / "0801.0001.gz").write_bytes(gzip.compress(PAPER.encode()))
    (tmp_path / "data.csv.gz").write_bytes(gzip.compress(b"1,2\n"))
    (tmp_path / "hits.root.gz").write_bytes(gzip.compress(b"root\0\1"))
    found = {item.uri.rsplit("/", 1)[-1]: item.skipped for item in items(source(tmp_path))}
    assert found == {"0801.0001.gz": "", "data.csv.gz": latex.NO_LATEX, "hits.root.gz": latex.NO_LATEX}


@pytest.mark.parametrize("packed", [False, True])
def test_an_e_print_that_is_a_pdf_alone_is_read_as_one(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "2401.00001.gz"
    if packed:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            member = tarfile.TarInfo("2401.00001.pdf")
            member.size = len(PDF)
            tar.addfile(member, io.BytesIO(PDF))
        path.write_bytes(gzip.compress(buffer.getvalue()))
    else:
        path.write_bytes(gzip.compress(PDF))
    (item,) = items(source(tmp_path))
    raw = source(tmp_path).fetch(item)
    assert (raw.format, raw.name, raw.data) == ("pdf", "2401.00001.pdf", PDF)


def test_an_archive_of_mail_about_latex_is_no_paper(tmp_path: Path) -> None:
    (tmp_path / "2005-March.txt.gz").write_bytes(gzip.compress(f"From ada\n\n{PAPER}\n".encode()))
    assert not latex.claims(tmp_path)


def test_a_broken_archive_is_listed_and_fetching_it_says_why(tmp_path: Path) -> None:
    (tmp_path / "broken.tar.gz").write_bytes(b"\x1f\x8bnothing")
    (item,) = items(source(tmp_path))
    assert not item.skipped
    with pytest.raises(Unreadable, match="broken gzip"):
        source(tmp_path).fetch(item)


@pytest.mark.skipif(os.geteuid() == 0, reason="everything is open to root")
def test_a_closed_file_is_listed_and_fetching_it_says_why(tmp_path: Path) -> None:
    root = written(tmp_path, main=PAPER, sections__one="One.")
    (root / "main.tex").chmod(0)
    (item,) = [item for item in items(source(root)) if not item.skipped]
    with pytest.raises(Unreadable, match="cannot be read"):
        source(root).fetch(item)


def test_a_paper_that_vanished_after_the_listing_is_unreadable(tmp_path: Path) -> None:
    root = written(tmp_path, main=PAPER, sections__one="One.")
    (item,) = items(source(root))
    (root / "main.tex").unlink()
    with pytest.raises(Unreadable, match=r"main\.tex cannot be read"):
        source(root).fetch(item)


def test_a_single_file_brings_what_it_reads_beside_it(tmp_path: Path) -> None:
    root = written(tmp_path, main=PAPER, other=PAPER, sections__one="One.")
    (item,) = items(source(root / "main.tex"))
    raw = source(root / "main.tex").fetch(item)
    assert latex_format.parse(raw.data, raw.name).text == "One."


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingPath, match="nowhere"):
        list(source(tmp_path / "nowhere").listing())


@pytest.mark.parametrize(
    ("main", "kind", "status"),
    [
        (r"\documentclass[draft]{article}\begin{document}x", "paper", "draft"),
        (r"\documentclass{article}\usepackage{draftwatermark}\begin{document}x", "paper", "draft"),
        (r"\documentclass{article}% draft" + "\n" + r"\begin{document}no draft: final", "paper", "unknown"),
        (r"\documentclass{beamer}\begin{document}x", "slides", "unknown"),
    ],
)
def test_slides_and_drafts_are_told_from_papers(tmp_path: Path, main: str, kind: str, status: str) -> None:
    root = written(tmp_path, main=main)
    raw = source(root).fetch(items(source(root))[0])
    assert (raw.kind, raw.status) == (kind, status)


def test_a_folder_of_papers_is_claimed_and_one_of_pages_with_a_paper_is_not(tmp_path: Path) -> None:
    papers = written(tmp_path / "papers", main=PAPER)
    (papers / "README.md").write_text("x", encoding="utf-8")
    pages = written(tmp_path / "pages", main=PAPER)
    for number in range(3):
        (pages / f"{number}.md").write_text("x", encoding="utf-8")
    fragments = written(tmp_path / "fragments", part="text")
    assert [latex.claims(path) for path in (papers, pages, fragments)] == [True, False, False]
    assert latex.claims(papers / "main.tex")
    assert latex.claims(archive(tmp_path / "x.tar.gz", ms=PAPER))
    assert not latex.claims(papers / "README.md")

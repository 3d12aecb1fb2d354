from pathlib import Path

import pytest

from eval.tasks import latex

MAIN = r"""\documentclass{article}
\begin{document}
\section{Beam}\label{sec:beam} Of \helix there is \emph{much}, see \ref{fig:ring}.
\input{parts/ring}
\input{parts/lost}
\end{document}
"""
RING = r"\begin{figure}\caption{The ring.}\label{fig:ring}\end{figure}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "parts").mkdir()
    (tmp_path / "main.tex").write_text(MAIN, encoding="utf-8")
    (tmp_path / "parts" / "ring.tex").write_text(RING, encoding="utf-8")
    return tmp_path


def test_files_and_commands_without_a_meaning_are_counted(folder: Path) -> None:
    (found,) = latex.readings(folder)
    assert (found.main, found.inputs, found.missing) == ("main.tex", 2, ("parts/lost",))
    assert found.macros == {"\\helix": 1}
    assert found.words == 13  # "1 Beam", "Of helix there is much, see 1.", "Figure 1: The ring."
    assert found.share == 1 / 13
    assert found.numbers is None


def test_numbers_are_held_against_those_of_an_aux_file_beside_the_main_file(folder: Path) -> None:
    aux = r"\newlabel{sec:beam}{{1}{1}}" + "\n" + r"\newlabel{fig:ring}{{2}{1}{The ring}{figure.2}{}}"
    (folder / "main.aux").write_text(aux, encoding="utf-8")
    (found,) = latex.readings(folder)
    assert found.numbers == latex.Numbers(2, (("fig:ring", "2", "1"),))
    assert "labels 1 of 2 equal" in latex.written([found])
    assert "fig:ring: '2', here '1'" in latex.written([found])


def test_a_file_that_only_tex_has_read_is_named(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (folder / "parts" / "lost.sty").write_text("%", encoding="utf-8")
    (folder / "main.tex").write_text(MAIN.replace(r"\input{parts/ring}", r"\iffalse\input{parts/ring}\fi"), "utf-8")
    aux = tmp_path_factory.mktemp("made") / "main.aux"
    aux.write_text("", encoding="utf-8")
    aux.with_suffix(".fls").write_text("INPUT ./main.tex\nINPUT parts/ring.tex\n", encoding="utf-8")
    (found,) = latex.readings(folder, [aux])
    assert found.unread == ("parts/ring.tex",)


def test_labels_are_read_of_every_aux_file_and_without_those_that_packages_make(tmp_path: Path) -> None:
    (tmp_path / "main.aux").write_text(
        r"""\relax
\newlabel{a}{{1}{3}{First}{section.1}{}}
\newlabel{a@cref}{{[section][1][]1}{3}}
\@input{part.aux}
\newlabel{sub@c}{{b}{4}}
\newlabel{d}{{\caption@xref {d}{ on input line 9}}{4}}
\newlabel{e}{{\M@TitleReference {4.1}{The {\itshape detector}}}{5}}
\newlabel{a}{{7}{8}}
""",
        encoding="utf-8",
    )
    (tmp_path / "part.aux").write_text(r"\newlabel{c}{{{2}b}{4}}", encoding="utf-8")
    assert latex.labels(tmp_path / "main.aux") == {"a": "7", "c": "2b", "e": "4.1"}


def test_commands_in_code_and_formulas_are_not_left_over() -> None:
    text = "One \\two three\n\n```latex\n\\four\n```\n\n$$\n\\five\n$$\n\n`\\six` and $\\seven$."
    assert latex.left_over(text) == (4, {"\\two": 1})

import gzip
import io
import json
import os
import tarfile
import time
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.errors import TooLarge, Unreadable
from ingest.format import Parsed
from ingest.formats import latex
from ingest.formats.latex import tree as latex_tree

FORMAT = "latex"
TREES = Path(__file__).parent / "golden" / "latex_trees"
PIECES = r"""
\section{ } { $ $$ \begin{equation} \end{equation} \begin{align} \end{align} \begin{itemize} \item \end{itemize} & \\
\begin{tabular}{lr} \hline \end{tabular} \begin{figure} \caption{ \label{a} \ref{a} \cite{k} \end{figure} \footnote{ ]
\emph{ \textbf{ \texttt{ \newcommand{\x}[1]{#1 \x \def\y#1.{ \y \let\x\y \ifx \iftrue \iffalse \else \fi \newif\ifz [
\ztrue \ifz \input{a} \verb|a| \verb \begin{verbatim} \end{verbatim} \SI{1}{\GeV} \num{ \ensuremath{ \text{ \[ \] \(
\) \begin{document} \end{document} \title{ \author{ \and \date{ \begin{abstract} \appendix \begin{frame} \end{frame} %
\bibitem{k} \begin{thebibliography}{} \end{thebibliography} \csname \endcsname \expandafter \par # #1 ~ ^ _ * 12.3 a|b
\multicolumn{2}{c}{ \multirow{2}{*}{ \newenvironment{e}{ \begin{e} \end{e} \loop \repeat \foreach \ac{A} \acro{A}{B} `
\tag{ \begin{subequations} \end{subequations} \begin{lstlisting}[caption=a] \end{lstlisting} \NewDocumentCommand{\q}{
\q \makeatletter \@ifnextchar \catcode`\@=11 \usepackage{x} \bibliography{x} \PKplus \unknown \'e \"{ \v \href{a}{ é
\subfloat[ \captionof{table}{ \newtheorem{t}{T} \begin{t} \end{t} \setcounter{enumi}{ \arabic{ \ifnum 1<2 \ifcase 1 \or
\the \begin{tikzpicture} \end{tikzpicture} \left( \frac{ \\[2pt] \Huge \documentclass{book} \chapter{ \hspace{ \global
\textcolor{red}{ \parindent=3pt \DeclareSIUnit\foo{ \begin{longtable}{l} \end{longtable} \endhead \begin{quote} -- ' "
\end{quote} \string\x \@ifundefined{ \begin{acronym} \end{acronym} \usepackage[german]{babel} \begin{document}text
""".split()


def text_of(source: str) -> str:
    """What a document with this body is read to."""
    return latex.parse(rf"\documentclass{{article}}\begin{{document}}{source}\end{{document}}".encode(), "x.tex").text


def tree_of(**files: str) -> Parsed:
    """What a tree of .tex files is read to; main is the main one."""
    packed = latex_tree.packed({f"{name}.tex": text.encode() for name, text in files.items()})
    return latex.parse(packed, "main.tex")


def test_golden(golden_case: tuple[Path, Path], golden: ModuleType) -> None:
    golden.check(FORMAT, *golden_case)


@pytest.mark.parametrize(
    "folder", sorted(path for path in TREES.iterdir() if path.is_dir()), ids=lambda path: path.name
)
def test_golden_tree(folder: Path, golden: ModuleType) -> None:
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    found = golden.as_golden(latex.parse(latex_tree.packed(files)))
    expected = TREES / f"{folder.name}.expected.json"
    if os.environ.get("COLLABQA_GOLDEN") == "rewrite":
        expected.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert found == json.loads(expected.read_text(encoding="utf-8"))


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(golden: ModuleType, raw: bytes) -> None:
    try:
        parsed = latex.parse(raw, "x.tex")
    except Unreadable:
        return
    golden.assert_sound(parsed)


@settings(deadline=None)
@given(st.lists(st.sampled_from([*PIECES, " ", "\n", "\n\n", "\ufdd00\ufdd1", "word "]), max_size=60))
def test_any_mixture_of_latex_gives_marks_inside_the_text(golden: ModuleType, pieces: list[str]) -> None:
    try:
        parsed = latex.parse("".join(pieces).encode(), "x.tex")
    except Unreadable:
        return
    golden.assert_sound(parsed)
    assert "\ufdd0" not in parsed.text


@given(st.lists(st.text(alphabet="abcdefghij", min_size=3, max_size=8), min_size=1, max_size=30))
def test_plain_words_survive_whatever_is_broken_around_them(words: list[str]) -> None:
    broken = [r"}", r"\end{itemize}", r"\begin{tabular}{l}", "{", r"\fi", r"\begin{equation}", r"\textbf{", "&", r"\\"]
    source = " ".join(f"{word} {broken[place % len(broken)]}" for place, word in enumerate(words))
    found = latex.parse(rf"\begin{{document}} {source}".encode(), "x.tex").text
    assert all(word in found.replace("*", "").replace(" ", "") for word in words)


def test_a_folder_of_macros_is_no_text() -> None:
    with pytest.raises(Unreadable, match="no text"):
        latex.parse(rb"\documentclass{article}\newcommand{\x}{y}\begin{document}\end{document}", "x.tex")


def test_a_macro_that_calls_itself_does_not_swallow_the_rest() -> None:
    parsed = latex.parse(rb"\def\a{\b\b}\def\b{\a\a} \begin{document}one \a{} two\end{document}", "x.tex")
    assert parsed.text == "one two"
    assert any("calls itself" in warning for warning in parsed.warnings)


def test_definitions_end_with_their_group() -> None:
    assert text_of(r"\def\x{out}{\def\x{in}\x} \x {\gdef\x{all}} \x") == "in out all"


def test_a_redefinition_by_its_old_self_is_no_circle() -> None:
    assert text_of(r"\let\old\vec\renewcommand{\vec}[1]{\old{#1}'} $\vec{p}$") == r"$\vec{p}'$"


def test_optional_arguments_of_xparse_are_told_from_missing_ones() -> None:
    source = r"\NewDocumentCommand{\x}{o m}{\IfNoValueTF{#1}{none}{some #1} #2} \x{a}, \x[b]{c}"
    assert text_of(source) == "none a, some b c"


def test_a_title_page_without_a_title_gives_its_largest_words() -> None:
    assert latex.parse(rb"\begin{document}{\Huge\bf The HELIX manual}\par Text.", "x.tex").title == "The HELIX manual"


def test_particles_of_hepnames_need_no_package() -> None:
    assert text_of(r"\PBzero to \PKplus\Ppiminus, \Pnum, \PUpsilonFourS") == (
        r"$B^{0}$ to $K^{+}$ $\pi^{-}$, $\nu_{\mu}$, $\Upsilon(4S)$"
    )


def test_formulas_side_by_side_are_joined() -> None:
    assert text_of(r"\ensuremath{a}\ensuremath{\beta}$c$") == r"$a\beta c$"


def test_a_raised_number_behind_a_word_is_text() -> None:
    assert text_of(r"36~fb$^{-1}$, p$_{\mathrm{T}}$ and $^{12}$C") == "36 fb^-1, p_T and $^{12}$C"


def test_characters_are_told_by_their_numbers() -> None:
    assert text_of(r"a\char`\\ b \char92 c \symbol{123} \char`zd") == r"a\b \c { zd"


def test_code_in_the_line_keeps_its_dollar_signs() -> None:
    source = r"\verb|$HOME|, \texttt{\$PATH}, \verb|`$`| and \texttt{a $b$}"
    assert text_of(source) == r"`$HOME`, `$PATH`, `\$` and a $b$"


def test_a_dollar_sign_is_no_formula() -> None:
    assert text_of(r"It cost \$5 and \$6.") == r"It cost \$5 and \$6."


def test_a_paragraph_that_looks_like_a_heading_is_none() -> None:
    parsed = latex.parse(rb"\begin{document}\# no heading \par - no list \par 1. none \par text", "x.tex")
    assert parsed.text == "\\# no heading\n\n\\- no list\n\n1\\. none\n\ntext"
    assert parsed.marks == ()


def test_code_is_kept_as_it_stands() -> None:
    code = "for i in range(3):\n    print(f'{i} % \\\\section{x}')  # $5"
    parsed = latex.parse(f"\\begin{{document}}\\begin{{verbatim}}\n{code}\n\\end{{verbatim}}".encode(), "x.tex")
    assert parsed.text == f"```\n{code}\n```"
    assert [mark.kind for mark in parsed.marks] == ["code"]


def test_a_label_becomes_the_fragment_of_its_heading() -> None:
    parsed = latex.parse(rb"\begin{document}\section{A}\label{sec:a}\subsection{B}\section{A}", "x.tex")
    assert [mark.fragment for mark in parsed.marks] == ["#sec:a", "#section-1.1", "#section-2"]


def test_headings_of_one_name_have_different_fragments() -> None:
    parsed = latex.parse(rb"\begin{document}\section*{Notes} a \section*{Notes} b", "x.tex")
    assert [mark.fragment for mark in parsed.marks] == ["#section-notes", "#section-notes-2"]


def test_references_forward_have_their_numbers_and_marks_move_with_them() -> None:
    parsed = latex.parse(rb"\begin{document}See \ref{s} \ref{s}.\section{See \ref{s}}\label{s}", "x.tex")
    mark = parsed.marks[0]
    assert parsed.text == "See 1 1.\n\n# 1 See 1"
    assert (parsed.text[mark.start : mark.end], mark.label) == ("# 1 See 1", "1 See 1")


def test_a_heading_without_a_number_is_referred_to_by_the_number_around_it() -> None:
    source = r"\section{One}\subsection*{Star}\label{star}\section*{Two}\label{two} see \ref{star} and \ref{two}"
    assert text_of(source).endswith("see 1 and 1")


def test_a_label_behind_an_equation_or_a_footnote_names_the_section() -> None:
    source = r"\section{One}\begin{equation}a\end{equation}\label{a} x\footnote{y}\label{b} \ref{a}, \ref{b}"
    assert "1, 1" in text_of(source)


def test_equations_within_subequations_are_shown_as_the_document_has_it() -> None:
    source = r"""\begin{subequations}\label{all}\renewcommand\theequation{\theparentequation.\roman{equation}}
\begin{align} a &= b \label{one} \\ c &= d \label{two} \end{align}\end{subequations}
\begin{equation} e \label{next} \end{equation} \ref{all}, \ref{one}, \ref{two}, \ref{next}"""
    assert text_of(source).endswith("1, 1.i, 1.ii, 2")


@pytest.mark.parametrize(
    ("document", "numbers"),
    [
        (r"\documentclass{amsbook}\begin{document}\chapter{A}\section{B}\label{a}", "1"),
        (r"\documentclass[prl]{revtex4-2}\begin{document}\section{A}\begin{equation}a\label{a}\end{equation}", "1"),
        (r"\documentclass{llncs}\begin{document}\section{A}\subsection{B}\subsubsection{C}\label{a}", "1.1"),
        (
            r"\documentclass{scrartcl}\begin{document}\section{A}\subsection{B}\section*{C}\subsection{D}\label{a}",
            "1.1",
        ),
        (r"\documentclass{scrbook}\begin{document}\chapter{A}\section{B}\addchap{C}\section{D}\label{a}", "1.1"),
        (
            r"\documentclass{IEEEtran}\begin{document}\section{A}\subsection{B}\subsubsection{C}\paragraph{D}\label{a}",
            "I-A1a",
        ),
        (r"\documentclass{book}\begin{document}\part{A}\chapter{B}\part{C}\chapter{D}\section{E}\label{a}", "2.1"),
    ],
)
def test_classes_number_their_headings_each_in_its_way(document: str, numbers: str) -> None:
    text = latex.parse(rf"{document} \ref{{a}}\end{{document}}".encode(), "x.tex").text
    assert text.endswith(f"\n\n{numbers}")


def test_of_two_labels_of_one_name_the_last_counts() -> None:
    assert text_of(r"\section{One}\label{a}\section{Two}\label{a} \ref{a}").endswith("2")


def test_the_bibliography_that_was_made_wins_over_the_files_it_was_made_from() -> None:
    files = {
        "main.tex": rb"\documentclass{article}\begin{document}A \cite{b}.\bibliography{r}\end{document}",
        "main.bbl": rb"\begin{thebibliography}{1}\bibitem{a} Alpha.\bibitem{b} Beta.\end{thebibliography}",
        "r.bib": b"@misc{b, title={From the file}}",
    }
    parsed = latex.parse(latex_tree.packed(files), "main.tex")
    assert parsed.text == "A [2].\n\n# References\n\n- [1] Alpha.\n- [2] Beta."


def test_no_file_outside_the_tree_is_asked_for() -> None:
    parsed = tree_of(main=r"\begin{document}a\input{/etc/passwd}\input{|id}\input{../x}\lstinputlisting{/etc/hosts}b")
    assert parsed.text == "ab"
    assert len([warning for warning in parsed.warnings if "outside" in warning]) == 4


def test_a_file_that_includes_itself_is_read_once() -> None:
    parsed = tree_of(main=r"\begin{document}a \input{b} c", b=r"b \input{b} \input{main} B")
    assert parsed.text == "a b B c"
    assert len([warning for warning in parsed.warnings if "circle" in warning]) == 2


def test_a_file_that_includes_itself_at_its_end_in_an_open_brace_is_no_endless_circle() -> None:
    parsed = tree_of(main=r"\begin{document}once \input{part} \input{mai \input{main}")
    assert parsed.text.count("once") <= 201
    assert any("too much is included" in warning for warning in parsed.warnings)


def test_what_no_file_can_give_is_named() -> None:
    assert tree_of(main=r"\begin{document}a \input{gone} b").warnings == (
        "'gone' is not there; the text goes on without it",
    )


def test_files_that_include_each_other_over_and_over_are_bounded() -> None:
    files = {f"f{depth}": rf"\input{{f{depth + 1}}}\input{{f{depth + 1}}}" for depth in range(30)}
    parsed = tree_of(main=r"\begin{document}a \input{f0} b", f30="x", **files)
    assert parsed.text.startswith("a x")
    assert any("too much is included" in warning for warning in parsed.warnings)


@pytest.mark.parametrize(
    "endless",
    [
        r"\textbf{a ",
        r"\begin{tabular}{l} a & ",
        r"\begin{equation} a ",
        r"\iffalse a ",
        r"\csname a ",
        r"\href{a ",
        r"\item[a ",
        r"\expandafter",
        r"\begin{itemize}\item a ",
        r"\newtheorem{a}{A}[a]\begin{a} ",
        r"\newenvironment{e}{\begin{e}}{}\begin{e} ",
    ],
)
def test_what_is_opened_over_and_over_costs_little(endless: str) -> None:
    began = time.process_time()
    assert text_of(f"first {endless * 3_000}").startswith("first")
    assert time.process_time() - began < 20


def archive(**members: bytes) -> bytes:
    """A gzipped tar, as e-print servers give it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            entry.mtime = 1_600_000_000
            tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def test_an_e_print_archive_finds_its_main_file_and_tells_its_time() -> None:
    raw = archive(
        **{
            "sec.tex": b"inner",
            "ms.tex": rb"\documentclass{article}\begin{document}outer \input{sec}\end{document}",
            "fig.pdf": b"%PDF",
        }
    )
    parsed = latex.parse(raw, "2009.00001.tar.gz")
    assert parsed.text == "outer inner"
    assert parsed.modified is not None
    assert parsed.modified.isoformat() == "2020-09-13T12:26:40+00:00"


def test_a_gzipped_file_is_read() -> None:
    raw = gzip.compress(rb"\documentclass{article}\begin{document}alone\end{document}")
    assert latex.parse(raw, "hep-ph.gz").text == "alone"


def test_links_and_paths_out_of_an_archive_are_refused() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name in ("../evil.tex", "/abs.tex", "ok/../../evil2.tex"):
            entry = tarfile.TarInfo(name)
            entry.size = 4
            tar.addfile(entry, io.BytesIO(b"evil"))
        link = tarfile.TarInfo("link.tex")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
        main = rb"\documentclass{article}\begin{document}a\input{evil}\input{link}\input{abs}\end{document}"
        entry = tarfile.TarInfo("main.tex")
        entry.size = len(main)
        tar.addfile(entry, io.BytesIO(main))
    parsed = latex.parse(buffer.getvalue(), "x.tar")
    assert parsed.text == "a"
    assert len([warning for warning in parsed.warnings if "link or leads outside" in warning]) == 4


def test_a_bomb_is_refused() -> None:
    with pytest.raises(TooLarge):
        latex.parse(gzip.compress(bytes(60_000_000)), "bomb.tar.gz")


def test_an_archive_of_too_many_files_is_refused() -> None:
    with pytest.raises(TooLarge, match="5,000 files"):
        latex.parse(archive(**{f"{number}.tex": b"" for number in range(5_001)}), "many.tar.gz")


@pytest.mark.parametrize("raw", [b"\x1f\x8bbroken", archive(**{"a.tex": b"x" * 2_000})[:60]])
def test_a_broken_archive_is_unreadable(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        latex.parse(raw, "x.tar.gz")


def test_packing_is_the_same_for_the_same_files() -> None:
    one = latex_tree.packed({"b.tex": b"2", "a.tex": b"1"})
    assert one == latex_tree.packed({"a.tex": b"1", "b.tex": b"2"})
    assert latex_tree.read(one, "a.tex").modified is None


@pytest.mark.parametrize(
    ("head", "name", "expected"),
    [
        (rb"\documentclass{article}", "x.txt", True),
        (b"plain words", "x.tex", True),
        (b"plain words", "x.txt", False),
        (b"a page about \\documentclass", "x.md", False),
        (archive(**{"ms.tex": rb"\documentclass{article}"}), "2009.00001.tar.gz", True),
        (archive(**{"ms.csv": b"1,2"}), "data.tar.gz", False),
        (gzip.compress(rb"\documentclass{article}"), "2009.00001.gz", True),
        (gzip.compress(b"1,2"), "data.csv.gz", False),
        (b"\x00\x01", "x.tex", False),
    ],
)
def test_latex_is_recognised_by_what_stands_in_it(head: bytes, name: str, expected: bool) -> None:
    assert latex.recognises(head[:4096], name) is expected

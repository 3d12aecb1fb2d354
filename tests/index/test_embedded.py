"""What is embedded of a text: mathematics in words, links without addresses, no rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.embedded import embedded, spelled


@pytest.mark.parametrize(
    ("latex", "words"),
    [
        (r"H\to\gamma\gamma", "H to gamma gamma"),
        (r"\frac{\sigma_E}{E} = 2.7\%", "sigma E over E equals 2.7 percent"),
        (r"E = mc^2", "E equals mc to the 2"),
        (r"b\bar{b}", "b anti b"),
        (r"|\eta| < 2.7", "eta less than 2.7"),
        (r"a \ll b, c >> d", "a much less than b c much greater than d"),
        (r"m_H = 125.18 \pm 0.18~\mathrm{GeV}", "m H equals 125.18 plus minus 0.18 GeV"),
        (r"\begin{aligned} x &= 1 \label{eq:x}\end{aligned}", "x equals 1"),
        (r"10^{-3}", "10 to the minus 3"),
        ("γ ≥ 2", "gamma at least 2"),
        ("", ""),
        (r"\left(\right)", ""),
    ],
)
def test_latex_in_words(latex: str, words: str) -> None:
    assert spelled(latex) == words


@pytest.mark.parametrize(
    "text",
    [
        "export PATH=$HOME/bin:$PATH",
        "It costs $5 and then $10.",
        "run --release 24.2.3\n--verbose",
        "a | b - c",
        r"an escaped \$ sign and \$ another",
        "$" + r"\alpha + " * 100 + "x$",
        "$x$ and $p_T$",
    ],
)
def test_what_is_left_as_it_stands(text: str) -> None:
    assert embedded(text) == text


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (r"at $\sqrt{s}$.", r"at $\sqrt{s}$ (square root of s)."),
        ("$$\n\\eta = 1\n$$", "$$\n\\eta = 1\n$$ (eta equals 1)"),
        ('![plot](a.png "A title") of [x](http://a.example/b_(c))', "plot of x"),
        ("a\n|:---|---:|\n| 1 |", "a\n| 1 |"),
        ("title\n=======\n", "title\n===\n"),
        ("wait......", "wait..."),
    ],
)
def test_what_is_changed(text: str, seen: str) -> None:
    assert embedded(text) == seen


def test_mathematics_can_be_left_alone() -> None:
    assert embedded(r"$\eta$", mathematics=False) == r"$\eta$"


@given(st.text(alphabet='ab$\\{}^_[]()!|- \n"', max_size=200))
def test_any_text_can_be_embedded(text: str) -> None:
    assert len(embedded(text)) <= 25 * len(text)
    assert spelled(text) == " ".join(spelled(text).split())

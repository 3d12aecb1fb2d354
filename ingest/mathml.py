"""MathML as LaTeX."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element

_COMMANDS = r"""
α alpha β beta γ gamma δ delta ε varepsilon ϵ epsilon ζ zeta η eta θ theta κ kappa λ lambda μ mu ν nu ξ xi π pi ρ rho
σ sigma τ tau φ varphi ϕ phi χ chi ψ psi ω omega Γ Gamma Δ Delta Θ Theta Λ Lambda Ξ Xi Π Pi Σ Sigma Φ Phi Ψ Psi Ω Omega
∑ sum ∏ prod ∫ int ∂ partial ∇ nabla ∞ infty ± pm ∓ mp × times ⋅ cdot · cdot ≤ leq ≥ geq ≠ neq ≈ approx ∼ sim ≃ simeq
≡ equiv ∝ propto → to ← leftarrow ⇒ Rightarrow ↔ leftrightarrow ∈ in ⊂ subset ∪ cup ∩ cap √ sqrt ℓ ell ħ hbar ℏ hbar
… ldots ⋯ cdots ⟨ langle ⟩ rangle † dagger ⊕ oplus ⊗ otimes ≪ ll ≫ gg
""".split()
_SYMBOLS = {
    **{sign: f"\\{name}" for sign, name in zip(_COMMANDS[::2], _COMMANDS[1::2], strict=True)},
    **{sign: f"\\{sign}" for sign in "{}%#&$_"},
    **dict.fromkeys("\u2061\u2062\u2063\u2064", ""),
    "\\": "\\backslash",
    "−": "-",
    "∗": "*",
    "′": "'",
}
_FUNCTIONS = frozenset("sin cos tan exp log ln min max lim sup inf det arg sinh cosh tanh arctan".split())
_ACCENTS = {
    **dict.fromkeys("¯‾", "\\bar"),
    **dict.fromkeys("^ˆ", "\\hat"),
    **dict.fromkeys("~˜", "\\tilde"),
    **dict.fromkeys("→\u20d7", "\\vec"),
    "˙": "\\dot",
}
_MAX_DEPTH = 60


def latex(element: "_Element") -> str:
    """The LaTeX of a math element; what its author gave as LaTeX, where it is there.

    >>> from lxml.etree import fromstring
    >>> latex(fromstring("<math><msub><mi>p</mi><mi>T</mi></msub><mo>&gt;</mo><mn>20</mn></math>"))
    'p_{T} > 20'
    """
    alternative = (element.get("alttext") or "").strip()
    if alternative:
        return _bare(alternative)
    for note in element.iter("{*}annotation"):
        if "tex" in (note.get("encoding") or "").lower() and (note.text or "").strip():
            return _bare(note.text or "")
    return " ".join(_tex(element, 0).split())


def symbols(text: str) -> str:
    """Signs of mathematics as LaTeX commands.

    >>> symbols("2σ")
    '2\\\\sigma '
    """
    out = []
    for sign in text:
        command = _SYMBOLS.get(sign, sign)
        out.append(f"{command} " if command[:1] == "\\" and command[-1:].isalpha() else command)
    return "".join(out)


def _bare(tex: str) -> str:
    """LaTeX without the dollar signs and the display style around it."""
    tex = " ".join(tex.split()).strip("$").strip()
    if tex.startswith("{\\displaystyle ") and tex.endswith("}"):
        tex = tex[len("{\\displaystyle ") : -1]
    return tex.removeprefix("\\displaystyle").strip()


def _tex(element: "_Element", depth: int) -> str:
    """An element of MathML as LaTeX, from the inside out."""
    if not isinstance(element.tag, str) or depth > _MAX_DEPTH:
        return ""
    tag = element.tag.rpartition("}")[2].lower()
    if tag in ("annotation", "annotation-xml", "mspace", "mphantom"):
        return ""
    if tag in ("mi", "mn", "mo", "mtext", "ms"):
        return _token(tag, str(element.xpath("string()")).strip())
    parts = [_tex(child, depth + 1) for child in element if isinstance(child.tag, str)]
    if tag == "mover" and len(parts) == 2:
        accent = _ACCENTS.get(str(element[1].xpath("string()")).strip())
        return f"{accent}{{{parts[0].strip()}}}" if accent else f"\\overset{{{parts[1].strip()}}}{{{parts[0].strip()}}}"
    return _shaped(tag, [part.strip() if tag in _ARITY else part for part in parts])


def _token(tag: str, text: str) -> str:
    if tag == "mtext":
        return f"\\text{{{text}}}" if text else ""
    if text in _FUNCTIONS:
        return f"\\{text} "
    if tag == "mi" and len(text) > 1 and text.isalpha():
        return f"\\mathrm{{{text}}}"
    shown = symbols(text)
    return f" {shown} " if tag == "mo" and text not in ("(", ")", "[", "]", "|", ",", "'", "′", "!") else shown


def _shaped(tag: str, parts: list[str]) -> str:
    """What an element makes of its parts; one that has not as many parts as it must is its parts alone."""
    if len(parts) < _ARITY.get(tag, 0):
        return "".join(parts)
    if tag in _TEMPLATES:
        return _TEMPLATES[tag].format(*parts)
    inner = "".join(parts)
    if tag == "msqrt":
        return f"\\sqrt{{{inner.strip()}}}"
    if tag == "mtr":
        return " & ".join(part.strip() for part in parts) + " \\\\ "
    if tag == "mtable":
        return f"\\begin{{matrix}} {inner.strip().removesuffix(chr(92) * 2)}\\end{{matrix}}"
    return inner


_ARITY = {"msub": 2, "msup": 2, "msubsup": 3, "munder": 2, "munderover": 3, "mfrac": 2, "mroot": 2}
_TEMPLATES = {
    "msub": "{}_{{{}}}",
    "msup": "{}^{{{}}}",
    "msubsup": "{}_{{{}}}^{{{}}}",
    "munder": "{}_{{{}}}",
    "munderover": "{}_{{{}}}^{{{}}}",
    "mfrac": "\\frac{{{}}}{{{}}}",
    "mroot": "\\sqrt[{1}]{{{0}}}",
}

"""The text that is embedded and cut into terms, made from a text for people: mathematics also in words."""

import re
import unicodedata

#: Commands whose name is not the word for them. What is not here is spelled by its name: \gamma is "gamma".
_SPELLED = {
    "to": "to", "rightarrow": "to", "longrightarrow": "to", "leftarrow": "from", "times": "times", "cdot": "times",
    "pm": "plus minus", "mp": "minus plus", "leq": "at most", "le": "at most", "geq": "at least", "ge": "at least",
    "lesssim": "at most about", "gtrsim": "at least about", "neq": "not equal", "ne": "not equal", "approx": "about",
    "sim": "about", "simeq": "about", "ll": "much less than", "gg": "much greater than", "lt": "less than",
    "gt": "greater than", "infty": "infinity", "ell": "l", "hbar": "h bar", "bar": "anti", "overline": "anti",
    "sqrt": "square root of", "int": "integral of", "sum": "sum of", "prod": "product of", "partial": "d",
    "nabla": "gradient", "frac": "", "in": "in", "propto": "proportional to",
    "varepsilon": "epsilon", "varphi": "phi", "vartheta": "theta", "degree": "degrees", "circ": "degrees",
    "slashed": "", "not": "not", "mid": "given", "dagger": "dagger", "prime": "prime",
}  # fmt: skip
#: Commands that only say how something looks.
SILENT = frozenset(
    """mathrm mathit mathbf mathcal mathsf mathtt mathbb mathscr mathfrak text textrm textit textbf textsc texttt rm it
    bf cal left right big Big bigg Bigg bigl bigr Bigl Bigr displaystyle textstyle scriptstyle limits nolimits quad
    qquad hspace vspace phantom ensuremath boldsymbol bm operatorname mbox hbox begin end label nonumber notag
    middle xspace protect rlap llap kern mkern tag hat tilde vec widetilde widehat underline boxed cancel""".split()
)
#: Greek letters by the names that LaTeX gives them; capitals too.
GREEK = {
    chr(code): unicodedata.name(chr(code)).split()[-1].lower().replace("lamda", "lambda")
    for code in (*range(0x391, 0x3A2), *range(0x3A3, 0x3AA), *range(0x3B1, 0x3CA))
} | {"ϕ": "phi", "ϵ": "epsilon", "ϑ": "theta", "ϖ": "pi", "ϱ": "rho"}
_SIGNS = {"=": "equals", "<": "less than", ">": "greater than", "+": "plus", "/": "over", "-": "minus"}
_TOKEN = re.compile(r"\\([A-Za-z]+)|\\(.)|\^|_|[A-Za-z]+|\d+(?:[.,]\d+)*|[=<>+/-]|[^\W\d_]|±|×|→|≤|≥|∞", re.DOTALL)
_UNICODE = {"±": "plus minus", "×": "times", "→": "to", "≤": "at most", "≥": "at least", "∞": "infinity"}
_MATHS = re.compile(r"\$\$(.+?)\$\$|(?<![\\$])\$(?!\s)([^$\n]{1,300}?)(?<![\s\\])\$(?!\d)", re.DOTALL)
_ENVIRONMENT = re.compile(r"\\(?:begin|end|label|tag|[hv]space|[hvr]?phantom)\*?\{[^{}]*\}")
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
#: Longer formulas are left to their symbols: their words would push everything else out of the chunk.
_LONGEST_SPELLED = 200


def spelled(latex: str) -> str:
    r"""Simple LaTeX mathematics in words.

    >>> spelled(r"H\to\gamma\gamma")
    'H to gamma gamma'
    >>> spelled(r"p_{\mathrm{T}} > 30~\text{GeV}"), spelled(r"\sqrt{s} = 13.6"), spelled("fb^{-1}")
    ('p T greater than 30 GeV', 'square root of s equals 13.6', 'fb to the minus 1')
    """
    latex = _FRACTION.sub(r"\1 / \2", _ENVIRONMENT.sub("", latex))
    words: list[str] = []
    raised = False
    for match in _TOKEN.finditer(latex):
        command, sign = match[1], match[2]
        if command is not None:
            word = "" if command in SILENT else _SPELLED.get(command, command)
        elif sign is not None:
            word = {"%": "percent", "&": "and"}.get(sign, "")
        else:
            word = _plain(match[0], latex, match.start())
        if match[0] == "^":
            raised = True
            continue
        if raised and word:
            words.append("to the")
        raised = raised and not word
        if word:
            words.append(word)
    return " ".join(words)


def _plain(sign: str, latex: str, position: int) -> str:
    """A word, a number or a sign in words; ">>" is said once, at its first sign."""
    if sign in ("_", "^"):
        return ""
    if sign in "<>" and latex[position - 1 : position] == sign:
        return ""
    if sign in "<>" and latex[position + 1 : position + 2] == sign:
        return "much " + _SIGNS[sign]
    return _UNICODE.get(sign) or _SIGNS.get(sign) or GREEK.get(sign) or sign


_RULE = re.compile(r"^[ \t]*(?:\|[ \t]*)?:?-{2,}:?[ \t]*(?:\|[ \t]*:?-{2,}:?[ \t]*)*\|?[ \t]*$\n?", re.MULTILINE)
_RUN = re.compile(r"([^\w\s])\1{3,}")
_LINK = re.compile(r"!?\[([^\[\]\n]*)\]\((?:[^()\s]|\([^()\s]*\))*(?:\s+\"[^\"\n]*\")?\)")


def embedded(text: str, *, mathematics: bool = True) -> str:
    """A stretch of Markdown as the model sees it.

    Mathematics is followed by its words; a link is its text alone, as an address says less than its many tokens cost;
    rules of tables and long runs of one sign go.

    >>> embedded("See [the menu](https://example.org/menu?rev=7).\\n| a | b |\\n|---|---|\\n| 1 | 2 |\\n==========")
    'See the menu.\\n| a | b |\\n| 1 | 2 |\\n==='
    """
    if "](" in text:
        text = _LINK.sub(lambda match: match[1], text)
    if "--" in text:
        text = _RULE.sub("", text)
    text = _RUN.sub(r"\1\1\1", text)
    if mathematics and "$" in text:
        text = _MATHS.sub(_with_words, text)
    return text


def _with_words(match: re.Match[str]) -> str:
    latex: str = (match[1] or match[2] or "").strip()
    # What has neither command nor power reads as it stands, or is no formula: $HOME/bin:$PATH.
    if len(latex) > _LONGEST_SPELLED or not ("\\" in latex or "^" in latex):
        return match[0]
    words = spelled(latex)
    return f"{match[0]} ({words})" if words else match[0]

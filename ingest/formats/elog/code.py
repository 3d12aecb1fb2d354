"""ELCode, the markup of ELOG's editor, as HTML."""

import html
import re

_CODE = re.compile(r"\[code\](.*?)\[/code\]", re.IGNORECASE | re.DOTALL)
_TABLE = re.compile(r"\[table[^\]]*\](.*?)\[/table\]", re.IGNORECASE | re.DOTALL)
_LINK = re.compile(r"\[url=([^\]]+)\](.*?)\[/url\]", re.IGNORECASE | re.DOTALL)
_BARE_LINK = re.compile(r"\[(?:url|email)\](.*?)\[/(?:url|email)\]", re.IGNORECASE | re.DOTALL)
_QUOTE = re.compile(r"\[quote(?:=([^\]]*))?\]", re.IGNORECASE)
_PAIRS = {"b": "b", "i": "i", "u": "u", "h1": "h1", "h2": "h2", "h3": "h3", "sup": "sup", "sub": "sub"}
_IMAGE = re.compile(r"\[img[^\]]*\](.*?)\[/img\]", re.IGNORECASE | re.DOTALL)
_ELSE = re.compile(r"\[/?(?:color|size|font|center|left|right|anchor|line)(?:=[^\]]*)?\]", re.IGNORECASE)
_ENTRY = re.compile(r"\[elog:([^\]]+)\]", re.IGNORECASE)
_BLOCK = re.compile(r"\s*\n?\s*(</?(?:ul|ol|li|blockquote|table|tr|td|h[1-3])>)\s*\n?\s*")


def as_html(text: str) -> str:
    """A text in ELCode as HTML; what is no markup stays as it stands.

    >>> as_html("[b]HV[/b] is at 2 < 3 kV, see [url=https://x.example]here[/url]")
    '<p><b>HV</b> is at 2 &lt; 3 kV, see <a href="https://x.example">here</a></p>'
    """
    kept: list[str] = []

    def stash(match: re.Match[str]) -> str:
        kept.append(f"</p><pre><code>{html.escape(match[1].strip(chr(10)), quote=False)}</code></pre><p>")
        return f"\x01{len(kept) - 1}\x02"

    made = html.escape(_CODE.sub(stash, text.replace("\x01", "").replace("\x02", "")), quote=False)
    made = _TABLE.sub(_table, made)
    made = _LINK.sub(_anchor, made)
    made = _BARE_LINK.sub(r"\1", made)
    made = _QUOTE.sub(lambda match: f"<blockquote>{_said(match[1])}", made)
    made = re.sub(r"\[/quote\]", "</blockquote>", made, flags=re.IGNORECASE)
    made = re.sub(r"\[list(?:=[^\]]*)?\]", "<ul>", made, flags=re.IGNORECASE)
    made = re.sub(r"\[/list\]", "</ul>", made, flags=re.IGNORECASE).replace("[*]", "<li>")
    for code, tag in _PAIRS.items():
        made = re.sub(rf"\[(/?){code}\]", rf"<\1{tag}>", made, flags=re.IGNORECASE)
    made = _ELSE.sub("", _ENTRY.sub(r"entry \1", _IMAGE.sub(r"(image: \1)", made)))
    made = _BLOCK.sub(r"\1", made)
    paragraphs = [part.strip("\n").replace("\n", "<br>\n") for part in re.split(r"\n[ \t]*\n", made)]
    made = "".join(f"<p>{part}</p>" for part in paragraphs if part.strip())
    return re.sub("\x01(\\d+)\x02", lambda match: kept[int(match[1])], made)


def _anchor(match: re.Match[str]) -> str:
    return f'<a href="{match[1].strip(chr(34)).replace(chr(34), "%22")}">{match[2]}</a>'


def _said(name: str | None) -> str:
    """Who is quoted."""
    return f"{name.strip(chr(34))} wrote:<br>" if name else ""


def _table(match: re.Match[str]) -> str:
    """Rows between |- and cells between |."""
    rows = [row.strip().strip("|") for row in re.split(r"^\s*\|-\s*$", match[1], flags=re.MULTILINE)]
    cells = ["".join(f"<td>{cell.strip()}</td>" for cell in row.split("|")) for row in rows if row.strip()]
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"

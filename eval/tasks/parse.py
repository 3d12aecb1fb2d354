"""How well TWiki topics are read: judged by the Markdown that a converter and people made of the same topics.

A folder of pairs holds NAME.jsonl, and beside it NAME/ with TOPIC.tml and TOPIC.md. Pairs are dropped, and named with
the reason, whose recorded word precision or recall is below LEAST (the people rewrote the page), and those whose topic
has numbered headings (`---#`), which the converter did not know.

Taken out of the Markdown that we are judged by (the gold) is only what no reading of the topic alone can or should say:

- macros: the spans that the converter put for them (`<span class="twiki-macro ENDCOLOR"></span>`) and those that it
  left as they were (`%RED%`, `%TOC{depth="2"}%`). Names of macros are taken out of our text too.
- prompts: the converter put `root@host #` or `root#`, and people `[root@client ~] $`, for the macros
  %UCL_PROMPT_ROOT% and %UCL_PROMPT%, which the wiki and not the topic defines. They are taken out of both.
- the converter's debris: tags of HTML, also those that it wrote as text (`&lt;div&gt;`), comments, attributes behind
  headings and code, the language of code, links that it left in TWiki's brackets, anchors that it left as text
  (`\\#SetUp`), the targets of links. Tags and comments are taken out of our text too.
- the marks of numbered items (`2.`, `ii.`), which the converter counts otherwise; out of both.

Nothing is put in, with one exception: rows of a table that the converter left as HTML, or joined to one line of bars,
count as rows. What people changed or the converter lost stays in the gold and counts against us.

What is compared are words in lower case, without punctuation: their trigrams, each as often as it stands there; whole
headings; whole cells of tables.
"""

import html
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median

from app.shape import Json
from eval.case import BadCase
from ingest.charset import decoded
from ingest.document import Mark
from ingest.formats import twiki_markup
from ingest.outline import outline

#: A pair is judged where the recorded precision and recall of its words are at least this.
LEAST = 0.85
#: What the issue of the project asks for.
WANTED = {"word_f1": 0.95, "heading_f1": 0.95, "cell_f1": 0.95}

_RECORDED = ("md_word_precision", "md_word_recall")
_NUMBERED = re.compile(r"^---+#", re.M)
_MACRO_SPAN = re.compile(r'<span class="twiki-macro[^>]*>.*?</span>', re.S)
_MACRO = re.compile(r"%[A-Z][A-Z0-9_:]*(?:\{[^{}\n]*\})?%")
_COMMENT = re.compile(r"<!--.*?-->", re.S)
_INSIDE = "a|b|big|code|em|font|i|kbd|noop|nop|small|span|strong|sub|sup|tt|u"
_BLOCKS = (
    "blockquote|br|center|dd|details|div|dl|dt|h[1-6]|hr|img|li|ol|p|pre|summary|table|tbody|td|th|thead|tr|ul|verbatim"
)
_TAG = re.compile(rf"</?(?:({_BLOCKS})|{_INSIDE})(?:\s[^<>]*)?/?>", re.I)
_TAG_AS_TEXT = re.compile(rf"&lt;/?(?:({_BLOCKS})|{_INSIDE})(?:\s(?:(?!&[lg]t;)[^\n])*)?/?&gt;", re.I)
_CELL = re.compile(r"<t[dh]\b[^<>]*>(.*?)</t[dh]>\s*(</tr>)?", re.I | re.S)
_STYLE = re.compile(r"(?:<|&lt;)style\b.*?(?:<|&lt;)/style(?:>|&gt;)", re.I | re.S)
_BRACKETS_AS_TEXT = re.compile(r"\\\[\\\[[^\[\]]*\\\]\\\[([^\[\]]*)\\\]\\\]")
_ANCHOR_AS_TEXT = re.compile(r"^\\#[A-Z]\w*[ \t]*$", re.M)
_ATTRIBUTES = re.compile(r"\{[.#][^{}\n]*\}")
_LINK = re.compile(r"!?\[((?:[^\[\]\\]|\\.|\[[^\[\]]*\])*)\]\((?:[^()\s]|\([^()]*\))*(?:\s+\"[^\"]*\")?\)")
_FENCE = re.compile(r"[ \t>]*(?:`{3,}|~{3,})(.*)|[ \t]*:{2,3}\w+")
_PROMPT = re.compile(r"\[\w+@[\w.-]+ ?~? ?\] ?[#$](?!\S)|\b(?:root|user)(?:@host )?[#$%](?!\S)")
_NUMBER = re.compile(r"^[ \t]*(?:- )?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)][ \t]+", re.M | re.I)
_CODE_SPAN = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.S)
_WORD = re.compile(r"[^\W_]+")
_BAR = re.compile(r"(?<!\\)\|")
_ROW = re.compile(r"(?<!\S)\|(?=[ :]).*[ :-]\|(?!\S)")
_RULE = re.compile(r"[\s|:+=-]+")
_MARKUP = re.compile(r"%\w+(?:\{[^}]*\})?%|<[^>]*>|^---\++!*|\[\[[^\]]*\]\[|\]\]|\[\[|[*_=|!]", re.M)


@dataclass(frozen=True, slots=True)
class Pair:
    """A topic as it was written, and the Markdown that it is judged by."""

    topic: str
    raw: bytes
    gold: str


@dataclass(frozen=True, slots=True)
class Judged:
    """The figures of a pair; None where neither side has a heading or a table. stripped is the baseline's word F1."""

    topic: str
    word_f1: float
    heading_f1: float | None
    cell_f1: float | None
    stripped: float


@dataclass(frozen=True, slots=True)
class Report:
    """What was judged, and the pairs that were not, with the reason."""

    pairs: tuple[Judged, ...]
    dropped: tuple[tuple[str, str], ...]

    @property
    def figures(self) -> dict[str, float | None]:
        """The median over words, the mean over headings, the median over cells; None where there is nothing."""
        headings = [each.heading_f1 for each in self.pairs if each.heading_f1 is not None]
        cells = [each.cell_f1 for each in self.pairs if each.cell_f1 is not None]
        return {
            "word_f1": median(each.word_f1 for each in self.pairs),
            "heading_f1": fmean(headings) if headings else None,
            "cell_f1": median(cells) if cells else None,
        }

    @property
    def holds(self) -> bool:
        """Whether no figure is below what is wanted."""
        return all(value is None or value >= WANTED[key] for key, value in self.figures.items())

    @property
    def stripped(self) -> float:
        """The median word F1 of a regular expression that strips the markup."""
        return median(each.stripped for each in self.pairs)


def load(folder: Path) -> tuple[list[Pair], list[tuple[str, str]]]:
    """The pairs of a folder that can be judged, and those that cannot, with the reason; raises BadCase."""
    lists = sorted(each for each in folder.glob("*.jsonl") if each.with_suffix("").is_dir())
    if not lists:
        raise BadCase(f"{folder}: expected NAME.jsonl and a folder NAME beside it")
    kept, dropped = [], []
    for path in lists:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            recorded = _recorded(line, f"{path.name}, line {number}")
            raw = _file(path.with_suffix("") / f"{recorded['topic']}.tml")
            if reason := _reason(recorded, decoded(raw)[0]):
                dropped.append((str(recorded["topic"]), reason))
            else:
                gold = decoded(_file(path.with_suffix("") / f"{recorded['topic']}.md"))[0]
                kept.append(Pair(str(recorded["topic"]), raw, gold))
    if not kept:
        raise BadCase(f"{folder}: no pair is left to judge")
    return kept, dropped


def judge(pair: Pair) -> Judged:
    """Read a topic and hold it against its gold."""
    read = twiki_markup.parse(pair.raw, f"Web/{pair.topic}.txt")
    gold = without_debris(pair.gold)
    marks = outline(gold)
    wanted = words(gold, marks)
    return Judged(
        pair.topic,
        f1(trigrams(words(read.text, read.marks)), trigrams(wanted)),
        _f1_of_some(_headings(read.marks), _headings(marks)),
        _f1_of_some(cells(read.text, read.marks), gold_cells(gold, marks)),
        f1(trigrams(_WORD.findall(_MARKUP.sub(" ", decoded(pair.raw)[0]).lower())), trigrams(wanted)),
    )


def without_debris(gold: str) -> str:
    """The gold without what stands for macros, and without the converter's debris.

    >>> without_debris('Use %RED%HOST<span class="twiki-macro ENDCOLOR"></span>. <!-- hidden -->&lt;div id="x"&gt;')
    'Use HOST.  '
    """
    text = _COMMENT.sub("", _MACRO.sub("", _MACRO_SPAN.sub("", gold)))
    text = _ANCHOR_AS_TEXT.sub("", text)
    text = _CELL.sub(lambda cell: f"| {' '.join(cell[1].split())} {'|' if cell[2] else ''}", _STYLE.sub("", text))
    return _ATTRIBUTES.sub("", _BRACKETS_AS_TEXT.sub(r"\1", _TAG_AS_TEXT.sub(_gap, _TAG.sub(_gap, text))))


def words(text: str, marks: Iterable[Mark] = ()) -> list[str]:
    """The words of a Markdown text, in lower case; in code the prompts are left out, elsewhere tags and targets.

    >>> words("See [the *menu*](https://docs.helix.example/menu) of p_T &gt; 28&nbsp;GeV.<br/>")
    ['see', 'the', 'menu', 'of', 'p', 't', '28', 'gev']
    """
    found: list[str] = []
    at = 0
    for mark in (each for each in marks if each.kind == "code"):
        if mark.start >= at:
            found += _prose_words(text[at : mark.start])
            found += _code_words(text[mark.start : mark.end])
            at = mark.end
    return found + _prose_words(text[at:])


def trigrams(found: Sequence[str]) -> Counter[tuple[str, ...]]:
    """Every three words that follow each other; fewer than three are one."""
    if len(found) < 3:
        return Counter([tuple(found)] if found else [])
    return Counter(zip(found, found[1:], found[2:], strict=False))


def f1(ours: Counter[tuple[str, ...]], gold: Counter[tuple[str, ...]]) -> float:
    """The harmonic mean of precision and recall of two bags; 1 where both are empty.

    >>> f1(trigrams(["a", "b", "c", "d"]), trigrams(["a", "b", "c"]))
    0.6666666666666666
    """
    size = ours.total() + gold.total()
    return 2 * (ours & gold).total() / size if size else 1.0


def cells(text: str, marks: Iterable[Mark]) -> Counter[tuple[str, ...]]:
    """The cells of all marked tables as words, empty ones left out."""
    return _cells_of(text[mark.start : mark.end] for mark in marks if mark.kind == "table")


def gold_cells(gold: str, marks: Iterable[Mark]) -> Counter[tuple[str, ...]]:
    """The cells of the gold: of every run of bars outside code, whether or not the converter made a table of it."""
    kept, at = [], 0
    for mark in (each for each in marks if each.kind == "code"):
        kept.append(gold[at : mark.start])
        at = max(at, mark.end)
    return _cells_of(row[0] for row in _ROW.finditer("".join([*kept, gold[at:]])))


def _cells_of(rows: Iterable[str]) -> Counter[tuple[str, ...]]:
    lines_ = (line.strip() for row in rows for line in row.split("\n"))
    shown = (cell for line in lines_ if not _RULE.fullmatch(line) for cell in _BAR.split(line))
    return Counter(filter(None, (tuple(_prose_words(cell)) for cell in shown)))


def judged_all(
    pairs: Iterable[Pair], dropped: Iterable[tuple[str, str]], *, judged: Callable[[], None] = lambda: None
) -> Report:
    """All pairs judged, and what was dropped; judged is called after each."""
    made = []
    for pair in pairs:
        made.append(judge(pair))
        judged()
    return Report(tuple(made), tuple(dropped))


def as_json(made: Report) -> dict[str, Json]:
    """The figures, each pair, and what was dropped."""
    pairs: list[Json] = [
        {
            "topic": each.topic,
            "word_f1": each.word_f1,
            "heading_f1": each.heading_f1,
            "cell_f1": each.cell_f1,
            "stripped_word_f1": each.stripped,
        }
        for each in made.pairs
    ]
    dropped: list[Json] = [{"topic": topic, "reason": reason} for topic, reason in made.dropped]
    return {**made.figures, "stripped_word_f1": made.stripped, "pairs": pairs, "dropped": dropped}


def lines(made: Report) -> Iterator[str]:
    """The report for people: what was dropped, the pairs from the worst, the figures beside what is wanted."""
    yield f"{len(made.dropped)} pairs are not judged:"
    yield from (f"  {topic}: {reason}" for topic, reason in made.dropped)
    yield f"\n{len(made.pairs)} pairs: F1 of word trigrams, headings, cells; words with the markup stripped"
    for each in sorted(made.pairs, key=lambda pair: (pair.word_f1, pair.topic)):
        shown = map(_shown, (each.word_f1, each.heading_f1, each.cell_f1, each.stripped))
        yield f"  {'  '.join(shown)}  {each.topic}"
    names = {"word_f1": "words, median", "heading_f1": "headings, mean", "cell_f1": "cells, median"}
    yield ""
    for key, value in made.figures.items():
        yield f"{names[key]:15} {_shown(value)} (wanted {WANTED[key]:.2f})"
    yield f"{'stripped words':15} {_shown(made.stripped)}"
    means = fmean(each.word_f1 for each in made.pairs), fmean(each.stripped for each in made.pairs)
    yield f"{'words, mean':15} {_shown(means[0])} (stripped {_shown(means[1])})"


def _shown(value: float | None) -> str:
    return "    –" if value is None else f"{value:.3f}"


def _recorded(line: str, where: str) -> Mapping[str, object]:
    try:
        read = json.loads(line)
    except ValueError as problem:
        raise BadCase(f"{where}: no JSON ({problem})") from None
    if not isinstance(read, dict) or not {"topic", *_RECORDED} <= set(read):
        raise BadCase(f"{where}: expected topic, {', '.join(_RECORDED)}")
    if not re.fullmatch(r"[\w.-]+", str(read["topic"])):
        raise BadCase(f"{where}: {read['topic']!r} is no name of a topic")
    return read


def _file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise BadCase(f"{path} cannot be read: {problem.strerror}") from None


def _reason(recorded: Mapping[str, object], topic: str) -> str:
    """Why a pair is not judged; "" where it is."""
    if low := [f"{key} {recorded[key]}" for key in _RECORDED if _low(recorded[key])]:
        return f"{' and '.join(low)}, below {LEAST}"
    return "numbered headings (---#)" if _NUMBERED.search(topic) else ""


def _low(value: object) -> bool:
    return not isinstance(value, float | int) or value < LEAST


def _prose_words(text: str) -> list[str]:
    """The words outside blocks of code."""
    shown: list[str] = []
    at = 0
    text = _NUMBER.sub("", text)
    for span in _CODE_SPAN.finditer(text):
        shown += [_bare(text[at : span.start()]), _TAG.sub(_gap, span[2])]
        at = span.end()
    return _words("".join([*shown, _bare(text[at:])]))


def _bare(text: str) -> str:
    """Prose without tags, the targets of links, and signs of emphasis, which may stand within a word."""
    return html.unescape(_LINK.sub(r"\1", _TAG.sub(_gap, text)).replace("**", ""))


def _gap(tag: re.Match[str]) -> str:
    """What is left of a tag: tags of blocks part words, others do not."""
    return " " if tag[1] else ""


def _code_words(block: str) -> list[str]:
    """The words of a block of code, without its fences and the language."""
    inside = "\n".join("" if _FENCE.fullmatch(line) else line for line in block.split("\n"))
    return _words(html.unescape(_TAG.sub(_gap, _COMMENT.sub("", inside))))


def _words(text: str) -> list[str]:
    return _WORD.findall(_MACRO.sub("", _PROMPT.sub("", text)).lower())


def _headings(marks: Iterable[Mark]) -> Counter[tuple[str, ...]]:
    labels = (tuple(_prose_words(mark.label)) for mark in marks if mark.kind == "heading")
    return Counter(filter(None, labels))


def _f1_of_some(ours: Counter[tuple[str, ...]], gold: Counter[tuple[str, ...]]) -> float | None:
    """The F1 of two bags; None where both are empty."""
    return f1(ours, gold) if ours or gold else None

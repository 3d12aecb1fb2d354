"""How well LaTeX documents are read: files found, macros left over, and the numbers that \\ref prints.

The numbers are judged by TeX: an .aux file that it made of the same main file holds each label with its number, and the
.fls file of ``-recorder`` beside it the files that TeX has read.
"""

import io
import re
import tarfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.shape import Json
from ingest.formats import latex
from ingest.formats.latex import tree as latex_tree
from ingest.source import Item
from ingest.sources.latex import Source

COMMONEST = 12
#: The share of the words of running text that may be macros which were not expanded.
MOST_LEFT_OVER = 0.005
_FENCE = re.compile(r"^[> ]*(`{3,}|~{3,}).*?^[> ]*\1 *$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(?<![`\\])(`+)(?!`)[^`]+(?<!`)\1(?!`)")
_FORMULA = re.compile(r"\$\$.*?\$\$|(?<!\\)\$(?:[^$\\]|\\.)+\$", re.DOTALL)
_WORD = re.compile(r"\w+")
_COMMAND = re.compile(r"\\[a-zA-Z@]+")
_AUX = re.compile(r"\\newlabel\s*\{(?P<label>[^{}]*)\}\s*\{|\\@input\{(?P<aux>[^{}]*\.aux)\}")
# What packages note beside the labels of the document: cleveref, subcaption (the letter alone), acronym, beamer ...
_NO_LABEL = re.compile(r"@cref$|^sub@|^acro:|^tocindent|^LastPage$|^LastBibItem$|<\d+>$|@xvr$|@vr$")
# A label in a figure without a caption: caption prints ?? for it.
_WITHOUT_NUMBER = "\\caption@xref"
# memoir writes the title beside the number.
_MEMOIR = re.compile(r"\\M@TitleReference\s*(?=\{)")
_TEX = (".tex", ".ltx", ".latex")


@dataclass(frozen=True, slots=True)
class Numbers:
    """Labels whose number TeX has told; different holds label, TeX's number and ours, which is empty without one."""

    compared: int
    different: Sequence[tuple[str, str, str]]

    @property
    def equal(self) -> int:
        """How many labels have TeX's own number."""
        return self.compared - len(self.different)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found in reading one main file. unread are files that TeX has read and we have not."""

    main: str
    inputs: int
    missing: Sequence[str]
    unread: Sequence[str]
    words: int
    macros: Counter[str]
    numbers: Numbers | None

    @property
    def share(self) -> float:
        """Unexpanded macros as a share of the words."""
        return self.macros.total() / self.words if self.words else 0.0

    @property
    def holds(self) -> bool:
        """Whether all inputs were found, few macros are left over, and every number is TeX's where TeX has told it."""
        whole = not self.missing and not self.unread and self.share <= MOST_LEFT_OVER
        return whole and (self.numbers is None or not self.numbers.different)


def readings(folder: Path, aux: Sequence[Path] = ()) -> Iterator[Reading]:
    """Every main file of a folder; an .aux file belongs to the main file of its name, given or beside it."""
    source = Source(folder, "latex", frozenset({"public"}))
    given = {path.stem: path for path in aux}
    for item in source.listing():
        if isinstance(item, Item) and not item.skipped:
            raw = source.fetch(item)
            name = raw.name or ""
            beside = (folder if folder.is_dir() else folder.parent) / Path(name).with_suffix(".aux")
            stem = Path(name).stem
            yield reading(raw.data, name, given.get(stem) or (beside if beside.exists() else None))


def reading(packed: bytes, main: str, aux: Path | None) -> Reading:
    """What was found in reading the main file of a tree."""
    body = latex.read_through(latex_tree.read(packed, main))
    text = latex.parse(packed, main).text
    words, left = left_over(text)
    read = {main, *body.expander.files_read}
    return Reading(
        main,
        len(read),
        tuple(body.expander.files_missing),
        tuple(sorted(_recorded(aux, packed) - read)) if aux else (),
        words,
        left + body.unknown,
        _numbers({key: target.number for key, target in body.labels.items()}, aux) if aux else None,
    )


def left_over(text: str) -> tuple[int, Counter[str]]:
    """How many words running text has, and the commands that still stand in it; code and formulas left out.

    >>> left_over("Of \\\\foo and `\\\\code` at $\\\\alpha$.")
    (4, Counter({'\\\\foo': 1}))
    """
    prose = _FORMULA.sub(" ", _CODE.sub(" ", _FENCE.sub(" ", text)))
    return len(_WORD.findall(prose)), Counter(_COMMAND.findall(prose))


def _recorded(aux: Path, packed: bytes) -> set[str]:
    """The LaTeX files of the tree that TeX has read, by the .fls file beside an .aux file; none without one."""
    record = aux.with_suffix(".fls")
    if not record.exists():
        return set()
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        names = {each for each in tar.getnames() if each.endswith(_TEX)}
    lines = record.read_text(encoding="utf-8", errors="replace").splitlines()
    asked = [line.removeprefix("INPUT ").removeprefix("./") for line in lines if line.startswith("INPUT ")]
    return {name for name in names for each in asked if name == each or name.endswith(f"/{each}")}


# What TeX says.


def _numbers(ours: Mapping[str, str], aux: Path) -> Numbers:
    theirs = labels(aux)
    found = ((key, number, plain(ours.get(key, ""))) for key, number in sorted(theirs.items()))
    return Numbers(len(theirs), tuple(each for each in found if each[1] != each[2]))


def labels(aux: Path) -> dict[str, str]:
    """The labels of an .aux file, and of those that it reads, with their numbers; the last of a name counts."""
    text = aux.read_text(encoding="utf-8", errors="replace")
    found: dict[str, str] = {}
    for match in _AUX.finditer(text):
        other = aux.parent / (match["aux"] or "")
        if match["aux"]:
            inside = other.resolve().is_relative_to(aux.parent.resolve()) and other.resolve() != aux.resolve()
            found |= labels(other) if inside and other.exists() else {}
            continue
        number = _group(text, match.end())
        titled = _MEMOIR.match(number)
        number = _group(number, titled.end()) if titled else number
        if not _NO_LABEL.search(match["label"]) and not number.startswith(_WITHOUT_NUMBER):
            found[match["label"]] = plain(number)
    return found


def _group(text: str, place: int) -> str:
    """The content of the braces that open at this place."""
    depth = 0
    for end in range(place, len(text)):
        depth += (text[end] == "{") - (text[end] == "}")
        if depth == 0:
            return text[place + 1 : end]
    return ""


def plain(number: str) -> str:
    r"""A number as it is printed.

    >>> plain(r"\mbox {IV}"), plain("{{2}.1}a"), plain("\\relax 3")
    ('IV', '2.1a', '3')
    """
    number = re.sub(
        r"\\[,;:! ]|\\(?:mbox|hbox|relax|nobreakspace|text|normalfont|unhbox|protect|ensuremath|voidb@x)\b\s*",
        "",
        number,
    )
    return re.sub(r"[{}~\s]+", "", number.replace("\\hbox", ""))


def as_json(found: Sequence[Reading]) -> dict[str, Json]:
    """All of it as JSON."""
    return {"documents": [_document(each) for each in found]}


def _document(found: Reading) -> dict[str, Json]:
    numbers = found.numbers
    return {
        "main": found.main,
        "inputs": found.inputs,
        "missing": list(found.missing),
        "unread": list(found.unread),
        "words": found.words,
        "unexpanded": found.macros.total(),
        "share": round(found.share, 6),
        "commonest": dict(found.macros.most_common(COMMONEST)),
        "labels": None
        if numbers is None
        else {
            "compared": numbers.compared,
            "equal": numbers.equal,
            "different": [{"label": label, "tex": tex, "ours": ours} for label, tex, ours in numbers.different],
        },
    }


def written(found: Sequence[Reading]) -> str:
    """All of it in lines: one for each main file, and below it what is not as it should be."""
    lines: list[str] = []
    for each in found:
        numbers = each.numbers
        told = f"labels {numbers.equal} of {numbers.compared} equal" if numbers else "no .aux file"
        lines.append(
            f"{each.main}: inputs {each.inputs} read, {len(each.missing) + len(each.unread)} missing; "
            f"words {each.words:,}, unexpanded {each.macros.total()} ({each.share:.2%}); {told}"
        )
        lines += [f"    missing: {name}" for name in each.missing]
        lines += [f"    read by TeX only: {name}" for name in each.unread]
        lines += [f"    {name} {count}" for name, count in each.macros.most_common(COMMONEST)]
        lines += [f"    {label}: {tex!r}, here {ours!r}" for label, tex, ours in (numbers.different if numbers else ())]
    return "\n".join(lines)

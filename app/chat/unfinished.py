"""The part of a text in the making that can be shown: nothing that the next words may turn into something else."""

import re

_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
_ESCAPE = re.compile(r"\\.", re.DOTALL)
#: An opening bracket, word or sign at the end of a text, or a marker of which the end is missing.
_LOOSE_END = re.compile(r"(?:\[[^\]\n]*(?:\]\([^)\n]*)?|\\|!|\*+)\Z")


def settled(text: str) -> str:
    """The longest beginning of a text in which every formula, code and link is closed.

    A line of a table is shown when it is complete.

    >>> settled("The mass is $125.18")
    'The mass is '
    >>> settled("The mass is $125.18$ GeV [1")
    'The mass is $125.18$ GeV '
    """
    lines = text.split("\n")
    fence = ""
    equation: int | None = None
    at = 0
    for line in lines[:-1]:
        if equation is None and (opened := _FENCE.match(line)) and (not fence or opened[1].startswith(fence)):
            fence = "" if fence else opened[1]
        elif not fence and line.count("$$") % 2:
            equation = at + line.index("$$") if equation is None else None
        at += len(line) + 1
    if equation is not None and not _closes(lines[-1]):
        return text[:equation]
    if fence:
        return text
    kept = text[:at] + _settled_line(lines[-1], inside_equation=equation is not None)
    for opening, closing in ((r"\(", r"\)"), (r"\[", r"\]")):
        if kept.rfind(opening) > kept.rfind(closing):
            kept = kept[: kept.rfind(opening)]
    return kept


def _closes(line: str) -> bool:
    return line.count("$$") % 2 == 1


def _settled_line(line: str, *, inside_equation: bool) -> str:
    """The part of the last line that can be shown."""
    if line.lstrip().startswith("|") or re.fullmatch(r"\s*[`~$]{1,2}", line):
        return ""
    masked = _ESCAPE.sub("__", line)
    cut = len(line)
    at = masked.index("$$") + 2 if inside_equation else 0
    while match := re.compile(r"\$\$|\$|`+").search(masked, at):
        end = masked.find(match[0], match.end())
        if end < 0:
            cut = match.start()
            break
        at = end + len(match[0])
    bold = masked[:cut].count("**") % 2 and not inside_equation
    kept = line[: masked.rfind("**", 0, cut)] if bold else line[:cut]
    loose = _LOOSE_END.search(kept)
    return kept[: loose.start()] if loose else kept

"""Files that pages include: taken into the page from the folder of the source, and from nowhere else."""

import re
from collections.abc import Callable
from pathlib import Path

from ingest.charset import decoded

_MAX_DEPTH = 10
_MAX_CHARACTERS = 5_000_000
_RST = re.compile(
    r"^(?P<indent>[ \t]*)\.\.[ \t]+(?P<kind>include|literalinclude)::[ \t]+(?P<path>[^\n]+)\n"
    r"(?P<options>(?:(?P=indent)[ \t]+:[\w-]+:[^\n]*(?:\n|\Z))*)",
    re.MULTILINE,
)
_MYST = re.compile(
    r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|:{3,})\{(?P<kind>include|literalinclude)\}[ \t]+(?P<path>[^\n]+)\n"
    r"(?P<options>(?:[ \t]*:[\w-]+:[^\n]*\n)*)\s*(?P=fence)[ \t]*$",
    re.MULTILINE,
)
_SNIPPET = re.compile(r"^(?P<indent>[ \t]*)-{2,}8<-{2,}[ \t]+[\"'](?P<path>[^\"'\n]+)[\"'][ \t]*$", re.MULTILINE)
_BRACED = re.compile(
    r"^(?P<indent>[ \t]*)(?:\{!\s*(?P<bare>[^!\n]+?)\s*!\}"
    r"|\{%-?\s*include(?:-markdown)?\s+[\"'](?P<path>[^\"'\n]+)[\"'][^%\n]*%\})[ \t]*$",
    re.MULTILINE,
)
_OPTION = re.compile(r":([\w-]+):[ \t]*([^\n]*)")


class Including:
    """Reads pages of a folder with what they include; parts are the files that were included so far."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._resolved = root.resolve()
        self.parts: set[Path] = set()
        self.warnings: list[str] = []
        self._left = _MAX_CHARACTERS

    def read(self, path: Path, lost: list[str]) -> bytes | None:
        """The bytes of a page; None where it cannot be read, with the reason added to lost."""
        try:
            data = path.read_bytes()
        except OSError as problem:
            lost.append(f"{path.name} cannot be read: {problem.strerror}")
            return None
        if path.suffix.lower() == ".ipynb":
            return data
        text, _ = decoded(data)
        self._left = _MAX_CHARACTERS
        whole = self._whole(text, path, (path,))
        return data if whole == text else whole.encode("utf-8", "replace")

    def _whole(self, text: str, page: Path, around: tuple[Path, ...]) -> str:
        """A text with its inclusions in place; around are the files that include it."""

        def taken(match: re.Match[str]) -> str:
            groups = match.groupdict()
            name = (groups.get("path") or groups.get("bare") or "").strip()
            kind, options = groups.get("kind") or "include", dict(_OPTION.findall(groups.get("options") or ""))
            found = self._find(name, page)
            if found is None or found in around or len(around) > _MAX_DEPTH:
                self._warn(f"{name} is not included: {'it includes itself' if found else 'it is not in the folder'}")
                return match[0]
            try:
                inner = _cut(decoded(found.read_bytes())[0], options)
            except OSError as problem:
                self._warn(f"{name} is not included: {problem.strerror}")
                return match[0]
            self._left -= len(inner)
            if self._left < 0:
                self._warn(f"it includes more than {_MAX_CHARACTERS:,} characters; the rest is left out")
                return ""
            self.parts.add(found)
            if kind == "literalinclude" or "literal" in options or "code" in options:
                return _as_code(inner, groups, options, found)
            inner = self._whole(inner, found, (*around, found))
            return "\n".join(f"{groups['indent']}{line}" if line else "" for line in inner.rstrip("\n").split("\n")) + (
                "\n" if match[0].endswith("\n") else ""
            )

        for pattern in _patterns(page):
            text = pattern.sub(taken, text)
        return text

    def _find(self, name: str, page: Path) -> Path | None:
        """The file that a name means: beside the page, or from the root; never outside the folder of the source."""
        places = [self._root / name.lstrip("/")] if name.startswith("/") else [page.parent / name, self._root / name]
        for place in (*places, *(folder / name.lstrip("/") for folder in self._above(page))):
            try:
                resolved = place.resolve()
                if resolved.is_relative_to(self._resolved) and resolved.is_file():
                    return self._root / resolved.relative_to(self._resolved)
            except OSError:  # a name that is too long
                return None
        return None

    def _above(self, page: Path) -> list[Path]:
        """The folders from the page up to the root of the source, where a name from the root may start."""
        return [each for each in page.parents if each.is_relative_to(self._root)]

    def _warn(self, sentence: str) -> None:
        if sentence not in self.warnings:
            self.warnings.append(sentence)


def _patterns(page: Path) -> tuple[re.Pattern[str], ...]:
    """What includes something in a page of this kind; Markdown may hold reStructuredText."""
    return (_RST,) if page.suffix.lower() in (".rst", ".txt") else (_MYST, _RST, _SNIPPET, _BRACED)


def _cut(text: str, options: dict[str, str]) -> str:
    """The part of a file that the options ask for."""
    lines = text.split("\n")
    if "lines" in options:
        lines = [line for number, line in enumerate(lines, 1) if _among(number, options["lines"])]
    first, last = (_number(options.get(key, "")) for key in ("start-line", "end-line"))
    text = "\n".join(lines[first:last])
    for key, keep in _MARKERS.items():
        marker = options.get(key, "").strip()
        if marker and marker in text:
            text = keep(text, marker)
    return text


_MARKERS: dict[str, Callable[[str, str], str]] = {
    "start-after": lambda text, marker: text.partition(marker)[2],
    "start-at": lambda text, marker: text[text.index(marker) :],
    "end-before": lambda text, marker: text.partition(marker)[0],
    "end-at": lambda text, marker: text[: text.index(marker) + len(marker)],
}


def _number(said: str) -> int | None:
    return int(said) if re.fullmatch(r"\s*-?\d+\s*", said) else None


def _among(number: int, ranges: str) -> bool:
    """Whether a line is in ranges such as "1-3,7,9-"."""
    for each in ranges.split(","):
        first, dash, last = each.strip().partition("-")
        if first.isdecimal() and int(first) <= number <= (
            int(last) if last.isdecimal() else 10**9 if dash else int(first)
        ):
            return True
    return False


def _as_code(text: str, groups: dict[str, str | None], options: dict[str, str], found: Path) -> str:
    """A file as a block of code, in the markup of the page."""
    indent = groups["indent"] or ""
    language = options.get("language") or options.get("code") or found.suffix.lstrip(".") or "text"
    if groups.get("fence"):
        fence = "`" * max(3, max((len(run) for run in re.findall("`+", text)), default=0) + 1)
        return "\n".join(f"{indent}{line}" for line in [f"{fence}{language}", *text.rstrip("\n").split("\n"), fence])
    lines = [f"{indent}   {line}" if line else "" for line in text.rstrip("\n").split("\n")]
    return "\n".join([f"{indent}.. code-block:: {language}", "", *lines, ""]) + "\n"

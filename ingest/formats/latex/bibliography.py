"""Citations, and the list of what is cited: from thebibliography, a .bbl file, or the .bib files themselves."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ingest.formats.latex.blocks import begin_list, end_list, next_item
from ingest.formats.latex.body import Body, Command, EnvironmentCommands
from ingest.formats.latex.files import folders, include, refused
from ingest.formats.latex.front import plain, unnumbered_heading
from ingest.formats.latex.math import skip_arguments
from ingest.formats.latex.numbers import listed
from ingest.formats.latex.tokens import tokenised

MAX_AUTHORS = 3
MAX_ENTRIES = 20_000
_ENTRY = re.compile(r"@\s*(\w+)\s*[{(]\s*")
_FIELD = re.compile(r"\s*,?\s*([\w-]+)\s*=\s*")
_BBL_ENTRY = re.compile(r"\\entry\{([^{}]*)\}\{([^{}]*)\}(.*?)\\endentry", re.DOTALL)
_BBL_FIELD = re.compile(r"\\(?:field|strng|list)\{(\w+)\}(?:\{\d+\})?\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}")
_BBL_VERB = re.compile(r"\\verb\{(\w+)\}\s*\\verb\s+(\S+)\s*\\endverb")
_BBL_NAMES = re.compile(r"\\name\{author\}\{\d+\}\{[^{}]*\}\{(.*?)\n\s*\}\s*\n", re.DOTALL)
_BBL_NAME = re.compile(r"family=\{((?:[^{}]|\{[^{}]*\})*)\}(?:.*?giveni?=\{((?:[^{}]|\{[^{}]*\})*)\})?", re.DOTALL)
_DOI_ADDRESS = re.compile(r"^https?://(?:dx\.)?doi\.org/|^doi:\s*", re.IGNORECASE)
_LABEL_YEAR = re.compile(r"\(?\b(\d{4}[a-z]?)\b")
_LABEL_NAME = re.compile(r"\s*\(?\d{4}.*$", re.DOTALL)


@dataclass(slots=True)
class Entry:
    """One work: its kind, its fields as they stand in the file, and its authors."""

    kind: str
    fields: dict[str, str] = field(default_factory=dict)
    authors: list[str] = field(default_factory=list)


# Citations.


def cite(body: Body, *, named: bool = False) -> None:
    """\\cite[see][p. 5]{one,two}: the numbers of the works, told when the list is known."""
    body.expander.star()
    first = body.expander.optional()
    second = body.expander.optional()
    keys = [key.strip() for key in body.expander.key().split(",") if key.strip()]
    note = body.inline((second if second is not None else first) or []).strip()
    before = body.inline(first).strip() if first and second is not None else ""
    for key in keys:
        body.cited.setdefault(key, len(body.cited))

    def words() -> str:
        numbers = ", ".join(body.citation_numbers.get(key, key) for key in keys)
        shown = f"[{f'{before} ' if before else ''}{numbers}{f', {note}' if note else ''}]"
        known = [body.citation_names[key] for key in keys if key in body.citation_names]
        return f"{listed(known)} {shown}" if named and known else shown

    if keys:
        body.flow.text(body.later(words))


def cite_year(body: Body) -> None:
    """\\citeyear{keys} and \\citeyearpar: the years of the works, or their numbers where none is known."""
    body.expander.star()
    skip_arguments(body.expander, "oo")
    keys = [key.strip() for key in body.expander.key().split(",") if key.strip()]
    for key in keys:
        body.cited.setdefault(key, len(body.cited))

    def words() -> str:
        return ", ".join(body.citation_years.get(key) or f"[{body.citation_numbers.get(key, key)}]" for key in keys)

    body.flow.text(body.later(words))


def no_cite(body: Body) -> None:
    """\\nocite{keys}: listed though nothing in the text leads there."""
    for key in body.expander.key().split(","):
        body.cited.setdefault(key.strip(), len(body.cited))


# The list.


def begin_bibliography(body: Body) -> None:
    """\\begin{thebibliography}{widest}."""
    skip_arguments(body.expander, "om")
    _heading(body)
    begin_list(body)


def _heading(body: Body) -> None:
    words = body.inline(["\\bibname" if body.expander.book else "\\refname"]).strip()
    unnumbered_heading(body, words or "References")


def bibliography_item(body: Body) -> None:
    """\\bibitem[label]{key}."""
    label = body.expander.optional()
    key = body.expander.key()
    number = str(len(body.citation_numbers) + 1)
    body.citation_numbers.setdefault(key, number)
    if label:
        name = _LABEL_NAME.sub("", plain(body.inline(label))).strip(" {}[]")
        year = _LABEL_YEAR.search(plain(body.inline(label)))
        if year:
            body.citation_years[key] = year[1]
        if len(name) > 3 and not name.isdigit():
            body.citation_names[key] = name
    if not body.lists:
        begin_list(body)
    next_item(body)
    body.flow.text(f"[{body.citation_numbers[key]}] ")


def bibliography(body: Body) -> None:
    """\\bibliography{files} and \\printbibliography: the .bbl file where there is one, else the .bib files."""
    if body.bibliography_written:
        return
    tree = body.expander.tree
    made = tree.beside_main(".bbl")
    text = tree.members[made] if made else ""
    if made and "\\bibitem" in text:
        body.bibliography_written = True
        include(body.expander, posixpath.relpath(made, posixpath.dirname(tree.main) or "."), ("",))
        return
    entries = bbl_entries(text) if "\\entry{" in text else _from_files(body)
    wanted = list(entries) if "*" in body.cited else [key for key in body.cited if key in entries]
    if wanted:
        body.bibliography_written = True
        _write_list(body, entries, wanted)


def bibliography_files(body: Body) -> None:
    """\\bibliography{one,two}."""
    body.bibliography_files += [name.strip() for name in body.expander.key().split(",")]
    bibliography(body)


def add_resource(body: Body) -> None:
    """\\addbibresource[options]{file}."""
    body.expander.optional()
    body.bibliography_files.append(body.expander.key())


def print_bibliography(body: Body) -> None:
    """\\printbibliography[options]."""
    body.expander.optional()
    bibliography(body)


def _from_files(body: Body) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for name in body.bibliography_files:
        if refused(body.expander, name):
            continue
        found = body.expander.tree.find(name, folders(body.expander), ("", ".bib"))
        if found is None:
            body.expander.miss(name, "works cited from it are shown by their keys")
        else:
            for key, entry in bib_entries(body.expander.tree.members[found]).items():
                entries.setdefault(key, entry)
    return entries


def _write_list(body: Body, entries: dict[str, Entry], keys: list[str]) -> None:
    _heading(body)
    begin_list(body)
    for key in keys:
        body.citation_numbers.setdefault(key, str(len(body.citation_numbers) + 1))
        entry = entries[key]
        if entry.authors:
            body.citation_names[key] = _short_names(body, entry.authors)
        body.citation_years[key] = entry.fields.get("year", "") or entry.fields.get("date", "")[:4]
        next_item(body)
        body.flow.text(f"[{body.citation_numbers[key]}] {shown(body, entry)}")
    end_list(body)


def _short_names(body: Body, authors: list[str]) -> str:
    families = [plain(_words(body, name.split(",")[0] if "," in name else name.split(" ")[-1])) for name in authors]
    return listed(families) if len(families) <= 2 and "others" not in families else f"{families[0]} et al."


def _words(body: Body, value: str) -> str:
    return " ".join(body.inline(tokenised(value)).split())


def shown(body: Body, entry: Entry) -> str:
    """An entry in one line: authors, title, where and when it appeared, and under which numbers."""
    of = entry.fields
    authors = [_words(body, _forename_first(name)) for name in entry.authors]
    if len(authors) > MAX_AUTHORS or "others" in authors:
        authors = [f"{authors[0]} et al."]
    team = plain(_words(body, of.get("collaboration", "")))
    if team:
        team = team if "ollab" in team else f"{team} Collaboration"
        authors = [*authors[:-1], f"{authors[-1]} ({team})"] if authors else [team]
    title = plain(_words(body, of.get("title", "")))
    year = of.get("year", "") or of.get("date", "")[:4]
    journal = _words(body, f"{of.get('journal', of.get('journaltitle', ''))} {of.get('volume', '')}")
    place = journal or _words(
        body, of.get("booktitle", "") or of.get("publisher", "") or of.get("institution", "") or of.get("school", "")
    )
    where = " ".join(part for part in (place, f"({year})" if year else "", _words(body, of.get("pages", ""))) if part)
    web = _words(body, of.get("howpublished", "") or of.get("url", "")) if not place else ""
    eprint = of.get("eprint", "")
    eprint = f"arXiv:{eprint}" if re.fullmatch(r"\d{4}\.\d{4,5}|[\w.-]+/\d{7}", eprint) else eprint
    doi = f"doi:{_DOI_ADDRESS.sub('', of['doi'])}" if of.get("doi") else ""
    number = "" if journal else _words(body, of.get("number", ""))
    parts = (listed(authors), f"*{title}*" if title else "", where, web, number, eprint, doi)
    return ", ".join(part for part in parts if part) + "."


def _forename_first(name: str) -> str:
    family, comma, given = name.partition(",")
    return f"{given.strip()} {family.strip()}" if comma else name


# Files.


def bib_entries(text: str) -> dict[str, Entry]:
    """The entries of a .bib file by their keys; what cannot be read is passed over.

    >>> bib_entries('@article{a, title = {The {LHC}}, year = 2008, author = "Ada A and Bo, B"}')["a"].authors
    ['Ada A', 'Bo, B']
    """
    strings: dict[str, str] = {}
    found: dict[str, Entry] = {}
    place = 0
    while (opening := _ENTRY.search(text, place)) and len(found) < MAX_ENTRIES:
        place = opening.end()
        kind = opening[1].lower()
        if kind in ("comment", "preamble"):
            continue
        if kind == "string":
            fields, place = _fields(text, place, strings)
            strings |= {name.lower(): value for name, value in fields.items()}
            continue
        end = re.compile(r"[,}\n]").search(text, place)
        if not end:
            break
        key = text[place : end.start()].strip()
        fields, place = _fields(text, end.start(), strings)
        found.setdefault(key, Entry(kind, fields, split_names(fields.get("author") or fields.get("editor") or "")))
    return found


def _fields(text: str, place: int, strings: dict[str, str]) -> tuple[dict[str, str], int]:
    """The fields of an entry from this place on, and the place behind them."""
    found: dict[str, str] = {}
    while match := _FIELD.match(text, place):
        value, place = _value(text, match.end(), strings)
        found.setdefault(match[1].lower(), value)
    return found, place


def _value(text: str, place: int, strings: dict[str, str]) -> tuple[str, int]:
    """A value: pieces in braces, in quotes, or by name, joined with #."""
    pieces: list[str] = []
    while True:
        place = _behind_spaces(text, place)
        sign = text[place : place + 1]
        if sign in ("{", '"') and sign:
            piece, place = _delimited(text, place)
        else:
            word = re.compile(r"[^\s,}#]*").match(text, place)
            piece = word[0] if word else ""
            place = word.end() if word else place
            piece = strings.get(piece.lower(), piece)
        pieces.append(piece)
        place = _behind_spaces(text, place)
        if text[place : place + 1] != "#":
            return "".join(pieces), place
        place += 1


def _behind_spaces(text: str, place: int) -> int:
    while place < len(text) and text[place].isspace():
        place += 1
    return place


def _delimited(text: str, place: int) -> tuple[str, int]:
    """The text in braces or quotes that open at this place; one never closed ends with its line."""
    closing = "}" if text[place] == "{" else '"'
    depth = 0
    for end in range(place + 1, min(len(text), place + 50_000)):
        sign = text[end]
        if sign == closing and depth == 0 and text[end - 1] != "\\":
            return text[place + 1 : end], end + 1
        if text[end - 1] != "\\":
            depth += (sign == "{") - (sign == "}")
    end = text.find("\n", place)
    end = end if end >= 0 else len(text)
    return text[place + 1 : end], end


def split_names(text: str) -> list[str]:
    """The names of an author field, which are joined by "and" outside braces."""
    names: list[str] = []
    depth, current = 0, ""
    for word in re.split(r"(\s+)", text.strip()):
        if word == "and" and depth == 0:
            names.append(current.strip())
            current = ""
            continue
        depth += word.count("{") - word.count("}")
        current += word
    return [name for name in (*names, current.strip()) if name]


def bbl_entries(text: str) -> dict[str, Entry]:
    """The entries of a .bbl file that biblatex has made."""
    found: dict[str, Entry] = {}
    for match in _BBL_ENTRY.finditer(text):
        key, kind, body = match.groups()
        fields = dict((*_BBL_FIELD.findall(body), *_BBL_VERB.findall(body)))
        found.setdefault(key, Entry(kind, fields, list(_bbl_names(body))))
    return found


def _bbl_names(body: str) -> Iterator[str]:
    names = _BBL_NAMES.search(body)
    for family, given in _BBL_NAME.findall(names[1]) if names else ():
        yield f"{family}, {given}" if given else family


_NUMBERS = (
    "cite citep parencite autocite footcite supercite onlinecite cites Cite citealp citenum mcite fullcite Citep "
    "upcite citen smartcite"
)
_NAMES = "citet textcite citeauthor Citet Textcite citealt citeA"
_LISTS = "thebibliography mcitethebibliography references"
COMMANDS: dict[str, Command] = {
    **{f"\\{name}": cite for name in _NUMBERS.split()},
    **{f"\\{name}": lambda body: cite(body, named=True) for name in _NAMES.split()},
    **dict.fromkeys(("\\citeyear", "\\citeyearpar", "\\citedate"), cite_year),
    "\\nocite": no_cite,
    "\\bibitem": bibliography_item,
    "\\bibliography": bibliography_files,
    "\\addbibresource": add_resource,
    "\\printbibliography": print_bibliography,
}
ENVIRONMENTS: dict[str, EnvironmentCommands] = {
    name: EnvironmentCommands(begin_bibliography, end_list) for name in _LISTS.split()
}

"""\\input, \\usepackage and their kin: files that are read as part of a document, never from outside its tree."""

import posixpath
import re

from ingest.formats.latex.macros import Expandable, Expander
from ingest.formats.latex.numbers import define_counters
from ingest.formats.latex.tokens import CLOSE, OPEN, Scanner, source
from ingest.formats.latex.tree import forbidden

MAX_FILES = 5_000
MAX_CHARACTERS = 100_000_000
# One file, as a frame or a table that stands in many places; a circle that was not seen as one ends here.
MAX_TIMES = 200
# Packages and classes whose commands are known here; a copy of them in the tree would only get in the way.
KNOWN_PACKAGES = frozenset(
    (
        "acro acronym algorithm algorithm2e algorithmic algpseudocode amsart amsbook amsbsy amsfonts amsmath amssymb "
        "amsthm appendix array article authblk axodraw axodraw2 babel beamer biblatex bm book booktabs braket breqn "
        "caption cite cleveref color colortbl comment csquotes dcolumn elsarticle enumerate enumitem epsfig epstopdf "
        "etoolbox eurosym fancyhdr fancyvrb feynmf feynmp float fontenc fontspec footmisc geometry glossaries graphics "
        "graphicx hepnames hepnicenames heppennames heppennames2 hepparticles hepunits hyperref iopart jcappub jheppub "
        "IEEEtran inputenc jinstpub lineno listings longtable lscape mathrsfs mathtools mciteplus memoir mhchem "
        "microtype minted moreverb multicol multirow natbib nicefrac overpic parskip pdflscape pdfpages pgf pgfplots "
        "physics placeins revtex4 revtex4-1 revtex4-2 report rotating scrartcl scrbook scrreprt setspace siunitx "
        "slashed soul subcaption subfig subfigure subfiles svjour svjour3 tabularx textcomp tikz tikz-feynman titlesec "
        "tocloft todonotes ulem units upgreek url verbatim wrapfig xcolor xfrac xparse xspace PoS aa aastex aastex62 "
        "aastex63 aastex631 emulateapj mnras"
    ).split()
)

_STREAM = re.compile(r"^\s*\d+\s*(?:=\s*[^\s]*|to\s*)?")


def folders(expander: Expander) -> list[str]:
    """Where a name is looked for: beside the main file, where \\import led, beside the file that asks."""
    here = expander.file()
    places = [posixpath.dirname(expander.tree.main), *reversed(expander.folders)]
    if here:
        places.append(posixpath.dirname(here.name))
    return list(dict.fromkeys(places))


def refused(expander: Expander, name: str) -> bool:
    """Whether a name leads out of the document; it is then warned of."""
    outside = posixpath.normpath(posixpath.join(*folders(expander)[:1], name)).startswith("../")
    if forbidden(name) or outside:
        expander.warn(f"{name!r} is outside the document; it was not read")
        return True
    return False


def include(expander: Expander, name: str, suffixes: tuple[str, ...] = ("", ".tex"), *, quiet: bool = False) -> bool:
    """Read a member next, if it may be read and is there; whether it was."""
    name = name.strip().strip('"')
    if not name:
        return False
    if refused(expander, name):
        return False
    found = expander.tree.find(name, folders(expander), suffixes)
    if found is None:
        if not quiet:
            expander.miss(name)
        return False
    if any(each.name == found for each in expander.open_files()):
        expander.warn(f"{found!r} includes itself; the circle was cut")
        return False
    return _open(expander, found)


def _open(expander: Expander, path: str) -> bool:
    text = expander.tree.members[path]
    expander.files_read.append(path)
    expander.characters_read += len(text)
    often = expander.files_read.count(path) > MAX_TIMES
    if often or len(expander.files_read) > MAX_FILES or expander.characters_read > MAX_CHARACTERS:
        expander.warn(f"{path!r} was not read: too much is included")
        return False
    outer = expander.file()
    package = path.endswith((".sty", ".cls", ".bbl", ".clo", ".def"))
    letters_at = package or bool(outer and outer.letters_at)
    expander.open(Scanner(text, path, letters_at=letters_at, raw=expander.raw_environments))
    return True


def input_file(expander: Expander) -> None:
    """\\input{name}, \\input name, \\include and \\subfile."""
    include(expander, _file_name(expander))


def _file_name(expander: Expander) -> str:
    """A file name in braces, or up to the next space as TeX itself has it."""
    expander.skip_spaces()
    token = expander.peek()
    if token is None or token[0] in "\\{":
        return expander.key()
    expander.raw()
    name, space, rest = token.partition(" ")
    name, line, below = name.partition("\n")
    rest = below + space + rest if line else rest
    if rest:
        expander.push([rest])
    following = expander.peek()
    while not (space or line) and following is not None and following in ("_", "~"):
        name += expander.raw() or ""
        more = expander.raw() or ""
        head, space, rest = more.partition(" ")
        name += head
        expander.push([rest] if rest else [])
        following = expander.peek()
    return name


def import_file(expander: Expander) -> None:
    """\\import{folder/}{name}: names within it are relative to the folder."""
    expander.star()
    folder = expander.key()
    name = expander.key()
    expander.folders.append(posixpath.join(posixpath.dirname(expander.tree.main), folder))
    if not include(expander, posixpath.join(folder, name)):
        expander.folders.pop()


def include_if_exists(expander: Expander) -> None:
    """\\InputIfFileExists{name}{yes}{no}."""
    name = expander.key()
    yes, no = expander.argument(), expander.argument()
    found = expander.tree.find(name, folders(expander), ("", ".tex"))
    expander.push([*yes, "\\input", OPEN, name, CLOSE] if found else no)


def if_exists(expander: Expander) -> None:
    """\\IfFileExists{name}{yes}{no}."""
    name = expander.key()
    yes, no = expander.argument(), expander.argument()
    expander.push(yes if expander.tree.find(name, folders(expander), ("", ".tex")) else no)


def use_package(expander: Expander) -> None:
    """\\usepackage[options]{names}: those that are in the tree and not known here are read."""
    given = source(expander.optional() or [])
    names = [name.strip() for name in expander.key().split(",")]
    expander.optional()
    expander.packages.update(names)
    options = tuple(option.strip() for option in given.split(",") if option.strip())
    for name in reversed(names):
        if "babel" in name or "polyglossia" in name:
            expander.options[name] = options
        _use(expander, name, ".sty", options)


def load_class(expander: Expander) -> None:
    """\\documentclass[options]{name}, \\LoadClass."""
    given = source(expander.optional() or [])
    name = expander.key()
    options = tuple(option.strip() for option in given.split(",") if option.strip())
    expander.options.setdefault("", options)
    expander.classes.append(name)
    if len(expander.classes) == 1:
        define_counters(expander)
    _use(expander, name, ".cls", options)


def _use(expander: Expander, name: str, suffix: str, options: tuple[str, ...]) -> None:
    if not name or posixpath.basename(name) in KNOWN_PACKAGES or forbidden(name):
        return
    path = expander.tree.find(name, folders(expander), (suffix,))
    if path and path not in expander.options:
        expander.options[path] = options + expander.options.get("", ())
        _open(expander, path)


def declare_option(expander: Expander) -> None:
    """\\DeclareOption{name}{code}: carried out at once where the option was given."""
    if expander.star():
        expander.argument()
        return
    name, code = expander.key(), expander.argument()
    if name in expander.options_here():
        expander.push(code)


def end_file(expander: Expander) -> None:
    """\\endinput."""
    expander.end_file()


def stream(expander: Expander) -> None:
    """\\openin5=name, \\write18{text}, \\read5 to \\line and their kin: passed over, for nothing is opened or run."""
    token = expander.raw() or ""
    if token[:1] != "\\":
        rest = _STREAM.sub("", token, count=1)
        expander.push([rest] if rest else [])
        if rest != token and "to" in token and (expander.peek() or "").startswith("\\"):
            expander.raw()
    elif (expander.peek() or "").startswith("="):
        expander.starts_with("=")
        _file_name(expander)
    expander.braced()


def only_definitions(expander: Expander) -> None:
    """\\AtBeginDocument, \\AtEndOfPackage and their kin: their code is carried out at once."""
    expander.push(expander.argument())


EXPANDABLE: dict[str, Expandable] = {
    **dict.fromkeys(
        ("\\input", "\\include", "\\subfile", "\\@input", "\\loadglsentries", "\\subfileinclude"), input_file
    ),
    **dict.fromkeys(("\\import", "\\subimport", "\\inputfrom", "\\includefrom", "\\subincludefrom"), import_file),
    "\\InputIfFileExists": include_if_exists,
    "\\IfFileExists": if_exists,
    "\\usepackage": use_package,
    "\\RequirePackage": use_package,
    "\\RequirePackageWithOptions": use_package,
    "\\documentclass": load_class,
    "\\documentstyle": load_class,
    "\\LoadClass": load_class,
    "\\LoadClassWithOptions": load_class,
    "\\DeclareOption": declare_option,
    "\\endinput": end_file,
    "\\immediate": lambda _expander: None,
    **dict.fromkeys(("\\openin", "\\openout", "\\write", "\\read", "\\closein", "\\closeout"), stream),
    "\\AtBeginDocument": only_definitions,
    "\\AtEndOfPackage": only_definitions,
    "\\AtEndOfClass": only_definitions,
}

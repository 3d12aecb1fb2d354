"""reStructuredText as a tree, with the directives and roles of Sphinx, and nothing read or run that it asks for."""

import re
from collections.abc import Sequence
from io import StringIO
from typing import Any

from ingest.errors import Unreadable

_DIRECTIVE = re.compile(
    r"^[ \t]*(?:(?:[-*+]|\d+\.)[ \t]+)*\.\.[ \t]+(?:\|[^|\n]+\|[ \t]+)?([A-Za-z][\w:.+-]*)::(?:[ \t]|$)", re.MULTILINE
)
_ROLE = re.compile(r":([A-Za-z][\w:.+-]*):`")
_TARGET = re.compile(r"(.*?)\s*<([^<>]*)>$", re.DOTALL)
_DROPPED = frozenset(
    "toctree contents index include raw meta highlight tabularcolumns currentmodule py:currentmodule py:module module "
    "automodule autosummary bibliography graphviz digraph graph mermaid plantuml uml inheritance-diagram "
    "literalinclude sectionauthor codeauthor default-role default-domain program sectnum target-notes video".split()
)
_CODE = frozenset(
    "code code-block sourcecode prompt code-tab code-cell ipython doctest testcode testoutput testsetup testcleanup "
    "jupyter-execute productionlist command-output program-output".split()
)
_BOXES = {
    "deprecated": "Deprecated since version",
    "seealso": "See also:",
    "see-also": "See also:",
    "todo": "To do:",
    "versionadded": "New in version",
    "versionchanged": "Changed in version",
    "versionremoved": "Removed in version",
}
_TITLED = frozenset("tab tab-item dropdown card grid-item-card centered collapse details group-tab".split())
_WORDS_ONLY = frozenset(
    "ref doc numref term any abbr download menuselection guilabel cite eq issue user ghissue ticket".split()
)
# What describes an object: its signature, and words about it.
_OBJECT = re.compile(
    r"(?:(?:py|c|cpp|js|rst|std|http|sh|sql):)?(?:auto)?(?:function|func|class|method|staticmethod|classmethod|attribute|"
    r"property|data|exception|module|decorator|member|macro|struct|enum|type|var|object|option|cmdoption|envvar|confval|"
    r"describe|get|post|put|delete|patch|head|program)"
)
_QUIET = {
    "_disable_config": True,
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "report_level": 5,
    "halt_level": 5,
    "input_encoding": "unicode",
    "line_length_limit": 1_000_000,
    "syntax_highlight": "none",
    "smart_quotes": False,
    "docinfo_xform": True,
    "traceback": True,
}


def doctree(text: str) -> Any:
    """The docutils tree of a text; what docutils says of faults in it is left out later.

    Raises Unreadable where docutils gives up.
    """
    from docutils import DataError
    from docutils.core import publish_doctree
    from docutils.utils import SystemMessage

    _register(set(_DIRECTIVE.findall(text)))
    _register_roles(set(_ROLE.findall(text)))
    try:
        return publish_doctree(text, settings_overrides={**_QUIET, "warning_stream": StringIO()})
    except RecursionError:
        raise Unreadable("its blocks are nested too deep") from None
    except (SystemMessage, DataError, ValueError, LookupError, AttributeError, TypeError, AssertionError) as error:
        raise Unreadable(f"docutils cannot read it ({type(error).__name__}: {error})") from None


class _AnyOption(dict[str, Any]):
    """Options of a directive, where those that it does not know are taken as they are."""

    def __missing__(self, key: str) -> Any:
        return str


def _register(names: set[str]) -> None:
    """Make docutils take these directives: its own with any options, Sphinx's by what they show."""
    from docutils.parsers.rst import Directive, directives
    from docutils.parsers.rst.languages import en

    lookup: Any = directives.directive
    for name in names:
        known: Any = None
        if name.lower() not in _DROPPED | _CODE:
            known, _ = lookup(name, en, _Quiet())
        if known is None:
            directives.register_directive(name, _sphinx(name, Directive))
        elif hasattr(known, "option_spec") and not isinstance(known.option_spec, _AnyOption):
            options = _AnyOption(known.option_spec or {"name": str})
            directives.register_directive(name, type(known.__name__, (known,), {"option_spec": options}))


class _Quiet:
    """A document that nothing is reported to."""

    def __init__(self) -> None:
        self.reporter = self
        self.current_line = 0

    def info(self, *_: object, **__: object) -> None:
        """Take a message."""


def _sphinx(name: str, base: type[Any]) -> type[Any]:
    """A directive that docutils does not know, as nodes that it does."""

    def run(self: Any) -> list[Any]:
        return _shown(name.lower(), self)

    return type(
        "Shown",
        (base,),
        {
            "has_content": True,
            "optional_arguments": 100,
            "final_argument_whitespace": True,
            "option_spec": _AnyOption({"name": str}),
            "run": run,
        },
    )


def _shown(name: str, directive: Any) -> list[Any]:
    """The nodes that a directive of Sphinx stands for."""
    from docutils import nodes

    words = " ".join(directive.arguments)
    if name in _DROPPED:
        return []
    if name in _CODE:
        language = directive.arguments[0] if directive.arguments else ""
        code = "\n".join(directive.content)
        title = " ".join(directive.arguments[1:])
        caption = directive.options.get("caption") or ""
        block = nodes.literal_block(code, code, classes=["code", language])
        above = [nodes.rubric(title, title)] if title else [nodes.caption(caption, caption)] if caption else []
        return [*above, block]
    if name == "math":
        tex = "\n".join(filter(None, [words, *directive.content]))
        return [nodes.math_block(tex, tex)]
    made: list[Any] = []
    if name in _BOXES:
        made.append(_paragraph(directive, f"{_BOXES[name]} {words}"))
    elif _OBJECT.fullmatch(name):
        signatures = "\n".join(directive.arguments).split("\n")
        made.extend(nodes.paragraph("", "", nodes.literal(each, each)) for each in map(str.strip, signatures) if each)
    elif name in _TITLED and words:
        made.append(nodes.rubric(words, words))
    box = nodes.container()
    directive.state.nested_parse(directive.content, directive.content_offset, box, match_titles=True)
    return [*made, *box.children]


def _paragraph(directive: Any, text: str) -> Any:
    from docutils import nodes

    found, messages = directive.state.inline_text(text, directive.lineno)
    return nodes.paragraph(text, "", *found, *messages)


def _register_roles(names: set[str]) -> None:
    """Make docutils take roles that it does not know: references as their words, others as code."""
    from docutils.parsers.rst import roles
    from docutils.parsers.rst.languages import en

    lookup: Any = roles.role
    for name in names:
        found, _ = lookup(name, en, 0, _Quiet())
        if found is None:
            roles.register_local_role(name, _role)


def _role(
    name: str, rawtext: str, text: str, lineno: int, inliner: Any, options: Any = None, content: Sequence[str] = ()
) -> tuple[list[Any], list[Any]]:
    """A role of Sphinx as what the reader sees."""
    from docutils import nodes
    from docutils.utils import unescape

    del rawtext, lineno, inliner, options, content
    text = unescape(text)
    titled = _TARGET.match(text)
    words = titled[1] if titled and titled[1] else text
    kind = name.rpartition(":")[2].lower()
    if kind in _WORDS_ONLY:
        return [nodes.inline(words, words)], []
    if kind in ("html", "raw-html", "raw"):
        return [], []
    # ~package.module.name shows its last part.
    words = words.rpartition(".")[2] if words.startswith("~") else words
    return [nodes.literal(words, words)], []

"""Who may read a topic or a web, by its ALLOW and DENY settings."""

import re
from collections.abc import Mapping

from ingest.document import NOBODY

_NAME = re.compile(r"[^\s,]+")
_MACRO = re.compile(r"%(\w+)%")
_MACRO_OR_ARGUMENTS = re.compile(r"%\w+(?:\{.*\})?%?")
_WEB = re.compile(r"%\w+%[./]")
_LONGEST = 100_000
_DIRECTORY_GROUP = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
_EVERYBODY = frozenset({"AllUsersGroup", "BaseGroup", "*"})
_GUESTS = frozenset({"TWikiGuest", "WikiGuest", "guest"})
#: TWiki's own name for whoever has logged in.
LOGGED_IN = frozenset({"group:AllAuthUsersGroup"})


def clauses(settings: Mapping[str, str], what: str = "TOPIC") -> tuple[tuple[frozenset[str], ...], tuple[str, ...]]:
    """The clauses that ALLOW<what>VIEW and DENY<what>VIEW demand, and what had to be guessed.

    what is TOPIC or WEB. A deny list names who may not read, which no clause can say: then nobody may. The guest
    alone is the exception: denied to the guest means readable by whoever has logged in.

    >>> clauses({"ALLOWTOPICVIEW": "Main.HiggsGroup, Main.AdaLovelace"})[0] == (
    ...     frozenset({"group:HiggsGroup", "user:AdaLovelace"}),
    ... )
    True
    """
    denied, denied_unknown = _names(settings.get(f"DENY{what}VIEW", ""), settings)
    allowed, allowed_unknown = _names(settings.get(f"ALLOW{what}VIEW", ""), settings)
    if denied_unknown or denied - _GUESTS:
        return NOBODY, (f"DENY{what}VIEW names who may not read; nobody may read until ALLOW{what}VIEW says who may",)
    if allowed_unknown and not allowed:
        return NOBODY, (f"ALLOW{what}VIEW holds no name, only {allowed_unknown}; nobody may read",)
    if allowed and not allowed & (_EVERYBODY | _GUESTS):
        return (frozenset(map(_principal, allowed)),), ()
    if denied:
        return (LOGGED_IN,), (f"DENY{what}VIEW names the guest; readable by group:AllAuthUsersGroup",)
    return (), ()


def _names(value: str, settings: Mapping[str, str]) -> tuple[frozenset[str], str]:
    """The names in a list, without tags and the web in front, and the macros that say who is meant elsewhere."""
    for _ in range(4):
        value = _MACRO.sub(lambda macro: settings.get(macro[1], macro[0]), value)[:_LONGEST]
    plain = _WEB.sub("", re.sub(r"<[^>]*>", " ", value)).replace("!", "")
    unknown = " ".join(_MACRO_OR_ARGUMENTS.findall(plain))
    words = _NAME.findall(_MACRO_OR_ARGUMENTS.sub(" ", plain))
    return frozenset(re.split(r"[./]", name)[-1] for name in words) - {""}, unknown


def _principal(name: str) -> str:
    """A group where the name ends so, or is written like a group of a directory (higgs-readers); else a user."""
    return f"group:{name}" if name.endswith("Group") or _DIRECTORY_GROUP.fullmatch(name) else f"user:{name}"

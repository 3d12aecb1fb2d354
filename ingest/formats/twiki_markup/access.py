"""Who may read a topic or a web, by its ALLOW and DENY settings."""

import re
from collections.abc import Callable, Mapping

from ingest.document import NOBODY

_NAME = re.compile(r"[^\s,]+")
_MACRO = re.compile(r"%(\w+)%")
_MACRO_OR_ARGUMENTS = re.compile(r"%\w+(?:\{.*\})?%?")
_WEB = re.compile(r"%\w+%[./]")
_LONGEST = 100_000
_DIRECTORY_GROUP = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
_EVERYBODY = frozenset({"AllUsersGroup", "BaseGroup", "*"})
_GUESTS = frozenset({"TWikiGuest", "WikiGuest", "guest"})
#: Who is in a group, those in groups inside it included; None where that is not known.
Members = Callable[[str], frozenset[str] | None]
#: TWiki's own name for whoever has logged in.
LOGGED_IN = frozenset({"group:AllAuthUsersGroup"})


def _nobody_knows(group: str) -> None:
    """The members of a group, where only one topic is at hand."""


def clauses(
    settings: Mapping[str, str], what: str = "TOPIC", members: Members = _nobody_knows
) -> tuple[tuple[frozenset[str], ...], tuple[str, ...]]:
    """The clauses that ALLOW<what>VIEW and DENY<what>VIEW demand, and what had to be guessed.

    what is TOPIC or WEB. members says who is in a group. A denial comes first: whom it names is taken out of those who
    are allowed, as far as all groups are known; else nobody may read, since no clause can say who may not. The guest
    alone is the exception: denied to the guest means readable by whoever has logged in.

    >>> clauses({"ALLOWTOPICVIEW": "Main.HiggsGroup, Main.AdaLovelace"})[0] == (
    ...     frozenset({"group:HiggsGroup", "user:AdaLovelace"}),
    ... )
    True
    """
    denied, denied_unknown = _names(settings.get(f"DENY{what}VIEW", ""), settings)
    allowed, allowed_unknown = _names(settings.get(f"ALLOW{what}VIEW", ""), settings)
    if denied_unknown or denied - _GUESTS:
        left = None if denied_unknown or allowed_unknown else _without(allowed, denied - _GUESTS, members)
        if left:
            return (frozenset(map(_principal, left)),), ()
        return NOBODY, (f"DENY{what}VIEW names who may not read; nobody may read until ALLOW{what}VIEW says who may",)
    if allowed_unknown and not allowed:
        return NOBODY, (f"ALLOW{what}VIEW holds no name, only {allowed_unknown}; nobody may read",)
    if allowed and not allowed & (_EVERYBODY | _GUESTS):
        inside = (members(name) or frozenset() for name in sorted(allowed) if _is_group(name))
        return (frozenset(map(_principal, allowed.union(*inside))),), ()
    if denied:
        return (LOGGED_IN,), (f"DENY{what}VIEW names the guest; readable by group:AllAuthUsersGroup",)
    return (), ()


def names_of(value: str, settings: Mapping[str, str]) -> frozenset[str]:
    """The users and groups that a list names."""
    return _names(value, settings)[0]


def _without(allowed: frozenset[str], denied: frozenset[str], members: Members) -> frozenset[str] | None:
    """The users among the allowed who are not denied; None where somebody is allowed or denied as one of a group
    that is not known."""
    if not allowed or allowed & (_EVERYBODY | _GUESTS):
        return None
    users: list[frozenset[str]] = []
    for names in (allowed, denied):
        found = {name for name in names if not _is_group(name)}
        for group in sorted(names - found):
            inside = members(group)
            if inside is None:
                return None
            found |= {name for name in inside if not _is_group(name)}
        users.append(frozenset(found))
    return users[0] - users[1]


def _names(value: str, settings: Mapping[str, str]) -> tuple[frozenset[str], str]:
    """The names in a list, without tags and the web in front, and the macros that say who is meant elsewhere."""
    for _ in range(4):
        value = _MACRO.sub(lambda macro: settings.get(macro[1], macro[0]), value)[:_LONGEST]
    plain = _WEB.sub("", re.sub(r"<[^>]*>", " ", value)).replace("!", "")
    unknown = " ".join(_MACRO_OR_ARGUMENTS.findall(plain))
    words = _NAME.findall(_MACRO_OR_ARGUMENTS.sub(" ", plain))
    return frozenset(re.split(r"[./]", name)[-1] for name in words) - {""}, unknown


def _principal(name: str) -> str:
    return f"group:{name}" if _is_group(name) else f"user:{name}"


def _is_group(name: str) -> bool:
    """Whether a name ends as those of groups do, or is written like a group of a directory (higgs-readers)."""
    return name.endswith("Group") or bool(_DIRECTORY_GROUP.fullmatch(name))

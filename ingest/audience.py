"""Who the settings say may read what bears a name: levels of tickets, private projects, private channels."""

from collections.abc import Iterable

from ingest.errors import BadSourceSettings
from ingest.source import principals


def audiences(entries: Iterable[str], where: str) -> dict[str, frozenset[str]]:
    """The principals by the name that each entry gives them for; where names the key of the settings in an error.

    >>> sorted(audiences(["Core only = helix-core, user:ada"], "levels")["Core only"])
    ['group:helix-core', 'user:ada']
    """
    found: dict[str, frozenset[str]] = {}
    for entry in entries:
        name, sign, listed = entry.rpartition("=")
        groups = [each.strip() for each in listed.split(",") if each.strip()]
        if not sign or not name.strip() or not groups:
            raise BadSourceSettings(f"{where}: {entry!r}: expected 'NAME = group, user:NAME'")
        if name.strip() in found:
            raise BadSourceSettings(f"{where}: {name.strip()!r} stands there twice")
        found[name.strip()] = principals(groups)
    return found

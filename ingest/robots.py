"""What a server's robots.txt lets programs read (RFC 9309)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, unquote

#: The longest distance between two requests that a robots.txt may ask for, in seconds.
LONGEST_DELAY = 30.0


@dataclass(frozen=True, slots=True)
class Robots:
    """Rules as (allowed, pattern), and the seconds that shall lie between two requests.

    >>> robots = robots_for("collabqa", "User-agent: *\\nDisallow: /private/\\nAllow: /private/plan.html")
    >>> robots.allow("/private/list.html"), robots.allow("/private/plan.html"), robots.allow("/public")
    (False, True, True)
    """

    rules: tuple[tuple[bool, str], ...] = ()
    delay: float = 0.0

    def allow(self, path: str) -> bool:
        """Whether a path, with its query, may be read: the longest pattern that fits decides, for a tie in favour."""
        fitting = [(len(pattern), allowed) for allowed, pattern in self.rules if _fits(pattern, _plain(path))]
        return max(fitting)[1] if fitting else True


def robots_for(agent: str, text: str) -> Robots:
    """The rules of a robots.txt for a program of this name: those that name it, else those for all."""
    groups = list(_groups(text))
    own = [lines for agents, lines in groups if agent.lower() in agents]
    lines = [line for each in own or [lines for agents, lines in groups if "*" in agents] for line in each]
    delays = [float(value) for key, value in lines if key == "crawl-delay" and re.fullmatch(r"\d+(\.\d+)?", value)]
    rules = tuple((key == "allow", _plain(value)) for key, value in lines if key in ("allow", "disallow") and value)
    return Robots(rules, min(max(delays, default=0.0), LONGEST_DELAY))


def _groups(text: str) -> Iterator[tuple[set[str], list[tuple[str, str]]]]:
    """The names and the lines of each group."""
    agents: set[str] = set()
    lines: list[tuple[str, str]] = []
    for line in text.lstrip("\ufeff").splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if not colon:
            continue
        if key == "user-agent":
            if lines:
                yield agents, lines
                agents, lines = set(), []
            agents.add(value.lower())
        elif key in ("allow", "disallow", "crawl-delay"):
            lines.append((key, value))
    yield agents, lines


def _plain(path: str) -> str:
    """A path with its characters written in one way."""
    return quote(unquote(path), safe="/?&=*$:@!'(),;+~%")


def _fits(pattern: str, path: str) -> bool:
    exact = pattern.endswith("$")
    expression = ".*".join(map(re.escape, pattern.removesuffix("$").split("*")))
    return re.match(expression + ("$" if exact else ""), path) is not None

"""Who there is in an archive: the names and addresses that belong to one person."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.pseudonym.words import EVERYBODY, PARTICLES, ROLES, TITLES, folded

#: A word of a name; "Solvang's" holds one.
WORD = re.compile(r"[^\W\d_]+(?:['’‐-][^\W\d_]+)*")
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|<[^<>]*>|\s+(?:via|on behalf of|/)\s.*$|\S+@\S+", re.IGNORECASE)
_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_AT = re.compile(r"\s*(?:\bat\b|\(at\)|\[at\]|%40)\s*", re.IGNORECASE)
# A name longer than this is none, in words.
_MOST_WORDS = 7


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a person, its words folded; particles stand at the head of the surname."""

    given: tuple[str, ...]
    family: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The same for "Ingrid Solvang" and "Solvang, Ingrid"."""
        return " ".join(sorted((*self.given, *self.family)))

    @property
    def core(self) -> tuple[str, ...]:
        """The surname without its particles."""
        start = next((number for number, word in enumerate(self.family) if word not in PARTICLES), 0)
        return self.family[start:]


def personal(display: str) -> Name | None:
    """The name in what a header shows of somebody; None where it is no person's, or nothing but an account.

    >>> personal("Dr. Ingrid van der Berg (Nordmark)")
    Name(given=('ingrid',), family=('van', 'der', 'berg'))
    >>> personal("Berg, Ingrid M."), personal("Helix Helpdesk")
    (Name(given=('ingrid', 'm'), family=('berg',)), None)
    """
    bare = " ".join(_ASIDE.sub(" ", display).strip(" \"'.,").split())
    before, comma, after = bare.partition(",")
    if comma and folded(after.strip(" .")) in TITLES:
        before, comma, after = before, "", ""
    words = [each for each in WORD.findall(before) if folded(each) not in TITLES]
    behind = [each for each in WORD.findall(after) if folded(each) not in TITLES]
    if any(folded(each) in ROLES for each in (*words, *behind)) or not 0 < len(words) + len(behind) <= _MOST_WORDS:
        return None
    if behind:
        return Name(_fold(behind), _fold(words)) if words else Name(_fold(behind))
    if len(words) == 1:
        known = words[0][0].isupper() or _CJK.match(words[0])
        return Name(_fold(words)) if known and folded(words[0]) not in EVERYBODY else None
    start = _start_of_family(words)
    return Name(_fold([*words[: start[0]], *words[start[1] :]]), _fold(words[start[0] : start[1]]))


def _fold(words: list[str]) -> tuple[str, ...]:
    return tuple(folded(each) for each in words)


def _start_of_family(words: list[str]) -> tuple[int, int]:
    """Where the surname stands among the words of a name: written in capitals, from its particle on, or last."""
    loud = [number for number, word in enumerate(words) if len(word) > 2 and word.isupper()]
    if loud and len(loud) < len(words) and loud == list(range(loud[0], loud[-1] + 1)):
        return loud[0], loud[-1] + 1
    particle = next((n for n, word in enumerate(words[:-1]) if n and folded(word) in PARTICLES), len(words) - 1)
    return particle, len(words)


def plain_address(address: str) -> str:
    """An address in lower case, with its "@", however it was disguised.

    >>> plain_address("Ingrid.Solvang at helix dot example")
    'ingrid.solvang@helix.example'
    """
    plain = _AT.sub("@", address.strip(" <>\"'"), count=1).lower()
    return re.sub(r"\s*(?:\bdot\b|\(dot\)|\[dot\])\s*", ".", plain) if "@" in plain else plain


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text, where it stands, without the 's of a possessive."""

    text: str
    start: int
    end: int
    fold: str

    @property
    def loud(self) -> bool:
        """Whether it starts as names do."""
        return not self.text[0].islower()


def words(text: str) -> list[Word]:
    """The words of a text."""
    found = []
    for match in WORD.finditer(text):
        word, end = match[0], match.end()
        if len(word) > 2 and word[-2] in "'’" and word[-1] in "sS":
            word, end = word[:-2], end - 2
        found.append(Word(word, match.start(), end, folded(word)))
    return found


class People:
    """The people of an archive, learned one header field after the other, in the order of the archive.

    A person is known by what was seen of them first, so that somebody keeps their pseudonym when the archive grows.
    """

    def __init__(self) -> None:
        self.names: dict[Name, str] = {}
        self.addresses: dict[str, str] = {}
        self._by_key: dict[str, str] = {}
        self._same: dict[str, str] = {}
        self._words: dict[str, set[str]] = {}
        self._first_seen: dict[str, int] = {}

    def learn(self, display: str, address: str = "") -> None:
        """Somebody has this name and this address; either may be empty."""
        name, address = personal(display), plain_address(address)
        of_address = self.addresses.get(address, "") if address else ""
        if name is None:
            if address and not of_address:
                self.addresses[address] = f"<{address}>"
                self._first_seen.setdefault(f"<{address}>", len(self._first_seen))
            return
        words = {word for word in (*name.given, *name.family) if len(word) > 2}
        self._first_seen.setdefault(name.key, len(self._first_seen))
        fits = bool(of_address) and (not self._words.get(of_address) or bool(words & self._words[of_address]))
        who = self._by_key.get(name.key, "") or (of_address if fits else "") or name.key
        if fits and of_address != who:
            self._join(of_address, who)
        who = self.person(who)
        self._by_key.setdefault(name.key, who)
        self.names.setdefault(name, who)
        self._words.setdefault(who, set()).update(words)
        if address:
            self.addresses.setdefault(address, who)

    def person(self, who: str) -> str:
        """What a person is known by, after two that were thought different turned out to be one."""
        while who in self._same:
            who = self._same[who]
        return who

    def everybody(self) -> Iterator[tuple[Name, str]]:
        """Every name, and what its person is known by; initials alone are those of the only one whom they fit."""
        whole: dict[tuple[str, str], set[str]] = {}
        for name, who in self.names.items():
            if name.family and len(name.given[0]) > 1:
                whole.setdefault((name.given[0][0], " ".join(name.core)), set()).add(self.person(who))
        for name, who in self.names.items():
            fitting = whole.get((name.given[0][0], " ".join(name.core)), set()) if len(name.given[0]) == 1 else set()
            yield name, next(iter(fitting)) if len(fitting) == 1 else self.person(who)

    def _join(self, one: str, other: str) -> None:
        """Two are one person, known by what was seen first."""
        one, other = self.person(one), self.person(other)
        if one == other:
            return
        first, second = sorted((one, other), key=self._first_seen.__getitem__)
        self._same[second] = first
        self._words.setdefault(first, set()).update(self._words.pop(second, set()))

"""Text with its people, addresses and phone numbers under pseudonyms."""

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from ingest.pseudonym import HOST, Pseudonyms
from ingest.pseudonym.people import WORD, Name, People, Word, personal, plain_address, words
from ingest.pseudonym.salutations import spoken_to
from ingest.pseudonym.words import EPONYM_NOUNS, ORDINARY, PARTICLES, PHRASES, PHYSICS, TITLES, folded

_DOMAIN = r"[A-Za-z0-9](?:[\w-]*[A-Za-z0-9])?"
_ADDRESS = re.compile(
    rf"(?<![\w.+%-])([\w.+=%'-]{{0,64}}[\w+=-])(?:@|%40|&#64;|\s?(?:\(at\)|\[at\]|\(a\)|<at>)\s?)({_DOMAIN}(?:\.{_DOMAIN})*)",
    re.IGNORECASE,
)
_DOT = r"(?:\.|[ \t]+(?:dot|DOT)[ \t]+)"
_SPOKEN = re.compile(
    rf"(?<![\w.+%-])([\w.+-]{{0,64}}\w)[ \t]+(?:at|AT)[ \t]+"
    rf"({_DOMAIN}(?:{_DOT}{_DOMAIN}){{0,9}}{_DOT}[A-Za-z]{{2,}})(?![\w-])"
)
# Words before "at" that are followed by a place on the network, and by no host of an address.
_BEFORE_AT = frozenset(
    "look looking available is are was were be been hosted found here there code page pages website site web "
    "documentation docs archive archived me us it them stored located lives living live installed running run "
    "available online released published posted described listed given see again directory repository account "
    "accounts people members work working works start arrived arrive point pointing points points machine machines "
    "server servers user users file files data links link up only register registered download downloaded "
    "downloadable information info ticket issue issues talk meeting held starting version or and down out this that "
    "aimed checked anything something everything more instructions guide wiki".split()
)
_NO_ACCOUNT = frozenset({"git", "anonymous", "svn", "ftp", "anoncvs"})
_HANGS = r"(?<![\w.,+/-])"
_PHONES = (
    re.compile(r"(?<![\w.+-])(?:\+|00(?=[1-9]\d))[1-9]\d{0,2}(?:[ \t./-]{0,2}\(?\d{1,4}\)?){2,7}(?!\w)"),
    re.compile(
        r"(?<=\b)(?:tel(?:ephone|efon|éphone)?|phone|mobile?|cell(?:ular)?|fax|handy|gsm|office|ph|tél|whatsapp"
        r"|call me (?:at|on))"
        r"(?:[ \t]*(?:no|number|nr))?[.:# \t]{1,4}(?P<number>\+?\(?\d(?:[ \t./()-]{0,2}\d){4,16})",
        re.IGNORECASE,
    ),
    re.compile(rf"{_HANGS}(?:\(\d{{3}}\)[ \t]?|\d{{3}}[-.])\d{{3}}[-.]\d{{4}}(?![\w.-]*\w)"),
    re.compile(rf"{_HANGS}0[1-9]\d{{0,4}}[ \t]?[/-][ \t]?\d{{2,}}(?:[ \t-]?\d{{2,}}){{0,4}}(?![\w.]*\w)"),
    re.compile(rf"{_HANGS}0[1-9](?:[ .]\d\d){{4}}(?![\w.]*\w)"),
)
_GAP = re.compile(r"\.?(?:[ \t\xa0]*(?:\r?\n[ \t>|]*)?|-)")
_COMMA = re.compile(r"\.?,[ \t\xa0]*(?:\r?\n[ \t>|]*)?")
_EPONYM = re.compile(rf"(?:['’]s)?[ \t]+(?:\w+[ \t]+)?(?:{'|'.join(EPONYM_NOUNS)})\b", re.IGNORECASE)
#: Accounts shorter than this are not looked for in texts, in characters.
_SHORTEST_ACCOUNT = 5


@dataclass(slots=True)
class _Tree:
    """Names as sequences of folded words: what may follow, and whose name ends here."""

    after: "dict[str, _Tree]" = field(default_factory=dict)
    whose: set[str] = field(default_factory=set)

    def add(self, words: tuple[str, ...], who: str) -> None:
        """Somebody is called this."""
        here = self
        for word in words:
            here = here.after.setdefault(word, _Tree())
        here.whose.add(who)


@dataclass(frozen=True, slots=True)
class _Found:
    """Words from a number up to, not with, another that name somebody."""

    after: int
    who: str


class Mask:
    """Puts pseudonyms in the place of everybody whom an archive knows."""

    def __init__(self, people: People, pseudonyms: Pseudonyms) -> None:
        self.pseudonyms = pseudonyms
        self._people = people
        self._tree = _Tree()
        self._surnames: dict[str, set[str]] = {}
        self._accounts: dict[str, set[str]] = {}
        self.given: dict[str, set[str]] = {}
        self._names: dict[str, str] = {}
        surnames: dict[str, list[str]] = {}
        for name, who in people.everybody():
            self._add(name, who)
            if name.family:
                surnames.setdefault(who, []).append(name.core[-1])
        for address, whose in people.addresses.items():
            who = people.person(whose)
            account = re.sub(r"[._+-]", "", folded(address.partition("@")[0]))
            if any(len(each) > 2 and each in account and each != account for each in surnames.get(who, ())):
                for written in {account, folded(address.partition("@")[0])}:
                    if len(written) >= _SHORTEST_ACCOUNT and WORD.fullmatch(written):
                        self._accounts.setdefault(written, set()).add(who)

    def _add(self, name: Name, who: str) -> None:
        self._names.setdefault(name.key, who)
        if len(name.given[0]) > 1:
            self.given.setdefault(name.given[0], set()).add(who)
            for part in name.given[0].split("-")[:1]:
                self.given.setdefault(part, set()).add(who)
        if not name.family:
            return
        for form in _forms(name):
            self._tree.add(form, who)
        self._surnames.setdefault(name.core[-1], set()).add(who)
        if len(name.given[0]) > 1 and len(name.core) == 1:
            for joined in (name.given[0] + name.core[0], name.core[0] + name.given[0]):
                if len(joined) >= _SHORTEST_ACCOUNT:
                    self._accounts.setdefault(joined, set()).add(who)

    def who(self, display: str, address: str = "") -> str:
        """What somebody in a header field is known by; "" for nobody."""
        name, plain = personal(display), plain_address(address)
        if name is not None and name.key in self._names:
            return self._names[name.key]
        if plain in self._people.addresses:
            return self._people.person(self._people.addresses[plain])
        return name.key if name else f"<{plain}>" if plain else folded(display.strip())

    def text(self, text: str, near: Collection[str] = (), sender: str = "") -> str:
        """A text with pseudonyms.

        near are those who take part: a given name is theirs before it is anybody else's. sender signs.
        """
        if not text.isascii():
            text = unicodedata.normalize("NFC", text)
        text = _ADDRESS.sub(self._address, text)
        text = _SPOKEN.sub(self._spoken, text)
        for pattern in _PHONES:
            text = pattern.sub(self._phone, text)
        return self._people_masked(text, frozenset(near), sender)

    def _address(self, found: re.Match[str]) -> str:
        account, host = found[1].removeprefix("mailto:"), found[2]
        if account.lower() in _NO_ACCOUNT or host.lower() == HOST:
            return found[0]
        return self.pseudonyms.address(self.who("", f"{account}@{host}"))

    def _spoken(self, found: re.Match[str]) -> str:
        account = found[1].lower()
        plain = plain_address(f"{found[1]} at {found[2]}")
        known = plain in self._people.addresses
        if not known and (account in _BEFORE_AT or found[2].lower().startswith("www.")):
            return found[0]
        return self.pseudonyms.address(self.who("", plain))

    def _phone(self, found: re.Match[str]) -> str:
        number = found.groupdict().get("number") or found[0]
        digits = re.sub(r"\D", "", number)
        if not 5 <= len(digits) <= 16:
            return found[0]
        return found[0].replace(number, self.pseudonyms.phone(digits.removeprefix("00")))

    def _people_masked(self, text: str, near: frozenset[str], sender: str) -> str:
        """A text without the names in it."""
        found = words(text)
        kept = [match.span() for match in PHRASES.finditer(text)]
        addressed = spoken_to(text, found, self.given, near)
        pieces, done, number = list[str](), 0, 0
        while number < len(found):
            word = found[number]
            if any(start <= word.start < end for start, end in kept):
                number += 1
                continue
            person = self._named(text, found, number, near)
            if person is None and number in addressed:
                person = _Found(number + 1, self._addressed(word, near, sender if addressed[number] else ""))
            person = person or self._alone(text, found, number, near)
            if person is None:
                number += 1
                continue
            start = self._start(text, found, number, done)
            pieces += [text[done:start], self.pseudonyms.person(person.who)]
            done, number = found[person.after - 1].end, person.after
        return "".join([*pieces, text[done:]])

    def _start(self, text: str, found: list[Word], number: int, done: int) -> int:
        """Where a name starts: with the given name before a surname, "Bob Solvang" of somebody known as Robert."""
        here, before = found[number], found[number - 1] if number else None
        if before is None or before.start < done or not before.loud or here.fold not in self._surnames:
            return here.start
        known = before.fold in self.given and before.fold not in PHYSICS
        return before.start if known and _GAP.fullmatch(text, before.end, here.start) else here.start

    def _named(self, text: str, found: list[Word], number: int, near: frozenset[str]) -> _Found | None:
        """The longest name of several words that starts here."""
        tree: _Tree | None = self._tree
        best: _Found | None = None
        here, skipped = number, False
        while tree is not None and here < len(found):
            following = tree.after.get(found[here].fold)
            if following is None:
                # A middle name, or its initial, that no header shows.
                if here == number or skipped or here + 1 == len(found) or found[here + 1].fold not in tree.after:
                    break
                if not found[here].loud or not _GAP.fullmatch(text, found[here].end, found[here + 1].start):
                    break
                here, skipped = here + 1, True
                continue
            if following.whose and _is_name(text, found[number : here + 1]):
                best = _Found(here + 1, _one(following.whose, near, found[number : here + 1]))
            if here + 1 < len(found) and _COMMA.fullmatch(text, found[here].end, found[here + 1].start):
                tree = following.after.get(",")
            elif here + 1 < len(found) and _GAP.fullmatch(text, found[here].end, found[here + 1].start):
                tree = following
            else:
                break
            here += 1
        return best

    def _addressed(self, word: Word, near: frozenset[str], sender: str) -> str:
        """Who is greeted, or signs, with one word."""
        whose = self.given.get(word.fold) or self._surnames.get(word.fold) or set()
        if sender and (not whose or sender in whose):
            return sender
        return _one(whose, near, [word])

    def _alone(self, text: str, found: list[Word], number: int, near: frozenset[str]) -> _Found | None:
        """Whose account, surname or given name a single word is; None where it is more likely a word."""
        word = found[number]
        if word.fold in self._accounts:
            return _Found(number + 1, _one(self._accounts[word.fold], near, [word]))
        if not word.loud:
            return None
        surname, given = self._surnames.get(word.fold), self.given.get(word.fold)
        if surname is None and given is None:
            return None
        before = found[number - 1] if number else None
        titled = (
            before is not None
            and before.fold in TITLES
            and bool(_GAP.fullmatch(text, before.end, word.start) or text[before.end : word.start] == ". ")
        )
        if surname and titled:
            return _Found(number + 1, _one(surname, near, [word]))
        shouted = word.text.isupper() and len(word.text) < 5
        if len(word.text) < 3 or shouted or word.fold in PHYSICS or word.fold in ORDINARY:
            return None
        if surname and not _EPONYM.match(text, word.end):
            return _Found(number + 1, _one(surname, near, [word]))
        if given and not _EPONYM.match(text, word.end):
            return _Found(number + 1, _one(given, near, [word]))
        return None


def _forms(name: Name) -> Iterator[tuple[str, ...]]:
    """The ways to write a whole name; "," stands for a comma between its words."""
    given = name.given
    firsts = {given[:1], given, *((given[0], each[0]) for each in given[1:2])}
    initials = {(given[0][0],), tuple(each[0] for each in given), ("".join(each[0] for each in given),)}
    if "-" in given[0]:
        parts = tuple(filter(None, given[0].split("-")))
        firsts |= {parts, ("".join(parts),)}
        initials |= {
            tuple(each[0] for each in parts),
            ("".join(each[0] for each in parts),),
            ("-".join(p[0] for p in parts),),
        }
    lasts = {name.family, name.core}
    lasts |= {tuple(each[0].split("-")) for each in lasts if len(each) == 1 and "-" in each[0]}
    lasts |= {("-".join(name.core),)} if len(name.core) > 1 else set()
    for last in lasts:
        for first in firsts | initials:
            yield first + last
            yield (*last, ",", *first)
        for first in firsts | initials:
            yield last + first
        if len(last) > 1:
            yield last
    if len(given) > 1 and len(given[0]) > 2 and len(given[1]) > 2:
        yield given[:2]


def _is_name(text: str, found: list[Word]) -> bool:
    """Whether words that may be a name are written as one."""
    full = [word for word in found if len(word.fold) > 1 and word.fold not in PARTICLES]
    common = [word for word in full if word.fold in ORDINARY or word.fold in PHYSICS]
    initials = [word for word in found if len(word.text) == 1]
    if len(found[-1].text) == 1 and text[found[-1].end : found[-1].end + 1] != ".":
        return False
    if initials and common and not all(text[word.end : word.end + 1] == "." for word in initials):
        return False
    if all(word.loud or word.fold in PARTICLES for word in found):
        return True
    return len(full) > 1 and not common and not initials


def _one(whose: Collection[str], near: frozenset[str], found: list[Word]) -> str:
    """Who is meant; nobody in particular where it may be several."""
    for some in (set(whose), set(whose) & near):
        if len(some) == 1:
            return next(iter(some))
    return f"~{' '.join(word.fold for word in found)}"

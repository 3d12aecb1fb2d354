"""Pseudonyms: people, addresses and phone numbers of a source under names that are always the same and say nothing.

A pseudonym is a keyed hash (HMAC) of what it stands for: whoever has the key can find out which of the people they
know of has which pseudonym, and nobody else can.
"""

import hashlib
import hmac
from dataclasses import dataclass

#: The host of all addresses and message ids that are pseudonyms; no mail ever goes there (RFC 2606).
HOST = "pseudonym.invalid"
# Letters alone, so that a pseudonym is one word to whatever reads it; nine of them name 10^6 people with one in ten
# chances that any two of them share a name.
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LETTERS = 9


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """The pseudonyms of one key, which never shows in a repr.

    >>> names = Pseudonyms(b"example")
    >>> names.person("ingrid solvang")
    'Person-RZZNYURNY'
    """

    key: bytes

    def __repr__(self) -> str:
        return "Pseudonyms(...)"

    def person(self, who: str) -> str:
        """The name of a person."""
        return f"Person-{self._hash('person', who)}"

    def address(self, who: str) -> str:
        """The address of a person: a person has one, however many there were."""
        return f"person-{self._hash('person', who).lower()}@{HOST}"

    def identifier(self, message_id: str) -> str:
        """A message id, which may hold an address or the name of somebody's machine."""
        return f"{self._hash('message', message_id, 16).lower()}@{HOST}" if message_id else ""

    def phone(self, digits: str) -> str:
        """A phone number."""
        return f"phone-{self._hash('phone', digits)}"

    def _hash(self, kind: str, value: str, letters: int = _LETTERS) -> str:
        digest = hmac.digest(self.key, f"{kind}\0{value}".encode("utf-8", "replace"), hashlib.sha256)
        number, found = int.from_bytes(digest), ""
        for _ in range(letters):
            number, letter = divmod(number, len(_ALPHABET))
            found += _ALPHABET[letter]
        return found

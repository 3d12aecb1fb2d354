"""Single names where somebody is greeted, thanked, or signs: "Hi Ingrid,", "Cheers," with "Bob" below it."""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence

from ingest.pseudonym.people import Word
from ingest.pseudonym.words import EVERYBODY, ORDINARY, PARTICLES, PHYSICS, ROLES, TITLES

_QUOTE = r"^[ \t>|]*"
_GREETING = re.compile(
    _QUOTE
    + r"(?P<formula>hi|hello|hey|dear|hallo|liebe[rs]?|bonjour|salut|ch[eè]re?s?|ciao|car[oaie]|hola|estimad[oa]s?"
    r"|querid[oa]s?|hej|kære|kjære|good (?:morning|afternoon|evening|day)|guten (?:morgen|tag)|moin|servus"
    r"|sehr geehrte[rs]?|olá|ahoj|witam|cześć|merhaba|hi there)[ \t,]+(?P<whom>[^\n]{1,100})",
    re.IGNORECASE | re.MULTILINE,
)
_THANKS = re.compile(
    r"\b(?:thanks(?: a lot| again| so much| very much)?|thank you(?: very much| again)?|thx|merci|danke|grazie"
    r"|gracias|cheers|sorry|welcome|congratulations)[ \t,]+(?:to[ \t]+)?(?P<whom>[^\n]{1,60})",
    re.IGNORECASE,
)
_MENTION = re.compile(r"(?<![\w.])@(?P<whom>[^\W\d_][^\n]{0,40})")
_CLOSING = re.compile(
    _QUOTE
    + r"(?:(?:with )?(?:my |our )?(?:best|kind|kindest|warm|warmest|many)(?: (?:regards|wishes|greetings|thanks))?"
    r"|regards|cheers|ciao|(?:many )?thanks(?: a lot| again| in advance| so much| very much)?|thank you(?: in advance)?"
    r"|thx|yours(?: \w+)?|sincerely(?: yours)?|greetings|all the best|take care|mit freundlichen grüßen"
    r"|(?:viele|beste|liebe) grüße|gruß|grüße|mfg|lg|vg|cordialement|amicalement|bien à vous|amitiés|saludos"
    r"|(?:cordiali )?saluti|hälsningar|mvh|groetjes|pozdrawiam|terveisin|bye|br|rgds|--)[ \t]*[,.!;-]{0,3}[ \t]*"
    r"(?:\n[ \t>|]*){1,3}[-–—~*_ \t]*(?P<whom>[^\n]{1,40})$",
    re.IGNORECASE | re.MULTILINE,
)
_CLOSED_INLINE = re.compile(
    _QUOTE + r"(?:best|best regards|regards|cheers|ciao|thanks|many thanks|bye)[ \t]*[,-]+[ \t]*(?P<whom>[^\n]{1,30})$",
    re.IGNORECASE | re.MULTILINE,
)
_LINE = re.compile(_QUOTE + r"[-–—~*_ \t]*(?P<whom>[^\W\d_][^\n]{0,45})$", re.MULTILINE)
_WROTE = re.compile(
    r"\b(?:wrote|writes|a écrit|schrieb|ha scritto|escribió|skrev|schreef)\b[^\n]{0,40}:[ \t]*$", re.MULTILINE
)
_ASIDE = re.compile(r"<[^<>\n]*>$")
_AND = re.compile(r"[ \t]*(?:,[ \t]*)?(?:and|und|et|e|y|og|och|en|&|/|\+)[ \t]+|[ \t]*[&/+][ \t]*", re.IGNORECASE)
_SPACE = re.compile(r"\.?[ \t]+")
_COMMA = re.compile(r"[ \t]*,[ \t]*")
_END = re.compile(r"[ \t]*(?:[,:!.;–—-]|$)", re.MULTILINE)
# More words than these in a row are a sentence and no name.
_MOST = 4


def spoken_to(
    text: str, words: Sequence[Word], given: Mapping[str, Collection[str]], near: Collection[str]
) -> dict[int, bool]:
    """The numbers of the words that are names for how they stand there, and whether the sender signs with them.

    given are the given names that are known, with whose they are; near those who take part.
    """
    starts = {word.start: number for number, word in enumerate(words)}
    found: dict[int, bool] = {}

    def note(match: re.Match[str], *, known: bool, signs: bool = False) -> None:
        number = next((starts[at] for at in range(match.start("whom"), match.end("whom")) if at in starts), None)
        if number is not None:
            row = list(_row(text, words, number, given, known=known))
            own = signs and ">" not in text[match.start() : match.start("whom")]
            found.update(dict.fromkeys(row, own))

    for match in _GREETING.finditer(text):
        note(match, known=False)
    for match in _THANKS.finditer(text):
        note(match, known=True)
    for match in _MENTION.finditer(text):
        note(match, known=True)
    for match in _WROTE.finditer(text):
        number = _word_before(text, words, match.start())
        if number is not None and words[number].fold in given and words[number].loud:
            found[number] = False
    for pattern in (_CLOSING, _CLOSED_INLINE):
        for match in pattern.finditer(text):
            note(match, known=False, signs=True)
    for match in _LINE.finditer(text):
        number = starts.get(match.start("whom"))
        if number is None or number in found or words[number].fold not in given:
            continue
        row = list(_row(text, words, number, given, known=True))
        end = match.start("whom") + len(match["whom"].rstrip(" \t,:!.–—-"))
        sure = all(words[each].fold not in ORDINARY or set(given[words[each].fold]) & set(near) for each in row)
        if row and words[row[-1]].end == end and sure:
            found.update(dict.fromkeys(row, False))
    return found


def _word_before(text: str, words: Sequence[Word], place: int) -> int | None:
    """The number of the word that a line, or the line above it, ends with before a place and an address."""
    before = text[max(0, place - 120) : place].rstrip(" \t\r\n>|")
    end = place - min(place, 120) + len(_ASIDE.sub("", before).rstrip(" \t\"'"))
    number = bisect_right(words, end, key=lambda word: word.end) - 1
    return number if number >= 0 and words[number].end == end else None


def _row(
    text: str, words: Sequence[Word], number: int, given: Mapping[str, Collection[str]], *, known: bool
) -> Iterator[int]:
    """The words of the names that start here; known says that only given names that are known count."""
    row, here, last = list[int](), number, number
    while here < len(words) and len(row) <= _MOST:
        word = words[here]
        if word.fold in TITLES or (row and word.fold in PARTICLES):
            pass
        elif not _may_be(word, given, known=known):
            break
        else:
            row.append(here)
            last = here
        after = words[here + 1] if here + 1 < len(words) else None
        if after is None:
            break
        between = (word.end, after.start)
        joined = bool(_SPACE.fullmatch(text, *between) or _AND.fullmatch(text, *between))
        listed = after.fold in given and after.fold not in ORDINARY
        joined = joined or (listed and bool(_COMMA.fullmatch(text, *between)))
        if not joined and after.fold in ("and", "und", "et", "y", "og", "och"):
            joined = bool(_SPACE.fullmatch(text, *between))
        here += 1
        if after.fold in ("and", "und", "et", "y", "og", "och") and joined:
            here += 1
        if not joined:
            break
    strange = any(words[each].fold not in given for each in row)
    if row and (not strange or (_END.match(text, words[last].end) and len(row) <= _MOST)):
        yield from row


def _may_be(word: Word, given: Mapping[str, Collection[str]], *, known: bool) -> bool:
    """Whether a word may be a name where one is expected."""
    if not word.loud or word.fold in EVERYBODY or word.fold in ROLES:
        return False
    if word.fold in given:
        return True
    acronym = len(word.text) > 1 and word.text.isupper()
    return not known and not acronym and len(word.text) > 1 and word.fold not in PHYSICS and word.fold not in ORDINARY

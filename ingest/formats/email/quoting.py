"""Which stretches of a message's text are somebody else's words, and which are its signature.

Quoted are lines that start with ">" and the line above them that says whose they are, and the message that mailers
append whole below a reply. Signatures are what stands under "-- ", the closing formula with the name, the footers of
mailing lists, disclaimers, and the notes of archives on what they removed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from ingest.document import Mark
from ingest.writer import ordered

_QUOTED = re.compile(r" {0,3}(?:[A-Z]{2,3})?((?:>[ \t]?)+)")
_INITIALS = re.compile(r" {0,3}([A-Z]{2,3})> ")
_PROMPTS = {"IDL", "SQL", "GDB"}
_ESCAPED = re.compile(r">From\b")
_WROTE = re.compile(
    r"\b(wrote|writes|said|says|écrit|schrieb|escribió|escribi=F3|ha scritto|scrive|escreveu|skrev|schreef|napisał"
    r"|napisala|napisał\(a\)|kirjoitti|пишет|писал|написал|写道)\b.{0,80}[:：]\s*$"
)
_WROTE_BARE = re.compile(r"\d.*\b(wrote|a écrit|schrieb|escribió|ha scritto)[ \t]*$")
_OPENS = re.compile(
    r"[ \t]*[*_-]*(On|Am|Le|El|Il|Em|Den|Op|Dnia|W dniu|At|Quoting|In article|In message|In <|Thus spake|Dne|Em)\b"
)
_QUOTING = re.compile(r"[ \t]*Quoting .{3,120}:\s*$")
_DAY = re.compile(r"\d{1,2}[./:-]\d{1,2}|\b(19|20)\d\d\b")
_DIVIDER = re.compile(
    r"[ \t]*-{2,}[ \t]*(original message|original-nachricht|ursprüngliche nachricht|ursprungligt meddelande"
    r"|message d'origine|messaggio originale|mensaje original|mensagem original|oorspronkelijk bericht"
    r"|oprindelig meddelelse|reply message|original appointment)[ \t]*-{2,}[ \t]*$",
    re.IGNORECASE,
)
_RULE = re.compile(r"[ \t]*_{5,}[ \t]*$")
_FROM = re.compile(r"[ \t>]*[*_]*(From|Von|De|Da|Från|Van|Od|От)[ \t]?:[*_]*[ \t]*\S", re.IGNORECASE)
_SENT = re.compile(
    r"[ \t>]*[*_]*(Sent|Date|Gesendet|Datum|Envoyé|Enviado( el)?|Inviato|Data|Skickat|Verzonden|Wysłano)[ \t]?:",
    re.IGNORECASE,
)
_HEAD = re.compile(r"[ \t>]*[*_]*[\w-]+( \w+)?[ \t]?:|[ \t]+\S")
_ABOUT = re.compile(
    r"[ \t>]*[*_]*(Subject|Betreff|Objet|Asunto|Oggetto|Ämne|Onderwerp|Assunto|Temat)[ \t]?:", re.IGNORECASE
)

_DASHES = re.compile(r"[ \t]?(--|—)[ \t]?$")
_FOOTER = re.compile(r"[ \t]*[_=*-]{20,}[ \t]*$|(-=){5,}-?$")
_OF_A_LIST = re.compile(r"mailing list|mailman|listinfo|groups\.io|list-?serv|\bsubscri|lists\.|/lists/", re.IGNORECASE)
_NEXT_PART = re.compile(r"-{14} next part -{14}$")
_SCRUBBED = re.compile(r"(An?|The) .{0,60}\bscrubbed\.\.\.$|Skipped content of type ")
_ABOUT_SCRUBBED = re.compile(r"(Name|Type|Size|Desc|URL|Url)[ \t]?:|<?https?://\S+>?$")
_DEVICE = re.compile(
    r"(Sent (from|with|via) (my |the )?\w|Get Outlook for|Envoyé (de|depuis) mon|Von meinem .{2,40} gesendet"
    r"|Gesendet (von|mit)|Enviado desde|Inviato da)",
    re.IGNORECASE,
)
_PGP_HEAD = re.compile(r"-----BEGIN PGP SIGNED MESSAGE-----$")
_PGP_SIGNATURE = re.compile(r"-----BEGIN PGP SIGNATURE-----$")
_PGP_END = re.compile(r"-----END PGP SIGNATURE-----$")
_CLOSING = re.compile(
    r"[ \t]*((with )?(my |our )?(best|kind|kindest|warm|warmest|many|sincere)( (regards|wishes|greetings|thanks))?"
    r"|regards|cheers|ciao|(many )?thanks( a lot| again| in advance| so much| very much)?( and (best |kind )?regards)?"
    r"|thank you( very much| in advance| again)?|(thanks|thank you)( very much)? for (your |the |any )[\w ]{3,30}"
    r"|thx|yours( sincerely| truly| faithfully)?|sincerely( yours)?|greetings|have fun|have a (nice|good|great) \w+"
    r"|all the best|take care|respectfully|mit freundlichen grüßen|mit freundlichen gruessen|viele grüße|gruß|grüße"
    r"|cordialement|amicalement|bien à vous|saludos|cordiali saluti|saluti|hälsningar|vriendelijke groeten?|groetjes"
    r"|bye|mfg|br|rgds)[ \t]*([,.!;-]{0,3}|,[ \t]*[^\W\d_][\w.'-]+([ \t][^\W\d_][\w.'-]+){0,2})[ \t]*$",
    re.IGNORECASE,
)
_DISCLAIMER = re.compile(
    r"[ \t*]*(disclaimer\b|confidentiality notice|important notice|this (e-?mail|message|communication)[^.]{0,120}"
    r"(confidential|intended|privileged)|the information (contained )?in this (e-?mail|message))",
    re.IGNORECASE,
)
_CONTACT = re.compile(
    r"@| at \w+\.|https?:|www\.|\b(tel|phone|fax|mobile|office|room|dept|department|university|institut|laborator)",
    re.IGNORECASE,
)
_LINE = re.compile(r"[ \t]*[-_=*~#]{5,}[ \t]*$")
_OF_RULES = frozenset("-_=*~#—")
_OF_ARCHIVES = ("next part", "scrubbed...", "Skipped content")
# How lines start that may be closing formulas, what a machine says, or the head of an appended message (_CLOSING,
# _DISCLAIMER and _DEVICE, _FROM and _OPENS).
_CLOSING_STARTS = frozenset(
    ["my ", "br", *(f"br{after}" for after in ",.!;- "), *"wit our bes kin war man sin reg che cia tha thx you".split()]
) | frozenset("gre hav all tak res mit vie gru grü cor ami bie sal häl vri gro bye mfg rgd".split())
_MACHINE_STARTS = frozenset(
    ["disc", "conf", "impo", "this", "the ", "sent", "get ", "envo", "von ", "gese", "envi", "invi"]
)
_HEAD_STARTS = frozenset(["w ", *"fr vo de da va od от on am le el il em op dn at qu in th".split()])
# What stands under a closing formula and is no name or address: a postscript, a footnote.
_NOT_SIGNED = re.compile(r"\s*(p\.?\s?s\b|\[\d+\])", re.IGNORECASE)
# Longer than this, what stands under a mere "--", or a closing formula without addresses, is text again, in lines.
MOST_SIGNED_LINES = 12
MOST_CLOSING_LINES = 5
# Longer than this, lines that look like header fields are no head of an appended message, in lines.
_MOST_FIELDS = 12
_STARTS = frozenset(start[:2] for start in _HEAD_STARTS | _CLOSING_STARTS | _MACHINE_STARTS)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Lines from first up to, not with, after."""

    first: int
    after: int
    kind: Literal["quote", "signature"]
    level: int = 0
    label: str = ""


class _Sheet:
    """The lines of a text, and the stretch that each belongs to, as far as is known."""

    def __init__(self, text: str) -> None:
        self.whole = text
        self.texts = text.split("\n")
        self.stripped = list(map(str.strip, self.texts))
        self.owners: list[_Stretch | None] = [None] * len(self.texts)
        self.depths = [0] * len(self.texts)
        if ">" in text:
            before = 0
            for number, line in enumerate(self.texts):
                # An archive escapes a line that starts with "From"; within a quote the sign is one of the quote.
                own = ">" not in line or (not before and _ESCAPED.match(line))
                before = self.depths[number] = 0 if own else _depth(line)
        self.quoted = [number for number, depth in enumerate(self.depths) if depth]
        self.depths_seen = set(self.depths)
        self.last_quoted = self.quoted[-1] if self.quoted else -1
        # Most lines start as nothing does that is looked for here, so patterns need not be tried on them.
        self.rules = [number for number, line in enumerate(self.stripped) if line[:1] in _OF_RULES]
        self.heads = [
            (number, head)
            for number, (line, depth) in enumerate(zip(self.stripped, self.depths, strict=True))
            if not depth and (head := line.lstrip("*_> ")[:4].lower())[:2] in _STARTS
        ]

    def __len__(self) -> int:
        return len(self.texts)

    def starting(self, starts: frozenset[str], letters: int) -> list[int]:
        """The numbers of the lines whose first letters, in lower case, are among some."""
        return [number for number, head in self.heads if head[:letters] in starts]

    def text(self, number: int) -> str:
        """The words of a line."""
        return self.texts[number]

    def blank(self, number: int) -> bool:
        """Whether a line holds nothing."""
        return not self.stripped[number]

    def said(self, first: int, after: int) -> str:
        """Some lines as one."""
        return " ".join(self.stripped[first:after])

    def take(self, stretch: _Stretch) -> None:
        """Note whose these lines are."""
        self.owners[stretch.first : stretch.after] = [stretch] * (stretch.after - stretch.first)

    def free_from(self, number: int) -> int:
        """The first line after this one that belongs to a stretch, or the number of lines."""
        while number < len(self) and self.owners[number] is None:
            number += 1
        return number

    def marks(self) -> Iterator[Mark]:
        """What is known, without the blank lines at the ends."""
        found = {id(owner): owner for owner in self.owners if owner}
        # Where each line would end if there were no line feeds.
        ends = list(accumulate(map(len, self.texts))) if found else []
        for stretch in found.values():
            inside = [number for number in range(stretch.first, stretch.after) if self.stripped[number]]
            if inside:
                first, last = inside[0], inside[-1]
                start = ends[first] + first - len(self.texts[first])
                yield Mark(start, ends[last] + last, stretch.kind, stretch.level, stretch.label)


def quoting(text: str, *, forwards: bool = False) -> tuple[Mark, ...]:
    """The quotes (level: how deep, label: the line that says whose) and signatures of a message's text.

    forwards says that the message passes another one on: what it carries is then its content and no quote.

    >>> [(mark.kind, mark.label) for mark in quoting("On Monday Ada wrote:\\n> Is it 26 GeV?\\n\\nYes.\\n-- \\nBob")]
    [('quote', 'On Monday Ada wrote:'), ('signature', '')]
    """
    sheet = _Sheet(text)
    _archive_notes(sheet)
    _pgp(sheet)
    _prefixed(sheet)
    _footers(sheet)
    if not forwards:
        _appended(sheet)
    _signatures(sheet)
    return ordered(sheet.marks())


def _depth(text: str) -> int:
    """How often a line is quoted; 0 for a line of the message's own."""
    prefix = _QUOTED.match(text)
    if not prefix:
        return 0
    if text.startswith(">"):
        return prefix[1].count(">")
    initials = _INITIALS.match(text)
    return 0 if initials and initials[1] in _PROMPTS else prefix[1].count(">")


def _archive_notes(sheet: _Sheet) -> None:
    """What an archive says of the parts that it removed."""
    if not any(sign in sheet.whole for sign in _OF_ARCHIVES):
        return
    free = 0
    for number, line in enumerate(sheet.texts):
        if number < free or not ("next part" in line or "scrubbed..." in line or "Skipped content" in line):
            continue
        after = number
        if _NEXT_PART.match(sheet.text(after)):
            after += 1
        if after < len(sheet) and _SCRUBBED.match(sheet.text(after)):
            after += 1
            while after < len(sheet) and _ABOUT_SCRUBBED.match(sheet.text(after)):
                after += 1
        if after > number:
            sheet.take(_Stretch(number, after, "signature"))
        free = after


def _pgp(sheet: _Sheet) -> None:
    """The lines around a text that is signed with PGP."""
    if "-----BEGIN PGP" not in sheet.whole:
        return
    number = 0
    while number < len(sheet):
        after = number + 1
        if _PGP_HEAD.match(sheet.text(number)):
            while after < len(sheet) and sheet.text(after).startswith("Hash:"):
                after += 1
            sheet.take(_Stretch(number, after, "signature"))
        elif _PGP_SIGNATURE.match(sheet.text(number)):
            while after < len(sheet) and not _PGP_END.match(sheet.text(after - 1)):
                after += 1
            sheet.take(_Stretch(number, after, "signature"))
        number = after


def _prefixed(sheet: _Sheet) -> None:
    """Runs of lines that start with ">", blank lines between them included, with the line that says whose they are."""
    number, free = 0, 0
    for first in sheet.quoted:
        if first < number or sheet.owners[first]:
            continue
        number = _run_end(sheet, first)
        above = _attribution(sheet, first, free)
        if above is None and _console(sheet, first, number):
            continue
        start = first if above is None else above
        label = sheet.said(start, first).strip()
        sheet.take(_Stretch(start, number, "quote", max(sheet.depths[first:number]), label))
        free = number


def _run_end(sheet: _Sheet, number: int) -> int:
    """The line after the last quoted one of a run."""
    last = number
    while number < len(sheet) and (sheet.depths[number] or sheet.blank(number)):
        last = number if sheet.depths[number] else last
        number += 1
    return last + 1


def _console(sheet: _Sheet, first: int, after: int) -> bool:
    """Whether lines that start with ">" are what was typed at a prompt: ">>> import ROOT", "JW> print"."""
    run = [line for line in sheet.texts[first:after] if line.strip()]
    if all(text.startswith(">>>") and not text.startswith(">>>>") for text in run):
        return not sheet.depths_seen & {1, 2}  # a quote of a quote of a quote stands by quotes
    return len(run) < 3 and any(_INITIALS.match(text) for text in run)


def _attribution(sheet: _Sheet, first: int, free: int) -> int | None:
    """The number of the line where the sentence starts that says whose the quote below is; None without one."""
    last = first - 1
    if last >= free and sheet.blank(last):
        last -= 1
    if last < free:
        return None
    for start in range(last, max(free, last - 3) - 1, -1):
        if sheet.blank(start):
            break
        said = sheet.said(start, last + 1)
        if _QUOTING.match(said) or (_OPENS.match(said) and (_WROTE.search(said) or _WROTE_BARE.search(said))):
            return start
    return last if _WROTE.search(sheet.text(last)) else None


def _footers(sheet: _Sheet) -> None:
    """The lines that a mailing list appends to every message."""
    free = 0
    for number in sheet.rules:
        if number >= free and _FOOTER.match(sheet.text(number)) and not sheet.owners[number]:
            end = _footer_end(sheet, number)
            if _OF_A_LIST.search(sheet.said(number + 1, number + 4)) and _short(sheet, number, end):
                free = end
                sheet.take(_Stretch(number, end, "signature"))


def _footer_end(sheet: _Sheet, number: int) -> int:
    """The line after a footer that starts here: after its last rule, or after its last line."""
    after = number + 1
    while after < min(number + MOST_SIGNED_LINES, len(sheet)) and not sheet.owners[after]:
        after += 1
    while after > number + 1 and sheet.blank(after - 1):
        after -= 1
    rules = [each for each in range(number + 1, after) if _FOOTER.match(sheet.text(each))]
    return rules[-1] + 1 if rules else after


def _short(sheet: _Sheet, first: int, after: int) -> bool:
    return all(len(line) <= 100 for line in sheet.texts[first:after])


def _appended(sheet: _Sheet) -> None:
    """The message that a mailer appended whole, without ">", below a reply; at most one."""
    own = next((number for number in range(len(sheet)) if not sheet.blank(number)), len(sheet))
    heads = [n for n in sheet.starting(_HEAD_STARTS, 2) if n > sheet.last_quoted or ":" in sheet.texts[n]]
    for number in sorted({*sheet.rules, *heads}):
        if number <= own:
            continue
        head = None if sheet.owners[number] else _appended_head(sheet, number)
        if head is None:
            continue
        body = head
        while body < len(sheet) and sheet.blank(body):
            body += 1
        # Where its text is prefixed after all, what follows may be the answer.
        prefixed = body < len(sheet) and sheet.depths[body] and sheet.owners[body]
        after = head if prefixed else _before_notes(sheet)
        if after > number:
            labels = (line.strip(" -*_\t") for line in sheet.texts[number:head])
            sheet.take(_Stretch(number, after, "quote", 1, next(filter(None, labels), "")))
            return


def _before_notes(sheet: _Sheet) -> int:
    """The line after the last that belongs to no footer."""
    after = len(sheet)
    while after:
        owner = sheet.owners[after - 1]
        if not sheet.blank(after - 1) and (owner is None or owner.kind != "signature"):
            break
        after -= 1
    return after


def _appended_head(sheet: _Sheet, number: int) -> int | None:
    """The line after the fields of an appended message whose head starts at this line; None where none does."""
    text = sheet.text(number)
    start = number
    if _DIVIDER.match(text):
        return _after_fields(sheet, number + 1)
    if _RULE.match(text):
        start += 1
        while start < min(number + 3, len(sheet)) and sheet.blank(start):
            start += 1
    if start < len(sheet) and _FROM.match(sheet.text(start)):
        after = _after_fields(sheet, start)
        fields = sheet.texts[start:after]
        if any(map(_SENT.match, fields)) and any(map(_ABOUT.match, fields)):
            return after
    return _unprefixed(sheet, number)


def _unprefixed(sheet: _Sheet, number: int) -> int | None:
    """The line after a dated "On ... wrote:" that starts here, when nothing below it is prefixed; else None."""
    if sheet.last_quoted > number or not _OPENS.match(sheet.text(number)):
        return None
    for after in range(number + 1, min(number + 4, len(sheet) + 1)):
        said = sheet.said(number, after)
        if _WROTE.search(said) and _DAY.search(said):
            return after
    return None


def _after_fields(sheet: _Sheet, number: int) -> int:
    """The line after a block of lines that look like header fields."""
    last = min(number + _MOST_FIELDS, len(sheet))
    while number < last and _HEAD.match(sheet.text(number)):
        number += 1
    return number


def _signatures(sheet: _Sheet) -> None:
    """What stands under the message's own words, from a sign of a signature to what is somebody's already.

    The surer signs are looked for first, since what stands under a closing formula ends where they start.
    """
    for find, starts in (
        (_under_dashes, sheet.rules),
        (_under_rule, sheet.rules),
        (_of_a_machine, sheet.starting(_MACHINE_STARTS, 4)),
        (_under_closing, sheet.starting(_CLOSING_STARTS, 3)),
    ):
        free = 0
        for number in starts:
            after = None if number < free or sheet.owners[number] else find(sheet, number)
            if after is not None:
                sheet.take(_Stretch(number, after, "signature"))
                free = after


def _below(sheet: _Sheet, number: int, most: int) -> tuple[list[str], int] | None:
    """The lines that hold something below this one, up to what is taken, and where that is; None for more than most."""
    found: list[str] = []
    after = number + 1
    while after < len(sheet) and not sheet.owners[after]:
        if not sheet.blank(after):
            found.append(sheet.text(after))
        if len(found) > most:
            return None
        after += 1
    return found, after


def _under_dashes(sheet: _Sheet, number: int) -> int | None:
    text = sheet.text(number)
    if text == "-- ":
        return sheet.free_from(number)
    below = _below(sheet, number, MOST_SIGNED_LINES) if _DASHES.match(text) else None
    return below[1] if below else None


def _under_rule(sheet: _Sheet, number: int) -> int | None:
    below = _below(sheet, number, MOST_SIGNED_LINES) if _LINE.match(sheet.text(number)) else None
    if below is None or any(len(each) > 100 for each in below[0]):
        return None
    return below[1] if _addresses(below[0]) >= 2 else None


def _of_a_machine(sheet: _Sheet, number: int) -> int | None:
    """Disclaimers, and what a program says of itself."""
    if number and _DISCLAIMER.match(sheet.text(number)):
        return sheet.free_from(number)
    below = _below(sheet, number, 2) if _DEVICE.match(sheet.text(number)) else None
    return below[1] if below else None


def _under_closing(sheet: _Sheet, number: int) -> int | None:
    if not _CLOSING.match(sheet.text(number)):
        return None
    below, after = [], number + 1
    while after < len(sheet) and not sheet.owners[after] and not _NOT_SIGNED.match(sheet.text(after)):
        if not sheet.blank(after):
            below.append(sheet.text(after))
        if len(below) > MOST_SIGNED_LINES or len(sheet.text(after)) > 72:
            return None
        after += 1
    return after if len(below) <= MOST_CLOSING_LINES or _addresses(below) >= 2 else None


def _addresses(some: list[str]) -> int:
    """How many lines tell where somebody is to be found."""
    return sum(bool(_CONTACT.search(each)) for each in some)

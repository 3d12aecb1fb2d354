"""Whether what a page's text layer says can be read, or has to be read off its picture (OCR)."""

import re
from collections.abc import Sequence
from typing import Any

from ingest.formats.pdf.lines import Row

#: Why a page is poor, as the end of a sentence.
GARBLED = "its letters mean nothing: a font does not say what its shapes are"
SCANNED = "it is a picture with hardly any text"

_UNREAD = re.compile(r"[\ufffd\ue000-\uf8ff\x00-\x08\x0e-\x1f\x7f-\x9f]")
# UTF-8 that was read as Windows-1252: "Ã©", "â€™".
_TWICE_DECODED = re.compile(r"[ÂÃÎÏÐÑâ][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")
_WORD = re.compile(r"[a-z]+")
_VOWEL = re.compile(r"[aeiouy]")
_COMMON = frozenset(
    "the of and to in is for with are be on we as by at from that this not or an it can have der die und das ist von "
    "mit le la les de des et du en un une est pour que el los del con il di per che".split()
)
# On 584 pages of LaTeX documents, slides and reports at most .005 of the characters were unread.
_MAX_UNREAD = 0.1
_MAX_TWICE_DECODED = 0.05
# Of 584 such pages none had so few common words and so many words of four letters or more without a vowel; of the same
# pages with every letter shifted by 29 or by 3, as fonts without a map come out, .92 and .94 had.
_MIN_COMMON = 0.01
_MAX_WITHOUT_VOWEL = 0.15
_MIN_WORDS = 40
_MIN_LETTERS = 20
# A picture over this share of a page, or as many drawn shapes, is what a page without text would say.
_MIN_COVERED = 0.4
_MIN_SHAPES = 200


def garbled(text: str) -> bool:
    """Whether the characters of a page are not those that it shows.

    >>> garbled("The detector was calibrated."), garbled("\\ufffd\\ufffd\\ufffd\\ufffd a \\ufffd\\ufffd")
    (False, True)
    """
    visible = sum(map(len, text.split()))
    if not visible:
        return False
    if not text.isascii() or not text.isprintable():
        if len(_UNREAD.findall(text.replace("\n", " "))) > _MAX_UNREAD * visible:
            return True
        if len(_TWICE_DECODED.findall(text)) > _MAX_TWICE_DECODED * visible:
            return True
    words = _WORD.findall(text.lower())
    if len(words) < _MIN_WORDS or sum(map(_COMMON.__contains__, words)) >= _MIN_COMMON * len(words):
        return False
    long = [word for word in words if len(word) >= 4]
    return sum(not _VOWEL.search(word) for word in long) > _MAX_WITHOUT_VOWEL * len(long)


def scanned(page: Any, rows: Sequence[Row], *, slide: bool) -> bool:
    """Whether a page shows a picture, or letters drawn as shapes, and has hardly any text; a slide may have little."""
    letters = 0
    for row in rows:
        letters += sum(map(str.isalnum, row.text))
        if letters >= (1 if slide else _MIN_LETTERS):
            return False
    import pymupdf

    covered, shapes = 0.0, 0
    area = abs(page.rect)
    try:
        drawn = page.get_bboxlog()
    except (pymupdf.mupdf.FzErrorBase, RuntimeError, ValueError):
        return False
    for kind, box in drawn:
        shapes += kind.endswith("path")
        if "image" in kind:
            x0, y0, x1, y1 = box
            covered += max(0.0, x1 - x0) * max(0.0, y1 - y0)
    return covered >= _MIN_COVERED * area or shapes >= _MIN_SHAPES

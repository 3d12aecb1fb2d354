"""Text read off the picture of a page, by the Tesseract that PyMuPDF brings; its language data are Debian's."""

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

#: Names the folder of language data: Tesseract's own variable.
VARIABLE = "TESSDATA_PREFIX"
#: What to do where there are none.
ADVICE = f"install tesseract-ocr-eng and set {VARIABLE} to its folder of .traineddata to have such pages read"

_DPI = 200
# A worker may use 20 s for a document and a page takes 2 s; what is left after this many is not begun.
_SECONDS = 12.0


def languages() -> tuple[str, ...]:
    """The languages whose data are there; none where the variable is not set."""
    folder = os.environ.get(VARIABLE, "")
    if not folder or not Path(folder).is_dir():
        return ()
    return tuple(sorted(path.stem for path in Path(folder).glob("*.traineddata") if path.stem != "osd"))


def read(document: Any, numbers: Iterable[int]) -> Iterator[tuple[int, Any, Any]]:
    """The numbers (from 0), pages and text pages of those that could be read while the time lasts."""
    import pymupdf

    known = "+".join(languages())
    until = time.process_time() + _SECONDS
    for number in numbers:
        if not known or time.process_time() > until:
            return
        page = document[number]
        try:
            found = page.get_textpage_ocr(language=known, dpi=_DPI, full=True, tessdata=os.environ[VARIABLE])
        except (pymupdf.mupdf.FzErrorBase, RuntimeError, ValueError):
            continue
        yield number, page, found

"""What became of a message, in fields: its delivery (RFC 3464), its reading (RFC 8098), a complaint (RFC 5965)."""

import re

from ingest.charset import as_declared
from ingest.formats.email.header import field

_FOLDED = re.compile(r"\n[ \t]+(?=\S)")
_FIELD = re.compile(r"([!-9;-~]+)[ \t]*:(.*)")


def groups(report: bytes) -> list[str]:
    """The groups of fields of a report, one for the message and one for each recipient; every field is one line.

    >>> groups(b"Reporting-MTA:dns;mx\\n\\nStatus:5.1.1\\nDiagnostic-Code: smtp; 550\\n no such user\\n")
    ['Reporting-MTA: dns;mx', 'Status: 5.1.1\\nDiagnostic-Code: smtp; 550 no such user']
    """
    text = as_declared(report)[0].replace("\r\n", "\n").replace("\r", "\n")
    blocks = re.split(r"\n(?:[ \t]*\n)+", _FOLDED.sub(" ", text).strip())
    return ["\n".join(map(_line, block.strip().split("\n"))) for block in blocks if block.strip()]


def _line(line: str) -> str:
    """A field, its encoded words decoded; what is none stays as it is."""
    found = _FIELD.match(line)
    return f"{found[1]}: {field(found[2])}" if found else line.strip()

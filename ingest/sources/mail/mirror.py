"""A copy of what a server has of a mail archive, made anew for each run."""

import shutil
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path

from ingest.formats.email import containers as mailbox
from ingest.formats.email.containers import Container


class Mirror:
    """A folder with what a server has of an archive; it goes when the program ends.

    address stands before the names of its files where one must be named. single says that every file is one message.
    lost is what could not be had, and why.
    """

    def __init__(self, address: str, *, single: bool = False) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="collabqa-mail-"))
        self.address = address
        self.single = single
        self.lost: list[str] = []
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    def put(self, name: str, data: bytes) -> None:
        """Add a file."""
        (self.folder / name).write_bytes(data)

    def containers(self) -> Iterator[Container]:
        """Its files, in order."""
        if self.single:
            yield from (Container(path, "message") for path in sorted(self.folder.iterdir()))
        else:
            yield from mailbox.containers(self.folder)

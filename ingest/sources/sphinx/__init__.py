"""A folder of documentation for MkDocs or Sphinx: its pages, in the order and under the parents that readers see.

Nothing is built or run: the configuration is read, the pages are read, and files that pages include are taken from the
folder alone.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from ingest.document import DocumentKind
from ingest.errors import MissingPath, Unreadable
from ingest.source import End, Item, Raw
from ingest.sources.sphinx.configuration import Documentation, described, is_documentation
from ingest.sources.sphinx.includes import Including
from ingest.sources.sphinx.tree import Page, pages

_FORMATS = {".rst": "rst", ".txt": "rst", ".ipynb": "notebook"}


def claims(path: Path) -> bool:
    """Whether a folder is documentation of MkDocs or Sphinx and little else."""
    return path.is_dir() and is_documentation(path)


@dataclass(frozen=True, slots=True)
class Source:
    """The documentation in a folder.

    url stands before the addresses of pages as they are published; without it addresses are file: addresses. version
    is that of the documentation, where its configuration does not say it.
    """

    path: Path
    name: str
    readers: frozenset[str]
    url: str = ""
    version: str = ""

    def listing(self) -> Iterator[Item | End]:
        """Every page in the order of the table of contents, then those that are in none; what else lies there."""
        if not self.path.exists():
            raise MissingPath(f"the source {self.name!r}: {self.path} does not exist")
        lost: list[str] = []
        documentation = described(self.path, lost)
        including = Including(self.path)
        found = pages(documentation, lost)
        texts = {page.relative: including.read(documentation.folder / page.relative, lost) for page in found}
        parts = including.parts - {documentation.folder / page.relative for page in found if page.placed}
        shown = [page for page in found if documentation.folder / page.relative not in parts]
        for page in shown:
            if texts[page.relative] is not None:
                yield self._item(documentation, page, texts[page.relative] or b"")
        yield from self._others({documentation.folder / page.relative for page in shown}, parts)
        if not shown and not lost:
            lost.append("there is no page of documentation")
        yield End(not lost, "; ".join(lost))

    def fetch(self, item: Item) -> Raw:
        """A page with what it includes; raises Unreadable where it cannot be had."""
        relative, parent, version = json.loads(item.locator)
        lost: list[str] = []
        including = Including(self.path)
        data = including.read(self.path / relative, lost)
        if data is None:
            raise Unreadable("; ".join(lost))
        name = Path(relative).name
        format_name = _FORMATS.get(Path(relative).suffix.lower(), "markdown")
        kind: DocumentKind = "notebook" if format_name == "notebook" else "page"
        return Raw(
            data, format_name, kind, name=name, parent=parent, version=version, warnings=tuple(including.warnings)
        )

    def _item(self, documentation: Documentation, page: Page, data: bytes) -> Item:
        version = self.version or documentation.version
        parent = self._address(documentation, page.parent) if page.parent else ""
        relative = (documentation.folder / page.relative).relative_to(self.path).as_posix()
        told = sha256(b"\0".join((data, parent.encode(), version.encode()))).hexdigest()
        return Item(self._address(documentation, page.relative), told, json.dumps([relative, parent, version]))

    def _address(self, documentation: Documentation, relative: str) -> str:
        """Where a page is published."""
        if not self.url:
            return (documentation.folder / relative).absolute().as_uri()
        place = Path(relative)
        stem = place.with_suffix("").as_posix()
        if documentation.folders:
            home = place.stem.lower() in ("index", "readme")
            parts = place.parent.as_posix() if home else stem
            published = "" if parts == "." else f"{parts}/"
        else:
            published = f"{stem}.html"
        return f"{self.url.rstrip('/')}/{quote(published)}"

    def _others(self, shown: set[Path], parts: set[Path]) -> Iterator[Item]:
        """What lies in the folder and is no page, with the reason."""
        for path in sorted(self.path.rglob("*")):
            hidden = any(name.startswith(".") for name in path.relative_to(self.path).parts)
            if path.is_file() and path not in shown and not hidden:
                reason = "part of a page that includes it" if path in parts else "no page of the documentation"
                yield Item(path.absolute().as_uri(), "", skipped=reason)

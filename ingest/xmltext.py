"""XML from bytes that anybody may have written."""

from typing import TYPE_CHECKING

from ingest.errors import Unreadable

if TYPE_CHECKING:
    from lxml.etree import _Element


def loaded(raw: bytes) -> "_Element":
    """The root of the XML in these bytes; entities stay as they are, and nothing is fetched. Raises Unreadable.

    >>> loaded(b'<a>1 &lt; 2</a>').text
    '1 < 2'
    """
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(raw, parser)
    except (etree.XMLSyntaxError, ValueError) as problem:
        raise Unreadable(f"no XML that can be read ({problem})") from None


def content(element: "_Element | None") -> str:
    """All characters inside an element as one line, "" for none."""
    return "" if element is None else " ".join("".join(map(str, element.itertext())).split())

"""A chunk is a slice of a document, cut where its structure allows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from typing import Literal
from uuid import NAMESPACE_URL, uuid5

from index.block import Block, Outline, Section, blocks, finer, sections, table_header
from index.embed import Embedder
from index.embedded import embedded
from ingest.document import Document, DocumentKind, Mark, Status

ChunkKind = Literal["prose", "table", "equation", "code", "slide", "message", "caption"]

#: Tokens that a chunk is filled up to, title and headings included; what must stay whole may reach the model's limit.
TARGET_TOKENS = 200
#: The title and the headings take at most this share of the model's limit.
PREFIX_SHARE = 0.25
#: A table's header that takes more than this share is not repeated.
HEADER_SHARE = 0.3
#: A model may take a word of a thousand characters for one unknown token; so this many count as a token at least.
CHARACTERS_PER_TOKEN = 16
#: Characters of a quoted chunk, which is shown and not embedded.
QUOTED_CHARACTERS = 4_000
#: Pieces whose tokens, summed over their parts, come this near to the limit are counted again as a whole.
UNSURE_SHARE = 0.1
#: Fewer tokens than this leave no room for text beside what the model adds itself.
MIN_TOKENS = 16


@dataclass(frozen=True, slots=True)
class Chunk:
    """A slice of a document's text: ``document.text[start:end] == text``.

    The chunks of a document cover it and never overlap. heading is the path of headings above ("Trigger > Menu 2024").
    A quoted chunk (an earlier mail, a signature) is kept for display and has neither vector nor terms; so is one of
    white space alone. embedded is the text that is embedded and cut into terms: title and heading path in front,
    table headers repeated, mathematics spelled; it is empty for a quoted chunk.
    """

    id: str
    uri: str
    link: str
    title: str
    heading: str
    text: str
    start: int
    end: int
    kind: ChunkKind
    quoted: bool
    embedded: str
    document_kind: DocumentKind
    source: str
    authors: tuple[str, ...]
    modified: datetime | None
    version: str
    status: Status
    readers: tuple[frozenset[str], ...]


def chunks(
    document: Document, embedder: Embedder, *, fingerprint: str = "", max_tokens: int = TARGET_TOKENS
) -> list[Chunk]:
    """The chunks of a document in order; none for an empty text.

    Each chunk's embedded text has at most embedder.max_tokens tokens. Paragraphs, rows and the like are put together
    up to max_tokens; a table, an equation, a code block, a list item or a slide is cut only above embedder.max_tokens:
    by rows, lines or sentences, then between words, at last inside a word. The ids depend on uri, text, start and
    fingerprint. Raises ValueError when either limit is below MIN_TOKENS.
    """
    if min(max_tokens, embedder.max_tokens) < MIN_TOKENS:
        raise ValueError(f"chunks of {min(max_tokens, embedder.max_tokens)} tokens: at least {MIN_TOKENS} are needed")
    if not document.text:
        return []
    cutter = _Cutter(document, embedder, min(max_tokens, embedder.max_tokens))
    seed = sha256(f"{document.text}\0{fingerprint}".encode(errors="surrogatepass")).hexdigest()
    return [_chunk(document, cutter, piece, seed) for piece in cutter.pieces()]


@dataclass(frozen=True, slots=True)
class _Atom:
    """A block, or a part of one, as it is embedded and what that costs in tokens."""

    block: Block
    embedded: str
    cost: int


@dataclass(frozen=True, slots=True)
class _Group:
    """A section with what stands in front of each of its chunks.

    anchor is where its own text begins, after its headings; dropped is the end of those headings that stand in the
    prefix word for word and are not embedded twice.
    """

    section: Section
    anchor: int
    path: tuple[str, ...]
    prefix: str
    prefix_cost: int
    dropped: int


@dataclass(frozen=True, slots=True)
class _Piece:
    """What will be a chunk: neighbouring atoms of a section. cost is the sum of its parts, its own tokens included."""

    group: _Group
    atoms: tuple[_Atom, ...]
    embedded: str
    cost: int

    @property
    def start(self) -> int:
        return self.atoms[0].block.start

    @property
    def end(self) -> int:
        return self.atoms[-1].block.end


class _Cutter:
    """Cuts one document; all tokens of a step are counted together."""

    def __init__(self, document: Document, embedder: Embedder, target: int) -> None:
        self.document = document
        self.marks: Sequence[Mark] = sorted(document.marks, key=lambda mark: (mark.start, -mark.end))
        self.outline = Outline(document.text, self.marks)
        self._text = document.text
        self._embedder = embedder
        self._own = 0
        self._headers: dict[str, int] = {"": 0}
        self._target = target
        self._limit = embedder.max_tokens

    def pieces(self) -> list[_Piece]:
        """The pieces in order of the text."""
        cut = sections(self._text, self.marks, self.outline)
        laid = [(section, blocks(self._text, section, self.marks)) for section in cut]
        groups = self._groups(laid)
        atoms = self._atoms(groups, [found for _, found in laid])
        packed = [piece for group, own in zip(groups, atoms, strict=True) for piece in self._packed(group, own)]
        return list(self._fitting(packed))

    def _costs(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text without those that the model adds."""
        return [count - self._own for count in self._embedder.tokens(texts)] if texts else []

    def _groups(self, laid: Sequence[tuple[Section, list[Block]]]) -> list[_Group]:
        anchors = [next((b.start for b in found if b.kind != "heading"), found[-1].start) for _, found in laid]
        paths = [self.outline.path(anchor) for anchor in anchors]
        prefixes = self._prefixes({*paths})
        groups = []
        for (section, found), anchor, path in zip(laid, anchors, paths, strict=True):
            prefix, cost, whole = prefixes[path]
            dropped = section.start
            for block in found if whole else ():
                if block.kind != "heading" or not self._in_path(block, path):
                    break
                dropped = block.end
            groups.append(_Group(section, anchor, path, prefix, cost, dropped))
        return groups

    def _in_path(self, heading: Block, path: tuple[str, ...]) -> bool:
        """Whether the path says all that a heading says."""
        own = self.outline.path(heading.start)
        words = " ".join(self._text[heading.start : heading.end].strip().strip("#").split())
        return bool(own) and own == path[: len(own)] and words == own[-1]

    def _prefixes(self, paths: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], tuple[str, int, bool]]:
        """By path: the title and the path in front of the text, its tokens, and whether nothing was cut off."""
        ordered = sorted(paths)
        whole = [_prefix(self.document.title, path) for path in ordered]
        most = int(PREFIX_SHARE * self._limit)
        found = {}
        self._own, *counts = self._embedder.tokens(["", *whole])
        for path, prefix, count in zip(ordered, whole, counts, strict=True):
            cost = count - self._own
            if cost <= most and len(prefix) <= most * CHARACTERS_PER_TOKEN:
                found[path] = (prefix, cost, True)
            else:
                found[path] = (*self._shortened(path, most), False)
        return found

    def _shortened(self, path: tuple[str, ...], most: int) -> tuple[str, int]:
        """A prefix of the last heading and of as much of the title and the heading as fits."""
        characters = 4 * most
        while characters:
            title = self.document.title[: characters // 2 if path else characters].strip()
            prefix = _prefix(title, tuple(name[: characters // 2].strip() for name in path[-1:]))
            cost = self._costs([prefix])[0]
            if cost <= most:
                return prefix, cost
            characters //= 2
        return "", 0

    def _atoms(self, groups: Sequence[_Group], laid: Sequence[Sequence[Block]]) -> list[list[_Atom]]:
        """The blocks of each section, those above the limit taken apart until each part fits."""
        whole: dict[Block, _Atom] = {}
        cut: dict[Block, list[Block]] = {}
        pending = [(group, block) for group, found in zip(groups, laid, strict=True) for block in found]
        while pending:
            texts = [self._shown(group, block) for group, block in pending]
            deeper: list[tuple[_Group, Block]] = []
            for (group, block), text, count in zip(pending, texts, self._costs(texts), strict=True):
                cost = max(count, self._least(block)) if text else 0
                if self._too_long(group, block, cost):
                    cut[block] = finer(self._text, block)
                    deeper.extend((group, part) for part in cut[block])
                else:
                    whole[block] = _Atom(block, text, cost)
            pending = deeper

        def leaves(block: Block) -> Iterator[_Atom]:
            if block in whole:
                yield whole[block]
            for part in cut.get(block, ()):
                yield from leaves(part)

        return [[atom for block in found for atom in leaves(block)] for found in laid]

    def _shown(self, group: _Group, block: Block) -> str:
        """A block as it is embedded; nothing of a quote and of a heading that stands in the prefix."""
        if group.section.quoted or block.end <= group.dropped:
            return ""
        return embedded(self._text[block.start : block.end], mathematics=block.kind != "code")

    def _too_long(self, group: _Group, block: Block, cost: int) -> bool:
        length = block.end - block.start
        if group.section.quoted:
            return length > QUOTED_CHARACTERS
        return length > 1 and cost > self._limit - self._own - group.prefix_cost

    def _least(self, block: Block) -> int:
        """What a block costs at least, by its characters that are not white space."""
        if block.end - block.start < CHARACTERS_PER_TOKEN:
            return 0
        return sum(map(len, self._text[block.start : block.end].split())) // CHARACTERS_PER_TOKEN

    def _packed(self, group: _Group, atoms: Sequence[_Atom]) -> Iterator[_Piece]:
        """Neighbouring atoms together, in pieces of about equal length up to the target."""
        if group.section.quoted:
            start = atoms[0].block.start
            for _, some in groupby(atoms, key=lambda atom: (atom.block.start - start) // QUOTED_CHARACTERS):
                yield _Piece(group, tuple(some), "", 0)
            return
        limit = self._limit if group.section.place == "slide" else self._target
        room = limit - self._own - group.prefix_cost
        total = sum(atom.cost for atom in atoms)
        enough = -(-total // max(1, -(-total // room)))
        taken: list[_Atom] = []
        filled, left = 0, total
        for atom in atoms:
            if taken and (filled + atom.cost > room or (filled >= enough and filled + left > room)):
                yield self._piece(group, taken)
                taken, filled = [], self._header_cost(atom.block)
            taken.append(atom)
            filled += atom.cost
            left -= atom.cost
        yield self._piece(group, taken)

    def _header_cost(self, block: Block) -> int:
        header = self._header(block)
        if header not in self._headers:
            self._headers[header] = self._costs([header])[0]
        return self._headers[header]

    def _header(self, block: Block) -> str:
        """The header of the table that a piece goes on with when it begins with this block; else ""."""
        if block.kind != "table" or block.start <= block.first:
            return ""
        header = table_header(self._text, block.first, block.start)
        return header if len(header) < HEADER_SHARE * self._limit * 4 else ""

    def _piece(self, group: _Group, atoms: Sequence[_Atom]) -> _Piece:
        first = atoms[0].block
        body = "".join(atom.embedded for atom in atoms).strip()
        parts = [group.prefix, self._header(first), body]
        shown = "\n".join(part for part in parts if part) or self._text[first.start : atoms[-1].block.end].strip()
        cost = self._own + group.prefix_cost + self._header_cost(first) + sum(atom.cost for atom in atoms)
        return _Piece(group, tuple(atoms), shown, cost)

    def _fitting(self, pieces: Sequence[_Piece]) -> Iterator[_Piece]:
        """The same pieces, those that have too many tokens after all made shorter.

        The tokens of parts that white space divides add up; a tokenizer with other habits is given UNSURE_SHARE.
        """
        unsure = [piece for piece in pieces if piece.cost > (1 - UNSURE_SHARE) * self._limit - len(piece.atoms)]
        counts = dict(zip(map(id, unsure), self._tokens(unsure), strict=True))
        for piece in pieces:
            if counts.get(id(piece), 0) > self._limit:
                yield from self._shorter(piece)
            else:
                yield piece

    def _tokens(self, pieces: Sequence[_Piece]) -> list[int]:
        return self._embedder.tokens([piece.embedded for piece in pieces]) if pieces else []

    def _shorter(self, piece: _Piece) -> Iterator[_Piece]:
        """A piece without its mathematics in words; if that is not enough, in two."""
        plain = self._piece(piece.group, [self._without_words(atom) for atom in piece.atoms])
        if self._tokens([plain])[0] <= self._limit:
            yield plain
            return
        atoms = piece.atoms
        if len(atoms) == 1:
            parts = finer(self._text, atoms[0].block)
            atoms = tuple(_Atom(part, self._shown(piece.group, part), 0) for part in parts)
        half = len(atoms) // 2
        for some in (atoms[:half], atoms[half:]):
            part = self._piece(piece.group, some)
            yield from [part] if self._tokens([part])[0] <= self._limit else self._shorter(part)

    def _without_words(self, atom: _Atom) -> _Atom:
        text = self._text[atom.block.start : atom.block.end]
        return _Atom(atom.block, embedded(text, mathematics=False), atom.cost) if atom.embedded else atom


def _prefix(title: str, path: tuple[str, ...]) -> str:
    """The title on a line, the headings on another; a first heading that repeats the title is left out."""
    title = " ".join(title.split())
    if path and path[0].casefold() == title.casefold():
        path = path[1:]
    return "\n".join(part for part in (title, " > ".join(path)) if part)


def _chunk(document: Document, cutter: _Cutter, piece: _Piece, seed: str) -> Chunk:
    text = document.text[piece.start : piece.end]
    begin = piece.start + len(text) - len(text.lstrip())
    quoted = piece.group.section.quoted or not text.strip()
    return Chunk(
        id=str(uuid5(NAMESPACE_URL, f"{document.uri}\0{seed}\0{piece.start}")),
        uri=document.uri,
        link=document.uri + cutter.outline.fragment(max(begin, piece.group.anchor)),
        title=document.title,
        heading=" > ".join(piece.group.path),
        text=text,
        start=piece.start,
        end=piece.end,
        kind=_kind(document, piece),
        quoted=quoted,
        embedded="" if quoted else piece.embedded,
        document_kind=document.kind,
        source=document.source,
        authors=document.authors,
        modified=document.modified,
        version=document.version,
        status=document.status,
        readers=document.readers,
    )


def _kind(document: Document, piece: _Piece) -> ChunkKind:
    """Slide or message by where it stands, else the kind of block that makes up more than half of it."""
    place = piece.group.section.place
    if place:
        return place
    if document.kind == "mail":
        return "message"
    characters: dict[str, int] = {}
    for atom in piece.atoms:
        characters[atom.block.kind] = characters.get(atom.block.kind, 0) + atom.block.end - atom.block.start
    most = max(characters, key=lambda kind: characters[kind])
    kinds: tuple[ChunkKind, ...] = ("table", "equation", "code", "caption")
    return next((kind for kind in kinds if kind == most and 2 * characters[most] > piece.end - piece.start), "prose")

"""Answers, passages and reports as the JSON that the command line prints and the API sends."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from app.answer import Answer, Citation, Claim
from app.assistant import Done, Event, Judged, Stage, Words
from app.labels import below
from index.chunk import Chunk
from index.report import Held, Progress, Report, Status
from ingest.document import Document
from retriever.passage import Passage

Json: TypeAlias = Mapping[str, "Json"] | Sequence["Json"] | str | int | float | bool | None


def passage(found: Passage, rank: int) -> dict[str, Json]:
    """A passage at its rank, from 1."""
    chunk = found.chunk
    return {
        "rank": rank,
        "score": round(found.score, 6),
        "ranks": dict(found.ranks),
        "uri": chunk.uri,
        "link": chunk.link,
        "title": chunk.title,
        "heading": below(chunk.title, chunk.heading),
        "document_kind": chunk.document_kind,
        "chunk_kind": chunk.kind,
        "source": chunk.source,
        "text": chunk.text,
        "modified": chunk.modified.isoformat() if chunk.modified else None,
        "status": chunk.status,
        "copies": [{"uri": each.uri, "link": each.link, "title": each.title} for each in found.copies],
    }


def search(question: str, passages: Sequence[Passage], notes: Sequence[str], seconds: float) -> dict[str, Json]:
    """What a search found."""
    return {
        "question": question,
        "passages": [passage(each, rank) for rank, each in enumerate(passages, 1)],
        "notes": list(notes),
        "seconds": round(seconds, 4),
    }


def citation(made: Citation) -> dict[str, Json]:
    """A place that a sentence rests on."""
    chunk = made.passage.chunk
    return {
        "marker": made.marker,
        "uri": chunk.uri,
        "link": chunk.link,
        "title": chunk.title,
        "heading": below(chunk.title, chunk.heading),
        "document_kind": chunk.document_kind,
        "modified": chunk.modified.isoformat() if chunk.modified else None,
        "status": chunk.status,
        "quote": made.quote,
        "start": made.start,
        "end": made.end,
        "verdict": made.verdict,
    }


def claim(made: Claim) -> dict[str, Json]:
    """A sentence and its citations."""
    return {"sentence": made.sentence, "citations": [citation(each) for each in made.citations]}


def answer(made: Answer) -> dict[str, Json]:
    """A whole answer."""
    return {
        "question": made.question,
        "text": made.text,
        "refused": made.refused,
        "claims": [claim(each) for each in made.claims],
        "passages": [passage(each, rank) for rank, each in enumerate(made.passages, 1)],
        "model": made.model,
        "unknown_markers": made.unknown_markers,
        "notes": list(made.notes),
        "provenance": dict(made.provenance),
        "seconds": round(made.seconds, 4),
    }


def event(happened: Event) -> dict[str, Json]:
    """A step of an answer in the making, with its name under "event"."""
    match happened:
        case Stage(name):
            return {"event": "stage", "stage": name}
        case Words(text):
            return {"event": "words", "text": text}
        case Judged(made):
            return {"event": "claim", "claim": claim(made)}
        case Done(whole):
            return {"event": "answer", "answer": answer(whole)}


def progress(made: Progress) -> dict[str, Json]:
    """How far an ingest is."""
    return {"event": "progress", "source": made.source, "done": made.done, "total": made.total}


def report(made: Report) -> dict[str, Json]:
    """What an ingest did."""
    return {
        "found": made.found,
        "indexed": made.indexed,
        "unchanged": made.unchanged,
        "skipped": [{"uri": uri, "reason": reason} for uri, reason in made.skipped],
        "quarantined": [{"uri": uri, "reason": reason} for uri, reason in made.quarantined],
        "removed": made.removed,
        "incomplete": [{"source": source, "reason": reason} for source, reason in made.incomplete],
        "failed": [{"source": source, "reason": reason} for source, reason in made.failed],
        "notes": list(made.notes),
        "seconds": round(made.seconds, 3),
    }


def status(made: Status, named: Sequence[str], *, folder: str) -> dict[str, Json]:
    """What the index holds; named are the sources of the settings, which are shown even if they were never read."""
    held = {name: Held(name) for name in named} | {each.source: each for each in made.sources}
    return {
        "data": folder,
        "model": made.model,
        "documents": made.documents,
        "chunks": made.chunks,
        "sources": [_held(held[name]) for name in sorted(held)],
        "syncs": [
            {"source": each.source, "finished": each.finished, "complete": each.complete, "reason": each.reason}
            for each in made.syncs
        ],
        "skipped": made.skipped,
        "quarantined": [{"uri": each.uri, "reason": each.reason, "source": each.source} for each in made.quarantined],
    }


def _held(made: Held) -> dict[str, Json]:
    """What the index holds of a source; times are ISO times in UTC, null for never and for none."""
    sync = made.sync
    return {
        "source": made.source,
        "documents": made.documents,
        "chunks": made.chunks,
        "skipped": made.skipped,
        "quarantined": made.quarantined,
        "oldest": made.oldest or None,
        "newest": made.newest or None,
        "last_try": sync.finished if sync else None,
        "last_complete": sync.completed or None if sync else None,
        "complete": bool(sync and sync.complete),
        "reason": sync.reason if sync else "it was never read",
    }


def document(made: Document, chunks: Sequence[Chunk]) -> dict[str, Json]:
    """A document as the index sees it."""
    return {
        "uri": made.uri,
        "kind": made.kind,
        "source": made.source,
        "title": made.title,
        "parent": made.parent,
        "thread": made.thread,
        "authors": list(made.authors),
        "modified": made.modified.isoformat() if made.modified else None,
        "version": made.version,
        "status": made.status,
        "readers": [sorted(clause) for clause in made.readers],
        "warnings": list(made.warnings),
        "links": list(made.links),
        "text": made.text,
        "marks": [
            {"start": m.start, "end": m.end, "kind": m.kind, "level": m.level, "label": m.label, "fragment": m.fragment}
            for m in made.marks
        ],
        "chunks": [
            {
                "id": each.id,
                "start": each.start,
                "end": each.end,
                "kind": each.kind,
                "heading": each.heading,
                "link": each.link,
                "quoted": each.quoted,
                "text": each.text,
            }
            for each in chunks
        ],
    }

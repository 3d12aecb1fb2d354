"""The same retriever as a LlamaIndex BaseRetriever, for notebooks and pipelines that are built on LlamaIndex."""

from typing import Any

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from index.store import Scope
from retriever.hybrid import Hybrid
from retriever.passage import Passage


class CollabqaRetriever(BaseRetriever):
    """Answers a LlamaIndex query with nodes from a collabqa index, as far as the scope lets the asker see them."""

    def __init__(self, hybrid: Hybrid, scope: Scope, k: int = 10) -> None:
        super().__init__()
        self._hybrid = hybrid
        self._scope = scope
        self._k = k

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        found = self._hybrid.retrieve(query_bundle.query_str, scope=self._scope, k=self._k)
        return [NodeWithScore(node=node(passage), score=passage.score) for passage in found.passages]


def node(passage: Passage) -> TextNode:
    """A passage as a LlamaIndex node: its id is the chunk's, its metadata what a citation needs."""
    chunk = passage.chunk
    metadata: dict[str, Any] = {
        "uri": chunk.uri,
        "link": chunk.link,
        "title": chunk.title,
        "heading": chunk.heading,
        "source": chunk.source,
        "document_kind": chunk.document_kind,
        "modified": chunk.modified.isoformat() if chunk.modified else None,
        "start": chunk.start,
        "end": chunk.end,
        "ranks": dict(passage.ranks),
    }
    hidden = [key for key in metadata if key not in ("title", "heading")]
    return TextNode(
        id_=chunk.id,
        text=chunk.text,
        metadata=metadata,
        excluded_llm_metadata_keys=hidden,
        excluded_embed_metadata_keys=hidden,
    )

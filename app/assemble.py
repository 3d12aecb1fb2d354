"""The parts put together as the settings say."""

from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from app.assistant import Assistant
from app.config import Settings, cache_folder, qdrant_key
from app.model import LanguageModel, OpenAILikeModel
from app.verify import OverlapVerifier
from index.aside import Aside
from index.build import Index
from index.embed import Embedder, HttpEmbedder, SentenceTransformersEmbedder, VectorCache, embedder
from index.store import Store
from ingest.archive import Archive
from ingest.manifest import Manifest
from retriever.hybrid import Hybrid


@dataclass(frozen=True, slots=True)
class Site:
    """An open index and everything that answers from it. One process has it; close() lets go of it."""

    settings: Settings
    folder: Path
    index: Index
    hybrid: Hybrid
    assistant: Assistant

    def close(self) -> None:
        """Let go of the index."""
        self.index.close()


def site(settings: Settings, folder: Path) -> Site:
    """Open the index in a data folder, making it when there is none.

    Raises StoreBusy when another process has it, StoreUnavailable, OtherModel, ModelDamaged.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    embeds = embedding(settings)
    with ExitStack() as opened:
        held = store(settings, folder, embeds.dim)
        opened.callback(held.close)
        index = Index(
            manifest=Manifest(folder / "manifest.sqlite"),
            archive=Archive(folder / "archive.sqlite"),
            store=held,
            embedder=embeds,
            vectors=VectorCache(folder / "vectors.sqlite"),
        )
        hybrid = Hybrid(held, embeds)
        assistant = Assistant(
            index,
            hybrid=hybrid,
            embedder=embeds,
            verifier=OverlapVerifier(embeds),
            model=_model(settings),
            collaboration=settings.collaboration.name,
            prompt_tokens=settings.model.context_tokens - settings.model.answer_tokens,
        )
        # Only what failed to open lets go of the store, so that whoever tries again finds it free.
        opened.pop_all()
    return Site(settings, folder, index, hybrid, assistant)


def aside(owned: Site) -> Aside | None:
    """What embeds an ingest while this process answers questions; None where no processor of ours embeds."""
    asked = owned.settings.embedding
    embeds = owned.index.embedder
    if isinstance(embeds, HttpEmbedder):
        return None
    if isinstance(embeds, SentenceTransformersEmbedder) and asked.device != "cpu":
        import torch

        # A second copy of the model would need the memory of a GPU, and questions wait little for it.
        if asked.device != "auto" or torch.cuda.is_available():
            return None
    return Aside(embeds, partial(embedder, asked.model, asked.device, cache_folder()))


def embedding(settings: Settings) -> Embedder:
    """The embedder of the settings; raises MissingLibrary, ModelDamaged."""
    asked = settings.embedding
    if asked.url:
        return HttpEmbedder(asked.url, asked.model)
    return embedder(asked.model, asked.device, cache_folder())


def store(settings: Settings, folder: Path, dim: int) -> Store:
    """The store of the settings, made when there is none; raises StoreBusy, StoreUnavailable, OtherModel."""
    if settings.index.url:
        from index.server import ServerStore

        return ServerStore(settings.index.url, settings.index.collection, dim, api_key=qdrant_key())
    from index.edge import EdgeStore

    return EdgeStore(folder / "store", dim)


def _model(settings: Settings) -> LanguageModel | None:
    asked = settings.model
    if not asked.kind:
        return None
    return OpenAILikeModel(
        url=asked.url,
        name=asked.name,
        timeout_seconds=asked.timeout_seconds,
        context_tokens=asked.context_tokens,
        answer_tokens=asked.answer_tokens,
    )

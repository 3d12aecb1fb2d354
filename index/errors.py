"""What can go wrong in the index, one class each; the docstring is the start of the message.

CollabqaError (ingest.errors)
  TextTooLong          a text has more tokens than the model takes
  ModelDamaged         the model's file is not the one that was published
  EmbedderUnavailable  the embedding server does not answer
  StoreBusy            another process owns the embedded store
  StoreUnavailable     the Qdrant server does not answer
  OtherModel           the index was built with another model or pipeline
"""

from ingest.errors import CollabqaError


class TextTooLong(CollabqaError):
    """A text has more tokens than the model takes."""


class ModelDamaged(CollabqaError):
    """The model's file is not the one that was published."""


class EmbedderUnavailable(CollabqaError):
    """The embedding server does not answer, or not with vectors."""


class StoreBusy(CollabqaError):
    """Another process owns the embedded store."""


class StoreUnavailable(CollabqaError):
    """The Qdrant server does not answer."""


class OtherModel(CollabqaError):
    """The index was built with another model."""


class IncompleteWrite(CollabqaError):
    """The store acknowledged points and does not hold them."""

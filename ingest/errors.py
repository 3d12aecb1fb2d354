"""What can go wrong while reading, one class each; the docstring is the start of the message.

CollabqaError
  BadSource            a source cannot be used as it is set
    BadSourceSettings  a table of the settings names a wrong kind or key
    MissingPath        a path that does not exist
    ListingBroke       a source met something unforeseen while it was listed
  Unreadable           one item cannot be read; it goes into quarantine with the reason
    TooLarge           above the limit of its format
    ParserFailed       the worker process died, hung or ran out of memory
  MissingLibrary       an optional library is not installed; names the command that installs it
"""


class CollabqaError(Exception):
    """Anything that collabqa itself raises for a person to read."""


class BadSource(CollabqaError):
    """A source cannot be used as it is set."""


class BadSourceSettings(BadSource):
    """A table of the settings names a wrong kind or key."""


class MissingPath(BadSource):
    """A path that does not exist."""


class ListingBroke(BadSource):
    """A source met something unforeseen while it was listed."""


class Unreadable(CollabqaError):
    """One item cannot be read; it goes into quarantine with this reason."""


class TooLarge(Unreadable):
    """An item is larger than the limit of its format."""


class ParserFailed(Unreadable):
    """The worker process that was parsing died, hung or ran out of memory."""


class MissingLibrary(CollabqaError):
    """An optional library is not installed; the message names the command that installs it."""

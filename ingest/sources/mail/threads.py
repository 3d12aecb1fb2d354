"""What a listing of mail has met so far: which messages are the same, and which belong together."""

from dataclasses import dataclass, field
from email.message import Message

from ingest.formats.email import header, message


@dataclass(slots=True)
class Seen:
    """Uris, messages by what they say, and the thread of each message id and subject."""

    uris: set[str] = field(default_factory=set)
    same: dict[str, str] = field(default_factory=dict)
    repeats: dict[str, int] = field(default_factory=dict)
    threads: dict[str, str] = field(default_factory=dict)
    subjects: dict[str, str] = field(default_factory=dict)

    def thread(self, whole: Message, own: str) -> str:
        """The id of the message that the thread of this one started with; replies without ids go by their subject."""
        subject = header.field(message.value(whole, "subject"))
        base = header.base_subject(subject)
        first = next(iter(header.identifiers(message.value(whole, "references"))), "") or message.answered(whole)
        if first:
            root = self.threads.get(first, first)
        else:
            root = self.subjects.get(base, own) if header.is_reply(subject) and base else own
        self.threads.setdefault(own, root)
        self.subjects.setdefault(base, root)
        return root

"""What a listing of mail has met so far: which messages are the same, and which belong together."""

from dataclasses import dataclass, field
from email.message import Message

from ingest.formats.email import header, message

# The thread pages of one archive (docs/figures.md) start a thread anew after a single message that was sent elsewhere:
# F1 of pairs 1.00 with none, .97 with one, .92 without a limit. One is let through: a private answer belongs to its
# thread.
MOST_ELSEWHERE = 1


@dataclass(slots=True)
class Seen:
    """Uris, messages by what they say, and the thread of each message id and subject."""

    uris: set[str] = field(default_factory=set)
    same: dict[str, str] = field(default_factory=dict)
    repeats: dict[str, int] = field(default_factory=dict)
    threads: dict[str, str] = field(default_factory=dict)
    subjects: dict[str, str] = field(default_factory=dict)

    def thread(self, whole: Message, own: str) -> str:
        """The id of the message that the thread of this one started with; replies without ids go by their subject.

        Where a discussion went on elsewhere for several messages before this one came, it is a thread of its own.
        """
        subject = header.field(message.value(whole, "subject"))
        base = header.base_subject(subject)
        before = list(header.identifiers(message.value(whole, "references")))
        answered = message.answered(whole)
        if answered and answered not in before:
            before.append(answered)
        if before:
            root = self._root(before)
        else:
            root = self.subjects.get(base, own) if header.is_reply(subject) and base else own
        self.threads.setdefault(own, root)
        self.subjects.setdefault(base, root)
        return root

    def _root(self, before: list[str]) -> str:
        """The thread of the last message before this one that is here, if at most MOST_ELSEWHERE came in between."""
        here = next((place for place in reversed(range(len(before))) if before[place] in self.threads), None)
        if here is None:
            return before[0]
        elsewhere = before[here + 1 :]
        return self.threads[before[here]] if len(elsewhere) <= MOST_ELSEWHERE else elsewhere[0]

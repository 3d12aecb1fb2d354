"""What one thread brings forth line by line, sent as it comes, and dropped when nobody listens any more."""

from collections.abc import AsyncIterator, Generator
from contextlib import suppress

import anyio.to_thread


async def streamed(lines: Generator[str, None, None]) -> AsyncIterator[str]:
    """The lines, each made in a worker thread.

    When the listener goes away the generator is closed: at once, or when it has made the line that it is at.
    """
    alone = False

    def following() -> str | None:
        line = next(lines, None)
        if alone:
            lines.close()
        return line

    try:
        while (line := await anyio.to_thread.run_sync(following, abandon_on_cancel=True)) is not None:
            yield line
    finally:
        alone = True
        # A generator cannot be closed while a thread is inside; that thread does it then.
        with suppress(ValueError):
            lines.close()

"""What one thread brings forth line by line, sent as it comes, and dropped when nobody listens any more."""

from collections.abc import AsyncIterator, Generator
from contextlib import suppress

import anyio.to_thread


async def streamed(lines: Generator[str, None, None]) -> AsyncIterator[str]:
    """The lines, each made in a worker thread.

    When the listener goes away the generator is closed: at once, or when it has made the line it is at.
    """
    try:
        while True:
            line = await anyio.to_thread.run_sync(next, lines, None, abandon_on_cancel=True)
            if line is None:
                return
            yield line
    finally:
        # While a thread is still inside, it cannot be closed; it is when that thread lets go of it.
        with suppress(ValueError):
            lines.close()

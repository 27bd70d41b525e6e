"""The hub's own tasks: whoever of them dies ends the hub, and a stop ends them all."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any

STOP_SECONDS = 4.0
"""Real seconds that a stop waits for them."""


class Crew:
    """The tasks of the hub; the first that dies fails `died`."""

    def __init__(self, died: asyncio.Future[None]) -> None:
        self.died = died
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Run something that must not end."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._note_end)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something short, such as the sending of a command."""
        self.start(work, "errand")

    def _note_end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or self.died.done():
            return
        error = task.exception()
        if error is not None:
            self.died.set_exception(error)

    async def stop(self) -> None:
        """Cancel all, and wait for their ends."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_SECONDS)


@contextlib.asynccontextmanager
async def open_crew(died: asyncio.Future[None] | None = None) -> AsyncIterator[Crew]:
    """Have a crew while the block runs; with `died` one that ends with another."""
    crew = Crew(died or asyncio.get_running_loop().create_future())
    try:
        yield crew
    finally:
        await crew.stop()

"""A timer of the hub's clock that is seldom set anew, since each batch asks for one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf

from hub.clock import Clock


class Timer:
    """Calls `ring` at the instant that was set, or before: who has set a later one looks again."""

    def __init__(self, clock: Clock, ring: Callable[[], None]) -> None:
        self._clock = clock
        self._ring = ring
        self._due = inf
        self._task: asyncio.Task[None] | None = None

    def set(self, due: float) -> None:
        """Ring at `due` (epoch seconds of the clock) at the latest."""
        if self._due <= due:
            return
        self.close()
        self._due = due
        self._task = asyncio.get_running_loop().create_task(self._wait(due))

    def close(self) -> None:
        """Do not ring any more."""
        self._due = inf
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _wait(self, due: float) -> None:
        await self._clock.sleep(due - self._clock.now())
        self._due, self._task = inf, None
        self._ring()

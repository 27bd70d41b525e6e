"""The one clock: everything that needs the time is handed a Clock, and nothing asks the system."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time in seconds since the epoch, UTC, and sleeps in the same seconds."""

    def now(self) -> float:
        """Return the current instant in epoch seconds."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds` of this clock's time."""
        ...


class SystemClock:
    """The machine's clock, optionally sped up.

    With `speed` 60 an hour passes in a minute. Processes that share `origin` (epoch seconds of
    the system's clock) agree about the time, also after a restart.
    """

    def __init__(self, *, speed: float = 1.0, origin: float = 0.0) -> None:
        self._speed = speed
        self._origin = origin

    def now(self) -> float:
        """Return the current instant in epoch seconds, sped up from the origin on."""
        real = time.time()
        if self._speed == 1.0:
            return real
        return self._origin + (real - self._origin) * self._speed

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds` of this clock's time."""
        await asyncio.sleep(max(0.0, seconds) / self._speed)


class ManualClock:
    """A clock that moves only when told; sleepers wake in order."""

    def __init__(self, start: float = 1_764_000_000.0) -> None:
        self._now = start
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []
        self._order = itertools.count()

    def now(self) -> float:
        """Return the instant that the clock was last moved to."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been moved on by `seconds`."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        event = asyncio.Event()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), event))
        await event.wait()

    async def advance(self, seconds: float) -> None:
        """Move on by `seconds`, waking each sleeper at its own instant."""
        target = self._now + seconds
        while self._sleepers and self._sleepers[0][0] <= target:
            due, _, event = heapq.heappop(self._sleepers)
            self._now = max(self._now, due)
            event.set()
            for _ in range(5):
                await asyncio.sleep(0)
        self._now = target

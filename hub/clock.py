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


STEP = 120.0
"""Seconds by which the machine's clock may be elsewhere before that is a question of who is right;
so far off may a device's clock be as well."""
SLEW = 0.01
"""Seconds in a second by which a smaller difference is made up for."""
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def uptime() -> float:
    """Return seconds since some instant; nobody sets it, and it goes on while a machine sleeps."""
    return time.clock_gettime(_STEADY)


class SystemClock:
    """The machine's clock as it was at the start, optionally sped up: nobody sets it from then on.

    With `speed` 60 an hour passes in a minute. Processes that share `origin` (epoch seconds of
    the system's clock) agree about the time, also after a restart.
    """

    def __init__(self, *, speed: float = 1.0, origin: float = 0.0) -> None:
        self._speed = speed
        self._origin = origin
        self._started = time.time() - uptime()
        self._followed = uptime()

    def now(self) -> float:
        """Return the current instant in epoch seconds, sped up from the origin on."""
        real = uptime() + self._started
        if self._speed == 1.0:
            return real
        return self._origin + (real - self._origin) * self._speed

    def follow(self) -> float:
        """Follow the machine's clock slowly where it was set by little; call it every second or so.

        Returns by how many seconds of this clock that is ahead where it was set by more, or 0.0.
        """
        now = uptime()
        off = time.time() - now - self._started
        limit, self._followed = SLEW * (now - self._followed), now
        if abs(off) > STEP:
            return off * self._speed
        self._started += max(-limit, min(limit, off))
        return 0.0

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

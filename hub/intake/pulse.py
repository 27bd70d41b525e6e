"""Wakes the readers of the journal after each commit, in this process."""

from __future__ import annotations

import asyncio
from collections import deque

REMEMBERED = 4096
"""Commits whose changed devices are remembered; a reader further behind is told of all devices."""


class CommitPulse:
    """Knows the last committed number and which devices changed lately."""

    def __init__(self, last_seq: int) -> None:
        self._last = last_seq
        self._mark = 0
        self._changes: deque[tuple[int, frozenset[str]]] = deque(maxlen=REMEMBERED)
        self._all: set[str] = set()
        self._beat = asyncio.Event()

    def beat(self, last_seq: int, devices: frozenset[str]) -> None:
        """Say that a commit has gone through."""
        self._last = last_seq
        if devices:
            self._mark += 1
            self._changes.append((self._mark, devices))
            self._all.update(devices)
        self._beat.set()
        self._beat = asyncio.Event()

    def last_seq(self) -> int:
        """Return the number of the last committed entry."""
        return self._last

    async def wait(self, after: int, timeout: float) -> int:  # noqa: ASYNC109 - real seconds of a poll
        """Return the last number once it exceeds `after`, or after `timeout` real seconds."""
        try:
            async with asyncio.timeout(timeout):
                while self._last <= after:
                    await self._beat.wait()
        except TimeoutError:
            pass
        return self._last

    async def next_beat(self, timeout: float) -> None:  # noqa: ASYNC109 - real seconds of a poll
        """Return after the next commit of any kind, or after `timeout` real seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._beat.wait()
        except TimeoutError:
            pass

    def changed_devices(self, since: int) -> tuple[int, set[str]]:
        """Return (new mark, ids of devices that changed since the mark `since`)."""
        if self._changes and since < self._changes[0][0] - 1:
            return self._mark, set(self._all)
        changed: set[str] = set()
        for mark, devices in reversed(self._changes):
            if mark <= since:
                break
            changed |= devices
        return self._mark, changed

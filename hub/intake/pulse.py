"""Wakes the readers of the journal after each commit that has news for them, in this process."""

from __future__ import annotations

import asyncio
from itertools import takewhile


class CommitPulse:
    """Knows the last committed number and which devices changed lately."""

    def __init__(self, last_seq: int) -> None:
        self._last = last_seq
        self._mark = 0
        self._changed_at: dict[str, int] = {}
        """Device → mark of its last change, the latest last."""
        self._news = asyncio.Event()

    def beat(self, last_seq: int, devices: frozenset[str]) -> None:
        """Say that a commit has gone through."""
        if devices:
            self._mark += 1
            changed, mark = self._changed_at, self._mark
            for device in devices:
                changed.pop(device, None)
                changed[device] = mark
        if last_seq > self._last:
            self._last = last_seq
            self._news.set()
            self._news.clear()

    def last_seq(self) -> int:
        """Return the number of the last committed entry."""
        return self._last

    async def wait(self, after: int, timeout: float) -> int:  # noqa: ASYNC109 - real seconds of a poll
        """Return the last number once it exceeds `after`, or after `timeout` real seconds."""
        try:
            async with asyncio.timeout(timeout):
                while self._last <= after:
                    await self._news.wait()
        except TimeoutError:
            pass
        return self._last

    def changed_devices(self, since: int) -> tuple[int, set[str]]:
        """Return (new mark, ids of devices that changed since the mark `since`)."""
        later = takewhile(lambda each: each[1] > since, reversed(self._changed_at.items()))
        return self._mark, {device for device, _ in later}

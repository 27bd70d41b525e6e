"""Lets a plan's devices speak at their pace, and waits until a store has taken everything."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.chaos.checker import read_messages
from tests.chaos.plan import Line, Plan
from tests.support.publisher import Publisher

STALLED = 15.0
"""Seconds without progress after which what is missing counts as lost."""
SETTLING = 4.0
"""Seconds for the last holds to run out; the longest takes 3 s."""


async def speak(plan: Plan, publisher: Publisher) -> float:
    """Say every line of the plan when it is due; returns the seconds that it took.

    Event times are the plan's own, so that a busy machine does not make a flicker longer.
    """
    start = time.time()
    for line in plan.lines():
        wait = start + line.at - time.time()
        if wait > 0:
            await asyncio.sleep(wait)
        _say(publisher, line, start)
    return time.time() - start


async def drain(store: Path, publisher: Publisher) -> None:
    """Return once every acknowledged message is stored, or nothing more arrives."""
    left, since = -1, time.monotonic()
    while time.monotonic() - since < STALLED:
        missing = len(publisher.acknowledged - read_messages(store))
        if missing != left:
            left, since = missing, time.monotonic()
        if not missing:
            break
        await asyncio.sleep(0.3)
    await asyncio.sleep(SETTLING)


def _say(publisher: Publisher, line: Line, start: float) -> None:
    publisher.say(line.device, line.topic, line.body, at=start + line.at)

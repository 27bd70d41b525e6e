"""Lets a plan's devices speak at their pace, and waits until a store has taken everything."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Protocol

from rules.cut import LONGEST_RETURN, RETURN_TIME
from tests.chaos.checker import count_raised, read_messages
from tests.chaos.plan import Line, Plan
from tests.support.publisher import Key, Publisher

STALLED = LONGEST_RETURN + 10.0
"""Seconds without progress after which what is missing counts as lost."""
SETTLING = 4.0 + 2 * RETURN_TIME
"""Seconds for the last holds to run out; the longest takes 3 s, and waits after a short cut."""


Say = Callable[[Publisher, Line, float], None]
"""Says a line, given when the plan began in epoch seconds."""


def say_once(publisher: Publisher, line: Line, start: float) -> None:
    """Say a line at the time of the plan."""
    publisher.say(line.device, line.topic, line.body, at=start + line.at)


async def speak(plan: Plan, publisher: Publisher, say: Say = say_once, until: float = inf) -> float:
    """Say the plan's lines `until` then, each when it is due; returns the seconds that it took.

    Event times are the plan's own, so that a busy machine does not make a flicker longer.
    """
    start = time.time()
    for line in itertools.takewhile(lambda line: line.at < until, plan.lines()):
        wait = start + line.at - time.time()
        if wait > 0:
            await asyncio.sleep(wait)
        say(publisher, line, start)
    return time.time() - start


class Speaker(Protocol):
    """Whoever has said things to a broker."""

    @property
    def acknowledged(self) -> set[Key]:
        """Return what the broker has taken."""
        ...


async def drain(
    store: Path,
    plan: Plan,
    speaker: Speaker,
    settling: float = SETTLING,
    stalled: float = STALLED,
) -> None:
    """Return once everything is stored and has been judged, or nothing more happens.

    Then the last holds have run out, too: what would be raised wrongly, is.
    """
    wanted, seen, since = sum(plan.raises.values()), (-1, -1), time.monotonic()
    while time.monotonic() - since < stalled:
        missing = len(speaker.acknowledged - read_messages(store))
        raised = count_raised(store)
        if not missing and raised >= wanted:
            break
        if (missing, raised) != seen:
            seen, since = (missing, raised), time.monotonic()
        await asyncio.sleep(1.0)
    await asyncio.sleep(settling)

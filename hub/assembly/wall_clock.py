"""Somebody sets the machine's clock while the hub runs: who is right, it or the hub's own time?

The hub's time goes on steadily, so that no deadline jumps. The devices are asked: where more of
them agree with the machine's new time than with the hub's, or none says anything, the hub starts
anew with it; otherwise it keeps its own and says so. See docs/adr/0018.
"""

from __future__ import annotations

import asyncio
import sys
import time
from math import inf

import structlog

from hub.clock import STEP, SystemClock
from hub.errors import ClockSetError
from hub.intake.timekeeping import Timekeeper, Vote

LOOK = 1.0
"""Real seconds between two looks at the machine's clock."""
VOICES = 3
"""Devices that are enough for a decision."""
PATIENCE = 60.0
"""Real seconds in which they can speak; a state comes at least once a minute from most."""

log = structlog.get_logger(__name__)


def machine_since(now: float) -> float:
    """Return when the machine was started, at the latest; infinite where it does not tell.

    `now` is the hub's instant, which may run faster than the machine's.
    """
    if sys.platform != "linux":
        return inf
    return now - time.clock_gettime(time.CLOCK_BOOTTIME)


async def keep_time(clock: SystemClock, timekeeper: Timekeeper) -> None:
    """Follow the machine's clock until cancelled.

    Raises ClockSetError when the hub has to start anew.
    """
    kept = 0.0
    while True:
        await asyncio.sleep(LOOK)
        step = clock.follow()
        if not step:
            if kept:
                log.info("the machine's clock is right again", was_ahead=round(kept))
            kept = 0.0
        elif abs(step - kept) > STEP:
            kept = await _decide(step, timekeeper)


async def _decide(step: float, timekeeper: Timekeeper) -> float:
    """Ask the devices; returns the step where the hub stays with its own time."""
    log.warning("the machine's clock was set; the devices are asked who is right", by=round(step))
    vote = timekeeper.vote = Vote(step)
    try:
        for _ in range(int(PATIENCE / LOOK)):
            if max(len(vote.stay), len(vote.follow)) >= VOICES:
                break
            await asyncio.sleep(LOOK)
    finally:
        timekeeper.vote = None
    voices = {"for_the_hub": len(vote.stay), "for_the_machine": len(vote.follow)}
    if len(vote.stay) <= len(vote.follow):
        raise ClockSetError(
            f"the machine's clock was set by {step:+.0f} s and no more devices speak against it "
            f"than for it ({voices}); the hub has to start anew with the right time"
        )
    log.error(
        "the machine's clock is wrong by what the devices say; the hub keeps its own time: "
        "look at the machine's time service",
        by=round(step),
        **voices,
    )
    return step

"""Waiting for news or an instant, whichever comes first."""

from __future__ import annotations

import asyncio

from hub.clock import Clock

LONGEST = 600.0
"""Seconds after which everything is looked at anew, whatever was reckoned."""


async def doze(clock: Clock, news: asyncio.Event, until: float) -> None:
    """Return once there is news, or at the instant `until`; the news is taken."""
    seconds = max(0.0, min(LONGEST, until - clock.now()))
    waiting = {
        asyncio.create_task(clock.sleep(seconds), name="doze-timer"),
        asyncio.create_task(news.wait(), name="doze-news"),
    }
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    news.clear()

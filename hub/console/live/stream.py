"""`/console/stream`: what has changed on a page, pushed as server-sent events to htmx.

A message carries the changed parts and has `SEAL.VERSION` as id, so that a page that comes back
gets only what it lacks. A `tick` each second carries the hub's clock and shows that the line lives.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import msgspec
from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from hub.access.http import ports_of, recognise
from hub.console.frame.span import clock_face
from hub.console.live.channel import Channel
from hub.errors import HubError
from hub.model.access import Role

TICK = 1.0
LOOK = 0.25
"""Real seconds between two looks where no journal entry wakes the viewer."""
ASK_AGAIN = 10.0
"""Real seconds after which a viewer's right is checked again."""
_NUMBER = re.compile(r"[0-9]{1,19}")
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


class Viewer(msgspec.Struct, kw_only=True):
    """One open page: its channel, the version it shows, and when it was last served."""

    channel: Channel
    seal: str
    role: Role
    version: int
    ticked_at: float = float("-inf")
    asked_at: float = float("-inf")


def stream(request: Request, viewer: Viewer) -> Response:
    """Answer with the stream of a viewer."""
    return StreamingResponse(
        follow(request, viewer), media_type="text/event-stream", headers=HEADERS
    )


def version_of(mark: str, seal: str) -> int:
    """Read the version in `SEAL.VERSION`; another run's, or none, is 0: nothing is known."""
    run, _, number = mark.partition(".")
    return int(number) if run == seal and _NUMBER.fullmatch(number) else 0


async def follow(request: Request, viewer: Viewer) -> AsyncIterator[bytes]:
    """Yield changes and ticks until the viewer leaves or may no longer look."""
    pulse, loop = ports_of(request).pulse, asyncio.get_running_loop()
    while await _may_stay(request, viewer, loop.time()):
        seq = pulse.last_seq()
        await viewer.channel.refresh()
        if frames := news(request, viewer, loop.time()):
            yield frames
        await pulse.wait(seq, LOOK)
        if pulse.last_seq() > seq:
            # Journal entries come in bursts; this is also what holds a busy loop back.
            await asyncio.sleep(_GATHER)
    yield b"event: reload\ndata: \n\n"


def news(request: Request, viewer: Viewer, now: float) -> bytes:
    """Return what the viewer lacks as of `now` (loop time), and count it as sent."""
    frames = viewer.channel.since(viewer.version)
    if viewer.version != viewer.channel.version:
        viewer.version = viewer.channel.version
        frames = b"id: %b.%d\n%b" % (viewer.seal.encode(), viewer.version, frames)
    if now - viewer.ticked_at >= TICK:
        viewer.ticked_at = now
        frames += b"event: tick\ndata: %b\n\n" % clock_face(ports_of(request).clock.now()).encode()
    return frames


async def _may_stay(request: Request, viewer: Viewer, now: float) -> bool:
    if now - viewer.asked_at < ASK_AGAIN:
        return True
    viewer.asked_at = now
    try:
        return (await recognise(request)).role is viewer.role
    except HubError:
        return False


_GATHER = 0.05

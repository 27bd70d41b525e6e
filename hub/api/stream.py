"""`/api/v1/stream`: the journal and the devices' state as server-sent events.

A journal entry is a message whose id is its number, so that `Last-Event-ID` resumes without a
gap; a changed device is a `device` event without id. A listener that reads slowly gets each
device's newest state only, and every entry: nothing is queued for it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse

from hub.access.http import identity_of, ports_of, recognise
from hub.access.policy import Call
from hub.access.web_ports import WebPorts, has_reached
from hub.api.frame import FrameShelf
from hub.api.rights import STAFF, may_see_entry
from hub.errors import HubError
from hub.model.access import Identity

HEARTBEAT = 15.0
"""Real seconds of quiet after which a comment shows that the line is alive."""
PACE = 0.25
"""Real seconds between two looks for changed devices."""
GATHER = 0.02
"""Real seconds in which what follows closely is gathered into one piece."""
ASK_AGAIN = 30.0
"""Real seconds after which a listener's right is checked again."""
GREETING = b": lingdang\nretry: 2000\n\n"
PULSE = b": \n\n"
_ID = re.compile(r"[0-9]{1,19}")
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


class Listener(msgspec.Struct, kw_only=True):
    """Where one listener stands: its last entry, its mark of changed devices, its instants."""

    who: Identity
    seq: int
    mark: int
    sent_at: float
    asked_at: float


async def stream(request: Request, after: Annotated[int | None, Query(ge=0)] = None) -> Response:
    """Follow the journal from `Last-Event-ID` (or `after`) on, or from now on."""
    ports, who = ports_of(request), await identity_of(request)
    shelf: FrameShelf = request.state.shelf
    now = asyncio.get_running_loop().time()
    listener = Listener(
        who=who,
        seq=await _start(request, ports, after),
        mark=ports.pulse.changed_devices(0)[0],
        sent_at=now,
        asked_at=now,
    )
    return StreamingResponse(
        _follow(request, ports, shelf, listener),
        media_type="text/event-stream",
        headers=HEADERS,
    )


async def _follow(
    request: Request, ports: WebPorts, shelf: FrameShelf, listener: Listener
) -> AsyncIterator[bytes]:
    yield GREETING
    loop = asyncio.get_running_loop()
    while await _may_stay(request, listener, loop.time()):
        frames = await news(ports, shelf, listener)
        if frames or loop.time() - listener.sent_at >= HEARTBEAT:
            listener.sent_at = loop.time()
            yield b"".join(frames) or PULSE
        await asyncio.sleep(GATHER)
        await ports.pulse.wait(listener.seq, PACE - GATHER)


async def news(ports: WebPorts, shelf: FrameShelf, listener: Listener) -> list[bytes]:
    """Return the frames that are new to a listener and meant for it, and move it on."""
    frames = []
    for entry, frame in await shelf.entries(listener.seq):
        listener.seq = entry.seq
        if may_see_entry(listener.who, entry):
            frames.append(frame)
    listener.mark, changed = ports.pulse.changed_devices(listener.mark)
    for device_id in changed:
        found = shelf.device(device_id)
        if found and listener.who.may_see(found[0]):
            frames.append(found[1])
    return frames


async def _may_stay(request: Request, listener: Listener, now: float) -> bool:
    if now - listener.asked_at < ASK_AGAIN:
        return True
    listener.asked_at = now
    try:
        listener.who = await recognise(request)
    except HubError:
        return False
    return listener.who.role in STAFF


async def _start(request: Request, ports: WebPorts, after: int | None) -> int:
    """Return where to begin; a number that a restored journal does not know is not waited for."""
    last = request.headers.get("last-event-id", "")
    wanted = int(last) if _ID.fullmatch(last) else after
    if wanted is None or not await has_reached(ports, wanted):
        return ports.pulse.last_seq()
    return wanted


CALLS = (
    Call(
        method="GET",
        path="/stream",
        answer=stream,
        roles=STAFF,
        operation="followStream",
        about="Journal and devices as server-sent events",
        shows=str,
        media="text/event-stream",
    ),
)

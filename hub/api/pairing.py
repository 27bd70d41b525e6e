"""Calls about pairing windows: only while one is open newcomers are adopted."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response

from hub.access.body import read_struct
from hub.access.http import ports_of, whole_community
from hub.access.idempotency import once
from hub.access.policy import Call
from hub.api import shape_of_site as shape
from hub.api.paging import json_response, page
from hub.api.rights import ADMINISTRATORS, LEADERS
from hub.api.shape import Page
from hub.model.instant import to_rfc3339
from hub.model.pairing import Pairing
from hub.ports.site import PairingWish


async def list_pairings(request: Request) -> Response:
    """List the pairing windows that are kept, newest first."""
    await whole_community(request)
    ports = ports_of(request)
    now = ports.clock.now()
    return page([_write(each, now) for each in await ports.site.pairings()], None)


async def open_pairing(request: Request) -> Response:
    """Open a window in which newcomers of a place, or a model, may be adopted."""
    who = await whole_community(request)
    wish = read_struct(await request.body(), PairingWish)

    async def act() -> Response:
        ports = ports_of(request)
        pairing = await ports.site.open_pairing(wish, who)
        return json_response(_write(pairing, ports.clock.now()), 201)

    return await once(request, who, act)


async def close_pairing(request: Request, pairing: str) -> Response:
    """Close a window before its end."""
    who = await whole_community(request)

    async def act() -> Response:
        ports = ports_of(request)
        closed = await ports.site.close_pairing(pairing, who)
        return json_response(_write(closed, ports.clock.now()))

    return await once(request, who, act)


def _write(pairing: Pairing, now: float) -> dict[str, Any]:
    return {
        "id": pairing.id,
        "place": pairing.place,
        "model": pairing.model,
        "start": to_rfc3339(pairing.start),
        "end": to_rfc3339(pairing.end),
        "actor": pairing.actor,
        "why": pairing.why,
        "open": pairing.is_open(now),
        "closed_at": to_rfc3339(pairing.closed_at),
        "closed_by": pairing.closed_by,
    }


CALLS = (
    Call(
        method="GET",
        path="/site/pairings",
        answer=list_pairings,
        roles=LEADERS,
        operation="listPairings",
        about="Pairing windows, newest first",
        shows=Page[shape.Pairing],
    ),
    Call(
        method="POST",
        path="/site/pairings",
        answer=open_pairing,
        roles=ADMINISTRATORS,
        operation="openPairing",
        about="Open a pairing window",
        body=PairingWish,
        shows=shape.Pairing,
        statuses=(201,),
    ),
    Call(
        method="POST",
        path="/site/pairings/{pairing}/close",
        answer=close_pairing,
        roles=ADMINISTRATORS,
        operation="closePairing",
        about="Close a pairing window",
        shows=shape.Pairing,
        problems=(404,),
    ),
)

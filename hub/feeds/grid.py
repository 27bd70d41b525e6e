"""`/grid/v1`: the feed that the grid platform pulls, and the incidents as they stand.

Pages are joined from bytes that were made when the incident changed; nothing is encoded again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from hub.access.http import bind, identity_of, ports_of, recognise
from hub.access.policy import Call, join, mount
from hub.access.web_ports import WebPorts
from hub.errors import ForbiddenError, InvalidRequestError
from hub.feeds import actions, asyncapi, handing, reconciliation, subscriptions
from hub.feeds.case import describe_own, no_incident, read_case, receiver_of
from hub.feeds.catalogue import IncidentCatalogue, Known, catalogue_of
from hub.feeds.open311.router import build_open311
from hub.feeds.place import cursor_at, number_of, place_of
from hub.feeds.profiles import pull
from hub.feeds.profiles.setting_up import ReceiverHouse
from hub.feeds.shape import FeedPage, IncidentPage, IncidentWithCase
from hub.model.access import Identity, Role
from hub.model.case import CaseState
from hub.model.instant import from_rfc3339, to_rfc3339
from hub.model.place import contains
from hub.ports import FeedRow

PREFIX = "/grid/v1"
PLATFORMS = frozenset({Role.GRID, Role.ADMINISTRATOR})
LONGEST_WAIT = 30.0

Limit = Annotated[int, Query(ge=1, le=1000, description="how many items at most")]
Cursor = Annotated[str, Query(max_length=400, description="`next` of the page before")]
Wait = Annotated[float, Query(ge=0, le=LONGEST_WAIT, description="seconds to wait for an item")]


async def read_feed(
    request: Request, after: Cursor = "", limit: Limit = 200, wait: Wait = 0
) -> Response:
    """Read items behind a cursor, in order, waiting up to `wait` seconds for the first.

    `next` is given also when there is no item. 410 with the oldest cursor when retention has
    passed the cursor, or (`restored`) when a restore from a backup gave up what it stands for.
    """
    ports, who = ports_of(request), await identity_of(request)
    seq = await place_of(ports, who, after) if after else await ports.books.oldest_feed()
    end = asyncio.get_running_loop().time() + wait
    rows, seq = await _read_on(ports, who, seq, limit)
    while not rows and (left := end - asyncio.get_running_loop().time()) > 0:
        await ports.pulse.wait(seq, left)
        await _may_still(request, who)
        rows, seq = await _read_on(ports, who, seq, limit)
    return _joined((row.body for row in rows), cursor_at(ports, who, seq))


async def list_incidents(
    request: Request,
    *,
    after: Cursor = "",
    limit: Limit = 200,
    state: Annotated[str, Query(max_length=40)] = "",
    place: Annotated[str, Query(max_length=200)] = "",
    case: Annotated[str, Query(max_length=40, description="the asker's own")] = "",
    updated_since: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """List incidents as they stand, the one that changed longest ago first.

    `next` is null at the end. What changes while the pages are read comes again on a later page.
    The first page's `as_of` is what to ask for as `updated_since` the next time; where `era` is
    another one than the time before, a restore lies between: read all of it.
    """
    ports, who = ports_of(request), await identity_of(request)
    catalogue = await catalogue_of(request)
    seq = await number_of(ports, who, after) if after else 0
    since, receiver = _since(updated_since), receiver_of(who)

    def is_wanted(known: Known) -> bool:
        return (
            who.may_see(known.place)
            and known.at >= since
            and state in {"", known.state}
            and case in {"", known.cases.get(receiver, CaseState.REPORTED)}
            and (not place or contains(place, known.place))
        )

    as_of = to_rfc3339(catalogue.latest)
    found = [known for known in catalogue.behind(seq) if is_wanted(known)]
    shown = found[:limit]
    bodies = [body for known in shown if (body := await catalogue.whole(known))]
    more = len(found) > limit
    following = cursor_at(ports, who, shown[-1].seq) if more else None
    era = {"era": ports.eras.now} if ports.eras.now else {}
    return _joined(bodies, following, as_of=as_of, **era)


async def read_incident(request: Request, incident: str) -> Response:
    """Read one incident as it stands, with the asker's own case where a receiver asks."""
    ports, who = ports_of(request), await identity_of(request)
    catalogue = await catalogue_of(request)
    known = catalogue.find(incident)
    body = await catalogue.whole(known) if known and who.may_see(known.place) else None
    if body is None:
        raise no_incident(incident)
    if who.role is Role.GRID:
        case = await read_case(ports.books, receiver_of(who), incident)
        body = body[:-1] + b',"case":' + msgspec.json.encode(describe_own(case)) + b"}"
    return Response(body, media_type="application/json")


def build_feeds(ports: WebPorts, house: ReceiverHouse) -> APIRouter:
    """Make the router of `/grid/v1` and `/open311/v2`.

    `house` has subscriptions and configured receivers.
    """
    catalogue = IncidentCatalogue(ports.books)

    async def put(request: Request) -> None:
        request.state.catalogue = catalogue
        request.state.pushes = house.office
        request.state.receivers = house

    grid = APIRouter(prefix=PREFIX, dependencies=[bind(ports), Depends(put)])
    mount(grid, CALLS)
    join(grid, build_open311(ports, catalogue))
    return grid


async def _may_still(request: Request, who: Identity) -> None:
    """Raise AuthenticationError where the key was taken away while it waited.

    A key with other rights gets ForbiddenError: what it waits for is not what it may see now.
    """
    now = await recognise(request)
    if (now.role, now.scope) != (who.role, who.scope):
        raise ForbiddenError(
            "The rights of this key have changed while it waited; read again from the start.",
            zh="等待期间密钥权限已变更，请从头重新读取。",
        )


async def _read_on(
    ports: WebPorts, who: Identity, after: int, limit: int
) -> tuple[list[FeedRow], int]:
    """Return rows behind `after` and where to go on.

    A page that is not full has reached what was committed before it was read: going on from
    there, a key that sees little is not overtaken by retention.
    """
    committed = ports.pulse.last_seq()
    rows = await ports.books.feed(after=after, limit=limit, scope=who.scope)
    if len(rows) == limit:
        return rows, rows[-1].seq
    return rows, max(after, committed, *(row.seq for row in rows[-1:]))


def _joined(bodies: Iterable[bytes], following: str | None, **more: object) -> Response:
    rest = msgspec.json.encode({"next": following, **more})
    parts = (b'{"items":[', b",".join(bodies), b"],", rest[1:])
    return Response(b"".join(parts), media_type="application/json")


def _since(text: str) -> float:
    try:
        return from_rfc3339(text.replace(" ", "+")) if text else 0.0
    except ValueError as error:
        raise InvalidRequestError(
            f"updated_since: {text!r} is no instant; write 2026-11-24T08:00:00+08:00.",
            problems={"updated_since": "not an instant"},
        ) from error


CALLS = (
    Call(
        method="GET",
        path="/feed",
        answer=read_feed,
        roles=PLATFORMS,
        operation="readFeed",
        about="Changes of incidents, in order, from a cursor on",
        shows=FeedPage,
        problems=(410,),
    ),
    Call(
        method="GET",
        path="/incidents",
        answer=list_incidents,
        roles=PLATFORMS,
        operation="listIncidents",
        about="Incidents as they stand",
        shows=IncidentPage,
        problems=(410,),
    ),
    Call(
        method="GET",
        path="/incidents/{incident}",
        answer=read_incident,
        roles=PLATFORMS,
        operation="readIncident",
        about="One incident as it stands",
        shows=IncidentWithCase,
    ),
    *handing.CALLS,
    *actions.CALLS,
    *reconciliation.CALLS,
    *subscriptions.CALLS,
    *pull.CALLS,
    *asyncapi.CALLS,
)

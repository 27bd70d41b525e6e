"""`/grid/v1/profiles/{receiver}/…`: where platforms fetch that sign as their profile says.

They have no key of the hub's: what lets them in is the profile's own door. `/grid/v1/receivers`
says how each receiver of the configuration goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Protocol

import msgspec
from fastapi import Request, Response
from msgspec import Meta

from hub.access.allowance import Allowance, Limit, address_of
from hub.access.body import read_struct
from hub.access.http import identity_of
from hub.access.idempotency import once
from hub.access.policy import EVERYBODY, Call
from hub.errors import NotFoundError
from hub.feeds.case import receiver_of
from hub.feeds.profiles.desk import ACTIONS, INCIDENTS, Asked, PullDesk
from hub.feeds.profiles.poller import Poller
from hub.model.access import Identity, Role

LIMITS = {"wrong": Limit(count=60, seconds=600.0)}
"""Requests of one address that were not let in."""
OUTSIDE = frozenset({"sign", "address", "expired", "replayed"})
PLATFORMS = frozenset({Role.GRID, Role.ADMINISTRATOR})
JSON = "application/json"


class Receivers(Protocol):
    """The receivers of the configuration, as their calls need them."""

    allowance: Allowance
    desks: Mapping[str, PullDesk]
    pollers: Mapping[str, Poller]

    def describe(self, who: Identity) -> Sequence[dict[str, Any]]:
        """Say how those receivers go that somebody may see."""
        ...


class DiscardBody(msgspec.Struct, frozen=True, kw_only=True):
    """Which records to give up, as `record` in `odd` of `GET /grid/v1/receivers` names them."""

    records: Annotated[list[str], Meta(min_length=1, max_length=1000)]


class Discarded(msgspec.Struct, frozen=True, kw_only=True):
    """How many there were."""

    discarded: int


class ReceiverCard(msgspec.Struct, frozen=True, kw_only=True):
    """How a receiver goes: `read_until` and `odd` where it is polled."""

    receiver: str
    profile: str
    version: int
    speaks: list[str]
    tried: str
    sample_codes: bool
    personal: list[str]
    state: str
    why: str
    read_until: str | None
    odd: list[dict[str, Any]]


class ReceiverPage(msgspec.Struct, frozen=True, kw_only=True):
    """All of them."""

    items: list[ReceiverCard]
    next: None


async def fetch_by_profile(request: Request, receiver: str) -> Response:
    """Answer a page of incidents, in the form of the receiver's profile."""
    return await _answer(request, receiver, INCIDENTS)


async def act_by_profile(request: Request, receiver: str) -> Response:
    """Take a step of a platform, in the form of the receiver's profile."""
    return await _answer(request, receiver, ACTIONS)


async def list_receivers(request: Request) -> Response:
    """List the receivers that the configuration has; to a key its own, to administrators all."""
    who = await identity_of(request)
    found = receivers_of(request).describe(who)
    return Response(msgspec.json.encode({"items": found, "next": None}), media_type=JSON)


async def discard_records(request: Request, receiver: str) -> Response:
    """Give up records of a platform that nobody will ever understand; each is in the journal."""
    who = await identity_of(request)

    async def act() -> Response:
        body = read_struct(await request.body(), DiscardBody)
        poller = receivers_of(request).pollers.get(receiver)
        if poller is None or not may_see(who, receiver):
            raise NotFoundError(f"There is no receiver {receiver!r} that is polled.")
        count = await poller.discard(body.records, who.name)
        return Response(msgspec.json.encode({"discarded": count}), media_type=JSON)

    return await once(request, who, act)


def receivers_of(request: Request) -> Receivers:
    """Return the receivers of the router that answers."""
    receivers: Receivers = request.state.receivers
    return receivers


def may_see(who: Identity, receiver: str) -> bool:
    """Tell whether somebody may see how a receiver goes."""
    return who.role is Role.ADMINISTRATOR or receiver_of(who) == receiver


async def _answer(request: Request, receiver: str, call: str) -> Response:
    receivers = receivers_of(request)
    receivers.allowance.check("wrong", address_of(request))
    desk = receivers.desks.get(receiver)
    if desk is None:
        receivers.allowance.take("wrong", address_of(request))
        raise NotFoundError(f"There is no receiver {receiver!r} that fetches here.")
    asked = Asked(
        address=request.client.host if request.client else "",
        headers={name.lower(): text for name, text in request.headers.items()},
        query=dict(request.query_params),
        body=await request.body(),
    )
    answered = await desk.answer(call, asked)
    if answered.reason in OUTSIDE:
        receivers.allowance.take("wrong", address_of(request))
    return Response(answered.body, answered.status, media_type=answered.media)


CALLS = (
    *(
        Call(
            method=method,
            path="/profiles/{receiver}/incidents",
            answer=fetch_by_profile,
            roles=EVERYBODY,
            operation=operation,
            about="Incidents in the form of a receiver's profile, page by page",
            shows=dict[str, Any],
            statuses=(200, 401, 403, 410, 422, 503),
            problems=(404, 429),
        )
        for method, operation in (("GET", "fetchByProfile"), ("POST", "askByProfile"))
    ),
    Call(
        method="POST",
        path="/profiles/{receiver}/actions",
        answer=act_by_profile,
        roles=EVERYBODY,
        operation="actByProfile",
        about="A platform's step in the form of its profile",
        shows=dict[str, Any],
        statuses=(200, 401, 403, 409, 422, 503),
        problems=(404, 429),
    ),
    Call(
        method="POST",
        path="/receivers/{receiver}/discard",
        answer=discard_records,
        roles=PLATFORMS,
        operation="discardRecords",
        about="Give up records of a platform that wait for a person",
        body=DiscardBody,
        shows=Discarded,
    ),
    Call(
        method="GET",
        path="/receivers",
        answer=list_receivers,
        roles=PLATFORMS,
        operation="listReceivers",
        about="Receivers of the configuration, and how each goes",
        shows=ReceiverPage,
    ),
)

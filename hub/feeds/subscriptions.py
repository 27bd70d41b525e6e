"""`/grid/v1/subscriptions`: where a receiver has the feed's items pushed to."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import Request, Response
from msgspec import Meta

from hub.access.body import read_struct
from hub.access.http import identity_of, ports_of
from hub.access.idempotency import ShownOnce, once
from hub.access.policy import Call
from hub.access.web_ports import WebPorts
from hub.config.outward import Url
from hub.errors import InvalidRequestError
from hub.feeds.incident import TYPES
from hub.feeds.place import place_of
from hub.feeds.push.lane import PushLane
from hub.feeds.push.office import PushOffice
from hub.feeds.shape import DeadPage, NewSubscription, Replayed, SubscriptionCard, SubscriptionPage
from hub.model.access import Role
from hub.model.instant import to_rfc3339
from hub.model.spelling import suggest
from hub.model.subscription import Dead, Subscription

RECEIVERS = frozenset({Role.GRID})
PLATFORMS = RECEIVERS | {Role.ADMINISTRATOR}
JSON = "application/json"


class SubscriptionBody(msgspec.Struct, frozen=True, kw_only=True):
    """Where to, and what: `types` as items have them (all without), at or below `place`.

    `after` is a cursor of the feed from which on items are sent; without it from now on.
    """

    url: Annotated[str, Meta(max_length=500)]
    types: Annotated[list[str], Meta(max_length=50)] = []
    place: Annotated[str, Meta(max_length=200)] = ""
    after: Annotated[str, Meta(max_length=400)] = ""


class ReplayBody(msgspec.Struct, frozen=True, kw_only=True):
    """Which dead items to send again, by their ids; all where none is named."""

    ids: Annotated[list[str], Meta(max_length=1000)] = []


async def subscribe(request: Request) -> Response:
    """Make a subscription; 201 with its `secret`, shown once."""
    who, ports, pushes = await identity_of(request), ports_of(request), pushes_of(request)

    async def act() -> Response:
        body = read_struct(await request.body(), SubscriptionBody)
        _check(body)
        after = ports.pulse.last_seq()
        if body.after:
            after = await place_of(ports, who, body.after)
        wish = Subscription(
            id="",
            receiver="",
            url=body.url,
            secret="",
            types=tuple(body.types),
            place=body.place,
            after=after,
        )
        made = await pushes.subscribe(wish, who)
        shown = describe(pushes.lanes[made.id], ports.pulse.last_seq())
        answer = ShownOnce(
            msgspec.json.encode(shown | {"secret": made.secret}), status_code=201, media_type=JSON
        )
        answer.kept = msgspec.json.encode(shown)
        return answer

    return await once(request, who, act)


async def list_subscriptions(request: Request) -> Response:
    """List the asker's subscriptions, to an administrator all."""
    who, seq = await identity_of(request), ports_of(request).pulse.last_seq()
    return _page([describe(lane, seq) for lane in pushes_of(request).subscriptions(who)])


async def end_subscription(request: Request, subscription: str) -> Response:
    """End a subscription at once; its dead letters go with it."""
    who, seq = await identity_of(request), ports_of(request).pulse.last_seq()

    async def act() -> Response:
        ended = await pushes_of(request).end(subscription, who)
        return _json(describe(ended, seq))

    return await once(request, who, act)


async def list_dead(request: Request, subscription: str) -> Response:
    """List the items that were given up, the oldest first."""
    who, ports = await identity_of(request), ports_of(request)
    dead = await pushes_of(request).dead(subscription, who)
    return _page([_describe_dead(each, ports) for each in dead])


async def replay(request: Request, subscription: str) -> Response:
    """Send dead items again, with all their tries."""
    who, ports = await identity_of(request), ports_of(request)

    async def act() -> Response:
        body = read_struct(await request.body() or b"{}", ReplayBody)
        seqs = {_seq(item, ports) for item in body.ids}
        return _json({"replayed": await pushes_of(request).replay(subscription, seqs, who)})

    return await once(request, who, act)


def pushes_of(request: Request) -> PushOffice:
    """Return the office of the router that answers."""
    pushes: PushOffice = request.state.pushes
    return pushes


def describe(lane: PushLane, seq: int) -> dict[str, Any]:
    """Write a subscription and how it goes; never its secret. `seq` is the journal's last."""
    wish, progress, health = lane.wish, lane.progress, lane.health
    state = "fails" if health.failing else ("works" if progress.sent else "unused")
    return {
        "id": wish.id,
        "receiver": wish.receiver,
        "url": wish.url,
        "types": wish.types,
        "place": wish.place,
        "made_at": to_rfc3339(wish.made_at),
        "state": state if lane.has_key else "no_key",
        "since": to_rfc3339(health.since),
        "why": health.why,
        "sent": progress.sent,
        "sent_at": to_rfc3339(progress.sent_at),
        "stuck": {incident: len(each.seqs) for incident, each in progress.stuck.items()},
        "behind": max(0, seq - progress.cursor),
    }


def _check(body: SubscriptionBody) -> None:
    """Raise InvalidRequestError for what is no address, or a type that no item has."""
    try:
        msgspec.convert(body.url, Url)
    except msgspec.ValidationError as error:
        problem = "write https://host/path, without a name and password in it"
        raise InvalidRequestError(f"url: {problem}.", problems={"url": problem}) from error
    for name in body.types:
        if name not in TYPES:
            raise InvalidRequestError(
                f"types: {name!r} is no type of the feed; {suggest(name, TYPES)}.",
                problems={"types": f"{name!r} is none of: {', '.join(TYPES)}"},
            )


def _describe_dead(dead: Dead, ports: WebPorts) -> dict[str, Any]:
    return {
        "id": ports.eras.name_item(ports.community.id, dead.seq),
        "incident": dead.incident,
        "at": to_rfc3339(dead.at),
        "tries": dead.tries,
        "why": dead.why,
    }


def _seq(item: str, ports: WebPorts) -> int:
    number, community = item.rpartition("-")[2][:18], ports.community.id
    is_number = number.isascii() and number.isdecimal()
    if not is_number or ports.eras.name_item(community, int(number)) != item:
        problem = f"{item!r} is no item's id; write {ports.eras.name_item(community, 70)}"
        raise InvalidRequestError(f"ids: {problem}.", problems={"ids": problem})
    return int(number)


def _page(items: list[dict[str, Any]]) -> Response:
    return _json({"items": items, "next": None})


def _json(thing: object) -> Response:
    return Response(msgspec.json.encode(thing), media_type=JSON)


CALLS = (
    Call(
        method="POST",
        path="/subscriptions",
        answer=subscribe,
        roles=RECEIVERS,
        operation="subscribe",
        about="Have the feed's items pushed to an address",
        body=SubscriptionBody,
        shows=NewSubscription,
        statuses=(201,),
        problems=(410,),
    ),
    Call(
        method="GET",
        path="/subscriptions",
        answer=list_subscriptions,
        roles=PLATFORMS,
        operation="listSubscriptions",
        about="Subscriptions, and how each goes",
        shows=SubscriptionPage,
    ),
    Call(
        method="POST",
        path="/subscriptions/{subscription}/end",
        answer=end_subscription,
        roles=PLATFORMS,
        operation="endSubscription",
        about="End a subscription",
        shows=SubscriptionCard,
    ),
    Call(
        method="GET",
        path="/subscriptions/{subscription}/dead",
        answer=list_dead,
        roles=PLATFORMS,
        operation="listDeadItems",
        about="Items that were given up",
        shows=DeadPage,
    ),
    Call(
        method="POST",
        path="/subscriptions/{subscription}/replay",
        answer=replay,
        roles=PLATFORMS,
        operation="replayDeadItems",
        about="Send items that were given up again",
        body=ReplayBody,
        shows=Replayed,
    ),
)

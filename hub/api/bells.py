"""Calls about bells: how each is, who is being rung, a test, and where people are reached."""

from __future__ import annotations

import msgspec
from fastapi import Request, Response

from hub.access.body import read_struct
from hub.access.http import identity_of, ports_of
from hub.access.idempotency import once
from hub.access.policy import Call
from hub.api.paging import json_response, page
from hub.api.rights import ADMINISTRATORS, LEADERS, ONLOOKERS
from hub.api.shape import Page
from hub.errors import ForbiddenError
from hub.model.access import Identity
from hub.model.instant import to_rfc3339
from hub.ports import BellCard, BellProof, ChannelNews, ContactCard, RingCard


class BellTest(msgspec.Struct, frozen=True, kw_only=True):
    """A wish to try a bell; without `to` it goes to who asks."""

    to: str = ""


class ShownBell(BellCard, frozen=True, kw_only=True):
    """A bell as it is shown: instants are RFC 3339."""

    since: str | None = None  # type: ignore[assignment]
    sent_at: str | None = None  # type: ignore[assignment]


class ShownNews(ChannelNews, frozen=True, kw_only=True):
    """What became of a ring on one channel: instants are RFC 3339."""

    at: str | None = None  # type: ignore[assignment]


class ShownRing(RingCard, frozen=True, kw_only=True):
    """A ring as it is shown: instants are RFC 3339."""

    at: str | None  # type: ignore[assignment]
    news: tuple[ShownNews, ...] = ()


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses to be written; what is left out stays, and "" takes one out.

    `language` is zh or en: in which of them they are told.
    """

    email: str | None = None
    phone: str | None = None
    wecom: str | None = None
    dingtalk: str | None = None
    feishu: str | None = None
    language: str | None = None


async def list_bells(request: Request) -> Response:
    """List the bells: whether each works, since when, and what waits for it."""
    found = ports_of(request).bells.bells()
    return page([_spell(card, "since", "sent_at") for card in found], None)


async def list_rings(request: Request) -> Response:
    """List who is being rung; whom nobody has reached has `given_up`."""
    who = await identity_of(request)
    rings = ports_of(request).bells.rings(who)
    return page(
        [
            {**_spell(card, "at"), "news": [_spell(each, "at") for each in card.news]}
            for card in rings
        ],
        None,
    )


async def test_bell(request: Request, bell: str) -> Response:
    """Send a test over a bell, and answer with what was sent and what the vendor said."""
    ports, who = ports_of(request), await identity_of(request)
    body = await request.body()
    wish = read_struct(body, BellTest) if body else BellTest()

    async def act() -> Response:
        return json_response(await ports.bells.test(bell, wish.to, who))

    return await once(request, who, act)


async def read_contact(request: Request, person: str) -> Response:
    """Read where somebody, or group:NAME, is reached."""
    who = await _whole(request)
    return json_response(await ports_of(request).bells.contact(person, who))


async def change_contact(request: Request, person: str) -> Response:
    """Write where somebody is reached; the journal learns of whom, not of what."""
    who = await _whole(request)
    body = read_struct(await request.body(), Addresses)
    wish = {key: text for key, text in msgspec.structs.asdict(body).items() if text is not None}

    async def act() -> Response:
        return json_response(await ports_of(request).bells.change_contact(person, wish, who))

    return await once(request, who, act)


async def _whole(request: Request) -> Identity:
    who = await identity_of(request)
    if who.scope:
        raise ForbiddenError(
            f"{who.name} sees {who.scope} only; addresses are for who sees the community",
            zh="只有负责整个社区的管理员可以管理联系方式。",
        )
    return who


def _spell(card: msgspec.Struct, *instants: str) -> dict[str, object]:
    body: dict[str, object] = msgspec.to_builtins(card)
    return {**body, **{name: to_rfc3339(getattr(card, name)) for name in instants}}


CALLS = (
    Call(
        method="GET",
        path="/bells",
        answer=list_bells,
        roles=LEADERS,
        operation="listBells",
        about="The bells, and how each is",
        shows=Page[ShownBell],
    ),
    Call(
        method="GET",
        path="/rings",
        answer=list_rings,
        roles=ONLOOKERS,
        operation="listRings",
        about="Who is being rung: to leaders all, to others what concerns themselves",
        shows=Page[ShownRing],
    ),
    Call(
        method="POST",
        path="/bells/{bell}/test",
        answer=test_bell,
        roles=LEADERS,
        operation="testBell",
        about="Send a test over a bell",
        body=BellTest,
        shows=BellProof,
        problems=(404,),
    ),
    Call(
        method="GET",
        path="/contacts/{person}",
        answer=read_contact,
        roles=ADMINISTRATORS,
        operation="readContact",
        about="Where somebody is reached",
        shows=ContactCard,
    ),
    Call(
        method="POST",
        path="/contacts/{person}",
        answer=change_contact,
        roles=ADMINISTRATORS,
        operation="changeContact",
        about="Write where somebody is reached",
        body=Addresses,
        shows=ContactCard,
        problems=(404,),
    ),
)

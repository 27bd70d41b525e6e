"""What the calls about people and keys share: the office, and answers whose secret shows once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from fastapi import Request, Response

from hub.access.card import CodeCard, TokenCard
from hub.access.http import identity_of, ports_of
from hub.access.idempotency import ShownOnce, once
from hub.access.office import OwnOffice
from hub.api.paging import json_response
from hub.errors import ForbiddenError

SECRETS = ("code", "token")

Card = msgspec.Struct
Ask = Callable[[OwnOffice], Awaitable[Card]]


async def office_of(request: Request) -> OwnOffice:
    """Return the office for who asks; ForbiddenError for one who sees but a part.

    Who could add people beyond the own place would not be bound to it any more.
    """
    ports, who = ports_of(request), await identity_of(request)
    if who.scope:
        raise ForbiddenError(
            f"{who.name} sees {who.scope} only; people and keys are for who sees the community",
            zh="只有负责整个社区的管理员可以管理账号和密钥。",
        )
    return OwnOffice(ports.gatekeeper, ports.clock, ports.live.places(), who)


async def answer_once(request: Request, ask: Ask, status: int = 200) -> Response:
    """Ask the office, once for an `Idempotency-Key`; a repetition is told all but the secret."""
    office, who = await office_of(request), await identity_of(request)

    async def act() -> Response:
        return _show(await ask(office), status)

    return await once(request, who, act)


def _show(card: Card, status: int) -> Response:
    if not isinstance(card, CodeCard | TokenCard):
        return json_response(card, status)
    plain: dict[str, Any] = msgspec.to_builtins(card)
    for name in SECRETS:
        plain.pop(name, None)
    shown = ShownOnce(msgspec.json.encode(card), status, media_type="application/json")
    shown.kept = msgspec.json.encode(plain)
    return shown

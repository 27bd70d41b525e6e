"""What the calls about people and keys share: the office, and answers whose secret shows once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from fastapi import Request, Response

from hub.access.card import CodeCard, TokenCard
from hub.access.http import identity_of
from hub.access.idempotency import ShownOnce, once
from hub.access.office import OwnOffice, office_of
from hub.api.paging import json_response

SECRETS = ("code", "token")

Card = msgspec.Struct
Ask = Callable[[OwnOffice], Awaitable[Card]]


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

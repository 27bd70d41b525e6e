"""Tells the journal who was refused: somebody known without the right, or a key that nobody has."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import structlog
from fastapi import Request

from hub.clock import Clock
from hub.errors import AuthenticationError, ForbiddenError, HubError, StoreError
from hub.model.access import Identity
from hub.ports import Desk

log = structlog.get_logger(__name__)

ONCE_IN = 600.0
"""Seconds in which the same refusal is told once: a program that asks on and on is one."""
REMEMBERED = 4096
WINDOW, AT_MOST = 3600.0, 600
"""Refusals told in so many seconds; further ones are counted in the next that is told."""

Refusal = tuple[str, str, str, dict[str, Any]]


class RefusalBook:
    """Writes refusals as journal entries, bounded however many there are."""

    def __init__(self, desk: Desk, clock: Clock) -> None:
        self._desk = desk
        self._clock = clock
        self._told: OrderedDict[tuple[str, ...], float] = OrderedDict()
        self._window = (float("-inf"), 0)
        self._untold = 0

    async def note(self, request: Request, error: HubError) -> None:
        """Tell of a refusal; that it could not be written changes nothing for who is refused."""
        refusal = _describe(request, error)
        if refusal is None or not self._is_new(refusal):
            return
        if not self._has_room():
            self._untold += 1
            return
        kind, subject, actor, data = refusal
        more = {"untold": self._untold} if self._untold else {}
        try:
            await self._desk.write([], [(kind, subject, actor, data | more)])
        except StoreError as failure:
            log.warning("a refusal could not be written", subject=subject, why=str(failure))
        else:
            self._untold = 0

    def _is_new(self, refusal: Refusal) -> bool:
        kind, subject, _, data = refusal
        key = (kind, subject, data["address"], data["method"], data["path"])
        now = self._clock.now()
        if now - self._told.get(key, float("-inf")) < ONCE_IN:
            return False
        self._told[key] = now
        self._told.move_to_end(key)
        while len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        return True

    def _has_room(self) -> bool:
        began, count = self._window
        now = self._clock.now()
        if now - began >= WINDOW:
            began, count = now, 0
        self._window = (began, count + 1)
        return count < AT_MOST


def _describe(request: Request, error: HubError) -> Refusal | None:
    """Return the entry (type, subject, actor, data) of what was refused; None for other errors."""
    address = request.client.host if request.client else ""
    # The path as it is declared: one that is made up has no part in what is remembered.
    path = getattr(request.scope.get("route"), "path", "")
    data = {"address": address, "method": request.method, "path": path}
    who: Identity | None = getattr(request.state, "who", None)
    if isinstance(error, ForbiddenError) and who is not None:
        kind = "key.refused" if who.machine else "person.refused"
        return kind, who.name, who.name, data | {"role": who.role}
    if isinstance(error, AuthenticationError) and "authorization" in request.headers:
        return "key.unknown", f"address:{address}", "hub", data
    return None

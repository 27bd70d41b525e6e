"""Calls about what arrived and could not be used: quarantine and newcomers."""

from __future__ import annotations

from fastapi import Request, Response

from hub.access.http import identity_of, ports_of
from hub.access.policy import Call
from hub.api import wire
from hub.api.paging import PAGE, Limit, page
from hub.api.rights import ADMINISTRATORS, LEADERS
from hub.errors import ForbiddenError
from hub.model.instant import to_rfc3339

SAMPLE_LENGTH = 500
TIMES = ("first_seen", "last_seen")


async def list_quarantine(request: Request, limit: Limit = PAGE) -> Response:
    """List messages that were not understood, newest first, without their bytes."""
    await _whole_community(request)
    rows = await ports_of(request).books.quarantine(limit=limit)
    return page([wire.quarantined(row) for row in rows], None)


async def list_newcomers(request: Request, limit: Limit = PAGE) -> Response:
    """List who sends and is not in the books."""
    await _whole_community(request)
    rows = await ports_of(request).books.newcomers(limit=limit)
    return page([_newcomer(row) for row in rows], None)


async def _whole_community(request: Request) -> None:
    """What is in no book has no place yet: only who sees everything may see it."""
    who = await identity_of(request)
    if who.scope:
        raise ForbiddenError(f"{who.name} sees {who.scope} only; ask whoever sees the community.")


def _newcomer(row: dict[str, object]) -> dict[str, object]:
    sample = row.get("sample", b"")
    text = sample.decode(errors="replace") if isinstance(sample, bytes) else str(sample)
    times = {name: _time(row.get(name)) for name in TIMES}
    return row | times | {"sample": text[:SAMPLE_LENGTH]}


def _time(value: object) -> object:
    return to_rfc3339(value) if isinstance(value, float | int) else value


CALLS = (
    Call(
        method="GET",
        path="/quarantine",
        answer=list_quarantine,
        roles=ADMINISTRATORS,
        operation="listQuarantine",
        about="Messages that were not understood",
    ),
    Call(
        method="GET",
        path="/newcomers",
        answer=list_newcomers,
        roles=LEADERS,
        operation="listNewcomers",
        about="Devices that send and are not in the books",
    ),
)

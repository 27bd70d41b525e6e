"""What is kept of each kind of data, for how long, and what was deleted."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response

from hub.access.http import ports_of
from hub.access.policy import Call
from hub.api import shape_of_rules as shape
from hub.api.paging import page
from hub.api.rights import LEADERS
from hub.api.shape import Page
from hub.model.instant import to_rfc3339
from hub.ports import Holding


async def list_holdings(request: Request) -> Response:
    """List each kind of data; `keep_days` null is for ever."""
    return page([_holding(each) for each in await ports_of(request).holdings()], None)


def _holding(each: Holding) -> dict[str, Any]:
    return {
        "kind": each.kind,
        "keep_days": each.keep_days,
        "oldest": to_rfc3339(each.oldest),
        "complete_since": to_rfc3339(each.complete_since),
        "deleted": each.deleted,
        "deleted_at": to_rfc3339(each.deleted_at),
    }


CALLS = (
    Call(
        method="GET",
        path="/retention",
        answer=list_holdings,
        roles=LEADERS,
        operation="listHoldings",
        about="How long each kind of data is kept, and what was deleted",
        shows=Page[shape.Holding],
    ),
)

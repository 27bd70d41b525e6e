r"""`GET /grid/v1/reconciliation`: what the feed told on a day, so that two sides can compare.

A line for each incident with an item on that day, by the item's `time` at UTC+8, made of its last
item of the day, with tabs between and a line feed behind:

    id  revision  state  number of the receiver's case  state of that case  items of the day

The lines sorted as bytes, in UTF-8, under SHA-256 are the digest.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Annotated

import msgspec
from fastapi import Query, Request, Response

from hub.access.http import identity_of, ports_of
from hub.access.policy import Call
from hub.access.web_ports import WebPorts
from hub.errors import InvalidRequestError
from hub.feeds.case import receiver_of
from hub.feeds.catalogue import IncidentCatalogue, catalogue_of
from hub.feeds.shape import DayAccount
from hub.model.access import Role
from hub.model.case import CaseState
from hub.model.instant import local_day
from hub.ports import FeedRow

OPENED = ".opened.v1"
PAGE = 1000


class _Case(msgspec.Struct, frozen=True):
    receiver: str
    number: str
    state: str


class _Data(msgspec.Struct, frozen=True):
    revision: int
    state: str
    cases: tuple[_Case, ...] = ()


class _Body(msgspec.Struct, frozen=True):
    data: _Data


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What one incident's last item of a day says, and how many items the day has of it."""

    incident: str
    revision: int
    state: str
    number: str
    case: str
    items: int

    def line(self) -> str:
        """Write it as the recipe has it."""
        fields = (self.incident, self.revision, self.state, self.number, self.case, self.items)
        return "\t".join(map(str, fields)) + "\n"


async def reconcile(
    request: Request,
    day: Annotated[str, Query(pattern=r"^\d{4}-\d{2}-\d{2}$", description="at UTC+8")],
    receiver: Annotated[str, Query(max_length=100, description="for administrators")] = "",
    *,
    lines: Annotated[bool, Query(description="with the lines that the digest is made of")] = False,
) -> Response:
    """Count what the feed told on a day, and make a digest of it."""
    ports, who = ports_of(request), await identity_of(request)
    _check(day)
    catalogue = await catalogue_of(request)
    rows = await _rows_of(ports, catalogue, day.replace("-", ""), who.scope)
    whose = receiver_of(who) if who.role is Role.GRID else receiver
    told = tell(rows, whose)
    written = sorted((each.line() for each in told), key=str.encode)
    today = local_day(ports.clock.now())
    account = DayAccount(
        day=day,
        over=day.replace("-", "") < today,
        complete=await _is_complete(ports, catalogue, day.replace("-", "")),
        items=len(rows),
        incidents=len(told),
        opened=sum(row.type.endswith(OPENED) for row in rows),
        states=Counter(each.state for each in told),
        cases=Counter(each.case for each in told),
        last=ports.eras.name_item(ports.community.id, rows[-1].seq) if rows else None,
        digest=hashlib.sha256("".join(written).encode()).hexdigest(),
        lines=[line.rstrip("\n") for line in written] if lines else msgspec.UNSET,
    )
    return Response(msgspec.json.encode(account), media_type="application/json")


def tell(rows: Iterable[FeedRow], receiver: str) -> list[Told]:
    """Return what the last item of each incident says to this receiver."""
    counts: Counter[str] = Counter()
    latest: dict[str, FeedRow] = {}
    for row in rows:
        counts[row.incident] += 1
        latest[row.incident] = row
    return [_read(row, receiver, counts[incident]) for incident, row in latest.items()]


def _read(row: FeedRow, receiver: str, items: int) -> Told:
    data = msgspec.json.decode(row.body, type=_Body).data
    own = next((case for case in data.cases if case.receiver == receiver), None)
    return Told(
        incident=row.incident,
        revision=data.revision,
        state=data.state,
        number=own.number if own else "",
        case=own.state if own else CaseState.REPORTED.value,
        items=items,
    )


async def _rows_of(
    ports: WebPorts, catalogue: IncidentCatalogue, day: str, scope: str
) -> list[FeedRow]:
    first, last = catalogue.spans.get(day, (1, 0))
    found: list[FeedRow] = []
    after = first - 1
    while after < last:
        page = await ports.books.feed(after=after, limit=PAGE, scope=scope)
        found += [row for row in page if row.seq <= last and local_day(row.at) == day]
        after = page[-1].seq if len(page) == PAGE else last
    return found


async def _is_complete(ports: WebPorts, catalogue: IncidentCatalogue, day: str) -> bool:
    """Tell whether retention has left the day alone: something of a day before it is kept."""
    oldest = await ports.books.oldest_feed()
    return oldest == 0 or any(known < day for known in catalogue.kept_days(oldest))


def _check(day: str) -> None:
    try:
        date.fromisoformat(day)
    except ValueError as error:
        raise InvalidRequestError(
            f"day: {day!r} is in no calendar.", problems={"day": "no day; write 2026-11-25"}
        ) from error


CALLS = (
    Call(
        method="GET",
        path="/reconciliation",
        answer=reconcile,
        roles=frozenset({Role.GRID, Role.ADMINISTRATOR}),
        operation="reconcile",
        about="Counts and a digest of what the feed told on a day",
        shows=DayAccount,
    ),
)

"""The journal over HTTP: read on from a number, and wait for what comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import Query, Request, Response

from hub.access.http import identity_of, ports_of
from hub.access.policy import Call
from hub.access.web_ports import WebPorts, has_reached
from hub.api import shape, wire
from hub.api.paging import PAGE, Limit, page
from hub.api.rights import STAFF, may_see_entry
from hub.api.shape import Page
from hub.errors import GoneError
from hub.model.access import Identity
from hub.model.journal import Entry

LONGEST_WAIT = 30.0
"""Real seconds that an answer is held back for something to tell."""

After = Annotated[int, Query(ge=0, description="the number read last (`next`)")]
Wait = Annotated[float, Query(ge=0, le=LONGEST_WAIT, description="seconds to wait for an entry")]


async def read_journal(
    request: Request,
    after: After = 0,
    limit: Limit = PAGE,
    wait: Wait = 0,
    kinds: Annotated[str, Query(alias="type", max_length=200)] = "",
) -> Response:
    """Read entries behind a number, in order; `type` is a prefix such as `ticket.`.

    `next` is where to go on, also when there are no items. 410 when `after` is ahead of the
    journal: the hub was restored from a backup that is older.
    """
    ports, who = ports_of(request), await identity_of(request)
    if not await has_reached(ports, after):
        raise GoneError(f"Entry {after} is not in this journal; read again.", oldest="0")
    types = (kinds,) if kinds else ()
    end = asyncio.get_running_loop().time() + wait
    found, cursor = await read_on(ports, who, after, limit, types)
    while not found and (left := end - asyncio.get_running_loop().time()) > 0:
        await ports.pulse.wait(cursor, left)
        found, cursor = await read_on(ports, who, cursor, limit, types)
    return page([wire.entry(entry) for entry in found], str(cursor))


async def read_on(
    ports: WebPorts, who: Identity, after: int, limit: int, types: Sequence[str]
) -> tuple[list[Entry], int]:
    """Return up to `limit` entries that this person may see, and the number to go on from."""
    committed = max(after, ports.pulse.last_seq())
    found: list[Entry] = []
    cursor = after
    while rows := await ports.books.journal(after=cursor, limit=limit, types=types):
        cursor = _gather(rows, found, limit, lambda entry: may_see_entry(who, entry))
        if len(found) == limit:
            return found, cursor
    return found, max(cursor, committed)


def _gather(
    rows: Sequence[Entry], found: list[Entry], limit: int, wanted: Callable[[Entry], bool]
) -> int:
    """Append wanted rows until `found` is full; return the number of the last one looked at."""
    for row in rows:
        if wanted(row):
            found.append(row)
        if len(found) == limit:
            return row.seq
    return rows[-1].seq


CALLS = (
    Call(
        method="GET",
        path="/journal",
        answer=read_journal,
        roles=STAFF,
        operation="readJournal",
        about="What happened, in order, from a number on",
        shows=Page[shape.Entry],
        problems=(410,),
    ),
)

"""Calls about what arrived and could not be used: quarantine and newcomers."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Annotated

from fastapi import Path, Request, Response

from hub.access.http import ports_of, whole_community
from hub.access.policy import Call
from hub.access.web_ports import BIGGEST
from hub.api import wire
from hub.api.paging import PAGE, Limit, json_response, page
from hub.api.rights import ADMINISTRATORS, LEADERS
from hub.api.shape import Moment, Page, Shape
from hub.errors import NotFoundError
from hub.model.instant import to_rfc3339

MOST = 1000
"""Newcomers that a store keeps at most."""
TIMES = ("first_seen", "last_seen")


class Quarantined(Shape):
    """A message that was not understood, without its bytes."""

    id: int
    link: str
    address: str
    reason: str
    at: Moment
    length: int


class QuarantinedBytes(Quarantined):
    """A message that was not understood; `payload` in base64, `text` as far as it is UTF-8."""

    payload: str
    text: str


class Newcomer(Shape):
    """Who sends and is not in the books, without what it sent."""

    link: str
    address: str
    first_seen: Moment
    last_seen: Moment
    count: int
    guess: str


class NewcomerBytes(Newcomer):
    """A newcomer with the beginning of its last message: `payload` in base64, and as `text`."""

    payload: str
    text: str


async def list_quarantine(request: Request, limit: Limit = PAGE) -> Response:
    """List messages that were not understood, newest first, without their bytes."""
    await whole_community(request)
    rows = await ports_of(request).books.quarantine(limit=limit)
    return page([wire.quarantined(row) for row in rows], None)


async def read_payload(
    request: Request, message_id: Annotated[int, Path(ge=1, le=BIGGEST)]
) -> Response:
    """Give one message that was not understood, with its bytes; the journal tells who looked."""
    who = await whole_community(request)
    row = await ports_of(request).books.quarantined(message_id)
    if row is None:
        raise NotFoundError(
            f"隔离区没有 {message_id} 号报文。 There is no message {message_id} in quarantine.",
        )
    where = {"link": row.link, "address": row.address}
    await ports_of(request).desk.write((), [("quarantine.read", str(message_id), who.name, where)])
    return json_response(wire.quarantined(row) | _bytes(row.payload))


async def list_newcomers(request: Request, limit: Limit = PAGE) -> Response:
    """List who sends and is not in the books, without what they sent."""
    await whole_community(request)
    rows = await ports_of(request).books.newcomers(limit=limit)
    return page([_newcomer(row) for row in rows], None)


async def read_sample(request: Request, link: str, address: str) -> Response:
    """Give the last message of a newcomer; the journal tells who looked."""
    who = await whole_community(request)
    ports = ports_of(request)
    for row in await ports.books.newcomers(limit=MOST):
        if (row["link"], row["address"]) == (link, address):
            where = {"link": link, "address": address}
            await ports.desk.write((), [("newcomer.read", address, who.name, where)])
            return json_response(_newcomer(row) | _bytes(row["sample"]))
    raise NotFoundError(f"没有新来者 {address}。 There is no newcomer {address!r} on {link!r}.")


def _newcomer(row: Mapping[str, object]) -> dict[str, object]:
    told = {name: value for name, value in row.items() if name != "sample"}
    return told | {name: _time(row.get(name)) for name in TIMES}


def _bytes(payload: bytes) -> dict[str, object]:
    """Write bytes for programs, and as text for people."""
    return {"payload": b64encode(payload).decode(), "text": payload.decode(errors="replace")}


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
        shows=Page[Quarantined],
    ),
    Call(
        method="GET",
        path="/quarantine/{message_id}",
        answer=read_payload,
        roles=ADMINISTRATORS,
        operation="readQuarantined",
        about="One message that was not understood, with its bytes",
        shows=QuarantinedBytes,
    ),
    Call(
        method="GET",
        path="/newcomers/{link}/{address}",
        answer=read_sample,
        roles=ADMINISTRATORS,
        operation="readNewcomer",
        about="A newcomer with its last message",
        shows=NewcomerBytes,
    ),
    Call(
        method="GET",
        path="/newcomers",
        answer=list_newcomers,
        roles=LEADERS,
        operation="listNewcomers",
        about="Devices that send and are not in the books",
        shows=Page[Newcomer],
    ),
)

"""Puts pushes together; `hub.app` runs the result."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import httpx2

from hub.access.web_ports import WebPorts
from hub.clock import Clock
from hub.courier.answer import DELIVERED, Answer, Request, judge_status
from hub.courier.post import ask, attempt, make_client
from hub.feeds.push.lane import Around
from hub.feeds.push.office import PushOffice, live_keys


class PushHouse(NamedTuple):
    """The office, and the client that its lanes send with."""

    office: PushOffice
    client: httpx2.AsyncClient

    async def run(self) -> None:
        """Push until cancelled."""
        async with self.client:
            await self.office.run()


async def open_pushes(ports: WebPorts, allow: Sequence[str]) -> PushHouse:
    """Open the office on what is stored; `allow` are networks (CIDR) that may be reached."""
    client, clock = make_client(allow), ports.clock
    around = Around(
        name_item=partial(ports.eras.name_item, ports.community.id),
        books=ports.books,
        desk=ports.desk,
        pulse=ports.pulse,
        clock=clock,
        send=partial(send, client, clock),
        keys_of=partial(live_keys, ports.books, clock),
    )
    office = PushOffice(around)
    await office.open()
    return PushHouse(office, client)


async def send(client: httpx2.AsyncClient, clock: Clock, request: Request) -> Answer:
    """Send one item; every failure is an answer, and only 2xx is none."""

    async def converse() -> Answer:
        return judge_status(await ask(client, clock, request)) or DELIVERED

    return await attempt(converse)

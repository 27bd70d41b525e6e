"""Puts the bells together from the settings; `hub.app` runs the result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import httpx2

from device_drivers.links.mqtt_dialler import Dialler
from hub.bells.belfry import Belfry
from hub.bells.contact import Contacts
from hub.bells.enquiry import Enquiry
from hub.bells.kinds import ConsoleChannel, make_channel, make_witness
from hub.bells.lane import Lane, Surroundings
from hub.bells.message import Scene
from hub.bells.office import Bells
from hub.bells.outbox import Outbox
from hub.bells.receipt_book import ReceiptBook
from hub.clock import Clock
from hub.config.bell_settings import BellSettings
from hub.courier.post import make_client
from hub.model.bell import CONSOLE
from hub.ports import Books, Desk, Pulse


class Means(NamedTuple):
    """What the bells are made with; `dialler` is None where the hub has no broker."""

    books: Books
    desk: Desk
    pulse: Pulse
    clock: Clock
    scene: Callable[[], Scene]
    dialler: Dialler | None
    allow: Sequence[str]


class BellTower(NamedTuple):
    """The belfry that rings, the office that answers, and the client that both speak with."""

    belfry: Belfry
    office: Bells
    client: httpx2.AsyncClient

    async def run(self) -> None:
        """Carry out rings until cancelled."""
        async with self.client:
            await self.belfry.run()


def build_tower(bells: Sequence[BellSettings], means: Means) -> BellTower:
    """Build the bells of the settings, and the console's."""
    client = make_client(means.allow)
    names = [CONSOLE, *(bell.id for bell in bells)]
    outbox = Outbox(means.books, means.desk, means.clock, names)
    contacts = Contacts(means.books, means.desk, means.clock)
    around = Surroundings(
        books=means.books,
        outbox=outbox,
        contacts=contacts,
        clock=means.clock,
        scene=means.scene,
    )
    console = BellSettings(id=CONSOLE, kind=CONSOLE)
    lanes = {CONSOLE: Lane(console, ConsoleChannel(), around)}
    book = ReceiptBook(around, means.desk)
    enquiries = []
    for bell in bells:
        channel = make_channel(bell, client, means.clock, means.dialler)
        lanes[bell.id] = Lane(bell, channel, around)
        if witness := make_witness(bell, client, means.clock):
            enquiries.append(Enquiry(bell, witness, around, book))
    belfry = Belfry(lanes, around, means.pulse, enquiries)
    return BellTower(belfry, Bells(belfry, outbox, contacts, book), client)

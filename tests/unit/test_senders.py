"""An order goes to the link that its device is on, and to no other."""

from __future__ import annotations

import msgspec
import pytest

from device_drivers.links.order_desk import OrderDesk
from hub.assembly.links import Wiring
from hub.assembly.senders import build_sender
from hub.clock import SystemClock
from hub.errors import CommandRefusedError
from hub.settings import Settings
from tests.support.yard import GATE, order


@pytest.mark.parametrize(
    ("link", "why"),
    [
        ("bus-1", "bus-1 is not there"),
        ("recorder", "no orders over its link 'recorder'"),
        ("mqtt", "the hub has no .mqtt. broker"),
    ],
)
async def test_a_link_that_takes_no_orders_is_named(link: str, why: str) -> None:
    clock = SystemClock()
    sender = build_sender(
        Wiring(
            clock=clock,
            settings=Settings(),
            dialler=None,
            devices=(),
            models={},
            desks={"bus-1": OrderDesk("bus-1", clock)},
        )
    )
    with pytest.raises(CommandRefusedError, match=why):
        await sender.send(order(), msgspec.structs.replace(GATE, link=link))

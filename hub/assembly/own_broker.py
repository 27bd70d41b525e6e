"""Follows what the hub's own broker says of itself, as long as the hub runs."""

from __future__ import annotations

from collections.abc import Callable

from device_drivers.links.mqtt_figures import FiguresLink
from hub.assembly.links import Unwatched, Wiring
from hub.assembly.own_device import find_hub
from hub.intake.broker_watch import BROKER, BrokerWatch
from hub.intake.core import Intake
from hub.ports import Books
from hub.services.supervisor import Supervisor


async def follow_broker(
    wiring: Wiring, intake: Intake, books: Books, read_again: Callable[[], None]
) -> None:
    """Listen until cancelled; without a broker, or a place for the hub, there is nothing to do."""
    own = find_hub(wiring.devices)
    if wiring.dialler is None or own is None:
        return
    listener = BrokerWatch(
        own,
        inbox=intake.inbox,
        reception=intake.reception,
        read_again=read_again,
        vouch=intake.watch.vouch,
    )
    listener.start(await books.documents(BROKER))
    supervisor = Supervisor(watch=Unwatched(), clock=wiring.clock)
    await supervisor.run([FiguresLink(wiring.dialler, listener=listener, watch=supervisor)])

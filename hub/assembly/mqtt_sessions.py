"""Makes the sessions at the broker: three for the hub's own dialect, one for each further one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from device_drivers.links.mqtt import MqttLink
from device_drivers.links.mqtt_dialler import Dialler
from device_drivers.links.mqtt_settings import FamilySession, Session
from device_drivers.payload import SMALLEST_IMAGE, cut_images
from hub.clock import Clock
from hub.intake.inbox import BoundedInbox, Ration
from hub.ports import Envelope, Inbox, Link, LinkWatch


class Ears(NamedTuple):
    """Whom the sessions tell what they hear."""

    inbox: BoundedInbox
    watch: LinkWatch
    clock: Clock


def own_sessions(dialler: Dialler, ears: Ears) -> Iterator[Link]:
    """Yield the sessions of the hub's own dialect; that of the states comes first."""
    doors: dict[Session, Inbox] = {
        Session.STATE: ears.inbox.door(Ration.ORDERS),
        Session.TELEMETRY: ears.inbox.door(Ration.STATES),
        Session.REPLY: ears.inbox,
    }
    first: MqttLink | None = None
    for session in Session:
        link = MqttLink(
            session,
            dialler,
            inbox=doors[session],
            watch=ears.watch,
            clock=ears.clock,
            after=first.caught_up if first else None,
        )
        first = first or link
        yield link


def family_sessions(
    dialler: Dialler, families: Iterable[FamilySession], ears: Ears
) -> Iterator[tuple[str, Link]]:
    """Yield the session of each further dialect, with its link's name.

    The hub's own dialect has no part in them: its messages cost what they did.
    """
    inbox = TrimmingInbox(ears.inbox.door(Ration.STATES))
    for family in families:
        yield (
            family.link,
            MqttLink(
                family,
                dialler,
                inbox=inbox,
                watch=ears.watch,
                clock=ears.clock,
                carries=family.link,
            ),
        )


class TrimmingInbox:
    """An inbox that takes pictures out of what it is handed: nobody may keep them."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    def offer(self, envelope: Envelope) -> None:
        """Pass an envelope on, with the length and hash of each picture in its place."""
        payload = envelope.payload
        if isinstance(payload, bytes) and len(payload) > SMALLEST_IMAGE:
            envelope = msgspec.structs.replace(envelope, payload=cut_images(payload))
        self._inbox.offer(envelope)

    def is_full(self) -> bool:
        """Tell whether the session must stop reading."""
        return self._inbox.is_full()

    async def has_room(self) -> None:
        """Return when there is room again."""
        await self._inbox.has_room()

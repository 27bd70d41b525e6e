"""Listens to what the broker says of itself: mosquitto's `$SYS`, over a session that keeps nothing.

A look is complete when the uptime comes, which each round of the broker's tells. Others than
mosquitto name their figures differently or tell none: then the hub says so once.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Sequence

from device_drivers.links.mqtt_connection import Connection
from device_drivers.links.mqtt_dialler import FAILURE, Dialler
from device_drivers.links.mqtt_ear import Terms
from hub.ports import BrokerFigures, BrokerListener, Envelope, LinkWatch

UPTIME = "$SYS/broker/uptime"
DROPPED = "$SYS/broker/publish/messages/dropped"
STORED = "$SYS/broker/store/messages/count"
TOPICS = (DROPPED, STORED, UPTIME)
"""In this order the broker sends what it keeps: a first look is complete at once."""
MUTE_AFTER = 10.0
"""Real seconds; the broker keeps its figures as retained, so that they come at once."""


class FiguresLink:
    """Implements `hub.ports.Link`; it yields no envelopes."""

    name = "mqtt-figures"

    def __init__(self, dialler: Dialler, *, listener: BrokerListener, watch: LinkWatch) -> None:
        self._dialler = dialler
        self._watch = watch
        self._listener = listener
        self._is_told_mute = False
        self._forget()

    async def run(self) -> None:
        """Listen until the connection is lost (LinkError) or the task is cancelled."""
        name = f"{self._dialler.settings.community}-figures-{secrets.token_hex(6)}"
        connection = self._dialler.connect(Terms(client_id=name, lasting=False), self)
        self._forget()
        try:
            await self._dialler.open(connection)
            self._watch.link_up(self.name, resumed=False)
            granted = await connection.subscribe(TOPICS)
            if max(granted.codes) >= FAILURE:
                self._tell_mute(f"it answers {granted.words}")
            await self._listen(connection)
        finally:
            await connection.close(politely=True)

    def receive(self, topic: str, payload: bytes, packet_id: int, *, retained: bool) -> bool:
        """Take one figure; what is no number is none."""
        del retained
        if packet_id:
            self._to_acknowledge.append(packet_id)
        with contextlib.suppress(ValueError, IndexError):
            self._figures[topic] = int(payload.split()[0])
        if topic == UPTIME and {UPTIME, DROPPED} <= self._figures.keys():
            self._is_heard = True
            self._listener.broker_told(
                BrokerFigures(
                    uptime=self._figures[UPTIME],
                    dropped=self._figures[DROPPED],
                    stored=self._figures.get(STORED, 0),
                )
            )
        return True

    async def room(self) -> None:
        """Return at once."""

    def acknowledge(self, envelopes: Sequence[Envelope]) -> None:
        """Nothing to do: it offers none."""

    def prove(self) -> None:
        """Nothing to do: no device speaks here."""

    def read_again(self) -> None:
        """Nothing to do: no device speaks here."""

    async def _listen(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            await connection.turn()
            if self._to_acknowledge:
                connection.acknowledge(self._to_acknowledge)
                self._to_acknowledge.clear()
            if not self._is_heard and loop.time() - began > MUTE_AFTER:
                self._tell_mute("nothing of it comes")

    def _tell_mute(self, why: str) -> None:
        if not self._is_told_mute:
            self._is_told_mute = True
            self._listener.broker_is_mute(
                f"the broker at {self._dialler.settings.broker} says nothing of itself in $SYS: "
                f"{why}. What it drops stays unseen; let the hub's user read $SYS/# as the files "
                "of `lingdang broker-config` do"
            )

    def _forget(self) -> None:
        self._figures: dict[str, int] = {}
        self._to_acknowledge: list[int] = []
        self._is_heard = False

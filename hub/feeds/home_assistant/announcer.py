"""Keeps Home Assistant told: announces all devices at each connection, then tells what changes."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from device_drivers.links.mqtt_connection import Connection
from device_drivers.links.mqtt_dialler import Dialler
from device_drivers.links.mqtt_ear import Terms
from hub.errors import LinkError
from hub.feeds.home_assistant.announcement import Message, Voice, is_shown
from hub.model.catalogue import DeviceModel
from hub.model.device import Device
from hub.ports import DeviceView, Envelope, LinkWatch, Live, Pulse

AT_ONCE = 50
"""Messages that may wait for the broker's answer; more wait here."""
FAILURE = 0x80
"""From this reason code on the broker has refused a message."""
PACE = 1.0
"""Real seconds between two looks at what has changed: of many changes the last is told."""


class Announcer:
    """A link that only speaks; with `takes_back` it removes what was announced, and is done."""

    name = "home-assistant"

    def __init__(
        self,
        dialler: Dialler,
        voice: Voice,
        *,
        live: Live,
        pulse: Pulse,
        models: Mapping[str, DeviceModel],
        watch: LinkWatch,
        takes_back: bool = False,
    ) -> None:
        self._dialler = dialler
        self._voice = voice
        self._live = live
        self._pulse = pulse
        self._models = models
        self._watch = watch
        self._takes_back = takes_back
        self._told: dict[str, bytes] = {}
        """Topic → what was said there last over this connection."""
        self._announced: dict[str, Device] = {}
        """Device → as what it was announced over this connection."""

    async def run(self) -> None:
        """Speak until the connection is lost (LinkError) or the task is cancelled."""
        root = self._voice.root
        terms = Terms(
            client_id=f"{self._voice.community}-ha-{secrets.token_hex(6)}",
            lasting=False,
            will=(root, b"offline"),
        )
        connection = self._dialler.connect(terms, self)
        self._told, self._announced = {}, {}
        try:
            await self._dialler.open(connection)
            self._watch.link_up(self.name, resumed=False)
            if self._takes_back:
                await self._say(connection, self._farewells())
                await asyncio.Future()
            mark, _ = self._pulse.changed_devices(0)
            await self._say(connection, self._greetings())
            while True:
                mark = await self._follow(connection, mark)
        finally:
            await connection.close(politely=False)  # so that the broker speaks the will

    def receive(self, topic: str, payload: bytes, packet_id: int, *, retained: bool) -> bool:
        """Take it, and leave it: nothing is subscribed to."""
        del topic, payload, packet_id, retained
        return True

    async def room(self) -> None:
        """Return at once."""

    def acknowledge(self, envelopes: Sequence[Envelope]) -> None:
        """Nothing to do: it offers none."""

    def prove(self) -> None:
        """Nothing to do: no device speaks here."""

    def read_again(self) -> None:
        """Nothing to do: no device speaks here."""

    async def _follow(self, connection: Connection, mark: int) -> int:
        """Tell what has changed since the mark, and return the new one after a while."""
        loop = asyncio.get_running_loop()
        until = loop.time() + PACE
        while loop.time() < until:
            await connection.turn()
        new, changed = self._pulse.changed_devices(mark)
        views = [view for name in changed if (view := self._live.device(name)) is not None]
        await self._say(connection, self._news(views))
        return new

    def _greetings(self) -> Iterable[Message]:
        yield from self._news(self._live.devices())
        yield Message(self._voice.root, b"online")

    def _news(self, views: Iterable[DeviceView]) -> Iterable[Message]:
        for view in views:
            if self._announced.get(view.device.uid) is not view.device:
                self._announced[view.device.uid] = view.device
                yield self._announce(view.device)
            if is_shown(view.device):
                yield from self._voice.tell(view)

    def _announce(self, device: Device) -> Message:
        place = self._live.places().get(device.place)
        model = self._models[device.model]
        return self._voice.announce(device, model, place.name if place else "")

    def _farewells(self) -> Iterable[Message]:
        for view in self._live.devices():
            yield self._announce(view.device)._replace(payload=b"")
            yield from (each._replace(payload=b"") for each in self._voice.tell(view))
        yield Message(self._voice.root, b"")

    async def _say(self, connection: Connection, messages: Iterable[Message]) -> None:
        """Publish what is news, and return once the broker has it all."""
        waiting = deque[int]()
        for topic, payload in messages:
            if self._told.get(topic) == payload:
                continue
            self._told[topic] = payload
            waiting.append(connection.publish(topic, payload, retain=True))
            while len(waiting) >= AT_ONCE:
                await self._settle(connection, waiting)
        while waiting:
            await self._settle(connection, waiting)

    async def _settle(self, connection: Connection, waiting: deque[int]) -> None:
        """Wait for the answer to the oldest message; raises LinkError where it is refused."""
        while (answer := connection.published(waiting[0])) is None:
            await connection.turn()
        connection.forget(waiting.popleft())
        if answer.codes[0] >= FAILURE:
            raise LinkError(
                f"the broker at {self._dialler.settings.broker} refused what Home Assistant is "
                f"told ({answer.words}); write its access list anew with `lingdang broker-config`"
            )

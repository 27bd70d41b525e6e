"""The devices of a case: each repeats what it says, over one connection to the broker."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiomqtt

from hub.model.report import Value
from simulators.demo_files import HOST
from tests.acceptance.cases.estate import WELL, Estate


class Crowd:
    """Speaks for all devices of a community; who is `silent` says nothing by itself."""

    def __init__(self, estate: Estate) -> None:
        self.client: aiomqtt.Client | None = None
        self._connection = contextlib.AsyncExitStack()
        self.silent: set[str] = set()
        self.said: dict[str, bytes] = {}
        """What each has said last, as it was sent."""
        self.boots: dict[str, str] = {}
        self.ahead: dict[str, float] = {}
        """Seconds by which a device's clock is ahead."""
        self._estate = estate
        self._things = {name: each for name, each in estate.things.items() if each.link == "mqtt"}
        self.last: dict[str, dict[str, Value]] = {
            name: dict(WELL.get(each.kind, {})) for name, each in self._things.items()
        }
        self._beat_at: dict[str, float] = {}
        self._numbers: dict[tuple[str, str, str], int] = {}

    @classmethod
    @contextlib.asynccontextmanager
    async def speaking(cls, estate: Estate) -> AsyncIterator[Crowd]:
        """Connect the devices while the block runs."""
        crowd = cls(estate)
        await crowd.join()
        try:
            yield crowd
        finally:
            await crowd.leave()

    async def join(self) -> None:
        """Connect to the broker."""
        estate = self._estate
        client = aiomqtt.Client(
            HOST, estate.mqtt_port, identifier=f"{estate.community}-devices", timeout=20
        )
        self.client = await self._connection.enter_async_context(client)

    async def leave(self) -> None:
        """Disconnect from the broker; nobody can speak until `join`."""
        self.client = None
        await self._connection.aclose()

    async def greet(self, now: float) -> None:
        """Have everybody say how it is, as they do from then on."""
        for name in self._things:
            await self.says(name, now, {})

    async def says(self, device: str, now: float, points: Mapping[str, Value]) -> None:
        """Have a device say its state, with points that have changed; silent ones are not heard."""
        self.last[device] |= {name.replace("_", "."): value for name, value in points.items()}
        self._beat_at[device] = now + self._things[device].beat
        if device in self.silent:
            return
        await self.send(device, "state", {"points": self.last[device]}, ts=now)

    async def send(self, device: str, topic: str, body: dict[str, Any], *, ts: float) -> bytes:
        """Publish a message with the device's next number; returns its payload."""
        boot = self.boots.get(device, "b1")
        key = (device, boot, topic)
        number = self._numbers[key] = self._numbers.get(key, 0) + 1
        told = ts + self.ahead.get(device, 0.0)
        payload = json.dumps({"boot": boot, "seq": number, "ts": told, **body}).encode()
        self.said[device] = payload
        await self.publish(device, topic, payload)
        return payload

    async def publish(self, device: str, topic: str, payload: bytes) -> None:
        """Publish bytes on a device's topic, and return once the broker has them."""
        path = f"ld/{self._estate.community}/{device}/{topic}"
        retain = topic in {"state", "avail"}
        if self.client is None:
            return
        await self.client.publish(path, payload, qos=1, retain=retain)

    async def available(self, device: str, state: str) -> None:
        """Publish that a device is online or offline, as itself or as its will does."""
        body = {"boot": self.boots.get(device, "b1"), "state": state}
        await self.publish(device, "avail", json.dumps(body).encode())

    def next_beat(self) -> float:
        """Return when somebody repeats itself next."""
        return min(self._beat_at.values(), default=float("inf"))

    async def beat(self, now: float) -> None:
        """Have those repeat themselves whose turn it is."""
        turns = [name for name, at in self._beat_at.items() if at <= now]
        await asyncio.gather(*(self.says(name, now, {}) for name in turns))

"""Devices of a test's own: a publisher that counts PUBACKs and sends again what has none."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

from paho.mqtt.client import Client, ConnectFlags
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from hub.model.report import Value
from simulators.demo_files import HOST
from tests.support.patience import PATIENCE
from tests.support.site import COMMUNITY

WINDOW = 200
"""Messages under way without a PUBACK."""


class Key(NamedTuple):
    """What identifies a message: the same when it is sent again."""

    device: str
    boot: str
    topic: str
    seq: int


class Publisher:
    """Speaks for all devices over one connection; made by `publishing`.

    paho keeps what has no PUBACK and sends it again, in order, once it is connected again.
    """

    def __init__(self, name: str = "test-devices") -> None:
        self.sent: dict[Key, float] = {}
        """Message → its event time."""
        self.told: dict[Key, float] = {}
        """Message → when its PUBACK came."""
        self.connections = 0
        self._acknowledged: set[Key] = set()
        self._pubacks: deque[tuple[int, float]] = deque()
        self._under_way: dict[int, Key] = {}
        self._numbers: dict[tuple[str, str, str], int] = {}
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=name,
            protocol=MQTTProtocolVersion.MQTTv5,
        )
        client.max_inflight_messages_set(WINDOW)
        client.max_queued_messages_set(0)
        client.reconnect_delay_set(min_delay=1, max_delay=1)
        client.on_publish = self._on_publish
        client.on_connect = self._on_connect
        self.client = client

    @property
    def acknowledged(self) -> set[Key]:
        """Return what the broker has taken."""
        while self._pubacks:
            mid, at = self._pubacks.popleft()
            key = self._under_way.pop(mid, None)
            if key is not None:
                self._acknowledged.add(key)
                self.told[key] = at
        return self._acknowledged

    def say(self, device: str, topic: str, body: dict[str, Any], *, at: float) -> Key:
        """Publish one message of a device with QoS 1; a state is retained, as devices do it."""
        key = self.next_key(device, topic, body)
        self._numbers[key[:3]] = key.seq
        self._publish(key, at, body)
        return key

    def next_key(self, device: str, topic: str, body: dict[str, Any]) -> Key:
        """Return what will identify the next message of a device on a topic."""
        boot = str(body.get("boot", "b1"))
        return Key(device, boot, topic, self._numbers.get((device, boot, topic), 0) + 1)

    def resume(
        self,
        sent: Mapping[Key, float],
        bodies: Mapping[Key, dict[str, Any]],
        told: Mapping[Key, float],
    ) -> None:
        """Go on where a publisher before was killed: say again, in order, what was not taken."""
        for key, at in sent.items():
            self._numbers[key[:3]] = max(key.seq, self._numbers.get(key[:3], 0))
            if key not in told:
                self._publish(key, at, bodies[key])

    def state(self, device: str, at: float, **points: Value) -> Key:
        """Publish points; `_` in a name stands for `.`."""
        named = {name.replace("_", "."): value for name, value in points.items()}
        return self.say(device, "state", {"points": named}, at=at)

    def raw(self, path: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish bytes as they are."""
        self.client.publish(path, payload, qos=1, retain=retain)

    async def until_acknowledged(self, patience: float = PATIENCE) -> None:
        """Wait until the broker has taken everything."""
        async with asyncio.timeout(patience):
            while len(self.acknowledged) < len(self.sent):  # noqa: ASYNC110 - another thread
                await asyncio.sleep(0.02)

    def _publish(self, key: Key, at: float, body: dict[str, Any]) -> None:
        self.sent[key] = at
        path, payload = write_message(key, at, body)
        mid = self.client.publish(path, payload, qos=1, retain=key.topic == "state").mid
        self._under_way[mid] = key

    def _on_publish(
        self, _c: object, _u: object, mid: int, code: ReasonCode, _p: Properties | None
    ) -> None:
        # Called by paho's thread, which holds a lock of paho's: nothing but a note is safe here.
        if not code.is_failure:
            self._pubacks.append((mid, time.time()))

    def _on_connect(
        self, _c: object, _u: object, _flags: ConnectFlags, _code: ReasonCode, _p: object
    ) -> None:
        self.connections += 1


def write_message(key: Key, at: float, body: dict[str, Any]) -> tuple[str, bytes]:
    """Return topic and payload of a message; the same each time."""
    numbered = {"boot": key.boot, "seq": key.seq, "ts": round(at, 3), **body}
    return f"ld/{COMMUNITY}/{key.device}/{key.topic}", json.dumps(numbered).encode()


@contextlib.asynccontextmanager
async def publishing(port: int, name: str = "test-devices") -> AsyncIterator[Publisher]:
    """Connect a publisher while the block runs."""
    publisher = Publisher(name)
    client = publisher.client
    await asyncio.to_thread(client.connect, HOST, port, 60)
    client.loop_start()
    try:
        async with asyncio.timeout(PATIENCE):
            while not client.is_connected():  # noqa: ASYNC110 - another thread
                await asyncio.sleep(0.01)
        yield publisher
    finally:
        client.disconnect()
        await asyncio.to_thread(client.loop_stop)

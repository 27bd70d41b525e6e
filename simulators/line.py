"""A line to the broker: one MQTT connection that carries the messages of one or many devices."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import Callable

import aiomqtt
import msgspec

from simulators.device import Device, Message

QUEUE = 20_000
"""Messages that wait while the broker is away; past it the oldest are lost, and counted."""
KEEPALIVE = 10
Receive = Callable[[bytes], None]
PAUSES = (0.2, 0.5, 1.0, 2.0)
"""Seconds between attempts to reach the broker; the last one repeats."""


class BrokerAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where the broker is, and who may enter."""

    host: str
    port: int
    username: str
    password: str


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """Where a line leads and what it is called; `own` tells that it serves a single device."""

    broker: BrokerAddress
    community: str
    name: str
    own: bool

    def topic(self, address: str, last: str) -> str:
        """Return the topic of a device that ends with `last`."""
        return f"ld/{self.community}/{address}/{last}"


class Line:
    """A device's own connection, or a field gateway's that many devices share.

    On a route of its `own`, losing the device means losing the connection, and the broker speaks
    its will; a shared line stays, and says itself that one of its devices is gone. `lost` counts
    messages that a full queue had no room for.
    """

    def __init__(self, route: Route) -> None:
        self.lost = 0
        self.connected = asyncio.Event()
        self._route = route
        self._devices: list[Device] = []
        self._receivers: dict[str, Receive] = {}
        self._waiting: deque[Message] = deque(maxlen=QUEUE)
        self._news = asyncio.Event()
        self._plugged = asyncio.Event()
        self._plugged.set()
        self._client: aiomqtt.Client | None = None

    def attach(self, device: Device, receive: Receive | None = None) -> None:
        """Plug a device in before the line runs; `receive` takes the orders to it."""
        self._devices.append(device)
        if receive is not None:
            self._receivers[device.row.address] = receive

    def has_room(self, devices: int) -> bool:
        """Tell whether another device may share this line, which `devices` may in all."""
        return not self._route.own and len(self._devices) < devices

    def publish(self, message: Message) -> None:
        """Take a message to the broker, in order, at least once."""
        self.lost += len(self._waiting) == QUEUE
        self._waiting.append(message)
        self._news.set()

    def cut(self, last_will: Message) -> None:
        """Lose a device: the broker says its will, or the gateway says what it sees."""
        if not self._route.own:
            self.publish(last_will)
            return
        self._plugged.clear()
        self._waiting.clear()
        _pull_plug(self._client)

    def restore(self) -> None:
        """Plug the device in again."""
        self._plugged.set()

    async def run(self) -> None:
        """Keep connected until cancelled."""
        attempt = 0
        while not _leaving():
            await self._plugged.wait()
            try:
                async with self._connect() as client:
                    attempt = 0
                    await self._serve(client)
            except aiomqtt.MqttError:
                await asyncio.sleep(PAUSES[min(attempt, len(PAUSES) - 1)])
                attempt += 1

    def _connect(self) -> aiomqtt.Client:
        broker = self._route.broker
        last_word = self._devices[0].voice.availability("offline") if self._route.own else None
        will = None
        if last_word is not None:
            will = aiomqtt.Will(self._topic(last_word), _encode(last_word), qos=1, retain=True)
        return aiomqtt.Client(
            broker.host,
            broker.port,
            username=broker.username,
            password=broker.password,
            identifier=f"sim-{self._route.name}",
            protocol=aiomqtt.ProtocolVersion.V5,
            keepalive=KEEPALIVE,
            will=will,
        )

    async def _serve(self, client: aiomqtt.Client) -> None:
        """Subscribe to orders, let the devices say hello, then carry both ways."""
        self._client = client
        for address in self._receivers:
            await client.subscribe(self._route.topic(address, "cmd"), qos=1)
        for device in self._devices:
            await self._greet(client, device)
        if _leaving():
            return
        self.connected.set()
        sender = asyncio.create_task(self._send(client), name="line sends")
        receiver = asyncio.create_task(self._receive(client), name="line receives")
        try:
            await asyncio.gather(sender, receiver)
        finally:
            self._client = None
            await _end(sender, receiver)

    async def _greet(self, client: aiomqtt.Client, device: Device) -> None:
        """Say who is back before anything that waited, and in what state after it."""
        if device.silent:
            return
        hello = device.voice.availability("online")
        await client.publish(self._topic(hello), _encode(hello), qos=1, retain=True)
        device.tell_state()

    async def _send(self, client: aiomqtt.Client) -> None:
        """Publish what waits; a message leaves the queue once the broker has it."""
        while not _leaving():
            while self._waiting:
                message = self._waiting[0]
                topic, payload = self._topic(message), _encode(message)
                await client.publish(topic, payload, qos=1, retain=message.retain)
                if self._waiting and self._waiting[0] is message:
                    self._waiting.popleft()
                if _leaving():
                    return
            self._news.clear()
            await self._news.wait()

    async def _receive(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            address = message.topic.value.split("/")[2]
            if isinstance(message.payload, bytes) and not message.retain:
                self._receivers[address](message.payload)

    def _topic(self, message: Message) -> str:
        return self._route.topic(message.address, message.topic)


def _encode(message: Message) -> bytes:
    return msgspec.json.encode(message.body)


def _pull_plug(client: aiomqtt.Client | None) -> None:
    """Break the connection without a goodbye, so that the broker speaks the will."""
    if client is None:
        return
    connection = client._client.socket()  # noqa: SLF001  (aiomqtt offers no rude end; it is pinned)
    if isinstance(connection, socket.socket):
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def _leaving() -> bool:
    """Tell whether this task was cancelled, which the client's own goodbye may have hidden."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _end(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

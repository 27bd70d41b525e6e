"""A client at a broker that a device of another maker speaks through; its plug can be pulled."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import AsyncIterator, Mapping, Sequence

import aiomqtt

from simulators.line import BrokerAddress

Said = Mapping[str, object] | Sequence[object] | str
KEEPALIVE = 10


class Plug:
    """One connection; made by `plugged_in`."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client

    async def say(self, topic: str, said: Said, *, retain: bool = False) -> None:
        """Publish with QoS 1, and return once the broker has it; text goes as it is."""
        payload = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
        await self._client.publish(topic, payload.encode(), qos=1, retain=retain)

    def pull(self) -> None:
        """Lose the connection as a device does whose mains fail: the broker speaks the will."""
        line = self._client._client.socket()  # noqa: SLF001 - aiomqtt says goodbye otherwise
        if isinstance(line, socket.socket):
            line.shutdown(socket.SHUT_RDWR)


@contextlib.asynccontextmanager
async def plugged_in(
    broker: BrokerAddress, name: str, will: tuple[str, str] | None = None
) -> AsyncIterator[Plug]:
    """Connect under a client id while the block runs; `will` is a topic and what it says."""
    last_word = aiomqtt.Will(will[0], will[1].encode(), qos=1, retain=True) if will else None
    client = aiomqtt.Client(
        broker.host,
        broker.port,
        username=broker.username or None,
        password=broker.password or None,
        identifier=name,
        protocol=aiomqtt.ProtocolVersion.V311,
        keepalive=KEEPALIVE,
        will=last_word,
    )
    try:
        async with client:
            yield Plug(client)
    except aiomqtt.MqttError:
        return  # whose plug was pulled has nothing to end
    finally:
        lost = client._disconnected  # noqa: SLF001 - nobody else asks for its exception
        if lost.done() and not lost.cancelled():
            lost.exception()

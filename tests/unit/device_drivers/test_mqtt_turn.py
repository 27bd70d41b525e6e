"""The turns of a connection: when it reads at once, and when it lets messages gather."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import pytest
from paho.mqtt.enums import CallbackAPIVersion

from device_drivers.links.mqtt_connection import GATHER, PLENTY, Connection, Wire
from device_drivers.links.mqtt_ear import Ear, Terms
from device_drivers.links.mqtt_paho_client import PahoClient
from device_drivers.links.mqtt_publish import Plain
from device_drivers.links.mqtt_settings import MqttSettings

SETTINGS = MqttSettings(host="127.0.0.1", port=1, community="test")
MESSAGE = b"\x32\x0a\x00\x04ld/x\x00\x01hi"
"""A PUBLISH of MQTT 3.1.1 with QoS 1."""


class Consumer:
    """Has room for everything."""

    def receive(self, topic: str, payload: bytes, packet_id: int, *, retained: bool) -> bool:
        return True

    async def room(self) -> None:
        return


class ScriptedWire:
    """Hears so many messages in each read, and notes how it was waited for."""

    def __init__(self, ear: Ear, script: list[int]) -> None:
        self.waits: list[float] = []
        self._ear = ear
        self._script = iter(script)

    async def wait(self) -> None:
        self.waits.append(0.0)

    async def gather(self, seconds: float) -> None:
        self.waits.append(seconds)

    def read(self) -> None:
        for _ in range(next(self._script)):
            self._ear.hear("ld/x", b"", 1, retained=False)


async def test_a_read_that_brought_few_is_followed_by_one_that_lets_more_come() -> None:
    ear = Ear(SETTINGS, Terms(client_id="x", lasting=False), Consumer())
    wire = ScriptedWire(ear, [0, 1, PLENTY - 1, PLENTY, 1, 0, 1])
    connection = Connection(ear, cast("Wire", wire))
    for _ in range(7):
        await connection.turn()
    assert wire.waits == [0.0, 0.0, GATHER, GATHER, 0.0, GATHER, 0.0]


@contextmanager
def talking() -> Iterator[tuple[PahoClient, socket.socket, list[Plain]]]:
    """Yield a client that reads from a socket pair, the other end, and what it delivers."""
    ours, theirs = socket.socketpair()
    heard: list[Plain] = []
    with ours, theirs:
        ours.setblocking(False)
        client = PahoClient(CallbackAPIVersion.VERSION2, client_id="x", manual_ack=True)
        client._sock = ours
        client.deliver = heard.append
        yield client, theirs, heard
        client._sock = None


def test_the_first_message_of_a_turn_goes_the_short_way_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with talking() as (client, theirs, heard):
        monkeypatch.setattr(client, "loop_read", lambda: pytest.fail("paho was asked"))
        theirs.send(MESSAGE + MESSAGE)
        client.read_packet()
        assert client.has_ahead()
        client.read_packet()
        assert not client.has_ahead()
        client.read_packet()  # nothing has come, and nobody is asked about it
    assert heard == [Plain("ld/x", b"hi", 1, retained=False)] * 2


def test_of_an_end_paho_is_told_by_its_own_reading() -> None:
    with talking() as (client, theirs, heard):
        theirs.close()
        client.read_packet()
        assert client.socket() is None
    assert not heard

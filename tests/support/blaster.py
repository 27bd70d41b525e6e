"""A device gone mad: QoS 0 over a bare socket, faster than a client library could send."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable
from struct import pack

from simulators.demo_files import HOST

CONNECT = b"\x10\x11\x00\x04MQTT\x04\x02\x00\x3c\x00\x05blast"
"""MQTT 3.1.1, clean session, keepalive 60 s, client id `blast`."""
PIECE = 2000
"""Messages that are written at once, at most."""


def blast(port: int, topic: str, payloads: Iterable[bytes], *, rate: float) -> float:
    """Publish payloads at a rate a second, blocking; returns the seconds that it took."""
    with socket.create_connection((HOST, port)) as sock:
        sock.sendall(CONNECT)
        assert sock.recv(4) == b"\x20\x02\x00\x00", "the broker lets nobody in"
        start, sent, piece = time.monotonic(), 0, bytearray()
        for number, payload in enumerate(payloads, 1):
            piece += _publish(topic.encode(), payload)
            if number - sent >= min(PIECE, 1 + rate * (time.monotonic() - start) - sent):
                sock.sendall(piece)
                sent, piece = number, bytearray()
                time.sleep(max(0.0, start + sent / rate - time.monotonic()))
        sock.sendall(piece)
        return time.monotonic() - start


def _publish(topic: bytes, payload: bytes) -> bytes:
    body = pack(">H", len(topic)) + topic + payload
    assert len(body) < 1 << 14, "a length of two bytes is enough here"
    return bytes([0x30, len(body) & 0x7F | 0x80, len(body) >> 7]) + body

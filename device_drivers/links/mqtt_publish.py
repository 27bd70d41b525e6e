"""The short way for what nearly every packet is: a PUBLISH of QoS 1 without properties.

paho asks the socket for a packet in four pieces, and makes properties, a lock and a log line of it.
Whatever is not plain here (another type or QoS, properties, half a packet) is left to paho.
"""

from __future__ import annotations

from collections.abc import Callable

from paho.mqtt.client import Client, MQTTMessage, MQTTv5

READ_AHEAD = 65_536
"""Bytes taken from the socket at once; paho by itself asks for one or two."""

PUBLISH_1 = 0x32
"""Type PUBLISH with QoS 1; bits 0 (retained) and 3 (sent again) may be set."""
_FLAGS = 0x09
_RETAINED = 0x01
_LENGTH_BYTES = 4


class EagerReader(Client):
    """A client that reads ahead, and passes plain messages to `deliver`.

    The caller reads on while `has_ahead`, since the socket has nothing more to tell about it.
    """

    _ahead = b""
    _at = 0
    deliver: Callable[[MQTTMessage], None]
    """Takes plain messages past paho's own handling."""

    def has_ahead(self) -> bool:
        """Tell whether something was taken from the socket and not handled yet."""
        return self._at < len(self._ahead)

    def read_packet(self) -> None:
        """Handle one packet, the plain ones on the short way."""
        message = None
        if not self._in_packet["command"]:
            five = self._protocol == MQTTv5
            message, self._at = take_publish(self._ahead, self._at, five=five)
        if message is None:
            self.loop_read()
        else:
            self.deliver(message)

    def _sock_recv(self, bufsize: int) -> bytes:
        """Give paho what it asks for out of what was taken ahead."""
        if not self.has_ahead():
            self._ahead, self._at = super()._sock_recv(READ_AHEAD), 0
        start, self._at = self._at, min(self._at + bufsize, len(self._ahead))
        return self._ahead[start : self._at]


def take_publish(data: bytes, at: int, *, five: bool) -> tuple[MQTTMessage | None, int]:
    """Return (message, where the next packet begins); (None, `at`) is for paho to look at.

    `five` tells that the packets are of MQTT 5, which has properties in front of the payload.
    """
    if at >= len(data) or data[at] & ~_FLAGS != PUBLISH_1:
        return None, at
    body, end = _bounds(data, at + 1)
    name = body + 2
    after_name = name + (data[body] << 8 | data[body + 1]) if end else 0
    payload = after_name + 3 if five else after_name + 2
    if payload > end or after_name == name or (five and data[after_name + 2]):
        return None, at
    # Its constructor makes a lock for messages that are sent; this one was received.
    message = MQTTMessage.__new__(MQTTMessage)
    message._topic = data[name:after_name]  # noqa: SLF001
    message.mid = data[after_name] << 8 | data[after_name + 1]
    message.qos = 1
    message.retain = bool(data[at] & _RETAINED)
    message.payload = data[payload:end]
    return message, end


def _bounds(data: bytes, at: int) -> tuple[int, int]:
    """Return where a packet's body begins and ends; (0, 0) when it is not all there."""
    size = 0
    for index, byte in enumerate(data[at : at + _LENGTH_BYTES]):
        size |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            body = at + index + 1
            whole = size > 1 and body + size <= len(data)
            return (body, body + size) if whole else (0, 0)
    return 0, 0

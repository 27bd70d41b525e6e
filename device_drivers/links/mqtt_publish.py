"""The short way for what nearly every packet is: a PUBLISH of QoS 0 or 1.

paho asks the socket for a packet in four pieces, and makes properties, a lock and a log line of it.
Whatever is not plain here (another type, QoS 2, a topic alias, half a packet) is left to paho. The
hub has no use for the properties of a message, so they are passed over, however wrong they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from paho.mqtt.client import Client, MQTTv5

READ_AHEAD = 65_536
"""Bytes taken from the socket at once; paho by itself asks for one or two."""

PUBLISH = 0x30
UNREADABLE = "\ufffd"
"""The topic of a message whose topic is no UTF-8."""
_RETAINED = 0x01
_QOS_1 = 0x02
"""The bit, and by chance the size of the packet id that comes with it."""
_FLAGS = 0x0B
"""Retained, QoS 1, sent again."""
_LENGTH_BYTES = 4


class Plain(NamedTuple):
    """A message of QoS 1, or with the packet id 0 of QoS 0."""

    topic: str
    payload: bytes
    packet_id: int
    retained: bool


class EagerReader(Client):
    """A client that reads ahead, and passes plain messages to `deliver`.

    The caller reads on while `has_ahead`, since the socket has nothing more to tell about it.
    """

    _ahead = b""
    _at = 0
    deliver: Callable[[Plain], None]
    """Takes plain messages past paho's own handling."""

    def has_ahead(self) -> bool:
        """Tell whether something was taken from the socket and not handled yet."""
        return self._at < len(self._ahead)

    def read_packet(self) -> None:
        """Handle one packet, the plain ones on the short way."""
        message = None
        if not self._in_packet["command"]:
            if not (self.has_ahead() or self._read_ahead()):
                return
            five = self._protocol == MQTTv5
            message, self._at = take_publish(self._ahead, self._at, five=five)
        if message is None:
            self.loop_read()
        else:
            self.deliver(message)

    def _read_ahead(self) -> bool:
        """Take what has come from the socket; False where it has nothing to tell now."""
        try:
            self._ahead, self._at = super()._sock_recv(READ_AHEAD), 0
        except BlockingIOError:
            return False
        except OSError:
            return True  # of the end paho learns when it reads by itself
        return True

    def _sock_recv(self, bufsize: int) -> bytes:
        """Give paho what it asks for out of what was taken ahead."""
        if not self.has_ahead():
            self._ahead, self._at = super()._sock_recv(READ_AHEAD), 0
        start, self._at = self._at, min(self._at + bufsize, len(self._ahead))
        return self._ahead[start : self._at]


def take_publish(data: bytes, at: int, *, five: bool) -> tuple[Plain | None, int]:
    """Return (message, where the next packet begins); (None, `at`) is not for the short way.

    `five` tells that the packets are of MQTT 5, which has properties in front of the payload.
    """
    if at >= len(data) or data[at] & ~_FLAGS != PUBLISH:
        return None, at
    length, body = _read_length(data, at + 1)
    end = body + length
    if length < 2 or end > len(data):
        return None, at
    name = body + 2
    after_name = name + (data[body] << 8 | data[body + 1])
    after_id = after_name + (data[at] & _QOS_1)
    payload = _after_properties(data, after_id) if five else after_id
    if payload > end or after_name == name:
        return None, at
    packet_id = data[after_name] << 8 | data[after_name + 1] if after_id > after_name else 0
    topic = read_topic(data[name:after_name])
    return Plain(topic, data[payload:end], packet_id, bool(data[at] & _RETAINED)), end


def read_topic(name: bytes) -> str:
    """Decode a topic; one that is no UTF-8 still has a payload, which must not be lost."""
    try:
        return name.decode()
    except UnicodeDecodeError:
        return UNREADABLE


def _after_properties(data: bytes, at: int) -> int:
    if at < len(data) and data[at] == 0:
        return at + 1
    size, after = _read_length(data, at)
    return after + size if after else len(data) + 1


def _read_length(data: bytes, at: int) -> tuple[int, int]:
    """Return the length that is written at `at`, and where it ends; (0, 0) when it has no end."""
    if at + 1 < len(data) and data[at + 1] < 0x80 <= data[at]:
        return data[at] & 0x7F | data[at + 1] << 7, at + 2
    size = 0
    for index, byte in enumerate(data[at : at + _LENGTH_BYTES]):
        size |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return size, at + index + 1
    return 0, 0

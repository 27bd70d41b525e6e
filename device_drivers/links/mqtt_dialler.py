"""Who opens the connections to a broker: with the fast client where it is installed.

All sessions and commands share one dialler, so that what one of them learns of the broker, the
others know.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version

import msgspec

from device_drivers.links.mqtt_connection import Connection, Wire
from device_drivers.links.mqtt_ear import Answer, Consumer, Ear, Terms
from device_drivers.links.mqtt_paho import PahoWire
from device_drivers.links.mqtt_settings import MqttSettings
from hub.errors import LinkError
from hub.extras import CODEC, has_codec

FAILURE = 0x80
UNSUPPORTED_VERSION = 0x84


class Dialler:
    """Opens connections to one broker.

    A broker that knows no MQTT 5 is spoken to in 3.1.1, by paho, from the next connection on.
    """

    def __init__(self, settings: MqttSettings) -> None:
        self.settings = settings
        self._make_wire = _choose_wire(settings)

    @property
    def client(self) -> str:
        """Name the library and the protocol that are in use, for people."""
        name, library = ("fast", CODEC) if is_fast(self.settings) else ("paho", "paho-mqtt")
        return f"{name} ({library} {version(library)}), MQTT {self.settings.protocol}"

    def connect(self, terms: Terms, consumer: Consumer) -> Connection:
        """Return a connection that is not open yet."""
        ear = Ear(self.settings, terms, consumer)
        return Connection(ear, self._make_wire(ear))

    async def open(self, connection: Connection) -> Answer:
        """Open it, and return the broker's welcome; raises LinkError where there is none."""
        answer = await connection.open()
        code, broker = answer.codes[0], self.settings.broker
        if code == UNSUPPORTED_VERSION and connection.settings.protocol == "5":
            self.settings = msgspec.structs.replace(self.settings, protocol="3.1.1")
            self._make_wire = PahoWire
            raise LinkError(
                f"the broker at {broker} knows no MQTT 5; the hub goes on with 3.1.1, by paho-mqtt "
                "and without the broker's reasons: a newer broker is better"
            )
        if code >= FAILURE:
            raise LinkError(
                f"the broker at {broker} refused {connection.terms.client_id}: {answer.words}; "
                "check name, password and client id"
            )
        return answer


def is_fast(settings: MqttSettings) -> bool:
    """Tell whether the fast client is to be used: it is wanted or installed, and speaks MQTT 5."""
    if settings.protocol != "5" or settings.client == "paho":
        return False
    return settings.client == "fast" or has_codec()


def _choose_wire(settings: MqttSettings) -> Callable[[Ear], Wire]:
    """Return what makes wires; an extra is imported now, and not while a broker waits."""
    if not is_fast(settings):
        return PahoWire
    from device_drivers.links.mqtt_fast import FastWire  # noqa: PLC0415 - an extra

    return FastWire

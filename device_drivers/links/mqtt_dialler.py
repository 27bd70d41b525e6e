"""Who opens the connections to a broker.

All sessions and commands share one dialler, so that what one of them learns of the broker, the
others know.
"""

from __future__ import annotations

import msgspec

from device_drivers.links.mqtt_connection import Connection
from device_drivers.links.mqtt_ear import Answer, Consumer, Ear, Terms
from device_drivers.links.mqtt_paho import PahoWire
from device_drivers.links.mqtt_settings import MqttSettings
from hub.errors import LinkError

FAILURE = 0x80
UNSUPPORTED_VERSION = 0x84


class Dialler:
    """Opens connections to one broker.

    A broker that knows no MQTT 5 is spoken to in 3.1.1 from the next connection on.
    """

    def __init__(self, settings: MqttSettings) -> None:
        self.settings = settings

    def connect(self, terms: Terms, consumer: Consumer) -> Connection:
        """Return a connection that is not open yet."""
        ear = Ear(self.settings, terms, consumer)
        return Connection(ear, PahoWire(ear))

    async def open(self, connection: Connection) -> Answer:
        """Open it, and return the broker's welcome; raises LinkError where there is none."""
        answer = await connection.open()
        code, broker = answer.codes[0], self.settings.broker
        if code == UNSUPPORTED_VERSION and connection.settings.protocol == "5":
            self.settings = msgspec.structs.replace(self.settings, protocol="3.1.1")
            raise LinkError(
                f"the broker at {broker} knows no MQTT 5; the hub goes on with 3.1.1, "
                "without the broker's reasons: a newer broker is better"
            )
        if code >= FAILURE:
            raise LinkError(
                f"the broker at {broker} refused {connection.terms.client_id}: {answer.words}; "
                "check name, password and client id"
            )
        return answer

"""A hub that is broken on purpose: it begins a new MQTT session at each connection.

What is said while it is away is kept for nobody. Run like the real one.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import msgspec

from device_drivers.links.mqtt_connection import Connection
from device_drivers.links.mqtt_dialler import Dialler
from device_drivers.links.mqtt_ear import Consumer, Terms
from hub.cli import main

_connect = Dialler.connect


def _connect_anew(self: Dialler, terms: Terms, consumer: Consumer) -> Connection:
    return _connect(self, msgspec.structs.replace(terms, lasting=False), consumer)


if __name__ == "__main__":
    Dialler.connect = _connect_anew  # type: ignore[method-assign] # that is the point
    main()

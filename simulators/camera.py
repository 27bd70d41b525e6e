"""Cameras, recorders, switches and supplies: what mostly just has to be there."""

from __future__ import annotations

import hashlib
import hmac
from collections import deque

from simulators.device import Device, Message, Surroundings
from simulators.site import DeviceRow

REMEMBERED_PLATES = 20
HASH_LENGTH = 16
RECORDER_DAYS = 30.0
BATTERY_DRAIN = 4.0
"""Percent of a supply's battery that a heartbeat without mains costs."""


class Camera(Device):
    """A surveillance camera."""

    def __init__(self, row: DeviceRow, around: Surroundings) -> None:
        super().__init__(row, around)
        self.state = {"online": True, "stream.ok": True, "picture.ok": True, "recording": True}


class Recorder(Device):
    """A network video recorder: keeps thirty days, more or less."""

    def __init__(self, row: DeviceRow, around: Surroundings) -> None:
        super().__init__(row, around)
        self.state = {"online": True, "recording": True, "disk.ok": True}

    def measure(self) -> None:
        """Count the days between the oldest and the newest picture."""
        days = RECORDER_DAYS + self.around.chance.uniform(0.5, 2.0)
        self.measured = {"retention.days": round(days, 1)}


class PlateCamera(Device):
    """A camera that reads number plates, and forgets them: what leaves it is a keyed hash."""

    def __init__(self, row: DeviceRow, around: Surroundings) -> None:
        super().__init__(row, around)
        self._key = around.chance.randbytes(16)
        self.read: deque[Message] = deque(maxlen=REMEMBERED_PLATES)

    def measure(self) -> None:
        """Say how surely and how often plates were read (percent)."""
        chance = self.around.chance
        self.measured = {
            "plate.confidence": round(chance.uniform(92, 99), 1),
            "plate.rate": round(chance.uniform(95, 100), 1),
        }

    def read_plate(self, ago: float = 0.0) -> None:
        """Read the plate of a car that came `ago` seconds ago."""
        car = f"苏A{self.around.chance.randint(10_000, 99_999)}"
        digest = hmac.new(self._key, car.encode(), hashlib.sha256).hexdigest()
        confidence = round(self.around.chance.uniform(90, 99.5), 1)
        self.happen("plate.read", {"plate": digest[:HASH_LENGTH], "confidence": confidence}, ago)

    def turn_back(self) -> None:
        """See a car turn, because the gate did not open."""
        self.happen("vehicle.turned_back")

    def say(self, message: Message) -> None:
        """Send, and remember what was read for a replay."""
        super().say(message)
        if message.topic == "event":
            self.read.append(message)

    def repeat_itself(self) -> None:
        """Send again, word for word, what was read before: duplicates with their old numbers."""
        for message in tuple(self.read):
            super().say(message)


class Switch(Device):
    """A network switch of a building."""

    def __init__(self, row: DeviceRow, around: Surroundings) -> None:
        super().__init__(row, around)
        self.state = {"online": True}

    def measure(self) -> None:
        """Feel the traffic (percent)."""
        self.measured = {"load": round(self.around.chance.uniform(8, 30), 1)}


class PowerSupply(Device):
    """A buffered supply: takes over when the mains are lost, for as long as its battery lasts.

    `outage` names the power cut that is going on.
    """

    def __init__(self, row: DeviceRow, around: Surroundings) -> None:
        super().__init__(row, around)
        self.state = {"online": True, "supply.mains": True}
        self.outage = ""
        self._charge = 100.0

    def measure(self) -> None:
        """Read battery and load (percent)."""
        drain = -BATTERY_DRAIN if not self.state["supply.mains"] else 1.0
        self._charge = min(100.0, max(0.0, self._charge + drain))
        self.measured = {
            "battery.charge": round(self._charge, 1),
            "load": round(self.around.chance.uniform(28, 42), 1),
        }

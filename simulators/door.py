"""A unit door and the access controller beside it: people come, people go, nobody is named."""

from __future__ import annotations

from simulators.device import Device, Surroundings
from simulators.order import Order, Orders, log_movement
from simulators.site import DeviceRow

UNLOCK_TO_OPEN = 1.2
"""Seconds from the lock's click to the door's movement."""
STAYS_OPEN = (3.0, 9.0)
"""Seconds for which a person holds a door."""
HELD_TOO_LONG = 120.0
"""Seconds after which a door says that it is held open."""
CREDENTIALS = ("card", "face", "code")


class Door(Device):
    """A unit door; `prop` holds it open until `release`."""

    def __init__(self, row: DeviceRow, around: Surroundings) -> None:
        super().__init__(row, around)
        self.propped = False
        self.orders = Orders(self, {"open": self._open})
        self.state = {
            "door.open": False,
            "lock.locked": True,
            "exit_button.pressed": False,
            "contact.fault": False,
        }

    def leave(self) -> None:
        """Let somebody out: button, lock, door."""
        self.change({"exit_button.pressed": True})
        self.happen("exit.requested")
        self.around.agenda.after(0.8, lambda: self.change({"exit_button.pressed": False}))
        self.swing()

    def swing(self) -> None:
        """Unlock, open, and fall shut behind a person."""
        if self.state["door.open"]:
            return
        self.change({"lock.locked": False})
        shut = UNLOCK_TO_OPEN + self.around.chance.uniform(*STAYS_OPEN)
        self.around.agenda.after(UNLOCK_TO_OPEN, lambda: self.change({"door.open": True}))
        self.around.agenda.after(shut, self._fall_shut)

    def prop(self) -> None:
        """Keep the door open, as a removal firm does; after a while the door says so."""
        self.propped = True
        self.swing()
        self.around.agenda.after(UNLOCK_TO_OPEN + HELD_TOO_LONG, self._complain)

    def release(self) -> None:
        """Take the wedge away."""
        self.propped = False
        self._fall_shut()

    def _complain(self) -> None:
        if self.propped:
            self.happen("door.held", {"seconds": HELD_TOO_LONG})

    def _fall_shut(self) -> None:
        if not self.propped:
            self.change({"door.open": False, "lock.locked": True})

    def _open(self, order: Order) -> None:
        log_movement(self, "open", order)
        self.swing()
        self.around.agenda.after(UNLOCK_TO_OPEN, lambda: self.orders.answer(order, "executed"))


class Controller(Device):
    """An access controller; its battery takes over when the mains are lost."""

    def __init__(self, row: DeviceRow, around: Surroundings) -> None:
        super().__init__(row, around)
        self.state = {
            "supply.mains": True,
            "tamper": False,
            "reader.online": True,
            "fire.input": False,
        }
        self._stored = 0

    def measure(self) -> None:
        """Read the battery and the buffer of events."""
        full = 13.6 if self.state["supply.mains"] else 12.4
        self._stored = (self._stored + self.around.chance.randint(0, 2)) % 60
        self.measured = {
            "battery.voltage": round(full + self.around.chance.uniform(-0.05, 0.05), 2),
            "buffer.level": self._stored,
        }

    def read_credential(self) -> bool:
        """Judge somebody at the reader: nearly always granted; no person is told, only how."""
        how = self.around.chance.choice(CREDENTIALS)
        granted = self.around.chance.random() > 0.03
        self.happen("access.granted" if granted else "access.denied", {"by": how})
        return granted

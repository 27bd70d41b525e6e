"""A barrier gate: an arm that moves only when told, a loop under it, and cars."""

from __future__ import annotations

from simulators.device import Device, Surroundings, Value
from simulators.order import Order, Orders, log_movement
from simulators.site import DeviceRow

TRAVEL = 1.5
"""Seconds that the arm needs from one end to the other."""
PATIENCE = 5.0
"""Seconds after which a controller gives up on an arm that does not move."""
WAIT_FOR_CAR = 12.0
"""Seconds that an arm opened by order stays up when nobody comes."""
NO_MOTION = "E03"
OPEN, CLOSED, MOVING = "open", "closed", "moving"


class Arm:
    """The arm and its motor; `blocked` keeps it where it is, `stuck_open` keeps it up."""

    def __init__(self, gate: Device) -> None:
        self._gate = gate
        self._goal = CLOSED
        self.warmth = 0.0
        self.blocked = False
        self.stuck_open = False

    def move(self, do: str, order: Order | None = None) -> bool:
        """Go up (`open`) or down (`close`), log who said so, and answer whether it can."""
        end = OPEN if do == "open" else CLOSED
        if self._goal == end:
            return True
        after = self._gate.around.agenda.after
        if self.blocked or (end == CLOSED and self.stuck_open):
            after(PATIENCE, self._give_up)
            return False
        self._goal = end
        self.warmth = min(45.0, self.warmth + 1.5)
        log_movement(self._gate, do, order)
        self._gate.change(limits(MOVING))
        after(TRAVEL, lambda: self._arrive(end))
        return True

    def _give_up(self) -> None:
        """Say that the arm does not move, unless what held it has gone meanwhile."""
        if self.blocked or self.stuck_open:
            self._gate.change({"fault.code": NO_MOTION})

    def _arrive(self, end: str) -> None:
        if self._goal == end:
            self._gate.change(limits(end))


class Gate(Device):
    """A gate with its controller: lets cars through, and obeys orders."""

    def __init__(self, row: DeviceRow, around: Surroundings) -> None:
        super().__init__(row, around)
        self.arm = Arm(self)
        obey = {"open": self._open, "hold_open": self._hold_open}
        self.orders = Orders(self, obey | dict.fromkeys(("close", "release"), self._close))
        self.state = limits(CLOSED) | {
            "loop.occupied": False,
            "boom.broken": False,
            "mode": "auto",
            "fault.code": "",
        }

    def measure(self) -> None:
        """Feel the motor: warm from work, cooling between cars."""
        self.arm.warmth *= 0.7
        noise = self.around.chance.uniform(-0.3, 0.3)
        self.measured = {"motor.temperature": round(24 + self.arm.warmth + noise, 1)}

    def let_through(self) -> bool:
        """Open for a car whose plate was read, and close behind it; False when it had to turn."""
        if not self.arm.move("open"):
            return False
        after = self.around.agenda.after
        after(TRAVEL + 1.0, lambda: self.change({"loop.occupied": True}))
        after(TRAVEL + 4.5, self._car_gone)
        return True

    def fail_open(self) -> None:
        """Go up for a car, and never come down again."""
        self.arm.stuck_open = True
        self.arm.move("open")

    def come_down(self) -> None:
        """Close again after having failed open."""
        self.arm.stuck_open = False
        self.change({"fault.code": ""})
        self._close_alone()

    def _car_gone(self) -> None:
        self.change({"loop.occupied": False})
        self.happen("vehicle.passed")
        self.around.agenda.after(1.0, self._close_alone)

    def _close_alone(self) -> None:
        """Close without being asked, unless the arm is held up or a car stands under it."""
        if self.state["mode"] == "auto" and not self.state["loop.occupied"]:
            self.arm.move("close")

    def _open(self, order: Order) -> None:
        self._follow(order, "open")
        self.around.agenda.after(WAIT_FOR_CAR, self._close_alone)

    def _hold_open(self, order: Order) -> None:
        self.change({"mode": "hold_open"})
        self._follow(order, "open")

    def _close(self, order: Order) -> None:
        """Come down, and from now on by itself: `release` ends what `hold_open` began."""
        if self.state["loop.occupied"]:
            self.orders.answer(order, "failed", "a car stands under the arm")
            return
        self.change({"mode": "auto"})
        self._follow(order, "close")

    def _follow(self, order: Order, do: str) -> None:
        after = self.around.agenda.after
        if self.arm.move(do, order):
            after(TRAVEL, lambda: self.orders.answer(order, "executed"))
        else:
            why = "the arm did not move"
            after(PATIENCE, lambda: self.orders.answer(order, "failed", why))


def limits(position: str) -> dict[str, Value]:
    """Say where the arm is, and which limit switch feels it."""
    return {
        "arm.position": position,
        "arm.limit_open": position == OPEN,
        "arm.limit_closed": position == CLOSED,
    }

"""A board with Tasmota firmware: a will, telemetry in its rhythm, results on change."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from simulators.foreign.plug import Plug

LONG_AGO = "2017-02-16T10:13:52"
"""What a board says without a time server; nobody may go by it."""


def will_of(topic: str) -> tuple[str, str]:
    """Return the will that a board leaves at the broker."""
    return f"tele/{topic}/LWT", "Offline"


class Board:
    """One board by its Topic."""

    _starts = count(54)

    def __init__(self, plug: Plug, topic: str) -> None:
        self._plug = plug
        self._topic = topic

    async def start(self) -> None:
        """Say hello, and why it has started."""
        await self._plug.say(f"tele/{self._topic}/LWT", "Online", retain=True)
        restart = {"RestartReason": "Power On", "BootCount": next(self._starts)}
        await self._plug.say(f"tele/{self._topic}/INFO3", {"Info3": restart})

    async def measure(self, volts: Sequence[float], total: float) -> None:
        """Tell volts of each phase, and the energy so far (kWh)."""
        one = len(volts) == 1
        energy = {"Total": total, "Power": 50.0, "Voltage": volts[0] if one else list(volts)}
        said = {"Time": LONG_AGO, "ENERGY": energy}
        await self._plug.say(f"tele/{self._topic}/SENSOR", said)

    async def switch(self, *, on: bool) -> None:
        """Switch the relay by its button."""
        await self._plug.say(f"stat/{self._topic}/RESULT", {"POWER": "ON" if on else "OFF"})

    async def say_late_will(self) -> None:
        """Have a connection of before speak its will only now."""
        topic, word = will_of(self._topic)
        await self._plug.say(topic, word, retain=True)

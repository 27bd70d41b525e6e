"""A plate camera of Vzenith: it tells of vehicles, contacts and its heartbeat."""

from __future__ import annotations

import base64
from itertools import count

from simulators.foreign.plug import Plug

AUTOMATIC = 1


class PlateCamera:
    """One camera by its serial number; `plain` sends plates as they are, as some firmware does."""

    def __init__(self, plug: Plug, serial: str, *, plain: bool = False) -> None:
        self._plug = plug
        self._serial = serial
        self._plain = plain
        self._numbers = count(1)

    async def beat(self, at: float) -> None:
        """Say that it is there (`at`: epoch seconds)."""
        await self._say("keep_alive", at, {"type": "keep_alive", "body": {"timestamp": int(at)}})

    async def see(
        self, plate: str, at: float, *, confidence: int = 99, trigger: int = AUTOMATIC, **marks: int
    ) -> None:
        """Tell of a vehicle; `marks` are fields such as `isoffline` and `is_fake_plate`."""
        sec, usec = int(at), int(at % 1 * 1e6)
        licence = plate if self._plain else base64.b64encode(plate.encode()).decode()
        result = {
            "license": licence,
            "confidence": confidence,
            "plateid": next(self._numbers),
            "triggerType": trigger,
            "isoffline": 0,
            "is_fake_plate": 0,
            "timeStamp": {"Timeval": {"sec": sec, "usec": usec}},
            **marks,
        }
        alarm = {"channel": 0, "result": {"PlateResult": result}, "serialno": self._serial}
        await self._say("ivs_result", at, {"AlarmInfoPlate": alarm})

    async def switch(self, contact: int, at: float, *, closed: bool) -> None:
        """Tell of a contact."""
        trigger = {"source": contact, "value": int(closed)}
        body = {"AlarmGioIn": {"result": {"TriggerResult": trigger}, "serialno": self._serial}}
        await self._say("gpio_in", at, {"type": "gpio_in", "body": body})

    async def _say(self, name: str, at: float, payload: dict[str, object]) -> None:
        number = next(self._numbers)
        await self._plug.say(
            f"device/{self._serial}/message/up/{name}",
            {
                "id": f"m{number}",
                "sn": self._serial,
                "name": name,
                "version": "1.0",
                "timestamp": int(at),
                "payload": payload,
            },
        )

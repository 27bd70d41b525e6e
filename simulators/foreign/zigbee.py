"""A bridge of Zigbee2MQTT with devices behind it, some of which sleep."""

from __future__ import annotations

from simulators.foreign.plug import Plug

BASE = "zigbee2mqtt"
WILL = (f"{BASE}/bridge/state", '{"state":"offline"}')
DEFINITIONS = 200
"""Entries of the list of devices, which makes it far longer than any reading."""


class Bridge:
    """One bridge; what it says of a device goes under the device's name."""

    def __init__(self, plug: Plug) -> None:
        self._plug = plug

    async def start(self, *names: str) -> None:
        """Say that it is there, which devices it knows, and what it thinks of each."""
        await self._plug.say(f"{BASE}/bridge/state", {"state": "online"}, retain=True)
        known = [{"friendly_name": name, "definition": "x" * DEFINITIONS} for name in names]
        await self._plug.say(f"{BASE}/bridge/devices", known, retain=True)
        for name in names:
            await self.judge(name, there=True)

    async def judge(self, name: str, *, there: bool) -> None:
        """Say whether it takes a device for alive."""
        state = {"state": "online" if there else "offline"}
        await self._plug.say(f"{BASE}/{name}/availability", state, retain=True)

    async def pass_on(self, name: str, **said: object) -> None:
        """Tell what a device has said; as often as not only what has changed."""
        await self._plug.say(f"{BASE}/{name}", {**said, "linkquality": 112})

    async def stop(self) -> None:
        """Say goodbye, as it does before an update."""
        await self._plug.say(*WILL, retain=True)

    async def announce(self, name: str, ieee: str, device_class: str) -> None:
        """Tell whoever listens to Home Assistant's discovery of a device."""
        device = {"ids": [f"zigbee2mqtt_{ieee}"], "mf": "Aqara", "mdl": "SJCGQ11LM", "name": name}
        said = {"dev": device, "dev_cla": device_class, "stat_t": f"{BASE}/{name}"}
        topic = f"homeassistant/binary_sensor/{ieee}/{device_class}/config"
        await self._plug.say(topic, said, retain=True)

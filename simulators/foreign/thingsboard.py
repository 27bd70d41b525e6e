"""A gateway and a device that were built for ThingsBoard."""

from __future__ import annotations

from collections.abc import Mapping

from simulators.foreign.plug import Plug


class Gateway:
    """A gateway that collects what its devices say and hands it in together."""

    def __init__(self, plug: Plug) -> None:
        self._plug = plug
        self._waiting: dict[str, list[object]] = {}

    async def connect(self, name: str) -> None:
        """Say that a device is there."""
        await self._plug.say("v1/gateway/connect", {"device": name})

    async def disconnect(self, name: str) -> None:
        """Say that a device is gone."""
        await self._plug.say("v1/gateway/disconnect", {"device": name})

    def hear(self, name: str, at: float, **values: object) -> None:
        """Take what a device says at an instant (epoch seconds)."""
        self._waiting.setdefault(name, []).append({"ts": round(at * 1000), "values": values})

    async def hand_in(self) -> None:
        """Hand in all that was heard, in one message."""
        said, self._waiting = self._waiting, {}
        await self._plug.say("v1/gateway/telemetry", said)


async def speak_alone(plug: Plug, user: str, values: Mapping[str, object]) -> None:
    """Say something as a device whose broker puts the user in front of its topic."""
    await plug.say(f"{user}/v1/devices/me/telemetry", dict(values))

"""A Shelly of the second generation: frames of RPC about what has changed."""

from __future__ import annotations

from simulators.foreign.plug import Plug


def will_of(name: str) -> tuple[str, str]:
    """Return the will that a device leaves at the broker."""
    return f"{name}/online", "false"


class Relay:
    """One device by its id; it says what has changed since it spoke last, and no more."""

    def __init__(self, plug: Plug, name: str) -> None:
        self._plug = plug
        self._name = name
        self._told: dict[str, object] = {}

    async def start(self) -> None:
        """Say that it is there."""
        await self._plug.say(f"{self._name}/online", "true", retain=True)

    async def change(self, at: float, **switch: object) -> None:
        """Let fields of its switch become so, and tell those that have changed."""
        news = {key: each for key, each in switch.items() if self._told.get(key) != each}
        self._told |= news
        await self._frame("NotifyStatus", {"ts": round(at, 2), "switch:0": {"id": 0, **news}})

    async def push(self, at: float) -> None:
        """Have somebody push its button."""
        event = {"component": "input:0", "id": 0, "event": "single_push", "ts": round(at, 2)}
        await self._frame("NotifyEvent", {"ts": round(at, 2), "events": [event]})

    async def _frame(self, method: str, params: dict[str, object]) -> None:
        frame = {"src": self._name, "dst": f"{self._name}/events", "method": method}
        await self._plug.say(f"{self._name}/events/rpc", {**frame, "params": params})

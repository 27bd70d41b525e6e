"""A device on MQTT: the hub's own dialect, spoken from the device's side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Protocol

import msgspec

from simulators.agenda import Agenda
from simulators.site import DeviceRow

Value = bool | int | float | str
HEARTBEAT = 30.0
"""Seconds between two signs of life, jittered by a tenth."""
STATE_SHARE = 0.25
"""How many of them repeat the state: not every broker hands out all that it retains."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message on its way up: the last level of its topic, and the payload."""

    address: str
    topic: str
    body: dict[str, Any]
    retain: bool = False


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """A line in the log of what moved things; `command` is None where nobody told the device."""

    command: str | None
    device: str
    do: str
    at: float
    expires: float | None


class Wire(Protocol):
    """What a device is plugged into; one wire may serve many devices."""

    def publish(self, message: Message) -> None:
        """Take a message to the broker, in order, at least once."""
        ...

    def cut(self, last_will: Message) -> None:
        """Lose the device; `last_will` is what the community is told in its place."""
        ...

    def restore(self) -> None:
        """Find the device again; it announces itself next."""
        ...


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What a device stands in: the agenda of its life, its wire, its chance, the log of moves."""

    agenda: Agenda
    wire: Wire
    chance: Random
    log: Callable[[Movement], None]


class Voice:
    """How a device signs what it says: boot, and a number per boot and topic."""

    def __init__(self, address: str, now: float) -> None:
        self._address = address
        self._boots = 0
        self.reboot(now)

    def reboot(self, now: float) -> None:
        """Start a new life with new numbers."""
        self._boots += 1
        self._sent: Counter[str] = Counter()
        self._boot = f"b{int(now):x}-{self._boots}"

    def message(self, topic: str, at: float, body: Mapping[str, Any]) -> Message:
        """Write a numbered message about the instant `at`; states are retained."""
        self._sent[topic] += 1
        head = {"boot": self._boot, "seq": self._sent[topic], "ts": round(at, 3)}
        retain = topic == "state"
        return Message(address=self._address, topic=topic, body=head | dict(body), retain=retain)

    def availability(self, state: str) -> Message:
        """Write the message that says that the device is `online` or `offline`."""
        body = {"boot": self._boot, "state": state}
        return Message(address=self._address, topic="avail", body=body, retain=True)


class Device:
    """What every kind shares: points, heartbeats, events, and the ways to fall silent.

    `state` holds what is sent on change and retained, `measured` what each heartbeat tells;
    `frozen` is the state that a hung device repeats instead, `clock_offset` how wrong its clock
    is (seconds).
    """

    def __init__(self, row: DeviceRow, around: Surroundings) -> None:
        self.row = row
        self.around = around
        self.voice = Voice(row.address, around.agenda.now)
        self.state: dict[str, Value] = {}
        self.measured: dict[str, Value] = {}
        self.clock_offset = 0.0
        self.frozen: dict[str, Value] | None = None
        self._silent: set[str] = set()

    @property
    def silent(self) -> bool:
        """Whether anything keeps the device from being heard."""
        return bool(self._silent)

    def now(self) -> float:
        """Return the time on the device's own clock (epoch seconds)."""
        return self.around.agenda.now + self.clock_offset

    def live(self) -> None:
        """Begin to live: kinds add what happens to them."""
        self.around.agenda.after(HEARTBEAT * self.around.chance.random(), self._beat)

    def measure(self) -> None:
        """Renew `measured` before a heartbeat: kinds that measure say how."""

    def announce(self) -> None:
        """Say hello: who and in what state; a connection's first words."""
        self.say(self.voice.availability("online"))
        self.tell_state()

    def tell_state(self) -> None:
        """Say in what state it is."""
        state = self.state if self.frozen is None else self.frozen
        if not self.silent:
            self.say(self.voice.message("state", self.now(), {"points": dict(state)}))

    def change(self, points: Mapping[str, Value]) -> None:
        """Let points of the state become so, and tell when that is new."""
        is_news = any(self.state.get(name) != value for name, value in points.items())
        self.state.update(points)
        if is_news and self.frozen is None:
            self.tell_state()

    def happen(self, name: str, data: Mapping[str, Any] | None = None, ago: float = 0.0) -> None:
        """Tell an event; one that is told `ago` seconds afterwards is marked late."""
        body = {"name": name, "data": dict(data or {})} | ({"late": True} if ago else {})
        if not self.silent and self.frozen is None:
            self.say(self.voice.message("event", self.now() - ago, body))

    def mute(self, reason: str) -> None:
        """Fall silent for one more reason; the wire tells the rest of the world."""
        if not self.silent:
            self.around.wire.cut(self.voice.availability("offline"))
        self._silent.add(reason)

    def unmute(self, reason: str, *, rebooted: bool = False) -> None:
        """Drop a reason to be silent; with none left the device comes back, perhaps booted anew."""
        if reason not in self._silent:
            return
        self._silent.discard(reason)
        if rebooted:
            self.voice.reboot(self.around.agenda.now)
        if not self.silent:
            self.around.wire.restore()
            self.announce()

    def say(self, message: Message) -> None:
        """Send a message, unless nobody can hear it."""
        if not self.silent:
            self.around.wire.publish(message)

    def _beat(self) -> None:
        self.around.agenda.after(HEARTBEAT * self.around.chance.uniform(0.9, 1.1), self._beat)
        if self.frozen is None:
            self.measure()
        if self.measured and not self.silent:
            self.say(self.voice.message("telemetry", self.now(), {"points": dict(self.measured)}))
        if not self.measured or self.around.chance.random() < STATE_SHARE:
            self.tell_state()

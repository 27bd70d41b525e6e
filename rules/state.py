"""What the engine keeps in memory: one state per device, one watch per device and rule."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING, Any

import msgspec

from hub.model.device import Lifecycle

if TYPE_CHECKING:
    from hub.model.device import Device
    from hub.model.place import Place
    from rules.gauge import Lull
    from rules.plan import Plan, Program

NEVER = -inf


class Contact:
    """Whether a device is heard, in arrival time; also its entry in the heap of deadlines.

    `floor` is the instant before which nobody listened; `doubted` that some rule has seen the
    device silent, so that the next message must wake the rules about silence. `listens` is the
    instant before which no deadline comes, infinite while the hub is cut off; `back_at` the end
    of the last cut, infinite during one; `missed` that messages were lost in it.
    """

    lull = None
    __slots__ = (
        "back_at",
        "device",
        "doubted",
        "due",
        "floor",
        "heard_at",
        "kept",
        "listens",
        "missed",
        "offline_at",
        "queued",
        "ready",
        "silent",
    )

    def __init__(self, device: DeviceState) -> None:
        self.device = device
        self.heard_at = NEVER
        self.offline_at: float | None = None
        self.floor = NEVER
        self.silent = False
        self.doubted = False
        self.listens = NEVER
        self.back_at = NEVER
        self.missed = False
        self.kept = device.plan.is_kept
        self.due = inf
        self.ready = inf
        self.queued = inf

    def silence(self, now: float) -> tuple[float | None, bool]:
        """Return (instant from which silence counts, whether anybody listened since).

        None is a device that was never heard. While the hub is cut off `floor` is infinite.
        """
        if self.heard_at == NEVER:
            return None, True
        if self.offline_at is not None:
            return max(self.offline_at, self.floor), self.offline_at >= self.floor
        if self.kept:
            return now, True
        return max(self.heard_at, self.floor), self.heard_at >= self.floor


class DeviceState:
    """A device's known values and where it hangs.

    `raw` holds the last reading of each slot, `values` what is known of points that are sent on
    change: the same list while the device is heard, blanks while it is not. `now`, `wake` and
    `event` are the context of the evaluation that is going on; expressions lower `wake` to the
    next instant at which they could change by time alone. `worked_on` is the last instant of which
    events are not counted, since people worked on the device. `due` is not later than the earliest
    deadline of any watch. `awake` has the bits of the watches that do not rest (`rules/sieve.py`).
    `repeats` has, by slot, when readings were said that a back-test leaves out. `lag` is how far a
    backlog that is being delivered lies back. `newest` is the instant of the last word; `measured`
    that of the last measurement while those come apart from the states.
    """

    __slots__ = (
        "ats", "awake", "contact", "data", "dependents", "device", "drift", "due", "event",
        "groups", "groups_stored", "lag", "lulls", "measured", "newest", "now", "peers", "place",
        "plan", "raw", "repeats", "stored", "trackers", "upstream", "values", "wake", "watches",
        "worked_on",
    )  # fmt: skip

    def __init__(self, device: Device, plan: Plan, place: tuple[Place, ...]) -> None:
        size = len(plan.slot_by_point)
        self.device = device
        self.plan = plan
        self.place = place
        self.raw: list[Any] = [None] * size
        self.values = self.raw
        self.ats = array("d", [NEVER]) * size
        self.contact = Contact(self)
        self.watches: list[Watch] = []
        self.awake = 0
        self.lulls: Sequence[Lull] = ()
        self.trackers: list[Any] = [make() for make in plan.trackers]
        self.peers: Mapping[str, DeviceState] = _NOTHING
        self.groups: Mapping[str, list[DeviceState]] = _NOTHING
        self.upstream: DeviceState | None = None
        self.dependents: dict[int, list[Watch]] | None = None
        self.newest = self.measured = NEVER
        self.lag = 0.0
        self.drift: tuple[int, float, float] = _NO_DRIFT
        self.now = NEVER
        self.wake = inf
        self.event = ""
        self.data: Mapping[str, Any] = _NOTHING
        self.due = inf
        self.stored: bytes | None = None
        self.groups_stored: bytes | None = None
        self.worked_on = NEVER
        self.repeats: Mapping[int, Sequence[float]] = _NO_REPEATS


def said_at(d: DeviceState, slot: int) -> float:
    """Return the instant of the slot's last reading at the device's `now`; NEVER without one."""
    at, repeats = d.ats[slot], d.repeats.get(slot)
    place = bisect_right(repeats, d.now) if repeats else 0
    return max(at, repeats[place - 1]) if repeats and place else at


def is_worked_on(d: DeviceState) -> bool:
    """Tell whether people work on the device at its `now`."""
    until = d.device.maintenance_until
    return d.device.state is Lifecycle.MAINTENANCE and (until is None or d.now < until)


_NO_DRIFT = (0, 0.0, NEVER)
_NO_REPEATS: Mapping[int, Sequence[float]] = {}
_NOTHING: Mapping[str, Any] = {}
"""One for all devices: few have a lane, a group or an event."""


class Episode(msgspec.Struct):
    """An alarm that is raised: `acc` and `mark` count the release, `stage` is -1 for none."""

    raised_at: float
    acc: float = 0.0
    mark: float | None = None
    stage: int = -1
    stage_since: dict[int, float] = {}


class Watch:
    """One rule on one device: the running hold, the open episode, and its next deadline.

    `since` and `unknown` are the instants since which `when` holds and is unknown; `lock` the
    instant of a clear by hand; `pending` the deadlines of open expectations. `bit` has the place
    among the device's watches.
    """

    __slots__ = (
        "after", "bit", "device", "due", "episode", "last", "lock", "lull", "pending", "program",
        "queued", "ready", "since", "stored", "unknown",
    )  # fmt: skip

    def __init__(self, device: DeviceState, program: Program) -> None:
        self.device = device
        self.program = program
        self.bit = 0
        self.last: bool | None = None
        self.since: float | None = None
        self.unknown: float | None = None
        self.episode: Episode | None = None
        self.lock: float | None = None
        self.pending: list[float] | None = None
        self.after: bool | None = None
        self.lull: Lull | None = None
        self.due = inf
        self.ready = inf
        self.queued = inf
        self.stored = False

    def is_idle(self) -> bool:
        """Tell whether there is nothing to remember over a restart."""
        return (
            self.since is None
            and self.episode is None
            and self.lock is None
            and not self.pending
            and self.after is not True
        )

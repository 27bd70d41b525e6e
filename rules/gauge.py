"""Rules that compare one thing with fixed numbers: while it stays where all are false, none is run.

A gauge belongs to a plan and says which rules ask the same thing first, in the same direction. A
lull belongs to a device: its members are quiet, and one deadline stands for all of theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf
from typing import TYPE_CHECKING

import msgspec

from rules.agenda import Agenda
from rules.language.node import Run
from rules.plan import Plan, Program
from rules.state import DeviceState, Watch

if TYPE_CHECKING:
    from collections.abc import Iterable


class Gauge(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What several programs of a plan ask first, and depend on; `members` are their places.

    None of them can be true while `low` <= what `read` gives <= `high`; `ranges` are each one's
    own. `program` is one of them: the others are as late, and as much about what changes.
    """

    read: Run
    program: Program
    members: tuple[int, ...]
    ranges: tuple[tuple[float, float], ...]
    low: float
    high: float


def add_gauges(plan: Plan) -> None:
    """Give a plan its gauges, and route the facts of their members to them."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for index, program in enumerate(plan.programs):
        if program.head is not None and not program.prepares and not program.by_arrival:
            key = program.head.key, program.slots, program.sampled, program.on_change
            groups.setdefault(key, []).append(index)
    gauges = [_make(plan, members) for members in groups.values() if len(members) > 1]
    for place, gauge in enumerate(gauges):
        _route(plan, gauge, place)
    shared = {index for gauge in gauges for index in gauge.members}
    plan.gauges = gauges
    plan.alone = [index for index in range(len(plan.programs)) if index not in shared]


def _make(plan: Plan, members: Sequence[int]) -> Gauge:
    programs = [plan.programs[index] for index in members]
    heads = [program.head for program in programs if program.head is not None]
    return Gauge(
        read=heads[0].read,
        program=programs[0],
        members=tuple(members),
        ranges=tuple((head.low, head.high) for head in heads),
        low=max(head.low for head in heads),
        high=min(head.high for head in heads),
    )


def _route(plan: Plan, gauge: Gauge, place: int) -> None:
    routes, members = plan.routes, set(gauge.members)
    for slot in range(len(plan.specs)):
        for programs, gauges in (
            (routes.on_sample, routes.gauges_on_sample),
            (routes.on_change, routes.gauges_on_change),
        ):
            if members.intersection(programs[slot]):
                programs[slot] = [index for index in programs[slot] if index not in members]
                gauges[slot].append(place)


class Lull:
    """The quiet members of a gauge on one device; also their one entry among the deadlines.

    `loose` tells that some member may have a hold, an alarm, or a deadline of its own.
    """

    lull = None
    __slots__ = ("device", "due", "gauge", "loose", "program", "queued", "ready")

    def __init__(self, device: DeviceState, gauge: Gauge) -> None:
        self.device = device
        self.gauge = gauge
        self.program = gauge.program
        self.loose = True
        self.due = inf
        self.ready = inf
        self.queued = inf

    def pick(self, agenda: Agenda) -> Sequence[int]:
        """Return the places of the members to run at the device's `now`; the others are false."""
        d, gauge = self.device, self.gauge
        d.wake = inf
        value = gauge.read(d)
        wake, found = d.wake, _NOBODY
        if self.loose or value is None or not gauge.low <= value <= gauge.high:
            found = list(self._awake(agenda, value))
            self.loose = bool(found)
            wake = inf if len(found) == len(gauge.members) else wake
        if wake != self.due:
            agenda.set(self, wake, lag=d.lag)
        return found

    def _awake(self, agenda: Agenda, value: float | None) -> Iterator[int]:
        """Yield the members that may be true or have something open; the others are put to rest."""
        gauge, watches = self.gauge, self.device.watches
        for index, (low, high) in zip(gauge.members, gauge.ranges, strict=True):
            watch = watches[index]
            if value is None or not low <= value <= high or has_something_open(watch):
                yield index
                continue
            watch.last = False
            if watch.due != inf:
                agenda.set(watch, inf)

    def let_go(self, agenda: Agenda) -> None:
        """Give each member back its own deadline: the gauge is gone."""
        for index in self.gauge.members:
            watch = self.device.watches[index]
            watch.lull = None
            if self.due < watch.due:
                agenda.set(watch, self.due, lag=self.device.lag)
        agenda.set(self, inf)


def set_watches(d: DeviceState, watches: Iterable[Watch]) -> None:
    """Give a device its watches, in the order of its plan's programs, and their lulls."""
    d.watches = list(watches)
    for place, watch in enumerate(d.watches):
        watch.bit = 1 << place
    d.awake = (1 << len(d.watches)) - 1
    d.lulls = [Lull(d, gauge) for gauge in d.plan.gauges] or _NO_LULLS
    for lull in d.lulls:
        for index in lull.gauge.members:
            d.watches[index].lull = lull


def timed(d: DeviceState) -> list[Watch | Lull]:
    """Return what of a device's rules may have a deadline."""
    return [*d.watches, *d.lulls]


def has_something_open(watch: Watch) -> bool:
    """Tell whether a hold or an alarm of the watch is open, or somebody has cleared it."""
    return watch.since is not None or watch.episode is not None or watch.lock is not None


_NOBODY: Sequence[int] = ()
_NO_LULLS: list[Lull] = []
"""One for all devices: few have rules that share a gauge."""

"""A back-test: rules over stored history, through the code that runs live.

The history comes as reports in the order of their instants, as `Archive.replay` yields it, or with
`Repeats` for what only says the same again, and `Passage` for what no rule can notice. Every
deadline comes before the next report, so that it makes no difference how much is left out. What
history does not know does not count: maintenance windows and notices of the past, orders to
devices, and their goodbyes: a device is silent from its last word on. A rule on trial is tested as
if it were in force.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf, nextafter

import msgspec

from hub.model.alarm import Decision
from hub.model.catalogue import DeviceModel
from hub.model.device import Device, Kind, Lifecycle
from hub.model.place import Place
from hub.model.repeats import Need, Passage, Passes, Repeats
from hub.model.report import Report
from rules.engine import Engine
from rules.gates import fire_zone
from rules.ledger import Ledger, PastAlarm
from rules.rule import Rule
from rules.topology import Topology
from rules.world import build_world

FIRST, STEP = 1000, 10_000
"""Reports before the first call of `progress`, and between two of them."""
TICK = 1.0
"""Seconds of history after which what waits for the time alone is looked at again."""
WEEK = 7 * 86_400.0
FIRE_POINT = "fire.input"


Said = Report | Repeats | Passage
History = Iterable[Said] | Callable[[Passes], Iterable[Said]]
"""What was said; or what gives it, once it is told how to learn what need not be said."""


class BacktestResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules would have said; instants in epoch seconds.

    `bells_per_week` counts one bell for each role that an alarm tells when it goes out.
    """

    alarms: tuple[PastAlarm, ...]
    reports: int
    start: float
    end: float
    bells: int

    @property
    def bells_per_week(self) -> float:
        """Return the bells that a week like this history would bring; 0 for no history."""
        length = self.end - self.start
        return self.bells * WEEK / length if length > 0 else 0.0


def backtest(
    rules: Sequence[Rule],
    history: History,
    devices: Iterable[Device],
    places: Mapping[str, Place],
    models: Mapping[str, DeviceModel],
    *,
    progress: Callable[[int], None] = lambda _reports: None,
    tell: Callable[[PastAlarm], None] = lambda _alarm: None,
) -> BacktestResult:
    """Run the rules over the history; streams, and keeps nothing but what the rules keep.

    `progress` is told the number of reports so far; what it raises ends the test. `tell` is
    called for each alarm as soon as it is found.
    """
    course = _Course(rules, [_in_service(device) for device in devices], places, models)
    course.ledger.tell = tell
    reports, told = 0, FIRST - STEP
    for said in history(course.may_pass) if callable(history) else history:
        if isinstance(said, Report):
            course.take(said)
            reports += 1
        else:
            course.leave_out(said)
            reports += said.count
        if reports - told >= STEP:
            told = reports
            progress(reports)
    course.advance(course.now)
    progress(reports)
    return BacktestResult(
        alarms=course.ledger.alarms(),
        reports=reports,
        start=course.start,
        end=course.now,
        bells=course.ledger.bells,
    )


def concerned(
    rules: Sequence[Rule],
    devices: Iterable[Device],
    places: Mapping[str, Place],
    models: Mapping[str, DeviceModel],
) -> dict[str, Need]:
    """Return the devices (by uid) of whose history the rules need to know, and what of it.

    A fire input is part of it: it explains what doors and gates say.
    """
    world = build_world(rules, [_in_service(device) for device in devices], places, models)
    asked = {
        uid: d.plan
        for uid, d in world.items()
        if d.watches or d.dependents or d.device.kind is Kind.ACCESS_CONTROLLER
    }
    needs = {id(plan): _with_fire(plan.need) for plan in asked.values()}
    return {uid: needs[id(plan)] for uid, plan in asked.items()}


def _with_fire(need: Need) -> Need:
    return msgspec.structs.replace(need, points=need.points | {FIRE_POINT})


class _Course:
    """Engine, topology and gates on the way through history; `now` is how far it has come."""

    def __init__(
        self,
        rules: Sequence[Rule],
        devices: Sequence[Device],
        places: Mapping[str, Place],
        models: Mapping[str, DeviceModel],
    ) -> None:
        self.now = 0.0
        self.start = 0.0
        self.ledger = Ledger(devices)
        self._engine = Engine([msgspec.structs.replace(rule, trial=False) for rule in rules])
        self._engine.set_world(devices, places, models)
        self._topology = Topology(devices, places)
        self._zones = {
            device.uid: fire_zone(device.place, places)
            for device in devices
            if device.kind is Kind.ACCESS_CONTROLLER
        }
        self._decisions: list[Decision] = []
        self._settles_at = -inf
        self._tick = inf

    def take(self, report: Report) -> None:
        """Take the next report of history."""
        if not self.start:
            self.start = report.at
        fire = _find_fire(report) if report.uid in self._zones else None
        if fire is not None or self._is_due(report.at):
            self._come_to(report.at)
        self.now = max(self.now, report.at)
        if decisions := self._engine.apply(report):
            self._decisions += decisions
        if fire is not None:
            self.ledger.note_fire(report.uid, self._zones[report.uid], report.at, burns=fire)

    def leave_out(self, said: Repeats | Passage) -> None:
        """Take note of what is not told one by one."""
        if isinstance(said, Repeats):
            self._engine.repeat(said)
            return
        self._engine.pass_by(said)
        self.now = max(self.now, *(each.ats[-1] for each in said.stretches))

    def may_pass(self, passage: Passage) -> bool:
        """Tell whether a passage can change nothing; whoever tells of fires is always heard."""
        return passage.uid not in self._zones and self._engine.may_pass(passage)

    def _is_due(self, at: float) -> bool:
        """Tell whether something may have to be done before a report."""
        return (
            self._engine.earliest() < at
            or self._settles_at < at
            or self._tick < at
            or bool(self._decisions and self._decisions[0].at < at)
        )

    def _come_to(self, at: float) -> None:
        """Let everything come that lies before a report: facts come before timers."""
        before = nextafter(at, -inf)
        while self._tick < at:
            self.advance(self._tick)
        if not self._decisions and self._settles_at >= at:
            self._decisions += self._engine.advance(before)
            if not self._decisions:
                return
        self.advance(before)

    def advance(self, now: float) -> None:
        """Let every deadline come, and send what was decided on its way, in order of time.

        Whoever has waited is looked at as things stand at that instant, and not later.
        """
        while (due := self._topology.next_due()) is not None and due < now:
            self._advance(due)
        self._advance(now)
        self.ledger.try_again(now, self._engine.is_ending)
        due = self._topology.next_due()
        self._settles_at = inf if due is None else due
        self._tick = (now // TICK + 1) * TICK if self.ledger.waits else inf

    def _advance(self, now: float) -> None:
        self._decisions += self._engine.advance(now)
        decisions, self._decisions = self._decisions, []
        is_ending = self._engine.is_ending
        for decision in sorted(decisions, key=lambda each: each.at):
            self.ledger.take(self._topology.advance(decision.at, is_ending), decision.at)
            self.ledger.take(self._topology.take(decision, decision.at), decision.at)
        self.ledger.take(self._topology.advance(now, is_ending), now)


def _find_fire(report: Report) -> bool | None:
    """Return what a report says of a fire input; None where it says nothing of now."""
    said = (sample.value for sample in report.samples if sample.point == FIRE_POINT)
    value = next((each for each in said if each is not None), None)
    return None if value is None or report.late else bool(value)


def _in_service(device: Device) -> Device:
    """Return the device as it was before the maintenance of today."""
    if device.state is not Lifecycle.MAINTENANCE:
        return device
    return msgspec.structs.replace(device, state=Lifecycle.IN_SERVICE)

"""Knows what the gates of the rules ask about: fires, maintenance, flapping; keeps who waits there.

A decision that a gate stops is recorded and tried again when the situation changes. An alarm that
flaps is not cleared before it has been quiet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from hub.intake.gate_answer import ANY, write_answers
from hub.intake.gate_book import GateBook, Key
from hub.intake.mark import MARKING, Marks
from hub.model.alarm import Action, Alarm, Decision
from hub.model.device import Device, Lifecycle
from hub.model.place import Place, contains
from hub.model.report import Quality, Report
from hub.model.window import Window, WindowKind
from hub.ports import PointRow, StateRow
from hub.services.window_book import in_force
from rules.fire_watch import FireWatch
from rules.gates import Situation, Text, Verdict, find_closed, fire_zone, judge, judge_clear

FIRE_POINT = "fire.input"
STOPPING = frozenset({"in_service", "maintenance", "notice", "fire", "explained"})
"""Gates that record an alarm and tell nobody; the others only say that it is there already."""
IN_USE = frozenset({Lifecycle.IN_SERVICE, Lifecycle.MAINTENANCE})
TRY_AGAIN = 10.0
"""Seconds after which those who wait are tried again, whatever has happened."""

Repairs = Callable[[str, str], Sequence[Window]]
"""Returns the work that goes on at a device (uid), but for this fault."""
Inhibits = Callable[[str], tuple[str, ...]]
"""Tells what holds back the alarms of a rule."""
IsEnding = Callable[[str, str], bool]
"""Tells whether the alarm of (subject, rule) is about to end by itself."""


class Gatehouse:
    """Asks the gates, with what it knows of each subject's situation."""

    def __init__(
        self,
        devices: Sequence[Device],
        places: Mapping[str, Place],
        repairs: Repairs = lambda _uid, _fault: (),
    ) -> None:
        self._book = GateBook()
        self._fires = FireWatch()
        self._raised: set[Key] = set()
        self._marks = Marks()
        self._last: dict[Key, Verdict] = {}
        self._windows: tuple[Window, ...] = ()
        self._repairs = repairs
        self._next_try = 0.0
        self.set_world(devices, places)

    def set_windows(self, windows: Sequence[Window]) -> None:
        """Learn the windows anew; who waits is tried again at once."""
        self._windows = tuple(windows)
        self._next_try = 0.0

    def is_worked_on(self, device: Device, at: float) -> bool:
        """Tell whether a maintenance window is open for a device, or its repair under way."""
        kind = WindowKind.MAINTENANCE
        found = in_force(self._windows, kind, at, place=device.place, device=device)
        return bool(found) or any(each.counts(at) for each in self._repairs(device.uid, ""))

    def set_world(self, devices: Sequence[Device], places: Mapping[str, Place]) -> None:
        """Learn the books anew."""
        self._devices: dict[str, Device] = {device.uid: device for device in devices}
        self._places = places
        self._count_unused()

    def put_device(self, device: Device) -> None:
        """Learn that a device has another state; who waits is tried again at once."""
        self._devices[device.uid] = device
        self._count_unused()
        self._next_try = 0.0

    def _count_unused(self) -> None:
        states = {device.state for device in self._devices.values()}
        self._unused = bool(states - {Lifecycle.IN_SERVICE})

    def restore(
        self, points: Iterable[PointRow], alarms: Sequence[Alarm], states: Sequence[StateRow]
    ) -> None:
        """Take over which fire inputs are active, which alarms are open, and what is held back."""
        self._book.restore(states)
        self._fires.restore(states)
        raised = {(alarm.uid, alarm.rule) for alarm in alarms}
        self._raised = {key for key in raised if not self._book.is_stopped(key)}
        self._marks.restore(alarms)
        for decision in self._book.stopped():
            if decision.subject not in self._devices and decision.subject not in self._places:
                self.forget(decision)  # it has left the books
        for row in points:
            if row.point == FIRE_POINT and row.value is True:
                self._note_fire(row.uid, row.at, active=True)

    def take_states(self) -> list[StateRow]:
        """Return what has changed since the last call, to be stored in the same commit."""
        return [*self._book.take_states(), *self._fires.take_rows()]

    def burns_at(self, place: str, now: float) -> bool:
        """Tell whether doors are open for a fire where a place lies."""
        return any(contains(zone, place) for zone in self._zones(now))

    def hear(self, report: Report) -> None:
        """Note a fire input that has changed."""
        for sample in report.samples:
            if sample.point != FIRE_POINT:
                continue
            if sample.quality is Quality.GOOD and not report.late:
                self._note_fire(report.uid, report.received, active=bool(sample.value))

    def admit(self, decision: Decision, now: float) -> tuple[Decision | None, bool]:
        """Return (the decision to carry out now or None, whether it is to stay quiet)."""
        key = (decision.subject, decision.rule)
        if decision.action is Action.CLEAR:
            return self._admit_clear(key, decision, now), False
        if decision.action is Action.CHANGE:
            return decision, self._changes_while_stopped(key, decision)
        self._book.flapping.note(decision)
        verdict = judge(decision, self._situation(decision, now))
        self._last[key] = verdict
        quiet = verdict.gate in STOPPING
        self._book.note_raise(decision, stopped=quiet)
        if not quiet:
            self._raised.add(key)
        return decision, quiet

    def _changes_while_stopped(self, key: Key, decision: Decision) -> bool:
        if not self._book.is_stopped(key) and key not in self._marks:
            return False
        raised = msgspec.structs.replace(decision, action=Action.RAISE)
        self._book.note_raise(raised, stopped=True)
        return True

    def is_time(self, now: float) -> bool:
        """Tell, once, whether what the gates hold is to be looked at again."""
        if now < self._next_try:
            return False
        self._next_try = now + TRY_AGAIN
        return True

    def retry(self, now: float, is_ending: IsEnding) -> list[tuple[Decision, bool]]:
        """Return decisions that waited and may go on now, in the form that `admit` gives.

        What is about to end by itself (`is_ending`) is not raised any more.
        """
        admitted = [
            (decision, False)
            for decision in self._book.stopped()
            if judge(decision, self._situation(decision, now)).gate not in STOPPING
            and not is_ending(decision.subject, decision.rule)
        ]
        for decision, _ in admitted:
            key = (decision.subject, decision.rule)
            self._book.let_go(key)
            self._raised.add(key)
            self._marks.drop(key)
        return admitted + self._quiet_clears(now)

    def find_marks(
        self, alarms: Sequence[Alarm], inhibits: Inhibits, now: float
    ) -> list[tuple[Alarm, str]]:
        """Return told alarms behind which a gate has closed, or has opened again ("").

        That somebody has arrived for one ticket marks no other: its own work goes on.
        """
        windows = any(each.counts(now) for each in self._windows)
        if not (windows or self._unused or self._zones(now) or self._marks):
            return []
        return self._marks.find(alarms, lambda alarm: self._ask(alarm, inhibits(alarm.rule), now))

    def _ask(self, alarm: Alarm, inhibit: tuple[str, ...], now: float) -> Verdict | None:
        decision = msgspec.structs.replace(ANY, subject=alarm.uid, rule=alarm.rule, inhibit=inhibit)
        situation = self._situation(decision, now, repaired=False)
        marks = find_closed(decision, situation) in MARKING
        return judge(decision, situation) if marks else None

    def release(self, uid: str, is_meant: Callable[[Decision], bool]) -> list[Decision]:
        """Return raises of a device that wait, and hold them back no more."""
        mine = [each for each in self._book.stopped() if each.subject == uid and is_meant(each)]
        for decision in mine:
            self._book.let_go((decision.subject, decision.rule))
        return mine

    def forget(self, decision: Decision) -> None:
        """Let an alarm wait no more: what explains it has taken it in."""
        self._book.drop_raise((decision.subject, decision.rule))

    def explain(self, uid: str, now: float, root: Text | None = None) -> list[dict[str, Any]]:
        """Return what each gate answers now, and where one was closed to a rule's alarm.

        `root` is the sentence of what has taken in an alarm of the device.
        """
        device = self._devices.get(uid)
        if device is None:
            return []
        situation = self._situation(msgspec.structs.replace(ANY, subject=uid), now)
        general = judge(ANY, msgspec.structs.replace(situation, explained_by=root))
        mine = {rule: each for (subject, rule), each in self._last.items() if subject == uid}
        return write_answers(general, (mine | dict(self._marks.of(uid))).items())

    def _admit_clear(self, key: Key, decision: Decision, now: float) -> Decision | None:
        self._last.pop(key, None)
        self._marks.drop(key)
        if not judge_clear(self._situation(decision, now)).open:
            since = self._book.flapping.quiet_at(*key) or decision.at
            self._book.hold_clear(msgspec.structs.replace(decision, at=since))
            return None
        self._book.let_go(key)
        self._raised.discard(key)
        return decision

    def _quiet_clears(self, now: float) -> list[tuple[Decision, bool]]:
        """Return the clears of alarms that flap no more, at the instant from which they do not."""
        clears = self._book.clears()
        quiet = [each for each in clears if judge_clear(self._situation(each, now)).open]
        for decision in quiet:
            key = (decision.subject, decision.rule)
            self._book.let_go(key)
            self._raised.discard(key)
        self._book.forget(now)
        return [(decision, False) for decision in quiet]

    def _situation(self, decision: Decision, now: float, *, repaired: bool = True) -> Situation:
        device = self._devices.get(decision.subject)
        place = device.place if device else decision.subject
        repairs = self._repairs(decision.subject, decision.fault) if repaired else ()
        found = partial(in_force, self._windows, now=now, place=place, device=device)
        return Situation(
            now=now,
            place=place,
            device=device,
            maintenance=(
                *found(kind=WindowKind.MAINTENANCE),
                *(each for each in repairs if each.counts(now)),
            ),
            notices=tuple(found(kind=WindowKind.NOTICE)),
            fire_zones=self._zones(now),
            places=self._places,
            raises=self._book.flapping.count(decision.subject, decision.rule, now),
            is_open=(decision.subject, decision.rule) in self._raised,
        )

    def _zones(self, now: float) -> tuple[str, ...]:
        """Return where doors are open for a fire; an input that is still tried means none."""
        return self._fires.zones(now, self._is_in_use)

    def _is_in_use(self, uid: str) -> bool:
        device = self._devices.get(uid)
        return device is not None and device.state in IN_USE

    def _note_fire(self, uid: str, now: float, *, active: bool) -> None:
        device = self._devices.get(uid)
        if device is not None:
            zone = fire_zone(device.place, self._places)
            if self._fires.note(uid, zone, now, active=active):
                self._next_try = 0.0

"""The ledger of a back-test: alarms that would have come and gone, and who would have been told."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from hub.model.alarm import Action, Decision, Evidence, Severity
from hub.model.device import Device
from rules.fire_watch import FireWatch
from rules.gates import Flapping, Situation, judge, judge_clear
from rules.topology import Folded, Held, IsEnding, Outcome

Key = tuple[str, str]


class PastAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm of the past; instants in epoch seconds, `cleared_at` None while it is raised.

    `explained_by` is (subject, rule) of the alarm that it was a child of; `stopped_by` names the
    gate that kept it in. Only where both are empty somebody would have been told.
    """

    subject: str
    rule: str
    fault: str
    name: dict[str, str]
    severity: Severity
    raised_at: float
    cleared_at: float | None = None
    reason: dict[str, str] = {}
    evidence: tuple[Evidence, ...] = ()
    children: tuple[str, ...] = ()
    explained_by: Key | None = None
    stopped_by: str = ""


class Ledger:
    """Writes down what becomes of decisions; counts bells, one for each role that is told."""

    def __init__(self, devices: Iterable[Device]) -> None:
        self.bells = 0
        self.tell: Callable[[PastAlarm], None] = lambda _alarm: None
        self._devices = {str(device.uid): device for device in devices}
        self._open: dict[Key, PastAlarm] = {}
        self._closed: list[PastAlarm] = []
        self._fires = FireWatch()
        self._stopped: dict[Key, Decision] = {}
        self._flapping = Flapping()
        self._held_open: set[Key] = set()

    def alarms(self) -> tuple[PastAlarm, ...]:
        """Return every alarm in the order in which they were raised."""
        every = [*self._closed, *self._open.values()]
        return tuple(sorted(every, key=lambda each: (each.raised_at, each.subject, each.rule)))

    def note_fire(self, uid: str, zone: str, now: float, *, burns: bool) -> None:
        """Note that a fire input has become active, or quiet again."""
        self._fires.note(uid, zone, now, active=burns)

    @property
    def waits(self) -> bool:
        """Tell whether something may be told, or closed, by the time alone."""
        return bool(self._stopped or self._held_open)

    def try_again(self, now: float, is_ending: IsEnding) -> None:
        """Tell what fire has held back and is over, but what is ending by itself by then."""
        for key, decision in tuple(self._stopped.items()):
            verdict = judge(decision, self._situation(key, now))
            if verdict.open and not is_ending(*key):
                self._admit(key, decision, self._open[key], verdict.gate)

    def take(self, outcomes: Iterable[Outcome], now: float) -> None:
        """Write down what became of decisions at an instant."""
        if self._held_open:
            self._let_go(now)
        for outcome in outcomes:
            decision = outcome.decision
            key = decision.subject, decision.rule
            if isinstance(outcome, Held):
                continue
            if isinstance(outcome, Folded):
                self._fold(key, decision, outcome.into)
            elif decision.action is Action.CLEAR:
                self._clear(key, decision.at)
            elif decision.action is Action.CHANGE:
                self._change(key, decision)
            else:
                self._raise(key, decision, now)

    def _fold(self, key: Key, decision: Decision, into: Key) -> None:
        """Mark an alarm as explained, and list it with the root, unless both are one device's."""
        alarm = self._open.get(key) or _write(decision)
        self._open[key] = msgspec.structs.replace(alarm, explained_by=into)
        root = self._open.get(into)
        if root is not None and decision.subject not in {root.subject, *root.children}:
            children = (*root.children, decision.subject)
            self._open[into] = msgspec.structs.replace(root, children=children)

    def _raise(self, key: Key, decision: Decision, now: float) -> None:
        self._flapping.note(decision)
        self._held_open.discard(key)
        verdict = judge(decision, self._situation(key, now))
        if verdict.gate in {"duplicate", "flapping"}:
            return
        alarm = self._open.get(key) or _write(decision)
        alarm = msgspec.structs.replace(alarm, explained_by=None, children=decision.children)
        self._admit(key, decision, alarm, verdict.gate)

    def _admit(self, key: Key, decision: Decision, alarm: PastAlarm, gate: str) -> None:
        """Keep an alarm, and tell it unless a gate stops it."""
        self._open[key] = alarm = msgspec.structs.replace(alarm, stopped_by=gate)
        if gate:
            self._stopped[key] = decision
            return
        self._stopped.pop(key, None)
        self.bells += len(decision.tell)
        self.tell(alarm)

    def _change(self, key: Key, decision: Decision) -> None:
        alarm = self._open.get(key)
        if alarm is not None:
            self._open[key] = msgspec.structs.replace(alarm, severity=decision.severity)

    def _clear(self, key: Key, at: float) -> None:
        self._stopped.pop(key, None)
        if judge_clear(self._situation(key, at)).open:
            self._close(key, at)
        else:
            self._held_open.add(key)

    def _let_go(self, now: float) -> None:
        """Close what was held open because it flapped, and has become quiet."""
        for key in tuple(self._held_open):
            quiet = self._flapping.quiet_at(*key) or now
            if quiet <= now:
                self._held_open.discard(key)
                self._close(key, quiet)

    def _close(self, key: Key, at: float) -> None:
        alarm = self._open.pop(key, None)
        if alarm is not None:
            self._closed.append(msgspec.structs.replace(alarm, cleared_at=at))

    def _situation(self, key: Key, now: float) -> Situation:
        subject, rule = key
        device = self._devices.get(subject)
        known = self._open.get(key)
        return Situation(
            now=now,
            place=device.place if device else subject,
            device=device,
            fire_zones=self._fires.zones(now),
            raises=self._flapping.count(subject, rule, now),
            is_open=known is not None and not known.explained_by and not known.stopped_by,
        )


def _write(decision: Decision) -> PastAlarm:
    return PastAlarm(
        subject=decision.subject,
        rule=decision.rule,
        fault=decision.fault,
        name=decision.name,
        severity=decision.severity,
        raised_at=decision.at,
        reason=decision.reason,
        evidence=decision.evidence,
    )

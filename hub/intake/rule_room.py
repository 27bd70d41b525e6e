"""Puts rules in force while the hub runs, and ends alarms whose rule or device is gone."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from hub.errors import ConflictError, NotFoundError
from hub.intake.batch import Batch
from hub.intake.judge import Judge
from hub.model.access import Identity
from hub.model.alarm import Action, Alarm, Decision
from hub.model.discretion import may_see_alarm
from hub.services.tickets.desk_index import DeskIndex
from rules.engine import Engine
from rules.reason import BY_HAND, DEVICE_GONE, RULE_GONE
from rules.rule import Rule
from rules.topology import TAKES_PART


class HandClear(msgspec.Struct, frozen=True, kw_only=True):
    """Who clears an alarm by hand, and why."""

    who: Identity
    reason: str

    def sign(self, decision: Decision) -> Decision:
        """Return the decision with who has taken it, and why."""
        said = {
            language: f"{words}{colon}{self.reason}"
            for (language, words), colon in zip(BY_HAND.items(), ("：", ": "), strict=True)
        }
        return msgspec.structs.replace(decision, by=self.who.name, reason=said)


class RuleRoom:
    """Changes rules between two messages."""

    def __init__(
        self, *, engine: Engine, judge: Judge, index: DeskIndex, subjects: Collection[str]
    ) -> None:
        """Take the subjects that are in the books: devices by uid, and places by path."""
        self._engine = engine
        self._judge = judge
        self._index = index
        self._subjects = subjects

    def put_in_force(self, rules: Sequence[Rule], batch: Batch) -> None:
        """Have these rules count from now on, instead of those that did."""
        self._judge.decide(self._engine.set_rules(rules, batch.now), batch)
        self.end_orphans(batch)

    def clear_by_hand(self, alarm_id: str, wish: HandClear, batch: Batch) -> Alarm:
        """Clear an open alarm for a person; it comes back once it has been good, or in an hour.

        Raises NotFoundError for one that is not open or not theirs to see, ConflictError for one
        that no rule of its own subject has raised.
        """
        alarm = self._index.alarm(alarm_id)
        if alarm is None or not may_see_alarm(wish.who, alarm):
            raise NotFoundError(
                f"there is no open alarm {alarm_id!r}; see /api/v1/alarms?state=open",
                zh=f"没有未消除的告警 {alarm_id}。",
            )
        ends = self._engine.clear_by_hand(alarm.uid, alarm.rule, batch.now)
        if not ends:
            raise ConflictError(
                "it follows from the silence of others and ends with that; look at its children",
                zh="此告警由下级设备离线推断得出，随其恢复而消除，请查看受影响的设备。",
            )
        self._judge.decide([wish.sign(each) for each in ends], batch)
        return next(each for each in reversed(batch.changes.alarms) if each.id == alarm_id)

    def end_orphans(self, batch: Batch) -> None:
        """Clear alarms whose subject has left the books, or has the rule no more."""
        ends = []
        for alarm in self._index.open_alarms():
            if alarm.uid and alarm.uid not in self._subjects:
                ends.append(_end(alarm, batch.now, DEVICE_GONE))
            elif not self._engine.keeps(alarm.uid, alarm.rule):
                ends.append(_end(alarm, batch.now, RULE_GONE))
        self._judge.decide(ends, batch)


def _end(alarm: Alarm, now: float, why: dict[str, str]) -> Decision:
    return Decision(
        action=Action.CLEAR,
        subject=alarm.uid,
        rule=alarm.rule,
        fault=alarm.fault,
        name=alarm.name,
        severity=alarm.severity,
        at=now,
        reason=why,
        explains=TAKES_PART,
    )

"""Puts rules in force while the hub runs, and ends alarms whose rule or device is gone."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from hub.intake.batch import Batch
from hub.intake.judge import Judge
from hub.model.alarm import Action, Alarm, Decision
from hub.services.tickets.desk_index import DeskIndex
from rules.engine import Engine
from rules.reason import DEVICE_GONE, RULE_GONE
from rules.rule import Rule
from rules.topology import TAKES_PART


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

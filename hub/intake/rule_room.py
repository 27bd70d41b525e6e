"""Puts rules in force while the hub runs, and ends what rules have raised that are gone."""

from __future__ import annotations

from collections.abc import Sequence

from hub.intake.batch import Batch
from hub.intake.judge import Judge
from hub.model.alarm import Action, Alarm, Decision
from hub.services.desk_index import DeskIndex
from rules.engine import Engine
from rules.reason import RULE_GONE
from rules.rule import Rule
from rules.topology import TAKES_PART


class RuleRoom:
    """Changes rules between two messages."""

    def __init__(self, *, engine: Engine, judge: Judge, index: DeskIndex) -> None:
        self._engine = engine
        self._judge = judge
        self._index = index

    def put_in_force(self, rules: Sequence[Rule], batch: Batch) -> None:
        """Have these rules count from now on, instead of those that did."""
        self._judge.decide(self._engine.set_rules(rules, batch.now), batch)
        self.end_orphans(batch)

    def end_orphans(self, batch: Batch) -> None:
        """Clear alarms whose rule is not in force for their subject any more."""
        orphans = [
            alarm
            for alarm in self._index.open_alarms()
            if not self._engine.keeps(alarm.uid, alarm.rule)
        ]
        self._judge.decide([_end(alarm, batch.now) for alarm in orphans], batch)


def _end(alarm: Alarm, now: float) -> Decision:
    return Decision(
        action=Action.CLEAR,
        subject=alarm.uid,
        rule=alarm.rule,
        fault=alarm.fault,
        name=alarm.name,
        severity=alarm.severity,
        at=now,
        reason=RULE_GONE,
        explains=TAKES_PART,
    )

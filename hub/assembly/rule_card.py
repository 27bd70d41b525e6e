"""A rule at a glance, with what its tickets turned out to be."""

from __future__ import annotations

from collections.abc import Mapping

from hub.model.rule_version import RuleMode, RuleVersion
from hub.model.ticket import ClosingCode
from hub.ports import RuleCard
from hub.services.rule_shelf import file_of
from rules.rule import Rule

LIBRARY = "rules/library/"
NO_FAULT = (ClosingCode.FALSE_ALARM, ClosingCode.NO_FAULT_FOUND)
"""Closing codes that say that the rule was wrong."""


def make_card(rule: Rule, newest: RuleVersion | None, closings: Mapping[str, int]) -> RuleCard:
    """Return a rule's card; `newest` is the version that counts, `closings` counts codes."""
    mode = RuleMode.TRIAL if rule.trial else RuleMode.ACTIVE
    if newest is not None and (not newest.text or rule.file == file_of(newest)):
        mode = newest.mode
    return RuleCard(
        id=rule.id,
        fault=rule.fault,
        name=rule.name,
        kinds=tuple(kind.value for kind in rule.kinds),
        severity=rule.severity.value,
        source=_source(rule, newest),
        mode=mode,
        version=newest.number if newest else 0,
        closings=dict(closings),
        false_alarm_share=false_alarm_share(closings),
    )


def false_alarm_share(closings: Mapping[str, int]) -> float | None:
    """Return the part of the closed tickets that were no fault; None where none was closed."""
    closed = sum(closings.values())
    return sum(closings.get(code, 0) for code in NO_FAULT) / closed if closed else None


def _source(rule: Rule, newest: RuleVersion | None) -> str:
    if newest is not None and rule.file == file_of(newest):
        return "site"
    return "library" if rule.file.startswith(LIBRARY) else rule.file

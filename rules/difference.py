"""How what one set of rules says of history differs from what another says."""

from __future__ import annotations

from math import inf

import msgspec

from rules.backtest import BacktestResult
from rules.ledger import PastAlarm


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """How one result differs from another; `kept` are pairs (before, after) that overlap."""

    appeared: tuple[PastAlarm, ...]
    vanished: tuple[PastAlarm, ...]
    kept: tuple[tuple[PastAlarm, PastAlarm], ...]


def compare(before: BacktestResult, after: BacktestResult) -> Difference:
    """Tell what other rules would have changed; alarms of one fault that overlap are the same."""
    left = list(before.alarms)
    appeared, kept = [], []
    for alarm in after.alarms:
        same = next((each for each in left if _is_same(each, alarm)), None)
        if same is None:
            appeared.append(alarm)
        else:
            left.remove(same)
            kept.append((same, alarm))
    return Difference(appeared=tuple(appeared), vanished=tuple(left), kept=tuple(kept))


def _is_same(one: PastAlarm, other: PastAlarm) -> bool:
    return (
        (one.subject, one.fault) == (other.subject, other.fault)
        and one.raised_at <= (other.cleared_at or inf)
        and other.raised_at <= (one.cleared_at or inf)
    )

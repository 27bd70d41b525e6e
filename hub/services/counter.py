"""Whether a counter's reading can be true: roll-over, slip, impossible step, another meter.

Pure. A meter that boots, or noise on its bus, shows 0, less, or far more than was counted, and
comes back. Such a reading is not believed; a counter that stays elsewhere is another meter, or one
that was reset, and counts on from there. `docs/adr/0014-a-counter-is-believed-by-its-step.md`.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

READINGS, SECONDS = 3, 60.0
"""A counter that counts on elsewhere for as many readings, and as long, is another one."""
LAG = 300.0
"""Seconds: a meter may show what it has counted only every few minutes."""
WOBBLE = 1e-4
"""Share of a reading by which rounding may take it back."""
NEAR_THE_END = 0.9
"""A roll-over begins in the last tenth of the range."""


class Limits(msgspec.Struct, frozen=True):
    """What a counter can do: units per second at most, and where it begins again from 0."""

    fastest: float | None = None
    roll_over: float | None = None


class Baseline(msgspec.Struct, frozen=True, array_like=True):
    """The last reading believed, and what was read elsewhere since: last, how often, since when."""

    value: float
    at: float
    seen: float = 0.0
    seen_at: float = 0.0
    since: float = 0.0
    times: int = 0


class Verdict(StrEnum):
    """What a reading is; the first four are believed."""

    COUNTED = "counted"
    WOBBLED = "wobbled"
    ROLLED_OVER = "rolled over"
    REPLACED = "replaced"
    LOWER = "lower than before"
    LEAP = "more than it can have counted"


BELIEVED = frozenset({Verdict.COUNTED, Verdict.WOBBLED, Verdict.ROLLED_OVER, Verdict.REPLACED})


def judge(base: Baseline, value: float, at: float, limits: Limits) -> tuple[Baseline, Verdict]:
    """Judge a reading at `at` (epoch seconds) by the ones before it."""
    if at < base.at:  # sorted in behind a newer one
        verdict = _compare(value, base.value, base.at - at, limits)
        return base, verdict
    verdict = _compare(base.value, value, at - base.at, limits)
    if verdict is Verdict.WOBBLED:
        return Baseline(base.value, at), verdict
    if verdict in BELIEVED:
        return Baseline(value, at), verdict
    doubt = _go_on(base, value, at, limits)
    if doubt.times >= READINGS and at - doubt.since >= SECONDS:
        return Baseline(value, at), Verdict.REPLACED
    return doubt, verdict


def _compare(old: float, new: float, elapsed: float, limits: Limits) -> Verdict:
    reach = _reach(elapsed, limits)
    top = limits.roll_over
    if 0 <= new - old <= reach:
        return Verdict.COUNTED
    if new > old:
        return Verdict.LEAP
    if old - new <= WOBBLE * old:
        return Verdict.WOBBLED
    if top is not None and old >= NEAR_THE_END * top and new - old + top <= min(reach, top / 10):
        return Verdict.ROLLED_OVER
    return Verdict.LOWER


def _reach(elapsed: float, limits: Limits) -> float:
    return float("inf") if limits.fastest is None else limits.fastest * (elapsed + LAG)


def _go_on(base: Baseline, value: float, at: float, limits: Limits) -> Baseline:
    counts = _compare(base.seen, value, at - base.seen_at, limits) in BELIEVED
    if base.times and counts:
        return Baseline(base.value, base.at, value, at, base.since, base.times + 1)
    return Baseline(base.value, base.at, value, at, at, 1)

"""Which instant of a message counts, whether it is late, and whose clock is wrong.

Event time counts while a device's clock is trusted. Five live messages in a row that are off by
more than 120 s, by about the same amount, mean a wrong clock: from then on arrival time counts,
until five in a row are right again. (A burst of buffered messages is off as well, but by an amount
that shrinks from one to the next.)
"""

from __future__ import annotations

from hub.model.report import Report, Topic

LATE_AFTER = 60.0
CLOCK_LIMIT = 120.0
IN_A_ROW = 5
STEADY = 0.5
"""A wrong clock is off by the same amount, whatever time passes between its messages; in a burst of
what was buffered the amount shrinks as fast as the messages' own times grow."""
SPAN = 1.0
"""Seconds between the first and the last of the five, by the device's own clock."""
AHEAD_LIMIT = 300.0
YEAR_2020 = 1_577_836_800.0
"""A time before it, or further ahead than the limit, cannot be true: arrival time counts."""


class _Watch:
    """What is known about one device's clock."""

    __slots__ = ("newest", "offsets", "right", "trusted")

    def __init__(self) -> None:
        self.newest = 0.0
        self.offsets: list[tuple[float, float]] = []
        self.right = 0
        self.trusted = True


class Timekeeper:
    """Gives each report the instant at which it is evaluated."""

    def __init__(self) -> None:
        self._watches: dict[str, _Watch] = {}

    def distrust(self, uid: str) -> None:
        """Restore after a restart that this device's clock was found wrong."""
        self._watch(uid).trusted = False

    def settle(self, report: Report, *, judging: bool) -> tuple[float, bool, float | None]:
        """Return (instant that counts, late, new `clock.offset` in seconds or None).

        `judging` is False from (re)connection until the link has caught up; then no clock is
        judged. The offset is positive when the device's clock is ahead; it is given when the
        verdict changes, and 0.0 when the clock is right again. A will, which has only its arrival,
        and a measurement that has overtaken them make no states late that waited.
        """
        watch = self._watches.get(report.uid) or self._watch(report.uid)
        change = None
        offset = report.at - report.received
        is_right = watch.trusted and not watch.offsets and abs(offset) <= CLOCK_LIMIT
        if judging and not (is_right or report.late or report.retained):
            change = _judge(watch, report.at, offset)
        at = _possible(report) if watch.trusted else report.received
        late = report.late or (at < watch.newest - LATE_AFTER and not report.retained)
        ahead = not judging and report.topic is Topic.TELEMETRY
        if at > watch.newest and not (late or ahead or report.topic is Topic.AVAIL):
            watch.newest = at
        return at, late, change

    def _watch(self, uid: str) -> _Watch:
        watch = self._watches.get(uid)
        if watch is None:
            watch = self._watches[uid] = _Watch()
        return watch


def _possible(report: Report) -> float:
    if YEAR_2020 <= report.at <= report.received + AHEAD_LIMIT:
        return min(report.at, report.received)
    return report.received


def _judge(watch: _Watch, at: float, offset: float) -> float | None:
    if abs(offset) <= CLOCK_LIMIT:
        return _right(watch)
    watch.right = 0
    watch.offsets = [*watch.offsets, (at, offset)][-IN_A_ROW:]
    if watch.trusted and len(watch.offsets) == IN_A_ROW and _is_steady(watch.offsets):
        watch.trusted = False
        watch.newest = 0.0
        return offset
    return None


def _is_steady(offsets: list[tuple[float, float]]) -> bool:
    instants, amounts = zip(*offsets, strict=True)
    span = max(instants) - min(instants)
    return bool(span >= SPAN and max(amounts) - min(amounts) <= STEADY * span)


def _right(watch: _Watch) -> float | None:
    if watch.offsets:
        watch.offsets = []
    if watch.trusted:
        return None
    watch.right += 1
    if watch.right < IN_A_ROW:
        return None
    watch.trusted = True
    watch.right = 0
    return 0.0

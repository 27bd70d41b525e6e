"""Which instant of a message counts, whether it is late, and whose clock is wrong.

Event time counts while a device's clock is trusted. Five live messages in a row that are off by
more than 120 s, by about the same amount, mean a wrong clock: from then on arrival time counts,
until five in a row are right again. (A burst of buffered messages is off as well, but by an amount
that shrinks from one to the next.) So does a clock that stands still while messages go on coming.
Where most devices are off, that is no fault of theirs: arrival time counts, and nothing is said of
any of them.
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
STANDSTILL = 60.0
"""Seconds over which five messages come, all with one time: no burst, but a clock that stands."""
IN_COMMON = 3
"""Devices that are off, at least, before it is looked whether most are."""
AHEAD_LIMIT = 300.0
YEAR_2020 = 1_577_836_800.0
"""A time before it, or further ahead than the limit, cannot be true: arrival time counts."""


class _Watch:
    """What is known about one device's clock.

    `fine` says that it was right the last time, and always; `told` that its fault was. `measured`
    is the instant of the newest measurement, `newest` that of anything that was said.
    """

    __slots__ = (
        "fine",
        "judged",
        "measured",
        "newest",
        "off",
        "offsets",
        "right",
        "told",
        "trusted",
    )

    def __init__(self) -> None:
        self.newest = self.measured = 0.0
        self.offsets: list[tuple[float, float]] = []
        self.right = 0
        self.fine = self.judged = self.off = self.told = False
        self.trusted = True


class Vote:
    """Asks the devices who is right after the machine's clock was set by `step` seconds.

    A device whose clock fits neither time has no voice.
    """

    def __init__(self, step: float) -> None:
        self.step = step
        self.stay: set[str] = set()
        """Devices that agree with the hub's own time."""
        self.follow: set[str] = set()
        """Devices that agree with the machine's."""

    def count(self, uid: str, offset: float) -> None:
        """Take a device's word: by so many seconds it is ahead of the hub."""
        if abs(offset) <= CLOCK_LIMIT:
            self.stay.add(uid)
        elif abs(offset - self.step) <= CLOCK_LIMIT:
            self.follow.add(uid)


class Timekeeper:
    """Gives each report the instant at which it is evaluated.

    While there is a `vote` no clock is judged.
    """

    def __init__(self) -> None:
        self.vote: Vote | None = None
        self.doubted = False
        """Whether most devices are off: the fault of the hub's clock, or of their time server."""
        self._news: tuple[float, int] | None = None
        self._watches: dict[str, _Watch] = {}
        self._judged = self._off = 0

    def distrust(self, uid: str) -> None:
        """Restore after a restart that this device's clock was found wrong, and told."""
        watch = self._watch(uid)
        watch.trusted, watch.told = False, True

    def settle(self, report: Report, *, judging: bool) -> tuple[float, bool, float | None]:
        """Return (instant that counts, late, new `clock.offset` in seconds or None).

        `judging` is False from (re)connection until the link has caught up; then no clock is
        judged. The offset is positive when the device's clock is ahead; it is given when the
        verdict changes, and 0.0 when the clock is right again. A will, which has only its arrival,
        and a measurement that has overtaken them make no states late that waited, nor do these
        make late the measurements that waited in a session of their own.
        """
        watch = self._watch(report.uid)
        change = None
        offset = report.at - report.received
        is_fine = watch.fine and abs(offset) <= CLOCK_LIMIT and not self.vote
        if judging and not is_fine:
            change = self._judge(watch, report, offset)
        at = _possible(report) if watch.trusted else report.received
        measures = report.topic is Topic.TELEMETRY
        newest = watch.measured if measures and not judging else watch.newest
        late = report.late or (at < newest - LATE_AFTER and not report.retained)
        if measures and not late and at > watch.measured:
            watch.measured = at
        if not late and at > watch.newest and _moves_on(report, judging=judging):
            watch.newest = at
        return at, late, change

    def _watch(self, uid: str) -> _Watch:
        watch = self._watches.get(uid)
        if watch is None:
            watch = self._watches[uid] = _Watch()
        return watch

    def _judge(self, watch: _Watch, report: Report, offset: float) -> float | None:
        if report.late or report.retained:
            return None
        if self.vote is not None:
            self.vote.count(report.uid, offset)
            return None
        self._judged += not watch.judged
        watch.judged = True
        if abs(offset) <= CLOCK_LIMIT:
            return self._take_right(watch)
        return self._take_wrong(watch, report.at, offset)

    def _take_right(self, watch: _Watch) -> float | None:
        watch.offsets = []
        watch.right += 1
        if not watch.trusted and watch.right < IN_A_ROW:
            return None
        was_told, watch.told = watch.told, False
        watch.trusted = watch.fine = True
        self._off -= watch.off
        watch.off = False
        self.doubted = self.doubted and 2 * self._off > self._judged
        return 0.0 if was_told else None

    def _take_wrong(self, watch: _Watch, at: float, offset: float) -> float | None:
        self._off += not watch.off
        watch.off = True
        watch.fine, watch.right = False, 0
        watch.offsets = [*watch.offsets, (at, offset)][-IN_A_ROW:]
        if not (watch.trusted and len(watch.offsets) == IN_A_ROW and _is_wrong(watch.offsets)):
            return None
        watch.trusted = False
        watch.newest = watch.measured = 0.0
        watch.told = not self._doubt(offset)
        return offset if watch.told else None

    def _doubt(self, offset: float) -> bool:
        """Tell whether most devices are off; then none of them is blamed."""
        was, self.doubted = self.doubted, self._off >= IN_COMMON and 2 * self._off > self._judged
        if self.doubted and not was:
            self._news = (offset, self._off)
        return self.doubted

    def take_doubt(self) -> tuple[float, int] | None:
        """Return, once, that most devices are off: (seconds that one is ahead, how many are)."""
        news, self._news = self._news, None
        return news


def _moves_on(report: Report, *, judging: bool) -> bool:
    """Tell whether what is older than this report, by much, is late from now on."""
    topic = report.topic
    return topic is Topic.STATE or (
        topic is not Topic.AVAIL and (judging or topic is not Topic.TELEMETRY)
    )


def _possible(report: Report) -> float:
    if YEAR_2020 <= report.at <= report.received + AHEAD_LIMIT:
        return min(report.at, report.received)
    return report.received


def _is_wrong(offsets: list[tuple[float, float]]) -> bool:
    instants, amounts = zip(*offsets, strict=True)
    span, drift = max(instants) - min(instants), max(amounts) - min(amounts)
    if span < SPAN:
        return bool(drift >= STANDSTILL)
    return bool(drift <= STEADY * span)

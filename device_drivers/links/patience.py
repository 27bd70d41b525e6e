"""How long a slave is waited for: by its own answering times, within what the gateway allows.

The estimate is that of RFC 6298: a smoothed answering time and four times its smoothed deviation,
a quarter of that time at least, doubled after each silence. A slave that has never answered gets
all the time there is. No answer is ever measured twice: after a silence the connection is a new
one. While a breaker is open, each probe waits by the estimate alone, and every fifth as long as it
may, since the slave may be slower.
"""

from __future__ import annotations

SHORTEST_SHARE = 0.2
"""Of the longest wait: below it a busy gateway, or a busy hub, would look like a dead slave."""
LONG_PROBE = 5
"""The probe of so many that waits as long as it may."""
SMOOTHING, DEVIATION_SMOOTHING, DEVIATIONS = 1 / 8, 1 / 4, 4
LEAST_DEVIATION = 1 / 16
"""Of the answering time: one that has been the same for long may still vary by a tenth."""


class Patience:
    """The time-out of one slave, in seconds; `longest` is the gateway's setting.

    It is `steady` where the way to the slave varies more than the slave does: a mobile network.
    """

    def __init__(self, longest: float, *, steady: bool = False) -> None:
        self.seconds = longest
        self._longest = longest
        self._shortest = longest if steady else SHORTEST_SHARE * longest
        self._mean: float | None = None
        self._deviation = 0.0
        self._probes = 0
        """Misses since the slave was given up, and one; 0 while it is not."""

    def answered(self, took: float) -> None:
        """Learn from an answer that took so many seconds."""
        if self._mean is None:
            self._mean, self._deviation = took, took / 2
        else:
            error = took - self._mean
            self._deviation += DEVIATION_SMOOTHING * (abs(error) - self._deviation)
            self._mean += SMOOTHING * error
        self._probes = 0
        self._wait(self._estimate())

    def missed(self) -> None:
        """Wait twice as long the next time: it may only have become slower."""
        if self._probes:
            self._probes += 1
            self._wait(self._longest if self._probes % LONG_PROBE == 0 else self._estimate())
        else:
            self._wait(self.seconds * 2)

    def give_up(self) -> None:
        """Note that the breaker has opened: what follows are probes, which hold up the bus."""
        self._probes = 1
        self._wait(self._estimate())

    def _estimate(self) -> float:
        if self._mean is None:
            return self._longest
        return self._mean + DEVIATIONS * max(self._deviation, LEAST_DEVIATION * self._mean)

    def _wait(self, seconds: float) -> None:
        self.seconds = min(self._longest, max(self._shortest, seconds))

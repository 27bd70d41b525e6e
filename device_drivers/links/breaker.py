"""A breaker for each slave, so that a dead one costs its bus one probe now and then."""

from __future__ import annotations

MISSES = 2
MISSING_SECONDS = 3.0
FIRST_PROBE = 10.0
LAST_PROBE = 60.0


class Breaker:
    """Open means: probe only. Opens after two misses that are at least 3 s apart from the first."""

    def __init__(self) -> None:
        self.is_open = False
        self._misses = 0
        self._first_miss = 0.0
        self._wait = FIRST_PROBE
        self._next_probe = 0.0

    def answered(self) -> bool:
        """Note an answer; True when the slave had been given up."""
        was_open = self.is_open
        self.is_open = False
        self._misses = 0
        self._wait = FIRST_PROBE
        return was_open

    def missed(self, now: float) -> bool:
        """Note a silence; True when that opens the breaker."""
        if self.is_open:
            self._wait = min(self._wait * 1.5, LAST_PROBE)
            self._next_probe = now + self._wait
            return False
        if self._misses == 0:
            self._first_miss = now
        self._misses += 1
        if self._misses >= MISSES and now - self._first_miss >= MISSING_SECONDS:
            self.is_open = True
            self._next_probe = now + self._wait
        return self.is_open

    def may_ask(self, now: float) -> bool:
        """Tell whether the slave may be asked now (always, unless open and not yet due)."""
        return not self.is_open or now >= self._next_probe

"""Lock-out: five failures within ten minutes close an account, and an address, for a while.

In memory and bounded; a restart forgets it, the journal does not.
"""

from __future__ import annotations

from collections import OrderedDict, deque

from hub.clock import Clock
from hub.errors import TooManyRequestsError

FAILURES = 5
WINDOW = 600.0
LOCKED_FOR = 600.0
REMEMBERED = 4096
"""Accounts and addresses remembered; beyond it the one that failed longest ago is forgotten."""


class Lockout:
    """Counts failures by subject: `account:NAME` and `address:IP`."""

    def __init__(self, clock: Clock, remembered: int = REMEMBERED) -> None:
        self._clock = clock
        self._remembered = remembered
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    def check(self, *subjects: str) -> None:
        """Raise TooManyRequestsError while any of the subjects is locked."""
        wait = max(self._locked_for(subject) for subject in subjects)
        if wait > 0:
            raise TooManyRequestsError(
                f"尝试次数过多，请 {wait / 60:.0f} 分钟后再试。 "
                f"Too many failures; try again in {wait:.0f} s, or ask an administrator.",
                retry_after=wait,
            )

    def fail(self, *subjects: str) -> list[str]:
        """Count a failure; return the subjects that it has locked just now."""
        return [subject for subject in subjects if self._count(subject) == FAILURES]

    def forget(self, subject: str) -> None:
        """Start again with an account whose owner has proven it; an address proves nothing."""
        self._failures.pop(subject, None)

    def _locked_for(self, subject: str) -> float:
        failures = self._failures.get(subject)
        if failures is None or len(failures) < FAILURES:
            return 0.0
        return failures[-1] + LOCKED_FOR - self._clock.now()

    def _count(self, subject: str) -> int:
        now = self._clock.now()
        failures = self._failures.setdefault(subject, deque(maxlen=FAILURES))
        while failures and failures[0] <= now - WINDOW:
            failures.popleft()
        failures.append(now)
        self._failures.move_to_end(subject)
        while len(self._failures) > self._remembered:
            self._failures.popitem(last=False)
        return len(failures)

"""The agenda: what will happen when, in order, at instants that somebody else's clock decides."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

Action = Callable[[], None]


class Agenda:
    """A heap of actions. It runs only when told the time, so a test lives a day in no time.

    `now` is the instant of the action that is running, or the one last run to (epoch seconds).
    """

    def __init__(self, now: float) -> None:
        self.now = now
        self._due: list[tuple[float, int, Action]] = []
        self._order = itertools.count()

    def at(self, when: float, action: Action) -> None:
        """Do `action` at the instant `when`; at once where that has passed."""
        heapq.heappush(self._due, (when, next(self._order), action))

    def after(self, seconds: float, action: Action) -> None:
        """Do `action` `seconds` from now."""
        self.at(self.now + seconds, action)

    def run_until(self, when: float) -> None:
        """Do everything that is due up to `when`, each thing at its own instant."""
        while self._due and self._due[0][0] <= when:
            due, _, action = heapq.heappop(self._due)
            self.now = max(self.now, due)
            action()
        self.now = max(self.now, when)

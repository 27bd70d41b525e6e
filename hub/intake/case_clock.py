"""When the next limit of a department's case passes; rebuilt from the cases at a start."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from hub.model.case import Case
from hub.services.incidents.case_limit import expires_at


class CaseClock:
    """Holds one instant for each case that is at work; a case that changes is set anew."""

    def __init__(self, cases: Iterable[Case]) -> None:
        self._due: dict[tuple[str, str], float] = {}
        self._heap: list[tuple[float, tuple[str, str]]] = []
        for case in cases:
            self.set(case)

    def set(self, case: Case) -> None:
        """Take over a version of a case."""
        key, due = (case.receiver, case.incident), expires_at(case)
        if due is None:
            self._due.pop(key, None)
        elif self._due.get(key) != due:
            self._due[key] = due
            heapq.heappush(self._heap, (due, key))

    def next_due(self) -> float | None:
        """Return when the next limit passes."""
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take_due(self, now: float) -> list[tuple[str, str]]:
        """Return receiver and incident of the cases of which a limit has passed."""
        found = []
        while (due := self.next_due()) is not None and due <= now:
            found.append(heapq.heappop(self._heap)[1])
            del self._due[found[-1]]
        return found

"""The heap of deadlines; an entry whose deadline has moved on is put back when it comes up.

What may fire at one time fires in the order of its own instants, whoever it is of: after a cut, or
behind a backlog, that is not the order in which it was queued.
"""

from __future__ import annotations

import heapq
from math import inf
from typing import TYPE_CHECKING, Union

from rules.state import NEVER, Contact, Watch

if TYPE_CHECKING:
    from rules.gauge import Lull

Due = Union[Watch, Contact, "Lull"]


class Agenda:
    """Orders watches, lulls and contacts by the hub's time at which they may fire.

    `due` is the deadline itself, in the device's time; `ready` is later than that while the
    device delivers a backlog, or cannot be heard; `queued` is where the thing's entry stands: NEVER
    among those that have come and are not fired yet.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Due]] = []
        self._come: list[tuple[float, int, Due]] = []
        self._aside: list[Due] = []
        self._count = 0

    def set(self, thing: Due, due: float, *, lag: float = 0.0) -> None:
        """Give a thing its next deadline; infinity is none."""
        device = thing.device
        thing.due = due
        if thing.lull is not None:  # what has a deadline of its own is not quiet
            thing.lull.loose = True
        ready, listens = due + lag, device.contact.listens
        thing.ready = ready = ready if listens == NEVER else max(ready, listens)
        if due < device.due:  # noqa: PLR1730 - for each rule at each reading, and min is a call
            device.due = due
        if ready < thing.queued:
            self._push(thing)
        elif thing.queued == NEVER:
            thing.queued = inf
            if ready != inf:
                self._push(thing)

    def earliest(self) -> float:
        """Return where the first entry stands; what it is of may have moved on."""
        return self._heap[0][0] if self._heap else inf

    def next_due(self) -> float | None:
        """Return the earliest instant at which something may fire, or None."""
        self._tidy()
        return self._heap[0][0] if self._heap else None

    def pop(self, now: float) -> Due | None:
        """Return the thing with the first deadline of those that may fire by `now`, or None."""
        heap, come = self._heap, self._come
        self._tidy()
        while heap and heap[0][0] <= now:
            _, count, thing = heapq.heappop(heap)
            thing.queued = NEVER
            heapq.heappush(come, (thing.due, count, thing))
            self._tidy()
        while come:
            due, _, thing = heapq.heappop(come)
            if thing.queued == NEVER and thing.due == due:
                thing.queued = inf
                return thing
        return None

    def put_aside(self, thing: Due) -> None:
        """Keep what has come, and may not fire yet, until `take_back`."""
        self._aside.append(thing)

    def take_back(self) -> None:
        """Put what was put aside, and is still due, among the others again."""
        for thing in self._aside:
            if thing.ready < thing.queued:
                self._push(thing)
        self._aside.clear()

    def sweep(self) -> None:
        """Throw away entries that stand for nothing, in one go: where many deadlines have moved."""
        kept = []
        for entry in self._heap:
            at, _, thing = entry
            if thing.queued != at:
                continue
            if thing.ready == inf:
                thing.queued = inf
            else:
                kept.append(entry)
        heapq.heapify(kept)
        self._heap = kept

    def clear(self) -> None:
        """Forget everything; the things themselves are thrown away with it."""
        self._heap.clear()
        self._come.clear()
        self._aside.clear()

    def _push(self, thing: Due) -> None:
        thing.queued = thing.ready
        self._count += 1
        heapq.heappush(self._heap, (thing.ready, self._count, thing))

    def _tidy(self) -> None:
        heap = self._heap
        while heap:
            at, _, thing = heap[0]
            if thing.ready == at == thing.queued:
                return
            heapq.heappop(heap)
            if thing.queued == at:
                thing.queued = inf
                if thing.ready != inf:
                    self._push(thing)

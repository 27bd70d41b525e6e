"""The book of silent devices: one case per alarm that explains silence, with its timer."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Iterator
from enum import StrEnum
from math import inf

import msgspec

from hub.model.alarm import Decision
from hub.ports import StateRow
from rules.silence.kinship import Circle

PREFIX = "topology/"

Key = tuple[str, str]
"""(subject, rule): the identity of an alarm."""


class Standing(StrEnum):
    """Where a case stands: it waits (settling, grace), has an alarm of its own, or is a child."""

    SETTLING = "settling"
    GRACE = "grace"
    OPEN = "open"
    FOLDED = "folded"


WAITING = frozenset({Standing.SETTLING, Standing.GRACE})


class Case(msgspec.Struct, kw_only=True):
    """One raised alarm; `until` is when waiting ends (epoch seconds), `root` what explains it.

    While the hub itself does not hear the device, waiting has no end.
    `depth` counts what stands above the device. `shown` says that the alarm has left this stage,
    so that its end must be told too; `circle` marks an alarm that stands for a whole circle.
    """

    decision: Decision
    standing: Standing = Standing.SETTLING
    until: float = 0.0
    depth: int = 0
    root: Key | None = None
    shown: bool = False
    circle: Circle | None = None

    @property
    def key(self) -> Key:
        """Return the identity of the alarm."""
        return self.decision.subject, self.decision.rule


class Casebook:
    """Cases by subject and rule, a heap of their deadlines, and what changed since last asked."""

    def __init__(self) -> None:
        self._by_subject: dict[str, dict[str, Case]] = {}
        self._by_circle: dict[Circle, Case] = {}
        self._heap: list[tuple[float, int, int, Key]] = []
        self._order = itertools.count()
        self._changed: dict[Key, None] = {}

    def find(self, key: Key | None) -> Case | None:
        """Return the case of an alarm."""
        return self._by_subject.get(key[0], {}).get(key[1]) if key else None

    def of(self, subjects: Iterable[str]) -> Iterator[Case]:
        """Return the cases of these subjects, in their order."""
        for subject in subjects:
            yield from tuple(self._by_subject.get(subject, {}).values())

    def of_circles(self, circles: Iterable[Circle]) -> list[Case]:
        """Return the alarms that stand for these circles."""
        return [self._by_circle[circle] for circle in circles if circle in self._by_circle]

    def under(self, root: Key) -> list[Case]:
        """Return the children of an alarm, wherever they hang."""
        return [case for case in self if case.root == root]

    def __iter__(self) -> Iterator[Case]:
        """Return every case."""
        return self.of(tuple(self._by_subject))

    def keep(self, case: Case) -> None:
        """Note that a case is new or has changed; a waiting one gets its timer."""
        subject, rule = case.key
        self._by_subject.setdefault(subject, {})[rule] = case
        self._changed[case.key] = None
        if case.circle:
            self._by_circle[case.circle] = case
        if case.standing in WAITING and case.until != inf:
            heapq.heappush(self._heap, (case.until, case.depth, next(self._order), case.key))

    def let_wait(self, case: Case, standing: Standing, until: float) -> None:
        """Let a case wait until an instant, explained by nothing."""
        case.standing, case.until, case.root = standing, until, None
        self.keep(case)

    def drop(self, case: Case) -> None:
        """Forget a case."""
        subject, rule = case.key
        rules = self._by_subject[subject]
        del rules[rule]
        if not rules:
            del self._by_subject[subject]
        if case.circle:
            del self._by_circle[case.circle]
        self._changed[case.key] = None

    def next_due(self) -> float | None:
        """Return the instant at which a case has waited long enough; None while none waits."""
        while self._heap:
            until, _, _, key = self._heap[0]
            case = self.find(key)
            if case is not None and case.standing in WAITING and case.until == until:
                return until
            heapq.heappop(self._heap)
        return None

    def pop_due(self, now: float) -> Case | None:
        """Return the next case that is due, parents before children; None when none is."""
        due = self.next_due()
        if due is None or due > now:
            return None
        return self.find(heapq.heappop(self._heap)[3])

    def take_states(self) -> list[StateRow]:
        """Return what has changed since the last call, to be stored in the same commit."""
        rows = []
        for key in self._changed:
            case = self.find(key)
            data = None if case is None else msgspec.msgpack.encode(case)
            rows.append(StateRow(key=f"{PREFIX}{key[1]}/{key[0]}", data=data))
        self._changed = {}
        return rows

    def restore(self, rows: Iterable[StateRow], *, not_before: float) -> None:
        """Take back stored cases; none of them has waited enough before `not_before`."""
        for row in rows:
            if row.key.startswith(PREFIX) and row.data is not None:
                case = msgspec.msgpack.decode(row.data, type=Case)
                case.until = not_before if case.until == inf else max(case.until, not_before)
                self.keep(case)
        self._changed = {}

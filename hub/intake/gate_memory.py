"""What the gates must not forget when the hub restarts: who waits at them, and fires just over.

Rows of running state in the same commit as what they follow from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from hub.model.alarm import Decision
from hub.ports import StateRow

GATE_PREFIX = "gate/"
AFTER_FIRE = 180.0
"""Seconds that doors and gates have to shut once a fire input has ended."""

Key = tuple[str, str]
"""(subject, rule)."""


class WaitingRoom:
    """Decisions that wait at a gate, one for each alarm; `name` tells the rooms' rows apart."""

    def __init__(self, name: str) -> None:
        self._prefix = f"{GATE_PREFIX}{name}/"
        self._waiting: dict[Key, Decision] = {}
        self._changed: set[Key] = set()

    def __contains__(self, key: Key) -> bool:
        return key in self._waiting

    def __iter__(self) -> Iterator[Decision]:
        return iter(list(self._waiting.values()))

    def put(self, decision: Decision) -> None:
        """Let a decision wait in the place of an earlier one about the same alarm."""
        key = (decision.subject, decision.rule)
        self._waiting[key] = decision
        self._changed.add(key)

    def drop(self, key: Key) -> None:
        """Let nobody wait for this alarm any more."""
        if self._waiting.pop(key, None) is not None:
            self._changed.add(key)

    def take_rows(self) -> list[StateRow]:
        """Return and forget what changed."""
        rows = []
        for subject, rule in self._changed:
            found = self._waiting.get((subject, rule))
            data = None if found is None else msgspec.msgpack.encode(found)
            rows.append(StateRow(key=f"{self._prefix}{rule}/{subject}", data=data))
        self._changed = set()
        return rows

    def restore(self, rows: Iterable[StateRow]) -> None:
        """Take back what was stored."""
        for row in rows:
            if row.key.startswith(self._prefix) and row.data is not None:
                decision = msgspec.msgpack.decode(row.data, type=Decision)
                self._waiting[decision.subject, decision.rule] = decision


class FireWatch:
    """Knows in which zones a fire input is active, or was until `AFTER_FIRE` seconds ago."""

    def __init__(self) -> None:
        self._active: dict[str, str] = {}
        self._over: dict[str, tuple[str, float]] = {}
        self._changed: set[str] = set()

    def note(self, uid: str, zone: str, now: float, *, active: bool) -> None:
        """Take what the fire input of a device says for its zone."""
        if active:
            self._active[uid] = zone
            self._forget(uid)
        elif self._active.pop(uid, None) is not None:
            self._over[uid] = (zone, now + AFTER_FIRE)
            self._changed.add(uid)

    def zones(self, now: float) -> tuple[str, ...]:
        """Return the places in which doors and gates are open for a fire."""
        for uid in [uid for uid, (_, until) in self._over.items() if until <= now]:
            self._forget(uid)
        return (*self._active.values(), *(zone for zone, _ in self._over.values()))

    def take_rows(self) -> list[StateRow]:
        """Return and forget what changed."""
        rows = []
        for uid in self._changed:
            over = self._over.get(uid)
            data = None if over is None else msgspec.msgpack.encode(over)
            rows.append(StateRow(key=f"{GATE_PREFIX}fire/{uid}", data=data))
        self._changed = set()
        return rows

    def restore(self, rows: Iterable[StateRow]) -> None:
        """Take back which fires were just over; those that go on are in the stored points."""
        for row in rows:
            if row.key.startswith(f"{GATE_PREFIX}fire/") and row.data is not None:
                uid = row.key.rpartition("/")[2]
                self._over[uid] = msgspec.msgpack.decode(row.data, type=tuple[str, float])

    def _forget(self, uid: str) -> None:
        if self._over.pop(uid, None) is not None:
            self._changed.add(uid)

"""Which fire inputs are active, or were a moment ago: then doors and gates are meant to be open.

What was over before a restart is a row, in the same commit as what ended it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from hub.ports import StateRow

FIRE_PREFIX = "fire/"
AFTER_FIRE = 180.0
"""Seconds that doors and gates have to shut once a fire input has ended."""


def _always(_uid: str) -> bool:
    return True


class FireWatch:
    """Knows in which zones a fire input is active, or was until `AFTER_FIRE` seconds ago."""

    def __init__(self) -> None:
        self._active: dict[str, str] = {}
        self._over: dict[str, tuple[str, float]] = {}
        self._changed: set[str] = set()

    def note(self, uid: str, zone: str, now: float, *, active: bool) -> bool:
        """Take what the fire input of a device says for its zone; tell whether that is news."""
        if active == (uid in self._active):
            return False
        if active:
            self._active[uid] = zone
            self._forget(uid)
        else:
            del self._active[uid]
            self._over[uid] = (zone, now + AFTER_FIRE)
            self._changed.add(uid)
        return True

    def zones(self, now: float, counts: Callable[[str], bool] = _always) -> tuple[str, ...]:
        """Return the places in which doors and gates are open for a fire.

        `counts` says whose fire input does, by uid: one that is still tried means no fire.
        """
        for uid in [uid for uid, (_, until) in self._over.items() if until <= now]:
            self._forget(uid)
        active = [zone for uid, zone in self._active.items() if counts(uid)]
        return (*active, *(zone for uid, (zone, _) in self._over.items() if counts(uid)))

    def take_rows(self) -> list[StateRow]:
        """Return and forget what changed."""
        rows = []
        for uid in self._changed:
            over = self._over.get(uid)
            data = None if over is None else msgspec.msgpack.encode(over)
            rows.append(StateRow(key=f"{FIRE_PREFIX}{uid}", data=data))
        self._changed = set()
        return rows

    def restore(self, rows: Iterable[StateRow]) -> None:
        """Take back which fires were just over; those that go on are in the stored points."""
        for row in rows:
            if row.key.startswith(FIRE_PREFIX) and row.data is not None:
                uid = row.key.removeprefix(FIRE_PREFIX)
                self._over[uid] = msgspec.msgpack.decode(row.data, type=tuple[str, float])

    def _forget(self, uid: str) -> None:
        if self._over.pop(uid, None) is not None:
            self._changed.add(uid)

"""What the gates hold back, alarm by alarm, as rows: a restart must not lose it.

That is a raise which a gate has stopped, a clear that waits until its alarm flaps no more, and the
raises by which flapping is known.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from hub.model.alarm import Decision
from hub.ports import StateRow
from rules.gates import Flapping

GATES_PREFIX = "gates/"
Key = tuple[str, str]
"""(subject, rule): the identity of an alarm."""


class HeldBack(msgspec.Struct, array_like=True, omit_defaults=True):
    """What is held back of one alarm; `raises` are instants in epoch seconds."""

    stopped: Decision | None = None
    clear: Decision | None = None
    raises: tuple[float, ...] = ()


class GateBook:
    """Keeps raises and clears that wait; `flapping` counts the raises of each alarm."""

    def __init__(self) -> None:
        self.flapping = Flapping()
        self._stopped: dict[Key, Decision] = {}
        self._clears: dict[Key, Decision] = {}
        self._changed: set[Key] = set()

    def note_raise(self, decision: Decision, *, stopped: bool) -> None:
        """Note a raise that goes on, or that a gate has stopped; it takes back a clear.

        Who was stopped before keeps its place among those that wait.
        """
        key = (decision.subject, decision.rule)
        if not stopped:
            self.let_go(key)
            return
        self._clears.pop(key, None)
        self._stopped[key] = decision
        self._changed.add(key)

    def hold_clear(self, decision: Decision) -> None:
        """Note a clear that has to wait."""
        key = (decision.subject, decision.rule)
        self.let_go(key)
        self._clears[key] = decision

    def let_go(self, key: Key) -> None:
        """Hold nothing back of an alarm any more."""
        self._stopped.pop(key, None)
        self._clears.pop(key, None)
        self._changed.add(key)

    def drop_raise(self, key: Key) -> None:
        """Hold back the raise of an alarm no more: it will not be told."""
        if self._stopped.pop(key, None) is not None:
            self._changed.add(key)

    def is_stopped(self, key: Key) -> bool:
        """Tell whether a gate has stopped the alarm."""
        return key in self._stopped

    def stopped(self) -> list[Decision]:
        """Return the raises that wait."""
        return list(self._stopped.values())

    def clears(self) -> list[Decision]:
        """Return the clears that wait."""
        return list(self._clears.values())

    def forget(self, now: float) -> None:
        """Forget raises of so long ago that they count no more."""
        self._changed.update(self.flapping.forget(now))

    def take_states(self) -> list[StateRow]:
        """Return what has changed since the last call, to be stored in the same commit."""
        rows = [self._row(key) for key in sorted(self._changed)]
        self._changed = set()
        return rows

    def restore(self, rows: Iterable[StateRow]) -> None:
        """Take back what was stored before a restart."""
        for row in rows:
            if row.data is None or not row.key.startswith(GATES_PREFIX):
                continue
            rule, _, subject = row.key.removeprefix(GATES_PREFIX).partition("/")
            held = msgspec.msgpack.decode(row.data, type=HeldBack)
            if held.stopped is not None:
                self._stopped[subject, rule] = held.stopped
            if held.clear is not None:
                self._clears[subject, rule] = held.clear
            self.flapping.recall((subject, rule), held.raises)

    def _row(self, key: Key) -> StateRow:
        held = HeldBack(
            stopped=self._stopped.get(key),
            clear=self._clears.get(key),
            raises=self.flapping.raises(key),
        )
        data = None if held == HeldBack() else msgspec.msgpack.encode(held)
        return StateRow(key=f"{GATES_PREFIX}{key[1]}/{key[0]}", data=data)

"""Short numbers for long names: a series is one point of one device, a boot is its name."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Numbers(Generic[K]):
    """Gives each name the next free number, and remembers both.

    What a transaction has added counts only once it has been committed: see `keep`, `forget`.
    """

    def __init__(self, ids: dict[K, int]) -> None:
        self.ids = ids
        self._fresh: list[K] = []
        self._next = max(ids.values(), default=0) + 1

    def number(self, name: K) -> int:
        """Return the name's number, a new one where it has none."""
        found = self.ids.get(name)
        if found is None:
            found = self.ids[name] = self._next
            self._next += 1
            self._fresh.append(name)
        return found

    def write(self, insert: Callable[[int, K], object]) -> None:
        """Hand each name that is new in this transaction to `insert`."""
        for name in self._fresh:
            insert(self.ids[name], name)

    def keep(self) -> None:
        """Note that the transaction was committed."""
        self._fresh.clear()

    def forget(self) -> None:
        """Note that the transaction was rolled back: its numbers are free again."""
        for name in self._fresh:
            del self.ids[name]
        self._next -= len(self._fresh)
        self._fresh.clear()


class Names:
    """The numbers of series and boots, as the writer knows them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        series = connection.execute("SELECT uid, point, id FROM series")
        self.series = Numbers({(uid, point): number for uid, point, number in series})
        self.boots = Numbers(dict(connection.execute("SELECT name, id FROM boot")))

    def write(self, connection: sqlite3.Connection) -> None:
        """Insert the names that this transaction has added."""
        self.series.write(
            lambda number, name: connection.execute(
                "INSERT INTO series (id, uid, point) VALUES (?, ?, ?)", (number, *name)
            )
        )
        self.boots.write(
            lambda number, name: connection.execute(
                "INSERT INTO boot (id, name) VALUES (?, ?)", (number, name)
            )
        )

    def keep(self) -> None:
        """Note that the transaction was committed."""
        self.series.keep()
        self.boots.keep()

    def forget(self) -> None:
        """Note that the transaction was rolled back."""
        self.series.forget()
        self.boots.forget()

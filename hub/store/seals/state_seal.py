"""Running state that tells of people, sealed like events of vehicles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hub.ports import StateRow
from hub.store.seals.day_key import DayKeys, Shelf, about

_SEALED = b"\xc1"
"""How sealed data begin; MessagePack has no such byte."""


def seal_states(rows: Iterable[StateRow], days: DayKeys) -> list[StateRow]:
    """Return the rows as they are stored; StoreError where a new day's key cannot be written."""
    return [row if row.personal_at is None else _seal(row, row.personal_at, days) for row in rows]


def open_states(rows: Iterable[StateRow], days: DayKeys) -> Iterator[StateRow]:
    """Yield the rows as they were given, but those whose key is not there any more."""
    for row in rows:
        if row.data is None or not row.data.startswith(_SEALED):
            yield row
            continue
        plain = days.unseal(row.data[len(_SEALED) :], about=about(row.key))
        if plain is not None:
            yield StateRow(key=row.key, data=plain)


def _seal(row: StateRow, at: float, days: DayKeys) -> StateRow:
    if row.data is None:
        return row
    sealed = days.seal(row.data, Shelf.VEHICLES, at=at, about=about(row.key))
    return StateRow(key=row.key, data=_SEALED + sealed)

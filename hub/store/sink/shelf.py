"""Reads the outbox of a database file: where it stands, and its next parcels."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from hub.store.failure import explain
from hub.store.readers import open_reader
from hub.store.sink import parcel
from hub.store.sink.outbox import Standing
from hub.store.sink.parcel import Cursor, Saying

_NEXT = "SELECT key, body FROM document WHERE collection = ? AND key > ? ORDER BY key LIMIT 5000"
_LAST = "SELECT max(key) FROM document WHERE collection = ?"
_SETTING = "SELECT body FROM document WHERE collection = ? AND key = ?"
_SAYINGS = msgspec.json.Decoder(list[Saying])


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Some parcels in order: what they say, their keys, and the number of their last reading."""

    sayings: Sequence[Saying]
    keys: Sequence[str]
    through: int


def read_page(path: Path, after: int, limit: int) -> Page | None:
    """Read parcels behind reading `after`, as few as hold `limit` readings, or None without any.

    Blocking, in a short transaction of its own. Raises StoreError.
    """
    try:
        with closing(open_reader(path)) as connection:
            found = connection.execute(_NEXT, (parcel.OUTBOX, parcel.write_key(after)))
            return _make_page(found, after + limit)
    except sqlite3.Error as error:
        raise explain(error, str(path)) from error


def read_standing(path: Path) -> Standing:
    """Read where the outbox stands; of a new one nothing is there yet. Blocking; StoreError."""
    try:
        with closing(open_reader(path)) as connection:
            last = connection.execute(_LAST, (parcel.OUTBOX,)).fetchone()[0]
            cursor = _setting(connection, parcel.CURSOR)
            left_out = _setting(connection, parcel.LEFT_OUT)
    except sqlite3.Error as error:
        raise explain(error, str(path)) from error
    return Standing(
        last=int(last or 0),
        cursor=msgspec.json.decode(cursor or b"{}", type=Cursor),
        left_out=msgspec.json.decode(left_out or b"0", type=int),
    )


def _make_page(found: Iterable[tuple[str, bytes]], enough: int) -> Page | None:
    sayings: list[Saying] = []
    keys: list[str] = []
    for key, body in found:
        sayings.extend(_SAYINGS.decode(body))
        keys.append(key)
        if int(key) >= enough:
            break
    return Page(sayings=sayings, keys=keys, through=int(keys[-1])) if keys else None


def _setting(connection: sqlite3.Connection, key: str) -> bytes | None:
    row = connection.execute(_SETTING, (parcel.SETTING, key)).fetchone()
    return None if row is None else bytes(row[0])

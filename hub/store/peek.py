"""Looks into a database file from outside, read-only, whether or not a hub has it open."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from hub.errors import StoreError
from hub.store.failure import explain
from hub.store.readers import open_reader


def newest_instant(path: Path) -> float | None:
    """Return the event time of the newest reading (epoch seconds), or None without any."""
    sql = "SELECT max(at) FROM point UNION ALL SELECT max(last) FROM intake"
    return max((at for (at,) in _select(path, sql) if at is not None), default=None)


def last_number(path: Path) -> int:
    """Return the number of the newest journal entry; 0 without any."""
    return int(_select(path, "SELECT coalesce(max(seq), 0) FROM journal")[0][0])


def read_collection(path: Path, collection: str) -> dict[str, bytes]:
    """Return a collection of documents, key → JSON."""
    sql = "SELECT key, body FROM document WHERE collection = ?"
    return {key: bytes(body) for key, body in _select(path, sql, collection)}


def read_last_item(path: Path, incident: str) -> bytes | None:
    """Return the newest item of the feed about an incident; None where there is none."""
    sql = "SELECT body FROM feed WHERE incident = ? ORDER BY seq DESC LIMIT 1"
    rows = _select(path, sql, incident)
    return bytes(rows[0][0]) if rows else None


def _select(path: Path, sql: str, *values: str) -> list[Any]:
    if not path.is_file():
        raise StoreError(f"{path}: there is no such database; let the hub run first")
    try:
        with closing(open_reader(path)) as connection:
            return connection.execute(sql, values).fetchall()
    except sqlite3.Error as error:
        raise explain(error, str(path)) from error

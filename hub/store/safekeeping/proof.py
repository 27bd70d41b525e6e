"""Proof of a backup: a copy of it is checked, opened as a hub would open it, and counted."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from hub.clock import Clock
from hub.errors import StoreError
from hub.model.alarm import Alarm
from hub.model.command import Command
from hub.model.ticket import Ticket
from hub.store.migration import Secrets, current_version, refuse_newer, shipped_steps
from hub.store.readers import open_reader
from hub.store.readings.compaction import measure_log
from hub.store.safekeeping.backup import refuse_missing, unreadable
from hub.store.safekeeping.copying import Tell, copy_database
from hub.store.seals.chain import Verdict, is_sealed, prove_chain
from hub.store.seals.diagnosis import find_fault
from hub.store.sqlite import open_store

_SPAN = "SELECT count(*), coalesce(min(seq), 1), coalesce(max(seq), 0) FROM journal"
_GAP = (
    "SELECT min(seq) + 1 FROM journal j"
    " WHERE NOT EXISTS (SELECT 1 FROM journal n WHERE n.seq = j.seq + 1)"
)
_COUNTS = {
    "tickets": "SELECT count(*) FROM ticket",
    "open_tickets": "SELECT count(*) FROM ticket WHERE ended = 0",
    "alarms": "SELECT count(*) FROM alarm",
    "open_alarms": "SELECT count(*) FROM alarm WHERE ended = 0",
    "commands": "SELECT count(*) FROM command",
    "devices": "SELECT count(*) FROM document WHERE collection = 'device'",
    "sorted_messages": "SELECT coalesce(sum(count), 0) FROM part",
}
_BODIES: dict[str, Any] = {"ticket": Ticket, "alarm": Alarm, "command": Command}


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What a sound backup holds; `schema` is the one that it came with.

    `audit` is about the chain of its journal's seals; a broken one does not keep anybody from
    restoring what there is. None where the backup is of a version that did not seal.
    """

    size: int
    schema: int
    first_seq: int
    last_seq: int
    tickets: int
    open_tickets: int
    alarms: int
    open_alarms: int
    commands: int
    devices: int
    messages: int
    audit: Verdict | None


async def prove(source: Path, copy: Path, *, clock: Clock, tell: Tell, secrets: Secrets) -> Proof:
    """Copy `source` to `copy` and prove the copy, which afterwards has this hub's schema.

    Raises NotFoundError or StoreError, whose sentence says what is wrong with it.
    """
    refuse_missing(source)
    try:
        with closing(open_reader(source)) as connection:
            copy_database(connection, copy, tell=tell)
        with closing(open_reader(copy)) as connection:
            schema = _check_schema(connection, source)
            sealed = is_sealed(connection)
            audit = prove_chain(connection, secrets.ring, find_fault, {}) if sealed else None
        async with open_store(copy, clock=clock, ring=secrets.ring, days=secrets.days) as store:
            await store.archive.load(now=clock.now())
        with closing(open_reader(copy)) as connection:
            return _count(connection, source, schema, audit)
    except sqlite3.Error as error:
        raise unreadable(source, error) from error
    except (msgspec.DecodeError, zlib.error) as error:
        raise _unsound(source, f"a row cannot be read: {error}", "有一行读不出来") from error


def _check_schema(connection: sqlite3.Connection, source: Path) -> int:
    schema = current_version(connection)
    if not schema:
        raise _unsound(source, "it is not of a hub", "不是本系统的数据库")
    refuse_newer(schema, source, shipped_steps())
    astray = connection.execute("PRAGMA foreign_key_check").fetchone()
    if astray:
        raise _unsound(source, f"a row of {astray[0]} refers to none", f"{astray[0]} 引用缺失")
    return schema


def _count(
    connection: sqlite3.Connection, source: Path, schema: int, audit: Verdict | None
) -> Proof:
    first, last = _check_journal(connection, source)
    _read_bodies(connection)
    counts = {name: connection.execute(sql).fetchone()[0] for name, sql in _COUNTS.items()}
    waiting, _ = measure_log(connection)
    return Proof(
        size=source.stat().st_size,
        schema=schema,
        first_seq=first,
        last_seq=last,
        audit=audit,
        messages=counts.pop("sorted_messages") + waiting,
        **counts,
    )


def _check_journal(connection: sqlite3.Connection, source: Path) -> tuple[int, int]:
    count, first, last = connection.execute(_SPAN).fetchone()
    if count != last - first + 1:
        gap = connection.execute(_GAP).fetchone()[0]
        raise _unsound(source, f"the journal lacks number {gap}", f"流水缺 {gap} 号")
    return first, last


def _read_bodies(connection: sqlite3.Connection) -> None:
    """Read what SQLite only knows as bytes; a bit that has fallen over is found here alone."""
    for table, kind in _BODIES.items():
        _each(connection, f"SELECT body FROM {table}", msgspec.json.Decoder(kind).decode)  # noqa: S608
    _each(connection, "SELECT body FROM journal", msgspec.json.decode)
    _each(connection, "SELECT body FROM chunk WHERE part = 0", zlib.decompress)
    _each(connection, "SELECT body FROM rollup", zlib.decompress)


def _each(connection: sqlite3.Connection, sql: str, read: Callable[[bytes], object]) -> None:
    for (body,) in connection.execute(sql):
        read(body)


def _unsound(source: Path, why: str, zh: str) -> StoreError:
    return StoreError(
        f"{source} is not sound: {why}; take another backup",
        zh=f"{source} 不完好：{zh}，请换一份备份。",
    )

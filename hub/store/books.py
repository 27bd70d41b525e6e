"""The journal and what it tells about, read out of SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from hub.model.alarm import Alarm
from hub.model.command import Command
from hub.model.journal import Entry
from hub.model.ticket import Ticket
from hub.ports import FeedRow, QuarantineRow
from hub.store import bounds
from hub.store.order import ticket_order
from hub.store.readers import Readers
from hub.store.record import ENTRY_COLUMNS, FEED_COLUMNS, to_entry, to_feed_item
from hub.store.seals.chain import Head, read_head
from hub.store.seals.day_key import DayKeys, about
from hub.store.seals.paper_seal import open_paper
from hub.store.snapshot import bodies

T = TypeVar("T")
Rows = list[tuple[Any, ...]]

_NEWEST_ALARMS = (
    "SELECT body FROM alarm WHERE (? = 0 OR ended = 0)"
    " AND (? = '' OR (raised_at, id) < (SELECT raised_at, id FROM alarm WHERE id = ?))"
    " ORDER BY raised_at DESC, id DESC LIMIT ?"
)
_NEWEST_TICKETS = (
    "SELECT body FROM ticket WHERE (? = 0 OR ended = 0)"
    " AND (? = '' OR (day, ordinal, number) < (?, ?, ?))"
    " ORDER BY day DESC, ordinal DESC, number DESC LIMIT ?"
)
_FEED = (
    f"SELECT {FEED_COLUMNS} FROM feed"  # noqa: S608 - constants
    " WHERE seq > ? AND (? = '' OR place = ? OR substr(place, 1, ?) = ?) ORDER BY seq LIMIT ?"
)
_NEWCOMERS = (
    "SELECT link, address, first_seen, last_seen, count, sample, guess FROM newcomer"
    " ORDER BY last_seen DESC, link, address LIMIT ?"
)
_NEWCOMER_FIELDS = ("link", "address", "first_seen", "last_seen", "count", "sample", "guess")
_CLOSING_CODES = (
    "SELECT json_extract(body, '$.rule') AS rule, json_extract(body, '$.closing_code') AS code,"
    " count(*) FROM ticket WHERE code <> '' GROUP BY rule, code"
)
_HELD = "SELECT id, link, address, payload, reason, at FROM quarantine"
_QUARANTINE = f"{_HELD} ORDER BY at DESC, link DESC, address DESC, tie DESC LIMIT ?"
GONE = "the key of its day is not there any more"
"""What stands in place of a reason that cannot be read."""


class SqliteBooks:
    """Reads the books; every call is one short read transaction."""

    def __init__(self, readers: Readers, days: DayKeys) -> None:
        self._readers = readers
        self._days = days

    async def journal(self, *, after: int, limit: int, types: Sequence[str] = ()) -> list[Entry]:
        """Read entries with seq > after, in order; `types` are prefixes."""
        prefixes = " OR ".join(["substr(type, 1, ?) = ?"] * len(types))
        wanted = f" AND ({prefixes})" if types else ""
        sql = f"SELECT {ENTRY_COLUMNS} FROM journal WHERE seq > ?{wanted} ORDER BY seq LIMIT ?"  # noqa: S608
        values = [value for prefix in types for value in (len(prefix), prefix)]
        return [to_entry(row) for row in await self._rows(sql, after, *values, limit)]

    async def feed(self, *, after: int, limit: int, scope: str = "") -> list[FeedRow]:
        """Read feed items with seq > after, in order, at or below the place `scope`."""
        below = scope + "/"
        rows = await self._rows(_FEED, after, scope, scope, len(below), below, limit)
        return [to_feed_item(row) for row in rows]

    async def oldest_feed(self) -> int:
        """Return the seq before the oldest item that is kept (0 when nothing was deleted)."""
        return (await self.counters()).get(bounds.FEED_DELETED, 0)

    async def alarms(self, *, open_only: bool, limit: int, before: str = "") -> list[Alarm]:
        """Read alarms, newest first, raised before the alarm id `before` (none when unknown)."""
        rows = await self._rows(_NEWEST_ALARMS, int(open_only), before, before, limit)
        return bodies(rows, Alarm)

    async def alarm(self, alarm_id: str) -> Alarm | None:
        """Read one alarm, open or cleared."""
        found = bodies(await self._rows("SELECT body FROM alarm WHERE id = ?", alarm_id), Alarm)
        return found[0] if found else None

    async def tickets(self, *, open_only: bool, limit: int, before: str = "") -> list[Ticket]:
        """Read tickets, newest first, numbered before `before`."""
        edge = (*ticket_order(before), before)
        return bodies(
            await self._rows(_NEWEST_TICKETS, int(open_only), before, *edge, limit), Ticket
        )

    async def ticket(self, number: str) -> Ticket | None:
        """Read one ticket."""
        rows = await self._rows("SELECT body FROM ticket WHERE number = ?", number)
        return next(iter(bodies(rows, Ticket)), None)

    async def command(self, command_id: str) -> Command | None:
        """Read one command."""
        rows = await self._rows("SELECT body FROM command WHERE id = ?", command_id)
        return next(iter(bodies(rows, Command)), None)

    async def document(self, collection: str, key: str) -> bytes | None:
        """Read one document's JSON."""
        sql = "SELECT body FROM document WHERE collection = ? AND key = ?"
        rows = await self._rows(sql, collection, key)
        return open_paper(collection, key, bytes(rows[0][0]), self._days) if rows else None

    async def documents(self, collection: str) -> dict[str, bytes]:
        """Read a whole collection, key → JSON, in the order of the keys."""
        sql = "SELECT key, body FROM document WHERE collection = ? ORDER BY key"
        rows = await self._rows(sql, collection)
        opened = ((key, open_paper(collection, key, body, self._days)) for key, body in rows)
        return {key: body for key, body in opened if body is not None}

    async def quarantine(self, *, limit: int) -> list[QuarantineRow]:
        """Read what was quarantined, newest first."""
        return [self._quarantined(row) for row in await self._rows(_QUARANTINE, limit)]

    async def quarantined(self, number: int) -> QuarantineRow | None:
        """Read one message that was quarantined, by its `id`."""
        rows = await self._rows(f"{_HELD} WHERE id = ?", number)
        return self._quarantined(rows[0]) if rows else None

    async def newcomers(self, *, limit: int) -> list[dict[str, Any]]:
        """Read who is not in the books, last heard first; `sample` is the last message's bytes."""
        rows = await self._rows(_NEWCOMERS, limit)
        found = [dict(zip(_NEWCOMER_FIELDS, row, strict=True)) for row in rows]
        for row in found:
            what = about(row["link"], row["address"])
            row["sample"] = self._days.unseal(row["sample"], about=what) or b""
        return found

    def _quarantined(self, row: tuple[Any, ...]) -> QuarantineRow:
        number, link, address, payload, reason, at = row

        def unseal(column: str, sealed: bytes) -> bytes | None:
            return self._days.unseal(sealed, about=about(link, address, at, column))

        why = unseal("reason", reason)
        return QuarantineRow(
            id=number,
            link=link,
            address=address,
            payload=unseal("payload", payload) or b"",
            reason=GONE if why is None else why.decode(),
            at=at,
        )

    async def closing_codes(self) -> dict[str, dict[str, int]]:
        """Count the closing codes of tickets by rule."""
        found: dict[str, dict[str, int]] = {}
        for rule, code, count in await self._rows(_CLOSING_CODES):
            found.setdefault(rule, {})[code] = count
        return found

    async def head(self) -> Head:
        """Read the end of the journal's chain of seals."""
        return await self._readers.read(read_head)

    async def counters(self) -> dict[str, int]:
        """Read how much was quarantined, deleted and refused, by the names of `bounds`."""
        return dict(await self._rows("SELECT name, value FROM counter"))

    async def _rows(self, sql: str, *values: object) -> Rows:
        return await self._readers.read(lambda c: c.execute(sql, values).fetchall())

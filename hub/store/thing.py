"""Things kept by key, the last version of each: a table of how they become rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import msgspec

from hub.model.alarm import Alarm, AlarmState
from hub.model.command import Command, CommandState
from hub.model.ticket import Ticket, TicketState
from hub.ports import Changes, DigestRow, Document
from hub.store.order import ticket_order

ENDED_TICKET = frozenset({TicketState.CLOSED, TicketState.VOIDED})
ENDED_COMMAND = frozenset(
    {
        CommandState.EXECUTED,
        CommandState.REFUSED,
        CommandState.FAILED,
        CommandState.EXPIRED,
        CommandState.UNKNOWN,
    }
)


class Kept(NamedTuple):
    """Where a field of Changes goes: table, key columns, other columns, and the row of an item."""

    field: str
    table: str
    key: tuple[str, ...]
    rest: tuple[str, ...]
    row: Callable[[Any], tuple[Any, ...]]

    def upsert(self) -> str:
        """Return the statement that inserts a row or replaces what its key had."""
        columns = self.key + self.rest
        marks = ", ".join("?" * len(columns))
        updates = ", ".join(f"{name} = excluded.{name}" for name in self.rest)
        return (
            f"INSERT INTO {self.table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608
            f" ON CONFLICT ({', '.join(self.key)}) DO UPDATE SET {updates}"
        )

    def delete(self) -> str:
        """Return the statement that deletes by key."""
        where = " AND ".join(f"{name} = ?" for name in self.key)
        return f"DELETE FROM {self.table} WHERE {where}"  # noqa: S608 - names of this module


def _digest(row: DigestRow) -> tuple[Any, ...]:
    return row.uid, row.digest, row.at


def _alarm(alarm: Alarm) -> tuple[Any, ...]:
    ended = alarm.state is AlarmState.CLEARED
    return alarm.id, alarm.raised_at, ended, msgspec.json.encode(alarm)


def _ticket(ticket: Ticket) -> tuple[Any, ...]:
    ended = ticket.state in ENDED_TICKET
    order = ticket_order(ticket.number)
    return ticket.number, *order, ended, ticket.closed_at, msgspec.json.encode(ticket)


def _command(command: Command) -> tuple[Any, ...]:
    return command.id, command.state in ENDED_COMMAND, msgspec.json.encode(command)


def _document(document: Document) -> tuple[Any, ...]:
    return document.collection, document.key, document.body, document.at


_KEPT = (
    Kept("digests", "digest", ("uid", "digest"), ("at",), _digest),
    Kept("alarms", "alarm", ("id",), ("raised_at", "ended", "body"), _alarm),
    Kept(
        "tickets", "ticket", ("number",), ("day", "ordinal", "ended", "closed_at", "body"), _ticket
    ),
    Kept("commands", "command", ("id",), ("ended", "body"), _command),
)
_DOCUMENTS = Kept("documents", "document", ("collection", "key"), ("body", "at"), _document)
_UPSERTS = [(kept, kept.upsert()) for kept in _KEPT]


def write_things(
    connection: sqlite3.Connection, changes: Changes, documents: Iterable[Document]
) -> None:
    """Write every thing that is kept by key; of several versions the last one stays.

    `documents` are those of the changes, as they are stored.
    """
    for kept, statement in _UPSERTS:
        items = getattr(changes, kept.field)
        if items:
            connection.executemany(statement, map(kept.row, items))
    if changes.documents:
        _write_documents(connection, documents)


def _write_documents(connection: sqlite3.Connection, documents: Iterable[Document]) -> None:
    last = {(each.collection, each.key): _document(each) for each in documents}
    gone = [key for key, row in last.items() if row[2] is None]
    connection.executemany(_DOCUMENTS.delete(), gone)
    connection.executemany(
        _DOCUMENTS.upsert(), [row for row in last.values() if row[2] is not None]
    )

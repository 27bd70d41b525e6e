"""What is committed, commit by commit, and what a store must hold after each of them."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import msgspec

from hub.clock import ManualClock
from hub.model.alarm import AlarmState
from hub.model.command import CommandState
from hub.model.device import LinkState
from hub.model.report import Report
from hub.model.ticket import TicketState
from hub.ports import Archive, Books, Changes, CursorRow, DigestRow, Document, HeardRow, StateRow
from hub.store.memory import MemoryStore
from hub.store.seals.day_key import DayKeys
from hub.store.seals.seal import KeyRing
from tests.contract import store_cases as case

NOW = case.NOW
RING = KeyRing([bytes(32)])
DAYS = DayKeys(None, {})
"""Kept beside all lives and images: keys lie on another file than the one that is cut off."""
DEVICES = ("d1", "d2", "d3")
POINTS = (*((uid, "power.active") for uid in DEVICES), ("d3", "arm.position"))
ENTRIES = 2
"""Entries of the journal in a commit."""
PACE = 30.0
"""Seconds of the devices' time between two commits."""
ALL = 1_000_000
LARGE = 9
"""Of so many commits one carries a large document: pages of overflow."""

Held = dict[str, object]

_ALARM = (AlarmState.CLEARED, AlarmState.RAISED)
_TICKET = (TicketState.CLOSED, TicketState.NEW)
_COMMAND = (CommandState.EXECUTED, CommandState.REQUESTED)


class Plan:
    """Changes by number, from 1; the same ones each time."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._held: list[Held] = []
        self._store = MemoryStore(ManualClock(NOW))

    def changes(self, number: int) -> Changes:
        """Return what commit `number` writes: something into every table, now and then."""
        chance = Random(f"{self._seed}/{number}")
        at = NOW + number * PACE
        first = (number - 1) * ENTRIES + 1
        seqs = range(first, first + ENTRIES)
        return Changes(
            readings=list(_say(number, at, chance)),
            events=[case.event(at, seq=number, boot="b1", data={"n": number})],
            cursors=[_cursor(uid, number, at) for uid in DEVICES],
            digests=[DigestRow(uid="d1", digest=f"x{number}", at=at)],
            heard=[HeardRow(uid="d1", at=at, state=LinkState.ONLINE, boot="b1")],
            states=[_state(number, chance)],
            documents=list(_documents(number, chance)),
            journal=[case.entry(seq) for seq in seqs],
            feed=[case.feed_item(seqs[-1])],
            **_books(number, at),
        )

    async def held_after(self, number: int) -> Held:
        """Return what a store holds after `number` commits, by the store in memory."""
        while len(self._held) <= number:
            if done := len(self._held):
                await self._store.committer.commit(self.changes(done))
            self._held.append(await read_held(self._store.archive, self._store.books))
        return self._held[number]


def _say(number: int, at: float, chance: Random) -> Iterator[Report]:
    for uid in DEVICES:
        value = round(chance.uniform(0, 100), 1)
        yield case.said(case.reading(at, value, uid=uid, boot="b1", seq=number))
    if number % 3 == 0:
        yield case.said(case.reading(at - 7200.0, 0.5, boot="b1", seq=ALL + number), late=True)
    if number % 4 == 0:
        yield case.said(case.reading(at, "open", uid="d3", point="arm.position"))


def _cursor(uid: str, number: int, at: float) -> CursorRow:
    return CursorRow(uid=uid, topic="telemetry", boot="b1", seq=number, at=at)


def _state(number: int, chance: Random) -> StateRow:
    gone = number % 5 == 0
    data = msgspec.msgpack.encode(chance.randbytes(20))
    return StateRow(key=f"hold/{number % 7}", data=None if gone else data)


def _documents(number: int, chance: Random) -> Iterator[Document]:
    large = number % LARGE == 0
    # Begins as JSON does: what begins otherwise may be taken for a sealed body.
    body = b"{" + chance.randbytes(12_000 if large else 60)
    yield Document(collection="person", key=f"p{number % 11}", body=body, at=NOW)
    if number % 6 == 0:
        yield Document(collection="person", key=f"p{(number - 3) % 11}", body=None, at=NOW)


def _books(number: int, at: float) -> dict[str, Any]:
    """Return what is raised in one commit and ended in the next."""
    which, opening = divmod(number, 2)
    ticket = f"GS-20261125-{which:04}"
    ended = {"closed_at": at} if not opening else {}
    return {
        "alarms": [case.alarm(f"A{which}", NOW, _ALARM[opening])],
        "tickets": [case.ticket(ticket, _TICKET[opening], **ended)],
        "commands": [case.command(f"C{which}", _COMMAND[opening])],
        "quarantine": [case.quarantined(at)] if opening else [],
        "newcomers": [case.newcomer(at)] if opening else [],
    }


async def read_held(archive: Archive, books: Books) -> Held:
    """Return everything that a store holds, through the ports that the hub reads it by."""
    snapshot = msgspec.structs.asdict(await archive.load(now=NOW))
    return {
        **{name: _sort(part) for name, part in snapshot.items()},
        "history": [
            (await archive.history(*point, start=0.0, end=1e11, limit=ALL)).rows for point in POINTS
        ],
        "roll-ups": [
            await archive.rollups(*point, start=0.0, end=1e11, limit=ALL) for point in POINTS
        ],
        "events": await archive.events("d1", start=0.0, end=1e11, limit=ALL),
        "journal": await books.journal(after=0, limit=ALL),
        "feed": await books.feed(after=0, limit=ALL),
        "all alarms": await books.alarms(open_only=False, limit=ALL),
        "all tickets": await books.tickets(open_only=False, limit=ALL),
        "all commands": [await books.command(f"C{each}") for each in range(snapshot["last_seq"])],
        "documents": await books.documents("person"),
        "quarantine": await books.quarantine(limit=ALL),
        "newcomers": await books.newcomers(limit=ALL),
        "counters": await books.counters(),
    }


def _sort(part: object) -> object:
    return sorted(part, key=repr) if isinstance(part, list) else part

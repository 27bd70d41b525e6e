"""What the store's suites share: both implementations, and small things to put into them."""

# ruff: noqa: ANN401 - a field given by name may be anything
from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from hub.clock import ManualClock
from hub.model.alarm import Alarm, AlarmState, Class, Evidence, Severity, Urgency
from hub.model.command import Command, CommandState, CommandStep
from hub.model.device import DeviceUid, LinkState
from hub.model.journal import Entry
from hub.model.report import Quality, Report, Sample, Topic
from hub.model.ticket import Ticket, TicketState
from hub.ports import (
    Changes,
    CursorRow,
    DigestRow,
    Document,
    EventRow,
    FeedRow,
    HeardRow,
    NewcomerRow,
    QuarantineRow,
    ReadingRow,
    StateRow,
)
from hub.store.memory import MemoryStore, open_memory_store
from hub.store.sqlite import SqliteStore, open_store

NOW = 1_764_000_000.0
Store = SqliteStore | MemoryStore
Opener = Callable[[Path, ManualClock], AbstractAsyncContextManager[Store]]


@asynccontextmanager
async def _sqlite(folder: Path, clock: ManualClock) -> AsyncIterator[Store]:
    async with open_store(folder / "hub.db", clock=clock) as store:
        yield store


class _TidyCommitter:
    """Puts the log in order after each commit, as it is after a while."""

    def __init__(self, store: SqliteStore, now: float) -> None:
        self._commit, self._upkeep, self._now = store.committer.commit, store.upkeep, now

    async def commit(self, changes: Changes) -> None:
        await self._commit(changes)
        await self._upkeep.tidy(now=self._now)


def _tidy(now: float) -> Opener:
    @asynccontextmanager
    async def tidy(folder: Path, clock: ManualClock) -> AsyncIterator[Store]:
        async with open_store(folder / "hub.db", clock=clock) as store:
            store.committer = _TidyCommitter(store, now)  # type: ignore[assignment]
            yield store

    return tidy


@asynccontextmanager
async def _memory(folder: Path, clock: ManualClock) -> AsyncIterator[Store]:
    async with open_memory_store(clock=clock) as store:
        yield store


OPENERS: dict[str, Opener] = {
    "sqlite": _sqlite,
    "sqlite with the log sorted": _tidy(0.0),
    "sqlite with the hours merged": _tidy(NOW * 9000),
    "memory": _memory,
}


def reading(at: float = NOW, value: Any = 1.5, **fields: Any) -> ReadingRow:
    given = {"uid": "d1", "point": "power.active", "received": at, "quality": Quality.GOOD}
    return ReadingRow(**{**given, "at": at, "value": value, **fields})


def said(*rows: ReadingRow, topic: Topic = Topic.TELEMETRY, late: bool = False) -> Report:
    """Return the message that these readings came in."""
    return Report(
        address="",
        uid=DeviceUid(rows[0].uid),
        topic=topic,
        at=rows[0].at,
        received=rows[0].received,
        boot=rows[0].boot,
        seq=rows[0].seq,
        late=late,
        samples=tuple(Sample(row.point, row.value, row.quality) for row in rows),
    )


def each_said(rows: Iterable[ReadingRow]) -> list[Report]:
    """Return a message for each reading."""
    return [said(row) for row in rows]


def event(at: float = NOW, name: str = "door.forced", **fields: Any) -> EventRow:
    return EventRow(**{"uid": "d1", "received": at, "at": at, "name": name, **fields})


def entry(seq: int, type_: str = "alarm.raised", **fields: Any) -> Entry:
    given = {
        "at": NOW + seq,
        "subject": "gate-1",
        "actor": "hub",
        "place": "g/a",
        "data": {"n": seq},
    }
    return Entry(**{**given, "seq": seq, "type": type_, **fields})


def feed_item(seq: int, place: str = "g/a") -> FeedRow:
    body = msgspec.json.encode({"id": f"g-{seq}"})
    return FeedRow(seq=seq, incident=f"I{seq}", place=place, type="x.v1", at=NOW + seq, body=body)


def alarm(id_: str, raised_at: float = NOW, state: AlarmState = AlarmState.RAISED) -> Alarm:
    return Alarm(
        id=id_,
        subject="gate-1",
        uid="d1",
        place="g/a",
        rule="barrier-stuck-open",
        fault="gate.stuck_open",
        name={"zh": "道闸长时间不落杆", "en": "Barrier stays open"},
        severity=Severity.MAJOR,
        state=state,
        raised_at=raised_at,
        evidence=(Evidence(point="arm.position", value="open", at=raised_at),),
    )


def ticket(number: str, state: TicketState = TicketState.NEW, **fields: Any) -> Ticket:
    return Ticket(
        number=number,
        state=state,
        subject="gate-1",
        uid="d1",
        place="g/a",
        rule="barrier-stuck-open",
        fault="gate.stuck_open",
        title={"zh": "道闸", "en": "Barrier"},
        severity=Severity.MAJOR,
        urgency=Urgency.NORMAL,
        class_=Class.GENERAL,
        opened_at=NOW,
        **fields,
    )


def command(id_: str, state: CommandState = CommandState.REQUESTED) -> Command:
    return Command(
        id=id_,
        uid=DeviceUid("d1"),
        device="gate-1",
        do="open",
        actor="guard",
        reason="ambulance",
        issued=NOW,
        expires=NOW + 5,
        state=state,
        history=(CommandStep(state=state, at=NOW),),
    )


def quarantined(at: float = NOW, address: str = "t/1") -> QuarantineRow:
    return QuarantineRow(link="mqtt", address=address, payload=b"\xff\x00", reason="no JSON", at=at)


def newcomer(at: float = NOW, address: str = "x9") -> NewcomerRow:
    return NewcomerRow(link="mqtt", address=address, sample=b"{}", guess="barrier", at=at)


def everything() -> Changes:
    """One batch that touches each table."""
    return Changes(
        readings=each_said([reading(seq=1, boot="b1"), reading(NOW, "open", point="arm.position")]),
        events=[event(seq=2, boot="b1", data={"by": "hand"})],
        cursors=[CursorRow(uid="d1", topic="state", boot="b1", seq=9, gaps=((3, 4),), at=NOW)],
        digests=[DigestRow(uid="d2", digest="abc", at=NOW)],
        heard=[HeardRow(uid="d1", at=NOW, state=LinkState.ONLINE, boot="b1")],
        quarantine=[quarantined(), quarantined()],
        newcomers=[newcomer(), newcomer()],
        states=[StateRow(key="hold/d1", data=b"\x01")],
        alarms=[alarm("A1")],
        tickets=[ticket("GS-20261124-0007")],
        commands=[command("C1")],
        journal=[entry(1), entry(2, "ticket.opened")],
        feed=[feed_item(2)],
        documents=[Document(collection="person", key="li", body=b'{"name":"li"}', at=NOW)],
    )

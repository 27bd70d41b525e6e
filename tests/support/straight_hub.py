"""A whole intake without a loop: each message, and each timer at its own instant, is one call.

Everything but the links and the disk is the hub's own: weir, router, rules, topology, gates,
tickets, journal, and the store in memory, from which another hub takes up after a restart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from device_drivers.dialects.lingdang import LingdangDriver
from hub.feeds.incident import make_projector
from hub.intake.core import Intake, Needs, build_intake
from hub.intake.pipeline import BATCH_LIMIT
from hub.model.alarm import Alarm
from hub.model.catalogue import DeviceModel
from hub.model.device import Device
from hub.model.journal import Entry
from hub.model.place import Place
from hub.model.ticket import Ticket
from hub.ports import Envelope
from hub.services.incidents.case_book import CaseBook
from hub.store.memory import MemoryStore
from rules.rule import Rule
from tests.unit.intake.stage import MODELS, PLACES, RULES, Hand, Sender

DIALECTS = ("lingdang", "modbus")
"""Meters speak the hub's own dialect here, as behind a gateway."""
SESSION, LINK = "mqtt-state", "mqtt"
ALL = 1_000_000
T = TypeVar("T")


class SetClock:
    """A clock that stands where it was put."""

    def __init__(self, start: float) -> None:
        self.instant = start

    def now(self) -> float:
        """Return the instant."""
        return self.instant

    async def sleep(self, seconds: float) -> None:
        """Nobody waits here."""
        raise NotImplementedError


class StraightHub:
    """One community's hub; use it within `in_loop`, since operations need one to promise in."""

    def __init__(
        self,
        devices: Sequence[Device],
        start: float,
        *,
        rules: Sequence[Rule] = RULES,
        places: Mapping[str, Place] = PLACES,
        models: Mapping[str, DeviceModel] = MODELS,
    ) -> None:
        self.clock = SetClock(start)
        self.store = MemoryStore(self.clock)
        self.devices, self.rules, self.places, self.models = devices, rules, places, models
        self.intake: Intake
        self.start()

    def start(self) -> None:
        """Start on what is in the store, as after a crash, and connect."""
        now = self.clock.now()
        snapshot = at_once(self.store.archive.load(now=now))
        self.intake = build_intake(self._needs(), snapshot, self.store.archive)
        self.reconnect()

    def reconnect(self, waited: Sequence[Envelope] = ()) -> None:
        """Have the broker resume the session, and deliver what waited in it."""
        self.intake.watch.link_up(SESSION, resumed=True)
        for envelope in waited:
            self.intake.inbox.offer(envelope)
        self.intake.watch.link_caught_up(SESSION)
        self.turn()

    def cut(self) -> None:
        """Lose the connection to the broker."""
        self.intake.watch.link_down(SESSION, "cut")
        self.turn()

    def hear(self, *envelopes: Envelope) -> None:
        """Take messages, as one batch, after every timer that is due before they arrive."""
        for envelope in envelopes:
            self.go_on(envelope.received, before=True)
            self.intake.inbox.offer(envelope)
        self.turn()

    def go_on(self, until: float, *, before: bool = False) -> None:
        """Let time pass and each timer come at its own instant; `before`: not those at the end."""
        work = self.intake.pipeline._work
        while (due := work.next_due()) is not None and (
            due < until or (due == until and not before)
        ):
            self.clock.instant = max(self.clock.instant, due)
            self.turn()
        self.clock.instant = max(self.clock.instant, until)

    def turn(self) -> None:
        """Prepare what waits, commit it, and tell the readers, as the pipeline does."""
        pipeline, inbox = self.intake.pipeline, self.intake.inbox
        batch = pipeline._prepare(inbox.take(BATCH_LIMIT))
        if not batch.is_empty():
            at_once(self.store.committer.commit(batch.changes))
        pipeline._work.settled(batch)
        batch.settle()

    def tickets(self) -> list[Ticket]:
        """Return every ticket, oldest first."""
        return at_once(self.store.books.tickets(open_only=False, limit=ALL))[::-1]

    def alarms(self, *, open_only: bool = False) -> list[Alarm]:
        """Return alarms, oldest first."""
        return at_once(self.store.books.alarms(open_only=open_only, limit=ALL))[::-1]

    def journal(self) -> list[Entry]:
        """Return the whole journal."""
        return at_once(self.store.books.journal(after=0, limit=ALL))

    def _needs(self) -> Needs:
        return Needs(
            clock=self.clock,
            committer=self.store.committer,
            books=self.store.books,
            sender=Sender(),
            spawn=_refuse,
            project=make_projector("gs", lambda: self.places),
            drivers=dict.fromkeys(DIALECTS, LingdangDriver(self.models)),
            link_drivers={LINK: "lingdang"},
            carried={SESSION: LINK},
            devices=self.devices,
            places=self.places,
            models=self.models,
            rules=self.rules,
            prefix="GS",
            cases=CaseBook(),
            hand=Hand(),
        )


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """Return the result of what never waits: the store in memory."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    raise AssertionError("the store in memory has waited")


def in_loop(act: Callable[[], T]) -> T:
    """Run something within a loop that has nothing to do."""

    async def run() -> T:
        return act()

    return asyncio.run(run())


def _refuse(work: Coroutine[Any, Any, None]) -> None:
    work.close()
    raise AssertionError("nobody gives orders here")

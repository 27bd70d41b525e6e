"""Writes the hand-over sheet of now from what the hub knows."""

from __future__ import annotations

from hub.clock import Clock
from hub.model.access import Identity
from hub.model.device import Kind
from hub.model.handover import Opening, Sheet
from hub.model.journal import Entry
from hub.ports import Archive, Books, Live, Pulse, WindowOffice
from hub.services.duty.handover import Sources, collect
from hub.services.reports.label_book import path_words

FIRST_SHIFT = 12 * 3600.0
"""Seconds that the first sheet of a part looks back."""
LOOK_BACK = 100_000
"""Journal entries that it looks back at most."""
PAGE = 500
MOST_LOCAL = 20
"""Openings at one gate on a sheet."""


class SheetWriter:
    """Reads memory, journal and history; changes nothing."""

    def __init__(
        self,
        *,
        live: Live,
        books: Books,
        archive: Archive,
        pulse: Pulse,
        windows: WindowOffice,
        clock: Clock,
    ) -> None:
        self._live = live
        self._books = books
        self._archive = archive
        self._pulse = pulse
        self._windows = windows
        self._clock = clock

    async def write_first(self, who: Identity) -> Sheet:
        """Write the sheet of a part that was never handed over: it looks back for one shift."""
        seq = max(0, self._pulse.last_seq() - LOOK_BACK)
        return await self.write(who, self._clock.now() - FIRST_SHIFT, seq)

    async def write(self, who: Identity, since: float, seq: int) -> Sheet:
        """Write how things stand for this person; openings are those after `since` and `seq`."""
        now, last_seq = self._clock.now(), self._pulse.last_seq()
        local, more = await self._local(who, since, now)
        return collect(
            Sources(
                who=who,
                tickets=self._live.open_tickets(),
                alarms=self._live.open_alarms(),
                windows=self._windows.windows(who),
                orders=await self._orders(seq),
                local=local,
                more_openings=more,
                name=self._name,
                since=since,
                now=now,
                seq=last_seq,
            )
        )

    async def _orders(self, seq: int) -> list[Entry]:
        found: list[Entry] = []
        while page := await self._books.journal(after=seq, limit=PAGE, types=("command.",)):
            found += page
            seq = page[-1].seq
        return found

    async def _local(self, who: Identity, since: float, now: float) -> tuple[list[Opening], bool]:
        """Return what was opened at the gates themselves, and whether that is not all of it."""
        found, more = [], False
        for view in self._live.devices():
            device = view.device
            if device.kind is not Kind.BARRIER_GATE or not who.may_see(device.place):
                continue
            rows = await self._archive.events(
                device.uid, start=since, end=now, limit=MOST_LOCAL + 1, name="opened.locally"
            )
            where = self._name(device.id, device.place)
            found += [Opening(at=row.at, where=where) for row in rows[:MOST_LOCAL]]
            more = more or len(rows) > MOST_LOCAL
        return found, more

    def _name(self, subject: str, place: str) -> str:
        view = self._live.device(subject)
        return (view.device.name or subject) if view else path_words(place, self._live.places())

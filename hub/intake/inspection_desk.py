"""The door for inspections: who plans them, and who walks the rounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from hub.errors import ConflictError
from hub.intake.batch import Batch
from hub.intake.inbox import BoundedInbox
from hub.intake.inspection_room import InspectionRoom
from hub.intake.report_room import REPORTS
from hub.model.access import Identity
from hub.model.discretion import may_see_ticket
from hub.model.inspection import Inspection, Round, Schedule
from hub.model.ticket import Ticket
from hub.model.whistle import Report
from hub.ports import Books
from hub.ports.community import InspectionWish, Seen, Walked
from hub.services.community.inspection_form import Locate, write_inspection
from hub.services.community.patrol import find_stop

LocateOf = Callable[[Identity], Locate]
"""Returns who finds the place of a device or path, within somebody's part of the community."""


class InspectionDesk:
    """Implements `hub.ports.community.InspectionOffice`."""

    def __init__(
        self, room: InspectionRoom, *, inbox: BoundedInbox, books: Books, locate: LocateOf
    ) -> None:
        self._room = room
        self._inbox = inbox
        self._books = books
        self._locate = locate

    def inspections(self, who: Identity) -> Sequence[Inspection]:
        """Return those that have not ended, by title."""
        found = self._room.inspections.values()
        mine = [each for each in found if each.ended_at is None and who.may_see(each.place)]
        return sorted(mine, key=lambda each: (each.title, each.id))

    def inspection(self, inspection: str, who: Identity) -> Inspection:
        """Return one, ended or not."""
        return self._room.inspection(inspection, who)

    def rounds(self, who: Identity, *, since: float = 0.0) -> Sequence[Round]:
        """Return the rounds that came due at or after `since`, newest first."""
        found = self._room.rounds.values()
        mine = [each for each in found if each.due_from >= since and who.may_see(each.place)]
        return sorted(mine, key=lambda each: (-each.due_from, each.id))

    def round(self, walk: str, who: Identity) -> Round:
        """Return one round."""
        return self._room.round(walk, who)

    def known_at(self, walk: str, stop: str, who: Identity) -> Sequence[Ticket]:
        """Return the open tickets of earlier findings at a stop, newest first."""
        found = self._room.round(walk, who)
        known = self._room.known_at(found, find_stop(found, stop))
        return [each for each in known if may_see_ticket(who, each)]

    async def plan(self, wish: InspectionWish, who: Identity) -> Inspection:
        """Plan a new one; InvalidRequestError names every field that does not fit."""

        def act(batch: Batch) -> Inspection:
            return self._write(wish, _blank(self._next_id(), wish, who, batch.now), who, batch)

        planned: Inspection = await self._inbox.perform(act)
        return planned

    async def change(
        self, inspection: str, wish: InspectionWish, who: Identity, *, version: int | None = None
    ) -> Inspection:
        """Change one; ConflictError where it has ended, or is not in the `version` edited."""

        def act(batch: Batch) -> Inspection:
            return self._write(wish, self._open_one(inspection, who, version), who, batch)

        changed: Inspection = await self._inbox.perform(act)
        return changed

    async def end(self, inspection: str, who: Identity) -> Inspection:
        """End one: no more rounds come due. ConflictError where it has ended."""

        def act(batch: Batch) -> Inspection:
            before = self._open_one(inspection, who, None)
            ended = msgspec.structs.replace(
                before,
                revision=before.revision + 1,
                actor=who.name,
                at=batch.now,
                ended_at=batch.now,
            )
            self._room.put(ended, "inspection.ended", batch)
            return ended

        ended: Inspection = await self._inbox.perform(act)
        return ended

    async def answer(self, seen: Seen, who: Identity) -> Walked:
        """Take what was seen at a stop; a finding opens a ticket, or joins the one of it."""
        body = await self._books.document(REPORTS, seen.wish.id) if seen.wish else None
        stored = msgspec.json.decode(body, type=Report) if body else None

        def act(batch: Batch) -> Walked:
            return self._room.answer(seen, who, batch, stored)

        walked: Walked = await self._inbox.perform(act)
        return walked

    async def finish(self, walk: str, who: Identity) -> Round:
        """Finish a round; ConflictError while a stop is left."""
        done: Round = await self._inbox.perform(
            lambda batch: self._room.finish_round(walk, who, batch)
        )
        return done

    def _write(
        self, wish: InspectionWish, before: Inspection, who: Identity, batch: Batch
    ) -> Inspection:
        after = write_inspection(wish, before, self._locate(who), actor=who.name, now=batch.now)
        self._room.put(after, "inspection.planned", batch)
        return after

    def _open_one(self, inspection: str, who: Identity, version: int | None) -> Inspection:
        found = self._room.inspection(inspection, who)
        if found.ended_at is not None:
            raise ConflictError(f"inspection {inspection} has ended", zh="这项巡查已经停止。")
        if version is not None and version != found.revision:
            raise ConflictError(
                f"inspection {inspection} is in revision {found.revision} by now; read it again",
                zh="别人刚改过这项巡查，请重新打开再改。",
            )
        return found

    def _next_id(self) -> str:
        numbers = (int(each.removeprefix("i")) for each in self._room.inspections)
        return f"i{max(numbers, default=0) + 1}"


def _blank(name: str, wish: InspectionWish, who: Identity, now: float) -> Inspection:
    return Inspection(
        id=name,
        title="",
        team="",
        place=who.scope,
        schedule=Schedule(every=wish.every),
        since=now,
        revision=0,
        actor=who.name,
        at=now,
    )

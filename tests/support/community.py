"""Inspections around the books of a fake community, with the hub's own room."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hub.clock import Clock
from hub.intake.batch import Batch
from hub.intake.inspection_desk import InspectionDesk
from hub.intake.inspection_room import InspectionNeeds, InspectionRoom
from hub.model.access import Identity
from hub.model.inspection import Round
from hub.model.ring import Ring
from hub.ports import Live
from hub.services.community.inspection_form import Locate
from tests.support.whistle import Filing


class Inspecting:
    """A room and its door; `told` are the rounds of whose being missed somebody was told."""

    def __init__(self, live: Live, books: Any, clock: Clock) -> None:  # noqa: ANN401 - a fake
        self.told: list[Round] = []
        self.filing = Filing(books, clock)
        self.room = InspectionRoom(
            InspectionNeeds(),
            reports=self.filing.room,
            index=self.filing.desk_book.index,
            tell=self._tell,
        )
        self._live = live
        self.desk = InspectionDesk(self.room, inbox=self.filing, books=books, locate=self._locate)

    async def tick(self) -> None:
        """Let what is due come."""
        await self.filing.perform(self._finish)

    def _finish(self, batch: Batch) -> None:
        self.room.finish(batch)

    def _tell(self, walk: Round, _now: float) -> Iterable[Ring]:
        self.told.append(walk)
        return ()

    def _locate(self, who: Identity) -> Locate:
        def find(subject: str) -> str | None:
            view = self._live.device(subject)
            places = self._live.places()
            place = view.device.place if view else subject if subject in places else None
            return place if place is not None and who.may_see(place) else None

        return find

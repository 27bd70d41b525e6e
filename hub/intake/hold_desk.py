"""The door for gates that are held open: each wish takes its turn in the one loop."""

from __future__ import annotations

from collections.abc import Sequence

from hub.intake.hold_room import HoldRoom
from hub.intake.inbox import BoundedInbox
from hub.model.access import Identity
from hub.model.hold import Hold
from hub.ports.hold import HoldWish


class HoldDesk:
    """Implements `hub.ports.hold.HoldOffice`."""

    def __init__(self, room: HoldRoom, inbox: BoundedInbox) -> None:
        self._room = room
        self._inbox = inbox

    def holds(self) -> Sequence[Hold]:
        """Return all that are not over, the one that ends first in front."""
        return sorted(self._room.shown.values(), key=lambda each: (each.ends_at, each.id))

    async def propose(self, wish: HoldWish, who: Identity) -> Hold:
        """Ask that a gate be held open."""
        made: Hold = await self._inbox.perform(
            lambda batch: self._room.propose(wish, who, batch), order=True
        )
        return made

    async def confirm(self, hold: str, who: Identity) -> Hold:
        """Agree as another person."""
        made: Hold = await self._inbox.perform(
            lambda batch: self._room.confirm(hold, who, batch), order=True
        )
        return made

    async def end(self, hold: str, who: Identity) -> Hold:
        """End it by hand."""
        made: Hold = await self._inbox.perform(
            lambda batch: self._room.end(hold, who, batch), order=True
        )
        return made

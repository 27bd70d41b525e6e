"""What people see and do of gates that are held open (常抬)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from hub.model.access import Identity
from hub.model.hold import Hold


class HoldWish(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks for which gate to be held open, why, and for how many minutes from now."""

    device: str
    reason: str
    minutes: int


class HoldOffice(Protocol):
    """Where two people hold a gate open; each call is in the store when it returns.

    What lies outside a person's part of the community is as if it were not there (NotFoundError).
    Who may not, or not alone, is refused with ForbiddenError; a step out of turn with
    ConflictError; a gate that cannot be told with CommandRefusedError.
    """

    def holds(self) -> Sequence[Hold]:
        """Return all that are not over, whoever asks."""
        ...

    async def propose(self, wish: HoldWish, who: Identity) -> Hold:
        """Ask that a gate be held open; nothing moves yet."""
        ...

    async def confirm(self, hold: str, who: Identity) -> Hold:
        """Agree, as another person: the gate is told."""
        ...

    async def end(self, hold: str, who: Identity) -> Hold:
        """End it: a proposal is withdrawn, a gate is told to come down."""
        ...

"""What people see and do of shift hand-overs (交接班)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hub.model.access import Identity
from hub.model.handover import HandOver, Sheet


class HandOverOffice(Protocol):
    """Where a shift is handed over: one guard signs, then another; in the store on return.

    What lies outside a person's part of the community is as if it were not there (NotFoundError).
    """

    async def draft(self, who: Identity) -> Sheet:
        """Return how things stand now, since this part's last hand-over."""
        ...

    async def since(self, given: HandOver, who: Identity) -> Sheet:
        """Return what has changed since a sheet was signed by its first guard."""
        ...

    def waiting(self, who: Identity) -> HandOver | None:
        """Return the sheet that waits for its second signature, None where none does."""
        ...

    async def newest(self, who: Identity, limit: int) -> Sequence[HandOver]:
        """Return the newest ones, newest first."""
        ...

    async def find(self, handover: str, who: Identity) -> HandOver:
        """Return one."""
        ...

    async def give(self, notes: str, who: Identity) -> HandOver:
        """Sign a sheet of now as the guard who leaves; ConflictError while another one waits."""
        ...

    async def take(self, handover: str, remark: str, who: Identity) -> HandOver:
        """Sign as the guard who comes.

        Raises ConflictError where it does not wait any more, or waits for another person.
        """
        ...

    async def withdraw(self, handover: str, who: Identity) -> HandOver:
        """Take back a sheet that nobody has taken; ForbiddenError where it is another guard's."""
        ...

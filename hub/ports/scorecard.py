"""What people see and do of the scorecard."""

from __future__ import annotations

from typing import Protocol

import msgspec

from hub.model.access import Identity
from hub.model.scorecard import Result


class ScoreWish(msgspec.Struct, frozen=True, kw_only=True):
    """A score as it is typed: 0 to 100, and who at street or community has given it."""

    month: str
    criterion: str
    value: float
    giver: str
    why: str = ""


class ScorecardOffice(Protocol):
    """Where scores are typed, and weighed with what the journal says."""

    async def result(self, month: str, who: Identity) -> Result:
        """Return a month's result as of now, the present month for an empty word."""
        ...

    async def give(self, wish: ScoreWish, who: Identity) -> Result:
        """Type a score, in the store on return; a second one takes the place of the first."""
        ...

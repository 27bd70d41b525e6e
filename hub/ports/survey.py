"""What people see and do of surveys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from hub.model.access import Identity
from hub.model.survey import Survey


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """The three questions: was it answered in time, is it solved, are you satisfied?"""

    responded: bool
    solved: bool
    satisfied: bool


class SurveyOffice(Protocol):
    """Where surveys are drawn and answered; in the store on return."""

    def surveys(self, who: Identity) -> Sequence[Survey]:
        """Return them, newest first."""
        ...

    def survey(self, survey: str, who: Identity) -> Survey:
        """Return one; NotFoundError likewise for a foreign one."""
        ...

    def due(self, who: Identity) -> tuple[float, float] | None:
        """Return the last half of a month where nobody has drawn yet, None where somebody has."""
        ...

    async def draw(self, size: int, who: Identity) -> Survey:
        """Draw who is asked; ConflictError where that was done, or nobody can be asked."""
        ...

    async def answer(self, survey: str, report: str, reply: Reply | None, who: Identity) -> Survey:
        """Note what one of the sample has said; None is that nobody was reached.

        ConflictError for who has answered, ForbiddenError for who has worked on it.
        """
        ...

    async def hand_out(self, survey: str, sheets: int, who: Identity) -> Survey:
        """Note how many sheets of paper were given out in all."""
        ...

    async def enter(self, survey: str, reply: Reply, who: Identity) -> Survey:
        """Type in a sheet that has come back; InvalidRequestError beyond those given out."""
        ...

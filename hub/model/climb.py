"""How far a ticket has climbed: kept as a document of its own, in the commit of each rung."""

from __future__ import annotations

import msgspec

CLIMBS = "climb"
"""The collection of the documents, key = the ticket's number; gone once the ticket has ended."""
ROTA, TURNS = "rota", "turns"
"""The collection and key of one document: login → the number of the turn it got last."""


class Climb(msgspec.Struct, frozen=True, kw_only=True):
    """The climb of one opening of a ticket; instants in epoch seconds.

    `opening` is when the ticket was opened, or reopened last. `passed` holds the ids of rungs that
    have come. The next one's delay counts from `at`, or from `held` where quiet hours have held
    the last one back until then. While the ticket waits, `paused` says since when. `proposed` is
    the id of a rung that a person has to confirm; it was `asked` so often, and last at `asked_at`
    (or where quiet hours let that be heard). `reviews` counts the review dates of a shelved
    ticket that have come, each of which begins anew; `reviewing` says that one is under way.
    `open_rings` are the ids of rings that may have to be taken back: those that ask somebody to
    confirm, or that quiet hours hold back. `given` are the logins to whom the rota has dispatched
    it in this opening, and who has held it since.
    """

    ticket: str
    opening: float
    at: float
    held: float = 0.0
    passed: tuple[str, ...] = ()
    paused: float | None = None
    proposed: str = ""
    asked: int = 0
    asked_at: float = 0.0
    reviews: int = 0
    reviewing: bool = False
    open_rings: tuple[str, ...] = ()
    given: tuple[str, ...] = ()

    @property
    def token(self) -> str:
        """Return what tells this opening and review from the others of the ticket."""
        review = f".{self.reviews}" if self.reviews else ""
        return f"{round(self.opening * 1000)}{review}"

    @property
    def base(self) -> float:
        """Return the instant from which the next rung's delay counts."""
        return max(self.at, self.held)


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """What comes next for a ticket: `at` is None where nothing calls the next rung by now.

    `people` are those who would be responsible if it came now.
    """

    ticket: str
    plan: str
    passed: tuple[str, ...] = ()
    rung: str = ""
    name: dict[str, str] = {}
    at: float | None = None
    people: tuple[str, ...] = ()
    proposed: bool = False
    waiting: bool = False

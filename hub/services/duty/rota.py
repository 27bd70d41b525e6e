"""To whom the rota dispatches a ticket: who has least in hand, then whose turn is longest ago.

Turns are counted, not timed: a clock that is set back gives nobody two of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from hub.model.ticket import Ticket, TicketFlag, TicketState
from hub.services.duty.muster import Muster
from hub.services.tickets.step_table import UNFINISHED_STATES, WORKERS

UNTAKEN = frozenset({TicketState.NEW, TicketState.DISPATCHED})
_STILL = frozenset({TicketFlag.SUSPENDED, TicketFlag.SHELVED})


class Rota(msgspec.Struct, frozen=True, kw_only=True):
    """How many unfinished tickets each login holds, and the number of its last turn."""

    loads: Mapping[str, int] = {}
    turns: Mapping[str, int] = {}

    def choose(self, people: Sequence[str]) -> str:
        """Return whose turn it is; of equals the first in the plan's order, empty for nobody."""
        return min(people, key=self._rank, default="")

    def after(self, login: str, known: Iterable[str]) -> dict[str, int]:
        """Return the turns once somebody has had theirs, of who is still `known`."""
        there = {*known, login}
        kept = {name: turn for name, turn in self.turns.items() if name in there}
        return kept | {login: max(self.turns.values(), default=0) + 1}

    def _rank(self, login: str) -> tuple[int, int]:
        return self.loads.get(login, 0), self.turns.get(login, 0)


def count_loads(tickets: Iterable[Ticket]) -> dict[str, int]:
    """Count what each login holds and has not completed; what waits or is shelved is no load."""
    loads: dict[str, int] = {}
    for ticket in tickets:
        if ticket.holder and ticket.state in UNFINISHED_STATES and not _stands_still(ticket):
            loads[ticket.holder] = loads.get(ticket.holder, 0) + 1
    return loads


def is_nobodys(ticket: Ticket) -> bool:
    """Tell whether the rota may dispatch it; what is discreet is a leader's to hand on."""
    free = ticket.state in UNTAKEN and not ticket.holder
    return free and not ticket.discreet and not _stands_still(ticket)


def may_get(people: Iterable[str], muster: Muster, ticket: Ticket) -> list[str]:
    """Return who of these can take the ticket, by role and place; groups and guards cannot."""
    found = ((one, muster.people.get(one)) for one in people)
    return [one for one, who in found if who and who.role in WORKERS and who.may_see(ticket.place)]


def _stands_still(ticket: Ticket) -> bool:
    return not _STILL.isdisjoint(ticket.flags)

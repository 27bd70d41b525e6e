"""The climbs of all open tickets, and when the next rung of any of them comes."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence

from hub.errors import ConflictError
from hub.model.climb import Climb, Outlook
from hub.model.rung import Duty
from hub.model.ticket import Ticket, TicketFlag
from hub.services.duty.climb import Move, answer, climb_on, next_at, next_rung, wake_at
from hub.services.duty.muster import call_up
from hub.services.duty.pressing import Pressed, Pressing, press
from hub.services.duty.rota import Rota
from hub.services.duty.rung import choose_plan
from hub.services.duty.staff import Staff
from hub.services.duty.summons import Case


class Escalation:
    """Holds how far each ticket has climbed; runs ahead of the store by the batch in hand.

    `rota` counts who has how much in hand.
    """

    def __init__(
        self,
        duty: Duty,
        staff: Staff,
        climbs: Iterable[Climb] = (),
        rota: Callable[[], Rota] = Rota,
    ) -> None:
        self._duty = duty
        self._staff = staff
        self._rota = rota
        self._climbs = {climb.ticket: climb for climb in climbs}
        self._due: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []

    def climbing(self) -> Sequence[str]:
        """Return the numbers of the tickets that climb."""
        return list(self._climbs)

    def climb(self, number: str) -> Climb | None:
        """Return how far a ticket has climbed."""
        return self._climbs.get(number)

    def look(self, ticket: Ticket, now: float) -> Move | None:
        """Let what is due of a ticket come; None where there is no plan for it."""
        case = self._case(ticket, now)
        if case is None:
            return None
        move = climb_on(self._climbs.get(ticket.number), case)
        self._keep(ticket.number, move.climb, case)
        return move

    def answer(self, ticket: Ticket, now: float, *, agreed: bool, actor: str, reason: str) -> Move:
        """Confirm or decline what was proposed; ConflictError where nothing was."""
        case, climb = self._case(ticket, now), self._climbs.get(ticket.number)
        if case is None or climb is None:
            raise ConflictError(
                f"ticket {ticket.number} does not climb; look at it again",
                zh=f"工单 {ticket.number} 不在升级中，请刷新再看。",
            )
        move = answer(climb, case, agreed=agreed, actor=actor, reason=reason)
        self._keep(ticket.number, move.climb, case)
        return move

    def press(self, ticket: Ticket, now: float, pressing: Pressing) -> Pressed | None:
        """Press on a ticket from above; None where there is no plan for it."""
        case = self._case(ticket, now)
        if case is None:
            return None
        pressed = press(self._climbs.get(ticket.number), case, pressing)
        self._keep(ticket.number, pressed.move.climb, case)
        return pressed

    def forget(self, number: str) -> None:
        """Drop the climb of a ticket that is not at hand any more."""
        self._climbs.pop(number, None)
        self._due.pop(number, None)

    def next_due(self) -> float | None:
        """Return the instant at which the next rung comes, or a proposal is asked again."""
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take_due(self, now: float) -> list[str]:
        """Return the numbers of tickets whose next rung is due; each is to be looked at."""
        found = []
        while (due := self.next_due()) is not None and due <= now:
            found.append(heapq.heappop(self._heap)[1])
            del self._due[found[-1]]
        return found

    def outlook(self, ticket: Ticket, now: float) -> Outlook | None:
        """Return what comes next for a ticket, None where it does not climb."""
        case, climb = self._case(ticket, now), self._climbs.get(ticket.number)
        if case is None or climb is None:
            return None
        found = next_rung(climb, case)
        rung = found[1] if found else None
        people = call_up(rung.responsible, case.muster, ticket.place).people if rung else ()
        return Outlook(
            ticket=ticket.number,
            plan=case.plan.name,
            passed=climb.passed,
            rung=rung.id if rung else "",
            name=rung.name if rung else {},
            at=next_at(climb, case),
            people=people,
            proposed=bool(climb.proposed),
            waiting=TicketFlag.SUSPENDED in ticket.flags,
        )

    def _case(self, ticket: Ticket, now: float) -> Case | None:
        plan = choose_plan(self._duty.plans, ticket)
        if plan is None:
            return None
        muster = self._staff.muster(now)
        muster = muster.for_leaders() if ticket.discreet and not plan.discreet else muster
        return Case(
            ticket=ticket, plan=plan, muster=muster, quiet=self._duty.quiet, rota=self._rota
        )

    def _keep(self, number: str, climb: Climb | None, case: Case) -> None:
        self.forget(number)
        if climb is None:
            return
        self._climbs[number] = climb
        if (due := wake_at(climb, case)) is not None:
            self._due[number] = due
            heapq.heappush(self._heap, (due, number))

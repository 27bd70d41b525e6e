"""Takes what platforms tell, whichever way it comes: each into the case, or as new work."""

from __future__ import annotations

import msgspec

from hub.access.web_ports import WebPorts
from hub.errors import NotFoundError
from hub.feeds.case import no_incident, read_case
from hub.feeds.handing import HandedBody, hand
from hub.feeds.profiles.receiver import Receiver
from hub.feeds.profiles.stepping import Told, action_of, place_of, to_step
from hub.model.case import CASES, Case, CaseAction, CaseOutcome

BEGINS = frozenset({CaseAction.FILE, CaseAction.DISPATCH})
"""Steps that make new work of a number that nobody knows."""


class Stepper:
    """Takes the steps of one receiver; each is in the store when it returns."""

    def __init__(self, receiver: Receiver, ports: WebPorts) -> None:
        self._receiver = receiver
        self._ports = ports
        self._incidents: dict[str, str] = {}
        self._known_at = -1

    async def take(self, told: Told) -> CaseOutcome:
        """Take one step; what is older than the case changes nothing.

        Raises InvalidRequestError for a code or an instant that is none, NotFoundError for an
        incident that there is not, ConflictError for a step that is not possible now.
        """
        profile, name = self._receiver.profile, self._receiver.name
        action = action_of(profile, told.code)
        incident = await self._find(told)
        if incident:
            case = await read_case(self._ports.books, name, incident)
            step = to_step(profile, name, told, number=case.number)
            return await self._ports.desk.act_on_incident(incident, step)
        if profile.steps and profile.steps.hand_down and told.number and action in BEGINS:
            return await self._begin(told)
        raise no_incident(told.incident or told.number)

    async def _find(self, told: Told) -> str:
        """Return which incident it is about, by our number or by theirs; empty for none."""
        number = told.incident or await self._by_number(told.number)
        ticket = await self._ports.books.ticket(number) if number else None
        if ticket is not None and self._receiver.identity().may_see(ticket.place):
            return number
        if told.incident:
            raise NotFoundError(
                f"There is no incident {told.incident!r} of theirs.",
                zh=f"没有案件 {told.incident}。",
            )
        return ""

    async def _by_number(self, number: str) -> str:
        """Return the incident that has a number of theirs.

        On a miss the cases are read anew, where anything has changed since.
        """
        seq = self._ports.pulse.last_seq()
        if number and number not in self._incidents and seq != self._known_at:
            self._known_at = seq
            bodies = (await self._ports.books.documents(CASES)).values()
            cases = (msgspec.json.decode(body, type=Case) for body in bodies)
            self._incidents = {
                case.number: case.incident
                for case in cases
                if case.receiver == self._receiver.name and case.number
            }
        return self._incidents.get(number, "")

    async def _begin(self, told: Told) -> CaseOutcome:
        """Open work that is handed down under their number; the same number is the same work."""
        receiver = self._receiver
        step = to_step(receiver.profile, receiver.name, told)
        root = receiver.place or next(iter(self._ports.live.places()), "")
        body = HandedBody(
            number=told.number,
            at="",
            place=place_of(receiver.profile, told, root),
            text=told.text,
        )
        filing = msgspec.structs.replace(step, do=CaseAction.FILE)
        filed, outcome = await hand(self._ports, receiver.identity(), body, filing)
        if step.do is CaseAction.FILE:
            return outcome
        return await self._ports.desk.act_on_incident(filed.report.ticket, step)

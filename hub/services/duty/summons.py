"""What a rung that comes leads to: rings for people, and what the journal says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from hub.model.alarm import Severity
from hub.model.climb import Climb
from hub.model.journal import Draft
from hub.model.ring import Concern, Ring
from hub.model.rung import Plan, Quiet, Rung
from hub.model.ticket import Ticket
from hub.services.duty.muster import Called, Muster, Words, call_up
from hub.services.duty.rota import Rota

MANAGERS = ("role:manager", "role:administrator")
"""Who is told of a hole, and asked to confirm: the first of these that somebody is."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked at: a ticket, its plan, who there is, and the hours of quiet.

    `rota` counts who has how much in hand, where somebody asks.
    """

    ticket: Ticket
    plan: Plan
    muster: Muster
    quiet: Quiet = Quiet()
    rota: Callable[[], Rota] = Rota

    @property
    def now(self) -> float:
        """Return the instant of the look."""
        return self.muster.now

    @property
    def not_before(self) -> float:
        """Return when something may ring that comes now."""
        critical = self.ticket.severity is Severity.CRITICAL
        return self.now if critical else self.quiet.until(self.now)


class Summons(msgspec.Struct, frozen=True, kw_only=True):
    """One rung as it comes: its place among the rungs, and why; `below` are informed with it.

    `mark` makes other rings of it than those that were taken back. `to` is the one of them to whom
    the rota dispatches the ticket: nobody else of them is called.
    """

    climb: Climb
    case: Case
    place: int
    why: Words
    below: Sequence[Rung] = ()
    actor: str = "hub"
    mark: str = ""
    to: str = ""

    @property
    def rung(self) -> Rung:
        """Return the rung itself."""
        return self.case.plan.rungs[self.place]

    def responsible(self) -> Called:
        """Return who has to act."""
        if self.to:
            return Called(people=(self.to,))
        return call_up(self.rung.responsible, self.case.muster, self.case.ticket.place)

    def rings(self) -> tuple[Ring, ...]:
        """Return a ring for each person; who has to act is not informed beside it."""
        return (*self.rings_to_act(), *self._ring(self._informed(), Concern.INFORMED))

    def rings_to_act(self) -> tuple[Ring, ...]:
        """Return a ring for each person who has to act."""
        given = {key: f"{text}{GIVEN[key]}" for key, text in self.why.items()}
        why = given if self.to else self.why
        return self._ring(self.responsible().people, Concern.RESPONSIBLE, why=why)

    def ring_to_act(self, people: Iterable[str]) -> tuple[Ring, ...]:
        """Return a ring for each of some people, who have to act whoever the rung calls."""
        return self._ring(people, Concern.RESPONSIBLE)

    def ring_id(self, person: str, mark: str = "") -> str:
        """Return the id of a ring: of ticket, opening, rung and person, so that each rings once."""
        at = f"{self.case.ticket.number}/{self.climb.token}/{self.rung.id}"
        return f"{at}{self.mark}{mark}/{person}"

    def tell_hole(self) -> tuple[Ring, ...]:
        """Return rings that tell the managers that this rung has nobody."""
        why = {key: f"{HOLE[key]}: {text}" for key, text in self.responsible().why_nobody.items()}
        return self._ring(self.managers(), Concern.INFORMED, mark=".hole", why=why)

    def propose(self, count: int = 1) -> tuple[Ring, ...]:
        """Return rings that ask to confirm: the managers, from the second time on all leaders."""
        words = CONFIRM if count == 1 else {k: text.format(n=count) for k, text in AGAIN.items()}
        why = {key: f"{words[key]}: {text}" for key, text in self.why.items()}
        people = self.managers() if count == 1 else self._called(MANAGERS)
        mark = ".confirm" if count == 1 else f".confirm{count}"
        return self._ring(people, Concern.RESPONSIBLE, mark=mark, why=why)

    def draft(self, entry: str, **more: object) -> Draft:
        """Write a journal entry about this rung."""
        ticket = self.case.ticket
        data: dict[str, Any] = {
            "rung": self.place + 1,
            "id": self.rung.id,
            "name": self.rung.name,
            "why": self.why,
            "plan": self.case.plan.name,
            **({"discreet": True} if ticket.discreet else {}),
            **more,
        }
        return Draft(
            at=self.case.now,
            type=entry,
            subject=ticket.number,
            actor=self.actor,
            place=ticket.place,
            data=data,
        )

    def who(self) -> dict[str, object]:
        """Return whom and how it rings, for the journal."""
        return {
            "responsible": list(self.responsible().people),
            "informed": list(self._informed()),
            "channels": list(self.rung.channels),
        }

    def _informed(self) -> tuple[str, ...]:
        below = (word for rung in self.below for word in rung.responsible)
        words = [*self.rung.informed, *below, *self._told()]
        found = self._called(words)
        responsible = self.responsible().people
        return tuple(one for one in found if one not in responsible)

    def _told(self) -> Sequence[str]:
        """Return whom the ticket's rule wants to be told, in words; with the first rung only.

        Not where a plan for what is discreet names people.

        A role of which somebody has to act is told by that: the others may be off duty.
        """
        if self.climb.passed or self.climb.reviewing or self.case.plan.discreet:
            return ()
        people = self.case.muster.people
        acting = {people[one].role for one in self.responsible().people if one in people}
        return [f"role:{role}" for role in self.case.ticket.tell if role not in acting]

    def managers(self) -> tuple[str, ...]:
        """Return the managers of the place, or else the administrators."""
        found = (self._called((word,)) for word in MANAGERS)
        return next((people for people in found if people), ())

    def _called(self, words: Sequence[str]) -> tuple[str, ...]:
        return call_up(words, self.case.muster, self.case.ticket.place).people

    def _ring(
        self, people: Iterable[str], concern: Concern, *, mark: str = "", why: Words | None = None
    ) -> tuple[Ring, ...]:
        rung, ticket = self.rung, self.case.ticket
        return tuple(
            Ring(
                id=self.ring_id(person, mark),
                ticket=ticket.number,
                rung=self.place + 1,
                person=person,
                concern=concern,
                channels=rung.channels,
                wait=rung.wait,
                at=self.case.now,
                not_before=self.case.not_before,
                severity=ticket.severity,
                place=ticket.place,
                title=ticket.title,
                reason=_reason(self.place + 1, rung.name, why or self.why),
                critical=ticket.severity is Severity.CRITICAL,
                discreet=ticket.discreet,
                test=ticket.test,
            )
            for person in people
        )


GIVEN = {"zh": "，已派给您", "en": ", and dispatched to you"}
HOLE = {"zh": "无人可叫", "en": "nobody to call"}
CONFIRM = {"zh": "请确认是否上报", "en": "please confirm or decline"}
AGAIN = {"zh": "第 {n} 次请确认是否上报", "en": "please confirm or decline, asked {n} times"}


def _reason(number: int, name: Words, why: Words) -> Words:
    return {
        "zh": f"第 {number} 级 {name['zh']}：{why['zh']}",
        "en": f"rung {number}, {name['en']}: {why['en']}",
    }

"""People, rosters and rungs of a small community, and a climb that is played through in time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from hub.model.access import Identity, Role
from hub.model.alarm import Severity
from hub.model.climb import Climb
from hub.model.journal import Draft
from hub.model.ring import Ring
from hub.model.roster import Roster, Shift, SpecialDay, Substitute
from hub.model.rung import Plan, Quiet, Rung, Trigger
from hub.model.ticket import Ticket, TicketState
from hub.services.duty.climb import answer, climb_on, wake_at
from hub.services.duty.muster import Muster
from hub.services.duty.pressing import Pressing, press
from hub.services.duty.roster import Almanac
from hub.services.duty.rota import Rota
from hub.services.duty.summons import Case
from tests.unit.services.making import NOW, make_ticket

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
TUESDAY = NOW
"""Local midnight of a Tuesday, day 20,417."""
TODAY = 20_417

PEOPLE = {
    "li": (Role.CREW, ""),
    "wang": (Role.CREW, ""),
    "zhao": (Role.MANAGER, "guanshan/a"),
    "chen": (Role.MANAGER, ""),
    "party": (Role.ADMINISTRATOR, ""),
    "street": (Role.DEPARTMENT, ""),
    "grid": (Role.GRID_WORKER, ""),
}
"""Login → role, place."""


def identities(people: Mapping[str, tuple[Role, str]] = PEOPLE) -> dict[str, Identity]:
    """Return those people as the hub knows them."""
    return {
        name: Identity(name=name, role=role, scope=scope) for name, (role, scope) in people.items()
    }


def both(text: str) -> dict[str, str]:
    """Return a text in both languages."""
    return {"zh": text, "en": text}


def roster(name: str, *shifts: Shift) -> Roster:
    """Make a roster."""
    return Roster(name=name, title=both(name), shifts=shifts)


def shift(*people: str, start: float = 0, end: float = 24, **fields: Any) -> Shift:  # noqa: ANN401
    """Make a shift from hour to hour."""
    return Shift(start=int(start * HOUR), end=int(end * HOUR), people=people, **fields)


def rung(name: str, *who: str, after: float = 0.0, **fields: Any) -> Rung:  # noqa: ANN401
    """Make a rung that is called while nobody takes the ticket; `after` in minutes."""
    given = {"on": (Trigger.UNTAKEN,)}
    return Rung(id=name, name=both(name), responsible=who, after=after * MINUTE, **given | fields)


def plan(*rungs: Rung, **fields: Any) -> Plan:  # noqa: ANN401
    """Make a plan."""
    return Plan(name="p", rungs=rungs, **fields)


LADDER = plan(
    rung("worker", "person:li"),
    rung("leader", "person:zhao", after=10),
    rung("manager", "person:chen", after=20, on=(Trigger.UNTAKEN, Trigger.FINISH, Trigger.REVIEW)),
)


class Play:
    """One ticket that climbs: what has rung and was told so far, in order."""

    def __init__(
        self,
        plan: Plan = LADDER,
        ticket: Ticket | None = None,
        **fields: Any,  # noqa: ANN401
    ) -> None:
        self.now = NOW
        self.plan = plan
        self.ticket = ticket or make_ticket()
        self.quiet = Quiet()
        self.people = identities()
        self.rosters: dict[str, Roster] = {}
        self.substitutes: tuple[Substitute, ...] = ()
        self.days: tuple[SpecialDay, ...] = ()
        self.climb: Climb | None = None
        self.rings: list[Ring] = []
        self.drafts: list[Draft] = []
        self.withdrawn: list[str] = []
        self.given: list[str] = []
        self.rota = Rota()
        for name, value in fields.items():
            setattr(self, name, value)

    @property
    def case(self) -> Case:
        """Return what is looked at now."""
        almanac = Almanac(days=self.days, substitutes=self.substitutes, known=self.people)
        muster = Muster(people=self.people, rosters=self.rosters, almanac=almanac, now=self.now)
        secret = self.ticket.discreet and not self.plan.discreet
        muster = muster.for_leaders() if secret else muster
        return Case(
            ticket=self.ticket,
            plan=self.plan,
            muster=muster,
            quiet=self.quiet,
            rota=lambda: self.rota,
        )

    def look(self) -> list[str]:
        """Look once; return who is rung by it, as `person` or `(person)` for the informed."""
        move = climb_on(self.climb, self.case)
        return self._take(move)

    def decide(self, *, agreed: bool) -> list[str]:
        """Confirm or decline, and return who is rung by it."""
        assert self.climb is not None
        return self._take(answer(self.climb, self.case, agreed=agreed, actor="chen"))

    def press(self, pressing: Pressing) -> list[str]:
        """Press from above, and return who is rung by it."""
        pressed = press(self.climb, self.case, pressing)
        rung = self._take(pressed.move)
        acting = [name for name in rung if not name.startswith("(")]
        assert list(pressed.people) == list(dict.fromkeys(acting))
        return rung

    def wait(self, minutes: float) -> list[str]:
        """Let time pass, with a look whenever the climb asks for one; return who is rung."""
        end, rung = self.now + minutes * MINUTE, []
        while (due := self.due()) is not None and due <= end:
            self.now = max(self.now, due)
            rung += self.look()
        self.now = end
        return rung + self.look()

    def due(self) -> float | None:
        """Return when to look again."""
        return wake_at(self.climb, self.case) if self.climb else None

    def change(self, **fields: Any) -> list[str]:  # noqa: ANN401
        """Change the ticket, and look."""
        self.ticket = msgspec.structs.replace(self.ticket, **fields)
        return self.look()

    def restart(self) -> None:
        """Keep only what is stored."""
        if self.climb is not None:
            self.climb = msgspec.json.decode(msgspec.json.encode(self.climb), type=Climb)

    def told(self) -> list[tuple[str, str]]:
        """Return what the journal says, as type and rung."""
        return [(draft.type, str(draft.data["id"])) for draft in self.drafts]

    def _take(self, move: Any) -> list[str]:  # noqa: ANN401
        self.climb = move.climb
        self.rings += move.rings
        self.withdrawn += move.withdrawn
        self.drafts += move.drafts
        if move.given:
            self.given.append(move.given)
            state = TicketState.DISPATCHED
            self.ticket = msgspec.structs.replace(self.ticket, state=state, holder=move.given)
        return said(move.rings)


def said(rings: Iterable[Ring]) -> list[str]:
    """Return who is rung, the informed in brackets."""
    form: Callable[[Ring], str] = lambda ring: (  # noqa: E731
        ring.person if ring.concern == "responsible" else f"({ring.person})"
    )
    return [form(ring) for ring in rings]


CRITICAL = Severity.CRITICAL

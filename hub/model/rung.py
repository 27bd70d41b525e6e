"""Plans of escalation: rungs that a ticket climbs, and what calls each of them."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from hub.model.alarm import Class, Severity, Urgency
from hub.model.instant import day_number, start_of_day
from hub.model.place import contains
from hub.model.roster import Roster, SpecialDay


class Trigger(StrEnum):
    """What calls a rung: a condition of the ticket.

    `opened`: it is not completed yet; `untaken`: nobody has taken it; `overdue.…`: that limit has
    passed and still counts; `reopened`: it was closed before, and is not completed again.
    """

    OPENED = "opened"
    UNTAKEN = "untaken"
    TAKE = "overdue.take"
    ARRIVE = "overdue.arrive"
    FINISH = "overdue.finish"
    SIGN = "overdue.sign"
    HANDLE = "overdue.handle"
    REVIEW = "overdue.review"
    REOPENED = "reopened"


LIFE_SAFETY = frozenset({"lift.trapped", "access.fire_input"})
"""Faults for which the hub may call beyond the community without a yes: somebody is in danger."""
FIRE = "fire."
"""So are all faults that begin so."""


def is_life_safety(fault: str) -> bool:
    """Tell whether a fault is one of those that may wait for nobody's yes."""
    return fault in LIFE_SAFETY or fault.startswith(FIRE)


class Dispatch(StrEnum):
    """Who dispatches a new ticket when a rung comes: a leader, by hand, or the hub, by the rota."""

    LEADER = "leader"
    ROTA = "rota"


class Rung(msgspec.Struct, frozen=True, kw_only=True):
    """One rung; `id` is its own within a plan, and the same in plans that share it.

    `responsible` and `informed` are words such as `person:li`, `roster:night`, `role:crew`,
    `nearest:manager`, `group:gates`. It comes `after` seconds behind the rung before it, once a
    trigger of it or of a later rung holds. `channels` are tried in turn, `wait` seconds each. With
    `confirm` a person decides, unless the ticket's fault is one of `automatic_for`. Where nobody
    answers it is asked again each `after`; for faults of `silence_for` so many askings as `silence`
    are a yes. Both lists hold faults of life safety alone.
    With `dispatch` by rota a ticket that is nobody's goes to one of `responsible` by itself.
    """

    id: str
    name: dict[str, str]
    responsible: tuple[str, ...]
    on: tuple[Trigger, ...]
    informed: tuple[str, ...] = ()
    channels: tuple[str, ...] = ("console",)
    wait: float = 300.0
    after: float = 0.0
    confirm: bool = False
    automatic_for: tuple[str, ...] = ()
    silence: int = 0
    silence_for: tuple[str, ...] = ()
    dispatch: Dispatch = Dispatch.LEADER


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The rungs of some tickets; what is empty fits every ticket.

    A `shipped` plan counts only where none of the site's own fits. A `discreet` one is for tickets
    that stand on no wall (duress), and for no others: it rings the people it names and nobody else.
    """

    name: str
    rungs: tuple[Rung, ...]
    place: str = ""
    severities: tuple[Severity, ...] = ()
    classes: tuple[Class, ...] = ()
    trades: tuple[str, ...] = ()
    shipped: bool = False
    discreet: bool = False

    def fits(self, place: str, severity: Severity, class_: Class, trade: str) -> bool:
        """Tell whether it is for tickets of this kind."""
        return (
            (not self.place or contains(self.place, place))
            and (not self.severities or severity in self.severities)
            and (not self.classes or class_ in self.classes)
            and (not self.trades or trade in self.trades)
        )

    @property
    def precision(self) -> tuple[bool, int, bool, bool, bool]:
        """Return what ranks plans: own ones first, narrower place, then trade, severity, class."""
        depth = len(self.place.split("/")) if self.place else 0
        named = (bool(self.trades), bool(self.severities), bool(self.classes))
        return not self.shipped, depth, *named


class Quiet(msgspec.Struct, frozen=True, kw_only=True):
    """Hours in which only what is critical rings; seconds after midnight, the same twice: none."""

    start: int = 0
    end: int = 0

    def until(self, now: float) -> float:
        """Return the instant at which something may ring that is due at `now`."""
        day = day_number(now)
        for first in (day - 1, day):
            start = start_of_day(first) + self.start
            length = (self.end - self.start) % 86_400
            if start <= now < start + length:
                return start + length
        return now


class DepartmentLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How long departments have to sign, arrive and feed back: seconds from the handing over.

    Without `departments` (logins) it is for all, without `urgencies` for all of those. What is None
    is left to the next one that fits.
    """

    departments: tuple[str, ...] = ()
    urgencies: tuple[Urgency, ...] = ()
    sign: float | None = None
    arrive: float | None = None
    feed_back: float | None = None

    def fits(self, department: str, urgency: Urgency) -> bool:
        """Tell whether it is for this department and urgency."""
        named = not self.departments or department in self.departments
        return named and (not self.urgencies or urgency in self.urgencies)

    @property
    def precision(self) -> tuple[bool, bool]:
        """Return what ranks them: those that name departments first, then urgencies."""
        return bool(self.departments), bool(self.urgencies)


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the site's file of duty says."""

    plans: tuple[Plan, ...]
    rosters: dict[str, Roster] = {}
    days: tuple[SpecialDay, ...] = ()
    quiet: Quiet = Quiet()
    limits: tuple[DepartmentLimits, ...] = ()

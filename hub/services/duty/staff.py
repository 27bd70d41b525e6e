"""Who there is to be called, as of now: people who may sign in, and the substitutes put so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hub.model.access import Identity
from hub.model.roster import Roster, SpecialDay, Substitute
from hub.model.rung import Duty
from hub.services.duty.muster import Muster
from hub.services.duty.roster import Almanac, on_duty

REMEMBERED = 40 * 86_400.0
"""Seconds for which a substitute who is over is still shown."""


class Staff:
    """Kept current by the intake, in the turn in which a person or substitute changes."""

    def __init__(
        self, duty: Duty, people: Iterable[Identity] = (), substitutes: Iterable[Substitute] = ()
    ) -> None:
        self._duty = duty
        self._people = {each.name: each for each in people}
        self._substitutes = {each.id: each for each in substitutes}

    @property
    def rosters(self) -> Mapping[str, Roster]:
        """Return the site's rosters by name."""
        return self._duty.rosters

    @property
    def days(self) -> tuple[SpecialDay, ...]:
        """Return the site's special days."""
        return self._duty.days

    @property
    def people(self) -> Mapping[str, Identity]:
        """Return those who may sign in, by login."""
        return self._people

    def learn_person(self, name: str, person: Identity | None) -> None:
        """Take over somebody's role and place; None is somebody who may not sign in any more."""
        self._people.pop(name, None)
        if person is not None:
            self._people[name] = person

    def learn_substitute(self, substitute: Substitute) -> None:
        """Take over a substitute, new or ended."""
        self._substitutes[substitute.id] = substitute

    def substitutes(self, now: float) -> tuple[Substitute, ...]:
        """Return those who are on, to come, or over not long ago, soonest first."""
        found = (e for e in self._substitutes.values() if e.until > now - REMEMBERED)
        return tuple(sorted(found, key=lambda each: (each.start, each.id)))

    def almanac(self, now: float) -> Almanac:
        """Return what counts beside the rosters."""
        return Almanac(days=self.days, substitutes=self.substitutes(now), known=self._people)

    def team_of(self, login: str, at: float) -> str:
        """Return the roster of a person: the one they are on by at that instant, or stand in.

        Empty where no roster has them. A key `key:li` of Li is Li.
        """
        name, almanac = login.rpartition(":")[2], self.almanac(at)
        rosters = self.rosters.values()
        on = (each.name for each in rosters if name in on_duty(each, at, almanac).people)
        listed = (each.name for each in rosters if any(name in s.people for s in each.shifts))
        return next(on, "") or next(listed, "")

    def muster(self, now: float) -> Muster:
        """Return everybody who can be called at an instant."""
        almanac = self.almanac(now)
        return Muster(people=self._people, rosters=self.rosters, almanac=almanac, now=now)

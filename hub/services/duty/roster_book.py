"""The rosters of the site as people see them, and the substitutes whom a leader puts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import uuid4

import msgspec

from hub.clock import Clock
from hub.errors import ConflictError, InvalidRequestError, NotFoundError
from hub.model.access import Identity
from hub.model.roster import SUBSTITUTES, OnDuty, Roster, Stretch, Substitute
from hub.model.spelling import suggest
from hub.ports import Document, SubstituteWish
from hub.services.duty.roster import on_duty, stretches
from hub.services.duty.staff import Staff

LONGEST = 90 * 86_400.0
"""Seconds; who is away for longer leaves the roster's file."""
LONGEST_REASON = 200
LONGEST_LOOK = 62 * 86_400.0
"""Seconds of a roster that can be asked for at once."""

Entry = tuple[str, str, str, dict[str, Any]]
Write = Callable[[Sequence[Document], Sequence[Entry]], Awaitable[None]]
"""Stores documents with journal entries in one commit."""


class RosterBook:
    """Implements `hub.ports.RosterOffice`."""

    def __init__(self, staff: Staff, *, write: Write, clock: Clock) -> None:
        self._staff = staff
        self._write = write
        self._clock = clock

    def rosters(self) -> Sequence[Roster]:
        """Return the site's rosters in the order of its file."""
        return list(self._staff.rosters.values())

    def on_duty(self, roster: str, at: float) -> OnDuty:
        """Return who is on; NotFoundError where there is no such roster."""
        return on_duty(self._known(roster), at, self._staff.almanac(self._clock.now()))

    def stretches(self, roster: str, start: float, end: float) -> Sequence[Stretch]:
        """Return who is on when, holes as stretches of nobody; NotFoundError likewise."""
        if not start < end <= start + LONGEST_LOOK:
            raise InvalidRequestError(
                "ask for a span that ends after it begins, of 62 days at most",
                problems={"to": "after `from`, at most 62 days"},
                zh="起止时间不对，最长 62 天。",
            )
        almanac = self._staff.almanac(self._clock.now())
        return stretches(self._known(roster), start, end, almanac)

    def substitutes(self) -> Sequence[Substitute]:
        """Return those who are on, to come, or over not long ago, soonest first."""
        return self._staff.substitutes(self._clock.now())

    def people(self) -> Sequence[str]:
        """Return the logins of everybody who can be put in."""
        return sorted(self._staff.people)

    async def put(self, wish: SubstituteWish, who: Identity) -> Substitute:
        """Put a substitute; raises InvalidRequestError or NotFoundError for what does not fit."""
        self._known(wish.roster)
        self._check(wish)
        fields = msgspec.structs.asdict(wish)
        made = Substitute(id=f"s-{uuid4().hex[:12]}", actor=who.name, **fields)
        await self._store(made, "put", who)
        return made

    async def end(self, substitute: str, who: Identity) -> Substitute:
        """End one now; raises NotFoundError, or ConflictError where it is over."""
        now = self._clock.now()
        found = next((each for each in self.substitutes() if each.id == substitute), None)
        if found is None:
            raise NotFoundError(
                f"there is no substitute {substitute!r}; see /api/v1/substitutes",
                zh=f"没有替班 {substitute}。",
            )
        if now >= found.until:
            raise ConflictError(f"substitute {substitute} is over already", zh="这次替班已经结束。")
        ended = msgspec.structs.replace(found, ended_at=now, ended_by=who.name)
        await self._store(ended, "ended", who)
        return ended

    async def _store(self, substitute: Substitute, what: str, who: Identity) -> None:
        body, at = msgspec.json.encode(substitute), self._clock.now()
        paper = Document(collection=SUBSTITUTES, key=substitute.id, body=body, at=at)
        data = {"what": what, **msgspec.to_builtins(substitute)}
        del data["actor"]
        await self._write([paper], [("roster.changed", substitute.roster, who.name, data)])

    def _known(self, name: str) -> Roster:
        roster = self._staff.rosters.get(name)
        if roster is None:
            raise NotFoundError(
                f"there is no roster {name!r}; {suggest(name, self._staff.rosters)}",
                zh=f"没有值班表 {name}。",
            )
        return roster

    def _check(self, wish: SubstituteWish) -> None:
        now, known = self._clock.now(), self._staff.people
        faults = {
            "end": not max(wish.start, now) < wish.end <= wish.start + LONGEST,
            "by": bool(wish.by) and wish.by not in known,
            "out": wish.out == wish.by,
            "reason": len(wish.reason) > LONGEST_REASON,
        }
        said = {
            "end": "after its start and after now, at most 90 days long",
            "by": f"nobody who may sign in is called so; {suggest(wish.by, known)}",
            "out": "name who is away, or who steps in, or two different people",
            "reason": f"up to {LONGEST_REASON} characters",
        }
        wrong = {field: said[field] for field, is_wrong in faults.items() if is_wrong}
        if wrong:
            told = "; ".join(f"{field}: {text}" for field, text in wrong.items())
            raise InvalidRequestError(
                f"The substitute does not fit: {told}.",
                problems=wrong,
                zh=f"替班填得不对：{'、'.join(wrong)}。",
            )

"""What answers about rosters and escalations look like; see `hub/api/shape.py`."""

from __future__ import annotations

from hub.api.shape import Both, Moment, Shape


class OnDuty(Shape):
    """A roster and who is on at an instant; nobody is a hole."""

    name: str
    title: Both
    at: Moment
    people: list[str]
    reason: Both


class Stretch(Shape):
    """A span in which the same people are on."""

    start: Moment
    end: Moment
    people: list[str]
    reason: Both


class Substitute(Shape):
    """Somebody who is on for another one."""

    id: str
    roster: str
    start: Moment
    end: Moment
    out: str
    by: str
    reason: str
    actor: str
    ended_at: Moment | None
    ended_by: str


class Outlook(Shape):
    """What comes next for a ticket; `at` is null where nothing calls the rung by now."""

    ticket: str
    plan: str
    passed: list[str]
    rung: str
    name: Both
    at: Moment | None
    people: list[str]
    proposed: bool
    waiting: bool

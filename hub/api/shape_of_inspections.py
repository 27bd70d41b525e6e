"""What answers about inspections look like; see `hub/api/shape.py`."""

from __future__ import annotations

from hub.api.shape import Moment, Shape
from hub.model.inspection import Rhythm, RoundState, Verdict


class Stop(Shape):
    """One halt of a route, and its checklist."""

    id: str
    subject: str
    place: str
    thing: str
    checks: list[str]
    category: str


class Inspection(Shape):
    """An inspection; `next` is when a round comes due next, null where none does."""

    id: str
    title: str
    team: str
    place: str
    every: Rhythm
    day: int
    at: str
    hours: float
    stops: list[Stop]
    revision: int
    actor: str
    changed_at: Moment
    ended_at: Moment | None
    next: Moment | None


class Answer(Shape):
    """What was seen at a stop; a finding has the number of its ticket."""

    stop: str
    verdict: Verdict
    check: str
    ticket: str
    joined: bool
    by: str
    at: Moment


class Round(Shape):
    """A round; `left` are the stops that nobody has answered for."""

    id: str
    inspection: str
    title: str
    team: str
    place: str
    state: RoundState
    due_from: Moment
    due_by: Moment
    stops: list[Stop]
    answers: list[Answer]
    left: list[str]
    ended_at: Moment | None
    ended_by: str


class Walked(Shape):
    """A round after an answer, with the ticket of what was found."""

    ticket: str
    joined: bool
    round: Round


class RoundCount(Shape):
    """The rounds of one team: ids of those done and missed, tickets of what was found."""

    team: str
    done: list[str]
    missed: list[str]
    stops: int
    findings: list[str]

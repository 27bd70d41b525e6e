"""巡查: a route of stops that a team walks on a schedule, and each round of it."""

from __future__ import annotations

from enum import StrEnum

import msgspec

INSPECTIONS, ROUNDS = "inspection", "inspection_round"
"""The collections of the documents; keys are `Inspection.id` and `Round.id`."""


class Rhythm(StrEnum):
    """How often a round comes due: 每天, 每周, 每月."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """When rounds come due, in the community's time.

    `day` is the weekday (1 Monday to 7 Sunday) or the day of the month (1 to 28), and means nothing
    where it is every day. A round can be walked from `at` (seconds after midnight) for `hours`.
    """

    every: Rhythm
    day: int = 1
    at: int = 8 * 3600
    hours: float = 10.0


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """One halt: a device's id or a place's path, what is looked at there, and the checklist.

    `thing` names what has no electronics (灭火器箱 3 号); `category` is the trouble that is chosen
    in the form of a finding (`hub.model.trouble`). `id` stays through changes of the route.
    """

    id: str
    subject: str
    place: str
    thing: str = ""
    checks: tuple[str, ...] = ()
    category: str = ""


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """One inspection; `team` is a roster's name, or what the team is called.

    Rounds come due after `since`; none does where it has no stop or has `ended_at`. `place` is the
    lowest one that all stops lie in.
    """

    id: str
    title: str
    team: str
    place: str
    schedule: Schedule
    stops: tuple[Stop, ...] = ()
    since: float
    revision: int = 1
    actor: str
    at: float
    ended_at: float | None = None


class Verdict(StrEnum):
    """What was seen at a stop: 正常 or 发现问题."""

    FINE = "fine"
    FINDING = "finding"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody saw at a stop; a finding has its ticket, `joined` where that was known."""

    stop: str
    verdict: Verdict
    by: str
    at: float
    check: str = ""
    report: str = ""
    ticket: str = ""
    joined: bool = False


class RoundState(StrEnum):
    """待巡查 due · 巡查中 walking · 已完成 done · 漏查 missed."""

    DUE = "due"
    WALKING = "walking"
    DONE = "done"
    MISSED = "missed"


class RoundAction(StrEnum):
    """What happens to a round: somebody answers for a stop or finishes it, or its time is over."""

    ANSWER = "answer"
    FINISH = "finish"
    MISS = "miss"


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """One walk: the route as it was when it came due, and what was seen.

    It can be walked from `due_from` to `due_by`.
    """

    id: str
    inspection: str
    title: str
    team: str
    place: str
    stops: tuple[Stop, ...]
    due_from: float
    due_by: float
    state: RoundState = RoundState.DUE
    answers: tuple[Answer, ...] = ()
    ended_at: float | None = None
    ended_by: str = ""

    @property
    def is_open(self) -> bool:
        """Tell whether it can be walked."""
        return self.state in {RoundState.DUE, RoundState.WALKING}

    @property
    def findings(self) -> tuple[Answer, ...]:
        """Return what was found, in order."""
        return tuple(each for each in self.answers if each.verdict is Verdict.FINDING)

    def of_stop(self, stop: str) -> tuple[Answer, ...]:
        """Return the answers for one stop."""
        return tuple(each for each in self.answers if each.stop == stop)

    @property
    def left(self) -> tuple[Stop, ...]:
        """Return the stops that nobody has answered for."""
        seen = {each.stop for each in self.answers}
        return tuple(each for each in self.stops if each.id not in seen)

    @property
    def walked_by(self) -> tuple[str, ...]:
        """Return who has answered, in the order in which they began."""
        return tuple(dict.fromkeys(each.by for each in self.answers))

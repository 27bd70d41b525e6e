"""公示: what everybody may see of the work: teams, no persons; nothing of a flat. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from hub.model.access import Identity, Role
from hub.model.course import Course
from hub.model.inspection import Round
from hub.model.place import Place
from hub.model.project import Project, ProjectState
from hub.model.survey import Survey
from hub.services.community.inspection_count import RoundCount, count_rounds
from hub.services.figures.figure import View, open_book, summarise
from hub.services.tickets.shelf import is_public_place

PUBLIC = Identity(name="public", role=Role.GUARD)
"""Before whose eyes it stands: the whole community's, by the least of roles."""
DAYS = 90
DAY = 86_400.0
ENOUGH = 5
"""Answers that a survey has at least where it is published."""
CLASSES = ("general", "difficult", "complex")


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """How many tickets of a class were opened, and which share of those judged was in time.

    Shares are from 0 to 1, None where no limit was kept or broken yet; `without_extension` judges
    by the first limit. `raised` is how many of them were given a class or urgency with more time.
    """

    class_: str
    tickets: int
    raised: int
    on_time: float | None
    without_extension: float | None


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """What is published of the last `days`; `claims` are the projects that are public."""

    days: int
    shares: Sequence[Share]
    rounds: Sequence[RoundCount]
    claims: Sequence[Project]


def publish(
    courses: Iterable[Course],
    rounds: Iterable[Round],
    projects: Iterable[Project],
    places: Mapping[str, Place],
    *,
    now: float,
    test: bool = False,
) -> Published:
    """Return what is published as of now; what is discreet counts in no figure."""
    return Published(
        days=DAYS,
        shares=_shares([each for each in courses if not each.discreet], now, test=test),
        rounds=count_rounds(rounds, now - DAYS * DAY, now + 1),
        claims=[each for each in projects if is_public(each, places)],
    )


def last_survey(surveys: Iterable[Survey]) -> Survey | None:
    """Return the newest survey of the whole community, `surveys` being newest first.

    One with fewer answers than `ENOUGH` is nobody's but those few people's.
    """
    whole = (each for each in surveys if not each.place and len(each.answers) >= ENOUGH)
    return next(whole, None)


def is_public(project: Project, places: Mapping[str, Place]) -> bool:
    """Tell whether a project is for everybody: it was not withdrawn, and is no family's."""
    return project.state is not ProjectState.WITHDRAWN and is_public_place(project.place, places)


def _shares(courses: Iterable[Course], now: float, *, test: bool) -> list[Share]:
    view = View(who=PUBLIC, start=now - DAYS * DAY, end=now + 1, now=now, test=test)
    book = open_book(courses, (), (), view)
    groups = {group.key: group.cells for group in summarise(book, "class")}
    return [
        Share(
            class_=name,
            tickets=int(groups[name]["tickets"].value or 0),
            raised=int(groups[name]["raised"].value or 0),
            on_time=groups[name]["on_time"].value,
            without_extension=groups[name]["on_time_without_extension"].value,
        )
        for name in CLASSES
        if name in groups
    ]

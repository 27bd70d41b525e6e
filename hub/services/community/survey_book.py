"""Every survey, and the door through which they are drawn and answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from hub.clock import Clock
from hub.errors import ConflictError, ForbiddenError, NotFoundError
from hub.model.access import Identity
from hub.model.survey import SURVEYS, Answer, Asked, Survey, Way
from hub.model.whistle import Report, Reporter
from hub.ports import Books, Courses, Document
from hub.ports.survey import Reply
from hub.services.community.project_book import Write
from hub.services.community.survey import (
    check_sheets,
    draw,
    find_asked,
    last_half,
    settled,
)
from hub.services.tickets.transition import same_person

Reports = Callable[[str], Awaitable[Sequence[tuple[Report, Reporter]]]]
"""Gives the newest reports of a ticket with what is kept of their people."""


class SurveyBook:
    """Implements `hub.ports.survey.SurveyOffice`; one change at a time."""

    def __init__(
        self,
        documents: Mapping[str, bytes],
        *,
        books: Books,
        courses: Courses,
        reports: Reports,
        write: Write,
        clock: Clock,
    ) -> None:
        found = (msgspec.json.decode(body, type=Survey) for body in documents.values())
        self._surveys = {each.id: each for each in found}
        self._books = books
        self._courses = courses
        self._reports = reports
        self._write = write
        self._clock = clock
        self._turn = asyncio.Lock()

    def surveys(self, who: Identity) -> Sequence[Survey]:
        """Return them, newest first."""
        mine = [each for each in self._surveys.values() if who.may_see(each.place)]
        return sorted(mine, key=lambda each: (-each.start, -each.at))

    def survey(self, survey: str, who: Identity) -> Survey:
        """Return one, or raise NotFoundError."""
        found = self._surveys.get(survey)
        if found is None or not who.may_see(found.place):
            raise NotFoundError(
                f"there is no survey {survey!r}; see /api/v1/surveys", zh=f"没有调查 {survey}。"
            )
        return found

    def due(self, who: Identity) -> tuple[float, float] | None:
        """Return the last half of a month where nobody has drawn yet, None where somebody has."""
        start, end = last_half(self._clock.now())
        drawn = any(e.start == start and e.place == who.scope for e in self._surveys.values())
        return None if drawn else (start, end)

    async def draw(self, size: int, who: Identity) -> Survey:
        """Draw who is asked about the last half of a month, of those who left a number."""
        async with self._turn:
            span = self.due(who)
            if span is None:
                raise ConflictError(
                    "the last half of a month was drawn already",
                    zh="最近这半个月的样本已经抽过了。",
                )
            reports = await self._candidates(*span, who)
            if not reports:
                raise ConflictError(
                    "nobody with a number had a report settled in that time",
                    zh="这半个月没有留下电话又已办结的报修。",
                )
            name = f"s{max((int(each[1:]) for each in self._surveys), default=0) + 1}"
            asked = draw(name, reports, size)
            survey = Survey(
                id=name,
                start=span[0],
                end=span[1],
                place=who.scope,
                out_of=len(reports),
                asked=asked,
                actor=who.name,
                at=self._clock.now(),
            )
            said = {"out_of": len(reports), "tickets": [each.ticket for each in asked]}
            await self._store(survey, "survey.drawn", who, said)
        return survey

    async def answer(self, survey: str, report: str, reply: Reply | None, who: Identity) -> Survey:
        """Note what one of the sample has said; None is that nobody was reached."""
        async with self._turn:
            before = self.survey(survey, who)
            asked = find_asked(before, report)
            await self._check_another(asked, who)
            entry, told = "survey.missed", {"ticket": asked.ticket}
            after = msgspec.structs.replace(asked, missed=asked.missed + 1)
            if reply is not None:
                answer = self._answer(Way.PHONE, reply, who)
                after = msgspec.structs.replace(asked, answer=answer)
                entry, told = "survey.answered", {**told, **_told(answer)}
            found = tuple(after if each is asked else each for each in before.asked)
            changed = msgspec.structs.replace(before, asked=found)
            await self._store(changed, entry, who, told)
        return changed

    async def hand_out(self, survey: str, sheets: int, who: Identity) -> Survey:
        """Note how many sheets of paper were given out in all."""
        async with self._turn:
            before = self.survey(survey, who)
            check_sheets(before, sheets)
            changed = msgspec.structs.replace(before, handed_out=sheets)
            await self._store(changed, "survey.handed_out", who, {"sheets": sheets})
        return changed

    async def enter(self, survey: str, reply: Reply, who: Identity) -> Survey:
        """Type in a sheet that has come back."""
        async with self._turn:
            before = self.survey(survey, who)
            answer = self._answer(Way.PAPER, reply, who)
            changed = msgspec.structs.replace(before, sheets=(*before.sheets, answer))
            check_sheets(changed, before.handed_out)
            await self._store(changed, "survey.answered", who, _told(answer))
        return changed

    async def _candidates(self, start: float, end: float, who: Identity) -> list[Report]:
        courses, _ = await self._courses.read_on()
        found = []
        for course in settled(courses, start, end):
            if who.may_see(course.place):
                kept = await self._reports(course.number)
                found += [report for report, person in kept if person.phone]
        return found

    async def _check_another(self, asked: Asked, who: Identity) -> None:
        """Raise ForbiddenError for whoever has worked on it: nobody asks about their own work."""
        ticket = await self._books.ticket(asked.ticket)
        hands = (ticket.holder, ticket.completed_by, *ticket.workers) if ticket else ()
        if any(same_person(who.name, hand) for hand in hands):
            raise ForbiddenError(
                f"{who.name} has worked on {asked.ticket}; somebody else asks",
                zh="办过这张工单的人不能自己去问。",
            )

    def _answer(self, way: Way, reply: Reply, who: Identity) -> Answer:
        said = msgspec.structs.asdict(reply)
        return Answer(way=way, by=who.name, at=self._clock.now(), **said)

    async def _store(self, survey: Survey, entry: str, who: Identity, said: dict[str, Any]) -> None:
        body, now = msgspec.json.encode(survey), self._clock.now()
        paper = Document(collection=SURVEYS, key=survey.id, body=body, at=now)
        data = {**said, "place": survey.place}
        await self._write([paper], [(entry, survey.id, who.name, data)])
        self._surveys[survey.id] = survey


def _told(answer: Answer) -> dict[str, Any]:
    return {name: getattr(answer, name) for name in ("way", "responded", "solved", "satisfied")}

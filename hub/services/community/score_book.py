"""Every typed score, and the door through which they come."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

import msgspec

from hub.clock import Clock
from hub.errors import InvalidRequestError, NotFoundError
from hub.model.access import Identity
from hub.model.device import Device
from hub.model.scorecard import FULL, SCORES, Result, Score, Scorecard
from hub.ports import Courses, Document, Live
from hub.ports.scorecard import ScoreWish
from hub.ports.survey import SurveyOffice
from hub.services.community.project import LONGEST, LONGEST_NAME, check_text
from hub.services.community.project_book import Write
from hub.services.community.scorecard import SURVEY, month_of, share_of_surveys, span_of, weigh
from hub.services.figures.figure import Cell, View, open_book, summarise
from hub.services.reports.report_form import tidy


class ScoreBook:
    """Implements `hub.ports.scorecard.ScorecardOffice`; one change at a time."""

    def __init__(
        self,
        documents: Mapping[str, bytes],
        card: Scorecard,
        *,
        live: Live,
        courses: Courses,
        surveys: SurveyOffice,
        write: Write,
        clock: Clock,
        test: bool = False,
    ) -> None:
        found = (msgspec.json.decode(body, type=Score) for body in documents.values())
        self._scores = {each.key: each for each in found}
        self._card = card
        self._live = live
        self._courses = courses
        self._surveys = surveys
        self._write = write
        self._clock = clock
        self._test = test
        self._turn = asyncio.Lock()

    async def result(self, month: str, who: Identity) -> Result:
        """Return a month's result as of now, the present month for an empty word."""
        month = month or month_of(self._clock.now())
        start, end = span_of(month)
        scores = {each.criterion: each for each in self._scores.values() if each.month == month}
        return weigh(self._card, month, scores, await self._cells(start, end, who))

    async def give(self, wish: ScoreWish, who: Identity) -> Result:
        """Type a score; a second one takes the place of the first, and both are in the journal."""
        async with self._turn:
            score = self._score(wish, who)
            before = self._scores.get(score.key)
            said = {
                "month": score.month,
                "criterion": score.criterion,
                "value": score.value,
                "giver": score.giver,
                "why": score.why,
                "before": before.value if before else None,
            }
            body = msgspec.json.encode(score)
            paper = Document(collection=SCORES, key=score.key, body=body, at=score.at)
            await self._write([paper], [("score.typed", score.key, who.name, said)])
            self._scores[score.key] = score
        return await self.result(score.month, who)

    async def _cells(self, start: float, end: float, who: Identity) -> dict[str, Cell]:
        courses, faults = await self._courses.read_on()
        view = View(who=who, start=start, end=end, now=self._clock.now(), test=self._test)
        devices: Iterable[Device] = (each.device for each in self._live.devices())
        groups = summarise(open_book(courses, faults, devices, view), "all")
        cells = dict(groups[0].cells) if len(groups) == 1 else {}
        return cells | {SURVEY: share_of_surveys(self._surveys.surveys(who), start, end)}

    def _score(self, wish: ScoreWish, who: Identity) -> Score:
        start, _ = span_of(wish.month)
        criterion = next((each for each in self._card.criteria if each.id == wish.criterion), None)
        if criterion is None:
            raise NotFoundError(
                f"there is no criterion {wish.criterion!r}", zh="没有这一项，请看评价表的文件。"
            )
        if criterion.figure:
            raise InvalidRequestError(
                f"{criterion.id} is computed from the journal; nobody types it",
                problems={"criterion": "is computed"},
                zh="这一项由记录算出，不能打分。",
            )
        now = self._clock.now()
        if start > now or not 0 <= wish.value <= FULL:
            raise InvalidRequestError(
                f"value: 0 to {FULL}, for a month that has begun",
                problems={"value": f"0 to {FULL}"},
                zh=f"分数在 0 到 {FULL} 之间，月份不能在以后。",
            )
        return Score(
            month=wish.month,
            criterion=criterion.id,
            value=wish.value,
            giver=check_text(wish.giver, "giver", LONGEST_NAME),
            why=tidy(wish.why)[:LONGEST],
            actor=who.name,
            at=now,
        )

"""The platform: follows the feed or takes pushes, and works through its seats."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from hub.clock import Clock
from hub.errors import InvalidRequestError, LinkError
from hub.model.instant import to_rfc3339
from simulators.platform.ledger import Ledger
from simulators.platform.mischief import Mischief, Wrong
from simulators.platform.play import Habits, next_move, side_of
from simulators.platform.seat import GONE, RefusedError, Seat, wrong

PAGE, WAIT = 200, 20.0
"""Items of a page, and seconds that the hub may wait for one."""
PAUSE, LONG_PAUSE = 0.5, 10.0
UNREADABLE = 422
Json = dict[str, Any]


class City:
    """A city platform with its departments, each a seat of its own at the hub."""

    def __init__(self, seats: Sequence[Seat], ledger: Ledger, clock: Clock, habits: Habits) -> None:
        self.ledger = ledger
        self.mischief = Mischief()
        self.habits = habits
        self.gaps: list[str] = []
        self.refusals: list[Json] = []
        self._own, self._seats = seats[0], {seat.name: seat for seat in seats}
        self._clock = clock
        self._turn = asyncio.Lock()
        self._before: dict[str, Json] = {}
        self._waiting: dict[str, None] = {}
        self._news = asyncio.Event()
        self._restored = asyncio.Event()

    async def follow(self) -> None:
        """Follow the feed until cancelled; whatever stops it goes on where it was."""
        while True:
            try:
                await self.read_on(WAIT)
            except LinkError:
                await asyncio.sleep(PAUSE)
            except RefusedError as error:
                self.gaps.append(str(error))
                await asyncio.sleep(LONG_PAUSE)

    async def read_on(self, wait: float = 0.0) -> int:
        """Read one page, keep it and the place behind it, and return how many items were new."""
        if self.mischief.strikes(Wrong.FORGETS_CURSOR):
            self.ledger.forget_cursor()
        try:
            page = await self._own.read_page(self.ledger.cursor(), PAGE, wait)
        except RefusedError as error:
            if error.status not in {GONE, UNREADABLE}:
                raise
            # A gap, or other rights: a person is told, and it begins where there is something.
            self.gaps.append(str(error))
            page = {"items": [], "next": error.problem.get("oldest", "")}
            if error.problem.get("restored"):
                self.ledger.begin_anew(page["next"])
        fresh = self.ledger.keep_page(page["items"], page["next"])
        for item in fresh:
            self._look_at(item["subject"])
        return len(fresh)

    def take(self, item: Json) -> bool:
        """Take an item that was pushed, and say whether it was new.

        One of a later era says that the hub was restored: what was told is dropped, and read anew.
        """
        if not self.ledger.takes_era(str(item["data"].get("era", ""))):
            self.gaps.append("the hub was restored from a backup")
            self.ledger.begin_anew("")
            self._restored.set()
        fresh = self.ledger.keep_pushed(item)
        if fresh:
            self._look_at(item["subject"])
        return fresh

    async def read_anew(self) -> None:
        """Read all that is so whenever a push has told of a restore, until cancelled."""
        while True:
            await self._restored.wait()
            self._restored.clear()
            try:
                while await self.read_on():
                    pass
            except (LinkError, RefusedError):
                self._restored.set()
                await asyncio.sleep(PAUSE)

    async def work(self) -> None:
        """Do what comes next for each incident that something is told of, until cancelled."""
        while True:
            await self._news.wait()
            incident = next(iter(self._waiting))
            del self._waiting[incident]
            if not self._waiting:
                self._news.clear()
            try:
                while await self.move_on(incident):
                    pass
            except (RefusedError, LinkError, InvalidRequestError) as error:
                self.refusals.append({"incident": incident, "why": str(error)})

    async def move_on(self, incident: str) -> bool:
        """Take the next step of an incident by habit; False where there is none now."""
        data = self.ledger.newest(incident)
        if data is None:
            return False
        city, department = (
            side_of(self.ledger.steps_of(name, incident))
            for name in (self._own.name, self.habits.department)
        )
        move = next_move(data, city, department, self.habits, self._clock.now())
        if move is None:
            return False
        await self.step(incident, move.do, by=move.by, **move.fields)
        return True

    async def step(self, incident: str, do: str, by: str = "", **fields: Any) -> Json:  # noqa: ANN401 - JSON
        """Take a step as one of the seats, and write down what the hub has made of it."""
        seat = self._own if not by else self._seats.get(by)
        if seat is None:
            raise wrong("seat", f"there is no seat {by!r}; one of: {', '.join(self._seats)}")
        async with self._turn:
            said = {"do": do, "at": to_rfc3339(self._clock.now()), **fields}
            if isinstance(said.get("until"), float):
                said["until"] = to_rfc3339(said["until"])
            answer = await seat.act(incident, said, key=(key := f"{incident} {said['at']} {do}"))
            await self._misbehave(seat, incident, said, key)
            self._note(said, answer)
        if (known := answer["case"]["receiver"]) not in self._seats:
            raise wrong("seat", f"the hub knows this key as {known!r}; call the seat so")
        return answer

    async def subscribe(self, url: str) -> str:
        """Have the hub push from where we have read to; return the subscription's id."""
        made = await self._own.subscribe(url, self.ledger.cursor())
        self.ledger.secret(made["secret"])
        return str(made["id"])

    async def hand_down(self, work: Json) -> Json:
        """Hand work down to the community under a number of ours."""
        said = {"at": to_rfc3339(self._clock.now()), **work}
        answer = await self._own.hand_down(said)
        self._note({"do": "file", "at": said["at"]}, answer)
        return answer

    def _look_at(self, incident: str) -> None:
        if self.habits.auto:
            self._waiting[incident] = None
            self._news.set()

    async def _misbehave(self, seat: Seat, incident: str, said: Json, key: str) -> None:
        before = self._before.get(f"{seat.name}/{incident}")
        self._before[f"{seat.name}/{incident}"] = said
        if self.mischief.strikes(Wrong.DUPLICATES):
            await seat.act(incident, said, key=key)
            await seat.act(incident, said)
        if before and self.mischief.strikes(Wrong.LATE_UPDATES):
            await seat.act(incident, before)

    def _note(self, said: Json, answer: Json) -> None:
        if self.mischief.strikes(Wrong.WRONG_NUMBER):
            case = {**answer["case"], "number": f"{answer['case']['number']}?"}
            answer = {**answer, "case": case}
        self.ledger.note_step(said, answer)

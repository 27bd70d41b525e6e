"""The joint meetings with their decisions, and the agenda of the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from hub.clock import Clock
from hub.errors import ConflictError, InvalidRequestError, NotFoundError
from hub.model.access import Identity
from hub.model.agenda import MEETINGS, Decision, Matter, Meeting
from hub.model.case import CASES, Case
from hub.model.discretion import is_secret, secret_tickets
from hub.ports import Books, Courses, Document, Live
from hub.ports.community import DecisionWish, ProjectOffice
from hub.services.community.agenda import Sources, collect
from hub.services.community.project import LONGEST_NAME, check_text
from hub.services.community.project_book import Write

MOST_DECISIONS = 500


class AgendaBook:
    """Implements `hub.ports.community.AgendaOffice`; one change at a time."""

    def __init__(
        self,
        documents: Mapping[str, bytes],
        *,
        live: Live,
        books: Books,
        courses: Courses,
        projects: ProjectOffice,
        write: Write,
        clock: Clock,
        test: bool = False,
    ) -> None:
        found = (msgspec.json.decode(body, type=Meeting) for body in documents.values())
        self._meetings = {each.id: each for each in found}
        self._live = live
        self._books = books
        self._courses = courses
        self._projects = projects
        self._write = write
        self._clock = clock
        self._test = test
        self._turn = asyncio.Lock()

    async def agenda(self, who: Identity, *, times: int = 3, days: int = 30) -> Sequence[Matter]:
        """Return what a meeting of today has to talk about, in this person's part."""
        courses, _ = await self._courses.read_on()
        cases: dict[str, list[Case]] = {}
        for body in (await self._books.documents(CASES)).values():
            case = msgspec.json.decode(body, type=Case)
            cases.setdefault(case.incident, []).append(case)
        secret = secret_tickets(self._live.open_alarms())
        sources = Sources(
            courses=[e for e in courses if who.may_see(e.place) and e.test <= self._test],
            tickets=[
                each
                for each in self._live.open_tickets()
                if who.may_see(each.place)
                and not is_secret(each, secret)
                and each.test <= self._test
                and not each.folded_into
            ],
            cases=cases,
            projects=self._projects.projects(who),
            meetings=self.meetings(who),
            now=self._clock.now(),
            times=times,
            days=days,
        )
        return collect(sources)

    def meetings(self, who: Identity) -> Sequence[Meeting]:
        """Return the meetings, newest first."""
        mine = [each for each in self._meetings.values() if who.may_see(each.place)]
        return sorted(mine, key=lambda each: (-each.held_at, -each.at))

    def meeting(self, meeting: str, who: Identity) -> Meeting:
        """Return one, or raise NotFoundError."""
        found = self._meetings.get(meeting)
        if found is None or not who.may_see(found.place):
            raise NotFoundError(
                f"there is no meeting {meeting!r}; see /api/v1/meetings",
                zh=f"没有会议 {meeting}。",
            )
        return found

    def decisions_of(self, number: str, who: Identity) -> Sequence[tuple[Meeting, Decision]]:
        """Return what meetings have decided about a ticket, oldest first."""
        return [
            (meeting, decision)
            for meeting in reversed(self.meetings(who))
            for matter in meeting.matters
            if number in matter.tickets
            for decision in meeting.decided(matter.id)
        ]

    async def convene(
        self, held_at: float, who: Identity, *, times: int = 3, days: int = 30
    ) -> Meeting:
        """Call a meeting with the agenda of now."""
        matters = tuple(await self.agenda(who, times=times, days=days))
        if not matters:
            raise ConflictError("there is nothing to talk about", zh="现在没有要议的事。")
        async with self._turn:
            numbers = (int(each.removeprefix("j")) for each in self._meetings)
            meeting = Meeting(
                id=f"j{max(numbers, default=0) + 1}",
                held_at=held_at,
                place=who.scope,
                matters=matters,
                actor=who.name,
                at=self._clock.now(),
            )
            said = {"held_at": held_at, "matters": len(matters)}
            await self._store(meeting, "meeting.convened", who, said)
        return meeting

    async def decide(self, meeting: str, wish: DecisionWish, who: Identity) -> Meeting:
        """Write a decision down."""
        async with self._turn:
            before = self.meeting(meeting, who)
            matter = next((each for each in before.matters if each.id == wish.matter), None)
            if matter is None:
                raise NotFoundError(
                    f"meeting {meeting} has no matter {wish.matter!r}", zh="没有这件事。"
                )
            decision = self._decision(before, wish, who)
            after = msgspec.structs.replace(before, decisions=(*before.decisions, decision))
            said = {
                "decision": decision.id,
                "matter": matter.id,
                "text": decision.text,
                "body": decision.body,
                "by": decision.by,
                "tickets": list(matter.tickets),
            }
            await self._store(after, "meeting.decided", who, said)
        return after

    async def carry_out(self, meeting: str, decision: str, result: str, who: Identity) -> Meeting:
        """Note that a decision was carried out."""
        text = check_text(result, "result")
        async with self._turn:
            before = self.meeting(meeting, who)
            found = next((each for each in before.decisions if each.id == decision), None)
            if found is None:
                raise NotFoundError(f"there is no decision {decision!r}", zh="没有这项决定。")
            if found.done_at is not None:
                raise ConflictError(
                    f"decision {decision} was carried out already", zh="这项决定已经落实。"
                )
            done = msgspec.structs.replace(
                found, done_at=self._clock.now(), done_by=who.name, result=text
            )
            decisions = tuple(done if each.id == decision else each for each in before.decisions)
            after = msgspec.structs.replace(before, decisions=decisions)
            said = {"decision": decision, "matter": found.matter, "text": text}
            await self._store(after, "meeting.carried_out", who, said)
        return after

    def _decision(self, meeting: Meeting, wish: DecisionWish, who: Identity) -> Decision:
        now = self._clock.now()
        if wish.by <= now:
            raise InvalidRequestError(
                "by: a day to come", problems={"by": "a day to come"}, zh="期限要在以后。"
            )
        if len(meeting.decisions) >= MOST_DECISIONS:
            raise ConflictError(f"a meeting has {MOST_DECISIONS} decisions at most")
        return Decision(
            id=f"{meeting.id}-{len(meeting.decisions) + 1}",
            matter=wish.matter,
            text=check_text(wish.text, "text"),
            body=check_text(wish.body, "body", LONGEST_NAME),
            by=wish.by,
            actor=who.name,
            at=now,
        )

    async def _store(
        self, meeting: Meeting, entry: str, who: Identity, said: dict[str, Any]
    ) -> None:
        body, now = msgspec.json.encode(meeting), self._clock.now()
        paper = Document(collection=MEETINGS, key=meeting.id, body=body, at=now)
        data = {**said, "place": meeting.place}
        await self._write([paper], [(entry, meeting.id, who.name, data)])
        self._meetings[meeting.id] = meeting

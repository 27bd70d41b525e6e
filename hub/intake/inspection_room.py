"""Inspections and their rounds, changed in the one loop; what comes due, and what was missed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf

import msgspec

from hub.errors import NotFoundError
from hub.intake.batch import Batch
from hub.intake.report_room import ReportRoom
from hub.model.access import Identity
from hub.model.inspection import (
    INSPECTIONS,
    ROUNDS,
    Answer,
    Inspection,
    Round,
    RoundState,
    Stop,
    Verdict,
)
from hub.model.journal import Draft
from hub.model.ring import RINGS, Ring
from hub.model.ticket import Ticket
from hub.model.whistle import Report, ReportWish
from hub.ports import Document
from hub.ports.community import Seen, Walked
from hub.services.community import patrol
from hub.services.community.slot import next_slot, slots
from hub.services.tickets.desk_index import DeskIndex

KEEP = 400 * 86_400.0
"""Seconds after which a round is deleted: a year and a month can be compared."""
Tell = Callable[[Round, float], Iterable[Ring]]
"""Makes the rings for a missed round."""


class InspectionNeeds(msgspec.Struct, frozen=True, kw_only=True):
    """The stored collections."""

    inspections: Mapping[str, bytes] = {}
    rounds: Mapping[str, bytes] = {}


class InspectionRoom:
    """Holds every inspection and every round that is kept; what changes goes into the batch."""

    def __init__(
        self, needs: InspectionNeeds, *, reports: ReportRoom, index: DeskIndex, tell: Tell
    ) -> None:
        found = [msgspec.json.decode(each, type=Inspection) for each in needs.inspections.values()]
        self.inspections = {each.id: each for each in found}
        walks = (msgspec.json.decode(each, type=Round) for each in needs.rounds.values())
        self.rounds = {each.id: each for each in sorted(walks, key=lambda each: each.due_from)}
        self._reports = reports
        self._index = index
        self._tell = tell
        self._due: float | None = -inf

    def inspection(self, name: str, who: Identity) -> Inspection:
        """Return an inspection; NotFoundError also for a foreign one."""
        found = self.inspections.get(name)
        if found is None or not who.may_see(found.place):
            raise NotFoundError(
                f"there is no inspection {name!r}; see /api/v1/inspections",
                zh=f"没有巡查 {name}。",
            )
        return found

    def round(self, name: str, who: Identity) -> Round:
        """Return a round, or raise NotFoundError likewise."""
        found = self.rounds.get(name)
        if found is None or not who.may_see(found.place):
            raise NotFoundError(
                f"there is no round {name!r}; see /api/v1/rounds", zh=f"没有这次巡查 {name}。"
            )
        return found

    def put(self, inspection: Inspection, kind: str, batch: Batch) -> None:
        """Have a version of an inspection count from now on."""
        self.inspections[inspection.id] = inspection
        _keep(batch, INSPECTIONS, inspection.id, inspection)
        said = {
            "title": inspection.title,
            "team": inspection.team,
            "stops": len(inspection.stops),
            "revision": inspection.revision,
        }
        draft = Draft(
            at=batch.now,
            type=kind,
            subject=inspection.id,
            actor=inspection.actor,
            place=inspection.place,
            data=said,
        )
        batch.record([draft])
        self._due = -inf

    def known_at(self, walk: Round, stop: Stop, check: str = "") -> Sequence[Ticket]:
        """Return the open tickets of earlier findings at a stop, newest first."""
        mine = (each for each in self.rounds.values() if each.inspection == walk.inspection)
        numbers = patrol.known_findings(mine, stop, check)
        tickets = self._index.open_tickets()
        found = (patrol.still_open(number, tickets) for number in numbers)
        return list({each.number: each for each in found if each is not None}.values())

    def answer(self, seen: Seen, who: Identity, batch: Batch, stored: Report | None) -> Walked:
        """Take what was seen at a stop; `stored` is what the store knew of the finding's report."""
        before = self.round(seen.walk, who)
        stop = patrol.find_stop(before, seen.stop)
        answer = Answer(stop=stop.id, verdict=seen.verdict, by=who.name, at=batch.now)
        patrol.take_answer(before, answer)
        joined = False
        if seen.wish is not None and seen.verdict is Verdict.FINDING:
            wish = self._place(seen.wish, before, stop, seen.check)
            report = self._reports.file(wish, batch, stored).report
            joined = report.joined
            answer = msgspec.structs.replace(
                answer, check=seen.check, report=report.id, ticket=report.ticket, joined=joined
            )
        after = patrol.take_answer(before, answer)
        self._note(before, after, answer, batch)
        return Walked(walk=after, ticket=answer.ticket, joined=joined)

    def finish_round(self, name: str, who: Identity, batch: Batch) -> Round:
        """Finish a round that has an answer for every stop."""
        walk = patrol.finish_round(self.round(name, who), who.name, batch.now)
        self._end(walk, batch)
        return walk

    def finish(self, batch: Batch) -> None:
        """Let rounds come due, and end those whose time is over."""
        if self._due is None or batch.now < self._due:
            return
        for inspection in self.inspections.values():
            self._open(inspection, batch)
        for walk in [each for each in self.rounds.values() if each.is_open]:
            if walk.due_by <= batch.now:
                self._end(patrol.end_in_time(walk, batch.now), batch)
        self._forget(batch)
        self._due = min(self._dues(batch.now), default=None)

    def next_due(self) -> float | None:
        """Return the instant at which a round comes due or is over."""
        return self._due

    def _dues(self, now: float) -> Iterable[float]:
        for each in self.inspections.values():
            if _is_walked(each):
                yield next_slot(each.schedule, max(now, each.since))[0]
        yield from (walk.due_by for walk in self.rounds.values() if walk.is_open)

    def _open(self, inspection: Inspection, batch: Batch) -> None:
        if not _is_walked(inspection):
            return
        mine = (e.due_from for e in self.rounds.values() if e.inspection == inspection.id)
        after = max(inspection.since, batch.now - KEEP, *mine)
        for span in slots(inspection.schedule, after, batch.now):
            walk = patrol.open_round(inspection, span)
            self._put(walk, batch)
            batch.record([patrol.tell_round(walk, "inspection.due", patrol.HUB, batch.now)])

    def _end(self, walk: Round, batch: Batch) -> None:
        self._put(walk, batch)
        if walk.state is RoundState.DONE:
            kind, rings = "inspection.done", []
        else:
            kind, rings = "inspection.missed", list(self._tell(walk, batch.now))
        batch.record([patrol.tell_round(walk, kind, walk.ended_by, batch.now)])
        for ring in rings:
            _keep(batch, RINGS, ring.id, ring)

    def _place(self, wish: ReportWish, walk: Round, stop: Stop, check: str) -> ReportWish:
        """Find the ticket that a finding is known by; two things at one place are two tickets."""
        if wish.join or wish.apart:
            return wish
        known = self.known_at(walk, stop, check)
        if known:
            return msgspec.structs.replace(wish, join=known[0].number)
        return msgspec.structs.replace(wish, apart=bool(stop.thing))

    def _note(self, before: Round, after: Round, answer: Answer, batch: Batch) -> None:
        if after is before:
            return
        self._put(after, batch)
        if before.state is RoundState.DUE:
            draft = patrol.tell_round(after, "inspection.begun", answer.by, batch.now)
            batch.record([draft])
        if answer.verdict is Verdict.FINDING:
            said = {"stop": answer.stop, "ticket": answer.ticket, "joined": answer.joined}
            draft = patrol.tell_round(after, "inspection.found", answer.by, batch.now, **said)
            batch.record([draft])

    def _put(self, walk: Round, batch: Batch) -> None:
        self.rounds[walk.id] = walk
        _keep(batch, ROUNDS, walk.id, walk)

    def _forget(self, batch: Batch) -> None:
        old = [name for name, each in self.rounds.items() if each.due_by < batch.now - KEEP]
        for name in old:
            del self.rounds[name]
            _keep(batch, ROUNDS, name, None)


def _is_walked(inspection: Inspection) -> bool:
    return bool(inspection.stops) and inspection.ended_at is None


def _keep(batch: Batch, collection: str, key: str, thing: msgspec.Struct | None) -> None:
    body = None if thing is None else msgspec.json.encode(thing)
    paper = Document(collection=collection, key=key, body=body, at=batch.now)
    batch.changes.documents.append(paper)

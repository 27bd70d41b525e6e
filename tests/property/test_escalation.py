"""Whatever happens to a ticket: each rung comes once, in order, and nobody is left out."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hub.model.alarm import Severity
from hub.model.journal import Draft
from hub.model.rung import Plan, Quiet, Trigger
from hub.model.ticket import TicketFlag, TicketState
from hub.services.duty.pressing import Pressing
from tests.support.duty import DAY, MINUTE, Play, identities, plan, roster, rung, shift

LIMITS = (Trigger.UNTAKEN, Trigger.ARRIVE, Trigger.FINISH, Trigger.REVIEW)
LADDER = plan(
    rung("worker", "roster:crew", on=(Trigger.OPENED,)),
    rung("leader", "person:zhao", after=10, on=LIMITS),
    rung("manager", "role:manager", "person:li", after=60, on=LIMITS, informed=("role:crew",)),
    rung("committee", "person:party", after=240, on=LIMITS),
    rung("street", "role:department", after=600, on=LIMITS, confirm=True),
)
PLANS = (
    LADDER,
    msgspec.structs.replace(LADDER, rungs=LADDER.rungs[:1] + LADDER.rungs[2:]),
    msgspec.structs.replace(
        LADDER, rungs=(*LADDER.rungs[:2], rung("deputy", "person:wang"), *LADDER.rungs[2:])
    ),
)
"""The ladder, one that lacks a rung of it, and one that has one more."""
QUIETS = (Quiet(), Quiet(start=22 * 3600, end=7 * 3600))
CREW = roster("crew", shift("li", end=12), shift("wang", start=14))
"""Nobody is on from 12 to 14."""
LONGEST = sum(each.after for each in LADDER.rungs) / MINUTE + 2 * DAY / MINUTE
"""Minutes in which a ticket that is left alone has called everybody, quiet hours included."""
CAME = {"ticket.escalated", "roster.hole", "ticket.escalation_declined"}
OPEN = (TicketState.NEW, TicketState.DISPATCHED, TicketState.TAKEN, TicketState.ARRIVED)


class Climbing(RuleBasedStateMachine):
    """The same life twice: `play`, and `twin`, whose hub is killed again and again."""

    @initialize(quiet=st.sampled_from(QUIETS), severity=st.sampled_from(Severity))
    def open(self, quiet: Quiet, severity: Severity) -> None:
        self.play, self.twin = (Play(LADDER, quiet=quiet, rosters={"crew": CREW}) for _ in range(2))
        self.openings: list[list[Draft]] = []
        self.token = ""
        self.presses = 0
        self.change(severity=severity)

    @rule(minutes=st.sampled_from((3, 9, 12, 63, 300, 1500)))
    def time_passes(self, minutes: float) -> None:
        self.play.wait(minutes)
        for _ in range(3):
            self.twin.restart()
            self.twin.wait(minutes / 3)
        self.twin.now = self.play.now
        self.after()

    @rule(minutes=st.sampled_from((5, 200, 5000)))
    def the_hub_is_down(self, minutes: float) -> None:
        self.jump(minutes * MINUTE)

    @rule(days=st.sampled_from((-400, -1, -0.01, 0.01, 1)))
    def the_clock_jumps(self, days: float) -> None:
        self.jump(days * DAY)

    def jump(self, seconds: float) -> None:
        for each in (self.play, self.twin):
            each.now += seconds
            each.restart()
            each.look()
        self.after()

    @precondition(lambda self: self.play.climb is not None)
    @rule(state=st.sampled_from(OPEN), limits=st.sets(st.sampled_from(("take", "finish"))))
    def people_step(self, state: TicketState, limits: set[str]) -> None:
        self.change(state=state, overdue=tuple(sorted(limits)))

    @precondition(lambda self: self.play.climb is not None)
    @rule(
        flags=st.sets(st.sampled_from((TicketFlag.SUSPENDED, TicketFlag.RECOVERED))),
        severity=st.sampled_from(Severity),
    )
    def it_waits_recovers_or_worsens(self, flags: set[TicketFlag], severity: Severity) -> None:
        self.change(flags=tuple(sorted(flags)), severity=severity)

    @rule()
    def it_is_closed_and_reopened(self) -> None:
        self.change(state=TicketState.CLOSED, flags=())
        assert self.play.climb is None
        self.play.now = self.twin.now = self.play.now + 60
        ticket = self.play.ticket
        self.change(
            state=TicketState.DISPATCHED,
            reopened=ticket.reopened + 1,
            reopened_at=self.play.now,
            overdue=(),
        )

    @rule(ladder=st.sampled_from(PLANS))
    def the_rungs_are_changed(self, ladder: Plan) -> None:
        for each in (self.play, self.twin):
            each.plan = ladder
        self.change()

    @rule(gone=st.sets(st.sampled_from(("zhao", "party", "street", "li")), max_size=2))
    def people_leave_and_come_back(self, gone: set[str]) -> None:
        for each in (self.play, self.twin):
            each.people = {n: one for n, one in identities().items() if n not in gone}
        self.change()

    @precondition(lambda self: self.play.climb is not None and self.play.climb.proposed)
    @rule(agreed=st.booleans())
    def a_leader_decides(self, agreed: bool) -> None:
        for each in (self.play, self.twin):
            each.decide(agreed=agreed)
        self.after()

    @precondition(lambda self: self.play.climb is not None)
    @rule(up=st.booleans())
    def somebody_presses_from_above(self, up: bool) -> None:
        self.presses += 1
        wish = Pressing(up=up, mark=f"{self.presses}", why={"zh": "督办", "en": "x"}, actor="key:c")
        for each in (self.play, self.twin):
            each.press(wish)
        self.after()

    def change(self, **fields: Any) -> None:  # noqa: ANN401 - fields of a ticket
        for each in (self.play, self.twin):
            each.restart()
            each.change(**fields)
            each.look()
        self.after()

    def after(self) -> None:
        """Sort what was told since the last time under the opening that it belongs to."""
        token = self.play.climb.token if self.play.climb else self.token
        if token != self.token:
            self.openings.append([])
            self.token = token
        told = sum(map(len, self.openings))
        self.openings[-1] += self.play.drafts[told:]

    @invariant()
    def a_restart_changes_nothing(self) -> None:
        assert self.twin.climb == self.play.climb
        assert self.twin.rings == self.play.rings
        assert self.twin.told() == self.play.told()

    @invariant()
    def each_rung_comes_once_and_in_order(self) -> None:
        for drafts in self.openings:
            ids = [draft.data["id"] for draft in drafts if draft.type in CAME]
            assert all(count == 1 for count in Counter(ids).values()), ids
            known = [each for each in ids if each != "deputy"]
            order = [rung.id for rung in LADDER.rungs]
            assert known == sorted(known, key=order.index)

    @invariant()
    def nobody_is_rung_twice_for_one_rung(self) -> None:
        seen: dict[str, Any] = {}
        for ring in self.play.rings:
            before = seen.setdefault(ring.id, ring)
            asked = ".confirm" in ring.id.split("/")[2]
            assert before is ring or asked, "a proposal that has lapsed may be made again"

    @invariant()
    def what_is_taken_back_had_not_been_heard_or_asks_no_more(self) -> None:
        by_id = {ring.id: ring for ring in self.play.rings}
        for name in self.play.withdrawn:
            ring = by_id[name]
            assert ".confirm" in name or ring.not_before > ring.at

    @invariant()
    def a_hole_is_told_and_passed_on(self) -> None:
        for drafts in self.openings:
            for draft, following in zip(drafts, [*drafts[1:], None], strict=True):
                if draft.type == "roster.hole" and following is not None:
                    is_last = draft.data["id"] == self.play.plan.rungs[-1].id
                    assert is_last or following.at == draft.at or self.was_confirmed(draft)

    def was_confirmed(self, draft: Draft) -> bool:
        """A rung that was empty once it was confirmed passes on by its own delay.

        So does one that was pressed for, where the next has to be confirmed.
        """
        return draft.data["id"] == "street" or draft.actor != "hub"

    def teardown(self) -> None:
        if not hasattr(self, "play"):
            return
        self.change(state=TicketState.NEW, flags=(), overdue=())
        self.play.wait(LONGEST)
        climb, ladder = self.play.climb, self.play.plan
        assert climb is not None
        assert climb.proposed or ladder.rungs[-1].id in climb.passed, "somebody was never reached"


Climbing.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestClimbing = Climbing.TestCase

"""Ticket, extension and waiting as one machine: whatever people, rules and time do to it.

Walked against the table of steps as data, with limits that run on and limits in working time.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from msgspec.structs import replace

from hub.config.limits import LimitSettings, spans_of
from hub.errors import ConflictError, ForbiddenError, InvalidRequestError
from hub.model.access import Role
from hub.model.alarm import Alarm, Class, TicketSpec, Urgency
from hub.model.calendar import Calendar, Pace
from hub.model.detour import Ruling, Rung
from hub.model.instant import to_local_text, to_rfc3339
from hub.model.journal import Draft
from hub.model.ticket import ClosingCode, Ticket, TicketAction, TicketState, TicketStep
from hub.services.alarm import raise_alarm
from hub.services.tickets.consequence import Desk
from hub.services.tickets.deadline import ALWAYS, UNFINISHED, Timing, due, renew_limits
from hub.services.tickets.desk_index import DeskIndex
from hub.services.tickets.desk_number import DeskNumbers
from hub.services.tickets.effect import Split
from hub.services.tickets.follow_up import change, is_open, join, merge, recover
from hub.services.tickets.splitting import take_apart
from hub.services.tickets.step_field import FIELDS
from hub.services.tickets.step_table import LEADERS, TRANSITIONS
from hub.services.tickets.ticket import describe_opening, possible_steps, step
from hub.services.tickets.transition import asked_extension, same_person
from hub.services.tickets.work_clock import WorkingTime
from tests.support.fold import fold
from tests.unit.services.making import HOUR, NOW, WHY, decide, make_device, make_ticket

DAY = 24 * HOUR
PEOPLE = ("wang", "key:wang", "li", "chen", "Chen", "fang")
LIMITS = ("take_by", "arrive_by", "finish_by", "first_finish_by")
MOVERS = {
    *("ticket.opened", "ticket.reopened", "ticket.resumed", "ticket.unshelved"),
    *("ticket.extension_decided", "ticket.classified", "ticket.updated"),
}
"""Entries that can move a limit."""
WORKING = Timing(
    working=WorkingTime(Calendar(years={2025: False, 2026: False}), spans_of(LimitSettings())),
    urgency=dict.fromkeys(Urgency, Pace.WORKING),
    class_={Class.GENERAL: Pace.WORKING, Class.COMPLEX: Pace.WORKING},
)
INSTANTS = st.floats(-DAY, 20 * DAY)
WORDS = st.sampled_from(["", "because"])
SPECS = st.builds(
    TicketSpec,
    urgency=st.sampled_from(Urgency),
    class_=st.sampled_from(Class),
)
STRAIGHT = ("take", "arrive", "complete", "verify", "call_back", "close", "reopen", "resume")
DETOURS = (
    *("refuse", "grant", "unshelve", "extend", "suspend", "shelve", "classify", "dispatch"),
    *("transfer", "reject", "acknowledge", "return", "merge", "split"),
)
"""Ways on, and ways around; voiding comes by chance alone, since nothing comes behind it."""
reached: Counter[str] = Counter()


class TicketLife(RuleBasedStateMachine):
    """One ticket, its journal, and a clock."""

    ticket: Ticket
    timing: Timing

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.entries: list[Draft] = []
        self.hands: set[str] = set()

    @initialize(
        source=st.sampled_from(["device", "resident", "hotline", "inspection"]),
        spec=SPECS,
        timing=st.sampled_from([ALWAYS, WORKING]),
    )
    def open(self, source: str, spec: TicketSpec, timing: Timing) -> None:
        self.timing = timing
        self.ticket = replace(make_ticket(ticket=spec), source=source)
        self.entries = [describe_opening(self.ticket, self.now)]

    @rule(
        do=st.sampled_from(TicketAction),
        actor=st.sampled_from(PEOPLE),
        role=st.sampled_from(Role),
        words=st.fixed_dictionaries({"reason": WORDS, "to": WORDS, "text": WORDS}),
        code=st.sampled_from(["", *ClosingCode, "nonsense"]),
        healthy=st.booleans(),
        data=st.data(),
    )
    def wish(
        self,
        do: TicketAction,
        actor: str,
        role: Role,
        words: dict[str, str],
        code: str,
        healthy: bool,
        data: st.DataObject,
    ) -> None:
        known = FIELDS.get(do, {})
        extra = data.draw(self.extras())
        if data.draw(st.integers(0, 9)):
            extra = {name: value for name, value in extra.items() if name in known}
        self.take(do, actor, role, healthy=healthy, code=code, extra=extra, **words)

    @rule(
        ways=st.sampled_from([STRAIGHT, STRAIGHT, STRAIGHT, DETOURS]),
        actor=st.sampled_from(PEOPLE),
        later=st.integers(3600, 10 * 86400),
    )
    def urge(self, ways: tuple[str, ...], actor: str, later: int) -> None:
        """Have a leader do something that is possible, with all that it needs: lives are long."""
        possible = possible_steps(self.ticket, "manager", actor=actor, now=self.now)
        steps = [do for do in ways if do in possible] or ["comment"]
        do = TicketAction(steps[later % len(steps)])
        class_ = list(Class)[later % 3]
        extra = {
            TicketAction.CALL_BACK: {"satisfied": later < DAY},
            TicketAction.EXTEND: {"until": to_rfc3339((self.ticket.finish_by or 0.0) + later)},
            TicketAction.GRANT: {"street": "Wu"},
            TicketAction.REFUSE: {"street": "Wu"},
            TicketAction.SHELVE: self.shelf(self.now + later),
            TicketAction.CLASSIFY: {"class": class_.value},
            TicketAction.SPLIT: {"part": "A2"},
        }.get(do, {})
        said = {"reason": "because", "to": PEOPLE[later % len(PEOPLE)], "text": "words"}
        self.take(do, actor, Role.MANAGER, healthy=True, extra=extra, **said)

    @precondition(lambda self: self.ticket.state in {TicketState.TAKEN, TicketState.ARRIVED})
    @rule(later=st.integers(3600, 10 * 86400), granted=st.booleans())
    def ask_and_decide(self, later: int, granted: bool) -> None:
        """Have an extension asked for by one leader and decided by another, where that may be."""
        until = {"until": to_rfc3339((self.ticket.finish_by or 0.0) + later)}
        ruling = TicketAction.GRANT if granted else TicketAction.REFUSE
        said: dict[str, Any] = {"reason": "because", "healthy": True}
        self.take(TicketAction.EXTEND, "chen", Role.MANAGER, extra=until, **said)
        self.take(ruling, "fang", Role.MANAGER, extra={"street": "Wu"}, **said)

    @rule(pause=st.floats(0, 4 * HOUR) | st.floats(0, HOUR) | st.floats(0, 3 * DAY))
    def wait(self, pause: float) -> None:
        self.now += pause
        before = self.ticket
        for ticket, drafts in due([self.ticket], self.now):
            self.put(ticket, drafts)
        new = set(self.ticket.overdue) - set(before.overdue)
        if before.waiting:
            assert not new, "a waiting ticket's clock stands still"
        if before.shelf:
            assert new <= {"review"}
        reached.update(f"overdue {name}" for name in new)

    @rule(seconds=st.sampled_from((-2 * DAY, -HOUR, -0.5, 40 * DAY)))
    def the_clock_jumps(self, seconds: float) -> None:
        """Set the clock; what was told stays told, and no limit moves."""
        before = self.ticket
        self.wait(seconds)
        assert set(before.overdue) <= set(self.ticket.overdue)
        assert all(getattr(self.ticket, name) == getattr(before, name) for name in LIMITS)
        reached["clock set back" if seconds < 0 else "clock set on"] += 1

    @precondition(lambda self: self.ticket.state in {TicketState.TAKEN, TicketState.ARRIVED})
    @rule(pause=st.floats(0, 6 * DAY), folded=st.integers(0, 5))
    def wait_for_somebody(self, pause: float, folded: int) -> None:
        """Have it suspended, let time pass, and now and then fold it while it waits."""
        said: dict[str, Any] = {"reason": "because", "to": "State Grid", "healthy": True}
        self.take(TicketAction.SUSPEND, "chen", Role.MANAGER, **said)
        self.wait(pause)
        if folded == 0:
            self.put(*merge(self.ticket, "GS-9", "r", self.now))

    @precondition(lambda self: self.ticket.state in UNFINISHED and not self.ticket.waiting)
    @rule(review=st.integers(3600, 4 * 86400), pause=st.floats(0, 6 * DAY))
    def put_off(self, review: int, pause: float) -> None:
        """Have it shelved, let time pass, and take it up again."""
        said: dict[str, Any] = {"reason": "because", "healthy": True}
        shelf = self.shelf(self.now + review)
        self.take(TicketAction.SHELVE, "chen", Role.MANAGER, extra=shelf, **said)
        self.wait(pause)
        self.take(TicketAction.UNSHELVE, "chen", Role.MANAGER, **said)

    @precondition(lambda self: self.ticket.state in UNFINISHED)
    @rule(urgency=st.sampled_from(Urgency), days=st.integers(-1, 30), apart=st.integers(0, 3))
    def judge_anew(self, urgency: Urgency, days: int, apart: int) -> None:
        """Have a leader set another urgency, with a day or without, and now and then split it."""
        said: dict[str, Any] = {"reason": "because", "healthy": True}
        day = {"planned": to_local_text(self.now + days * DAY)[:10]} if days else {}
        extra = {"urgency": urgency.value, **day}
        self.take(TicketAction.CLASSIFY, "chen", Role.MANAGER, extra=extra, **said)
        if self.ticket.planned:
            assert self.ticket.urgency is Urgency.PLANNED
            assert self.ticket.arrive_by is None
        if apart == 0:
            self.take(TicketAction.SPLIT, "chen", Role.MANAGER, extra={"part": "A2"}, **said)

    @precondition(lambda self: self.ticket.state in {TicketState.TAKEN, TicketState.ARRIVED})
    @rule(code=st.sampled_from(ClosingCode), back=st.booleans())
    def finish(self, code: ClosingCode, back: bool) -> None:
        """Have the work done by its holder, and rejected or verified by a leader."""
        said: dict[str, Any] = {"reason": "because", "text": "words", "healthy": True}
        holder = self.ticket.holder
        if self.ticket.state is TicketState.TAKEN:
            self.take(TicketAction.ARRIVE, holder, Role.CREW, **said)
        self.take(TicketAction.COMPLETE, holder, Role.CREW, code=code, **said)
        do = TicketAction.REJECT if back else TicketAction.VERIFY
        self.take(do, "chen", Role.MANAGER, **said)

    @precondition(lambda self: self.ticket.state is TicketState.TAKEN)
    @rule(to=st.sampled_from(PEOPLE))
    def hand_on(self, to: str) -> None:
        """Have a leader give the work to somebody else."""
        self.take(
            TicketAction.TRANSFER, "chen", Role.MANAGER, to=to, reason="because", healthy=True
        )

    @precondition(lambda self: self.ticket.state in {TicketState.COMPLETED, TicketState.VERIFIED})
    @rule(satisfied=st.booleans())
    def ask_the_reporter(self, satisfied: bool) -> None:
        """Have somebody call back, where somebody has reported it and was not at work on it."""
        said: dict[str, Any] = {"text": "words", "healthy": True}
        extra = {"satisfied": satisfied}
        self.take(TicketAction.CALL_BACK, "fang", Role.MANAGER, extra=extra, **said)

    @precondition(lambda self: is_open(self.ticket))
    @rule(kind=st.sampled_from(["join", "change", "recover"]), spec=SPECS)
    def hear(self, kind: str, spec: TicketSpec) -> None:
        decision = decide(ticket=spec, reason=WHY)
        if kind == "join":
            self.put(*join(self.ticket, "A2", decision, self.now, self.timing))
        elif kind == "change":
            self.put(*change(self.ticket, (), decision, self.now, self.timing))
        else:
            self.put(*recover(self.ticket, "r", self.now))

    @invariant()
    def the_journal_is_the_ticket(self) -> None:
        if self.entries:
            assert fold(self.entries) == self.ticket
            assert self.ticket.revision == len(self.entries)

    @invariant()
    def who_worked_verifies_nothing(self) -> None:
        if self.entries and self.ticket.verified_by:
            hands = {*self.hands, self.ticket.completed_by}
            assert not any(same_person(self.ticket.verified_by, hand) for hand in hands)

    @invariant()
    def flags_and_detours_say_the_same(self) -> None:
        if self.entries:
            flags = self.ticket.flags
            assert ("suspended" in flags) == (self.ticket.waiting is not None)
            assert ("shelved" in flags) == (self.ticket.shelf is not None)
            assert not (self.ticket.waiting and self.ticket.shelf)
            if self.ticket.waiting or self.ticket.shelf:
                assert self.ticket.state in UNFINISHED

    @invariant()
    def extensions_are_two_at_most_decided_in_turn_and_above(self) -> None:
        if not self.entries:
            return
        rungs = [each.rung for each in self.ticket.extensions]
        assert rungs == [Rung.COMMUNITY, Rung.STREET][: len(rungs)]
        for each in self.ticket.extensions:
            if each.ruling is not Ruling.ASKED:
                assert not same_person(each.asked_by, each.decided_by)
                assert bool(each.street) or each.rung is Rung.COMMUNITY
        granted = [e for e in self.ticket.extensions if e.ruling is Ruling.GRANTED]
        assert bool(granted) == (self.ticket.first_finish_by is not None)

    @invariant()
    def what_people_reported_is_closed_after_a_call_back(self) -> None:
        closed = self.entries and self.ticket.state is TicketState.CLOSED
        if closed and not self.ticket.folded_into:
            asked = self.ticket.source in {"resident", "hotline"}
            assert not asked or self.ticket.call_back is not None

    def take(
        self, do: TicketAction, actor: str, role: Role, *, healthy: bool, **said: object
    ) -> None:
        """Take a step; whether it is taken must be as the table says."""
        for late in due([self.ticket], self.now):
            self.put(*late)
        before, at = self.ticket, self.now
        row = TRANSITIONS.get((before.state, do))
        possible = possible_steps(before, role.value, actor=actor, now=at)
        each = TicketStep(do=do, actor=actor, role=role.value, at=at, **said)
        split = self.split(each) if do is TicketAction.SPLIT else None
        try:
            after, drafts = step(
                before, each, healthy=healthy, now=at, timing=self.timing, split=split
            )
        except InvalidRequestError:
            assert do.value in possible
            return
        except ConflictError as refusal:
            unhealthy = do is TicketAction.COMPLETE and not healthy
            self.check_refusal(refusal, do, possible, unhealthy=unhealthy)
            return
        except ForbiddenError:
            assert row is not None
            assert role not in row.roles
            return
        assert row is not None
        assert do.value in possible
        assert after.state == (row.to or before.state)
        assert drafts[0].type == row.entry
        assert drafts[0].actor == actor
        if do in {TicketAction.GRANT, TicketAction.REFUSE}:
            assert role in LEADERS
            assert not same_person(actor, before.holder)
        if do is TicketAction.EXTEND:
            assert asked_extension(after) is not None
            assert all(getattr(after, name) == getattr(before, name) for name in LIMITS)
        if split:
            self.check_halves(before, after, split)
        self.note_hands(do, actor, before)
        self.put(after, drafts)
        reached[do.value] += 1

    def split(self, wish: TicketStep) -> Split:
        """Say what taking it apart would come to, its second alarm being another rule's."""
        alarms = [self.alarm(name) for name in self.ticket.alarms]
        desk = Desk(
            index=DeskIndex(alarms, [self.ticket]),
            numbers=DeskNumbers(prefix="GS", last_seq=9, last_ticket={}),
            devices={},
            timing=self.timing,
        )
        return take_apart(self.ticket, str(wish.extra.get("part", "")), desk, self.now, None)

    def alarm(self, name: str) -> Alarm:
        rule = "r2" if name == "A2" else self.ticket.rule
        alarm = raise_alarm(decide(rule=rule, at=self.now), alarm_id=name, device=make_device())
        return replace(alarm, ticket=self.ticket.number)

    def check_halves(self, before: Ticket, after: Ticket, split: Split) -> None:
        """Check that what was there is in one of both, and that nobody has won time."""
        opened = split.opened
        assert opened is not None
        assert (opened.number, opened.split_from) == (after.split_off[-1], after.number)
        assert sorted(before.alarms) == sorted((*after.alarms, *opened.alarms))
        assert after.alarms
        assert opened.state is TicketState.NEW
        begun = before.opened_at if before.reopened_at is None else before.reopened_at
        assert opened.opened_at == max(begun, self.now)
        assert opened == renew_limits(opened, self.timing)
        assert all(getattr(after, name) == getattr(before, name) for name in LIMITS)
        assert (after.holder, after.extensions) == (before.holder, before.extensions)

    def check_refusal(
        self, refusal: ConflictError, do: str, possible: tuple[str, ...], *, unhealthy: bool
    ) -> None:
        assert refusal.possible == possible
        assert unhealthy or do not in possible

    def note_hands(self, do: TicketAction, actor: str, before: Ticket) -> None:
        if do is TicketAction.REOPEN:
            self.hands = set()
        elif do in {TicketAction.ARRIVE, TicketAction.COMPLETE}:
            self.hands |= {actor, before.holder}

    def put(self, ticket: Ticket, drafts: list[Draft]) -> None:
        before, self.ticket = self.ticket, ticket
        self.entries += drafts
        moved = [name for name in LIMITS if getattr(before, name) != getattr(ticket, name)]
        if moved:
            [draft] = drafts
            assert draft.type in MOVERS
            assert all(draft.data[name] == getattr(ticket, name) for name in moved)
            resumed = draft.type in {"ticket.resumed", "ticket.unshelved"}
            why = resumed or draft.data.get("reason") or draft.data.get("extensions")
            assert why, f"{draft.type} moves {moved} and does not say why"

    def extras(self) -> st.SearchStrategy[dict[str, Any]]:
        moment = INSTANTS.map(lambda offset: to_rfc3339(self.now + offset))
        values: dict[str, st.SearchStrategy[Any]] = {
            "until": moment,
            "review": moment,
            "satisfied": st.booleans(),
            "street": WORDS,
            "approved_by": st.sampled_from(["community", "street", "crew"]),
            "approver": st.sampled_from([*PEOPLE, "Wu", ""]),
            "condition": WORDS,
            "measure": WORDS,
            "class": st.sampled_from([*Class, "easy"]),
            "urgency": st.sampled_from(Urgency),
            "planned": INSTANTS.map(lambda offset: to_local_text(self.now + offset)[:10]),
            "parts": st.lists(WORDS, max_size=3),
            "minutes": st.integers(-1, 99),
            "part": st.sampled_from(["A2", "A0000000001", "A9"]),
        }
        return st.fixed_dictionaries({}, optional=values)

    def shelf(self, review: float) -> dict[str, Any]:
        return {
            "approved_by": "community",
            "approver": "Wu",
            "condition": "the road is rebuilt",
            "measure": "by hand",
            "review": to_rfc3339(review),
        }


def test_a_tickets_life_holds_whatever_happens() -> None:
    reached.clear()
    run_state_machine_as_test(
        TicketLife,
        settings=settings(
            database=None,
            derandomize=True,
            deadline=None,
            max_examples=120,
            stateful_step_count=80,
            suppress_health_check=list(HealthCheck),
        ),
    )
    ways = {action.value for action in TicketAction} - {"void"}
    assert ways - reached.keys() == set(), "too timid: steps that were never taken"
    assert {"overdue take", "overdue finish", "overdue review"} <= reached.keys()
    assert {"clock set back", "clock set on"} <= reached.keys()

"""Tickets that people take apart: what each half has, and that nothing is lost or won by it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from msgspec.structs import replace

from hub.errors import ConflictError, ForbiddenError, InvalidRequestError
from hub.model.alarm import Action, Alarm, Class, Evidence, Severity, TicketSpec, Urgency
from hub.model.ticket import Ticket, TicketFlag, TicketState
from hub.model.whistle import Report, Source
from hub.services.tickets.consequence import Consequences
from hub.services.tickets.desk_book import DeskBook
from hub.services.tickets.part import Told
from hub.services.tickets.repair import repairs_on
from tests.support.fold import fold
from tests.unit.services.making import HOUR, NOW, decide, make_book, make_device, make_snapshot
from tests.unit.services.making import wish as step_wish

CHEN = {"actor": "chen", "role": "manager"}
PROOF = (Evidence(point="loop.occupied", value=True, at=NOW + 60),)
LOOP = {"rule": "loop-stuck", "evidence": PROOF, "severity": Severity.CRITICAL}
"""Another rule of the same fault: both alarms are one ticket."""
DOOR = make_device("door-1", place="guanshan/a/b1")
RULES = TicketSpec(urgency=Urgency.URGENT, class_=Class.COMPLEX, trade="gate")


def split(book: DeskBook, number: str, part: str, now: float, **fields: object) -> Consequences:
    told = fields.pop("told", None)
    given = {"reason": "two things", "extra": {"part": part}, **CHEN}
    return book.step(number, step_wish("split", **(given | fields)), now, told)[1]


def ticket_of(book: DeskBook, number: str) -> Ticket:
    found = book.index.ticket(number)
    assert found is not None
    return found


def halves(book: DeskBook, out: Consequences) -> tuple[Ticket, Ticket]:
    """Return the old and the new ticket of a split."""
    old = out.tickets[-2]
    return ticket_of(book, old.number), ticket_of(book, old.split_off[-1])


def two_alarms(later: float = HOUR) -> tuple[DeskBook, str, Sequence[Alarm]]:
    """Have two rules find one fault of a gate, the second one `later`."""
    book = make_book(make_device(), DOOR)
    [first] = book.apply(decide(), NOW).alarms
    [second] = book.apply(decide(at=NOW + later, **LOOP), NOW + later).alarms
    assert first.ticket == second.ticket
    return book, first.ticket, (first, second)


def test_an_alarm_gets_a_ticket_of_its_own_and_both_histories_name_each_other() -> None:
    book, number, (first, second) = two_alarms(later=30)
    out = split(book, number, second.id, NOW + 60)
    assert [draft.type for draft in out.drafts] == [
        *("alarm.changed", "ticket.split", "ticket.opened"),
    ]
    old, new = halves(book, out)
    assert (old.alarms, new.alarms) == ((first.id,), (second.id,))
    assert (old.split_off, new.split_from) == ((new.number,), old.number)
    assert (out.drafts[1].data["split_off"], out.drafts[1].data["reason"]) == (
        *([new.number], "two things"),
    )
    assert out.drafts[2].actor == "chen"
    assert {each.id: each.ticket for each in book.index.open_alarms()} == {
        first.id: old.number,
        second.id: new.number,
    }
    assert fold(out.drafts[2:]) == new


def test_each_half_has_its_own_place_evidence_severity_and_limits() -> None:
    book, number, (_, second) = two_alarms()
    assert ticket_of(book, number).severity is Severity.CRITICAL
    old, new = halves(book, split(book, number, second.id, NOW + 2 * HOUR))
    assert (new.state, new.holder, new.rule) == (TicketState.NEW, "", "loop-stuck")
    assert (new.subject, new.place, new.trade) == ("gate-1", "guanshan/a/west", "gate")
    assert (new.evidence, new.severity) == (PROOF, Severity.CRITICAL)
    assert old.severity is Severity.MAJOR
    assert set(old.evidence).isdisjoint(PROOF)
    assert new.opened_at == NOW + HOUR, "its own start, not the instant of the split"
    assert (new.take_by, new.finish_by) == (NOW + 1.5 * HOUR, NOW + 25 * HOUR)
    assert old.finish_by == NOW + 24 * HOUR


def test_a_part_never_starts_before_its_ticket_did() -> None:
    book, number, (_, second) = two_alarms(later=-HOUR)
    _, new = halves(book, split(book, number, second.id, NOW + HOUR))
    assert new.opened_at == NOW


def test_an_alarm_that_comes_again_finds_the_ticket_that_it_was_given() -> None:
    book, number, (_, second) = two_alarms()
    _, new = halves(book, split(book, number, second.id, NOW + 2 * HOUR))
    book.apply(decide(Action.CLEAR, **LOOP), NOW + 3 * HOUR)
    assert TicketFlag.RECOVERED in ticket_of(book, new.number).flags
    assert TicketFlag.RECOVERED not in ticket_of(book, number).flags
    out = book.apply(decide(**LOOP), NOW + 4 * HOUR)
    assert [ticket.number for ticket in out.tickets] == [new.number]
    milder = decide(Action.CHANGE, ticket=RULES, **(LOOP | {"severity": Severity.MINOR}))
    book.apply(milder, NOW + 5 * HOUR)
    assert ticket_of(book, new.number).class_ is Class.COMPLEX
    assert ticket_of(book, number).class_ is Class.GENERAL


def test_who_repairs_the_half_is_told_whether_it_has_helped() -> None:
    book, number, (_, second) = two_alarms()
    _, new = halves(book, split(book, number, second.id, NOW + 2 * HOUR))
    for do in ("take", "arrive"):
        book.step(new.number, step_wish(do), NOW + 2 * HOUR)
    assert repairs_on(book.index, "d_gate-1", "gate.stuck_open") == []
    assert [each.id for each in repairs_on(book.index, "d_gate-1", "gate.other")] == [new.number]


def test_after_a_restart_both_halves_go_on() -> None:
    book, number, (_, second) = two_alarms()
    old, new = halves(book, split(book, number, second.id, NOW + 2 * HOUR))
    stored = msgspec.json.decode(msgspec.json.encode([old, new]), type=list[Ticket])
    alarms = list(book.index.open_alarms())
    last = {"20251125": int(new.number[-4:])}
    after = DeskBook(make_snapshot(alarms=alarms, tickets=stored, last_ticket=last), prefix="GS")
    after.set_devices({"d_gate-1": make_device()})
    after.apply(decide(Action.CLEAR, **LOOP), NOW + 3 * HOUR)
    assert TicketFlag.RECOVERED in ticket_of(after, new.number).flags
    third = after.apply(decide(subject="d_gate-1", fault="gate.x", rule="x"), NOW + 3 * HOUR)
    assert third.tickets[0].number == f"GS-20251125-{last['20251125'] + 1:04d}"


def folded() -> tuple[DeskBook, str, Alarm]:
    """Have a leader fold a door's ticket into a gate's."""
    book = make_book(make_device(), DOOR)
    gate = book.apply(decide(), NOW).tickets[0].number
    held = {"subject": "d_door-1", "rule": "door-held", "fault": "door.held", "ticket": RULES}
    out = book.apply(decide(at=NOW + HOUR, **held), NOW + HOUR)
    book.step(gate, step_wish("dispatch", to="wang", **CHEN), NOW)
    whole = replace(ticket_of(book, gate), place="guanshan/a")
    book.index.put_ticket(whole)
    merge = step_wish("merge", to=gate, **CHEN)
    book.step(out.tickets[0].number, merge, NOW + HOUR)
    return book, gate, out.alarms[0]


def test_a_child_takes_its_alarms_along_and_its_rules_words() -> None:
    book, gate, alarm = folded()
    assert ticket_of(book, gate).children == ("door-1",)
    old, new = halves(book, split(book, gate, "door-1", NOW + 2 * HOUR))
    assert (old.children, len(old.alarms), old.holder) == ((), 1, "wang")
    assert (new.subject, new.uid, new.place) == ("door-1", "d_door-1", "guanshan/a/b1")
    assert (new.alarms, new.fault, new.rule) == ((alarm.id,), "door.held", "door-held")
    assert (new.urgency, new.class_) == (Urgency.URGENT, Class.COMPLEX)
    assert new.opened_at == NOW + HOUR


def test_the_alarm_of_a_child_is_the_child() -> None:
    book, gate, alarm = folded()
    old, new = halves(book, split(book, gate, alarm.id, NOW + 2 * HOUR))
    assert (old.children, new.subject) == ((), "door-1")


def test_what_a_root_fault_explains_stays_off_once_a_person_has_taken_it_off() -> None:
    book = make_book(make_device(), DOOR)
    root = book.apply(decide(), NOW)
    child = book.apply(decide(subject="d_door-1", rule="silent", fault="door.silent"), NOW)
    book.fold(child.alarms[0].id, root.alarms[0].id, NOW + 1)
    gate = root.tickets[0].number
    old, new = halves(book, split(book, gate, "door-1", NOW + HOUR))
    assert (old.children, new.subject, new.fault) == ((), "door-1", "door.silent")
    alarm = book.index.alarm(child.alarms[0].id)
    assert alarm is not None
    assert (alarm.explained_by, alarm.ticket) == ("", new.number)
    parent = book.index.alarm(root.alarms[0].id)
    assert parent is not None
    assert parent.children == ()
    assert book.fold(alarm.id, root.alarms[0].id, NOW + HOUR).drafts == []
    assert ticket_of(book, new.number).state is TicketState.NEW


def test_a_child_without_an_alarm_of_its_own_gets_the_words_of_the_ticket() -> None:
    book = make_book(make_device(), DOOR)
    gate = book.apply(decide(children=("d_door-1",)), NOW).tickets[0]
    old, new = halves(book, split(book, gate.number, "door-1", NOW + HOUR))
    assert (old.children, new.alarms) == ((), ())
    assert (new.subject, new.uid, new.fault) == ("door-1", "d_door-1", "gate.stuck_open")
    assert (new.title, new.evidence, new.opened_at) == (gate.title, gate.evidence, NOW)


REPORT = Report(
    id="r2",
    ticket="GS-20251125-0001",
    source=Source.HOTLINE,
    category="struck",
    subject="gate-1",
    place="guanshan/a/west",
    at=NOW + HOUR,
    joined=True,
    call_back=True,
)


def test_a_report_gets_its_ticket_and_takes_the_call_back_along() -> None:
    book, number, _ = two_alarms()
    book.index.put_ticket(replace(ticket_of(book, number), reported=True))
    out = split(book, number, "r2", NOW + 2 * HOUR, told=Told(report=REPORT, last=True))
    old, new = halves(book, out)
    assert (old.reported, len(old.alarms)) == (False, 2)
    assert (new.source, new.reported, new.opened_at) == ("hotline", True, NOW + HOUR)
    assert (new.title["en"], new.trade) == ("Arm broken off", "gate")
    assert new.fault == f"gate.boom_broken/{new.number}", "somebody says that it is another one"


@pytest.mark.parametrize(("last", "folded_in"), [(False, ()), (True, ("GS-9",))])
def test_who_else_waits_for_a_call_goes_on_waiting(last: bool, folded_in: tuple[str, ...]) -> None:
    book, number, _ = two_alarms()
    book.index.put_ticket(replace(ticket_of(book, number), reported=True, folded=folded_in))
    told = Told(report=REPORT, last=last)
    assert halves(book, split(book, number, "r2", NOW + 2 * HOUR, told=told))[0].reported


def test_who_said_the_same_gets_the_tickets_own_words() -> None:
    book, number, _ = two_alarms()
    same = replace(REPORT, category="other", source=Source.RESIDENT)
    told = Told(report=same, last=True)
    old, new = halves(book, split(book, number, "r2", NOW + 2 * HOUR, told=told))
    assert (new.title, new.urgency, new.source) == (old.title, old.urgency, "resident")


def test_an_alarm_leaves_what_a_resident_had_opened() -> None:
    book, number, (first, second) = two_alarms()
    book.index.put_ticket(replace(ticket_of(book, number), source="resident"))
    old, _ = halves(book, split(book, number, first.id, NOW + 2 * HOUR))
    assert old.rule == "loop-stuck"
    old, _ = halves(book, split(book, number, second.id, NOW + 2 * HOUR))
    assert (old.rule, old.alarms) == ("", ())
    assert TicketFlag.RECOVERED not in old.flags, "what people have seen does not go by itself"


@pytest.mark.parametrize("part", ["", "A0000000099", "door-1", "r2", 7])
def test_only_what_a_ticket_holds_leaves_it(part: object) -> None:
    book, number, _ = two_alarms()
    with pytest.raises(InvalidRequestError) as caught:
        split(book, number, "", NOW, extra={"part": part})
    assert set(caught.value.problems) == {"part"}
    assert ticket_of(book, number).split_off == ()


def test_what_a_ticket_is_about_stays_and_no_number_is_lost() -> None:
    book, number, (first, second) = two_alarms()
    for part, told in ((first.id, None), ("r1", replace(REPORT, joined=False))):
        with pytest.raises(InvalidRequestError, match="take another part off"):
            split(book, number, part, NOW, told=told and Told(report=told, last=False))
    _, new = halves(book, split(book, number, second.id, NOW + HOUR))
    assert new.number == "GS-20251125-0002"


def test_a_leader_takes_apart_what_is_not_completed_and_says_why() -> None:
    book, number, (_, second) = two_alarms()
    with pytest.raises(ForbiddenError):
        split(book, number, second.id, NOW, actor="wang", role="crew")
    with pytest.raises(InvalidRequestError) as caught:
        split(book, number, second.id, NOW, reason="")
    assert set(caught.value.problems) == {"reason"}
    for do in ("take", "arrive"):
        book.step(number, step_wish(do), NOW)
    book.step(number, step_wish("complete", reason="r"), NOW)
    with pytest.raises(ConflictError, match="completed"):
        split(book, number, second.id, NOW)


def test_when_the_last_open_alarm_leaves_the_rest_has_recovered() -> None:
    book, number, (_, second) = two_alarms()
    book.apply(decide(Action.CLEAR), NOW + HOUR)
    old, _ = halves(book, split(book, number, second.id, NOW + 2 * HOUR))
    assert TicketFlag.RECOVERED in old.flags


def test_a_half_can_be_folded_back() -> None:
    book, number, (_, second) = two_alarms()
    _, new = halves(book, split(book, number, second.id, NOW + 2 * HOUR))
    book.step(new.number, step_wish("merge", to=number, **CHEN), NOW + 3 * HOUR)
    whole = ticket_of(book, number)
    assert set(whole.alarms) == {alarm.id for alarm in book.index.open_alarms()}
    assert whole.folded == (new.number,)
    out = book.apply(decide(at=NOW + 4 * HOUR, **LOOP), NOW + 4 * HOUR)
    assert [ticket.number for ticket in out.tickets] in ([], [number])


def test_an_alarm_that_has_cleared_gets_a_ticket_that_says_so_and_a_new_one_stays() -> None:
    book, number, (_, second) = two_alarms(later=30)
    clear = decide(Action.CLEAR, at=NOW + 40, **LOOP)
    [cleared] = book.apply(clear, NOW + 40).alarms
    [newer] = book.apply(decide(at=NOW + 50, **LOOP), NOW + 50).alarms
    assert newer.id != second.id
    out = split(book, number, second.id, NOW + 60, told=cleared)
    old, new = halves(book, out)
    assert (second.id in old.alarms, new.alarms) == (False, (second.id,))
    assert TicketFlag.RECOVERED in new.flags
    assert out.alarms[0].ticket == new.number
    assert out.alarms[0].state == "cleared"
    assert book.index.alarm(second.id) is None
    assert book.index.find_alarm(newer.uid, newer.rule) == newer, "the desk still has the new one"
    assert TicketFlag.RECOVERED not in old.flags


def test_a_cleared_alarm_of_another_ticket_leaves_nothing() -> None:
    book, number, _ = two_alarms(later=30)
    [cleared] = book.apply(decide(Action.CLEAR, at=NOW + 40, **LOOP), NOW + 40).alarms
    with pytest.raises(InvalidRequestError):
        split(book, number, "A9", NOW + 60, told=replace(cleared, id="A9"))

"""The desk's book: what decisions do to alarms and tickets, and what a restart remembers."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hub.errors import ConflictError, NotFoundError
from hub.model.alarm import Action, Alarm, Class, Evidence, Severity, TicketSpec, Urgency
from hub.model.journal import Draft
from hub.model.ticket import Ticket, TicketFlag, TicketState
from hub.services.tickets.consequence import Consequences
from hub.services.tickets.desk_book import DeskBook
from tests.unit.services.making import (
    HOUR,
    NOW,
    URGENT,
    decide,
    make_book,
    make_device,
    make_snapshot,
    wish,
)

CLEAR = Action.CLEAR
CHANGE = Action.CHANGE
SILENT: dict[str, Any] = {"rule": "device-silent", "fault": "device.silent"}


def types(consequences: Consequences) -> list[str]:
    return [draft.type for draft in consequences.drafts]


def only_alarm(book: DeskBook, subject: str = "d_gate-1") -> Alarm:
    [alarm] = book.index.alarms_on(subject)
    return alarm


def close(book: DeskBook, number: str, now: float = NOW) -> Ticket:
    walk = [
        wish("take"),
        wish("arrive"),
        wish("complete", reason="done"),
        wish("verify", "li"),
        wish("close", "chen", "manager"),
    ]
    for each in walk:
        ticket, _ = book.step(number, each, now)
    return ticket


def test_a_raise_makes_an_alarm_and_a_ticket_that_know_each_other() -> None:
    out = make_book().apply(decide(at=NOW - 5), NOW)
    [alarm], [ticket] = out.alarms, out.tickets
    assert types(out) == ["alarm.raised", "ticket.opened"]
    assert (alarm.state, alarm.subject, alarm.uid) == ("raised", "gate-1", "d_gate-1")
    assert (alarm.place, alarm.raised_at) == ("guanshan/a/west", NOW - 5)
    assert (ticket.number, ticket.opened_at) == ("GS-20251125-0001", NOW)
    assert (alarm.ticket, ticket.alarms) == (ticket.number, (alarm.id,))
    raised, opened = out.drafts
    assert (raised.subject, raised.actor) == ("gate-1", "rule:barrier-stuck-open")
    assert raised.data["ticket"] == ticket.number
    assert (opened.subject, opened.data["class"]) == (ticket.number, "general")


def test_a_rule_without_a_ticket_makes_an_alarm_only() -> None:
    out = make_book().apply(decide(ticket=None), NOW)
    assert types(out) == ["alarm.raised"]
    assert out.alarms[0].ticket == ""


def test_a_place_can_be_the_subject() -> None:
    out = make_book().apply(decide(subject="guanshan/a"), NOW)
    assert (out.alarms[0].subject, out.alarms[0].place) == ("guanshan/a", "guanshan/a")
    assert (out.tickets[0].uid, out.tickets[0].place) == ("guanshan/a", "guanshan/a")


def test_a_second_raise_of_the_same_rule_adds_evidence_and_nothing_else() -> None:
    book = make_book()
    book.apply(decide(), NOW)
    more = Evidence(point="mode", value="auto", at=NOW + 9)
    out = book.apply(decide(evidence=(more,)), NOW + 9)
    assert types(out) == ["alarm.changed", "ticket.updated"]
    assert out.alarms[0].evidence[-1] == more
    assert book.apply(decide(evidence=(more,)), NOW + 10) == Consequences()
    assert len(book.index.open_tickets()) == 1


def test_another_rule_with_the_same_fault_joins_and_the_worse_counts() -> None:
    book = make_book()
    book.apply(decide(), NOW)
    second = decide(rule="barrier-held", severity=Severity.CRITICAL, ticket=URGENT)
    out = book.apply(second, NOW + 60)
    assert types(out) == ["alarm.raised", "ticket.updated"]
    [ticket] = book.index.open_tickets()
    assert (ticket.severity, ticket.urgency, len(ticket.alarms)) == ("critical", "urgent", 2)
    assert ticket.take_by == NOW + 300
    assert out.drafts[1].data["reason"] == second.reason


def test_a_milder_rule_that_joins_makes_nothing_milder() -> None:
    book = make_book()
    book.apply(decide(severity=Severity.CRITICAL, ticket=URGENT), NOW)
    planned = TicketSpec(urgency=Urgency.PLANNED)
    book.apply(decide(rule="other", severity=Severity.WARNING, ticket=planned), NOW)
    [ticket] = book.index.open_tickets()
    assert (ticket.severity, ticket.urgency) == ("critical", "urgent")


def test_another_fault_has_a_ticket_of_its_own() -> None:
    book = make_book()
    book.apply(decide(), NOW)
    out = book.apply(decide(rule="boom", fault="gate.boom_broken"), NOW)
    assert out.tickets[0].number == "GS-20251125-0002"


def test_a_clear_flags_the_ticket_only_when_its_last_alarm_is_gone() -> None:
    book = make_book()
    book.apply(decide(), NOW)
    book.apply(decide(rule="other"), NOW)
    first = book.apply(decide(CLEAR), NOW + 1)
    assert types(first) == ["alarm.cleared"]
    second = book.apply(decide(CLEAR, rule="other", at=NOW + 2), NOW + 2)
    assert types(second) == ["alarm.cleared", "ticket.recovered"]
    assert second.alarms[0].cleared_at == NOW + 2
    assert second.tickets[0].flags == (TicketFlag.RECOVERED,)
    assert second.tickets[0].state is TicketState.NEW


def test_a_clear_of_nothing_is_nothing() -> None:
    assert make_book().apply(decide(CLEAR), NOW) == Consequences()


def test_an_alarm_never_ends_before_it_began() -> None:
    book = make_book()
    book.apply(decide(), NOW)
    assert book.apply(decide(CLEAR, at=NOW - 50), NOW).alarms[0].cleared_at == NOW


def test_a_new_raise_takes_the_recovered_flag_away() -> None:
    book = make_book()
    book.apply(decide(), NOW)
    book.apply(decide(CLEAR), NOW + 1)
    out = book.apply(decide(), NOW + 2)
    assert types(out) == ["alarm.raised", "ticket.updated"]
    assert out.tickets[0].flags == ()
    assert len(out.tickets[0].alarms) == 2


def test_a_raise_within_a_day_of_closing_reopens_the_number_and_later_opens_a_new_one() -> None:
    for hours, number, entry in ((24, "0001", "ticket.reopened"), (24.1, "0001", "ticket.opened")):
        book = make_book()
        first = book.apply(decide(), NOW).tickets[0].number
        book.apply(decide(CLEAR), NOW)
        close(book, first)
        now = NOW + hours * HOUR
        out = book.apply(decide(ticket=URGENT, at=now), now)
        assert types(out) == ["alarm.raised", entry]
        assert out.tickets[0].number.endswith(number)
        assert (out.tickets[0].number == first) is (entry == "ticket.reopened")
        assert out.tickets[0].take_by == now + 300


def test_a_ticket_that_was_closed_unrepaired_comes_back_after_an_hour_with_a_note() -> None:
    book = make_book()
    number = book.apply(decide(), NOW).tickets[0].number
    close(book, number)
    assert book.run_due(NOW + HOUR - 1).drafts == []
    out = book.run_due(NOW + HOUR)
    [draft] = out.drafts
    assert (draft.type, draft.subject) == ("ticket.reopened", number)
    assert "an hour after" in draft.data["reason"]["en"]
    assert out.tickets[0].state is TicketState.DISPATCHED
    assert book.run_due(NOW + 3 * HOUR).tickets[0].overdue
    assert [draft.type for draft in book.run_due(NOW + 3 * HOUR).drafts] == []


def test_a_ticket_closed_while_a_fire_holds_its_alarm_comes_back_when_the_fire_is_over() -> None:
    book = make_book()
    result = book.apply(decide(), NOW)
    number, alarm = result.tickets[0].number, result.alarms[0].id
    [draft] = book.hold(alarm, "fire", NOW).drafts
    assert (draft.type, draft.data["held_by"], draft.data["state"]) == (
        "alarm.changed", "fire", "suppressed",
    )  # fmt: skip
    assert book.hold(alarm, "fire", NOW).drafts == []
    close(book, number)
    assert book.run_due(NOW + 2 * HOUR).drafts == []
    assert book.hold(alarm, "", NOW + 2 * HOUR).alarms[0].state == "raised"
    [draft] = book.run_due(NOW + 2 * HOUR).drafts
    assert (draft.type, draft.subject) == ("ticket.reopened", number)


def test_nothing_comes_back_that_is_good_or_that_nobody_means_to_repair() -> None:
    book = make_book(make_device(), make_device("gate-2"))
    good, left = (book.apply(decide(subject=f"d_gate-{n}"), NOW).tickets[0].number for n in (1, 2))
    close(book, good)
    book.apply(decide(CLEAR, at=NOW + 60), NOW + 60)
    for each in (wish("take"), wish("arrive"), wish("complete", code="wont_fix", reason="no")):
        book.step(left, each, NOW)
    for each in (wish("verify", "li"), wish("close", "chen", "manager")):
        book.step(left, each, NOW)
    assert book.run_due(NOW + 2 * HOUR).drafts == []


def test_a_reopened_ticket_counts_it_and_waits_to_be_taken() -> None:
    book = make_book()
    number = book.apply(decide(), NOW).tickets[0].number
    book.apply(decide(CLEAR), NOW)
    close(book, number)
    [ticket] = book.apply(decide(), NOW + 60).tickets
    assert (ticket.state, ticket.reopened, ticket.holder) == ("dispatched", 1, "")
    assert (ticket.closed_at, ticket.completed_by, ticket.verified_by) == (None, "", "")


def test_a_voided_ticket_stays_voided() -> None:
    book = make_book()
    number = book.apply(decide(), NOW).tickets[0].number
    book.apply(decide(CLEAR), NOW)
    book.step(
        number, wish("void", "chen", "manager", reason="drill", extra={"approver": "wu"}), NOW
    )
    assert book.apply(decide(), NOW + 1).tickets[0].number == "GS-20251125-0002"


def test_a_change_moves_severity_urgency_class_and_limits_with_its_reason() -> None:
    book = make_book()
    book.apply(decide(), NOW)
    spec = TicketSpec(urgency=Urgency.URGENT, class_=Class.COMPLEX)
    reason = {"zh": "夜间", "en": "at night"}
    out = book.apply(
        decide(CHANGE, severity=Severity.CRITICAL, ticket=spec, reason=reason), NOW + 60
    )
    assert types(out) == ["alarm.changed", "ticket.updated"]
    changed, updated = (draft.data for draft in out.drafts)
    assert (changed["severity"], changed["reason"]) == ("critical", reason)
    assert updated["reason"] == reason
    assert (updated["urgency"], updated["class"]) == ("urgent", "complex")
    assert (updated["take_by"], updated["finish_by"]) == (NOW + 300, NOW + 72 * HOUR)


def test_a_ticket_is_as_bad_as_the_worst_of_its_alarms() -> None:
    book = make_book()
    book.apply(decide(severity=Severity.CRITICAL), NOW)
    book.apply(decide(rule="other", severity=Severity.MINOR), NOW)
    book.apply(decide(CHANGE, rule="other", severity=Severity.MAJOR), NOW)
    [ticket] = book.index.open_tickets()
    assert ticket.severity == "critical"


def test_a_change_can_open_the_first_ticket_and_one_of_an_unknown_alarm_raises_it() -> None:
    book = make_book()
    book.apply(decide(ticket=None), NOW)
    out = book.apply(decide(CHANGE), NOW)
    assert "ticket.opened" in types(out)
    assert only_alarm(book).ticket == "GS-20251125-0001"
    assert types(make_book().apply(decide(CHANGE), NOW)) == ["alarm.raised", "ticket.opened"]


def test_a_suppressed_raise_is_recorded_and_wakes_when_no_gate_stops_it_any_more() -> None:
    book = make_book()
    out = book.apply(decide(), NOW, suppressed=True)
    assert types(out) == ["alarm.suppressed"]
    assert (out.alarms[0].state, out.alarms[0].ticket) == ("suppressed", "")
    out = book.apply(decide(), NOW + 60)
    assert types(out) == ["alarm.raised", "ticket.opened"]
    assert out.alarms[0].id == only_alarm(book).id
    assert only_alarm(book).ticket == out.tickets[0].number


def test_a_suppressed_alarm_clears_without_a_word_about_tickets() -> None:
    book = make_book()
    book.apply(decide(), NOW, suppressed=True)
    assert types(book.apply(decide(CLEAR), NOW)) == ["alarm.cleared"]


def test_a_rule_on_trial_is_recorded_and_opens_nothing() -> None:
    book = make_book()
    out = book.apply(decide(trial=True), NOW)
    assert types(out) == ["alarm.suppressed"]
    assert out.drafts[0].data["trial"] is True
    assert types(book.apply(decide(CHANGE, trial=True, severity=Severity.MINOR), NOW)) == [
        "alarm.changed"
    ]


def test_a_gate_that_answers_no_leaves_a_raised_alarm_and_its_ticket_alone() -> None:
    book = make_book()
    book.apply(decide(), NOW)
    out = book.apply(decide(severity=Severity.CRITICAL), NOW, suppressed=True)
    assert out == Consequences()


def storm(book: DeskBook, children: int = 3) -> Consequences:
    """Children fall silent, then what carries them is seen; the topology folds each of them."""
    uids = tuple(f"d_cam-{n}" for n in range(children))
    for uid in uids:
        book.apply(decide(subject=uid, **SILENT), NOW)
    out = book.apply(decide(subject="d_switch", children=uids, **SILENT), NOW + 60)
    for uid in uids:
        child, root = book.index.find_alarm(uid, "device-silent"), only_alarm(book, "d_switch")
        assert child is not None
        out.add(book.fold(child.id, root.id, NOW + 60))
    return out


def storm_book() -> DeskBook:
    cameras = [make_device(f"cam-{n}") for n in range(3)]
    return make_book(make_device("switch"), *cameras)


def test_a_storm_is_one_ticket_that_lists_its_children() -> None:
    book = storm_book()
    out = storm(book)
    [root] = book.index.open_tickets()
    assert (root.subject, root.children) == ("switch", ("cam-0", "cam-1", "cam-2"))
    assert types(out).count("ticket.merged") == 3
    assert types(out).count("ticket.updated") == 0
    alarm = only_alarm(book, "d_switch")
    assert alarm.children == root.children
    child = only_alarm(book, "d_cam-0")
    assert (child.state, child.explained_by) == ("raised", alarm.id)
    merged = book.index.ticket(child.ticket)
    assert merged is not None
    assert (merged.state, merged.folded_into) == ("closed", root.number)


def test_a_child_with_a_fault_of_its_own_keeps_its_ticket() -> None:
    book = storm_book()
    book.apply(decide(subject="d_cam-1", rule="picture", fault="camera.picture"), NOW)
    storm(book)
    assert {each.fault for each in book.index.open_tickets()} == {"device.silent", "camera.picture"}


def test_a_child_that_stays_silent_gets_its_ticket_back() -> None:
    book = storm_book()
    storm(book)
    number = only_alarm(book, "d_cam-0").ticket
    book.apply(decide(CLEAR, subject="d_switch", **SILENT), NOW + 100)
    out = book.apply(decide(subject="d_cam-0", **SILENT), NOW + 300)
    assert types(out) == ["alarm.raised", "ticket.reopened"]
    [ticket] = out.tickets
    assert (ticket.number, ticket.state, ticket.folded_into) == (number, "dispatched", "")
    assert (ticket.reopened, ticket.flags) == (0, ())
    assert only_alarm(book, "d_cam-0").explained_by == ""


def test_a_child_can_be_folded_in_afterwards_by_hand_of_the_engine() -> None:
    book = storm_book()
    book.apply(decide(subject="d_switch", **SILENT), NOW)
    book.apply(decide(subject="d_cam-0", **SILENT), NOW + 1)
    child, root = only_alarm(book, "d_cam-0"), only_alarm(book, "d_switch")
    out = book.fold(child.id, root.id, NOW + 2)
    assert types(out) == ["alarm.changed", "alarm.changed", "ticket.updated", "ticket.merged"]
    assert only_alarm(book, "d_switch").children == ("cam-0",)
    assert book.fold(child.id, root.id, NOW + 3).tickets == []
    with pytest.raises(NotFoundError, match="A9"):
        book.fold("A9", root.id, NOW)


def test_a_supply_that_falls_silent_after_its_mains_is_not_its_own_child() -> None:
    book = storm_book()
    mains = SILENT | {"rule": "supply-mains-lost", "fault": "power.mains_lost"}
    uids = ("d_switch", "d_cam-0")
    book.apply(decide(subject="d_switch", children=uids, **mains), NOW)
    book.apply(decide(subject="d_switch", **SILENT), NOW + 90, suppressed=True)
    silent = book.index.find_alarm("d_switch", str(SILENT["rule"]))
    root = book.index.find_alarm("d_switch", "supply-mains-lost")
    assert silent
    assert root
    out = book.fold(silent.id, root.id, NOW + 90)
    assert types(out) == ["alarm.changed"]
    assert [each.children for each in book.index.open_tickets()] == [("cam-0",)]


def test_a_child_keeps_its_ticket_while_the_root_has_none() -> None:
    book = storm_book()
    book.apply(decide(subject="d_cam-0", **SILENT), NOW)
    book.apply(decide(subject="d_switch", children=("d_cam-0",), ticket=None, **SILENT), NOW)
    book.fold(only_alarm(book, "d_cam-0").id, only_alarm(book, "d_switch").id, NOW)
    assert [each.subject for each in book.index.open_tickets()] == ["cam-0"]
    assert only_alarm(book, "d_cam-0").explained_by


def test_a_child_that_never_had_an_alarm_is_recorded_and_wakes_when_the_root_is_gone() -> None:
    book = storm_book()
    book.apply(decide(subject="d_switch", **SILENT), NOW)
    book.apply(decide(subject="d_cam-0", **SILENT), NOW, suppressed=True)
    book.fold(only_alarm(book, "d_cam-0").id, only_alarm(book, "d_switch").id, NOW)
    book.apply(decide(CLEAR, subject="d_switch", **SILENT), NOW + 60)
    out = book.apply(decide(subject="d_cam-0", **SILENT), NOW + 180)
    assert types(out) == ["alarm.raised", "ticket.opened"]
    assert (out.alarms[0].state, out.alarms[0].explained_by) == ("raised", "")


def test_a_ticket_that_an_unexplained_alarm_still_needs_stays_open() -> None:
    book = storm_book()
    book.apply(decide(subject="d_cam-0", **SILENT), NOW)
    book.apply(decide(subject="d_cam-0", rule="no-ping", fault="device.silent"), NOW)
    book.apply(decide(subject="d_switch", **SILENT), NOW)
    child = book.index.find_alarm("d_cam-0", "device-silent")
    assert child is not None
    out = book.fold(child.id, only_alarm(book, "d_switch").id, NOW)
    assert "ticket.merged" not in types(out)


def test_a_folded_childs_clear_touches_no_ticket() -> None:
    book = storm_book()
    storm(book)
    assert types(book.apply(decide(CLEAR, subject="d_cam-0", **SILENT), NOW + 90)) == [
        "alarm.cleared"
    ]


def test_a_step_knows_from_the_alarms_whether_the_device_is_healthy() -> None:
    book = make_book()
    number = book.apply(decide(), NOW).tickets[0].number
    for each in (wish("take"), wish("arrive")):
        book.step(number, each, NOW)
    with pytest.raises(ConflictError, match="not healthy"):
        book.step(number, wish("complete"), NOW)
    book.apply(decide(CLEAR), NOW)
    ticket, out = book.step(number, wish("complete"), NOW)
    assert (ticket.state, types(out), out.tickets) == ("completed", ["ticket.completed"], [ticket])


def test_a_step_of_an_unknown_ticket_says_so_and_an_old_one_can_be_recalled() -> None:
    book = make_book()
    number = book.apply(decide(), NOW).tickets[0].number
    book.apply(decide(CLEAR), NOW)
    old = close(book, number)
    book.run_due(NOW + 26 * HOUR)
    later = NOW + 48 * HOUR
    again = wish("reopen", "li", reason="again")
    with pytest.raises(NotFoundError, match=number):
        book.step(number, again, later)
    book.recall(old)
    assert book.step(number, again, later)[0].state == "dispatched"


def test_an_old_ticket_is_not_reopened_beside_a_new_one_of_the_same_fault() -> None:
    book = make_book()
    old = close(book, book.apply(decide(), NOW).tickets[0].number)
    book.apply(decide(CLEAR), NOW)
    new = book.apply(decide(), NOW + 30 * HOUR).tickets[0].number
    book.recall(old)
    with pytest.raises(ConflictError, match=new) as caught:
        book.step(old.number, wish("reopen", "li", reason="r"), NOW + 30 * HOUR)
    assert caught.value.possible == ("comment",)


def test_overdue_is_told_once_and_only_when_there_is_something_to_tell() -> None:
    book = make_book()
    book.apply(decide(), NOW)
    assert book.run_due(NOW + 1799) == Consequences()
    assert types(book.run_due(NOW + 1800)) == ["ticket.overdue"]
    assert book.run_due(NOW + 1801) == Consequences()
    assert types(book.run_due(NOW + 25 * HOUR)) == ["ticket.overdue"] * 2
    assert book.run_due(NOW + 26 * HOUR) == Consequences()
    assert book.index.take_due(NOW + 26 * HOUR) == ()


def test_nobody_is_at_work_on_what_waits() -> None:
    book = make_book()
    number = book.apply(decide(), NOW).tickets[0].number
    for do in ("take", "arrive"):
        book.step(number, wish(do), NOW)
    assert [each.number for each in book.index.at_work_on("d_gate-1")] == [number]
    book.step(number, wish("suspend", to="State Grid", reason="no current"), NOW)
    assert book.index.at_work_on("d_gate-1") == []
    book.step(number, wish("resume"), NOW)
    assert [each.number for each in book.index.at_work_on("d_gate-1")] == [number]


def test_each_entry_about_a_ticket_has_its_own_version_of_it() -> None:
    book = make_book()
    book.apply(decide(), NOW)
    book.apply(decide(rule="boom", fault="gate.boom_broken"), NOW)
    out = book.run_due(NOW + 25 * HOUR)
    told = [(draft.subject, draft.data["revision"]) for draft in out.drafts]
    assert told == [(ticket.number, ticket.revision) for ticket in out.tickets]
    assert len(told) == 6


def test_a_limit_that_has_just_passed_is_told_before_a_step_moves_it() -> None:
    book = make_book()
    number = book.apply(decide(), NOW).tickets[0].number
    more = {"extra": {"class": "complex", "urgency": "urgent"}, "reason": "a rack is broken"}
    ticket, out = book.step(number, wish("classify", "chen", "manager", **more), NOW + 25 * HOUR)
    assert types(out) == ["ticket.overdue"] * 3 + ["ticket.classified"]
    assert ticket.finish_by == NOW + 72 * HOUR
    assert ticket.revision == 5


def test_numbers_go_on_after_a_restart_and_begin_anew_each_day() -> None:
    book = make_book(last_seq=41, last_ticket={"20251125": 7})
    out = book.apply(decide(), NOW)
    assert (out.alarms[0].id, out.tickets[0].number) == ("A0000000042", "GS-20251125-0008")
    out = book.apply(decide(rule="b", fault="b"), NOW + 24 * HOUR)
    assert (out.alarms[0].id, out.tickets[0].number) == ("A0000000043", "GS-20251126-0001")


def test_a_restart_remembers_what_is_open_and_what_closed_lately() -> None:
    book = storm_book()
    done = storm(book)
    book.apply(decide(subject="d_cam-0"), NOW)
    after = DeskBook(
        make_snapshot(
            alarms=[a for uid in ("d_switch", "d_cam-0") for a in book.index.alarms_on(uid)],
            tickets=[*book.index.open_tickets(), *done.tickets],
            last_seq=99,
        ),
        prefix="GS",
    )
    assert after.apply(decide(subject="d_switch", **SILENT, children=("cam-0",)), NOW).tickets == []
    out = after.apply(decide(subject="d_cam-0", **SILENT), NOW + 200)
    assert types(out) == ["alarm.raised", "ticket.reopened"]


def test_evidence_is_kept_from_both_ends() -> None:
    book = make_book()
    book.apply(decide(), NOW)
    for second in range(1, 40):
        at = NOW + second
        book.apply(decide(evidence=(Evidence(point="p", value=second, at=at),)), at)
    evidence = only_alarm(book).evidence
    assert len(evidence) == 20
    assert (evidence[0].point, evidence[-1].value) == ("arm.position", 39)


def test_consequences_of_several_decisions_make_one_batch() -> None:
    book, out = make_book(), Consequences()
    out.add(book.apply(decide(), NOW))
    out.add(book.apply(decide(CLEAR), NOW))
    assert types(out) == ["alarm.raised", "ticket.opened", "alarm.cleared", "ticket.recovered"]
    tickets = [draft for draft in out.drafts if draft.type.startswith("ticket.")]
    assert [(t.number, t.revision) for t in out.tickets] == [_identify(draft) for draft in tickets]
    assert Consequences().drafts == []


def _identify(draft: Draft) -> tuple[str, int]:
    return draft.subject, draft.data["revision"]


def test_a_drill_marks_its_tickets() -> None:
    book = DeskBook(make_snapshot(), prefix="GS", test=True)
    assert book.apply(decide(), NOW).tickets[0].test


def test_drafts_are_plain_json() -> None:
    book = storm_book()
    out = storm(book)
    assert msgspec.json.decode(msgspec.json.encode(out.drafts)) == [
        msgspec.to_builtins(draft) for draft in out.drafts
    ]

"""Acceptance sheets: a fault is tried, or left out with a reason, and then somebody signs."""

from __future__ import annotations

import msgspec
import pytest

from hub.errors import ConflictError, InvalidRequestError, NotFoundError
from hub.model.acceptance import Acceptance, Excuse, Progress, Signature, StateChange
from hub.model.alarm import Action
from hub.model.device import Device, DeviceUid, Kind, Lifecycle
from hub.services.commission.acceptance import (
    KEPT_ATTEMPTS,
    end,
    excuse,
    find_missing,
    note_decision,
    sign,
    write_lines,
)
from hub.services.commission.lifecycle import check_change
from hub.services.commission.state_book import read_sheets, sheet_document, stand
from hub.services.registry import Site
from tests.support.commission import BOOM, FAULTS, STUCK, decide

NOW = 1_764_000_000.0
UID = DeviceUid("d1")
SHEET = Acceptance(uid=UID, device="gate-1", number=1, begun_at=NOW, begun_by="李经理")
SIGNED = Signature(actor="李经理", accompanied="王师傅", at=NOW + 100)
GATE = Device(uid=UID, id="gate-1", address="g1", kind=Kind.BARRIER_GATE, model="x", place="g/a")


def said(sheet: Acceptance, *steps: tuple[str, Action, float]) -> Acceptance:
    for rule, action, after in steps:
        sheet = note_decision(sheet, decide(rule, action, NOW + after, UID))
    return sheet


def tried(sheet: Acceptance, *rules: str) -> Acceptance:
    for rule in rules:
        sheet = said(sheet, (rule, Action.RAISE, 1), (rule, Action.CLEAR, 2))
    return sheet


def progress(sheet: Acceptance) -> list[str]:
    return [line.progress.value for line in write_lines(sheet, FAULTS)]


def test_a_fault_is_tried_once_it_has_come_and_gone() -> None:
    assert progress(SHEET) == ["untried", "untried"]
    there = said(SHEET, (BOOM, Action.RAISE, 1))
    assert progress(there) == ["raised", "untried"]
    gone = said(there, (BOOM, Action.CLEAR, 2))
    assert progress(gone) == ["tried", "untried"]
    attempt = write_lines(gone, FAULTS)[0].attempts[0]
    assert (attempt.raised_at, attempt.cleared_at) == (NOW + 1, NOW + 2)
    assert attempt.evidence[0].point == "boom.broken"
    # What is there again is not over.
    assert progress(said(gone, (BOOM, Action.RAISE, 3))) == ["raised", "untried"]


def test_what_was_there_before_the_sheet_began_was_not_tried() -> None:
    assert said(SHEET, (BOOM, Action.CLEAR, 1), (BOOM, Action.CHANGE, 2)) == SHEET


def test_a_fault_that_is_told_twice_is_one_attempt_and_the_first_is_kept_for_ever() -> None:
    twice = said(SHEET, (BOOM, Action.RAISE, 1), (BOOM, Action.RAISE, 2))
    assert len(twice.attempts[BOOM]) == 1
    sheet = SHEET
    for turn in range(10):
        sheet = said(sheet, (BOOM, Action.RAISE, turn), (BOOM, Action.CLEAR, turn + 0.5))
    kept = [each.raised_at - NOW for each in sheet.attempts[BOOM]]
    assert kept == [0, 6, 7, 8, 9]
    assert len(kept) == KEPT_ATTEMPTS


def test_it_is_signed_when_every_fault_was_tried_or_left_out_with_a_reason() -> None:
    half = tried(SHEET, BOOM)
    with pytest.raises(ConflictError, match="Barrier stays open") as refused:
        sign(half, FAULTS, SIGNED)
    assert "道闸长时间不落杆" in str(refused.value)
    spared = excuse(half, FAULTS, STUCK, why=" 车道未通车 ", actor="王师傅", now=NOW)
    assert spared.excuses[STUCK] == Excuse(why="车道未通车", actor="王师傅", at=NOW)
    signed = sign(spared, FAULTS, SIGNED)
    assert (signed.signature, signed.ended_at) == (SIGNED, NOW + 100)
    # A reason that is taken back counts no more.
    again = excuse(spared, FAULTS, STUCK, why="", actor="王师傅", now=NOW)
    assert [line.fault.rule for line in find_missing(write_lines(again, FAULTS))] == [STUCK]


def test_a_fault_that_is_there_keeps_it_from_being_signed_and_a_trial_rule_does_not() -> None:
    on_trial = (FAULTS[0], msgspec.structs.replace(FAULTS[1], trial=True))
    there = said(tried(SHEET, BOOM), (BOOM, Action.RAISE, 5))
    with pytest.raises(ConflictError, match="Boom broken"):
        sign(there, on_trial, SIGNED)
    signed = sign(said(there, (BOOM, Action.CLEAR, 6)), on_trial, SIGNED)
    assert write_lines(signed, ())[1].progress is Progress.EXEMPT


def test_an_ended_sheet_shows_the_rules_of_its_day_and_takes_nothing_more() -> None:
    signed = sign(tried(SHEET, BOOM, STUCK), FAULTS, SIGNED)
    assert [line.fault.rule for line in write_lines(signed, ())] == [BOOM, STUCK]
    for late in (signed, end(SHEET, FAULTS, NOW)):
        with pytest.raises(ConflictError, match="has ended"):
            sign(late, FAULTS, SIGNED)
        with pytest.raises(ConflictError, match="has ended"):
            excuse(late, FAULTS, BOOM, why="x", actor="li", now=NOW)


def test_a_signature_names_who_was_there_and_an_excuse_a_rule_that_there_is() -> None:
    alone = msgspec.structs.replace(SIGNED, accompanied="")
    with pytest.raises(InvalidRequestError, match="who was there"):
        sign(tried(SHEET, BOOM, STUCK), FAULTS, alone)
    with pytest.raises(NotFoundError, match="barrier-boom-broken"):
        excuse(SHEET, FAULTS, "barrier-boom-brokn", why="x", actor="li", now=NOW)
    with pytest.raises(InvalidRequestError, match="up to 500"):
        excuse(SHEET, FAULTS, BOOM, why="x" * 501, actor="li", now=NOW)


@pytest.mark.parametrize(
    ("state", "to"),
    [
        (Lifecycle.PLANNED, Lifecycle.IN_SERVICE),
        (Lifecycle.COMMISSIONING, Lifecycle.IN_SERVICE),
        (Lifecycle.IN_SERVICE, Lifecycle.PLANNED),
        (Lifecycle.IN_SERVICE, Lifecycle.IN_SERVICE),
    ],
)
def test_a_state_that_cannot_follow_is_a_conflict(state: Lifecycle, to: Lifecycle) -> None:
    with pytest.raises(ConflictError, match="gate-1 is"):
        check_change(msgspec.structs.replace(GATE, state=state), to)


def test_maintenance_is_a_window_and_every_state_has_a_way_out() -> None:
    with pytest.raises(InvalidRequestError, match="window"):
        check_change(GATE, Lifecycle.MAINTENANCE)
    for state in Lifecycle:
        device = msgspec.structs.replace(GATE, state=state)
        leave = Lifecycle.PLANNED if state is Lifecycle.RETIRED else Lifecycle.RETIRED
        check_change(device, leave)


def test_what_was_changed_on_the_hub_counts_before_the_sheet_which_is_told_if_it_is_edited() -> (
    None
):
    change = StateChange(
        uid=UID,
        device="gate-1",
        state=Lifecycle.IN_SERVICE,
        written=Lifecycle.COMMISSIONING,
        at=NOW,
        actor="李经理",
        why="acceptance sheet 1",
    )
    changes = {UID: msgspec.json.encode(change)}

    def read(state: Lifecycle) -> tuple[Lifecycle, list[str]]:
        device = msgspec.structs.replace(GATE, state=state)
        found = stand(Site(devices=(device,), places={}), changes, "devices.csv")
        assert found.written == {UID: state}
        return found.site.devices[0].state, [str(each) for each in found.problems]

    assert read(Lifecycle.COMMISSIONING) == (Lifecycle.IN_SERVICE, [])
    assert read(Lifecycle.IN_SERVICE) == (Lifecycle.IN_SERVICE, [])
    state, problems = read(Lifecycle.RETIRED)
    assert state is Lifecycle.IN_SERVICE
    assert "devices.csv: gate-1: state 'retired' does not count, since 李经理" in problems[0]


def test_sheets_come_back_from_the_store_as_they_were() -> None:
    signed = sign(tried(SHEET, BOOM, STUCK), FAULTS, SIGNED)
    second = msgspec.structs.replace(SHEET, number=2)
    documents = [sheet_document(each, NOW) for each in (second, signed)]
    assert len({document.key for document in documents}) == 2
    assert read_sheets({d.key: d.body or b"" for d in documents}) == [signed, second]

import json
from collections.abc import Callable

import pytest

from hub.model.device import Kind
from simulators.agenda import Agenda
from simulators.device import Movement, Surroundings
from simulators.door import Controller, Door
from simulators.gate import Gate
from simulators.site import DeviceRow
from tests.unit.simulators.tape import Tape


@pytest.fixture
def gate(row_of: Callable[[Kind], DeviceRow], around: Surroundings) -> Gate:
    return Gate(row_of(Kind.BARRIER_GATE), around)


@pytest.fixture
def door(row_of: Callable[[Kind], DeviceRow], around: Surroundings) -> Door:
    return Door(row_of(Kind.UNIT_DOOR), around)


def order(do: str, expires: float, name: str = "c1") -> bytes:
    return json.dumps({"id": name, "do": do, "issued": 0, "expires": expires}).encode()


def results(tape: Tape) -> list[str]:
    return [body["result"] for body in tape.bodies("ack")]


def test_an_order_is_received_obeyed_seen_moving_and_executed(
    gate: Gate, agenda: Agenda, tape: Tape, moves: list[Movement]
) -> None:
    gate.orders.receive(order("open", agenda.now + 5))
    agenda.run_until(agenda.now + 2)
    assert results(tape) == ["received", "executed"]
    assert tape.states("arm.position") == ["moving", "open"]
    topics = [each.topic for each in tape.messages]
    assert topics == ["ack", "state", "state", "ack"], "the position is told before the success"
    (entry,) = moves
    assert (entry.command, entry.device, entry.do) == ("c1", "barrier_gate-1", "open")
    assert entry.expires == entry.at + 5


def test_an_order_that_comes_too_late_is_refused_and_moves_nothing(
    gate: Gate, agenda: Agenda, tape: Tape, moves: list[Movement]
) -> None:
    gate.orders.receive(order("open", agenda.now))
    agenda.run_until(agenda.now + 10)
    assert results(tape) == ["refused"]
    assert "expired" in tape.bodies("ack")[0]["why"]
    assert not moves
    assert not tape.bodies("state")


def test_expiry_is_judged_by_the_gates_own_clock(gate: Gate, agenda: Agenda, tape: Tape) -> None:
    gate.clock_offset = 3600
    gate.orders.receive(order("open", agenda.now + 5))
    assert results(tape) == ["refused"]


def test_a_thousand_deliveries_of_one_order_move_the_arm_once(
    gate: Gate, agenda: Agenda, tape: Tape, moves: list[Movement]
) -> None:
    for _ in range(1000):
        gate.orders.receive(order("open", agenda.now + 5))
    agenda.run_until(agenda.now + 60)
    assert [entry.command for entry in moves] == ["c1", None], "opened once, then closed by itself"
    gate.orders.receive(order("open", agenda.now + 5))
    assert tape.bodies("ack")[-1] == {"id": "c1", "result": "executed"}
    assert len(moves) == 2


def test_an_id_is_forgotten_after_a_day(gate: Gate, agenda: Agenda, moves: list[Movement]) -> None:
    gate.orders.receive(order("open", agenda.now + 5))
    agenda.run_until(agenda.now + 25 * 3600)
    gate.orders.receive(order("open", agenda.now + 5))
    assert [entry.command for entry in moves if entry.command] == ["c1", "c1"]


@pytest.mark.parametrize("payload", [b"", b"\xff", b"[]", b'{"id":"x"}', b'{"id":1,"do":"open"}'])
def test_what_is_no_order_moves_nothing_and_has_no_answer(
    gate: Gate, tape: Tape, moves: list[Movement], payload: bytes
) -> None:
    gate.orders.receive(payload)
    assert not tape.messages
    assert not moves


def test_an_order_that_a_gate_does_not_know_is_refused(
    gate: Gate, agenda: Agenda, tape: Tape
) -> None:
    gate.orders.receive(order("dance", agenda.now + 5))
    assert results(tape) == ["refused"]
    assert "dance" in tape.bodies("ack")[0]["why"]


def test_a_silent_gate_hears_nothing(
    gate: Gate, agenda: Agenda, tape: Tape, moves: list[Movement]
) -> None:
    gate.mute("cut")
    gate.orders.receive(order("open", agenda.now + 5))
    assert not tape.bodies("ack")
    assert not moves


def test_a_car_passes_and_the_log_says_that_nobody_told_the_gate(
    gate: Gate, agenda: Agenda, tape: Tape, moves: list[Movement]
) -> None:
    assert gate.let_through()
    agenda.run_until(agenda.now + 30)
    assert tape.states("arm.position") == ["moving", "open", "moving", "closed"]
    assert tape.states("loop.occupied") == [False, True, False]
    assert [body["name"] for body in tape.bodies("event")] == ["vehicle.passed"]
    assert [(entry.command, entry.do) for entry in moves] == [(None, "open"), (None, "close")]


def test_limit_switches_never_contradict_each_other(gate: Gate, agenda: Agenda, tape: Tape) -> None:
    gate.let_through()
    agenda.run_until(agenda.now + 30)
    for body in tape.bodies("state"):
        points = body["points"]
        assert points["arm.limit_open"] == (points["arm.position"] == "open")
        assert points["arm.limit_closed"] == (points["arm.position"] == "closed")


def test_hold_open_stays_until_released(
    gate: Gate, agenda: Agenda, tape: Tape, moves: list[Movement]
) -> None:
    gate.orders.receive(order("hold_open", agenda.now + 5))
    gate.let_through()
    agenda.run_until(agenda.now + 600)
    assert gate.state["arm.position"] == "open"
    assert gate.state["mode"] == "hold_open"
    gate.orders.receive(order("release", agenda.now + 5, "c2"))
    agenda.run_until(agenda.now + 3)
    assert gate.state["arm.position"] == "closed"
    assert gate.state["mode"] == "auto"
    assert [entry.do for entry in moves] == ["hold_open", "release"]


def test_the_arm_does_not_come_down_on_a_car(
    gate: Gate, agenda: Agenda, tape: Tape, moves: list[Movement]
) -> None:
    gate.let_through()
    agenda.run_until(agenda.now + 3)
    assert gate.state["loop.occupied"] is True
    gate.orders.receive(order("close", agenda.now + 5))
    assert results(tape) == ["received", "failed"]
    assert [entry.do for entry in moves] == ["open"]


def test_a_blocked_arm_fails_the_order_and_shows_a_code(
    gate: Gate, agenda: Agenda, tape: Tape, moves: list[Movement]
) -> None:
    gate.arm.blocked = True
    gate.orders.receive(order("open", agenda.now + 5))
    agenda.run_until(agenda.now + 6)
    assert results(tape) == ["received", "failed"]
    assert gate.state["fault.code"] == "E03"
    assert gate.state["arm.position"] == "closed"
    assert not moves
    assert not gate.let_through()


def test_a_gate_that_fails_open_stays_open_until_mended(gate: Gate, agenda: Agenda) -> None:
    gate.fail_open()
    agenda.run_until(agenda.now + 600)
    assert gate.state["arm.position"] == "open"
    gate.let_through()
    agenda.run_until(agenda.now + 600)
    assert gate.state["arm.position"] == "open"
    gate.come_down()
    agenda.run_until(agenda.now + 3)
    assert gate.state["arm.position"] == "closed"
    assert gate.state["fault.code"] == ""


def test_an_arm_that_is_freed_in_time_is_not_called_stuck(gate: Gate, agenda: Agenda) -> None:
    gate.fail_open()
    agenda.run_until(agenda.now + 2)
    gate.arm.move("close")
    agenda.run_until(agenda.now + 2)
    gate.come_down()
    agenda.run_until(agenda.now + 10)
    assert gate.state["arm.position"] == "closed"
    assert gate.state["fault.code"] == ""


def test_an_arm_turned_round_on_its_way_ends_where_it_was_told_last(
    gate: Gate, agenda: Agenda, tape: Tape
) -> None:
    gate.arm.move("open")
    agenda.run_until(agenda.now + 1)
    gate.arm.move("close")
    agenda.run_until(agenda.now + 5)
    assert tape.states("arm.position") == ["moving", "closed"]


def test_the_motor_warms_with_work_and_cools_without(gate: Gate, agenda: Agenda) -> None:
    gate.measure()
    cold = gate.measured["motor.temperature"]
    for _ in range(20):
        gate.let_through()
        agenda.run_until(agenda.now + 30)
    gate.measure()
    assert gate.measured["motor.temperature"] > cold + 10
    for _ in range(20):
        gate.measure()
    assert gate.measured["motor.temperature"] < cold + 2


def test_a_person_leaves_through_a_door_that_falls_shut(
    door: Door, agenda: Agenda, tape: Tape
) -> None:
    door.leave()
    agenda.run_until(agenda.now + 20)
    assert tape.states("door.open") == [False, True, False]
    assert tape.states("lock.locked") == [True, False, True]
    assert tape.states("exit_button.pressed") == [True, False]
    assert [body["name"] for body in tape.bodies("event")] == ["exit.requested"]


def test_a_door_with_a_wedge_says_so_after_two_minutes(
    door: Door, agenda: Agenda, tape: Tape
) -> None:
    door.prop()
    agenda.run_until(agenda.now + 120)
    assert not tape.bodies("event")
    agenda.run_until(agenda.now + 5)
    assert [body["name"] for body in tape.bodies("event")] == ["door.held"]
    assert door.state["door.open"] is True
    door.release()
    assert door.state["door.open"] is False


def test_a_wedge_that_is_taken_away_in_time_is_not_told(
    door: Door, agenda: Agenda, tape: Tape
) -> None:
    door.prop()
    agenda.run_until(agenda.now + 60)
    door.release()
    agenda.run_until(agenda.now + 120)
    assert not tape.bodies("event")


def test_a_door_opens_by_order_and_is_logged(
    door: Door, agenda: Agenda, tape: Tape, moves: list[Movement]
) -> None:
    door.orders.receive(order("open", agenda.now + 5))
    agenda.run_until(agenda.now + 20)
    assert results(tape) == ["received", "executed"]
    assert tape.states("door.open") == [False, True, False]
    assert [(entry.command, entry.do) for entry in moves] == [("c1", "open")]


def test_a_reader_tells_how_but_not_who(
    row_of: Callable[[Kind], DeviceRow], around: Surroundings, tape: Tape
) -> None:
    reader = Controller(row_of(Kind.ACCESS_CONTROLLER), around)
    answers = {reader.read_credential() for _ in range(300)}
    assert answers == {True, False}
    assert {body["name"] for body in tape.bodies("event")} == {"access.granted", "access.denied"}
    assert all(set(body["data"]) == {"by"} for body in tape.bodies("event"))

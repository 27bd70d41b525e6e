"""A cut between the hub and its devices: the backlog is judged as if there had been none."""

from __future__ import annotations

import msgspec
import pytest

from hub.model.alarm import Decision
from hub.model.device import DeviceUid, LinkState
from hub.model.report import Report, Topic
from hub.ports import HeardRow, PointRow, StateRow
from rules.cut import LONGEST_RETURN, RETURN_TIME
from rules.engine import Engine
from tests.unit.rules.gate import (
    GATE,
    GATE_MODEL,
    OPEN,
    T0,
    avail,
    brief,
    load,
    say,
    start,
    write,
)

WAIT = 100.0
"""Seconds for which deadlines wait after a cut from 20 to 100, with nothing heard since 0."""
HELD = write(OPEN, 'hold = "60s"\nrelease = "30s"')
"""The rule of most of these tests: open for a minute raises, closed for half a minute clears."""


def waited(at: float, received: float, position: str, *, after_gap: bool = False) -> Report:
    report = say(at, arm_position=position)
    return msgspec.structs.replace(report, received=T0 + received, seq=1, after_gap=after_gap)


def measured(at: float, received: float, degrees: float) -> Report:
    report = say(at, motor_temperature=degrees)
    return msgspec.structs.replace(report, topic=Topic.TELEMETRY, received=T0 + received)


def cut(engine: Engine, start: float, end: float, *backlog: Report) -> list[Decision]:
    """Cut the hub off, look at the timers in vain, and deliver what had waited.

    The broker ran all the time.
    """
    got = engine.uplink.suspend(T0 + start)
    engine.uplink.broker_ran(T0 - 60, "")
    got += engine.advance(T0 + (start + end) / 2)
    for report in backlog:
        got += engine.apply(report) + engine.advance(T0 + end)
    return got + engine.uplink.resume(T0 + end)


def test_a_fault_that_began_before_a_cut_and_ended_in_it_is_raised_and_cleared_once() -> None:
    engine = start(HELD)
    engine.apply(say(0, arm_position="open"))
    got = cut(engine, 50, 500, waited(100, 500, "closed"), waited(200, 500, "closed"))
    got += engine.advance(T0 + 999)
    assert brief(got) == [("raise", 60.0), ("clear", 130.0)]


def test_a_fault_that_ended_in_a_cut_within_its_hold_is_never_raised() -> None:
    engine = start(HELD)
    engine.apply(say(0, arm_position="open"))
    got = cut(engine, 30, 500, waited(59, 500, "closed"), waited(400, 500, "closed"))
    assert brief(got + engine.advance(T0 + 999)) == []


def test_a_fault_that_came_and_went_in_a_cut_is_raised_and_cleared_at_its_own_instants() -> None:
    engine = start(HELD)
    engine.apply(say(0, arm_position="closed"))
    got = cut(engine, 30, 500, waited(100, 500, "open"), waited(170, 500, "closed"))
    assert brief(got + engine.advance(T0 + 999)) == [("raise", 160.0), ("clear", 200.0)]


@pytest.mark.parametrize("position", ["open", "closed"])
@pytest.mark.parametrize("raised", [True, False])
def test_a_cut_alone_raises_and_clears_nothing(position: str, *, raised: bool) -> None:
    engine = start(write(OPEN, 'release = "30s"') if raised else HELD)
    engine.apply(say(0, arm_position="open"))
    engine.apply(say(10, arm_position=position))
    got = engine.uplink.suspend(T0 + 20) + engine.advance(T0 + 5000)
    got += engine.uplink.resume(T0 + 5000)
    assert brief(got) == []


def test_a_hold_that_ran_out_in_a_cut_comes_at_its_own_instant_once_devices_could_return() -> None:
    engine = start(HELD)
    engine.apply(say(0, arm_position="open"))
    cut(engine, 20, 100)
    assert engine.next_due() == T0 + 100 + WAIT
    assert engine.advance(T0 + 100 + WAIT - 0.1) == []
    assert brief(engine.advance(T0 + 100 + WAIT)) == [("raise", 60.0)]


@pytest.mark.parametrize(("lasted", "wait"), [(2, RETURN_TIME), (30, 30), (4000, LONGEST_RETURN)])
def test_devices_have_as_long_to_return_as_the_cut_has_lasted(lasted: float, wait: float) -> None:
    engine = start(HELD)
    engine.apply(say(0, arm_position="open"))
    engine.apply(say(58, mode="auto"))
    cut(engine, 59, 58 + lasted)
    assert engine.next_due() == T0 + 58 + lasted + wait
    assert brief(engine.advance(T0 + 9999)) == [("raise", 60.0)]


@pytest.mark.parametrize("told_after", [0.0, 30.0])
def test_where_the_broker_was_away_devices_have_two_minutes_however_short_the_cut(
    told_after: float,
) -> None:
    engine = start(HELD)
    engine.apply(say(0, arm_position="open"))
    engine.apply(say(58, mode="auto"))
    engine.uplink.suspend(T0 + 59)
    engine.uplink.resume(T0 + 62)
    assert engine.advance(T0 + 62 + told_after) == []
    engine.uplink.broker_ran(T0 + 61, "")
    assert engine.advance(T0 + 62 + LONGEST_RETURN - 0.1) == []
    assert brief(engine.advance(T0 + 62 + LONGEST_RETURN)) == [("raise", 60.0)]


def test_a_broker_that_tells_later_that_it_ran_all_the_time_shortens_the_wait() -> None:
    engine = start(HELD)
    engine.apply(say(0, arm_position="open"))
    engine.apply(say(58, mode="auto"))
    engine.uplink.suspend(T0 + 59)
    engine.uplink.resume(T0 + 62)
    assert engine.advance(T0 + 70) == []
    engine.uplink.broker_ran(T0 - 60, "")
    assert brief(engine.advance(T0 + 70)) == [("raise", 60.0)]
    engine.uplink.suspend(T0 + 80)
    assert engine.apply(waited(85, 90, "closed")) == []
    engine.uplink.resume(T0 + 90)
    assert engine.advance(T0 + 90 + LONGEST_RETURN - 0.1) == [], "another cut, another proof"
    assert brief(engine.advance(T0 + 90 + LONGEST_RETURN)) == [("clear", 115.0)]


def test_what_a_device_says_as_it_returns_counts_before_its_deadlines() -> None:
    engine = start(HELD)
    engine.apply(say(0, arm_position="open"))
    cut(engine, 20, 100)
    assert engine.apply(waited(40, 102, "closed")) == []
    assert engine.advance(T0 + 999) == []


@pytest.mark.parametrize(
    "report", [waited(50, 101, "open"), measured(101, 101, 20.0), avail(101, online=True)]
)
def test_what_waited_in_the_broker_a_measurement_or_a_birth_show_no_device_that_has_returned(
    report: Report,
) -> None:
    engine = start(HELD)
    engine.apply(say(0, arm_position="open"))
    cut(engine, 20, 100)
    got = engine.apply(report) + engine.advance(T0 + 100 + WAIT - 0.1)
    assert brief(got + engine.apply(waited(55, 199.9, "closed"))) == []
    assert engine.advance(T0 + 999) == []


def test_a_device_that_has_returned_keeps_no_deadline_waiting() -> None:
    engine = start(HELD)
    engine.apply(say(0, arm_position="open"))
    cut(engine, 20, 58)
    assert engine.apply(say(58.5, mode="auto")) == []
    assert brief(engine.advance(T0 + 60)) == [("raise", 60.0)]


def test_a_hold_that_began_in_a_cut_does_not_wait_as_long_again() -> None:
    engine = start(HELD)
    engine.apply(say(0, arm_position="closed"))
    cut(engine, 20, 1000, waited(990, 1000, "open"))
    assert engine.next_due() == T0 + 1000 + LONGEST_RETURN
    assert brief(engine.advance(T0 + 1200)) == [("raise", 1050.0)]


def test_a_release_goes_on_over_a_cut() -> None:
    engine = start(write(OPEN, 'release = "30s"'))
    engine.apply(say(0, arm_position="open"))
    engine.apply(say(10, arm_position="closed"))
    got = cut(engine, 20, 100, waited(90, 100, "open"))
    assert brief(got + engine.advance(T0 + 999)) == [("clear", 40.0), ("raise", 90.0)]


def test_a_cut_of_one_link_lets_the_deadlines_of_others_come() -> None:
    engine = start(HELD)
    engine.apply(say(0, arm_position="open"))
    engine.uplink.suspend(T0 + 10, "modbus")
    assert brief(engine.advance(T0 + 60)) == [("raise", 60.0)]


def test_deadlines_do_not_wait_for_measurements_and_silence_does() -> None:
    engine = start(HELD, write("silent('3m')", name="s"))
    engine.apply(say(0, arm_position="open"))
    engine.uplink.suspend(T0 + 20)
    engine.uplink.listen(T0 + 30)
    assert brief(engine.advance(T0 + 1000)) == [("raise", 60.0)]
    engine.uplink.resume(T0 + 1000)
    assert brief(engine.advance(T0 + 2000)) == [("raise", 1180.0)]


def test_a_measurement_that_overtakes_the_states_of_a_cut_says_nothing_about_them() -> None:
    hot = write("motor.temperature > 80", 'hold = "5s"', name="hot")
    engine = start(HELD, hot)
    engine.apply(say(0, arm_position="open"))
    ahead = measured(80, 100, 90.0), measured(89, 100, 70.0)
    got = cut(engine, 20, 100, *ahead, waited(40, 100, "closed"))
    assert [(each.rule, each.action.value, each.at - T0) for each in got] == [
        ("hot", "raise", 85.0),
        ("hot", "clear", 89.0),
    ]
    assert engine.advance(T0 + 999) == []


HOT = write("motor.temperature > 80", 'hold = "25s"', name="hot")


@pytest.mark.parametrize(
    ("degrees", "expected"),
    [
        (70.0, []),
        (90.0, [("raise", 25.0), ("clear", 80.0)]),
    ],
)
def test_states_that_are_told_first_let_no_deadline_of_measurements_come(
    degrees: float, expected: list[tuple[str, float]]
) -> None:
    engine = start(HOT)
    engine.apply(measured(0, 0, 90.0))
    backlog = [measured(at, 200, degrees) for at in range(20, 80, 10)]
    got = cut(engine, 10, 200, waited(190, 200, "open"), *backlog, measured(80, 200, 70.0))
    assert brief(got + engine.advance(T0 + 999)) == expected


def test_measurements_that_waited_are_judged_at_their_own_times_behind_newer_states() -> None:
    engine = start(HOT)
    engine.apply(measured(0, 0, 20.0))
    hot = [measured(at, 900, 90.0 if 100 <= at < 140 else 20.0) for at in range(10, 880, 10)]
    got = cut(engine, 5, 900, waited(890, 900, "open"), *hot)
    assert brief(got + engine.advance(T0 + 1999)) == [("raise", 125.0), ("clear", 140.0)]


def test_a_command_before_measurements_were_heard_lets_no_deadline_of_theirs_come() -> None:
    engine = start(HOT)
    engine.apply(measured(0, 0, 90.0))
    engine.uplink.suspend(T0 + 5)
    engine.uplink.listen(T0 + 30)
    got = engine.command("u1", "open", T0 + 60) + engine.apply(measured(20, 61, 20.0))
    got += engine.uplink.resume(T0 + 61)
    assert got + engine.advance(T0 + 999) == []


def test_a_rule_about_both_waits_for_the_states_that_a_measurement_has_overtaken() -> None:
    engine = start(write(OPEN + " and motor.temperature > 80", 'hold = "5s"'))
    engine.apply(say(0, arm_position="closed", motor_temperature=20.0))
    got = cut(engine, 20, 100, measured(85, 100, 90.0), waited(80, 100, "open"))
    assert brief(got) == []
    assert brief(engine.advance(T0 + 999))[:1] == [("raise", 85.0)]


def test_nothing_is_taken_for_known_where_a_number_of_a_state_is_missing() -> None:
    engine = start(HELD)
    engine.apply(say(0, arm_position="open"))
    got = cut(engine, 20, 500, waited(200, 500, "open", after_gap=True), waited(300, 500, "open"))
    assert brief(got) == [("raise", 260.0)]


def test_a_measurement_that_is_missing_leaves_no_doubt_about_states() -> None:
    engine = start(HELD)
    engine.apply(say(0, arm_position="open"))
    behind = msgspec.structs.replace(measured(200, 500, 30.0), after_gap=True)
    assert brief(cut(engine, 20, 500, behind, waited(300, 500, "open"))) == [("raise", 60.0)]


def test_after_a_lost_session_running_holds_start_anew() -> None:
    engine = start(HELD)
    engine.apply(say(0, arm_position="open"))
    engine.uplink.suspend(T0 + 20)
    engine.uplink.miss()
    assert engine.uplink.resume(T0 + 100) == []
    assert brief(engine.advance(T0 + 999)) == [("raise", 160.0)]


def test_a_retained_state_in_a_cut_means_a_lost_session_and_proves_nothing_about_before() -> None:
    engine = start(HELD)
    engine.apply(say(0, arm_position="open"))
    state = msgspec.structs.replace(
        say(80, arm_position="closed"), received=T0 + 100, retained=True
    )
    assert brief(cut(engine, 20, 100, state) + engine.advance(T0 + 999)) == []


def test_a_goodbye_in_a_cut_has_no_time_so_that_no_hold_ran_out_before_it() -> None:
    engine = start(HELD)
    engine.apply(say(0, arm_position="open"))
    assert brief(cut(engine, 20, 100, avail(100, online=False)) + engine.advance(T0 + 999)) == []


@pytest.mark.parametrize(
    ("mended", "expected"), [(40, []), (100, [("raise", 60.0), ("clear", 130.0)])]
)
def test_what_the_hub_says_itself_in_a_cut_makes_no_backlog_late(
    mended: float, expected: list[tuple[str, float]]
) -> None:
    engine = start(HELD)
    engine.apply(say(0, arm_position="open"))
    back = Report(
        address="u1",
        uid=DeviceUid("u1"),
        topic=Topic.EVENT,
        at=T0 + 900,
        received=T0 + 900,
        event="link.back",
    )
    got = cut(engine, 20, 900, back, waited(mended, 900, "closed"))
    assert brief(got + engine.advance(T0 + 1999)) == expected


EXPECTING = (
    "[[rule]]\nid = 'r'\nname = 'R'\nkind = 'barrier_gate'\nafter = \"command('open')\"\n"
    "expect = \"arm.position == 'open'\"\nwithin = '8s'\n"
    "when = \"event('r.missed')\"\nquiet = '1m'\n"
)


@pytest.mark.parametrize(
    ("opened", "expected"), [(True, []), (False, [("raise", 108.0), ("clear", 168.0)])]
)
def test_what_is_expected_is_missed_as_long_after_a_cut_as_after_its_cause(
    opened: bool,
    expected: list[tuple[str, float]],
) -> None:
    engine = start(EXPECTING)
    engine.apply(say(-20, arm_position="closed"))
    engine.command("u1", "open", T0)
    backlog = [waited(4, 100, "open")] if opened else []
    got = cut(engine, 3, 100, *backlog, waited(60, 100, "closed"))
    assert brief(got) == []
    assert brief(engine.advance(T0 + 999)) == expected


def test_a_measurement_after_a_cut_ends_a_silence_at_once() -> None:
    engine = start(write("silent('3m')"))
    engine.apply(say(0, mode="auto"))
    engine.advance(T0 + 200)
    cut(engine, 210, 300)
    assert brief(engine.apply(measured(301, 301, 20.0))) == [("clear", 301.0)]


def test_a_command_in_a_cut_lets_no_deadline_come() -> None:
    engine = start(HELD)
    engine.apply(say(0, arm_position="open"))
    engine.uplink.suspend(T0 + 20)
    assert engine.command("u1", "open", T0 + 100) == []
    got = engine.apply(waited(40, 110, "closed")) + engine.uplink.resume(T0 + 110)
    assert brief(got + engine.advance(T0 + 999)) == []


def test_a_change_of_the_books_in_a_cut_lets_no_deadline_come() -> None:
    engine = start(HELD)
    engine.apply(say(0, arm_position="open"))
    engine.uplink.suspend(T0 + 20)
    engine.set_world([GATE], {}, {"g": GATE_MODEL})
    assert engine.advance(T0 + 100) == []
    got = engine.apply(waited(80, 110, "closed")) + engine.uplink.resume(T0 + 110)
    assert brief(got + engine.advance(T0 + 999)) == [("raise", 60.0), ("clear", 110.0)]


def restart(engine: Engine, at: float, said: float, position: str) -> Engine:
    """Start a hub at an instant from what another had stored, which heard `said` last."""
    rows: list[StateRow] = engine.take_states()
    second = Engine(load(HELD))
    second.set_world([GATE], {}, {"g": GATE_MODEL})
    point = PointRow(
        uid="u1",
        point="arm.position",
        value=position,
        quality=say(0, arm_position=position).samples[0].quality,
        at=T0 + said,
        received=T0 + said,
    )
    heard = HeardRow(uid="u1", at=T0 + said, state=LinkState.ONLINE)
    second.restore(rows, [point], [heard], [], T0 + at)
    return second


@pytest.mark.parametrize(
    ("mended", "expected"), [(59, []), (61, [("raise", 60.0), ("clear", 91.0)])]
)
def test_a_fault_that_ended_while_the_hub_was_down_is_judged_as_if_it_had_been_up(
    mended: float, expected: list[tuple[str, float]]
) -> None:
    engine = start(HELD)
    engine.apply(say(0, arm_position="open"))
    second = restart(engine, 500, 0, "open")
    backlog = waited(mended, 501, "closed"), waited(400, 501, "closed")
    got = cut(second, 500, 502, *backlog)
    assert brief(got + second.advance(T0 + 999)) == expected


def test_a_restart_alone_raises_nothing_before_devices_could_return() -> None:
    engine = start(HELD)
    engine.apply(say(0, arm_position="open"))
    second = restart(engine, 50, 0, "open")
    assert cut(second, 50, 100) == []
    assert second.advance(T0 + 100 + WAIT - 0.1) == []
    assert brief(second.advance(T0 + 100 + WAIT)) == [("raise", 60.0)]


ORDERS = "".join(
    f"[[rule]]\nid = '{name}'\nname = 'N'\nkind = 'barrier_gate'\nafter = \"command('{do}')\"\n"
    f"expect = \"arm.position == 'moving'\"\nwithin = '{within}s'\n"
    f"when = \"event('{name}.missed')\"\nquiet = '1m'\n"
    for name, do, within in (("a", "open", 4), ("b", "close", 2))
)


def test_what_waits_until_devices_could_return_comes_in_its_own_order_and_hides_nothing() -> None:
    both = write("followed('b.missed', 'a.missed', '1h')", 'quiet = "1m"', name="both")
    engine = start(ORDERS, both)
    engine.apply(say(-20, arm_position="closed"))
    engine.command("u1", "open", T0)
    engine.command("u1", "close", T0)
    got = cut(engine, 1, 100, waited(60, 100, "closed")) + engine.advance(T0 + 230)
    raised = [(each.rule, each.at - T0) for each in got if each.action.value == "raise"]
    assert raised == [("b", 102.0), ("a", 104.0), ("both", 104.0)]


@pytest.mark.parametrize("woven", [True, False])
@pytest.mark.parametrize(("ends", "expected"), [(55, []), (65, [("raise", 60.0), ("clear", 65.0)])])
def test_a_rule_that_is_changed_in_a_backlog_waits_for_what_is_under_way(
    ends: float, expected: list[tuple[str, float]], *, woven: bool
) -> None:
    others = [EXPECTING.replace("'r'", "'e'").replace("r.missed", "e.missed")] if woven else []
    engine = start(HELD)
    got = engine.apply(waited(0, 30, "open")) + engine.advance(T0 + 69)
    changed = write(OPEN, 'hold = "60s"\nrelease = "0s"')
    got += engine.set_rules(load(changed, *others), T0 + 70)
    got += engine.advance(T0 + ends + 29) + engine.apply(waited(ends, ends + 30, "closed"))
    assert brief(got + engine.advance(T0 + 999)) == expected

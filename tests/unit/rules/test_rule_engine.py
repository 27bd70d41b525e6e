"""The engine between the stories: event time, contact, the hub's own cuts, restarts, reloads."""

from __future__ import annotations

import msgspec
import pytest

from hub.model.alarm import Action, Class, Severity, Urgency
from hub.model.device import Device, DeviceUid, Kind, Lifecycle, LinkState
from hub.model.report import Quality, Report, Sample, Topic
from hub.ports import HeardRow, PointRow, StateRow
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


def test_a_decision_carries_what_the_rule_says_and_what_it_saw() -> None:
    extra = (
        'fault = "gate.stuck"\nseverity = "major"\ntell = ["guard"]\ninhibit = ["fire"]\n'
        'discreet = true\nexplains = "silence"\ntrial = true\n'
        'ticket = { urgency = "urgent", class = "difficult", trade = "gate" }\n'
    )
    engine = start(write(OPEN, extra))
    (decision,) = engine.apply(say(1, arm_position="open"))
    assert decision.action is Action.RAISE
    assert (decision.subject, decision.rule, decision.fault) == ("u1", "r", "gate.stuck")
    assert decision.severity is Severity.MAJOR
    assert decision.name == {"zh": "闸", "en": "gate"}
    assert (decision.tell, decision.inhibit, decision.explains) == (
        ("guard",),
        ("fire",),
        "silence",
    )
    assert decision.discreet
    assert decision.trial
    assert decision.ticket is not None
    assert (decision.ticket.urgency, decision.ticket.class_) == (Urgency.URGENT, Class.DIFFICULT)
    (reading,) = decision.evidence
    assert (reading.point, reading.value, reading.at) == ("arm.position", "open", T0 + 1)
    assert decision.reason == {"zh": "闸杆位置：抬杆", "en": "Position of the arm: open"}


def test_a_stage_sets_severity_and_ticket_and_only_rises() -> None:
    extra = (
        'severity = "minor"\n[[rule.stage]]\nwhen = "mode == \'manual\'"\nseverity = "critical"\n'
        'ticket = { urgency = "urgent" }\n'
    )
    engine = start(write(OPEN, extra))
    (raised,) = engine.apply(say(1, arm_position="open", mode="auto"))
    assert (raised.severity, raised.ticket) == (Severity.MINOR, None)
    (worse,) = engine.apply(say(2, mode="manual"))
    assert (worse.action, worse.severity) == (Action.CHANGE, Severity.CRITICAL)
    assert worse.ticket is not None
    assert engine.apply(say(3, mode="auto")) == []
    (cleared,) = engine.apply(say(4, arm_position="closed"))
    assert (cleared.action, cleared.severity) == (Action.CLEAR, Severity.CRITICAL)


def test_a_stage_with_a_hold_comes_after_its_time() -> None:
    extra = '[[rule.stage]]\nhold = "30m"\nseverity = "major"\n'
    engine = start(write(OPEN, extra))
    engine.apply(say(0, arm_position="open"))
    assert brief(engine.advance(T0 + 3600)) == [("change", 1800.0)]


def test_timers_fire_in_order_and_next_due_names_the_earliest() -> None:
    engine = start(write(OPEN, 'hold = "3m"'), write("mode == 'manual'", 'hold = "1m"', name="s"))
    engine.apply(say(0, arm_position="open", mode="manual"))
    assert engine.next_due() == T0 + 60
    decisions = engine.advance(T0 + 180)
    assert [(each.rule, each.at - T0) for each in decisions] == [("s", 60), ("r", 180)]


def test_the_own_timers_of_a_device_fire_before_a_later_fact_of_a_backlog() -> None:
    engine = start(write(OPEN, 'hold = "3m"'))
    got = []
    for report in (say(0, arm_position="open"), say(400, arm_position="closed")):
        got += engine.apply(report)
    assert brief(got) == [("raise", 180.0), ("clear", 400.0)]


def test_facts_at_one_instant_come_before_timers() -> None:
    engine = start(write(OPEN, 'hold = "3m"'))
    engine.apply(say(0, arm_position="open"))
    assert engine.apply(say(180, mode="auto")) == []
    assert engine.apply(say(180, arm_position="closed")) == []
    assert engine.advance(T0 + 999) == []


def test_a_reading_older_than_a_minute_is_late_and_a_slightly_older_one_is_sorted_in() -> None:
    engine = start(write(OPEN))
    engine.apply(say(100, mode="auto"))
    assert engine.apply(say(39, arm_position="open")) == []
    assert brief(engine.apply(say(41, arm_position="open"))) == [("raise", 100.0)]
    assert engine.apply(say(40, arm_position="closed")) == []


def test_a_retained_report_sets_state_but_is_no_event_and_no_sign_of_life() -> None:
    engine = start(write(OPEN), write("event('vehicle.passed')", 'quiet = "1m"', name="e"))
    retained = Report(
        address="u1",
        uid=DeviceUid("u1"),
        topic=Topic.EVENT,
        at=T0,
        received=T0,
        event="vehicle.passed",
        retained=True,
    )
    assert engine.apply(retained) == []
    old = Report(
        address="u1",
        uid=DeviceUid("u1"),
        topic=Topic.STATE,
        at=T0 - 86_400,
        received=T0 + 5,
        retained=True,
        samples=(Sample("arm.position", "open"),),
    )
    assert brief(engine.apply(old)) == [("raise", 5.0)]


def test_that_a_device_was_lost_is_no_sign_of_its_life() -> None:
    engine = start(write("silent('3m')", 'release = "30s"'))
    engine.apply(say(0, arm_position="open"))
    assert brief(engine.advance(T0 + 180)) == [("raise", 180.0)]
    lost = Report(
        address="u1",
        uid=DeviceUid("u1"),
        topic=Topic.EVENT,
        at=T0 + 183,
        received=T0 + 183,
        event="link.lost",
    )
    assert engine.apply(lost) == []
    assert engine.advance(T0 + 600) == []


def reboot(at: float) -> Report:
    return Report(
        address="u1",
        uid=DeviceUid("u1"),
        topic=Topic.EVENT,
        at=T0 + at,
        received=T0 + at,
        event="rebooted",
    )


def test_what_happens_while_people_work_on_a_device_is_counted_by_nobody() -> None:
    rule = write("count_events('rebooted','1h') >= 2", 'release = "1s"')
    worked_on = msgspec.structs.replace(
        GATE, state=Lifecycle.MAINTENANCE, maintenance_until=T0 + 100
    )
    engine = start(rule, devices=(worked_on,))
    reboots = [reboot(at) for at in (10, 20, 30)]
    assert [engine.apply(each) for each in reboots] == [[], [], []]
    after = start(rule)
    after.restore(engine.take_states(), [], [], reboots, T0 + 40)
    assert after.apply(reboot(110)) == []
    assert brief(after.apply(reboot(120))) == [("raise", 120.0)]
    # The window has an end of its own, too.
    assert engine.apply(reboot(110)) == []
    assert brief(engine.apply(reboot(120))) == [("raise", 120.0)]


def test_an_alarm_is_ending_while_its_release_runs() -> None:
    engine = start(write(OPEN, 'release = "30s"'))
    assert not engine.is_ending("u1", "r")
    engine.apply(say(0, arm_position="open"))
    assert not engine.is_ending("u1", "r")
    engine.apply(say(10, arm_position="closed"))
    assert engine.is_ending("u1", "r")
    engine.apply(say(20, arm_position="open"))
    assert not engine.is_ending("u1", "r")


def test_a_report_of_an_unknown_device_says_nothing() -> None:
    assert start(write(OPEN)).apply(say(0, uid="nobody", arm_position="open")) == []


def test_values_of_a_wrong_type_are_no_values() -> None:
    engine = start(write("motor.temperature > 80"), write("loop.occupied", name="s"))
    assert engine.apply(say(0, motor_temperature="hot", loop_occupied="yes")) == []
    assert engine.apply(say(1, motor_temperature=float("nan"))) == []
    assert brief(engine.apply(say(2, loop_occupied=1))) == [("raise", 2.0)]


def test_silence_is_told_after_the_last_message() -> None:
    engine = start(write("silent('3m')"))
    engine.apply(say(0, mode="auto"))
    engine.apply(say(100, mode="auto"))
    assert brief(engine.advance(T0 + 1000)) == [("raise", 280.0)]
    assert brief(engine.apply(say(1001, mode="auto"))) == [("clear", 1001.0)]


def test_that_the_hub_calls_a_device_lost_is_no_sign_of_life_of_it() -> None:
    engine = start(write("silent('3m')", 'release = "30s"'))
    engine.apply(say(0, arm_position="open"))
    lost = Report(
        address="u1",
        uid=DeviceUid("u1"),
        topic=Topic.EVENT,
        at=T0 + 184,
        received=T0 + 184,
        event="link.lost",
    )
    assert brief(engine.advance(T0 + 183)) == [("raise", 180.0)]
    assert brief(engine.apply(lost) + engine.advance(T0 + 3600)) == []


def test_a_message_exactly_at_the_limit_of_silence_is_in_time() -> None:
    engine = start(write("silent('3m')"))
    for at in (0, 180, 360):
        assert engine.apply(say(at, mode="auto")) == []


def test_a_device_without_a_word_for_three_heartbeats_has_unknown_points() -> None:
    engine = start(write(OPEN, 'hold = "20m"'))
    engine.apply(say(0, arm_position="open"))
    assert engine.advance(T0 + 3600) == []
    got = []
    for at in range(3600, 5000, 100):
        got += engine.apply(say(at, mode="auto")) + engine.advance(T0 + at)
    assert brief(got) == [("raise", 4800.0)]


def test_what_a_device_said_before_its_silence_is_not_taken_for_what_it_says_on_return() -> None:
    engine = start(write("arm.position == 'open' and mode == 'manual'"))
    engine.apply(say(0, arm_position="open", mode="auto"))
    engine.apply(avail(10, online=False))
    assert engine.apply(say(900, mode="manual", arm_position="closed")) == []


def test_a_late_will_does_not_take_the_device_offline() -> None:
    engine = start(write("silent('3m')"))
    engine.apply(say(0, mode="auto"))
    engine.apply(avail(1, online=False, late=True))
    engine.apply(say(170, mode="auto"))
    assert engine.advance(T0 + 200) == []


def test_while_the_hub_is_cut_off_no_absence_rule_fires_and_then_silence_counts_anew() -> None:
    engine = start(write("silent('3m')"))
    engine.apply(say(0, mode="auto"))
    assert engine.uplink.suspend(T0 + 60) == []
    assert engine.advance(T0 + 3000) == []
    assert engine.uplink.resume(T0 + 3000) == []
    assert brief(engine.advance(T0 + 4000)) == [("raise", 3180.0)]


def test_a_silence_that_was_raised_is_not_cleared_by_a_cut_of_the_hub() -> None:
    engine = start(write("silent('3m')"))
    engine.apply(say(0, mode="auto"))
    assert brief(engine.advance(T0 + 200)) == [("raise", 180.0)]
    assert engine.uplink.suspend(T0 + 210) == []
    assert engine.uplink.resume(T0 + 220) == []
    assert engine.advance(T0 + 2000) == []
    assert brief(engine.apply(say(2001, mode="auto"))) == [("clear", 2001.0)]


def test_a_cut_of_one_link_leaves_the_others_alone() -> None:
    engine = start(write("silent('3m')"))
    engine.apply(say(0, mode="auto"))
    engine.uplink.suspend(T0 + 1, "modbus")
    assert brief(engine.advance(T0 + 200)) == [("raise", 180.0)]


def test_a_clear_by_hand_says_so_and_clears_only_what_is_raised() -> None:
    engine = start(write(OPEN))
    engine.apply(say(0, arm_position="open"))
    assert engine.clear_by_hand("u1", "other", T0 + 1) == []
    (decision,) = engine.clear_by_hand("u1", "r", T0 + 1)
    assert (decision.action, decision.reason["zh"]) == (Action.CLEAR, "人工消除")
    assert engine.clear_by_hand("u1", "r", T0 + 2) == []
    engine.apply(say(3500, mode="auto"))
    (again,) = engine.advance(T0 + 4000)
    assert again.at == T0 + 3601
    assert "clear by hand" in again.reason["en"]


def restart(engine: Engine, rows: list[StateRow], at: float, *rules: str, **value: str) -> Engine:
    rows += engine.take_states()
    second = Engine(load(*rules))
    second.set_world([GATE], {}, {"g": GATE_MODEL})
    points = [
        PointRow(
            uid="u1",
            point=name.replace("_", "."),
            value=each,
            quality=Quality.GOOD,
            at=T0,
            received=T0,
        )
        for name, each in value.items()
    ]
    heard = [HeardRow(uid="u1", at=T0, state=LinkState.ONLINE)]
    last = {row.key: row for row in rows}
    second.restore(last.values(), points, heard, [], T0 + at)
    return second


def test_states_are_only_what_changed_and_a_finished_hold_deletes_its_row() -> None:
    engine = start(write(OPEN, 'hold = "3m"'))
    engine.apply(say(0, arm_position="open"))
    row, origin = engine.take_states()
    assert row.key == "u1|r"
    assert row.data is not None
    assert origin.key == "origin/g"
    assert engine.take_states() == []
    engine.apply(say(1, mode="auto"))
    assert engine.take_states() == []
    engine.apply(say(2, arm_position="closed"))
    assert engine.take_states() == [StateRow(key="u1|r", data=None)]


def test_a_half_elapsed_hold_goes_on_over_a_restart() -> None:
    rule = write(OPEN, 'hold = "3m"')
    engine = start(rule)
    engine.apply(say(0, arm_position="open"))
    second = restart(engine, [], 60, rule, arm_position="open")
    assert second.advance(T0 + 60) == []
    assert brief(second.advance(T0 + 180)) == [("raise", 180.0)]


def test_a_raised_alarm_is_not_raised_again_after_a_restart_and_clears_later() -> None:
    rule = write(OPEN)
    engine = start(rule)
    engine.apply(say(0, arm_position="open"))
    second = restart(engine, [], 60, rule, arm_position="open")
    assert second.advance(T0 + 61) == []
    assert brief(second.apply(say(70, arm_position="closed"))) == [("clear", 70.0)]


def test_after_a_restart_a_device_needs_a_whole_interval_of_silence() -> None:
    rule = write("silent('3m')")
    engine = start(rule)
    engine.apply(say(0, mode="auto"))
    second = restart(engine, [], 170, rule)
    assert brief(second.advance(T0 + 1000)) == [("raise", 350.0)]


def test_a_message_after_a_restart_is_a_sign_of_life() -> None:
    rule = write("silent('3m')")
    second = restart(start(rule), [], 10, rule)
    assert second.apply(say(20, mode="auto")) == []
    assert brief(second.advance(T0 + 1000)) == [("raise", 200.0)]


def test_rows_of_rules_and_devices_that_are_gone_are_passed_over() -> None:
    rows = [StateRow(key="nobody|r", data=b"x"), StateRow(key="u1|gone", data=b"x")]
    second = restart(start(write(OPEN)), rows, 1, write(OPEN))
    assert second.advance(T0 + 2) == []


def test_an_edited_rule_is_evaluated_at_once_on_what_is_known() -> None:
    engine = start(write("mode == 'manual'"))
    engine.apply(say(0, arm_position="open", mode="auto"))
    assert engine.set_rules(load(write("mode == 'auto'")), T0 + 5)[0].at == T0 + 5


def test_an_alarm_of_the_old_version_lives_on_under_the_new_clear() -> None:
    engine = start(write("mode == 'manual'"))
    engine.apply(say(0, mode="manual"))
    new = load(write("mode == 'hold_open'", "clear = \"mode == 'auto'\""))
    assert engine.set_rules(new, T0 + 5) == []
    assert brief(engine.apply(say(6, mode="auto"))) == [("clear", 6.0)]


def test_what_holds_an_alarm_back_is_found_also_for_what_several_devices_have() -> None:
    engine = start(
        write(OPEN, 'inhibit = ["fire"]\n', name="r"),
        write(OPEN, 'inhibit = ["notice"]\n', name="r-long"),
    )
    assert engine.inhibits("r") == engine.inhibits("r.place") == ("fire",)
    assert engine.inhibits("r.place.again") == ("fire",)
    assert engine.inhibits("r-long.place") == ("notice",)
    assert engine.inhibits("rest") == engine.inhibits("q.place") == ()
    engine.set_rules(load(write(OPEN, 'inhibit = ["maintenance"]\n', name="r")), T0)
    assert engine.inhibits("r.place") == ("maintenance",)
    assert engine.inhibits("r-long") == ()


def test_a_removed_rule_leaves_no_row_behind() -> None:
    engine = start(write(OPEN))
    engine.apply(say(0, arm_position="open"))
    engine.take_states()
    engine.set_rules(load(write("mode == 'manual'", name="s")), T0 + 1)
    assert StateRow(key="u1|r", data=None) in engine.take_states()


def test_what_a_removed_rule_had_raised_is_cleared_and_says_why() -> None:
    engine = start(write(OPEN))
    engine.apply(say(0, arm_position="open"))
    (cleared,) = engine.set_rules(load(write("mode == 'manual'", name="s")), T0 + 1)
    assert (cleared.action, cleared.rule, cleared.at) == ("clear", "r", T0 + 1)
    assert "no longer in force" in cleared.reason["en"]
    assert engine.keeps("u1", "s")
    assert not engine.keeps("u1", "r")


def test_a_rule_that_leaves_trial_says_again_what_it_has_raised() -> None:
    engine = start(write(OPEN, "trial = true"))
    engine.apply(say(0, arm_position="open"))
    (raised,) = engine.set_rules(load(write(OPEN)), T0 + 1)
    assert (raised.action, raised.trial) == ("raise", False)
    assert engine.set_rules(load(write(OPEN)), T0 + 2) == []


def test_an_alarm_of_a_place_lives_as_long_as_the_rule_of_its_devices() -> None:
    engine = start(write(OPEN))
    for subject in ("guanshan/a", "u1", ""):
        assert engine.keeps(subject, "r.common")
        assert not engine.keeps(subject, "gone.common")


def test_a_new_device_does_not_disturb_the_others() -> None:
    engine = start(write(OPEN, 'hold = "3m"'))
    engine.apply(say(0, arm_position="open"))
    other = Device(
        uid=DeviceUid("u2"), id="gate-2", address="g2", kind=Kind.BARRIER_GATE, model="g", place="c"
    )
    engine.set_world([GATE, other], {}, {"g": GATE_MODEL})
    assert engine.apply(say(10, uid="u2", arm_position="open")) == []
    assert [each.subject for each in engine.advance(T0 + 180)] == ["u1"]


def test_explain_names_every_rule_with_its_state_and_reason() -> None:
    engine = start(
        write(OPEN, 'hold = "3m"'),
        write("mode == 'manual'", name="quiet"),
        write("boom.broken", name="unknown"),
        write("loop.occupied", name="raised"),
    )
    engine.apply(say(0, arm_position="open", mode="auto", loop_occupied=True))
    states = {each["rule"]: each for each in engine.explain("u1")}
    assert states["r"]["state"] == "holding"
    assert states["r"]["since"] == T0
    assert states["quiet"]["state"] == "quiet"
    assert states["unknown"]["state"] == "unknown"
    assert states["raised"]["state"] == "raised"
    assert states["unknown"]["reason"]["zh"].endswith("（闸杆脱落：未知）")
    assert engine.explain("nobody") == []


def test_a_command_is_an_instant() -> None:
    engine = start(write("command('open')", 'quiet = "10s"'))
    assert brief(engine.command("u1", "open", T0 + 1)) == [("raise", 1.0)]
    assert engine.command("nobody", "open", T0 + 1) == []
    assert brief(engine.advance(T0 + 60)) == [("clear", 11.0)]


def test_the_longest_window_says_how_much_history_a_start_needs() -> None:
    engine = start(write("avg(motor.temperature,'30m',before='1h') > 5"))
    assert engine.spans() == {"u1": 5400.0}


@pytest.mark.parametrize("seconds", [0, -3600])
def test_a_clock_set_back_fires_nothing(seconds: float) -> None:
    engine = start(write(OPEN, 'hold = "3m"'))
    engine.apply(say(0, arm_position="open"))
    assert engine.advance(T0 + seconds) == []
    assert brief(engine.advance(T0 + 180)) == [("raise", 180.0)]


def backlog(at: float, received: float, position: str) -> Report:
    return msgspec.structs.replace(say(at, arm_position=position), received=T0 + received)


def test_a_backlog_is_evaluated_in_event_time_although_the_clock_is_far_ahead() -> None:
    engine = start(write(OPEN, 'hold = "3m"'))
    engine.apply(say(0, arm_position="closed"))
    engine.apply(avail(100, online=False))
    assert engine.advance(T0 + 1500) == []
    got = []
    for at, position in ((200, "open"), (260, "closed"), (300, "open"), (600, "closed")):
        got += engine.apply(backlog(at, 1500, position)) + engine.advance(T0 + 1500)
    assert brief(got) == [("raise", 480.0), ("clear", 600.0)]


def test_a_hold_of_a_backlog_ends_with_the_next_live_message_or_after_as_long_again() -> None:
    for message in (True, False):
        engine = start(write(OPEN, 'hold = "3m"'))
        engine.apply(say(0, arm_position="closed"))
        engine.apply(backlog(900, 1500, "open"))
        assert engine.advance(T0 + 1500) == []
        assert engine.next_due() == T0 + 1680
        got = engine.apply(say(1510, mode="auto")) if message else engine.advance(T0 + 1680)
        assert brief(got) == [("raise", 1080.0)]


def test_a_reading_that_comes_out_of_order_meets_an_expectation_of_its_time() -> None:
    rule = (
        "[[rule]]\nid = 'r'\nname = 'R'\nkind = 'barrier_gate'\nafter = \"command('open')\"\n"
        "expect = \"arm.position == 'open'\"\nwithin = '8s'\n"
        "when = \"event('r.missed')\"\nquiet = '1m'\n"
    )
    for opened, expected in ((5, []), (9, [("raise", 8.0)])):
        engine = start(rule)
        engine.apply(say(-20, arm_position="closed"))
        engine.command("u1", "open", T0)
        engine.apply(say(7, mode="auto", arm_position="closed"))
        got = engine.apply(backlog(opened, 7.5, "open")) if opened < 8 else []
        assert brief(got + engine.advance(T0 + 30)) == expected

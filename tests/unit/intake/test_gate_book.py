"""What the gates hold back outlives a restart: a raise that fire stops, a clear that flaps."""

from __future__ import annotations

import pytest

from hub.model.alarm import AlarmState
from hub.model.report import Value
from rules.fire_watch import AFTER_FIRE
from rules.gates import FLAP_WINDOW, FLAPS
from tests.support.spoken import Line, deliver
from tests.support.straight_hub import StraightHub, in_loop
from tests.unit.intake.stage import CONTROLLER, GATE, SITE

START = 1_764_000_000.0
FIRE = 200.0
"""Seconds for which the fire input is active, from the first message on."""
END = FIRE + AFTER_FIRE + 30.0


def state(at: float, device: str, **points: Value) -> Line:
    named = {name.replace("_", "."): value for name, value in points.items()}
    return Line(at=at, arrives=at, device=device, topic="state", body={"points": named})


def live(lines: list[Line], until: float, restart_at: float | None) -> StraightHub:
    """Let a hub hear the lines and live on; at an instant it dies and another takes up."""

    def run() -> StraightHub:
        hub = StraightHub(SITE, START)
        for envelope in deliver(lines, START):
            restart(hub, envelope.received)
            hub.hear(envelope)
        restart(hub, START + until)
        hub.go_on(START + until)
        return hub

    def restart(hub: StraightHub, before: float) -> None:
        if restart_at is not None and hub.clock.now() < START + restart_at <= before:
            hub.go_on(START + restart_at)
            hub.start()

    return in_loop(run)


@pytest.mark.parametrize("restart_at", [None, 250.0])
def test_what_fire_held_back_is_told_when_it_is_over(restart_at: float | None) -> None:
    burning = state(0, CONTROLLER.id, fire_input=True)
    opened = state(1, GATE.id, arm_position="open", mode="auto", loop_occupied=False)
    over = state(FIRE, CONTROLLER.id, fire_input=False)
    still = [state(at, GATE.id, arm_position="open") for at in range(50, int(END), 50)]
    lines = sorted([burning, opened, over, *still], key=lambda line: line.at)
    hub = live(lines, END, restart_at)
    (alarm,) = [each for each in hub.alarms() if each.rule == "barrier-stuck-open"]
    hold = 180
    assert (alarm.state, alarm.raised_at) == (AlarmState.RAISED, START + 1 + hold)
    (opening,) = [each for each in hub.tickets() if each.rule == "barrier-stuck-open"]
    assert opening.opened_at >= START + FIRE + AFTER_FIRE


@pytest.mark.parametrize("restart_at", [None, 340.0])
def test_an_alarm_that_flaps_is_cleared_once_it_is_quiet(restart_at: float | None) -> None:
    healthy = {"boom_broken": False, "mode": "auto", "arm_position": "closed"}
    blinks = range(20, 20 + 50 * (FLAPS + 1), 50)
    lines = [state(0, GATE.id, **healthy)]
    for at in blinks:
        lines += [state(at, GATE.id, boom_broken=True), state(at + 5, GATE.id, boom_broken=False)]
    lines += [state(at, GATE.id, **healthy) for at in range(370, 1400, 50)]
    hub = live(lines, 1400, restart_at)
    alarms = [each for each in hub.alarms() if each.rule == "barrier-boom-broken"]
    assert len(alarms) == FLAPS + 1
    hold = 2
    assert alarms[-1].cleared_at == START + blinks[0] + hold + FLAP_WINDOW
    assert [row.key for row in hub.intake.pipeline._work._judge._gates.take_states()] == []
    assert not [key for key in hub.store.committer._tables.states if key.startswith("gates/")]

"""What hangs on a member of a circle that fell silent as one: it shares the circle's alarm."""

from __future__ import annotations

import pytest

from hub.model.device import Kind
from rules.topology import GRACE_TIME, SETTLING_TIME, Folded, Held
from tests.unit.rules_library.test_topology import BUILDING, T, World, back, device, lost

SETTLED = T + 2 * SETTLING_TIME
GROUP = (BUILDING, "switch-silent.group")
"""The alarm of four switches of one building, which hang on nothing."""


@pytest.fixture
def world() -> World:
    switches = [device(f"sw{number}", Kind.SWITCH) for number in range(4)]
    return World([*switches, device("cam", Kind.CAMERA, upstream="id-sw0")])


def fall_silent(world: World, *uids: str, at: float) -> None:
    for uid in uids:
        world.take(lost(uid, Kind.CAMERA if uid == "cam" else Kind.SWITCH, at))


def test_a_ticket_below_a_member_is_folded_into_the_circles_alarm(world: World) -> None:
    fall_silent(world, "cam", at=T - 600)
    fall_silent(world, "sw0", "sw1", "sw2", at=T)
    world.wait_until(SETTLED)
    assert world.tickets() == [BUILDING]
    last = [each for each in world.outcomes if isinstance(each, Folded)][-1]
    assert (last.decision.subject, last.into) == ("cam", GROUP)


def test_a_member_that_falls_silent_later_brings_what_hangs_on_it(world: World) -> None:
    fall_silent(world, "cam", at=T)
    fall_silent(world, "sw1", "sw2", "sw3", at=T)
    world.wait_until(SETTLED)
    assert world.tickets() == ["cam", BUILDING]
    fall_silent(world, "sw0", at=SETTLED)
    assert world.tickets() == [BUILDING]


def test_what_hangs_on_a_member_gets_its_grace_when_the_circles_alarm_ends(world: World) -> None:
    fall_silent(world, "sw0", "sw1", "sw2", "cam", at=T)
    world.wait_until(SETTLED)
    end = SETTLED + 600
    for uid in ("sw0", "sw1", "sw2"):
        world.take(back(uid, Kind.SWITCH, end))
    assert world.tickets() == []
    world.wait_until(end + GRACE_TIME)
    assert world.tickets() == ["cam"]


def test_what_hangs_on_a_member_that_is_back_gets_its_grace_at_once(world: World) -> None:
    fall_silent(world, "sw0", "sw1", "sw2", "sw3", "cam", at=T)
    world.wait_until(SETTLED)
    (_, held) = world.take(back("sw0", Kind.SWITCH, SETTLED))
    assert isinstance(held, Held)
    assert held.decision.subject == "cam"
    world.wait_until(SETTLED + GRACE_TIME)
    assert world.tickets() == ["cam", BUILDING], "three of four are still enough"

"""The scenes of Alertmanager's tests of inhibition, in our words, through our topology.

There a source alert mutes a target while both have the same labels; here an alarm explains what
hangs below its device. Where we differ on purpose the name says so, and `docs/rules.md` why.
"""

from __future__ import annotations

import pytest

from hub.model.device import Device, Kind
from rules.topology import SETTLING_TIME, Folded, Held
from tests.unit.rules_library.test_topology import T, World, back, device, lost

ENOUGH = 3 * SETTLING_TIME
GRACE = 120
"""Seconds; the design's."""
SITE: list[Device] = [
    device("ups", Kind.POWER_SUPPLY),
    device("core", Kind.SWITCH),
    device("sw", Kind.SWITCH, upstream="id-core", power="id-ups"),
    device("cam", Kind.CAMERA, upstream="id-sw"),
    device("other-sw", Kind.SWITCH),
    device("other-cam", Kind.CAMERA, upstream="id-other-sw"),
    device("lone-cam", Kind.CAMERA),
    device("lone-door", Kind.UNIT_DOOR),
]
KINDS = {each.uid: each.kind for each in SITE}


@pytest.fixture
def world() -> World:
    return World(SITE)


def fall_silent(world: World, *uids: str, at: float = T) -> None:
    for index, uid in enumerate(uids):
        world.take(lost(uid, KINDS[uid], at + index))


def test_without_a_source_nothing_is_muted(world: World) -> None:
    fall_silent(world, "cam")
    world.wait_until(T + ENOUGH)
    assert world.tickets() == ["cam"]


@pytest.mark.parametrize("order", [("sw", "cam"), ("cam", "sw")])
def test_an_active_source_mutes_what_equals_it_in_whatever_order(
    world: World, order: tuple[str, str]
) -> None:
    fall_silent(world, *order)
    world.wait_until(T + ENOUGH)
    assert world.tickets() == ["sw"], "a source does not mute itself"


def test_a_source_that_is_known_mutes_at_once(world: World) -> None:
    fall_silent(world, "sw")
    world.wait_until(T + ENOUGH)
    (folded,) = world.take(lost("cam", Kind.CAMERA, T + ENOUGH))
    assert isinstance(folded, Folded)


def test_what_equals_no_source_is_not_muted(world: World) -> None:
    fall_silent(world, "sw", "other-cam")
    world.wait_until(T + ENOUGH)
    assert world.tickets() == ["other-cam", "sw"]


@pytest.mark.parametrize("source", ["ups", "core", "sw"])
def test_any_of_several_sources_mutes(world: World, source: str) -> None:
    fall_silent(world, source, "cam")
    world.wait_until(T + ENOUGH)
    assert world.tickets() == [source]


def test_two_sources_at_once_mute_once(world: World) -> None:
    fall_silent(world, "ups", "core", "cam")
    world.wait_until(T + ENOUGH)
    assert world.tickets() == ["core", "ups"]


def test_what_is_source_and_target_is_muted_by_a_source_that_is_no_target(world: World) -> None:
    fall_silent(world, "cam", "sw", "core")
    world.wait_until(T + ENOUGH)
    assert world.tickets() == ["core"], "and what it would have muted is muted by its source"


def test_what_the_rule_does_not_aim_at_is_not_muted(world: World) -> None:
    fall_silent(world, "sw")
    world.wait_until(T + ENOUGH)
    world.take(lost("cam", Kind.CAMERA, T + ENOUGH, rule="camera-bad-picture", explains=""))
    assert world.tickets() == ["cam", "sw"]


def test_a_source_that_is_not_one_mutes_nothing(world: World) -> None:
    world.take(lost("sw", Kind.SWITCH, rule="switch-restarts", explains=""))
    fall_silent(world, "cam", at=T + 1)
    world.wait_until(T + ENOUGH)
    assert world.tickets() == ["cam", "sw"]


# ---- otherwise, on purpose


def test_a_source_that_is_over_still_mutes_for_the_grace(world: World) -> None:
    fall_silent(world, "sw", "cam")
    world.wait_until(T + ENOUGH)
    (_, held) = world.take(back("sw", Kind.SWITCH, T + ENOUGH))
    assert isinstance(held, Held)
    world.wait_until(T + ENOUGH + GRACE - 1)
    assert world.tickets() == []
    world.wait_until(T + ENOUGH + GRACE)
    assert world.tickets() == ["cam"]


def test_a_source_that_was_over_before_mutes_for_the_grace_only_who_waited(world: World) -> None:
    fall_silent(world, "sw")
    world.take(back("sw", Kind.SWITCH, T + 10))
    fall_silent(world, "cam", at=T + 20)
    world.wait_until(T + 20 + SETTLING_TIME)
    assert world.tickets() == ["cam"]


def test_what_was_told_before_its_source_is_taken_back(world: World) -> None:
    fall_silent(world, "cam")
    world.wait_until(T + ENOUGH)
    fall_silent(world, "sw", at=T + ENOUGH)
    world.wait_until(T + 2 * ENOUGH)
    assert world.tickets() == ["sw"]


def test_two_that_lack_the_same_relation_are_not_equal(world: World) -> None:
    fall_silent(world, "lone-door", "lone-cam")
    world.wait_until(T + ENOUGH)
    assert world.tickets() == ["lone-cam", "lone-door"]


def test_of_two_that_explain_each_other_one_is_told() -> None:
    ring = World(
        [
            device("x", Kind.SWITCH, upstream="id-y"),
            device("y", Kind.SWITCH, upstream="id-x"),
        ]
    )
    ring.take(lost("x", Kind.SWITCH))
    ring.take(lost("y", Kind.SWITCH, T + 1))
    ring.wait_until(T + ENOUGH)
    assert len(ring.tickets()) == 1


def test_many_of_a_kind_are_muted_by_a_source_that_nobody_has_seen() -> None:
    crowd = [device(f"cam{n}", Kind.CAMERA, upstream="id-sw") for n in range(3)]
    world = World([device("sw", Kind.SWITCH), *crowd])
    for each in crowd:
        world.take(lost(each.uid, Kind.CAMERA))
    world.wait_until(T + ENOUGH)
    assert world.tickets() == ["sw"]

"""One root fault, one ticket: who waits, who is folded into what, and who is let go again."""

from collections.abc import Sequence

import msgspec
import pytest

from hub.model.alarm import Action, Class, Decision, Severity, TicketSpec, Urgency
from hub.model.device import Device, DeviceUid, Kind, Lifecycle
from hub.model.place import Place
from rules.topology import (
    GRACE_TIME,
    SETTLING_TIME,
    Folded,
    Held,
    Outcome,
    Pass,
    Root,
    Topology,
)

T = 1_764_000_000.0
BUILDING = "guanshan/a/b1"
PLACES = {
    path: Place(path=path, name=name)
    for path, name in {
        "guanshan": "关山社区",
        "guanshan/a": "东苑",
        BUILDING: "东苑 1 幢",
        "guanshan/a/b2": "东苑 2 幢",
    }.items()
}
RULE_BY_KIND = {
    Kind.SWITCH: "switch-silent",
    Kind.CAMERA: "camera-silent",
    Kind.UNIT_DOOR: "door-silent",
    Kind.POWER_SUPPLY: "supply-silent",
    Kind.BARRIER_GATE: "barrier-silent",
    Kind.ELECTRICITY_METER: "electricity-meter-silent",
}


def device(uid: str, kind: Kind, **more: object) -> Device:
    fields = {"id": f"id-{uid}", "address": uid, "model": "m", "place": BUILDING} | more
    return Device(uid=DeviceUid(uid), kind=kind, **fields)


def site(*more: Device) -> list[Device]:
    return [
        device("ups", Kind.POWER_SUPPLY),
        device("sw", Kind.SWITCH, power="id-ups"),
        *(device(f"cam{n}", Kind.CAMERA, upstream="id-sw", power="id-ups") for n in range(4)),
        device("door", Kind.UNIT_DOOR, upstream="id-sw"),
        *more,
    ]


def say(action: Action, uid: str, kind: Kind, at: float, **more: object) -> Decision:
    fault = f"{kind}.silent"
    fields = {
        "rule": RULE_BY_KIND[kind],
        "fault": fault,
        "name": {"zh": "离线", "en": "not heard"},
        "severity": Severity.MINOR,
        "reason": {"zh": "", "en": ""},
        "explains": "silence",
        "tell": ("crew",),
        "ticket": TicketSpec(urgency=Urgency.PLANNED, class_=Class.COMPLEX, trade="video"),
    } | more
    return Decision(action=action, subject=uid, at=at, **fields)


def lost(uid: str, kind: Kind, at: float = T, **more: object) -> Decision:
    return say(Action.RAISE, uid, kind, at, **more)


def back(uid: str, kind: Kind, at: float, **more: object) -> Decision:
    return say(Action.CLEAR, uid, kind, at, **more)


class World:
    """A topology with a time of its own."""

    def __init__(self, devices: Sequence[Device] | None = None) -> None:
        self.topology = Topology(devices or site(), PLACES)
        self.outcomes: list[Outcome] = []

    def take(self, decision: Decision, now: float | None = None) -> list[Outcome]:
        self.wait_until(decision.at if now is None else now)
        found = self.topology.take(decision, decision.at if now is None else now)
        self.outcomes += found
        return found

    def wait_until(self, now: float) -> list[Outcome]:
        found = self.topology.advance(now)
        self.outcomes += found
        return found

    def tickets(self) -> list[str]:
        """The alarms that have gone out and are neither ended nor children."""
        open_now = {}
        for each in self.outcomes:
            key = (each.decision.subject, each.decision.rule)
            is_end = each.decision.action is Action.CLEAR
            if isinstance(each, Pass | Root) and not is_end:
                open_now[key] = each
            elif isinstance(each, Folded) or is_end:
                open_now.pop(key, None)
        return sorted(subject for subject, _ in open_now)


@pytest.fixture
def world() -> World:
    return World()


def test_a_rule_that_explains_nothing_passes_at_once(world: World) -> None:
    decision = lost("cam0", Kind.CAMERA, explains="")
    assert world.take(decision) == [Pass(decision=decision)]


def test_a_rule_on_trial_explains_nothing(world: World) -> None:
    decision = lost("sw", Kind.SWITCH, trial=True)
    assert world.take(decision) == [Pass(decision=decision)]


def test_a_lone_silent_device_gets_its_ticket_after_the_settling_time(world: World) -> None:
    (held,) = world.take(lost("cam0", Kind.CAMERA))
    assert isinstance(held, Held)
    assert held.until == T + SETTLING_TIME
    assert world.topology.next_due() == T + SETTLING_TIME
    assert world.wait_until(T + SETTLING_TIME - 0.1) == []
    (passed,) = world.wait_until(T + SETTLING_TIME)
    assert isinstance(passed, Pass)
    assert passed.decision.subject == "cam0"


def test_a_device_that_is_back_in_time_is_never_spoken_of(world: World) -> None:
    world.take(lost("cam0", Kind.CAMERA))
    assert world.take(back("cam0", Kind.CAMERA, T + 30)) == []
    assert world.wait_until(T + 600) == []
    assert world.topology.next_due() is None


def test_a_change_while_waiting_is_what_the_ticket_starts_with(world: World) -> None:
    world.take(lost("cam0", Kind.CAMERA))
    worse = say(Action.CHANGE, "cam0", Kind.CAMERA, T + 10, severity=Severity.CRITICAL)
    assert world.take(worse) == []
    (passed,) = world.wait_until(T + 60)
    assert passed.decision.action is Action.RAISE
    assert passed.decision.severity is Severity.CRITICAL


def test_a_change_of_an_open_alarm_passes(world: World) -> None:
    world.take(lost("cam0", Kind.CAMERA))
    world.wait_until(T + 60)
    worse = say(Action.CHANGE, "cam0", Kind.CAMERA, T + 90, severity=Severity.CRITICAL)
    assert world.take(worse) == [Pass(decision=worse)]


def test_a_switch_with_all_that_hangs_on_it_is_one_ticket(world: World) -> None:
    for n in range(4):
        world.take(lost(f"cam{n}", Kind.CAMERA, T + n))
    world.take(lost("door", Kind.UNIT_DOOR, T + 5))
    world.take(lost("sw", Kind.SWITCH, T + 30))
    world.wait_until(T + 300)
    assert world.tickets() == ["sw"]
    root = next(each for each in world.outcomes if isinstance(each, Pass))
    assert set(root.decision.children) == {"cam0", "cam1", "cam2", "cam3", "door"}
    folded = [each for each in world.outcomes if isinstance(each, Folded)]
    assert {each.into for each in folded} == {("sw", "switch-silent")}
    assert all(each.reason["zh"] and each.reason["en"] for each in folded)


def test_one_that_falls_silent_behind_a_known_fault_is_a_child_at_once(world: World) -> None:
    world.take(lost("sw", Kind.SWITCH))
    world.wait_until(T + 60)
    (folded,) = world.take(lost("cam0", Kind.CAMERA, T + 100))
    assert isinstance(folded, Folded)


def test_a_child_waits_for_a_parent_that_is_still_settling(world: World) -> None:
    world.take(lost("cam0", Kind.CAMERA))
    world.take(lost("sw", Kind.SWITCH, T + 59))
    (held,) = world.wait_until(T + 60)
    assert isinstance(held, Held)
    assert held.until == T + 119
    world.wait_until(T + 119)
    assert world.tickets() == ["sw"]


def test_any_depth_counts_and_the_topmost_is_the_root(world: World) -> None:
    world.take(lost("cam0", Kind.CAMERA))
    world.take(lost("ups", Kind.POWER_SUPPLY, T + 10))
    world.take(lost("sw", Kind.SWITCH, T + 20))
    world.take(lost("door", Kind.UNIT_DOOR, T + 20))
    world.wait_until(T + 300)
    assert world.tickets() == ["ups"]
    folded = [each for each in world.outcomes if isinstance(each, Folded)]
    assert {each.into[0] for each in folded} == {"ups"}, "the door hangs on the switch alone"


def test_a_ticket_that_was_there_first_is_folded_in_afterwards(world: World) -> None:
    world.take(lost("cam0", Kind.CAMERA))
    world.wait_until(T + 60)
    assert world.tickets() == ["cam0"]
    world.take(lost("sw", Kind.SWITCH, T + 200))
    world.wait_until(T + 260)
    assert world.tickets() == ["sw"]


def test_a_parent_that_was_never_heard_explains_nothing(world: World) -> None:
    """The engine decides nothing about it, so nothing reaches this stage."""
    world.take(lost("door", Kind.UNIT_DOOR))
    world.wait_until(T + 60)
    assert world.tickets() == ["door"]


def test_a_parent_that_is_back_before_the_settling_ends_gives_children_grace(
    world: World,
) -> None:
    world.take(lost("cam0", Kind.CAMERA))
    world.take(lost("sw", Kind.SWITCH, T + 1))
    (held,) = world.take(back("sw", Kind.SWITCH, T + 30))
    assert isinstance(held, Held)
    assert held.until == T + 30 + GRACE_TIME
    assert world.wait_until(T + 149) == []
    world.wait_until(T + 150)
    assert world.tickets() == ["cam0"]


def test_children_that_come_back_after_their_parent_get_no_ticket(world: World) -> None:
    world.take(lost("sw", Kind.SWITCH))
    for n in range(4):
        world.take(lost(f"cam{n}", Kind.CAMERA, T + 20))
    world.wait_until(T + 600)
    world.take(back("sw", Kind.SWITCH, T + 600))
    for n in range(4):
        world.take(back(f"cam{n}", Kind.CAMERA, T + 630 + n))
    world.wait_until(T + 3600)
    assert world.tickets() == []
    assert not any(
        isinstance(each, Pass)
        and each.decision.action is Action.RAISE
        and each.decision.subject != "sw"
        for each in world.outcomes
    )


def test_a_child_that_stays_silent_gets_its_own_ticket_after_the_grace(world: World) -> None:
    world.take(lost("sw", Kind.SWITCH))
    world.take(lost("cam0", Kind.CAMERA, T + 20))
    world.take(lost("cam1", Kind.CAMERA, T + 20))
    world.wait_until(T + 600)
    world.take(back("sw", Kind.SWITCH, T + 600))
    world.take(back("cam1", Kind.CAMERA, T + 630))
    world.wait_until(T + 600 + GRACE_TIME - 1)
    assert world.tickets() == []
    world.wait_until(T + 600 + GRACE_TIME)
    assert world.tickets() == ["cam0"]


def test_the_end_of_a_child_is_told_while_its_parent_is_still_down(world: World) -> None:
    world.take(lost("sw", Kind.SWITCH))
    world.wait_until(T + 60)
    world.take(lost("cam0", Kind.CAMERA, T + 70))
    end = back("cam0", Kind.CAMERA, T + 300)
    assert world.take(end) == [Pass(decision=end)]


def test_a_switch_that_stays_down_after_the_power_is_back_takes_its_cameras(world: World) -> None:
    world.take(lost("ups", Kind.POWER_SUPPLY))
    world.take(lost("sw", Kind.SWITCH, T + 5))
    world.take(lost("cam0", Kind.CAMERA, T + 6))
    world.wait_until(T + 300)
    world.take(back("ups", Kind.POWER_SUPPLY, T + 300))
    world.wait_until(T + 600)
    assert world.tickets() == ["sw"]


def test_a_supply_that_told_of_its_lost_mains_explains_its_own_silence(world: World) -> None:
    mains = {"rule": "supply-mains-lost", "fault": "power.mains_lost"}
    world.take(lost("ups", Kind.POWER_SUPPLY, **mains))
    world.wait_until(T + 60)
    world.take(lost("sw", Kind.SWITCH, T + 200))
    (folded,) = world.take(lost("ups", Kind.POWER_SUPPLY, T + 3000))
    assert folded.into == ("ups", "supply-mains-lost")
    assert world.tickets() == ["ups"]


def test_enough_siblings_at_once_are_one_ticket_at_what_carries_them(world: World) -> None:
    for n in range(3):
        world.take(lost(f"cam{n}", Kind.CAMERA, T + n))
    world.wait_until(T + 120)
    assert world.tickets() == ["sw"]
    (root,) = [each for each in world.outcomes if isinstance(each, Root)]
    assert set(root.decision.children) == {"cam0", "cam1", "cam2"}
    assert root.decision.severity is Severity.MAJOR
    assert root.decision.ticket.urgency is Urgency.NORMAL
    assert root.decision.ticket.trade == "network"
    assert "4" in root.decision.reason["zh"]
    assert "3" in root.decision.reason["en"]


def test_two_siblings_are_two_tickets(world: World) -> None:
    for n in range(2):
        world.take(lost(f"cam{n}", Kind.CAMERA, T + n))
    world.wait_until(T + 120)
    assert world.tickets() == ["cam0", "cam1"]


def test_three_of_seven_are_not_enough() -> None:
    more = [device(f"more{n}", Kind.CAMERA, upstream="id-sw") for n in range(3)]
    world = World(site(*more))
    for n in range(3):
        world.take(lost(f"cam{n}", Kind.CAMERA, T + n))
    world.wait_until(T + 120)
    assert world.tickets() == ["cam0", "cam1", "cam2"]


def test_devices_that_are_not_in_service_do_not_count() -> None:
    more = [
        device(f"more{n}", Kind.CAMERA, upstream="id-sw", state=Lifecycle.PLANNED) for n in range(9)
    ]
    world = World(site(*more))
    for n in range(3):
        world.take(lost(f"cam{n}", Kind.CAMERA, T + n))
    world.wait_until(T + 120)
    assert world.tickets() == ["sw"]


def test_siblings_that_fail_one_after_the_other_did_not_fail_together(world: World) -> None:
    for n in range(3):
        world.take(lost(f"cam{n}", Kind.CAMERA, T + n * 600))
    world.wait_until(T + 3600)
    assert world.tickets() == ["cam0", "cam1", "cam2"]


def test_a_straggler_is_folded_into_the_circles_alarm(world: World) -> None:
    for n in range(3):
        world.take(lost(f"cam{n}", Kind.CAMERA, T + n))
    world.wait_until(T + 120)
    (folded,) = world.take(lost("cam3", Kind.CAMERA, T + 130))
    assert folded.into == ("sw", "camera-silent.group")
    (door,) = world.take(lost("door", Kind.UNIT_DOOR, T + 131))
    assert door.into == ("sw", "camera-silent.group"), "it hangs on the same switch"


def test_when_most_are_back_the_circles_alarm_ends_and_the_rest_get_grace(world: World) -> None:
    for n in range(4):
        world.take(lost(f"cam{n}", Kind.CAMERA, T + n))
    world.wait_until(T + 120)
    world.take(back("cam0", Kind.CAMERA, T + 600))
    assert world.tickets() == ["sw"], "three of four are still enough"
    world.take(back("cam1", Kind.CAMERA, T + 610))
    assert world.tickets() == []
    world.wait_until(T + 610 + GRACE_TIME)
    assert world.tickets() == ["cam2", "cam3"]


def test_a_parent_that_is_seen_after_all_takes_the_circles_alarm_in(
    world: World,
) -> None:
    for n in range(3):
        world.take(lost(f"cam{n}", Kind.CAMERA, T + n))
    world.wait_until(T + 120)
    world.take(lost("sw", Kind.SWITCH, T + 200))
    world.wait_until(T + 260)
    passed = [each.decision.rule for each in world.outcomes if isinstance(each, Pass)]
    assert passed == ["switch-silent"]
    last = {each.decision.subject: each.into for each in world.outcomes if isinstance(each, Folded)}
    assert last["cam0"] == ("sw", "switch-silent")
    world.take(back("sw", Kind.SWITCH, T + 900))
    for n in range(3):
        world.take(back(f"cam{n}", Kind.CAMERA, T + 930))
    world.wait_until(T + 3600)
    assert world.tickets() == []


def test_without_an_upstream_the_place_is_the_common_ancestor() -> None:
    gates = [device(f"gate{n}", Kind.BARRIER_GATE, place="guanshan/a") for n in range(4)]
    world = World(site(*gates))
    for n in range(3):
        world.take(lost(f"gate{n}", Kind.BARRIER_GATE, T + n))
    world.wait_until(T + 120)
    assert world.tickets() == ["guanshan/a"]
    (root,) = [each for each in world.outcomes if isinstance(each, Root)]
    assert "东苑" in root.decision.reason["zh"]
    assert root.decision.ticket.trade == "video", "whoever repairs one repairs them all"
    world.take(lost("gate3", Kind.BARRIER_GATE, T + 200))
    assert world.tickets() == ["guanshan/a"]


def test_a_whole_bus_is_one_ticket_wherever_its_meters_hang() -> None:
    kind = Kind.ELECTRICITY_METER
    places = [BUILDING, "guanshan/a/b2"] * 3
    meters = [
        device(f"em{n}", kind, link="electricity-1", place=place) for n, place in enumerate(places)
    ]
    world = World(site(*meters))
    for n in range(6):
        world.take(lost(f"em{n}", kind, T + n * 5))
    world.wait_until(T + 300)
    assert world.tickets() == ["guanshan/a"]


def test_a_second_dead_bus_of_the_same_place_has_its_own_ticket() -> None:
    kind = Kind.ELECTRICITY_METER
    meters = [device(f"em{n}", kind, link=f"electricity-{n // 3}") for n in range(6)]
    world = World(site(*meters))
    for n in range(6):
        world.take(lost(f"em{n}", kind, T + n))
    world.wait_until(T + 300)
    assert world.tickets() == [BUILDING, BUILDING]


def test_while_the_hub_is_cut_off_nobody_is_judged(world: World) -> None:
    world.take(lost("cam0", Kind.CAMERA))
    world.topology.pause()
    assert world.wait_until(T + 600) == []
    assert world.topology.next_due() is None
    world.topology.resume(T + 600)
    assert world.wait_until(T + 601) == []
    world.wait_until(T + 600 + GRACE_TIME)
    assert world.tickets() == ["cam0"]


def test_a_lost_link_stops_the_waiting_of_its_own_devices_only() -> None:
    meter = device("em", Kind.ELECTRICITY_METER, link="electricity-1")
    world = World(site(meter))
    world.take(lost("em", Kind.ELECTRICITY_METER))
    world.take(lost("cam0", Kind.CAMERA))
    world.topology.pause("electricity-1")
    world.wait_until(T + 3600)
    assert world.tickets() == ["cam0"]
    world.topology.resume(T + 3600, "electricity-1")
    world.wait_until(T + 3600 + GRACE_TIME)
    assert world.tickets() == ["cam0", "em"]


def test_who_falls_silent_while_the_hub_is_cut_off_waits_for_it(world: World) -> None:
    world.topology.pause("mqtt")
    world.take(lost("cam0", Kind.CAMERA))
    assert world.topology.next_due() is None
    stored = world.topology.take_states()
    world.topology.resume(T + 900, "mqtt")
    assert world.topology.next_due() == T + 900 + GRACE_TIME
    again = World()
    again.topology.restore(stored, T + 1000)
    assert again.topology.next_due() == T + 1000 + SETTLING_TIME


def test_a_parent_that_the_hub_cannot_hear_is_not_waited_for() -> None:
    meter = device("em", Kind.ELECTRICITY_METER, upstream="id-sw", link="electricity-1")
    world = World(site(meter))
    world.take(lost("sw", Kind.SWITCH))
    world.topology.pause("mqtt")
    world.take(lost("em", Kind.ELECTRICITY_METER, T + 1))
    world.wait_until(T + 61)
    assert world.tickets() == ["em"]


def test_a_restart_neither_forgets_nor_hurries(world: World) -> None:
    world.take(lost("sw", Kind.SWITCH))
    world.wait_until(T + 60)
    world.take(lost("cam0", Kind.CAMERA, T + 70))
    stored = {row.key: row for row in world.topology.take_states()}
    world.take(lost("ups", Kind.POWER_SUPPLY, T + 80))
    stored |= {row.key: row for row in world.topology.take_states()}
    assert world.topology.take_states() == []

    again = World()
    again.topology.restore(stored.values(), T + 1000)
    assert again.wait_until(T + 1001) == [], "the supply waits anew"
    again.wait_until(T + 1060)
    assert again.tickets() == ["ups"]
    (grace, *_) = again.take(back("ups", Kind.POWER_SUPPLY, T + 1100))[1:]
    assert isinstance(grace, Held)


def test_a_circles_alarm_survives_a_restart(world: World) -> None:
    for n in range(3):
        world.take(lost(f"cam{n}", Kind.CAMERA, T + n))
    world.wait_until(T + 120)
    again = World()
    again.topology.restore(world.topology.take_states(), T + 500)
    (folded,) = again.take(lost("cam3", Kind.CAMERA, T + 510))
    assert folded.into == ("sw", "camera-silent.group")


def test_a_case_that_has_ended_leaves_no_row(world: World) -> None:
    world.take(lost("cam0", Kind.CAMERA))
    world.topology.take_states()
    world.take(back("cam0", Kind.CAMERA, T + 10))
    (row,) = world.topology.take_states()
    assert row.data is None


def test_the_end_of_an_alarm_that_is_not_known_passes(world: World) -> None:
    end = back("cam0", Kind.CAMERA, T)
    assert world.take(end) == [Pass(decision=end)]


def test_a_ring_in_the_books_does_not_hang_the_hub() -> None:
    ring = [
        device("x", Kind.SWITCH, upstream="id-y"),
        device("y", Kind.SWITCH, upstream="id-x"),
    ]
    world = World(ring)
    world.take(lost("x", Kind.SWITCH))
    world.take(lost("y", Kind.SWITCH, T + 1))
    world.wait_until(T + 600)
    assert len(world.tickets()) == 1


def test_a_device_that_the_books_do_not_know_is_judged_alone(world: World) -> None:
    world.take(lost("ghost", Kind.CAMERA))
    world.wait_until(T + 60)
    assert world.tickets() == ["ghost"]


def test_a_changed_site_counts_from_now_on(world: World) -> None:
    world.take(lost("sw", Kind.SWITCH))
    world.wait_until(T + 60)
    world.topology.set_world([*site(), device("new", Kind.CAMERA, upstream="id-sw")], PLACES)
    (folded,) = world.take(lost("new", Kind.CAMERA, T + 90))
    assert isinstance(folded, Folded)


def test_a_storm_of_a_thousand_is_one_ticket() -> None:
    crowd = [device(f"c{n}", Kind.CAMERA, upstream="id-sw") for n in range(1000)]
    world = World(site(*crowd))
    for n in range(1000):
        world.take(lost(f"c{n}", Kind.CAMERA, T + n * 0.02))
    world.take(lost("sw", Kind.SWITCH, T + 45))
    world.wait_until(T + 600)
    assert world.tickets() == ["sw"]
    assert msgspec.json.encode(world.outcomes[-1])


def test_who_is_heard_again_when_its_wait_ends_gets_no_ticket_unless_it_goes_again() -> None:
    world, back_again = World(), {("cam0", "camera-silent"), ("cam1", "camera-silent")}
    world.take(lost("cam0", Kind.CAMERA))
    world.take(lost("cam1", Kind.CAMERA))
    end = T + SETTLING_TIME
    waiting = world.topology.advance(end, lambda *key: key in back_again)
    assert [type(each) for each in waiting] == [Held, Held]
    world.take(back("cam0", Kind.CAMERA, end + 20))
    assert world.tickets() == []
    # The other one has fallen silent again before its alarm was over.
    world.wait_until(end + SETTLING_TIME)
    assert world.tickets() == ["cam1"]

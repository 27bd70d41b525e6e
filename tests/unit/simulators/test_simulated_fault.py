from random import Random

import pytest

from hub.errors import InvalidRequestError, NotFoundError
from hub.model.device import Kind
from hub.model.kinds import CORE_EVENTS, find_core_point
from simulators.bus import Hearing
from simulators.community import Community
from simulators.fault import FAULTS
from simulators.mishap import Mishaps, read_duration
from simulators.script import SCRIPT, Faults, play
from tests.unit.simulators.tape import Tape


@pytest.fixture
def restarts() -> list[str]:
    return []


@pytest.fixture
def mishaps(community: Community, restarts: list[str]) -> Mishaps:
    return Mishaps(community, Random(1), lambda: restarts.append("broker"))


def pass_time(community: Community, seconds: float) -> None:
    community.agenda.run_until(community.agenda.now + seconds)


NAMES = [
    *("boom-broken", "gate-stuck-open", "gate-wont-move", "door-held", "camera-lost"),
    *("meter-dead", "slave-silent", "switch-down", "power-cut", "broker-restart"),
    *("frozen-values", "wrong-clock", "replay"),
]


def test_every_fault_of_the_issue_is_there() -> None:
    assert sorted(FAULTS) == sorted(NAMES)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "broker-restart"])
def test_every_fault_begins_with_a_fitting_device_ends_and_leaves_nothing(
    name: str, mishaps: Mishaps, community: Community, tape: Tape
) -> None:
    community.live()
    fault = mishaps.begin(name)
    row = community.rows[fault.device]
    assert row.kind in FAULTS[name].fits
    assert fault.place == row.place
    pass_time(community, 120)
    mishaps.end(fault.id)
    assert not mishaps.active()
    pass_time(community, 600)
    assert not any(device.silent for device in community.devices.values())
    assert all(device.frozen is None for device in community.devices.values())
    assert all(slave.hearing is Hearing.ANSWERS for slave in community.slaves.values())
    assert all(device.clock_offset == 0 for device in community.devices.values())


def test_a_boom_breaks_at_once(mishaps: Mishaps, community: Community, tape: Tape) -> None:
    fault = mishaps.begin("boom-broken", device="gate-a-1-in")
    address = community.rows[fault.device].address
    assert tape.bodies("state", address)[-1]["points"]["boom.broken"] is True
    mishaps.end(fault.id)
    assert tape.bodies("state", address)[-1]["points"]["boom.broken"] is False


def test_a_dead_switch_takes_all_behind_it_along(
    mishaps: Mishaps, community: Community, tape: Tape
) -> None:
    fault = mishaps.begin("switch-down", device="switch-1")
    silent = {device.row.id for device in community.devices.values() if device.silent}
    behind = {row.id for row in community.rows.values() if row.upstream == "switch-1"}
    assert silent == behind | {"switch-1"}
    assert len(behind) > 5
    assert len(tape.bodies("avail")) == len(silent)
    assert {body["state"] for body in tape.bodies("avail")} == {"offline"}
    mishaps.end(fault.id)
    assert {body["state"] for body in tape.bodies("avail")[len(silent) :]} == {"online"}


def test_a_power_cut_is_told_first_and_silent_when_the_battery_is_empty(
    mishaps: Mishaps, community: Community, tape: Tape
) -> None:
    fault = mishaps.begin("power-cut", device="ups-1")
    supply = community.devices["ups-1"]
    told = tape.bodies("state", supply.row.address)[-1]["points"]
    assert told["supply.mains"] is False
    assert not supply.silent
    pass_time(community, 50)
    fed = [device for device in community.devices.values() if device.row.power == "ups-1"]
    assert fed
    assert all(device.silent for device in (supply, *fed))
    mishaps.end(fault.id)
    told = tape.bodies("state", supply.row.address)[-1]["points"]
    assert told["supply.mains"] is True


def test_a_short_power_cut_silences_nobody(mishaps: Mishaps, community: Community) -> None:
    mishaps.begin("power-cut", device="ups-1", duration="20s")
    pass_time(community, 120)
    assert not any(device.silent for device in community.devices.values())


def test_the_battery_of_an_outage_that_is_over_silences_nobody_in_the_next(
    mishaps: Mishaps, community: Community
) -> None:
    first = mishaps.begin("power-cut", device="ups-1")
    pass_time(community, 10)
    mishaps.end(first.id)
    second = mishaps.begin("power-cut", device="ups-1")
    pass_time(community, 40)
    assert not any(device.silent for device in community.devices.values())
    pass_time(community, 10)
    mishaps.end(second.id)
    assert not any(device.silent for device in community.devices.values())


def test_meters_fall_silent_in_two_ways(mishaps: Mishaps, community: Community) -> None:
    dead, silent = mishaps.begin("meter-dead"), mishaps.begin("slave-silent")
    assert community.slaves[dead.device].hearing is Hearing.REPORTED
    assert community.rows[dead.device].kind is Kind.ELECTRICITY_METER
    assert community.slaves[silent.device].hearing is Hearing.SILENT
    assert community.rows[silent.device].kind is Kind.WATER_METER


def test_a_gate_that_wont_move_turns_its_cars_back(
    mishaps: Mishaps, community: Community, tape: Tape
) -> None:
    community.live()
    mishaps.begin("gate-wont-move", device="gate-a-1-in")
    pass_time(community, 1800)
    assert not [entry for entry in community.log if entry.device == "gate-a-1-in"]
    names = {body["name"] for body in tape.bodies("event")}
    assert "vehicle.turned_back" in names


def test_a_replay_is_old_late_and_twice(mishaps: Mishaps, community: Community, tape: Tape) -> None:
    mishaps.begin("replay")
    events = tape.bodies("event")
    assert len(events) == 20
    assert all(event["late"] for event in events)
    times = [event["ts"] for event in events[:10]]
    assert times == sorted(times)
    assert times[-1] < community.agenda.now
    assert events[:10] == events[10:], "each one comes twice with the same number"


def test_a_fault_with_a_duration_ends_by_itself(mishaps: Mishaps, community: Community) -> None:
    fault = mishaps.begin("door-held", duration="2m30s")
    assert fault.until == fault.since + 150
    pass_time(community, 149)
    assert mishaps.active() == [fault]
    pass_time(community, 2)
    assert not mishaps.active()


def test_a_fault_that_was_ended_early_does_not_end_twice(
    mishaps: Mishaps, community: Community
) -> None:
    fault = mishaps.begin("door-held", duration="60s")
    mishaps.end(fault.id)
    pass_time(community, 120)
    with pytest.raises(NotFoundError, match=fault.id):
        mishaps.end(fault.id)


def test_a_place_narrows_the_choice(mishaps: Mishaps, community: Community) -> None:
    place = community.rows["door-a-b1-u1"].place
    fault = mishaps.begin("door-held", place=place)
    assert fault.device == "door-a-b1-u1"
    with pytest.raises(InvalidRequestError, match="no device left"):
        mishaps.begin("door-held", place=place)


@pytest.mark.parametrize(
    ("request_of", "sentence"),
    [
        ({"name": "boom-brokn"}, "nearest is boom-broken"),
        ({"name": "x"}, "there are boom-broken, .*, wrong-clock$"),
        ({"name": "door-held", "device": "door-a-b1-u11"}, "nearest is door-a-b1-u1"),
        ({"name": "door-held", "place": "guanshan/z"}, "nearest is guanshan/"),
        ({"name": "door-held", "device": "gate-a-1-in"}, "a barrier_gate; it fits unit_door"),
        ({"name": "door-held", "duration": "soon"}, "write 90s, 10m"),
    ],
)
def test_a_wrong_word_is_refused_with_the_nearest_good_one(
    request_of: dict[str, str], sentence: str, mishaps: Mishaps
) -> None:
    with pytest.raises(InvalidRequestError, match=sentence):
        mishaps.begin(**request_of)
    assert not mishaps.active()


def test_the_broker_is_restarted_by_whoever_can(
    mishaps: Mishaps, restarts: list[str], community: Community
) -> None:
    mishaps.begin("broker-restart")
    assert restarts == ["broker"]
    assert not mishaps.active(), "it is over as soon as it is asked for"
    alone = Mishaps(community, Random(1), None)
    with pytest.raises(InvalidRequestError, match="only the demo's runner"):
        alone.begin("broker-restart")


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("2m30s", 150), ("1h", 3600), ("0.5s", 0.5)]
)
def test_durations_read_as_people_write_them(text: str, seconds: float) -> None:
    assert read_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "10", "m10", "10 m", "-5s", "10x"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError):
        read_duration(text)


def test_the_script_breaks_a_boom_within_ten_seconds(
    mishaps: Mishaps, community: Community
) -> None:
    play(Faults.SCRIPT, mishaps, community.agenda, Random(1))
    pass_time(community, 10)
    assert [fault.name for fault in mishaps.active()] == ["boom-broken"]


def test_the_whole_script_plays_on_the_smallest_site_and_chance_goes_on(
    mishaps: Mishaps, community: Community
) -> None:
    community.live()
    play(Faults.SCRIPT, mishaps, community.agenda, Random(1))
    pass_time(community, SCRIPT[-1][0] + 7200)
    assert 1 <= len(mishaps.active()) <= 3


def test_no_faults_means_none(mishaps: Mishaps, community: Community) -> None:
    play(Faults.NONE, mishaps, community.agenda, Random(1))
    pass_time(community, 7200)
    assert not mishaps.active()


def test_devices_say_only_what_their_kind_can_say(
    mishaps: Mishaps, community: Community, tape: Tape
) -> None:
    community.live()
    play(Faults.RANDOM, mishaps, community.agenda, Random(1))
    pass_time(community, 2 * 3600)
    kinds = {row.address: row.kind for row in community.rows.values()}
    for message in tape.messages:
        kind = kinds[message.address]
        for point in message.body.get("points", {}):
            assert find_core_point(kind, point), (kind, point)
        if message.topic == "event":
            assert message.body["name"] in CORE_EVENTS[kind]


def test_numbers_have_no_gap_within_a_boot_whatever_goes_wrong(
    mishaps: Mishaps, community: Community, tape: Tape
) -> None:
    community.live()
    play(Faults.RANDOM, mishaps, community.agenda, Random(2))
    pass_time(community, 2 * 3600)
    seen: dict[tuple[str, str, str], set[int]] = {}
    for message in tape.messages:
        if "seq" in message.body:
            key = (message.address, message.topic, message.body["boot"])
            seen.setdefault(key, set()).add(message.body["seq"])
    assert len(seen) > 100
    for key, numbers in seen.items():
        assert numbers == set(range(1, len(numbers) + 1)), key


def test_a_community_lives_the_same_life_again() -> None:
    def life() -> list[object]:
        from simulators.guanshan import build_site
        from simulators.site import on_mqtt

        tape, site = Tape(), build_site(devices=40, seed=5)
        again = Community(site.devices, now=1e9, seed=5)
        for row in on_mqtt(site.devices):
            again.wire(row, tape)
        again.live()
        again.agenda.run_until(1e9 + 1800)
        return [*tape.messages]

    assert life() == life()


def test_gates_move_and_every_move_is_in_the_log(community: Community, tape: Tape) -> None:
    community.live()
    pass_time(community, 3600)
    opened = [
        body for body in tape.bodies("state") if body["points"].get("arm.position") == "moving"
    ]
    assert len(opened) >= len(community.log) > 20
    assert {entry.command for entry in community.log} == {None}

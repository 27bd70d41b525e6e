from collections.abc import Callable

import pytest

from hub.model.device import Kind
from simulators.agenda import Agenda
from simulators.camera import Camera, PlateCamera, PowerSupply, Recorder, Switch
from simulators.device import Device, Surroundings
from simulators.door import Controller
from simulators.site import DeviceRow
from tests.unit.simulators.tape import Tape

Row = Callable[[Kind], DeviceRow]


@pytest.fixture
def camera(row_of: Row, around: Surroundings) -> Camera:
    return Camera(row_of(Kind.CAMERA), around)


@pytest.fixture
def plates(row_of: Row, around: Surroundings) -> PlateCamera:
    return PlateCamera(row_of(Kind.LPR_CAMERA), around)


def test_a_device_announces_itself_with_retained_availability_and_state(
    camera: Camera, tape: Tape
) -> None:
    camera.announce()
    availability, state = tape.messages
    assert (availability.topic, availability.retain) == ("avail", True)
    assert availability.body["state"] == "online"
    assert (state.topic, state.retain) == ("state", True)
    assert state.body["boot"] == availability.body["boot"]
    assert state.body["points"]["stream.ok"] is True


def test_numbers_count_per_topic_without_a_gap(
    plates: PlateCamera, agenda: Agenda, tape: Tape
) -> None:
    plates.announce()
    plates.live()
    for minute in range(20):
        agenda.run_until(agenda.now + 30)
        if minute % 3 == 0:
            plates.read_plate()
    for topic in ("telemetry", "event"):
        numbers = [body["seq"] for body in tape.bodies(topic)]
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) > 5


def test_only_what_is_new_is_told(camera: Camera, tape: Tape) -> None:
    camera.change({"stream.ok": False})
    camera.change({"stream.ok": False})
    assert len(tape.bodies("state")) == 1


def test_a_state_carries_every_point_and_the_time(
    camera: Camera, agenda: Agenda, tape: Tape
) -> None:
    camera.change({"picture.ok": False})
    (body,) = tape.bodies("state")
    assert body["ts"] == agenda.now
    assert set(body["points"]) == {"online", "stream.ok", "picture.ok", "recording"}


def test_a_device_that_measures_nothing_repeats_its_state_as_a_sign_of_life(
    camera: Camera, agenda: Agenda, tape: Tape
) -> None:
    camera.live()
    agenda.run_until(agenda.now + 300)
    assert 8 <= len(tape.bodies("state")) <= 12
    assert not tape.bodies("telemetry")


def test_a_silent_device_is_cut_once_says_nothing_and_returns_announced(
    camera: Camera, agenda: Agenda, tape: Tape
) -> None:
    camera.live()
    camera.mute("first")
    camera.mute("second")
    camera.change({"stream.ok": False})
    camera.happen("video.lost")
    agenda.run_until(agenda.now + 300)
    assert [body["state"] for body in tape.bodies("avail")] == ["offline"]
    assert len(tape.messages) == 1
    camera.unmute("first")
    assert tape.restored == 0
    camera.unmute("second")
    assert tape.restored == 1
    assert tape.bodies("avail")[-1]["state"] == "online"
    assert tape.bodies("state")[-1]["points"]["stream.ok"] is False


def test_a_reason_that_was_never_given_cannot_be_dropped(camera: Camera, tape: Tape) -> None:
    camera.unmute("never")
    assert not tape.messages


def test_a_device_booted_anew_counts_from_one_under_a_new_boot(camera: Camera, tape: Tape) -> None:
    camera.announce()
    camera.mute("power")
    camera.unmute("power", rebooted=True)
    first, second = tape.bodies("state")
    assert first["boot"] != second["boot"]
    assert second["seq"] == 1
    assert tape.bodies("avail")[1]["boot"] == first["boot"], "the will is of the boot that ended"


def test_a_hung_device_repeats_what_it_said_and_tells_nothing_new(
    plates: PlateCamera, agenda: Agenda, tape: Tape
) -> None:
    plates.live()
    agenda.run_until(agenda.now + 60)
    before = tape.bodies("telemetry")[-1]["points"]
    plates.frozen = dict(plates.state)
    plates.happen("plate.read")
    agenda.run_until(agenda.now + 120)
    assert tape.bodies("telemetry")[-1]["points"] == before
    assert not tape.bodies("event")


def test_a_wrong_clock_shows_in_the_time_of_what_is_said(
    camera: Camera, agenda: Agenda, tape: Tape
) -> None:
    camera.clock_offset = 3600
    camera.tell_state()
    assert tape.bodies("state")[0]["ts"] == agenda.now + 3600


def test_no_plate_leaves_the_camera_only_a_hash_of_it(plates: PlateCamera, tape: Tape) -> None:
    plates.read_plate()
    (event,) = tape.bodies("event")
    assert event["name"] == "plate.read"
    assert len(event["data"]["plate"]) == 16
    assert "苏" not in str(event)


def test_a_plate_told_afterwards_is_late_and_keeps_its_own_time(
    plates: PlateCamera, agenda: Agenda, tape: Tape
) -> None:
    plates.read_plate(ago=600)
    (event,) = tape.bodies("event")
    assert event["late"] is True
    assert event["ts"] == agenda.now - 600


def test_a_camera_that_repeats_itself_repeats_word_for_word(
    plates: PlateCamera, tape: Tape
) -> None:
    plates.read_plate()
    plates.read_plate()
    plates.repeat_itself()
    events = tape.bodies("event")
    assert events[:2] == events[2:]
    plates.repeat_itself()
    assert len(tape.bodies("event")) == 6, "repetitions are not remembered as news"


@pytest.mark.parametrize(
    ("make", "kind", "point"),
    [
        (Recorder, Kind.RECORDER, "retention.days"),
        (Switch, Kind.SWITCH, "load"),
        (PowerSupply, Kind.POWER_SUPPLY, "battery.charge"),
        (Controller, Kind.ACCESS_CONTROLLER, "battery.voltage"),
        (PlateCamera, Kind.LPR_CAMERA, "plate.rate"),
    ],
)
def test_what_measures_tells_it_at_each_heartbeat(
    make: Callable[[DeviceRow, Surroundings], Device],
    kind: Kind,
    point: str,
    row_of: Row,
    around: Surroundings,
    tape: Tape,
) -> None:
    device = make(row_of(kind), around)
    device.live()
    around.agenda.run_until(around.agenda.now + 31)
    (body,) = tape.bodies("telemetry")
    assert isinstance(body["points"][point], int | float)


def test_a_supply_without_mains_empties_its_battery_and_fills_it_again(
    row_of: Row, around: Surroundings
) -> None:
    supply = PowerSupply(row_of(Kind.POWER_SUPPLY), around)
    supply.change({"supply.mains": False})
    for _ in range(3):
        supply.measure()
    low = supply.measured["battery.charge"]
    assert low == 88
    supply.change({"supply.mains": True})
    supply.measure()
    assert supply.measured["battery.charge"] == 89

"""What Home Assistant is told: each device with its points, and nothing of a household."""

from __future__ import annotations

import json
from typing import Any

import jinja2
import msgspec
import pytest

from hub.assembly.links import Unwatched
from hub.commands.broker_grants import of_home_assistant
from hub.config.discovery import HomeAssistantSettings
from hub.feeds.home_assistant.announcement import Voice, is_shown
from hub.feeds.home_assistant.announcer import Announcer
from hub.intake.pulse import CommitPulse
from hub.model.device import Device, DeviceUid, Kind, Lifecycle, LinkState
from hub.model.report import Quality
from hub.ports import DeviceView, PointView
from tests.support.shipped import MODELS

VOICE = Voice("homeassistant", "gs", "en")
LEAK = Device(
    uid=DeviceUid("d_1"), id="leak-1", address="leak", kind=Kind.SENSOR,
    model="zigbee2mqtt-leak", place="gs/a", name="Pump room",
)  # fmt: skip
METER = msgspec.structs.replace(LEAK, kind=Kind.ELECTRICITY_METER, model="chint-dtsu666")


def announced(device: Device = LEAK) -> dict[str, Any]:
    message = VOICE.announce(device, MODELS[device.model], "Building 1")
    assert message.topic == "homeassistant/device/lingdang_d_1/config"
    said: dict[str, Any] = json.loads(message.payload)
    return said


def view(**points: PointView) -> DeviceView:
    return DeviceView(device=LEAK, link=LinkState.ONLINE, heard_at=1.0, points=points)


def test_a_device_is_announced_with_its_points_and_its_availability() -> None:
    said = announced()
    assert said["dev"] == {
        "ids": ["lingdang_d_1"], "name": "Pump room", "mdl": "Leak sensor, Zigbee",
        "mf": "Lingdang", "sa": "Building 1",
    }  # fmt: skip
    assert said["o"] == {"name": "Lingdang"}
    assert [each["t"] for each in said["avty"]] == [
        "ld/gs/lingdang-hub/ha", "ld/gs/lingdang-hub/ha/d_1/link",
    ]  # fmt: skip
    assert said["cmps"]["leak"] == {
        "name": "Water on the floor", "uniq_id": "lingdang_d_1_leak", "p": "binary_sensor",
        "val_tpl": "{{ ('ON' if value_json.get('leak') else 'OFF') "
        "if value_json.get('leak') is not none else 'None' }}",
        "dev_cla": "moisture",
    }  # fmt: skip
    assert said["cmps"]["battery_charge"]["dev_cla"] == "battery"
    assert "clock_offset" not in said["cmps"]


def test_a_counter_only_rises_and_a_measurement_has_its_unit() -> None:
    parts = announced(METER)["cmps"]
    assert (parts["energy_import"]["stat_cla"], parts["energy_import"]["unit_of_meas"]) == (
        "total_increasing", "kWh",
    )  # fmt: skip
    assert (parts["voltage_a"]["stat_cla"], parts["voltage_a"]["dev_cla"]) == (
        "measurement", "voltage",
    )  # fmt: skip


def test_points_are_named_in_the_community_s_language() -> None:
    voice = VOICE._replace(language="zh")
    said = json.loads(voice.announce(LEAK, MODELS[LEAK.model], "1栋").payload)
    assert said["cmps"]["leak"]["name"] == "水浸"
    assert said["dev"]["mdl"] == "水浸传感器（Zigbee）"


@pytest.mark.parametrize(
    ("point", "value", "shown"),
    [
        ("leak", True, "ON"), ("leak", False, "OFF"), ("leak", None, "None"),
        ("battery.charge", 97, "97"), ("battery.charge", None, "None"),
    ],
)  # fmt: skip
def test_a_template_makes_of_a_state_what_home_assistant_knows(
    point: str, value: object, shown: str
) -> None:
    part = announced()["cmps"][point.replace(".", "_")]
    template = jinja2.Template(part["val_tpl"])
    assert template.render(value_json={point: value}) == shown
    assert template.render(value_json={}) == "None"


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.id)
def test_every_model_can_be_announced(model: Any) -> None:  # noqa: ANN401
    device = msgspec.structs.replace(LEAK, kind=model.kind, model=model.id)
    if is_shown(device):
        for part in announced(device)["cmps"].values():
            assert {"p", "name", "uniq_id", "val_tpl"} <= set(part)


@pytest.mark.parametrize(
    "changes",
    [
        {"attributes": {"scope": "household"}},
        {"state": Lifecycle.RETIRED},
        {"state": Lifecycle.PLANNED},
        {"kind": Kind.HUB, "model": "lingdang-hub"},
    ],
)
def test_what_is_not_shown_is_taken_back(changes: dict[str, Any]) -> None:
    device = msgspec.structs.replace(LEAK, **changes)
    assert VOICE.announce(device, MODELS[device.model], "").payload == b""


def test_a_state_is_values_and_bad_ones_are_null() -> None:
    good = PointView(value=True, unit="", quality=Quality.GOOD, at=1.0)
    bad = PointView(value=None, unit="%", quality=Quality.BAD, at=1.0)
    state, link = VOICE.tell(view(leak=good, **{"battery.charge": bad, "clock.offset": good}))
    assert json.loads(state.payload) == {"leak": True, "battery.charge": None}
    assert (link.topic, link.payload) == ("ld/gs/lingdang-hub/ha/d_1/link", b"online")
    silent = msgspec.structs.replace(view(), link=LinkState.UNKNOWN)
    assert list(VOICE.tell(silent))[1].payload == b"offline"


def test_a_device_that_is_retired_is_taken_back_and_one_that_stays_is_announced_once() -> None:
    announcer = Announcer(
        None, VOICE, live=Site(), pulse=CommitPulse(0), models=MODELS, watch=Unwatched()  # type: ignore[arg-type]
    )  # fmt: skip
    before, retired = view(), msgspec.structs.replace(LEAK, state=Lifecycle.RETIRED)
    said = [list(announcer._news([each])) for each in (before, before)]
    assert [len(each) for each in said] == [3, 2]
    (last,) = announcer._news([msgspec.structs.replace(before, device=retired)])
    assert last == ("homeassistant/device/lingdang_d_1/config", b"")


class Site:
    """A site without places."""

    def places(self) -> dict[str, Any]:
        return {}


def test_the_hub_may_announce_and_who_reads_may_not_write_over_it() -> None:
    of_hub, readers = of_home_assistant(HomeAssistantSettings(user="ha"), "gs")
    assert "topic write homeassistant/device/+/config" in of_hub
    assert [line for line in readers["ha"] if "write" in line] == [
        "topic write homeassistant/status"
    ]
    assert of_home_assistant(None, "gs") == ([], {})

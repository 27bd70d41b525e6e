"""The broker's files as they are written from a registry."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from hub.commands.broker_config import Order, write_broker_config
from hub.commands.broker_grants import find_grants
from hub.commands.broker_profile import Profile, find_speakers, render_acl, render_conf
from hub.config.families import FamilySettings
from hub.errors import ConfigError
from hub.model.device import Device, DeviceUid, Kind, Lifecycle
from tests.support.broker import shipped_lines
from tests.support.site import Plot, names, write_site

PROFILE = Profile(
    community="gs", hub_user="hub", speakers={"gate-001": ["gate-001"], "gw-1": ["a", "b"]}
)
ORDER = Order(out=Path(), folder="/etc/mosquitto", version="2.0", passwords=False, force=False)


def device(address: str, **changes: object) -> Device:
    gate = Device(
        uid=DeviceUid(address),
        id=address,
        address=address,
        kind=Kind.BARRIER_GATE,
        model="ld-barrier-gate",
        place="gs",
    )
    return msgspec.structs.replace(gate, **changes)


def test_a_device_may_write_its_own_topics_and_read_its_own_commands() -> None:
    block = render_acl(PROFILE).split("user gate-001\n")[1].split("\n\n")[0]
    assert block.splitlines() == [
        "topic write ld/gs/gate-001/state",
        "topic write ld/gs/gate-001/event",
        "topic write ld/gs/gate-001/avail",
        "topic write ld/gs/gate-001/telemetry",
        "topic write ld/gs/gate-001/ack",
        "topic read ld/gs/gate-001/cmd",
    ]


def test_only_the_hub_sends_commands_and_reads_the_brokers_figures() -> None:
    acl = render_acl(PROFILE)
    assert acl.count("$SYS") == acl.count("topic write ld/gs/+/cmd") == 1
    assert "pattern" not in acl
    assert "#" not in acl.split("user gate-001")[1]


def test_a_gateway_speaks_for_the_devices_that_name_it_as_their_account() -> None:
    devices = [device("b", attributes={"account": "gw-1"}), device("gw-1"), device("a")]
    assert find_speakers(devices, hub_user="hub", file="x") == {"a": ["a"], "gw-1": ["b", "gw-1"]}


def test_devices_of_other_links_and_those_out_of_use_get_no_user() -> None:
    devices = [
        device("a", link="bus"),
        device("b", state=Lifecycle.RETIRED),
        device("c", state=Lifecycle.PLANNED),
        device("d", state=Lifecycle.MAINTENANCE),
    ]
    assert find_speakers(devices, hub_user="hub", file="x") == {"d": ["d"]}


@pytest.mark.parametrize("name", ["a/b", "#", "+", "a b", "a\nuser hub", "", "hub", "lingdang-hub"])
def test_a_name_that_could_reach_further_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=r"safe name|hub's own"):
        find_speakers([device(name)], hub_user="hub", file="devices.csv")


def test_the_written_limits_are_those_that_ship() -> None:
    written = render_conf(PROFILE).splitlines()
    assert set(shipped_lines()) <= set(written)


def test_every_limit_has_its_reason_above_it() -> None:
    for version in ("2.0", "2.1"):
        text = render_conf(msgspec.structs.replace(PROFILE, version=version))
        blocks = text.split("\n\n")
        for block in blocks[4:-1]:
            assert block.startswith("# "), block


def test_the_profile_for_2_1_says_that_it_was_not_tried() -> None:
    text = render_conf(msgspec.structs.replace(PROFILE, version="2.1"))
    assert "NOT TRIED" in text
    assert "plugin_opt_flush_period 0\n" in text
    assert "autosave" not in text


def test_without_passwords_devices_show_certificates() -> None:
    with_certificates = render_conf(PROFILE)
    with_passwords = render_conf(msgspec.structs.replace(PROFILE, passwords=True))
    assert "require_certificate true" in with_certificates
    assert "device.passwords" not in with_certificates
    assert "require_certificate" not in with_passwords
    for text in (with_certificates, with_passwords):
        assert text.count("use_username_as_clientid true") == 1
        assert text.count("allow_anonymous false") == 2


def test_writing_twice_changes_nothing_and_a_changed_file_is_kept(tmp_path: Path) -> None:
    config = write_site(tmp_path, Plot(devices=names("barrier_gate", 2)), mqtt_port=1)
    order, said = msgspec.structs.replace(ORDER, out=tmp_path / "out"), list[str]()
    write_broker_config(config, order, said.append)
    write_broker_config(config, order, said.append)
    assert [line.rpartition(" ")[2] for line in said] == ["written"] * 2 + ["unchanged"] * 2
    acl = order.out / "acl"
    acl.write_text("mine", "utf-8")
    with pytest.raises(ConfigError, match="--force"):
        write_broker_config(config, order, said.append)
    assert acl.read_text("utf-8") == "mine"
    write_broker_config(config, msgspec.structs.replace(order, force=True), said.append)
    assert "user gate-002" in acl.read_text("utf-8")


def test_passwords_without_mosquittos_program_write_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda _name: None)
    config = write_site(tmp_path, Plot(devices=names("barrier_gate", 1)), mqtt_port=1)
    order = msgspec.structs.replace(ORDER, out=tmp_path / "out", passwords=True)
    with pytest.raises(ConfigError, match="apt-get install mosquitto"):
        write_broker_config(config, order, lambda _line: None)
    assert list(order.out.iterdir()) == []


PLATES = FamilySettings(name="plates", dialect="vzenith", prefix="yard")


def test_the_hub_hears_a_further_dialect_and_its_devices_say_only_their_own() -> None:
    camera = device("sn-1", link="plates", attributes={"account": "cam"})
    grants = find_grants([camera, device("gate-1")], [PLATES], hub_user="hub", file="x")
    profile = msgspec.structs.replace(PROFILE, families=(PLATES,), grants=grants)
    hub, _, _ = render_acl(profile).partition("\n\nuser")
    assert "topic read yard/device/+/message/up/keep_alive" in hub
    assert "topic readwrite ld/gs/lingdang-hub/link-plates" in hub
    block = render_acl(profile).split("user cam\n")[1].split("\n\n")[0].splitlines()
    assert "topic write yard/device/sn-1/message/up/+" in block
    assert "topic read yard/device/sn-1/message/down/+" in block
    assert all("sn-1" in line for line in block)


@pytest.mark.parametrize("name", ["a/b", "#", "hub", "lingdang-hub"])
def test_a_device_of_a_further_dialect_cannot_have_a_name_that_reaches_further(name: str) -> None:
    with pytest.raises(ConfigError, match=r"safe name|hub's own"):
        find_grants([device(name, link="plates")], [PLATES], hub_user="hub", file="devices.csv")


def test_a_bridge_is_one_user_for_all_behind_it_and_may_send_long_lists() -> None:
    zigbee = FamilySettings(name="zigbee", dialect="zigbee2mqtt")
    leak = device("leak", link="zigbee")
    grants = find_grants([leak], [zigbee], hub_user="hub", file="x")
    assert grants == {"zigbee": ["topic readwrite zigbee2mqtt/#"]}
    profile = msgspec.structs.replace(PROFILE, families=(zigbee,), grants=grants)
    assert "max_packet_size 4194304\n" in render_conf(profile)
    assert "max_packet_size 65536\n" in render_conf(PROFILE)
    with pytest.raises(ConfigError, match="the hub's own user"):
        find_grants([leak], [zigbee], hub_user="zigbee", file="x")


def test_a_device_whose_topics_name_nobody_may_say_those_and_no_others() -> None:
    family = FamilySettings(name="alone", dialect="thingsboard")
    devices = [device("me", link="alone"), device("s-7", link="alone")]
    grants = find_grants(devices, [family], hub_user="hub", file="x")
    assert grants["me"][0] == "topic write v1/devices/me/+"
    assert grants["s-7"][0] == "topic write s-7/v1/devices/me/+"


def test_a_bridge_without_a_prefix_could_say_anything_and_is_refused() -> None:
    family = FamilySettings(name="zigbee", dialect="zigbee2mqtt", prefix="")
    with pytest.raises(ConfigError, match="its user could say anything"):
        find_grants([], [family], hub_user="hub", file="x")


def test_whoever_speaks_a_further_dialect_may_announce_itself() -> None:
    families = [
        FamilySettings(name="announced", dialect="homeassistant"),
        FamilySettings(name="zigbee", dialect="zigbee2mqtt"),
    ]
    grants = find_grants([], families, hub_user="hub", file="x")
    assert grants == {
        "zigbee": [
            "topic readwrite zigbee2mqtt/#",
            "topic write homeassistant/+/+/config",
            "topic write homeassistant/+/+/+/config",
        ]
    }

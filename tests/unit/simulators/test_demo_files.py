import stat
import tomllib
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.settings import load_settings
from simulators import demo_files
from simulators.demo_files import Choices, open_folder, write_config
from simulators.plan import read_plan


def make(data: Path, devices: int = 40) -> Choices:
    return open_folder(data, devices=devices, seed=1, speed=2.0)


def test_a_new_folder_gets_a_site_logins_keys_and_a_password(tmp_path: Path) -> None:
    choices = make(tmp_path)
    for name in ("devices.csv", "places.csv", "demo-access.json", "mqtt-password", "demo.json"):
        assert (tmp_path / name).exists(), name
    assert (tmp_path / "mqtt-password").read_text() == choices.password
    assert len(choices.password) >= 20


@pytest.mark.parametrize("name", ["demo-access.json", "mqtt-password", "demo.json"])
def test_secrets_are_for_our_eyes_only(name: str, tmp_path: Path) -> None:
    make(tmp_path)
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_an_old_folder_keeps_what_it_decided(tmp_path: Path) -> None:
    first, access = make(tmp_path), demo_files.read_access(tmp_path)
    second = open_folder(tmp_path, devices=90, seed=5, speed=1.0)
    assert second == first
    assert demo_files.read_access(tmp_path) == access


def test_a_port_that_was_taken_meanwhile_is_renewed_and_the_others_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make(tmp_path)
    taken = first.ports["mqtt"]
    monkeypatch.setattr(demo_files, "is_free", lambda port: port != taken)
    second = make(tmp_path)
    assert second.ports["mqtt"] != taken
    assert second.ports["control"] == first.ports["control"]


def test_all_ports_differ(tmp_path: Path) -> None:
    ports = list(make(tmp_path, devices=1000).ports.values())
    assert len(set(ports)) == len(ports) > 10


def test_the_configuration_is_what_the_hub_and_the_simulator_read(tmp_path: Path) -> None:
    choices = make(tmp_path)
    config = write_config(tmp_path, choices, web_port=8801, outbound_loopback=True)
    settings = load_settings(config.read_text("utf-8"), str(config), {})
    assert settings.community.name == {"zh": "关山社区", "en": "Guanshan community"}
    assert settings.web.port == 8801
    assert settings.outbound.allow == ("127.0.0.0/8", "::1/128")
    assert settings.demo.speed == 2.0
    assert settings.demo.clock_origin == choices.clock_origin
    plan = read_plan(config)
    assert plan.community == settings.community.id
    assert plan.broker == choices.broker
    assert {gateway.name: gateway.port for gateway in plan.gateways} == {
        gateway.name: gateway.port for gateway in settings.modbus
    }
    assert len(plan.devices) == 40


def test_push_stays_away_from_this_machine_unless_asked_for(tmp_path: Path) -> None:
    config = write_config(tmp_path, make(tmp_path), web_port=1, outbound_loopback=False)
    assert "outbound" not in tomllib.loads(config.read_text("utf-8"))


def test_water_meters_hang_on_serial_lines(tmp_path: Path) -> None:
    config = write_config(tmp_path, make(tmp_path), web_port=1, outbound_loopback=False)
    framing = {gateway.name: gateway.framing.value for gateway in read_plan(config).gateways}
    assert framing == {"electricity-1": "tcp", "water-1": "rtu_over_tcp"}


def test_an_impossible_size_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not 7"):
        make(tmp_path, devices=7)


def test_a_secret_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    demo_files.write_secret(path, b"one")
    demo_files.write_secret(path, b"two")
    assert path.read_bytes() == b"two"
    assert [each.name for each in tmp_path.iterdir()] == ["secret"]

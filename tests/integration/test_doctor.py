"""The doctor at real brokers: one on the written files, one that lets everybody in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from hub.commands.broker_checkup import Patient
from hub.commands.doctor import see
from hub.commands.finding import Finding, Verdict
from tests.support.broker import DEBIAN_LINES, running_broker
from tests.support.generated_broker import generated_broker
from tests.support.site import Plot, names, write_site

pytestmark = pytest.mark.integration

GATE = "gate-001"


async def examine(config: Path, patient: Patient) -> tuple[int, dict[str, Finding]]:
    """Run the doctor as a program would; its exit code, and its findings by name."""
    said: list[str] = []
    code = await asyncio.to_thread(see, config, patient, as_json=True, echo=said.append)
    found = msgspec.json.decode(said[0], type=list[Finding])
    return code, {finding.check: finding for finding in found}


def point_at(config: Path, port: int, user: str, password: str) -> None:
    """Let the configuration name the broker as the hub's user."""
    text = config.read_text("utf-8").replace("port = 1\n", f"port = {port}\n")
    login = f'[mqtt]\nusername = "{user}"\npassword = "{password}"\n'
    config.write_text(text.replace("[mqtt]\n", login), "utf-8")


async def test_the_written_files_pass_but_for_what_no_one_can_promise(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    require_server("mosquitto_passwd")
    plot = Plot(devices=names("barrier_gate", 2))
    config = write_site(tmp_path / "site", plot, mqtt_port=1)
    async with generated_broker(require_server("mosquitto"), tmp_path / "broker", config) as own:
        point_at(config, own.broker.port, "hub", own.passwords["hub"])
        patient = Patient(device=GATE, password=own.passwords[GATE], port=own.device_port)
        code, found = await examine(config, patient)
    assert code < 2
    assert "mosquitto version" in found["version"].en
    for check in ("acl", "anonymous", "qos", "round-trip", "dropped"):
        assert found[check].verdict is Verdict.OK, found[check]


async def test_a_broker_that_lets_everybody_in_and_everywhere_is_wrong(
    tmp_path: Path, require_server: Callable[[str], Path]
) -> None:
    plot = Plot(devices=names("barrier_gate", 1))
    async with running_broker(require_server("mosquitto"), tmp_path / "b", DEBIAN_LINES) as broker:
        config = write_site(tmp_path / "site", plot, mqtt_port=broker.port)
        code, found = await examine(config, Patient(device=GATE, password="any"))
    assert code == 2
    assert found["anonymous"].verdict is Verdict.WRONG
    assert found["acl"].en == f"{GATE} can read and write what is not its own."

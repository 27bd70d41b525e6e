"""A whole hub by each MQTT client: it says which one, and hears readings, events and faults."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.commands.checking import show_status
from tests.support.broker import running_broker
from tests.support.hub_process import running_hub
from tests.support.publisher import publishing
from tests.support.site import Plot, names, write_site
from tests.support.story import has_caught_up, has_ticket, hears, until

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("client", "words"),
    [("paho", "paho (paho-mqtt"), ("fast", "fast (mqtt5"), ("auto", "fast (mqtt5")],
)
async def test_a_hub_says_which_client_it_uses_and_hears_faults_by_it(
    tmp_path: Path, require_server: Callable[[str], Path], client: str, words: str
) -> None:
    async with running_broker(require_server("mosquitto"), tmp_path / "broker") as broker:
        plot = Plot(devices=names("barrier_gate", 1))
        config = write_site(tmp_path / "hub", plot, mqtt_port=broker.port)
        text = config.read_text("utf-8")
        config.write_text(text.replace("[mqtt]", f'[mqtt]\nclient = "{client}"'), "utf-8")
        async with running_hub(config) as hub, publishing(broker.port) as devices:
            await has_caught_up(hub)
            devices.state("gate-001", time.time(), boom_broken=True)
            assert (await has_ticket(hub, "gate-001"))["fault"] == "gate.boom_broken"
            await hears(hub, "gate-001", "boom.broken", value=True)
            told = {"name": "opened.locally", "data": {"by": "key"}}
            devices.say("gate-001", "event", told, at=time.time())
            await until(
                lambda: hub.get("/api/v1/devices/gate-001/events"),
                lambda page: "opened.locally" in {each["name"] for each in page["items"]},
            )
            said: list[str] = []
            assert await asyncio.to_thread(show_status, config, said.append) == 0
            assert f'"mqtt": "{words}' in hub.log
    assert any(line.startswith(f"  started with the MQTT client {words}") for line in said)
    assert any(line.startswith("  access_events: kept 180 days, none there") for line in said)

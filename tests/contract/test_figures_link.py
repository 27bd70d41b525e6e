"""What the link to the broker's figures must do, against a real mosquitto, by both clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from device_drivers.links import mqtt_figures
from device_drivers.links.mqtt import MqttLink
from device_drivers.links.mqtt_dialler import Dialler
from device_drivers.links.mqtt_figures import FiguresLink
from device_drivers.links.mqtt_settings import MqttSettings, Session
from hub.clock import SystemClock
from hub.errors import LinkError
from hub.ports import BrokerFigures
from tests.contract.mqtt_broker import Broker, Tray, Watch, ends, payloads, running
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.integration

STATE = "ld/gs/gate-1/state"
CLIENTS = [("paho", "5"), ("paho", "3.1.1"), ("fast", "5")]


class Ledger:
    """Keeps what the link tells."""

    def __init__(self) -> None:
        self.looks: list[BrokerFigures] = []
        self.mute: list[str] = []

    def broker_told(self, figures: BrokerFigures) -> None:
        self.looks.append(figures)

    def broker_is_mute(self, why: str) -> None:
        self.mute.append(why)

    async def until(self, true: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not true():  # noqa: ASYNC110 - it tells in the same loop
                await asyncio.sleep(0.01)


@pytest.fixture(params=CLIENTS, ids=" ".join)
def dialler(request: pytest.FixtureRequest) -> Callable[[MqttSettings], Dialler]:
    client, protocol = request.param
    return lambda settings: Dialler(
        msgspec.structs.replace(settings, client=client, protocol=protocol)
    )


@pytest.fixture
async def broker(require_server: Callable[[str], Path], tmp_path: Path) -> AsyncIterator[Broker]:
    (tmp_path / "acl").write_text("topic readwrite ld/#\n", "utf-8")
    own = Broker(require_server("mosquitto"), tmp_path, "sys_interval 1")
    await own.start()
    yield own
    own.kill()


def make(dialler: Dialler, ledger: Ledger, tray: Tray) -> FiguresLink:
    return FiguresLink(dialler, listener=ledger, watch=Watch(tray))


async def test_it_looks_at_once_and_again_with_each_round_of_the_broker(
    broker: Broker, dialler: Callable[[MqttSettings], Dialler]
) -> None:
    ledger, tray = Ledger(), Tray()
    async with running(make(dialler(broker.settings()), ledger, tray)):
        await ledger.until(lambda: ledger.looks)
        await broker.publish((STATE, b"kept"), retain=True)
        await ledger.until(lambda: ledger.looks[-1].uptime >= ledger.looks[0].uptime + 2)
    assert tray.log == ["new session"]
    assert ledger.mute == []
    assert {look.dropped for look in ledger.looks} == {0}
    assert all(look.stored > 0 for look in ledger.looks)


async def test_a_broker_that_hides_its_figures_is_told_once_however_often_it_is_lost(
    broker: Broker,
    dialler: Callable[[MqttSettings], Dialler],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(mqtt_figures, "MUTE_AFTER", 0.2)
    broker.kill()
    config = tmp_path / "mosquitto.conf"
    config.write_text(f"{config.read_text('utf-8')}acl_file {tmp_path}/acl\n", "utf-8")
    ledger, tray = Ledger(), Tray()
    link = make(dialler(broker.settings()), ledger, tray)
    for _ in range(2):
        await broker.start()
        async with running(link) as task:
            await ledger.until(lambda: ledger.mute)
            await asyncio.sleep(0.5)
            broker.kill()
            with pytest.raises(LinkError):
                await ends(task)
    assert ledger.looks == []
    (why,) = ledger.mute
    assert f"127.0.0.1:{broker.port} says nothing of itself in $SYS" in why


async def test_states_that_the_broker_keeps_come_again_when_they_are_asked_for(
    broker: Broker, dialler: Callable[[MqttSettings], Dialler]
) -> None:
    tray = Tray()
    dialling = dialler(broker.settings())
    link = MqttLink(Session.STATE, dialling, inbox=tray, watch=Watch(tray), clock=SystemClock())
    async with running(link):
        await tray.heard("caught up")
        await broker.publish((STATE, b"one"), (STATE, b"two"), retain=True)
        link.acknowledge(await tray.take(2))
        for _ in range(2):
            link.read_again()
            (again,) = await tray.take(1)
            assert (payloads([again]), again.retained) == ([b"two"], True)
            link.acknowledge([again])
        await broker.publish((STATE, b"three"))
        assert payloads(await tray.take(1)) == [b"three"], "nothing came twice"

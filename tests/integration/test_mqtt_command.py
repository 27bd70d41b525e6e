"""Commands over MQTT: they arrive now, or never."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from device_drivers.dialects.lingdang import encode_command
from device_drivers.links.mqtt_command import MqttCommandSender
from device_drivers.links.mqtt_dialler import Dialler
from device_drivers.links.mqtt_ear import Terms
from device_drivers.links.mqtt_settings import MqttSettings
from hub.clock import Clock, ManualClock, SystemClock
from hub.errors import CommandRefusedError, LinkError
from hub.model.command import Command, CommandState
from hub.model.device import Device, DeviceUid, Kind
from tests.contract.mqtt_broker import CONNACK, Broker, scripted
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.integration

GATE = Device(
    uid=DeviceUid("u1"),
    id="gate-east",
    address="g1",
    kind=Kind.BARRIER_GATE,
    model="ld-barrier-gate",
    place="gs/a",
)


def make_command(expires: float) -> Command:
    return Command(
        id="c1",
        uid=GATE.uid,
        device=GATE.id,
        do="open",
        actor="guard",
        reason="visitor",
        issued=expires - 5,
        expires=expires,
        state=CommandState.AUTHORISED,
    )


Make = Callable[..., MqttCommandSender]


@pytest.fixture(params=["paho", "fast"])
def make_sender(request: pytest.FixtureRequest) -> Make:
    def sender(settings: MqttSettings, clock: Clock | None = None) -> MqttCommandSender:
        dialler = Dialler(msgspec.structs.replace(settings, client=request.param))
        return MqttCommandSender(dialler, clock=clock or SystemClock(), encode=encode_command)

    return sender


@pytest.fixture
async def broker(require_server: Callable[[str], Path], tmp_path: Path) -> AsyncIterator[Broker]:
    own = Broker(require_server("mosquitto"), tmp_path)
    await own.start()
    yield own
    own.kill()


class Gate:
    """A gate's adapter: what it was told, and whether it was retained."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, bytes, bool]] = []
        self._something = asyncio.Event()

    def receive(self, topic: str, payload: bytes, packet_id: int, *, retained: bool) -> bool:
        self.heard.append((topic, payload, retained))
        self._something.set()
        return True

    async def room(self) -> None:
        return

    async def told(self) -> tuple[str, bytes, bool]:
        async with asyncio.timeout(PATIENCE):
            await self._something.wait()
        return self.heard[-1]


@contextlib.asynccontextmanager
async def connected(broker: Broker, *, lasting: bool = False) -> AsyncIterator[Gate]:
    gate = Gate()
    dialler = Dialler(broker.settings())
    connection = dialler.connect(Terms(client_id="g1", lasting=lasting), gate)
    await dialler.open(connection)
    await connection.subscribe(["ld/gs/g1/cmd"])

    async def serve() -> None:
        while True:
            await connection.turn()

    task = asyncio.create_task(serve(), name="gate")
    try:
        yield gate
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await connection.close(politely=True)


async def test_a_connected_gate_is_told_and_the_command_is_not_kept(
    broker: Broker, make_sender: Make
) -> None:
    command = make_command(SystemClock().now() + 60)
    async with connected(broker) as gate:
        await make_sender(broker.settings()).send(command, GATE)
        topic, payload, retained = await gate.told()
    assert (topic, retained) == ("ld/gs/g1/cmd", False)
    assert msgspec.json.decode(payload) == {
        "id": "c1",
        "do": "open",
        "issued": command.issued,
        "expires": command.expires,
    }


async def test_a_gate_that_is_not_connected_refuses_and_never_hears_of_it(
    broker: Broker, make_sender: Make
) -> None:
    with pytest.raises(CommandRefusedError, match="gate-east: the gate is not connected"):
        await make_sender(broker.settings()).send(make_command(SystemClock().now() + 60), GATE)
    async with connected(broker) as gate:
        await broker.publish(("ld/gs/g1/cmd", b"later"))
        await gate.told()
    assert [payload for _, payload, _ in gate.heard] == [b"later"]


async def test_a_command_kept_for_an_absent_gate_expires_in_the_broker(
    broker: Broker, make_sender: Make
) -> None:
    async with connected(broker, lasting=True):
        pass
    await make_sender(broker.settings()).send(make_command(SystemClock().now() + 1), GATE)
    await asyncio.sleep(2.1)  # the broker's own clock: nothing else moves it
    async with connected(broker, lasting=True) as gate:
        await broker.publish(("ld/gs/g1/cmd", b"later"))
        await gate.told()
    assert [payload for _, payload, _ in gate.heard] == [b"later"]


async def test_an_expired_command_is_not_sent_at_all(make_sender: Make) -> None:
    clock = ManualClock()
    async with scripted(lambda _: CONNACK) as (settings, heard):
        with pytest.raises(CommandRefusedError, match="expired"):
            await make_sender(settings, clock).send(make_command(clock.now()), GATE)
    assert heard == []


async def test_without_a_broker_nothing_was_sent(broker: Broker, make_sender: Make) -> None:
    broker.kill()
    with pytest.raises(CommandRefusedError, match="nothing was sent"):
        await make_sender(broker.settings()).send(make_command(SystemClock().now() + 60), GATE)


async def test_without_an_answer_somebody_must_look_and_nothing_is_sent_again(
    make_sender: Make,
) -> None:
    async with scripted(lambda _: CONNACK) as (settings, heard):
        with pytest.raises(LinkError, match="look at the gate"):
            await make_sender(settings).send(make_command(SystemClock().now() + 2.0), GATE)
    sent = b"".join(heard)
    assert sent.count(b'"c1"') == 1


async def test_a_command_that_the_access_list_forbids_is_refused(
    require_server: Callable[[str], Path], tmp_path: Path, make_sender: Make
) -> None:
    (tmp_path / "acl").write_text("topic read ld/#\n")
    strict = Broker(require_server("mosquitto"), tmp_path, f"acl_file {tmp_path / 'acl'}")
    await strict.start()
    try:
        with pytest.raises(CommandRefusedError, match="access list"):
            await make_sender(strict.settings()).send(make_command(SystemClock().now() + 60), GATE)
    finally:
        strict.kill()

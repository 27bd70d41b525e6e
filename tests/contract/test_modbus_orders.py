"""Orders by Modbus coils against every fault of a relay box: at most one movement, in time."""

from __future__ import annotations

import asyncio
import contextlib

import msgspec
import pytest

from device_drivers.links import modbus_pulse
from device_drivers.links.modbus_slave import Slave
from device_drivers.links.modbus_wire import ModbusSettings, ModbusWire
from hub.errors import CommandRefusedError, LinkError
from hub.model.catalogue import RelayOrder
from hub.model.command import CommandState
from simulators.relay import CLOSE, FLASH, LIFT, OFF, ON, STOP, WRITE_COIL, Mishap
from tests.support.patience import PATIENCE
from tests.support.shipped import MODELS
from tests.support.yard import GATE, PULSE, Yard, order

pytestmark = pytest.mark.integration
DOUBT, REFUSED = LinkError, CommandRefusedError
AT_ON = {
    Mishap.SILENCE: None,
    Mishap.LATE: None,
    Mishap.WRONG_ADDRESS: None,
    Mishap.WRONG_VALUE: None,
    Mishap.NO_TARGET: None,
    Mishap.CUT: None,
    Mishap.DEAF: DOUBT,
    Mishap.FAILURE: DOUBT,
    Mishap.CLOSED: DOUBT,
    Mishap.BUSY: REFUSED,
}
"""What goes wrong with "on", and what is answered; None where the relay is read to be on."""


@pytest.fixture(params=["tcp", "rtu_over_tcp"])
def yard(request: pytest.FixtureRequest) -> Yard:
    return Yard(request.param)


async def test_an_order_is_a_pulse_and_the_arm_is_seen(yard: Yard) -> None:
    command = order()
    async with yard.open():
        assert await yard.give(command) is CommandState.RECEIVED
        await yard.recorder.until(
            lambda: any(
                block.function == 2 and block.words == (1, 0)
                for block in yard.recorder.envelopes[-1].payload
                if not isinstance(block, int)
            )
        )
        await yard.is_off()
    on, off = yard.barrier.writes
    assert (on[1:], off[1:]) == ((LIFT, True), (LIFT, False))
    assert PULSE - 0.01 < off[0] - on[0] < PULSE + 2.0
    assert yard.moves == ["open"]
    assert yard.recorder.relays == []
    yard.check(command)


@pytest.mark.parametrize("mishap", AT_ON)
async def test_whatever_becomes_of_on_it_is_written_once_and_let_go(
    yard: Yard, mishap: Mishap
) -> None:
    command, expected = order(), AT_ON[mishap]
    async with yard.open():
        yard.box.mishaps.append(("on", mishap))
        if expected is None:
            assert await yard.give(command) is CommandState.RECEIVED
        else:
            with pytest.raises(expected, match="gate-east"):
                await yard.give(command)
        await yard.until(lambda: yard.count(OFF) > 0)
        await yard.is_off()
    assert yard.count(ON) == 1
    assert yard.moves == (["open"] if expected is None else [])
    yard.check(command)


async def test_a_relay_that_falls_back_by_itself_is_not_switched_on_again(yard: Yard) -> None:
    command = order()
    yard.barrier.timer = 0.05
    async with yard.open():
        yard.box.mishaps.append(("on", Mishap.SILENCE))
        with pytest.raises(LinkError, match="look at the gate"):
            await yard.give(command)
        await yard.until(lambda: yard.count(OFF) > 0)
    assert (yard.count(ON), yard.moves) == (1, ["open"])


@pytest.mark.parametrize("mishap", Mishap)
async def test_whatever_becomes_of_off_the_relay_is_let_go(yard: Yard, mishap: Mishap) -> None:
    command = order()
    async with yard.open():
        yard.box.mishaps.append(("off", mishap))
        assert await yard.give(command) is CommandState.RECEIVED
        await yard.until(lambda: yard.count(OFF) > 0)
        await yard.is_off()
    assert yard.recorder.relays == []
    yard.check(command)


@pytest.mark.parametrize("mishap", [Mishap.DEAF, Mishap.CLOSED, Mishap.BUSY])
async def test_a_relay_that_is_not_let_go_is_told_and_let_go_later(
    yard: Yard, mishap: Mishap
) -> None:
    yard._period = 0.3
    command = order()
    async with yard.open():
        yard.box.mishaps += [("off", mishap)] * (modbus_pulse.TRIES + 1)
        assert await yard.give(command) is CommandState.RECEIVED
        await yard.recorder.until(lambda: len(yard.recorder.relays) >= 2)
        await yard.is_off()
    assert [stands for stands, _ in yard.recorder.relays] == [True, False]
    yard.check(command)


async def test_a_relay_that_sticks_is_told_once_and_takes_no_order_until_it_is_off(
    yard: Yard,
) -> None:
    yard._period = 0.3
    command, next_one, last = order(), order("close", lasts=60), order("close", lasts=60)
    yard.barrier.stuck = True
    async with yard.open():
        await yard.give(command)
        await yard.recorder.until(lambda: len(yard.recorder.relays) == 1)
        offs = yard.count(OFF)
        await yard.until(lambda: yard.count(OFF) > offs + modbus_pulse.TRIES)
        with pytest.raises(CommandRefusedError, match="relay 0 stands on"):
            await yard.give(next_one)
        assert [stands for stands, _ in yard.recorder.relays] == [True]
        yard.barrier.stuck = False
        await yard.recorder.until(lambda: len(yard.recorder.relays) == 2)
        assert await yard.give(last) is CommandState.RECEIVED
        await yard.is_off()
    assert yard.recorder.relays[1] == (False, "relay 0 stood on and was let go")
    yard.check(command, last)


@pytest.mark.parametrize("mishap", [Mishap.DEAF, Mishap.CUT, Mishap.BUSY, Mishap.NO_TARGET])
async def test_a_box_that_cannot_be_read_is_not_written(yard: Yard, mishap: Mishap) -> None:
    async with yard.open():
        yard.box.mishaps.append(("read", mishap))
        with pytest.raises(CommandRefusedError, match="nothing was sent"):
            await yard.give(order())
    assert (yard.count(ON), yard.moves) == (0, [])


async def test_two_relays_are_never_on_together(yard: Yard) -> None:
    opening, closing = order("open"), order("close")
    async with yard.open():
        said = await asyncio.gather(yard.give(opening), yard.give(closing))
        await yard.until(lambda: yard.count(OFF) == 2)
    assert said == [CommandState.RECEIVED] * 2
    assert yard.moves == ["open", "close"]
    yard.check(opening, closing)


@pytest.mark.parametrize("relay", [LIFT, STOP, CLOSE])
async def test_no_relay_is_switched_on_beside_one_that_somebody_holds(
    yard: Yard, relay: int
) -> None:
    async with yard.open():
        yard.barrier.coils[relay] = True
        with pytest.raises(CommandRefusedError, match=f"relay {relay} stands on"):
            await yard.give(order())
    assert (yard.count(ON), yard.moves) == (0, [])


async def test_an_order_that_waits_too_long_is_not_sent(yard: Yard) -> None:
    yard._period, yard._timeout = 0.05, 10.0  # of which a fifth is waited for
    async with yard.open():
        yard.box.hold.clear()
        asked = len(yard.box.asked)
        await yard.until(lambda: len(yard.box.asked) > asked)
        with pytest.raises(CommandRefusedError, match="expired"):
            await yard.give(order(lasts=0.5))
        yard.box.hold.set()
    assert (yard.count(ON), yard.moves) == (0, [])


async def test_an_order_that_expires_while_the_box_is_asked_is_not_sent(yard: Yard) -> None:
    yard._timeout, yard.box.late = 10.0, 0.5
    async with yard.open():
        yard.box.mishaps.append(("read", Mishap.LATE))
        with pytest.raises(CommandRefusedError, match="expired"):
            await yard.give(order(lasts=0.3))
    assert (yard.count(ON), yard.moves) == (0, [])


async def test_nothing_waits_for_a_gateway_that_is_away(yard: Yard) -> None:
    yard._period, yard._timeout = 0.05, 0.5
    async with yard.listening() as server, yard.running():
        yard.box.hold.clear()
        asked = len(yard.box.asked)
        await yard.until(lambda: len(yard.box.asked) > asked)
        waiting = asyncio.create_task(yard.give(order(lasts=60)))
        server.close()
        with pytest.raises(CommandRefusedError, match="bus-1"):
            await waiting
        await asyncio.wait_for(yard.lost.wait(), PATIENCE)
        with pytest.raises(CommandRefusedError, match="bus-1 is not there"):
            await yard.give(order(lasts=60))
        yard.box.hold.set()
    async with yard.listening(), yard.running():
        polls = len(yard.recorder.envelopes)
        await yard.recorder.until(lambda: len(yard.recorder.envelopes) > polls + 2)
    assert (yard.count(ON), yard.moves) == (0, [])


async def test_an_id_is_carried_out_once(yard: Yard) -> None:
    command = order(lasts=60)
    async with yard.open():
        await yard.give(command)
        with pytest.raises(CommandRefusedError, match="given before"):
            await yard.give(command)
        await yard.is_off()
    yard.check(command)


async def test_a_hub_that_is_told_to_stop_lets_the_relay_go_first(yard: Yard) -> None:
    command = order()
    async with yard.listening():
        async with yard.running():
            await yard.give(command)
            assert yard.barrier.coils[LIFT]
        assert not any(yard.barrier.coils)
        assert yard.barrier.writes[-1][0] - yard.barrier.writes[0][0] > PULSE - 0.01
    yard.check(command)


@pytest.mark.parametrize("relay", [LIFT, STOP, CLOSE])
async def test_a_relay_that_an_earlier_life_left_on_is_let_go_and_told(
    yard: Yard, relay: int
) -> None:
    yard.barrier.coils[relay] = True
    async with yard.open():
        await yard.recorder.until(lambda: yard.recorder.relays != [])
        await yard.is_off()
    assert yard.recorder.relays == [(False, f"relay {relay} stood on and was let go")]
    assert yard.moves == []


async def test_somebody_elses_pulse_is_left_to_its_end(yard: Yard) -> None:
    yard.barrier.coils[LIFT] = True

    async def let_go() -> None:
        await yard.until(lambda: yard.box.asked != [])
        yard.barrier.coils[LIFT] = False

    button = asyncio.create_task(let_go())
    async with yard.open():
        await button
    assert yard.count(OFF) == 0
    assert yard.recorder.relays == []


async def test_only_declared_coils_of_a_switched_device_are_written(yard: Yard) -> None:
    async with yard.open():
        for device, command, why in (
            (GATE, order("hold_open"), "no relay for 'hold_open'"),
            (GATE, order(uid="d_other"), "no relay that the hub may switch"),
        ):
            yard.device = device
            with pytest.raises(CommandRefusedError, match=why):
                await yard.give(command)
        wire = ModbusWire(ModbusSettings(name="bus-1", host="127.0.0.1", port=yard.port))
        await wire.open()
        for model, coil in ((GATE.model, 7), ("eastron-sdm120", LIFT)):
            slave = Slave(msgspec.structs.replace(GATE, model=model), MODELS[model], 1.0)
            with pytest.raises(LinkError, match="never written"):
                await wire.write_coil(slave, RelayOrder(do="open", coil=coil), on=True)
        wire.close()
    assert yard.count(ON) == yard.count(OFF) == 0


@pytest.mark.parametrize("mishap", [None, Mishap.SILENCE, Mishap.DEAF])
async def test_a_board_that_lets_go_by_itself_is_told_the_time_once(
    yard: Yard, mishap: Mishap | None
) -> None:
    yard.device = msgspec.structs.replace(GATE, model="relay-barrier-limits")

    def written() -> list[tuple[int, int]]:
        return [(a.start, a.count) for a in yard.box.asked if a.function == WRITE_COIL]

    async with yard.open():
        if mishap:
            yard.box.mishaps.append(("on", mishap))
        with contextlib.suppress(LinkError):
            await yard.give(order())
        await yard.until(lambda: written()[-1:] == [(LIFT, OFF)])
        assert yard.recorder.relays == []

    assert written() == [(FLASH, 5), (LIFT, OFF)]
    assert yard.moves == ([] if mishap is Mishap.DEAF else ["open"])


async def test_what_was_not_answered_is_taken_back_from_the_network() -> None:
    """A request that the kernel still holds would reach the gateway when a cable is plugged in."""
    ends: asyncio.Queue[str] = asyncio.Queue()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readexactly(12)
            await reader.read()
            ends.put_nowait("end")
        except ConnectionResetError:
            ends.put_nowait("reset")
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    wire = ModbusWire(ModbusSettings(name="bus-1", host="127.0.0.1", port=port))
    await wire.open()
    slave = Slave(GATE, MODELS[GATE.model], 0.1)
    with pytest.raises(LinkError):
        await wire.write_coil(slave, slave.orders[0], on=True)
    assert await asyncio.wait_for(ends.get(), PATIENCE) == "reset"
    server.close()

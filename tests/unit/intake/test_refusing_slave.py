"""A slave that answers every question with an exception lives, and gets its ticket."""

from __future__ import annotations

import msgspec

from device_drivers.dialects.modbus import ModbusDriver
from hub.model.device import Kind, LinkState
from hub.ports import Registers
from tests.unit.intake.stage import MODELS, Stage, device, stage

MODEL = msgspec.structs.replace(MODELS["peacefair-pzem016"], id="m", driver="lingdang")
ALL = {**MODELS, "m": MODEL}
METER = msgspec.structs.replace(device("1", Kind.ELECTRICITY_METER), model="m")
VALUES = (Registers(function=4, start=0, words=(2300, 10, 0, 1500, 0, 700, 0, 500, 95)),)


async def poll(running: Stage, answer: tuple[Registers, ...]) -> None:
    """Have the link bring the same answer each ten seconds, for four minutes."""
    for _ in range(24):
        running.intake.inbox.offer(running.envelope("1", answer))
        await running.settle()
        await running.clock.advance(9)
        await running.settle(1)


async def tickets_after(*answers: tuple[Registers, ...]) -> list[str]:
    """Return the rules of the open tickets after four minutes of each answer."""
    drivers = {"lingdang": ModbusDriver(ALL)}
    async with stage(devices=(METER,), models=ALL, drivers=drivers) as running:
        for answer in answers:
            await poll(running, answer)
        view = running.intake.live.device("1")
        assert view is not None
        assert view.link is LinkState.ONLINE
        return await running.open_tickets()


async def test_exception_4_to_every_question_is_a_ticket() -> None:
    failure = (Registers(function=4, start=0, exception=4),)
    assert await tickets_after(VALUES, failure) == ["slave-refuses"]


async def test_one_block_that_is_refused_beside_one_that_has_values_is_none() -> None:
    partly = (*VALUES, Registers(function=4, start=9, exception=4))
    assert await tickets_after(VALUES, partly) == []

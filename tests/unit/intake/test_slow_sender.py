"""An order whose link takes its time: it may be on its way, and is never told as not sent."""

from __future__ import annotations

import asyncio

from hub.errors import CommandRefusedError
from hub.model.access import Identity, Role
from hub.model.command import Command, CommandState
from hub.model.device import Device
from hub.services.command import EXPIRY, FEEDBACK
from tests.unit.intake.stage import GATE, Sender, Stage, stage

GUARD = Identity(name="wang", role=Role.GUARD)


class SlowSender(Sender):
    """Answers when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = asyncio.Event()
        self.answered = asyncio.Event()

    async def send(self, command: Command, device: Device) -> None:
        try:
            await self.may_answer.wait()
            await super().send(command, device)
        finally:
            self.answered.set()


async def give(run: Stage) -> str:
    run.say("state", {"points": {"arm.position": "closed"}})
    await run.settle()
    return (await run.intake.desk.command(GATE.id, "open", "visitor", GUARD)).id


async def state_of(run: Stage, command: str) -> CommandState:
    found = await run.store.books.command(command)
    assert found is not None
    return found.state


async def test_an_order_that_its_link_still_has_is_unknown_and_not_expired() -> None:
    sender = SlowSender()
    async with stage(sender=sender) as run:
        command = await give(run)
        await run.settle(EXPIRY + 1)
        assert await state_of(run, command) is CommandState.AUTHORISED
        await run.settle(FEEDBACK)
        assert await state_of(run, command) is CommandState.UNKNOWN
        sender.may_answer.set()
        await sender.answered.wait()
        await run.settle(1)
        assert await state_of(run, command) is CommandState.UNKNOWN


async def test_a_link_that_says_late_that_nothing_was_sent_is_believed() -> None:
    sender = SlowSender()
    sender.failure = CommandRefusedError("it expired while the line was busy")
    async with stage(sender=sender) as run:
        command = await give(run)
        await run.settle(EXPIRY + 1)
        sender.may_answer.set()
        await sender.answered.wait()
        await run.settle(1)
        assert await state_of(run, command) is CommandState.FAILED

"""Orders under way: into the journal first, then out once, then followed until they are final."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from math import inf
from typing import Any

from hub.errors import CommandRefusedError, LinkError
from hub.intake.batch import Batch
from hub.intake.inbox import BoundedInbox
from hub.model.access import Identity
from hub.model.command import Command, CommandState
from hub.model.device import Device
from hub.model.report import Report, Sample
from hub.ports import CommandSender, DeviceView
from hub.services import command as orders

Spawn = Callable[[Coroutine[Any, Any, None]], None]
"""Starts a task that the composition root owns."""
NO_WORD = "the link has not said what became of it"
Look = Callable[[str], DeviceView | None]
"""Shows a device as of the last commit, by its readable id."""


def _nobody(_command: Command, _batch: Batch) -> None:
    pass


class CommandRoom:
    """Keeps the commands that are not final; everything happens inside a batch."""

    def __init__(
        self, *, inbox: BoundedInbox, sender: CommandSender, spawn: Spawn, look: Look
    ) -> None:
        self._inbox = inbox
        self._sender = sender
        self._spawn = spawn
        self._look = look
        self._devices: Mapping[str, Device] = {}
        self._pending: dict[str, Command] = {}
        self._handed = set[str]()
        """Ids that a link has, and has not answered: they may be on their way."""
        self.witness: Callable[[Command, Batch], None] = _nobody
        """Is told of each order that has come to its end."""

    def set_devices(self, devices: Mapping[str, Device]) -> None:
        """Learn the devices by uid."""
        self._devices = devices

    def end_all(self, commands: list[Command], batch: Batch) -> None:
        """End what a stopped hub left behind; nothing is ever sent again."""
        for command in commands:
            self._take(command, orders.end_after_restart(command, batch.now), batch)

    def request(
        self,
        view: DeviceView,
        do: str,
        *,
        reason: str,
        who: Identity,
        batch: Batch,
        two: bool = False,
    ) -> Command:
        """Authorise an order and have it sent once the batch is in the store."""
        pending = self._pending.values()
        command = orders.request(
            view, do, reason=reason, who=who, now=batch.now, pending=pending, two=two
        )
        self._pending[command.id] = command
        batch.put(commands=[command])
        batch.record(orders.describe(command, view.device.place))
        batch.after.append(lambda: self._spawn(self._send(command, view.device)))
        return command

    def hear(self, report: Report, batch: Batch) -> None:
        """Take a device's acknowledgement, or its position as feedback."""
        if report.ack:
            command = self._pending.get(report.ack)
            if command and command.uid == report.uid:
                after = orders.acknowledge(command, report.result, report.why, batch.now)
                self._take(command, after, batch)
                self._look_again(after, batch, any_age=report.result == CommandState.EXECUTED)
            return
        if report.late or report.retained or not self._pending:
            return
        for command in list(self._pending.values()):
            if command.uid == report.uid:
                self._take(command, orders.observe(command, report.samples, batch.now), batch)

    def run_due(self, batch: Batch) -> None:
        """End commands whose time has passed."""
        for command in list(self._pending.values()):
            if command.id not in self._handed:
                self._take(command, orders.time_out(command, batch.now), batch)
            elif batch.now >= self._limit(command):
                # It may have gone out in its last moment: nobody can say that it has not.
                self._take(command, orders.mark_doubtful(command, NO_WORD, batch.now), batch)

    def next_due(self) -> float | None:
        """Return the instant at which a command times out."""
        return min(map(self._limit, self._pending.values()), default=None)

    def _limit(self, command: Command) -> float:
        """Return when a command ends by itself; later where a link has it."""
        if command.id in self._handed:
            return command.expires + orders.FEEDBACK
        limit = orders.next_timeout(command)
        return inf if limit is None else limit

    def _take(self, before: Command, after: Command, batch: Batch) -> None:
        if after is before:
            return
        self._pending[after.id] = after
        if after.state in orders.FINAL:
            del self._pending[after.id]
        batch.put(commands=[after])
        batch.record(orders.describe(after, self._place_of(after)))
        if after.state in orders.FINAL:
            self.witness(after, batch)

    def _place_of(self, command: Command) -> str:
        device = self._devices.get(command.uid)
        return device.place if device else ""

    async def _send(self, command: Command, device: Device) -> None:
        self._handed.add(command.id)
        try:
            reached = await self._sender.send(command, device)
        except CommandRefusedError as error:
            self._note(command.id, orders.mark_unsent, str(error))
        except LinkError as error:
            self._note(command.id, orders.mark_doubtful, str(error))
        else:
            self._inbox.post(lambda batch: self._mark_sent(command.id, reached, batch))

    def _note(
        self, command_id: str, mark: Callable[[Command, str, float], Command], why: str
    ) -> None:
        def act(batch: Batch) -> None:
            self._handed.discard(command_id)
            known = self._pending.get(command_id)
            if known:
                self._take(known, mark(known, why, batch.now), batch)

        self._inbox.post(act)

    def _mark_sent(self, command_id: str, reached: CommandState, batch: Batch) -> None:
        self._handed.discard(command_id)
        known = self._pending.get(command_id)
        if known:
            after = orders.mark_sent(known, batch.now)
            self._take(known, after, batch)
            if reached is CommandState.RECEIVED:
                known, after = after, orders.acknowledge(after, reached, "", batch.now)
                self._take(known, after, batch)
            self._look_again(after, batch, any_age=False)

    def _look_again(self, command: Command, batch: Batch, *, any_age: bool) -> None:
        """See feedback that came before the answer; a device that was open already sends none.

        `any_age` takes also what was there before the order, once the device says that it is done.
        """
        view = self._look(command.device)
        if view is None or command.id not in self._pending:
            return
        samples = [
            Sample(name, point.value, point.quality)
            for name, point in view.points.items()
            if any_age or point.at >= command.issued
        ]
        self._take(command, orders.observe(command, samples, batch.now), batch)

"""The pages of one remote opening: the question with its reasons, and what became of the order."""

from __future__ import annotations

import msgspec

from hub.access.web_ports import WebPorts
from hub.console.frame.language import Words
from hub.console.frame.naming import device_name
from hub.console.frame.template import paint
from hub.console.live.channel import Parts
from hub.console.live.reading import PointRow, point_rows
from hub.console.live.standing import sight
from hub.errors import NotFoundError
from hub.model.access import Identity
from hub.model.command import Command, CommandState, CommandStep
from hub.model.device import Device, LinkState
from hub.ports import DeviceView
from hub.services.command import FINAL
from hub.services.permission import ALLOWED, MAY_COMMAND

OPEN = "open"
REASONS = ("visitor", "delivery", "emergency", "forgot", "other")
LADDER = (CommandState.SENT, CommandState.RECEIVED, CommandState.EXECUTED)
"""The three truths, in order: sent, received, seen moving."""
STATE, QUESTION, GO = "command-state", "opening-state", "opening-go"
SHOWN = ("arm.position", "mode", "loop.occupied", "door.open", "lock.locked")


class Rung(msgspec.Struct, frozen=True, kw_only=True):
    """One of the three truths; `after` is seconds from the asking, None where it is not so yet."""

    state: CommandState
    after: float | None


def may_open(who: Identity, device: Device) -> bool:
    """Tell whether this person is offered to open this device from afar."""
    fit = OPEN in ALLOWED.get(device.kind, ()) and not device.attributes.get("fire_linked")
    return fit and who.role in MAY_COMMAND


class OpeningSheet:
    """Paints what the device says now, beside the question whether to open it."""

    def __init__(self, ports: WebPorts, device_id: str, who: Identity, words: Words) -> None:
        self._ports = ports
        self._device_id = device_id
        self._who = who
        self._words = words

    def view(self) -> DeviceView:
        """Return the device; NotFoundError where there is none that this person may open."""
        view = self._ports.live.device(self._device_id)
        if view is None or not self._who.may_see(view.device.place):
            raise NotFoundError(
                f"没有设备 {self._device_id}。 There is no device {self._device_id!r}."
            )
        if not may_open(self._who, view.device):
            raise NotFoundError(
                f"{self._device_id} 不能远程开。 {self._device_id} cannot be opened from here."
            )
        return view

    async def paint(self) -> Parts:
        """Return the device's state, and the button where it may be pressed."""
        view, now, words = self.view(), self._ports.clock.now(), self._words
        state = paint(
            "part_opening.html",
            words,
            view=view,
            name=device_name(view.device),
            seen=sight(view, now),
            rows=_rows(view, now, words),
            now=now,
        )
        ready = view.link is LinkState.ONLINE
        go = paint("part_go.html", words, kind=view.device.kind, ready=ready)
        return {QUESTION: state, GO: go}


class CommandSheet:
    """Paints what became of an order: never more than what is known."""

    def __init__(self, ports: WebPorts, command_id: str, who: Identity, words: Words) -> None:
        self._ports = ports
        self._command_id = command_id
        self._who = who
        self._words = words

    async def paint(self) -> Parts:
        """Return the page's part; NotFoundError where there is no order to see."""
        command = await self._ports.books.command(self._command_id)
        view = self._ports.live.device(command.device) if command else None
        if command is None or view is None or not self._who.may_see(view.device.place):
            raise NotFoundError(f"没有指令。 There is no command {self._command_id!r}.")
        now = self._ports.clock.now()
        html = paint(
            "part_command.html",
            self._words,
            command=command,
            name=device_name(view.device),
            rungs=ladder(command),
            final=command.state in FINAL,
            done=command.state is CommandState.EXECUTED,
            rows=_rows(view, now, self._words),
        )
        return {STATE: html}


def ladder(command: Command) -> list[Rung]:
    """Return the three truths with their instants; a later one is never shown without proof."""
    return [
        Rung(state=state, after=step.at - command.issued if step else None)
        for state in LADDER
        for step in (_step(command, state),)
    ]


def _step(command: Command, state: CommandState) -> CommandStep | None:
    return next((step for step in command.history if step.state is state), None)


def _rows(view: DeviceView, now: float, words: Words) -> list[PointRow]:
    return [row for row in point_rows(view, now, words, SHOWN) if row.point in SHOWN]

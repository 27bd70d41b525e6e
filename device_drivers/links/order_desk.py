"""Where orders wait for the link that carries them out: briefly, once, and only while it is up.

Nothing is kept over a loss of the link, and no order is handed over twice or after its time.
"""

from __future__ import annotations

import asyncio
from collections import deque

from hub.clock import Clock
from hub.errors import CommandRefusedError, LinkError
from hub.model.command import Command, CommandState
from hub.model.device import Device

LOOK = "it is not known whether the command arrived; look at the gate"


class Order:
    """One order while it waits and is carried out; whoever gave it is answered once."""

    def __init__(self, command: Command, device: Device, clock: Clock) -> None:
        self.command, self.device = command, device
        self.answer: asyncio.Future[CommandState] = asyncio.get_running_loop().create_future()
        self._clock = clock

    @property
    def has_expired(self) -> bool:
        """Whether it may not begin any more."""
        return self._clock.now() >= self.command.expires

    def confirm(self) -> None:
        """Answer that the device itself has got it."""
        if not self.answer.done():
            self.answer.set_result(CommandState.RECEIVED)

    def refuse(self, why: str) -> None:
        """Answer that the device cannot have got it."""
        if not self.answer.done():
            self.answer.set_exception(CommandRefusedError(f"{self.device.id}: {why}"))

    def doubt(self, why: str) -> None:
        """Answer that nobody knows."""
        if not self.answer.done():
            self.answer.set_exception(LinkError(f"{self.device.id}: {why}; {LOOK}"))


class OrderDesk:
    """A CommandSender for the devices of one link; the link takes the orders and answers them."""

    def __init__(self, link: str, clock: Clock) -> None:
        self._link = link
        self._clock = clock
        self._is_open = False
        self._waiting: deque[Order] = deque()
        self._under_way: Order | None = None
        self._known: dict[str, float] = {}
        """Ids that were given here, with their expiry: after that they are refused anyhow."""
        self._news = asyncio.Event()

    async def send(self, command: Command, device: Device) -> CommandState:
        """Hand it to the link; returns RECEIVED once the device has confirmed it.

        Raises CommandRefusedError when the device cannot have got it, LinkError when nobody knows.
        """
        order = Order(command, device, self._clock)
        # One that was refused is never carried out later either.
        if self._is_known(command):
            raise CommandRefusedError(f"{device.id}: the command {command.id} was given before")
        if not self._is_open:
            raise CommandRefusedError(f"{device.id}: nothing was sent: {self._link} is not there")
        self._waiting.append(order)
        self._news.set()
        try:
            return await order.answer
        finally:
            if order in self._waiting:
                self._waiting.remove(order)

    def open(self) -> None:
        """Begin to take orders: the link is up."""
        self._is_open = True

    def close(self) -> None:
        """Take no more; what waits was not sent, and of what is under way nobody knows."""
        self._is_open = False
        while self._waiting:
            self._waiting.popleft().refuse(f"nothing was sent: {self._link} was lost")
        if self._under_way is not None:
            self._under_way.doubt(f"{self._link} was lost")

    def take(self) -> Order | None:
        """Return the next order that may still begin, or None where none waits."""
        self._news.clear()
        while self._waiting:
            order = self._waiting.popleft()
            if order.answer.cancelled():
                continue
            if not order.has_expired:
                self._under_way = order
                return order
            order.refuse("nothing was sent: the command expired while the line was busy")
        return None

    def finish(self, order: Order) -> None:
        """Note that an order is carried out; one that nobody has answered is in doubt."""
        order.doubt("it was not carried out to its end")
        self._under_way = None

    async def news(self, seconds: float) -> None:
        """Wait until an order comes, at most so long."""
        waits = [
            asyncio.ensure_future(self._news.wait()),
            asyncio.ensure_future(self._clock.sleep(seconds)),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _is_known(self, command: Command) -> bool:
        """Tell whether it was given here before, and note that it is now."""
        now = self._clock.now()
        self._known = {each: until for each, until in self._known.items() if until > now}
        was_known = command.id in self._known
        self._known[command.id] = command.expires
        return was_known

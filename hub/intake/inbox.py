"""The one queue of the hub: envelopes from links and operations of people, in order of arrival."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import msgspec

from hub.errors import StoreError
from hub.ports import Envelope

if TYPE_CHECKING:
    from hub.intake.batch import Batch


class Ration(IntEnum):
    """What may come in while the store does not take everything; each step takes less."""

    ALL = 0
    STATES = 1
    """No measurements."""
    ORDERS = 2
    """Neither measurements nor states, and of people only orders."""
    NOTHING = 3

    @property
    def shortage(self) -> str:
        """Name it for pages; empty where everything is taken."""
        return self.name.lower() if self else ""


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """Something that changes state on somebody's behalf, run between two messages.

    `act` works on the batch being prepared; `done` gets its result after the commit, or the
    HubError that it raised.
    """

    act: Callable[[Batch], Any]
    done: asyncio.Future[Any]


class BoundedInbox:
    """Holds what has arrived and is not yet prepared.

    Above `limit` the links are asked to stop reading (the source keeps the rest); nothing that
    was offered is ever dropped.
    """

    def __init__(self, *, limit: int = 5000) -> None:
        self._items: deque[Envelope | Operation] = deque()
        self._limit = limit
        self.ration = Ration.ALL
        self._refusal = ""
        self._doors: list[Door] = []
        self._awaited: set[asyncio.Future[Any]] = set()
        self._arrived = asyncio.Event()
        self._roomy = asyncio.Event()
        self._roomy.set()

    def __len__(self) -> int:
        return len(self._items)

    def offer(self, envelope: Envelope) -> None:
        """Take an envelope, in order."""
        self._items.append(envelope)
        self._arrived.set()
        if len(self._items) >= self._limit:
            self._roomy.clear()

    def post(self, act: Callable[[Batch], Any]) -> asyncio.Future[Any]:
        """Have `act` run in its turn; the future holds its result once that is in the store."""
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._items.append(Operation(act=act, done=done))
        self._arrived.set()
        return done

    async def perform(self, act: Callable[[Batch], Any], *, order: bool = False) -> Any:  # noqa: ANN401 - what `act` gives
        """Run `act` in its turn and return its result once that is in the store.

        Raises StoreError while that is not taken: nobody who waits for an answer waits for a disk.
        An `order` to a device is taken longest.
        """
        if self.ration >= (Ration.NOTHING if order else Ration.ORDERS):
            raise StoreError(self._refusal)
        done = self.post(act)
        self._awaited.add(done)
        done.add_done_callback(self._awaited.discard)
        return await done

    def set_ration(self, ration: Ration, why: str) -> None:
        """Say what may come in, and why not everything; links read on or stop.

        Once nothing is taken, who waits already is told at once: it may still be done.
        """
        self.ration, self._refusal = ration, why
        for door in self._doors:
            door.set_ration(ration)
        if ration is not Ration.NOTHING:
            return
        for done in [each for each in self._awaited if not each.done()]:
            done.set_exception(StoreError(f"{why}; it may still be done: look before you repeat"))

    def door(self, shut: Ration) -> Door:
        """Return the way in for a link that has to stop reading from the ration `shut` on."""
        door = Door(self, shut)
        self._doors.append(door)
        return door

    def is_full(self) -> bool:
        """Tell whether links must stop reading."""
        return not self._roomy.is_set()

    async def has_room(self) -> None:
        """Return when there is room again."""
        await self._roomy.wait()

    async def arrival(self) -> None:
        """Return when at least one item waits, or somebody has called `wake`."""
        await self._arrived.wait()

    def wake(self) -> None:
        """Have `arrival` return, whatever waits."""
        self._arrived.set()

    def take(self, count: int) -> list[Envelope | Operation]:
        """Remove and return at most `count` items, oldest first."""
        items = [self._items.popleft() for _ in range(min(count, len(self._items)))]
        if not self._items:
            self._arrived.clear()
        if len(self._items) < self._limit // 2:
            self._roomy.set()
        return items


class Door:
    """The inbox as one link sees it: full as well while what the link brings is not taken."""

    def __init__(self, inbox: BoundedInbox, shut: Ration) -> None:
        self._inbox = inbox
        self._shut = shut
        self._open = asyncio.Event()
        self._open.set()

    def set_ration(self, ration: Ration) -> None:
        """Open or shut."""
        if ration < self._shut:
            self._open.set()
        else:
            self._open.clear()

    def offer(self, envelope: Envelope) -> None:
        """Take an envelope, in order; what came before the link had stopped is kept as well."""
        self._inbox.offer(envelope)

    def is_full(self) -> bool:
        """Tell whether the link must stop reading."""
        return self._inbox.is_full() or not self._open.is_set()

    async def has_room(self) -> None:
        """Return when there is room again."""
        while self.is_full():
            await self._open.wait()
            await self._inbox.has_room()

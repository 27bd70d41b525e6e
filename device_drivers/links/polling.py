"""A link that asks its devices itself: all in turn, fairly, over one connection.

`run` ends with LinkError when the way is lost; the supervisor decides about trying again. A device
that is silent is left to its breaker and never holds up its neighbours for long.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from device_drivers.links.breaker import Breaker
from device_drivers.links.patience import Patience
from hub.clock import Clock
from hub.errors import LinkError, ProtocolError
from hub.model.device import DeviceUid
from hub.ports import Envelope, Inbox, LinkWatch, Registers

MIN_REST = 0.05

IsPolled = Callable[[DeviceUid], bool]
"""Tells whether a device is to be asked: one that is planned or retired is not there."""


def always(_uid: DeviceUid) -> bool:
    """Have every device asked."""
    return True


class NoAnswerError(LinkError):
    """The device did not answer in time, or its `gateway` says so; the way to it is well."""

    gateway = False


class Asked(Protocol):
    """What a link knows of a device that it asks."""

    uid: DeviceUid
    address: str
    breaker: Breaker
    patience: Patience


AskedT = TypeVar("AskedT", bound=Asked)
AskedC_contra = TypeVar("AskedC_contra", bound=Asked, contravariant=True)


class Reader(Protocol[AskedC_contra]):
    """One connection, and how a device is asked over it for all that it has."""

    async def open(self) -> None:
        """Connect, or raise LinkError."""
        ...

    def close(self) -> None:
        """Drop the connection; what was asked is never answered on it."""
        ...

    async def read(self, asked: AskedC_contra) -> bytes | tuple[Registers, ...]:
        """Return what it says, as a payload for its driver.

        Raises NoAnswerError when it is silent, LinkError when the way is lost, ProtocolError when
        the answer does not fit.
        """
        ...


class PollingLink(Generic[AskedT]):
    """Implements `hub.ports.Link` for one gateway or line; `period` in seconds."""

    def __init__(
        self,
        name: str,
        period: float,
        devices: Sequence[AskedT],
        reader: Reader[AskedT],
        *,
        inbox: Inbox,
        watch: LinkWatch,
        clock: Clock,
        is_polled: IsPolled = always,
    ) -> None:
        self.name = name
        self._period = period
        self._devices = devices
        self._reader = reader
        self._is_polled = is_polled
        self._inbox = inbox
        self._watch = watch
        self._clock = clock

    async def run(self) -> None:
        """Connect and poll until the way is lost (LinkError) or the task is cancelled."""
        try:
            await self._reader.open()
            self._watch.link_up(self.name, resumed=True)
            self._watch.link_caught_up(self.name)
            self._begin()
            while True:
                await self._cycle()
        finally:
            self._end()
            self._reader.close()

    def acknowledge(self, envelopes: Sequence[Envelope]) -> None:
        """Nothing to do: what was polled is polled again."""

    def prove(self) -> None:
        """Nothing to do: who is asked answers, or is found silent."""

    def read_again(self) -> None:
        """Nothing to do: every device is asked again in its turn."""

    async def _cycle(self) -> None:
        began = self._clock.now()
        await self._ask_all([each for each in self._devices if self._is_polled(each.uid)])
        rest = self._period - (self._clock.now() - began)
        await self._rest(max(rest, MIN_REST))

    def _begin(self) -> None:
        """Do what a new connection asks for, before the first question."""

    def _end(self) -> None:
        """Do what the loss of the connection asks for."""

    async def _attend(self) -> None:
        """Do what goes before the next question."""

    async def _rest(self, seconds: float) -> None:
        """Wait for the next round."""
        await self._clock.sleep(seconds)

    async def _ask_all(self, devices: Sequence[AskedT]) -> None:
        """Ask one after another, for they share a line; of those that were given up one a round."""
        probed = False
        for asked in devices:
            await self._attend()
            if self._inbox.is_full():
                await self._inbox.has_room()
            if asked.breaker.is_open:
                if probed or not asked.breaker.may_ask(self._clock.now()):
                    continue
                probed = True
            await self._poll(asked)

    async def _poll(self, asked: AskedT) -> None:
        try:
            payload = await self._reader.read(asked)
        except (NoAnswerError, ProtocolError) as error:
            if not asked.breaker.is_open:
                # Of one that was given up there is nothing more to count.
                self._watch.slave_missed(asked.uid)
            if asked.breaker.missed(self._clock.now()):
                asked.patience.give_up()
                self._watch.slave_silent(asked.uid, str(error))
            return
        asked.breaker.answered()
        received = self._clock.now()
        self._inbox.offer(
            Envelope(link=self.name, address=asked.address, payload=payload, received=received)
        )

"""How links and drivers meet the intake."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import msgspec

from hub.model.command import Command, CommandState
from hub.model.device import Device, DeviceUid
from hub.model.report import Report


class Registers(msgspec.Struct, frozen=True, kw_only=True):
    """One block read over Modbus: function 1 to 4, first wire address (from 0), the words.

    A coil or an input is a word of 0 or 1; function 0 is the one of the device's model. When the
    slave said so, its exception code instead of words.
    """

    function: int
    start: int
    words: tuple[int, ...] = ()
    exception: int = 0


class Envelope(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a link yields. `address` is the MQTT topic, or the device's address on its link.

    `token` is the link's own, opaque, to acknowledge with; None where nothing is acknowledged.
    """

    link: str
    address: str
    payload: bytes | tuple[Registers, ...]
    received: float
    retained: bool = False
    token: object = None


class Inbox(Protocol):
    """Where links put what they receive."""

    def offer(self, envelope: Envelope) -> None:
        """Take an envelope, in order; never blocks and never drops."""
        ...

    def is_full(self) -> bool:
        """Tell whether the link must stop reading its source until `has_room` has answered."""
        ...

    async def has_room(self) -> None:
        """Return when there is room again."""
        ...


class LinkWatch(Protocol):
    """Whom a link tells about its own life; told once per change."""

    def link_up(self, link: str, *, resumed: bool) -> None:
        """Say that the connection stands; `resumed` False means that messages may be missing."""
        ...

    def link_down(self, link: str, why: str) -> None:
        """Say that the connection is lost, with a sentence that a guard can read."""
        ...

    def link_caught_up(self, link: str) -> None:
        """Say that what waited while the link was down has been delivered (the canary is back)."""
        ...

    def link_heard(self, link: str, at: float) -> None:
        """Say that all which the broker had up to `at` (epoch seconds) was offered to the inbox."""
        ...

    def slave_missed(self, uid: DeviceUid) -> None:
        """Say that a polled device has once given no answer, or one that is damaged."""
        ...

    def slave_silent(self, uid: DeviceUid, why: str) -> None:
        """Say that a polled device does not answer (its breaker has opened)."""
        ...

    def relay_told(self, uid: DeviceUid, why: str, *, stands: bool) -> None:
        """Say that a relay `stands` on and could not be let go, or that it stood on and was."""
        ...


class Link(Protocol):
    """A shared connection.

    `run` connects once and returns or raises LinkError when it is lost; the supervisor alone
    decides about trying again.
    """

    name: str

    async def run(self) -> None:
        """Connect and serve until the connection is lost (LinkError) or the task is cancelled."""
        ...

    def acknowledge(self, envelopes: Sequence[Envelope]) -> None:
        """Acknowledge in order; tokens of an earlier connection are ignored."""
        ...

    def prove(self) -> None:
        """Find out until when all was heard, and tell by `LinkWatch.link_heard`; returns at once.

        A link that asks its devices itself has nothing to prove.
        """
        ...

    def read_again(self) -> None:
        """Have the devices' states told again, since some were lost; returns at once.

        A link that asks its devices itself reads them again in any case.
        """
        ...


class CommandSender(Protocol):
    """Sends one order, once; it keeps none for later."""

    async def send(self, command: Command, device: Device) -> CommandState:
        """Send; returns SENT, or RECEIVED where the device itself has confirmed it already.

        Raises CommandRefusedError (nothing was sent) or LinkError (look at the gate).
        """
        ...


class Driver(Protocol):
    """A table and a pure translation of one dialect. No I/O, no clock, no retry."""

    name: str

    def device_address(self, envelope: Envelope) -> str:
        """Return the address of the device that sent it, or raise ProtocolError."""
        ...

    def decode(self, envelope: Envelope, device: Device) -> Sequence[Report]:
        """Translate, or raise ProtocolError with a sentence that says what is wrong."""
        ...


EVERYBODY = "*"
"""The address of a part that is about each device of the link that has no part of its own."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What one message says of one device, as an envelope of its own.

    A `quiet` one is nothing to speak of where nobody has adopted the device.
    """

    address: str
    envelope: Envelope
    quiet: bool = False


@runtime_checkable
class Splitter(Protocol):
    """A driver whose messages may tell of several devices, or of none."""

    def split(self, envelope: Envelope) -> Sequence[Part]:
        """Return the parts; raises ProtocolError with a sentence that says what is wrong."""
        ...


@runtime_checkable
class Guesser(Protocol):
    """A driver that can tell which model a stranger may be."""

    def guess(self, envelope: Envelope) -> str:
        """Name the model, and the reason; raises ProtocolError for what cannot be understood."""
        ...

"""How meters on a line are asked, and which frame is the answer: one tongue for each standard.

A tongue belongs to one meter. What it hears of others, its own question coming back (some RS-485
adapters echo) and answers to an earlier question it passes over.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from device_drivers.codecs import cjt188, dlt645
from hub.model.catalogue import DeviceModel

WAKE_UP = b"\xfe" * 4
"""Bytes before each question: meters sleep between them."""


class Answer(NamedTuple):
    """The frame that answers, as it came; `missing`: the meter has no such data."""

    raw: bytes
    missing: bool = False
    goes_on: bool = False


class Tongue(Protocol):
    """Makes questions, and knows the answer to the last one."""

    def ask(self, di: str, number: int = 0) -> bytes:
        """Make the question for an identifier; from `number` 1 on for what follows."""
        ...

    def hear(self, buffer: bytearray) -> Answer | None:
        """Take the answer out of what was heard, and what came before it; None while not there."""
        ...

    def missed(self) -> None:
        """Learn that nobody answered."""
        ...


class Dlt645Tongue:
    """Asks an electricity meter by DL/T 645; twelve digits, `A` for those that nobody knows."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._di = ""

    def ask(self, di: str, number: int = 0) -> bytes:
        """Make the question in the edition to which the identifier belongs."""
        self._di = di
        return dlt645.ask(self._address, di, number)

    def hear(self, buffer: bytearray) -> Answer | None:
        """Take the answer: of this meter, to this identifier, or its refusal."""
        while (found := dlt645.take(buffer)) is not None:
            frame, end = found
            raw = bytes(buffer[:end])
            del buffer[:end]
            if not frame.is_answer or not dlt645.is_same(self._address, frame.address):
                continue
            if frame.is_refusal:
                return Answer(raw, missing=bool(frame.data and frame.data[0] & dlt645.NO_SUCH_DATA))
            if frame.di == self._di:
                return Answer(raw, goes_on=frame.goes_on)
        return None

    def missed(self) -> None:
        """Nothing to learn: both editions are told by their identifiers."""


class Cjt188Tongue:
    """Asks a water meter by CJ/T 188; fourteen digits, and the code of its medium.

    It begins as the edition of 2018 has it, and asks in the other order after each silence.
    """

    def __init__(self, address: str, medium: int) -> None:
        self._address = address
        self._medium = medium
        self._low_first = True
        self._serial = 0

    def ask(self, di: str, number: int = 0) -> bytes:  # noqa: ARG002 - no frame is followed
        """Make the question, with a serial number that the answer has to repeat."""
        self._serial = (self._serial + 1) % 256
        return cjt188.ask(self._medium, self._address, di, self._serial, low_first=self._low_first)

    def hear(self, buffer: bytearray) -> Answer | None:
        """Take the answer: of this meter, to this question."""
        while (found := cjt188.take(buffer)) is not None:
            frame, end = found
            raw = bytes(buffer[:end])
            del buffer[:end]
            fits = frame.is_answer and frame.function == cjt188.READ
            if fits and frame.address == self._address and frame.serial == self._serial:
                return Answer(raw)
            if fits and frame.address == self._address and frame.is_refusal:
                return Answer(raw)
        return None

    def missed(self) -> None:
        """Try the other edition's order the next time."""
        self._low_first = not self._low_first


def tongue_of(model: DeviceModel, address: str) -> Tongue | None:
    """Return how a meter of this model is asked; None where it is on no line, or no address."""
    digits = {"dlt645": dlt645.ADDRESS_DIGITS, "cjt188": cjt188.ADDRESS_DIGITS}.get(model.driver)
    if digits is None or len(address) != digits or not set(address) <= set("0123456789A"):
        return None
    if model.driver == "dlt645":
        return Dlt645Tongue(address)
    return Cjt188Tongue(address, model.medium)

"""Orders to a device: believed once, while they are fresh, and answered step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from simulators.device import Device, Message, Movement

REMEMBERED = 24 * 3600.0
"""Seconds for which an id is known again."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What arrives on `…/cmd`; `expires` in epoch seconds."""

    id: str
    do: str
    expires: float
    issued: float = 0.0


Obey = Callable[[Order], None]


class Orders:
    """What a device does with orders: refuse the late and the unknown, obey each id once."""

    def __init__(self, device: Device, obey: Mapping[str, Obey]) -> None:
        self._device = device
        self._obey = obey
        self._answers: dict[str, tuple[float, Message]] = {}

    def receive(self, payload: bytes) -> None:
        """Take what arrived on the device's command topic; what is no order has no answer."""
        try:
            order = msgspec.json.decode(payload, type=Order)
        except msgspec.DecodeError:
            return
        if self._device.silent:
            return
        self._forget()
        if order.id in self._answers:
            self._device.say(self._answers[order.id][1])
        elif order.expires <= self._device.now():
            self.answer(order, "refused", "expired before it arrived")
        elif order.do not in self._obey:
            self.answer(order, "refused", f"this device cannot {order.do}")
        else:
            self.answer(order, "received")
            self._obey[order.do](order)

    def answer(self, order: Order, result: str, why: str = "") -> None:
        """Say what became of an order: received, executed, refused or failed."""
        body: dict[str, Any] = {"id": order.id, "result": result} | ({"why": why} if why else {})
        message = Message(address=self._device.row.address, topic="ack", body=body)
        self._answers[order.id] = (self._device.now(), message)
        self._device.say(message)

    def _forget(self) -> None:
        limit = self._device.now() - REMEMBERED
        for key in [key for key, (at, _) in self._answers.items() if at < limit]:
            del self._answers[key]


def log_movement(device: Device, do: str, order: Order | None) -> None:
    """Write into the log who moved a device: an order, or nobody."""
    device.around.log(
        Movement(
            command=order.id if order else None,
            device=device.row.id,
            do=order.do if order else do,
            at=round(device.around.agenda.now, 3),
            expires=order.expires if order else None,
        )
    )

"""How far a ring has come: what the outbox stores of it, and what the journal is told."""

from __future__ import annotations

import msgspec

from hub.bells.receipt import Receipt

DELIVERIES = "bell"
"""The collection of the documents; the key is the ring's id."""
STATES = "bell_state"
"""How channels are; the key is the channel's id."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """How far a ring has come.

    `step` is the place of its channel in `Ring.channels`, `began` since when that one is tried,
    `due` when it is next, `tries` how often it was. `reached` are the channels that have taken it,
    `refused` those that never will, with the reason; `failed` those whose failure was told.
    `in_hand`: it is being sent, or was when the hub died. `at_rest`: nothing more will be sent.
    `receipts` say by channel what became of its last message, `missed` are channels that give way
    since nobody heard theirs, until they are turned to again.
    """

    ring: str
    began: float
    due: float
    step: int = 0
    tries: int = 0
    attempts: int = 0
    why: str = ""
    in_hand: bool = False
    at_rest: bool = False
    given_up: bool = False
    reached: tuple[str, ...] = ()
    refused: dict[str, str] = {}
    failed: tuple[str, ...] = ()
    receipts: dict[str, Receipt] = {}
    missed: tuple[str, ...] = ()

    def awaits(self, now: float) -> bool:
        """Tell whether a vendor may still say that what it took was not heard."""
        return any(receipt.is_awaited(now) for receipt in self.receipts.values())


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What the journal is told: sent, delivered, missed, failed or given_up (without a channel)."""

    type: str
    channel: str = ""
    why: str = ""
    key: str = ""

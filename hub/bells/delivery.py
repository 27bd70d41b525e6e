"""How far a ring has come: what the outbox stores of it, and what the journal is told."""

from __future__ import annotations

import msgspec

DELIVERIES = "bell"
"""The collection of the documents; the key is the ring's id."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """How far a ring has come.

    `step` is the place of its channel in `Ring.channels`, `began` since when that one is tried,
    `due` when it is next, `tries` how often it was. `reached` are the channels that have taken it,
    `refused` those that never will, with the reason; `failed` those whose failure was told.
    `in_hand`: it is being sent, or was when the hub died. `at_rest`: nothing more will be sent.
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


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What the journal is told: sent, failed or given_up; `channel` is empty for the last."""

    type: str
    channel: str = ""
    why: str = ""

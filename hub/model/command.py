"""A command: an order to a device, idempotent by id, with an expiry."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from hub.model.device import DeviceUid


class CommandState(StrEnum):
    """`unknown`: no confirmation in time, somebody must look at the gate."""

    REQUESTED = "requested"
    AUTHORISED = "authorised"
    SENT = "sent"
    RECEIVED = "received"
    EXECUTED = "executed"
    REFUSED = "refused"
    FAILED = "failed"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class CommandStep(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a command's history."""

    state: CommandState
    at: float
    why: str = ""


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One order; `issued` and `expires` are epoch seconds."""

    id: str
    uid: DeviceUid
    device: str
    do: str
    actor: str
    reason: str
    issued: float
    expires: float
    state: CommandState
    history: tuple[CommandStep, ...] = ()

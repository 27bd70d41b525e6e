"""The journal: every change of an alarm, ticket, device or command, numbered without a gap."""

from __future__ import annotations

from typing import Any

import msgspec


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One domain event, past tense: `alarm.raised`, `ticket.opened`, `device.silent`.

    `subject` is a device id, ticket number or command id; `actor` a login, `rule:ID` or `hub`;
    `place` is the path that rights are checked against.
    """

    seq: int
    at: float
    type: str
    subject: str
    actor: str
    place: str = ""
    data: dict[str, Any] = {}


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """An entry before its commit has given it a number."""

    at: float
    type: str
    subject: str
    actor: str
    place: str = ""
    data: dict[str, Any] = {}

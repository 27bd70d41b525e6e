"""MANSCDP, the XML that GB/T 28181 devices send: what they say of themselves and their channels.

Names, places and addresses of cameras are left out: a notice holds whose it is and how that one is.
Source: GB/T 28181-2016, annex A; samples in the tests.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from device_drivers.codecs.markup import read_markup, tables, texts
from hub.errors import ProtocolError
from hub.model.instant import from_rfc3339

ID = re.compile(r"\d{20}")
REGISTER, GOODBYE = "Register", "Goodbye"
"""Kinds of our own: a device that has signed in, or has said that it goes."""


class Notice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is said of one device or channel; `at` in epoch seconds, None where it says none.

    `status` is that of a catalogue (`ON`, `OFF`, `VLOST`, `DEFECT`), of a device (`OK`, `ERROR`)
    or a keepalive, `record` `ON` or `OFF`. `method` and `type` are an alarm's.
    """

    kind: str
    device: str
    status: str = ""
    online: str = ""
    record: str = ""
    method: int = 0
    type: int = 0
    at: float | None = None


class Message(NamedTuple):
    """A whole message: who has sent it, and what it says of whom."""

    kind: str
    device: str
    notices: Sequence[Notice]


def read_manscdp(body: bytes) -> Message:
    """Read a Notify or a Response, or raise ProtocolError."""
    root, fields = read_markup(body)
    said = texts(fields)
    kind, device = said.get("CmdType", "")[:32], said.get("DeviceID", "")
    if root not in {"Notify", "Response"} or not re.fullmatch(r"[A-Za-z]{1,32}", kind):
        raise ProtocolError(f"it is a {root!r:.40} {kind!r:.40}, and says nothing of a device")
    if not ID.fullmatch(device):
        raise ProtocolError(f"its DeviceID is {device!r:.40} and not 20 digits")
    if kind == "Catalog":
        items = [_item(each) for listed in tables(fields, "DeviceList")
                 for each in tables(listed, "Item")]  # fmt: skip
        return Message(kind, device, [item for item in items if item is not None])
    return Message(kind, device, [_notice(kind, device, said, fields)])


def read_notices(payload: bytes) -> Sequence[Notice]:
    """Read what the link passes on, or a message as it came from a device."""
    if payload[:1] != b"{":
        return read_manscdp(payload).notices
    try:
        return [msgspec.json.decode(payload, type=Notice)]
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"it is no notice: {error}") from error


def write_notice(notice: Notice) -> bytes:
    """Return it as JSON."""
    return msgspec.json.encode(notice)


def write_query(kind: str, number: int, device: str) -> bytes:
    """Return a question to a device: Catalog or DeviceStatus."""
    return (
        f'<?xml version="1.0" encoding="GB2312"?>\r\n<Query>\r\n<CmdType>{kind}</CmdType>\r\n'
        f"<SN>{number}</SN>\r\n<DeviceID>{device}</DeviceID>\r\n</Query>\r\n"
    ).encode()


def _item(fields: Mapping[str, Any]) -> Notice | None:
    """Return what a catalogue says of a channel; None for groups, which have no state."""
    said = texts(fields)
    device, status = said.get("DeviceID", ""), said.get("Event") or said.get("Status", "")
    if not ID.fullmatch(device) or not status:
        return None
    return Notice(kind="Catalog", device=device, status=status[:16].upper())


def _notice(kind: str, device: str, said: Mapping[str, str], fields: Mapping[str, Any]) -> Notice:
    inner = [texts(each) for each in tables(fields, "Info")]
    alarm = next((each["AlarmType"] for each in inner if "AlarmType" in each), "")
    return Notice(
        kind=kind,
        device=device,
        status=said.get("Status", "")[:16].upper(),
        online=said.get("Online", "")[:16].upper(),
        record=said.get("Record", "")[:16].upper(),
        method=_number(said.get("AlarmMethod", "")),
        type=_number(said.get("AlarmType", alarm)),
        at=_instant(said.get("AlarmTime", "")),
    )


def _number(text: str) -> int:
    return int(text) if re.fullmatch("[0-9]{1,4}", text) else 0


def _instant(text: str) -> float | None:
    try:
        return from_rfc3339(text) if text else None
    except ValueError:
        return None

"""Alerts of Hikvision's ISAPI event stream, in XML or JSON, and what the hub keeps of them.

Names, cards and faces of people are left out here: what goes on holds an alert's kind, its
instant and where it happened, in the form of ISAPI's own JSON. An alert is of the device itself
(address `0`), of a channel (`1`, `2`, …) or of a door (`door-1`, …).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from device_drivers.codecs.markup import read_markup
from hub.errors import ProtocolError
from hub.model.instant import from_rfc3339

CONTROLLER = "accesscontrollerevent"
DOOR_EVENTS = frozenset({*range(0x15, 0x1D), *range(0x53, 0x59)})
"""Minor numbers of major 5 that a door's own contact, lock or button has caused."""
OF_THE_HOST = frozenset({"diskerror", "diskfull", "recordexception", "nicbroken", "ipconflict"})
"""Alerts that are about the host, whatever channel they name."""
MOST_CHANNELS = 1024


class Alert(NamedTuple):
    """One alert; `type` in lower case, `at` in epoch seconds or None where it has no time.

    `channel` is 0 for the device itself. `major`, `minor` and `door` are an access controller's;
    `replayed` says that it happened while the device was cut off.
    """

    type: str
    active: bool = True
    posts: int = 0
    channel: int = 0
    at: float | None = None
    major: int = 0
    minor: int = 0
    door: int = 0
    replayed: bool = False

    @property
    def is_heartbeat(self) -> bool:
        """Tell whether it only says that the device is alive."""
        is_old_form = self.type == "videoloss" and not self.active and self.posts == 0
        return self.type == "heartbeat" or is_old_form

    @property
    def address(self) -> str:
        """Return whose it is."""
        if self.type == CONTROLLER:
            is_door = self.major == 5 and self.minor in DOOR_EVENTS and self.door > 0
            return f"door-{self.door}" if is_door else "0"
        return "0" if self.type in OF_THE_HOST else str(self.channel)


def read_alert(body: bytes) -> Alert:
    """Read one part of the stream, or raise ProtocolError."""
    fields = _read_json(body) if body[:1] == b"{" else _read_xml(body)
    kind = fields.get("eventType")
    if not isinstance(kind, str) or not 0 < len(kind) <= 64:
        raise ProtocolError("it has no eventType")
    event = fields.get("AccessControllerEvent") if kind.lower() == CONTROLLER else None
    inner: Mapping[str, Any] = event if isinstance(event, dict) else {}
    channel = fields.get("channelID") or fields.get("dynChannelID") or 0
    return Alert(
        type=kind.lower(),
        active=str(fields.get("eventState", "active")).lower() != "inactive",
        posts=_number(fields.get("activePostCount") or 0),
        channel=_number(channel, MOST_CHANNELS),
        at=_instant(fields.get("dateTime")),
        major=_number(inner.get("majorEventType") or 0),
        minor=_number(inner.get("subEventType") or 0),
        door=_number(inner.get("doorNo") or 0, MOST_CHANNELS),
        replayed=str(inner.get("currentEvent", True)).lower() == "false",
    )


def write_alert(alert: Alert) -> bytes:
    """Return the alert in ISAPI's JSON, with nothing in it that the hub does not use."""
    said: dict[str, Any] = {
        "eventType": alert.type,
        "eventState": "active" if alert.active else "inactive",
        "activePostCount": alert.posts,
        "channelID": alert.channel,
    }
    if alert.at is not None:
        said["dateTime"] = alert.at
    if alert.type == CONTROLLER:
        said["AccessControllerEvent"] = {
            "majorEventType": alert.major,
            "subEventType": alert.minor,
            "doorNo": alert.door,
            "currentEvent": not alert.replayed,
        }
    return msgspec.json.encode(said)


def _read_xml(body: bytes) -> Mapping[str, Any]:
    root, fields = read_markup(body)
    if root != "EventNotificationAlert":
        raise ProtocolError(f"it is a {root!r:.60} and no EventNotificationAlert")
    return fields


def _read_json(body: bytes) -> Mapping[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"it is no JSON: {error}") from error
    inner = found.get("EventNotificationAlert", found)
    if not isinstance(inner, dict):
        raise ProtocolError("its EventNotificationAlert holds no fields")
    return inner


def _number(value: object, most: int = 2**31) -> int:
    text = str(value)
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else -1
    if isinstance(value, bool) or not 0 <= number <= most:
        raise ProtocolError(f"{value!r:.40} is no number that it may have there")
    return number


def _instant(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    try:
        return from_rfc3339(str(value)) if value else None
    except ValueError:
        # Cameras without a clock say 0000-00-00; arrival time counts.
        return None


def over(alert: Alert, after: float) -> Alert:
    """Return the end of what an alert has told, so many seconds after it.

    Its count tells it from the heartbeat, which has the same words.
    """
    at = None if alert.at is None else alert.at + after
    return alert._replace(active=False, posts=1, at=at)

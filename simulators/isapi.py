"""What Hikvision hosts say on their event stream: heartbeats, pictures, doors."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

PATH = "/ISAPI/Event/notification/alertStream"
LOCAL = timezone(timedelta(hours=8))
_ALERT = (
    '<?xml version="1.0" encoding="UTF-8"?>\r\n<EventNotificationAlert version="2.0" '
    'xmlns="http://www.{maker}.com/ver20/XMLSchema"><ipAddress>192.168.1.64</ipAddress>'
    "<portNo>80</portNo><protocol>HTTP</protocol><channelID>{channel}</channelID>"
    "<dateTime>{at}</dateTime><activePostCount>{count}</activePostCount>"
    "<eventType>{kind}</eventType><eventState>{state}</eventState>"
    "<eventDescription>{kind} alarm</eventDescription></EventNotificationAlert>\r\n"
)


def heartbeat(at: float | None) -> str:
    """Return the heartbeat of older firmware."""
    return alert("videoloss", 1, at, state="inactive", count=0)


def alert(
    kind: str, channel: int, at: float | None, *, state: str = "active", count: int = 1
) -> str:
    """Return an alert of a channel; `at` in epoch seconds, None for a host without a clock."""
    maker = "isapi" if count % 2 else "hikvision"
    words = {"kind": kind, "channel": channel, "state": state, "count": count}
    return _ALERT.format(maker=maker, at=_local(at), **words)


def door_event(major: int, minor: int, door: int, at: float | None) -> str:
    """Return what an access controller says of a door, people included."""
    said = {"majorEventType": major, "subEventType": minor, "doorNo": door, "serialNo": 4711}
    who = {"name": "张三", "cardNo": "1234567890", "employeeNoString": "17"}
    body = {"ipAddress": "192.168.1.65", "dateTime": _local(at), "activePostCount": 1}
    event = {"eventType": "AccessControllerEvent", "eventState": "active"}
    return json.dumps({**body, **event, "AccessControllerEvent": {**said, **who}})


def _local(at: float | None) -> str:
    if at is None:
        return "0000-00-00T00:00:00Z"
    return datetime.fromtimestamp(at, UTC).astimezone(LOCAL).isoformat(timespec="seconds")

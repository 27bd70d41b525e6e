"""Events of Dahua's event manager, and what the hub keeps of them.

`Code=VideoLoss;action=Start;index=0`, with `;data={…}` behind it where there is more; several may
stand in one part. Names, cards and pictures are left out here. An event is of the device itself
(address `0`), of a channel (`1` is index 0) or of a door (`door-1` is index 0). `UTC` is local
time on many devices, so that only `RealUTC` counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from device_drivers.codecs.markup import decode_text
from hub.errors import ProtocolError

HEARTBEAT = "heartbeat"
_EVENT = re.compile(
    r"Code=([\w-]{1,64});\s*action=([A-Za-z]{1,16});\s*index=(\d{1,4})(?!\d)(?:;data=(.*))?",
    re.DOTALL,
)
_NEXT = re.compile(r"(?:^|\n)\s*(?=Code=)")
_CHANNEL = re.compile(r"channels\[\d{1,4}\]\s*=\s*(\d{1,4})")

CHANNELS = frozenset(
    {"videoloss", "videoblind", "videounfocus", "videoabnormaldetection", "scenechange"}
)
DOORS = frozenset({"doorstatus", "breakin", "doornotclosed", "buttonexit", "_button_"})


class Event(NamedTuple):
    """One event; `code` and `action` in lower case, `number` is its index, from 0.

    `status` is what its data says of a door or of a card, `at` epoch seconds, None without a clock.
    """

    code: str
    action: str = "pulse"
    number: int = 0
    status: str = ""
    at: float | None = None

    @property
    def address(self) -> str:
        """Return whose it is."""
        if self.code in CHANNELS:
            return str(self.number + 1)
        return f"door-{self.number + 1}" if self.code in DOORS else "0"


def read_events(body: bytes) -> Sequence[Event]:
    """Read one part of the stream, or raise ProtocolError."""
    text = decode_text(body).strip()
    if text.lower() == HEARTBEAT:
        return [Event(HEARTBEAT)]
    if not text.startswith("Code="):
        raise ProtocolError(f"it is neither a heartbeat nor an event: {text[:40]!r}")
    return [_read(each) for each in _NEXT.split(text) if each.strip()]


def write_event(event: Event) -> bytes:
    """Return the event as the device would have said it, with nothing that the hub does not use."""
    said: dict[str, Any] = {}
    if event.status:
        said["Status"] = event.status
    if event.at is not None:
        said["RealUTC"] = event.at
    data = f";data={msgspec.json.encode(said).decode()}" if said else ""
    head = f"Code={event.code};action={event.action};index={event.number}"
    return b"Heartbeat" if event.code == HEARTBEAT else f"{head}{data}".encode()


def read_channels(text: str) -> frozenset[int] | None:
    """Return the indices at which something lasts, by the answer to that question.

    None where the device does not answer it.
    """
    if "no events" in text.lower():
        return frozenset()
    found = frozenset(int(index) for index in _CHANNEL.findall(text))
    return found or None


def _read(text: str) -> Event:
    found = _EVENT.match(text.strip())
    if found is None:
        raise ProtocolError(f"{text[:60]!r} is no event")
    data = _data(found[4] or "")
    status = data.get("Status", "")
    at = data.get("RealUTC")
    code, door = found[1].lower(), data.get("Door")
    is_door = code in DOORS and isinstance(door, int) and 0 <= door < 1024
    return Event(
        code=code,
        action=found[2].lower(),
        number=door if is_door and isinstance(door, int) else int(found[3]),
        status=str(status)[:16].lower() if isinstance(status, str | int) else "",
        at=float(at) if isinstance(at, int | float) and 0 < at < 1e11 else None,
    )


def _data(text: str) -> Mapping[str, Any]:
    if not text.strip():
        return {}
    try:
        found = msgspec.json.decode(text.strip())
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"its data is no JSON: {error}") from error
    return found if isinstance(found, dict) else {}

"""How a maker's event stream is asked for, and what its parts are: whose, lasting, a heartbeat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import NamedTuple, Protocol

from device_drivers.codecs.dahua import (
    CHANNELS,
    HEARTBEAT,
    Event,
    read_channels,
    read_events,
    write_event,
)
from device_drivers.codecs.isapi import Alert, over, read_alert, write_alert
from device_drivers.codecs.multipart import Part

ALIVE = "alive"
"""What no device says: only a sign of life."""


class Notice(NamedTuple):
    """What a part says of one device: `lasting` names what it says the state of, if any."""

    address: str
    payload: bytes
    is_heartbeat: bool = False
    lasting: str = ""
    is_over: bool = False


class Tongue(Protocol):
    """What a stream link has to know of a maker."""

    path: str
    quiet: float
    """Seconds without a repetition that end what lasts; infinite where the end is told."""
    heartbeat: bytes
    """What says no more than that the host is alive, for when something else has shown it."""
    questions: Mapping[str, str]
    """Kind of what lasts → path that says where it does, to be asked at the start of a stream."""

    def read(self, part: Part) -> Sequence[Notice]:
        """Return what a part says, or raise ProtocolError."""
        ...

    def alive(self, heartbeat: bytes) -> bytes:
        """Return what says that a device is alive, as at a heartbeat, and nothing of its state."""
        ...

    def over(self, payload: bytes, after: float) -> bytes:
        """Return what says that a lasting thing is over, so many seconds after its last word."""
        ...

    def calm(self, address: str) -> Sequence[bytes]:
        """Return what says that nothing lasts there, to be told once after a start."""
        ...

    def standing(self, kind: str, text: str, addresses: Sequence[str]) -> Sequence[Notice]:
        """Return what the answer to a question says of these addresses."""
        ...


class IsapiTongue:
    """Hikvision's."""

    path = "/ISAPI/Event/notification/alertStream"
    quiet = 10.0
    heartbeat = write_alert(Alert("heartbeat"))
    questions: Mapping[str, str] = {}
    LASTING = ("videoloss", "shelteralarm", "tamperdetection", "defocus")
    """Alerts that are repeated for as long as they last; of others nobody says so."""

    def read(self, part: Part) -> Sequence[Notice]:
        """Return what an alert says; of people nothing."""
        alert = read_alert(part.body)
        beats = alert.is_heartbeat
        lasting = alert.type if alert.type in self.LASTING and not beats else ""
        return [Notice(alert.address, write_alert(alert), beats, lasting, not alert.active)]

    def alive(self, heartbeat: bytes) -> bytes:
        """Return it under another name, with its time, by which a clock is judged."""
        return write_alert(Alert(ALIVE, at=read_alert(heartbeat).at))

    def over(self, payload: bytes, after: float) -> bytes:
        """Return the alert's end."""
        return write_alert(over(read_alert(payload), after))

    def calm(self, address: str) -> Sequence[bytes]:
        """Return the ends of what would have been repeated; of channels alone."""
        if not address.isdigit() or address == "0":
            return ()
        known = (Alert(kind, channel=int(address)) for kind in ("videoloss", "shelteralarm"))
        return [write_alert(over(alert, 0.0)) for alert in known]

    def standing(self, *_: object) -> Sequence[Notice]:
        """Return nothing: what lasts is repeated."""
        return ()


class DahuaTongue:
    """Dahua's."""

    path = "/cgi-bin/eventManager.cgi?action=attach&codes=[All]&heartbeat=5"
    quiet = inf
    heartbeat = write_event(Event(HEARTBEAT))
    questions: Mapping[str, str] = {
        "videoloss": "/cgi-bin/eventManager.cgi?action=getEventIndexes&code=VideoLoss",
        "videoblind": "/cgi-bin/eventManager.cgi?action=getEventIndexes&code=VideoBlind",
    }

    def read(self, part: Part) -> Sequence[Notice]:
        """Return what each event of a part says; of people nothing."""
        return [_notice(event) for event in read_events(part.body)]

    def alive(self, *_: object) -> bytes:
        """Return an event that nothing is known of."""
        return write_event(Event(ALIVE))

    def over(self, payload: bytes, after: float) -> bytes:
        """Return the event's end; never asked for, since the device tells it."""
        (event,) = read_events(payload)
        at = None if event.at is None else event.at + after
        return write_event(event._replace(action="stop", at=at))

    def calm(self, *_: object) -> Sequence[bytes]:
        """Return nothing: it is asked for."""
        return ()

    def standing(self, kind: str, text: str, addresses: Sequence[str]) -> Sequence[Notice]:
        """Return the start or the end of it for each channel; nothing where it cannot be known."""
        channels = read_channels(text)
        if channels is None:
            return ()
        known = [int(address) - 1 for address in addresses if address.isdigit() and address != "0"]
        said = [(index, "start" if index in channels else "stop") for index in known]
        return [_notice(Event(kind, action, index)) for index, action in said]


def _notice(event: Event) -> Notice:
    lasts = event.code in CHANNELS and event.action in {"start", "stop"}
    return Notice(
        event.address,
        write_event(event),
        is_heartbeat=event.code == HEARTBEAT,
        lasting=event.code if lasts else "",
        is_over=event.action == "stop",
    )

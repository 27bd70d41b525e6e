"""How a maker's event stream is asked for, and what its parts are: whose, lasting, a heartbeat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from device_drivers.codecs.isapi import Alert, over, read_alert, write_alert
from device_drivers.codecs.multipart import Part


class Notice(NamedTuple):
    """One part of a stream, as it goes on: `lasting` names what it says the state of, if any."""

    address: str
    payload: bytes
    is_heartbeat: bool = False
    lasting: str = ""
    is_over: bool = False


class Tongue(Protocol):
    """What a stream link has to know of a maker."""

    path: str
    heartbeat: bytes
    """What says no more than that the host is alive, for when something else has shown it."""

    def read(self, part: Part) -> Notice:
        """Return what a part says, or raise ProtocolError."""
        ...

    def over(self, payload: bytes, after: float) -> bytes:
        """Return what says that a lasting thing is over, so many seconds after its last word."""
        ...

    def calm(self, address: str) -> Sequence[bytes]:
        """Return what says that nothing lasts there, to be told once after a start."""
        ...


class IsapiTongue:
    """Hikvision's."""

    path = "/ISAPI/Event/notification/alertStream"
    heartbeat = write_alert(Alert("heartbeat"))
    LASTING = ("videoloss", "shelteralarm", "tamperdetection", "defocus")
    """Alerts that are repeated for as long as they last; of others nobody says so."""

    def read(self, part: Part) -> Notice:
        """Return what an alert says; of people nothing."""
        alert = read_alert(part.body)
        beats = alert.is_heartbeat
        lasting = alert.type if alert.type in self.LASTING and not beats else ""
        return Notice(alert.address, write_alert(alert), beats, lasting, not alert.active)

    def over(self, payload: bytes, after: float) -> bytes:
        """Return the alert's end."""
        return write_alert(over(read_alert(payload), after))

    def calm(self, address: str) -> Sequence[bytes]:
        """Return the ends of what would have been repeated; of channels alone."""
        if not address.isdigit() or address == "0":
            return ()
        known = (Alert(kind, channel=int(address)) for kind in ("videoloss", "shelteralarm"))
        return [write_alert(over(alert, 0.0)) for alert in known]

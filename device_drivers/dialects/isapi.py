"""Hikvision access controllers, cameras and recorders by the ISAPI event stream.

`GET /ISAPI/Event/notification/alertStream` with Digest never ends: multipart/mixed, each part
an alert in XML (two namespaces) or JSON. A heartbeat is `videoloss` `inactive` with count 0, or
`heartBeat`. Most alerts repeat while they last and have no end of their own; the link makes one
once they have stopped for ten seconds (`device_drivers/links/episode.py`).

Sample: `{"eventType":"AccessControllerEvent","dateTime":"2026-06-10T14:13:20+08:00",
"AccessControllerEvent":{"majorEventType":5,"subEventType":27,"doorNo":1,"serialNo":17}}` is a
door that was forced. `diskfull` says nothing here: where recordings are overwritten it is normal.
Motion, line and intrusion alarms are no faults, and say only that the device is alive.

Liveness: every whole part is a sign of life of the host and of all behind it; a beat comes every
ten seconds. Firmware seen: none; published captures of both forms.
Source: ISAPI developer guide (general, access control); numbers of HCNetSDK.h; README of
node-red-contrib-hikvision-ultimate for streams of real devices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from device_drivers.codecs.isapi import CONTROLLER, Alert, read_alert, write_alert
from device_drivers.meaning import NOTHING, Circumstance, Interpreter, Meaning
from hub.errors import ProtocolError
from hub.model.catalogue import DeviceModel
from hub.model.device import Device, Kind
from hub.model.report import Report
from hub.ports import Envelope

CONTROLLERS: Mapping[tuple[int, int], Meaning] = {
    (1, 0x404): Meaning({"tamper": True}),
    (1, 0x405): Meaning({"tamper": False}),
    (1, 0x406): Meaning({"tamper": True}),
    (1, 0x407): Meaning({"tamper": False}),
    (1, 0x408): Meaning({"tamper": True}),
    (1, 0x409): Meaning({"tamper": False}),
    (1, 0x40A): Meaning(event="duress"),
    (1, 0x40B): Meaning({"buffer.level": 90}),
    (2, 0x405): Meaning({"supply.mains": False}),
    (2, 0x406): Meaning({"supply.mains": True}),
    (2, 0x409): Meaning({"reader.online": False}),
    (2, 0x40A): Meaning({"reader.online": True}),
    (5, 0x01): Meaning(event="access.granted"),
    (5, 0x09): Meaning(event="access.denied"),
    (5, 0x34): Meaning({"fire.input": True}),
    (5, 0x35): Meaning({"fire.input": False}),
    (5, 0x4B): Meaning(event="access.granted"),
    (5, 0x4C): Meaning(event="access.denied"),
}
"""Major and minor number → what the controller says of itself."""

DOORS: Mapping[int, Meaning] = {
    0x15: Meaning({"lock.locked": False}),
    0x16: Meaning({"lock.locked": True}),
    0x17: Meaning({"exit_button.pressed": True}, "exit.requested"),
    0x18: Meaning({"exit_button.pressed": False}),
    0x19: Meaning({"door.open": True, "contact.fault": False}),
    0x1A: Meaning({"door.open": False, "contact.fault": False}),
    0x1B: Meaning({"door.open": True}, "door.forced"),
    0x1C: Meaning({"door.open": True}, "door.held"),
    **dict.fromkeys(range(0x53, 0x59), Meaning({"contact.fault": True})),
}
"""Minor number of major 5 → what it says of its door."""

EYES: Mapping[str, tuple[Meaning, Meaning]] = {
    "videoloss": (Meaning(event="video.lost"), Meaning(event="video.restored")),
    "shelteralarm": (Meaning({"picture.ok": False}), Meaning({"picture.ok": True})),
    "tamperdetection": (Meaning({"picture.ok": False}), Meaning({"picture.ok": True})),
    "defocus": (Meaning({"picture.ok": False}), Meaning({"picture.ok": True})),
    "scenechangedetection": (Meaning(event="scene.changed"), NOTHING),
    "diskerror": (Meaning({"disk.ok": False}), Meaning({"disk.ok": True})),
    "recordexception": (Meaning({"recording": False}), Meaning({"recording": True})),
}
"""Type of a camera's or recorder's alert → what it says while it lasts, and once it is over."""


class IsapiDriver:
    """Translates alerts of every model whose driver is `isapi`."""

    name = "isapi"

    def __init__(self, models: Mapping[str, DeviceModel]) -> None:
        self._interpreter = Interpreter(models)

    def device_address(self, envelope: Envelope) -> str:
        """Return the channel or door; the link has put it into what it could read."""
        if not envelope.address and isinstance(envelope.payload, bytes):
            return read_alert(envelope.payload).address
        return envelope.address

    def decode(self, envelope: Envelope, device: Device) -> Sequence[Report]:
        """Translate one alert, of which nothing may follow but that the device is alive."""
        if not isinstance(envelope.payload, bytes):
            raise ProtocolError(f"{device.id}: an alert of ISAPI must be bytes, not registers")
        try:
            alert = read_alert(envelope.payload)
        except ProtocolError as error:
            raise ProtocolError(f"{device.id}: {error}") from error
        is_once = alert.at is not None and not alert.is_heartbeat
        when = Circumstance(alert.at, alert.replayed, write_alert(alert) if is_once else b"")
        data = {"door": alert.door} if alert.door else {}
        return self._interpreter.reports(_meaning(alert, device.kind), when, envelope, device, data)


def _meaning(alert: Alert, kind: Kind) -> Meaning:
    if alert.is_heartbeat:
        return Meaning({"online": True})
    if alert.type == CONTROLLER:
        if kind is Kind.UNIT_DOOR:
            return DOORS.get(alert.minor, NOTHING) if alert.major == 5 else NOTHING
        return CONTROLLERS.get((alert.major, alert.minor), NOTHING)
    lasting, over = EYES.get(alert.type, (NOTHING, NOTHING))
    return lasting if alert.active else over

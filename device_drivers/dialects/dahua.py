"""Dahua recorders, cameras and access controllers by the event manager.

`GET /cgi-bin/eventManager.cgi?action=attach&codes=[All]&heartbeat=5` with Digest never ends:
multipart/x-mixed-replace, each part `Heartbeat` or an event. What lasts has `action=Start` and
`Stop`; what stands at the start of a stream is asked for (`action=getEventIndexes&code=VideoLoss`).

Sample: `Code=DoorNotClosed;action=Start;index=0;data={"Name":"SS-1","UTC":1598250817}`.
`StorageLowSpace` says nothing here: where recordings are overwritten it is normal. Motion and
line events say only that the device is alive.

Liveness: every whole part is a sign of life of the host and of all behind it; a heartbeat comes
every five seconds. Firmware seen: none; published captures.
Source: Dahua HTTP API (eventManager); the documentation of Intelbras, whose devices are Dahua's;
MQTTEvents of DahuaVTO2MQTT for real data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from device_drivers.codecs.dahua import HEARTBEAT, Event, read_events, write_event
from device_drivers.meaning import NOTHING, Circumstance, Interpreter, Meaning
from hub.errors import ProtocolError
from hub.model.catalogue import DeviceModel
from hub.model.device import Device
from hub.model.report import Report
from hub.ports import Envelope

_COVERED = {"start": Meaning({"picture.ok": False}), "stop": Meaning({"picture.ok": True})}
_BROKEN = {"start": Meaning({"disk.ok": False}), "stop": Meaning({"disk.ok": True})}
_OPEN, _SHUT = Meaning({"door.open": True}), Meaning({"door.open": False})
_FORCED = Meaning({"door.open": True}, "door.forced")
_PRESSED = {"pulse": Meaning(event="exit.requested"), "start": Meaning(event="exit.requested")}
_CHANGED = {"pulse": Meaning(event="scene.changed"), "start": Meaning(event="scene.changed")}

MEANINGS: Mapping[str, Mapping[str, Meaning]] = {
    HEARTBEAT: {"pulse": Meaning({"online": True})},
    "videoloss": {
        "start": Meaning(event="video.lost"),
        "stop": Meaning(event="video.restored"),
    },
    "videoblind": _COVERED,
    "videounfocus": _COVERED,
    "videoabnormaldetection": _CHANGED,
    "scenechange": _CHANGED,
    "storagenotexist": _BROKEN,
    "storagefailure": _BROKEN,
    "recordingfailure": {
        "start": Meaning({"recording": False}),
        "stop": Meaning({"recording": True}),
    },
    "doorstatus": {"open": _OPEN, "start": _OPEN, "close": _SHUT, "stop": _SHUT},
    "breakin": {"pulse": _FORCED, "start": _FORCED},
    "doornotclosed": {"start": Meaning({"door.open": True}, "door.held"), "stop": _SHUT},
    "buttonexit": _PRESSED,
    "_button_": _PRESSED,
    "accesscontrol": {"1": Meaning(event="access.granted"), "0": Meaning(event="access.denied")},
    "duress": {"pulse": Meaning(event="duress"), "start": Meaning(event="duress")},
    "chassisintruded": {"start": Meaning({"tamper": True}), "stop": Meaning({"tamper": False})},
}
"""Code → action, or the status of a door or card where the data has one → what it says."""


class DahuaDriver:
    """Translates events of every model whose driver is `dahua`."""

    name = "dahua"

    def __init__(self, models: Mapping[str, DeviceModel]) -> None:
        self._interpreter = Interpreter(models)

    def device_address(self, envelope: Envelope) -> str:
        """Return the channel or door; the link has put it into what it could read."""
        if not envelope.address and isinstance(envelope.payload, bytes):
            return read_events(envelope.payload)[0].address
        return envelope.address

    def decode(self, envelope: Envelope, device: Device) -> Sequence[Report]:
        """Translate one event or several, of which nothing may follow but that it is alive."""
        if not isinstance(envelope.payload, bytes):
            raise ProtocolError(f"{device.id}: an event must be bytes, not registers")
        try:
            events = read_events(envelope.payload)
        except ProtocolError as error:
            raise ProtocolError(f"{device.id}: {error}") from error
        return [report for event in events for report in self._reports(event, envelope, device)]

    def _reports(self, event: Event, envelope: Envelope, device: Device) -> Sequence[Report]:
        words = MEANINGS.get(event.code, {})
        meaning = words.get(event.status) or words.get(event.action) or NOTHING
        is_once = event.at is not None and event.code != HEARTBEAT
        when = Circumstance(event.at, key=write_event(event) if is_once else b"")
        data = {"door": event.number + 1} if event.address.startswith("door") else {}
        return self._interpreter.reports(meaning, when, envelope, device, data)

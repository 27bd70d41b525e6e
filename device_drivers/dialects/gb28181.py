"""Cameras and recorders that register by GB/T 28181 (国标): status only, no pictures.

A device registers by SIP with Digest and says every 60 s that it is alive; three missed are
silence. The hub asks for its catalogue, which tells of each channel whether it is `ON` or `OFF`,
and for its status (`Record`). An alarm of method 2 type 1 is lost video, of method 6 type 1 a
broken disk; neither has an end. 20 digits: 8 centre, 2 industry, 3 type (118 recorder, 131 and 132
camera), 1 network, 6 serial.

Sample: `<Notify><CmdType>Keepalive</CmdType><SN>1</SN><DeviceID>34020000001320000001</DeviceID>
<Status>OK</Status></Notify>`.
Liveness: three keepalives or catalogues that are missing, or a goodbye. Firmware seen: none; a
published capture of a camera. Source: GB/T 28181-2016 and -2022.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from device_drivers.codecs.manscdp import GOODBYE, ID, Notice, read_notices, write_notice
from device_drivers.meaning import NOTHING, Circumstance, Interpreter, Meaning
from hub.errors import ProtocolError
from hub.model.catalogue import DeviceModel
from hub.model.device import Device
from hub.model.report import Report, Topic
from hub.ports import Envelope

ALARMS: Mapping[tuple[int, int], Meaning] = {
    (2, 1): Meaning(event="video.lost"),
    (6, 1): Meaning({"disk.ok": False}),
}
"""Method and type of an alarm → what it says; storage that is full is normal."""
CHANNELS: Mapping[str, bool] = {"ON": True, "OFF": False, "VLOST": False, "DEFECT": False}
"""Status of a channel in a catalogue → whether it is there."""


class Gb28181Driver:
    """Translates notices of every model whose driver is `gb28181`."""

    name = "gb28181"

    def __init__(self, models: Mapping[str, DeviceModel]) -> None:
        self._interpreter = Interpreter(models)

    def device_address(self, envelope: Envelope) -> str:
        """Return the 20 digits; the link puts them into the envelope of what it could read."""
        if ID.fullmatch(envelope.address) or not isinstance(envelope.payload, bytes):
            return envelope.address
        notices = read_notices(envelope.payload)
        return notices[0].device if notices else envelope.address

    def decode(self, envelope: Envelope, device: Device) -> Sequence[Report]:
        """Translate what is said of this device; what is said of others is theirs."""
        if not isinstance(envelope.payload, bytes):
            raise ProtocolError(f"{device.id}: a notice must be bytes, not registers")
        try:
            notices = read_notices(envelope.payload)
        except ProtocolError as error:
            raise ProtocolError(f"{device.id}: {error}") from error
        own = [notice for notice in notices if notice.device == device.address]
        return [report for notice in own for report in self._reports(notice, envelope, device)]

    def _reports(self, notice: Notice, envelope: Envelope, device: Device) -> Sequence[Report]:
        if notice.kind == GOODBYE:
            gone = Report(
                address=device.address,
                uid=device.uid,
                topic=Topic.AVAIL,
                at=envelope.received,
                received=envelope.received,
                online=False,
            )
            return [gone]
        key = write_notice(notice) if notice.at is not None else b""
        when = Circumstance(notice.at, key=key)
        return self._interpreter.reports(_meaning(notice), when, envelope, device)


def _meaning(notice: Notice) -> Meaning:
    if notice.kind == "Alarm":
        return ALARMS.get((notice.method, notice.type), NOTHING)
    if notice.kind == "Catalog":
        there = CHANNELS.get(notice.status)
        return NOTHING if there is None else Meaning({"online": there})
    if notice.kind == "DeviceStatus":
        points = {"online": notice.online != "OFFLINE"}
        if notice.record in {"ON", "OFF"}:
            points["recording"] = notice.record == "ON"
        return Meaning(points)
    return Meaning({"online": True})

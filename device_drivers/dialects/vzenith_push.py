"""Plate cameras of the Vzenith family (臻识) by HTTP push; Alphadigi speaks the same.

The camera posts JSON: `AlarmInfoPlate` for a car, `AlarmGioIn` for a contact; its heartbeat is a
form, every 5 or 30 s. No plate is `_无_`. `isoffline` 1 is a record that had waited in the camera,
`is_fake_plate` 1 a picture of a plate; `triggerType` 64 a car that stays, 66 one that turned back.
A contact says that the camera is alive and no more: what is wired to it, only the site knows.

Sample: `{"AlarmInfoPlate":{"serialno":"1a2b3c4d-5e6f7a8b","result":{"PlateResult":{"license":
"京A12345","confidence":97,"isoffline":0,"plateid":1234,"triggerType":1,
"timeStamp":{"Timeval":{"sec":1718000000}}}}}}`.
Liveness: the heartbeat, or anything else that it posts. Firmware seen: none.
Source: the vendor's HTTP protocol, as published copies have it (push, 断线重传, 心跳).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from device_drivers.codecs.vzenith import Record, read_record
from device_drivers.meaning import NOTHING, Circumstance, Interpreter, Meaning
from hub.errors import ProtocolError
from hub.model.catalogue import DeviceModel
from hub.model.device import Device
from hub.model.report import Report
from hub.ports import Envelope

TRIGGERS = {64: "vehicle.staying", 65: "", 66: "vehicle.turned_back"}
"""Type of trigger → what has happened, where no car came by."""


class VzenithPushDriver:
    """Translates records of every model whose driver is `vzenith-push`."""

    name = "vzenith-push"

    def __init__(self, models: Mapping[str, DeviceModel]) -> None:
        self._interpreter = Interpreter(models)

    def device_address(self, envelope: Envelope) -> str:
        """Return the serial number; the link has put it into what it could read."""
        if not envelope.address and isinstance(envelope.payload, bytes):
            return read_record(envelope.payload).serial
        return envelope.address

    def decode(self, envelope: Envelope, device: Device) -> Sequence[Report]:
        """Translate one record; of a heartbeat only that the camera is alive."""
        if not isinstance(envelope.payload, bytes):
            raise ProtocolError(f"{device.id}: a record must be bytes, not registers")
        try:
            record = read_record(envelope.payload)
        except ProtocolError as error:
            raise ProtocolError(f"{device.id}: {error}") from error
        meaning, data = _meaning(record)
        key = f"{record.plate_id} {record.at} {record.trigger}".encode()
        when = Circumstance(record.at, record.is_offline, key if data else b"")
        return self._interpreter.reports(meaning, when, envelope, device, data)


def _meaning(record: Record) -> tuple[Meaning, dict[str, Any]]:
    if record.plate_id is None:
        return NOTHING, {}
    data: dict[str, Any] = {"record": record.plate_id}
    if record.trigger in TRIGGERS:
        return Meaning(event=TRIGGERS[record.trigger]), data
    if record.is_fake:
        return Meaning(event="plate.fake"), data
    points = {} if record.rate is None else {"plate.rate": record.rate}
    if not record.plate:
        return Meaning(points), data
    data["plate"] = record.plate
    if record.lifts:
        data["lift_asked"] = True
    if record.confidence is not None:
        points["plate.confidence"] = record.confidence
    return Meaning(points, "plate.read"), data
